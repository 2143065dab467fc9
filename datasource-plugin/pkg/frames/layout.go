package frames

import (
	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

const linkTitle = "Open on the Hub"

// link lets the repositories of a frame link to their pages on the Hub: series by their
// labels, tables by a column with the addresses, which panels hide.
func link(f *data.Frame, hubURL string) {
	for _, field := range f.Fields {
		if name, ok := field.Labels["repo"]; ok {
			page := history.Repo{Type: history.RepoType(field.Labels["repo_type"]), Name: name}.Page(hubURL)
			field.Config.Links = []data.DataLink{{Title: linkTitle, URL: page, TargetBlank: true}}
		}
	}
	// Numbers for alert rules have no column that is no dimension.
	types, _ := f.FieldByName("repo_type")
	names, _ := f.FieldByName("repo")
	if f.Meta.Type != data.FrameTypeTable || types == nil || names == nil {
		return
	}
	pages := make([]string, names.Len())
	for i := range pages {
		pages[i] = history.Repo{Type: history.RepoType(types.At(i).(string)), Name: names.At(i).(string)}.Page(hubURL)
	}
	names.Config.Links = []data.DataLink{{Title: linkTitle, URL: "${__data.fields.url}", TargetBlank: true}}
	f.Fields = append(f.Fields, describe(data.NewField("url", nil, pages), "Page", "", "The repository's page on the Hub."))
}

// layOut gives the columns of tables their widths and cells, so that they need no settings of
// a panel. Columns without a width share what is left.
func layOut(f *data.Frame) {
	if f.Meta.Type == data.FrameTypeTimeSeriesMulti {
		return
	}
	for _, field := range f.Fields {
		if field.Config == nil {
			continue
		}
		switch custom := columns[field.Name]; {
		case custom != nil:
			field.Config.Custom = custom
		case field.Config.Unit == unitDay || field.Type().Numeric() && len(field.Labels) == 0:
			field.Config.Custom = width(115)
		}
	}
}

func width(pixels int) map[string]any { return map[string]any{"width": pixels} }

func atLeast(pixels int) map[string]any { return map[string]any{"minWidth": pixels} }

// columns are the settings of Grafana's table panel for fields.
var columns = map[string]map[string]any{
	"repo_type": width(100), "repoType": width(100),
	"repo": atLeast(250), "repoName": atLeast(250),
	"title": atLeast(300), "text": atLeast(300), "tags": width(160),
	"time":  width(170),
	"trend": {"width": 160, "cellOptions": map[string]any{"type": "sparkline"}},
	// Older versions of Grafana hide a column by the first, newer ones by the second.
	"url": {"hidden": true, "hideFrom": map[string]any{"viz": true}},
}
