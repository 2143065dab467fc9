package main

import (
	"context"
	"fmt"
	"html/template"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/version"
	"github.com/prometheus/exporter-toolkit/web"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubsync"
)

const landingCSS = `
header { background-color: #24292f; border-bottom: 4px solid #e6522c; }
header h1 { font-size: 1.5rem; margin: 0; }
main { max-width: 64rem; line-height: 1.5; }
main h2 { font-size: 1.1rem; font-weight: normal; }
main > div { margin-bottom: 1rem; }
table { border-collapse: collapse; }
td, th { padding: .3rem 1rem .3rem 0; text-align: left; border-bottom: 1px solid #d0d7de; }
td[title], th { white-space: nowrap; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
@media (prefers-color-scheme: dark) {
	body { background: #0d1117; color: #e6edf3; }
	a { color: #6cb6ff; }
	td, th { border-color: #30363d; }
}
`

var landingTable = template.Must(template.New("status").Parse(`<h3>Stored history</h3>
{{if .Rows}}<table>{{range .Rows}}<tr><th>{{.Name}}</th><td class="number">{{.Value}}</td></tr>{{end}}</table>
{{else}}<p>The stored history is being loaded.</p>{{end}}
{{if .Orgs}}<h3><a href="/debug/collections">Collections</a></h3>
<table><tr><th>Organisation</th><th>Last collection</th><th>Outcome</th><th>Last success</th><th>Next</th></tr>
{{range .Orgs}}<tr><td>{{.Org}}</td><td title="{{.Last.Full}}">{{.Last.Short}}</td><td>{{.Outcome}}</td>` +
	`<td title="{{.LastSuccess.Full}}">{{.LastSuccess.Short}}</td><td title="{{.Next.Full}}">{{.Next.Short}}</td></tr>
{{end}}</table>{{end}}`))

type landingRow struct{ Name, Value string }

// serveLanding answers with the page that says what there is and where.
func (s *server) serveLanding(w http.ResponseWriter, r *http.Request) {
	var status strings.Builder
	if err := landingTable.Execute(&status, map[string]any{"Rows": s.landingRows(), "Orgs": s.landingOrgs(time.Now())}); err != nil {
		s.log.Error("Cannot write the landing page", "err", err)
		http.Error(w, "the landing page cannot be written; the log says why", http.StatusInternalServerError)
		return
	}
	page, err := web.NewLandingPage(web.LandingConfig{
		Name:        progName,
		Description: "Publisher analytics of the Hugging Face Hub for Prometheus and Grafana.",
		Version:     template.HTMLEscapeString(version.Info()),
		Links: []web.LandingLinks{
			{Address: "/metrics", Text: "Metrics", Description: "what Prometheus scrapes"},
			{Address: "/api/v1/overview?period=last_month&amp;group_by=repo_type", Text: "Overview", Description: "sums of the last month by repository type, JSON"},
			{Address: "/api/v1/repos?period=last_month&amp;limit=50&amp;trend=30", Text: "Repositories", Description: "the largest of the last month with their trends, JSON"},
			{Address: "/api/v1/records", Text: "Records", Description: "every daily record as CSV, in the Hub's own format"},
			{Address: collectionsRoute, Text: "Collections", Description: "how the last ones of each organisation went"},
			{Address: "/-/healthy", Text: "Healthy", Description: "200 while the process runs"},
			{Address: "/-/ready", Text: "Ready", Description: "200 once the stored history is loaded"},
		},
		ExtraHTML: status.String(),
		ExtraCSS:  landingCSS,
		Profiling: strconv.FormatBool(s.flags.pprof),
	})
	if err != nil {
		s.log.Error("Cannot write the landing page", "err", err)
		http.Error(w, "the landing page cannot be written; the log says why", http.StatusInternalServerError)
		return
	}
	page.ServeHTTP(w, r)
}

// landingRows says what is stored, nothing before it is loaded.
func (s *server) landingRows() []landingRow {
	if !s.loaded.Load() {
		return nil
	}
	c, err := s.store.Stats(context.Background())
	if err != nil {
		return nil
	}
	days := "none"
	if r := c.Recorded; r.Len() > 0 {
		days = r.From.String() + " to " + r.To.String()
	}
	rows := []landingRow{
		{"Repositories", grouped(int64(c.Repos))},
		{"Daily records", grouped(c.Records)},
		{"Recorded days", days},
	}
	if c.OnDisk {
		rows = append(rows, landingRow{"Files on disk", fmt.Sprintf("%s (%s bytes)", grouped(int64(c.Files)), grouped(c.Bytes))})
	}
	return rows
}

type landingOrg struct {
	Org, Outcome            string
	Last, LastSuccess, Next instant
}

// landingOrgs says how the collecting of each organisation stands.
func (s *server) landingOrgs(now time.Time) []landingOrg {
	var out []landingOrg
	for _, st := range s.collects.manager.Status() {
		row := landingOrg{Org: st.Org, LastSuccess: instantOf(st.LastSuccess, now), Next: instant{Short: "under way"}}
		if o := st.Last; o != nil {
			row.Last, row.Outcome = instantOf(o.Start, now), outcomeText(o)
		} else {
			row.Last = instantOf(time.Time{}, now)
		}
		if !st.Running {
			row.Next = instantOf(st.Next, now)
		}
		out = append(out, row)
	}
	return out
}

// instant is a time as people read it: how far it is from now, and when that is.
type instant struct{ Short, Full string }

func instantOf(t, now time.Time) instant {
	if t.IsZero() {
		return instant{Short: "none yet"}
	}
	full := t.UTC().Format("2006-01-02 15:04:05 UTC")
	d := t.Sub(now).Round(time.Second)
	if d > 0 {
		return instant{"in " + d.String(), full}
	}
	return instant{(-d).String() + " ago", full}
}

// outcomeText says in one line how a collection went.
func outcomeText(o *hubsync.Outcome) string {
	switch {
	case !o.OK():
		return fmt.Sprintf("failed (%s): %v", o.Reason, o.Err)
	case o.NotModified:
		return "nothing changed"
	}
	return fmt.Sprintf("%s repositories from %s, %s new and %s changed records",
		grouped(int64(o.Repos)), o.Source, grouped(o.Change.New), grouped(o.Change.Changed))
}
