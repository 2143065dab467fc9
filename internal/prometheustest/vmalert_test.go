package prometheustest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/internal/victoriatest"
)

// TestVMAlert evaluates the shipped rules with vmalert, which has nothing but the exporter to ask.
func TestVMAlert(t *testing.T) {
	t.Parallel()
	tool := victoriatest.Program(t, "vmalert")
	last := time.Now().UTC().AddDate(0, 0, -1).Format(time.DateOnly)
	csv, err := exec.Command(mustBinary(t), "generate", "--repos=20", "--days=60", "--last="+last).Output()
	if err != nil {
		t.Fatal(err)
	}
	e := startExporter(t, string(csv))
	exporter := &server{url: e.url + "/prometheus"}
	old, err := exporter.one("count(huggingface_repo_downloads_total offset 7d)", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	// Recorded series and alerts go to nobody.
	sink := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	t.Cleanup(sink.Close)

	dir, address := t.TempDir(), freeAddress(t)
	often := regexp.MustCompile(`(?m)^( +interval: )\S+$`)
	for _, name := range []string{"alerts.yaml", "recording.yaml"} {
		rules, err := os.ReadFile(filepath.Join("../../dashboards/rules", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), often.ReplaceAll(rules, []byte("${1}1s")), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	start(t, "http://"+address+"/health", tool, "-rule="+filepath.Join(dir, "*.yaml"), "-evaluationInterval=1s", "-datasource.url="+e.url+"/prometheus",
		"-remoteWrite.url="+sink.URL, "-notifier.url="+sink.URL, "-httpListenAddr="+address)
	waitFor(t, "vmalert to evaluate each rule", func() error {
		response, err := http.Get("http://" + address + "/api/v1/rules")
		if err != nil {
			return err
		}
		defer response.Body.Close()
		var answer struct {
			Data struct {
				Groups []struct {
					Name  string
					Rules []struct {
						Name, Health, LastError string
						LastSamples             int
						LastEvaluation          time.Time
					}
				}
			}
		}
		if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
			return err
		}
		rules := 0
		for _, g := range answer.Data.Groups {
			for _, r := range g.Rules {
				rules++
				if r.Health != "ok" || r.LastError != "" {
					t.Fatalf("%s: %s: %s", r.Name, r.Health, r.LastError)
				}
				if r.LastEvaluation.IsZero() {
					return fmt.Errorf("%s was not evaluated", r.Name)
				}
				if r.Name == "repo:huggingface_repo_downloads:increase7d" && float64(r.LastSamples) != old.Value.value {
					return fmt.Errorf("%s: expected %v series, got %d", r.Name, old.Value.value, r.LastSamples)
				}
			}
		}
		if rules < 20 {
			return fmt.Errorf("expected the shipped rules, got %d", rules)
		}
		return nil
	})
}
