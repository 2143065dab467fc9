// Package frames turns answers of a history.Reader into the data frames of Grafana.
//
// Answer has a file for each type of query. Every frame declares its type, so that
// alert rules and expressions take it, and where there is no data the answer is one
// frame without fields. Sorting, searching and paging are left to the store.
package frames

import (
	"context"
	"fmt"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/huggingface-exporter/huggingface_exporter/datasource-plugin/pkg/query"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// Answer asks the store what q asks for. There is always at least one frame, and
// each has the RefID of q. Repositories link to their pages on the Hub at hubURL, like
// "https://huggingface.co". Errors are those of the store, and of ctx.
func Answer(ctx context.Context, store history.Reader, q query.Query, hubURL string) (data.Frames, error) {
	if q.Base().Nothing {
		store = nothing{store}
	}
	frames, err := framesOf(ctx, store, q)
	if err == nil && len(frames) == 1 && len(frames[0].Fields) == 0 {
		err = sayWhyEmpty(ctx, store, frames[0], q)
	}
	for _, f := range frames {
		f.RefID = q.Base().RefID
		link(f, hubURL)
		layOut(f)
	}
	return frames, err
}

// nothing is a history of which nothing is selected.
type nothing struct{ history.Reader }

func (n nothing) Overview(ctx context.Context, q history.OverviewQuery) (history.Overview, error) {
	o, err := n.Reader.Overview(ctx, q)
	o.Groups, o.All = nil, nil
	return o, err
}

func (n nothing) Repos(ctx context.Context, q history.ReposQuery) (history.ReposPage, error) {
	q.Limit, q.Trend = 1, 0
	page, err := n.Reader.Repos(ctx, q)
	page.Rows, page.Matched = nil, 0
	return page, err
}

func (n nothing) Records(context.Context, history.RecordsQuery) history.RowSeq {
	return func(func(*history.Rows, error) bool) {}
}

// sayWhyEmpty adds a notice that names the last recorded day to a frame without data. That
// there are no events, and no values of a variable, needs no reason.
func sayWhyEmpty(ctx context.Context, store history.Reader, f *data.Frame, q query.Query) error {
	switch q.Base().Type {
	case query.TypeOverview, query.TypeRepos, query.TypeExport, query.TypeReadings, query.TypeForecast:
	default:
		return nil
	}
	o, err := store.Overview(ctx, history.OverviewQuery{Filter: q.Base().Filter})
	switch {
	case err != nil:
		return err
	case o.Recorded.Len() == 0:
		inform(f, "No downloads are recorded yet.")
	case len(o.Groups) == 0:
		inform(f, "No repository matches the selection. The last recorded day of others is %s.", dateText(o.Recorded.To))
	case o.Groups[0].Recorded.Len() == 0:
		inform(f, "No downloads of the selected repositories are recorded. The last recorded day of others is %s.", dateText(o.Recorded.To))
	default:
		recorded := o.Groups[0].Recorded
		inform(f, "There is nothing to show for this period. The last recorded day of the selected repositories is %s, the first is %s.",
			dateText(recorded.To), dateText(recorded.From))
	}
	return nil
}

func framesOf(ctx context.Context, store history.Reader, q query.Query) (data.Frames, error) {
	switch q := q.(type) {
	case query.Overview:
		return overview(ctx, store, q)
	case query.Repos:
		switch q.Format {
		case query.TimeSeries:
			return reposSeries(ctx, store, q)
		case query.Launch:
			return launchCurves(ctx, store, q)
		}
		return reposTable(ctx, store, q)
	case query.Export:
		return exportTable(ctx, store, q)
	case query.Readings:
		return readings(ctx, store, q)
	case query.Milestones:
		return milestones(ctx, store, q)
	case query.Forecast:
		return forecast(ctx, store, q)
	case query.Highlights:
		return highlights(ctx, store, q)
	case query.Corrections:
		return corrections(ctx, store, q)
	case query.Variable:
		return variable(ctx, store, q)
	}
	return nil, fmt.Errorf("expected a query of a known type, got a %T", q)
}

// The names of frames.
const (
	nameOverview    = "overview"
	nameRepos       = "repos"
	nameExport      = "export"
	nameReadings    = "readings"
	nameMilestones  = "milestones"
	nameForecast    = "forecast"
	nameHighlights  = "highlights"
	nameCorrections = "corrections"
	nameVariable    = "variable"
)

// noOrganization is how the organization of legacy names, "", is shown.
const noOrganization = "(no organization)"

// newFrame returns a frame of a type of Grafana's data plane contract.
func newFrame(name string, t data.FrameType, fields ...*data.Field) *data.Frame {
	return data.NewFrame(name, fields...).SetMeta(&data.FrameMeta{Type: t, TypeVersion: data.FrameTypeVersion{0, 1}})
}

// describe gives a field the name that people read, a unit ("" for none) and an
// explanation.
func describe(f *data.Field, name, unit, description string) *data.Field {
	f.SetConfig(&data.FieldConfig{DisplayNameFromDS: name, Unit: unit, Description: description})
	if unit == unitPercent {
		return oneDecimal(f)
	}
	return f
}

func oneDecimal(f *data.Field) *data.Field {
	f.Config.SetDecimals(1)
	return f
}

// The units of fields, in Grafana's words.
const (
	unitCount   = "locale" // exact, with separators
	unitPercent = "percent"
	unitDay     = "time:YYYY-MM-DD"
)

// orgText is what is shown of an organization.
func orgText(org string) string {
	if org == "" {
		return noOrganization
	}
	return org
}

// inform adds a notice that the panel shows.
func inform(f *data.Frame, format string, args ...any) {
	f.AppendNotices(data.Notice{Severity: data.NoticeSeverityInfo, Text: fmt.Sprintf(format, args...)})
}

// warn adds a warning that the panel shows.
func warn(f *data.Frame, format string, args ...any) {
	f.AppendNotices(data.Notice{Severity: data.NoticeSeverityWarning, Text: fmt.Sprintf(format, args...)})
}
