package soak

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/fakehub"
	"github.com/huggingface-exporter/huggingface_exporter/internal/synthetic"
)

const hubToken = "hf_TheSecretOfTheCampaigns_0123456789"

// The organizations have names that serve collects within half a second of its
// start: the first by its exports, the second by listings.
const (
	exported = "massive"
	listed   = "globex"
)

// stage is a Hub that changes day by day, and the folder of an exporter of it.
type stage struct {
	*testing.T
	hub    *fakehub.Hub
	url    string
	dir    string
	random *rand.Rand
	// today is the Hub's day. Its clock stands at noon.
	today atomic.Int32
	// asked and answered count requests: those under way are the difference.
	asked, answered atomic.Int64
	renames         int
	made            int // exports for imports
}

// firstDay is long ago, so that no campaign reaches the present.
const firstDay history.Day = 19500

// newStage makes a Hub with two organizations; the first has a history of days.
func newStage(t *testing.T, repos, days int, seed uint64) *stage {
	t.Helper()
	s := &stage{T: t, dir: t.TempDir(), random: rand.New(rand.NewPCG(seed, 7))}
	s.today.Store(int32(firstDay))
	s.hub = fakehub.New(fakehub.Options{
		Now:  func() time.Time { return history.Day(s.today.Load()).Time().Add(12 * time.Hour) },
		Done: func(fakehub.Request) {}, // requests are not kept
	})
	if err := s.hub.Populate(synthetic.Options{Org: exported, Repos: repos, Days: days, Seed: seed, Last: firstDay - 1}); err != nil {
		t.Fatal(err)
	}
	s.hub.AddOrg(listed, fakehub.Free)
	for i := range repos {
		s.hub.AddRepo(history.Model, fmt.Sprintf("%s/m%d", listed, i)).SetTotal(int64(1000 * i))
	}
	s.hub.AddToken(hubToken, exported, listed)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asked.Add(1)
		defer s.answered.Add(1)
		s.hub.ServeHTTP(w, r)
	}))
	s.url = server.URL
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	s.configure(360)
	return s
}

func (s *stage) path(name string) string { return filepath.Join(s.dir, name) }

// configure writes the configuration. Another interval has a reload collect at once.
func (s *stage) configure(minutes int, more ...string) {
	s.Helper()
	text := fmt.Sprintf("hub:\n  endpoint: %s\n  token: %s\n  organizations:\n", s.url, hubToken)
	for _, org := range []string{exported, listed} {
		text += fmt.Sprintf("    - {name: %s, interval: %dm}\n", org, minutes)
	}
	for _, m := range more {
		text += m
	}
	s.write("config.yaml", text)
}

func (s *stage) write(name, text string) {
	s.Helper()
	if err := os.WriteFile(s.path(name), []byte(text), 0o600); err != nil {
		s.Fatal(err)
	}
}

// arguments are those of a serve of the stage.
func (s *stage) arguments(more ...string) []string {
	return append([]string{"--config.file=" + s.path("config.yaml"), "--storage.path=" + s.path("data")}, more...)
}

// export returns an export of one repository that has a day and 1000 downloads more than the
// one before.
func (s *stage) export(repo string) string {
	s.made++
	text := "repoType,repoName,total,timestamp,downloads\n"
	for i := range s.made {
		text += fmt.Sprintf("model,o/%s,%d,%s,1000\n", repo, 1000*s.made, firstDay+history.Day(i))
	}
	return text
}

// steady are repositories that are renamed and whose past never changes: an export
// has no ids, and a renamed one is known by its numbers.
const steady = 8

// pass lets a day pass at the Hub: downloads of all repositories, corrections of the
// past up and down, and now and then another name.
func (s *stage) pass() {
	repos := s.hub.Repos(exported)
	day := history.Day(s.today.Load())
	for _, r := range s.hub.Repos(listed) {
		r.SetTotal(r.Total() + s.random.Int64N(500))
	}
	for _, r := range repos {
		if r.Repo().Type != history.Space {
			r.SetDay(day, s.random.Int64N(2000))
		}
	}
	byID := sorted(repos)
	for range 5 {
		r := byID[steady+s.random.IntN(len(byID)-steady)]
		for range 1 + s.random.IntN(20) {
			r.SetDay(day-1-history.Day(s.random.IntN(100)), s.random.Int64N(3000))
		}
	}
	if s.random.IntN(4) == 0 {
		s.renames++
		byID[s.random.IntN(steady)].Rename(fmt.Sprintf("%s/renamed-%d", exported, s.renames))
	}
	s.today.Add(1)
}

// sorted returns the repositories that have downloads, by the Hub's id.
func sorted(repos []*fakehub.Repo) []*fakehub.Repo {
	repos = slices.DeleteFunc(slices.Clone(repos), func(r *fakehub.Repo) bool { return r.Repo().Type == history.Space })
	slices.SortFunc(repos, func(a, b *fakehub.Repo) int { return strings.Compare(a.ID(), b.ID()) })
	return repos
}
