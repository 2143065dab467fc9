package frames

import (
	"strings"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/datasource-plugin/pkg/query"
)

// TestNothing: what ad hoc filters leave nothing of has no data, and says so.
func TestNothing(t *testing.T) {
	s := listed(t)
	f := func(q ask) {
		t.Helper()
		q.Limit, q.Interval, q.GroupBy, q.Nothing = 10, query.Daily, query.GroupByNone, true
		frames := answer(t, s, between(q, "2024-03-01", "2024-03-30"))
		if len(frames) != 1 || len(frames[0].Fields) != 0 {
			t.Errorf("%s, %s: expected no data, got %s", q.Type, q.Format, jsonOf(t, frames))
		}
		events := q.Type == query.TypeMilestones || q.Type == query.TypeCorrections || q.Type == query.TypeHighlights || q.Type == query.TypeVariable
		if n := frames[0].Meta.Notices; !events && (len(n) != 1 || !strings.Contains(n[0].Text, "No repository matches")) {
			t.Errorf("%s, %s: expected a notice that nothing matches, got %v", q.Type, q.Format, n)
		}
	}
	f(ask{Type: query.TypeOverview, Format: query.TimeSeries, Overlay: query.PreviousPeriod, Smooth: query.SevenDays})
	f(ask{Type: query.TypeOverview, Format: query.Totals})
	f(ask{Type: query.TypeOverview, Format: query.Totals, Value: query.Share})
	f(ask{Type: query.TypeRepos, Format: query.Table})
	f(ask{Type: query.TypeRepos, Format: query.TimeSeries})
	f(ask{Type: query.TypeRepos, Format: query.Launch})
	f(ask{Type: query.TypeExport})
	f(ask{Type: query.TypeReadings, Number: query.Likes})
	f(ask{Type: query.TypeMilestones, Least: 1000})
	f(ask{Type: query.TypeForecast})
	f(ask{Type: query.TypeHighlights, Event: query.RecordDay})
	f(ask{Type: query.TypeCorrections})
	f(ask{Type: query.TypeVariable, Values: query.Orgs})
	f(ask{Type: query.TypeVariable, Values: query.RepoNames})
	f(ask{Type: query.TypeVariable, Values: query.LastDay})
}
