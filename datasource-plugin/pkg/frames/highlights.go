package frames

import (
	"context"
	"fmt"
	"math"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/huggingface-exporter/huggingface_exporter/datasource-plugin/pkg/query"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/analysis"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/textenc"
)

// highlights answers with the days in the time range on which the downloads of a group
// stand out from those before: records from all of them, outliers from those of eight weeks.
func highlights(ctx context.Context, store history.Reader, q query.Highlights) (data.Frames, error) {
	days := q.Days()
	ask := groupsBy(q.GroupBy, q.Filter, history.RangeOf(history.NoDay, days.To))
	if q.Event == query.OutlierDay && days.From != history.NoDay {
		ask.Period.From = max(days.From-analysis.OutlierDays, history.MinDay)
	}
	ask.Series = true
	o, err := store.Overview(ctx, ask)
	if err != nil {
		return nil, err
	}
	var events []event
	for i := range o.Groups {
		g := &o.Groups[i]
		add := func(day history.Day, value int64, size float64, title, text string) {
			if day < days.From { // NoDay is before each
				return
			}
			if name, labels := groupName(g, q.GroupBy); labels != nil {
				title = name + ": " + title
			}
			events = append(events, event{
				time: day.Time(), kind: string(q.Event), title: title, text: text,
				sum: dimensionOf(g, q.GroupBy), value: value, size: size,
			})
		}
		if q.Event == query.RecordDay {
			for _, r := range analysis.Records(g.Series) {
				add(r.Day, r.Downloads, float64(r.Downloads),
					"best day so far, "+textenc.Plural(r.Downloads, "download", "downloads"),
					fmt.Sprintf("The previous record was %s on %s.", textenc.Plural(r.Previous.Downloads, "download", "downloads"), dateText(r.Previous.Day)))
			}
			continue
		}
		for _, d := range analysis.Outliers(g.Series) {
			expected := int64(math.Round(d.Expected))
			add(d.Day, d.Downloads, math.Abs(d.Score),
				textenc.Plural(d.Downloads, "download", "downloads")+", "+unlike(d),
				fmt.Sprintf("The %ss of the 8 weeks before had %s (median). The robust z-score is %.1f.",
					d.Day.Time().Weekday(), textenc.Plural(expected, "download", "downloads"), d.Score))
		}
	}
	return eventsFrame(nameHighlights, dimensions[q.GroupBy], events, q.Limit), nil
}

// unlike says how the downloads of a day differ from what is expected.
func unlike(d analysis.Outlier) string {
	switch {
	case d.Expected == 0:
		return "usually none"
	case d.Score < 0:
		return fmt.Sprintf("%.0f%% fewer than usual", 100-100*float64(d.Downloads)/d.Expected)
	}
	return fmt.Sprintf("%.0f%% more than usual", 100*float64(d.Downloads)/d.Expected-100)
}

// dateText writes a day for people.
func dateText(day history.Day) string { return day.Time().Format("January 2, 2006") }
