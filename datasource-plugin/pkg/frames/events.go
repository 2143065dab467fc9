package frames

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/huggingface-exporter/huggingface_exporter/datasource-plugin/pkg/query"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/textenc"
)

// event is an annotation.
type event struct {
	time        time.Time
	kind        string // the first of its tags
	title, text string
	// It is about a repository, or about the sum of what has a name: of a type, say.
	repo  history.Repo
	sum   string
	value int64
	// size says which events are shown if there are too many: the largest.
	size float64
}

// eventsFrame returns the largest events, limit of them at the most (0: all), the newest
// first, which are told apart by a dimension, "" for none. Grafana finds the fields of an annotation by the names that people read: time,
// title, text and tags, in whatever case.
func eventsFrame(name, dimension string, events []event, limit int) data.Frames {
	f := newFrame(name, data.FrameTypeTable)
	events = largest(f, events, limit)
	slices.SortFunc(events, func(a, b event) int {
		return cmp.Or(b.time.Compare(a.time), cmp.Compare(b.size, a.size), a.repo.Compare(b.repo), cmp.Compare(a.sum, b.sum))
	})
	n := len(events)
	if n == 0 {
		return data.Frames{f}
	}
	times, values := make([]time.Time, n), make([]int64, n)
	titles, texts, tags := make([]string, n), make([]string, n), make([]string, n)
	repoTypes, repos, sums := make([]string, n), make([]string, n), make([]string, n)
	for i, e := range events {
		times[i], values[i] = e.time, e.value
		titles[i], texts[i], tags[i] = e.title, e.text, e.kind
		if tag := cmp.Or(string(e.repo.Type), e.sum); tag != "" {
			tags[i] += "," + tag
		}
		repoTypes[i], repos[i], sums[i] = string(e.repo.Type), e.repo.Name, e.sum
	}
	f.Fields = append(f.Fields,
		describe(data.NewField("time", nil, times), "Time", "", "When it was."),
		describe(data.NewField("title", nil, titles), "Title", "", "What it was."),
		describe(data.NewField("text", nil, texts), "Text", "", "The same with its numbers."),
		describe(data.NewField("tags", nil, tags), "Tags", "", "Tags, with commas between them: the kind of event, and the repo type, the organization or the group."),
	)
	switch dimension {
	case "":
	case "repo":
		f.Fields = append(f.Fields, dimensionField("repo_type", repoTypes), dimensionField("repo", repos))
	default:
		f.Fields = append(f.Fields, dimensionField(dimension, sums))
	}
	f.Fields = append(f.Fields, describe(data.NewField("value", nil, values), "Value", unitCount, "The number of downloads it is about."))
	return data.Frames{f}
}

// largest returns the largest events, of equals the newest, limit of them at the most (0:
// all), and says in a notice what is left out.
func largest(f *data.Frame, events []event, limit int) []event {
	slices.SortFunc(events, func(a, b event) int {
		return cmp.Or(cmp.Compare(b.size, a.size), b.time.Compare(a.time), a.repo.Compare(b.repo), cmp.Compare(a.sum, b.sum))
	})
	if limit > 0 && len(events) > limit {
		inform(f, "Showing the largest %d of %d events. To see the others, use a shorter time range, a filter, or a larger limit.", limit, len(events))
		return events[:limit]
	}
	return events
}

// corrections answers with the repositories of which the Hub removed downloads, or added
// some for days in the distant past, in the time range: the last time of each. When it did so before,
// and of how much, is not asked for.
func corrections(ctx context.Context, store history.Reader, q query.Corrections) (data.Frames, error) {
	ask := history.ReposQuery{Filter: q.Filter, Period: q.Days(), Sort: history.SortRemoved}
	var events []event
	within := func(asOf history.AsOf) bool {
		at := asOf.Time()
		return asOf != 0 && !at.Before(q.From) && (q.To.IsZero() || !at.After(q.To))
	}
	add := func(number query.Number, r history.Repo, asOf history.AsOf, n int64, title, did, when string) {
		if !within(asOf) || q.Value != "" && q.Value != number {
			return
		}
		events = append(events, event{
			time:  asOf.Time(),
			kind:  "correction",
			title: title + r.Name,
			text:  fmt.Sprintf("The Hub has %s %s of the %s %s%s so far.", did, textenc.Plural(n, "download", "downloads"), r.Type, r.Name, when),
			repo:  r,
			value: n,
			size:  float64(n),
		})
	}
	err := eachRow(ctx, store, ask, func(r *history.RepoRow) bool {
		add(query.Removed, r.Repo, r.RemovedAsOf, r.Removed, "The Hub removed downloads of ", "removed", "")
		add(query.Backdated, r.Repo, r.BackdatedAsOf, r.Backdated, "The Hub added past downloads of ", "added", " for days in the distant past")
		return r.Removed > 0 || r.Backdated > 0 // otherwise all that come after it have neither
	})
	if err != nil {
		return nil, err
	}
	if q.Value == "" {
		return eventsFrame(nameCorrections, "repo", events, q.Limit), nil
	}
	n, f := repoNumbers(q.Value), newFrame(nameCorrections, data.FrameTypeNumericLong)
	for _, e := range largest(f, events, q.Limit) {
		n.addRepo(float64(e.value), e.repo)
	}
	n.fill(f)
	return data.Frames{f}, nil
}
