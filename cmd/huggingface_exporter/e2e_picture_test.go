package main

import (
	"bytes"
	"encoding/json"
	"image/png"
	"strings"
	"testing"
)

func TestReposAndOverviewInFormats(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	r.write("six.csv", sixRows, 5)
	r.ok("import", "six.csv")
	r.expectOutput(`2021-10-31 to 2021-11-29

TYPE     REPOSITORY                            TOTAL  LAST MONTH  CHANGE  TREND
dataset  huggingface/documentation-images  2,167,284          28       -                             ▂█▄
model    huggingface/CodeBERTa-small-v1    4,362,460           0       -
`, "repos")
	r.expectOutput(`2021-01-22 to 2021-11-29

TYPE   REPOSITORY                          TOTAL  DOWNLOADS  CHANGE  TREND
model  huggingface/CodeBERTa-small-v1  4,362,460         13       -  █

1 to 1 of 2 repositories
`, "repos", "--period=all_time", "--sort=total", "--limit=1")
	r.expectOutput(`2021-01-22 to 2021-01-22

| TYPE | REPOSITORY | TOTAL | DOWNLOADS | CHANGE | TREND |
|---|---|---:|---:|---:|---|
| dataset | huggingface/documentation-images | 2,167,284 | 0 | - |   |

2 to 2 of 2 repositories
`, "repos", "--from=2021-01-22", "--to=2021-01-22", "--sort=name", "--offset=1", "--format=markdown")
	r.expectOutput(`repo_type,repo,total,downloads,before,change,first_day,last_day
model,huggingface/CodeBERTa-small-v1,4362460,0,0,0,2021-01-22,2021-01-24
dataset,huggingface/documentation-images,2167284,28,0,28,2021-11-27,2021-11-29
`, "repos", "--sort=name", "--format=csv")
	r.expectOutput("No repository matches.\n", "repos", "--org=other")
	r.expectOutput("repo_type,repo,total,downloads,before,change,first_day,last_day\n", "repos", "--org=other", "--format=csv")
	r.expectOutput(`repo_type,repos,total,all_time,last_month,before,change
model,1,4362460,13,0,0,0
dataset,1,2167284,28,28,0,28
`, "overview", "--format=csv")
	var repos struct {
		Matched int
		Repos   []struct {
			Repo  string
			Total *int64
			Trend []*int64
		}
	}
	if err := json.Unmarshal([]byte(r.ok("repos", "--format=json", "--search=bert")), &repos); err != nil || repos.Matched != 1 || *repos.Repos[0].Total != 4362460 || len(repos.Repos[0].Trend) != 30 {
		t.Errorf("got %+v, %v", repos, err)
	}
	var overview struct {
		Sum   struct{ Total int64 }
		Types []struct {
			LastMonth int64 `json:"last_month"`
		}
		Repos []struct{ Repo string }
	}
	if err := json.Unmarshal([]byte(r.ok("overview", "--format=json")), &overview); err != nil || overview.Sum.Total != 6529744 || len(overview.Repos) != 2 || overview.Types[1].LastMonth != 28 {
		t.Errorf("got %+v, %v", overview, err)
	}
	if err := json.Unmarshal([]byte(r.ok("overview", "--format=json", "--org=other")), &overview); err != nil {
		t.Error(err)
	}
	r.refused(nil, []string{"--limit: expected a whole number from 0 to 1000000, got -1"}, "repos", "--limit=-1")
	r.refused(nil, []string{"downloads,total,change,name,removed, got 'size'"}, "repos", "--sort=size")
	r.refused(nil, []string{"either --period or --from and --to"}, "repos", "--period=all_time", "--from=2021-01-01")
}

// The commands write what the API answers, and leave files as they are if they fail.
func TestBadgeAndChart(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	r.write("six.csv", sixRows, 5)
	r.ok("import", "six.csv")
	r.write("c.yaml", "groups: [{name: bert, repos: [huggingface/CodeBERTa-*]}]\n", 1)
	s := r.ready("--config.file=c.yaml")
	f := func(route, file string, args ...string) {
		t.Helper()
		code, want := s.get(route)
		r.ok(append(args, "--config.file=c.yaml", "--output="+file)...)
		if got := r.read(file); code != 200 || got != want {
			t.Errorf("%s and %s: got\n%s\nwant %d\n%s", route, args, got, code, want)
		}
	}
	f("/api/v1/badge?org=huggingface", "a.json", "badge", "--org=huggingface")
	f("/api/v1/badge?group=bert&label=&color=4c1&format=svg", "b.svg", "badge", "--group=bert", "--label=", "--color=4c1")
	f("/api/v1/badge?repo=huggingface/documentation-images&period=last_month&format=png&scale=2", "c.PNG", "badge", "--repo=huggingface/documentation-images", "--period=last_month", "--scale=2")
	f("/api/v1/badge?from=2021-11-28", "d", "badge", "--from=2021-11-28", "--format=json")
	f("/api/v1/chart.svg?group=bert&theme=dark&width=300&height=200&title=A+%26+B", "e.svg", "chart", "--group=bert", "--theme=dark", "--width=300", "--height=200", "--title=A & B")
	f("/api/v1/chart.png?from=2021-11-01&scale=2", "f.png", "chart", "--from=2021-11-01", "--scale=2")
	r.expectOutput(`{"schemaVersion":1,"label":"downloads","message":"6.5M","color":"blue"}`+"\n", "badge")
	if _, err := png.DecodeConfig(bytes.NewReader([]byte(r.ok("badge", "--format=png")))); err != nil {
		t.Error(err)
	}
	before := r.read("a.json")
	r.refused(nil, []string{"expected a repository that matches, got none"}, "badge", "--org=none", "--output=a.json")
	r.refused(nil, []string{"expected a repository that matches, got none"}, "chart", "--org=none")
	r.refused(nil, []string{"group: expected bert, got \"x\""}, "badge", "--config.file=c.yaml", "--group=x", "--output=a.json")
	r.refused(nil, []string{`--output: expected a file name that ends in .json, .svg, .png, or --format, got "a.gif"`}, "badge", "--output=a.gif")
	r.refused(nil, []string{"--color: expected a color of shields.io"}, "badge", "--color=#fff")
	r.refused(nil, []string{"--label: expected characters that the font of PNG pictures has"}, "badge", "--label=ダ", "--output=a.png")
	r.refused(nil, []string{"--title: expected at most 64 characters"}, "chart", "--title="+strings.Repeat("x", 65))
	r.refused(nil, []string{"--scale: expected a whole number from 1 to 2, got \"3\""}, "chart", "--scale=3")
	r.refused(nil, []string{"--scale: expected a whole number from 1 to 3, got 4"}, "badge", "--scale=4")
	r.refused(nil, []string{"--width: expected a whole number from 240 to 1600"}, "chart", "--width=-1")
	if r.read("a.json") != before {
		t.Error("a.json has changed")
	}
}

func TestChartOnTheTerminal(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	r.write("six.csv", sixRows, 5)
	r.ok("import", "six.csv")
	r.expectOutput(`Downloads by day, Nov 27, 2021 to Nov 29, 2021: 28

   20
            █████
            █████
            █████
            █████
   10       █████
            █████ ▄▄▄▄▄
            █████ █████
      ▄▄▄▄▄ █████ █████
      █████ █████ █████
      Nov 27, 2021
`, "chart", "--from=2021-11-27")
	r.expectOutput("No daily downloads.\n", "chart", "--from=2030-01-01")
}
