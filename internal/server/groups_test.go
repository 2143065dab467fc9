package server

import (
	"fmt"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/groups"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/fakehub"
)

func TestGroups(t *testing.T) {
	t.Parallel()
	hub := fakehub.New(fakehub.Options{})
	hub.AddOrg("o", fakehub.Free)
	c := hub.AddCollection("o", "title", hub.AddRepo(history.Model, "o/a"))
	web := httptest.NewServer(hub)
	defer web.Close()

	text := func(group string) string {
		return fmt.Sprintf("{files: ['*.csv'], hub: {endpoint: %q}, groups: [{name: g, %s}]}", web.URL, group)
	}
	r := run(t, text("repos: [o/b]"))
	r.write("a.csv", header+"model,o/a,9,2024-01-01,1\nmodel,o/b,20,2024-01-01,2\n")
	r.until("/metrics", `huggingface_group_repos{group="g"} 1`+"\n")
	r.until("/metrics", `huggingface_group_downloads_all_time{group="g"} 20`+"\n")
	r.until("/metrics", `huggingface_group_downloads_total{group="g"} 0`+"\n")

	r.write("c.yaml", text("collections: ["+c.Slug()+"]"))
	if code, body := r.do("POST", "/-/reload"); code != 200 {
		t.Fatal(body)
	}
	r.until("/metrics", `huggingface_group_downloads_all_time{group="g"} 9`+"\n")
	r.until("/metrics", `huggingface_exporter_group_collection_success{collection="`+c.Slug()+`"} 1`+"\n")
	r.until("/api/v1/overview?group=g", `"downloads":1`)
	r.until("/api/v1/status", `"groups":["g"],"collections":[{"slug":"`+c.Slug()+`","repos":1,"as_of":"`)

	// A collection that is gone leaves what it had.
	c.Delete()
	if code, body := r.do("POST", "/-/reload"); code != 200 {
		t.Fatal(body)
	}
	r.until("/metrics", `huggingface_exporter_group_collection_success{collection="`+c.Slug()+`"} 0`+"\n")
	r.until("/api/v1/status", `"failure":"not_found"}]`)
	r.until("/api/v1/overview?group=g", `"downloads":1`)
	if log := r.log.String(); !strings.Contains(log, "their last known repositories stay in the groups") || !strings.Contains(log, "not_found") {
		t.Errorf("expected an error in the log, got\n%s", log)
	}
	if err := r.stop(); err != nil {
		t.Errorf("it stopped with %v", err)
	}
	for _, name := range []string{groups.CollectionsFile, groups.CountersFile} {
		if files, _ := filepath.Glob(filepath.Join(r.dir, "data", name)); len(files) != 1 {
			t.Errorf("expected %s in the directory of the store", name)
		}
	}
}
