package frames

import (
	"fmt"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// The names of frames.
const (
	nameOverview    = "overview"
	nameRepos       = "repos"
	nameExport      = "export"
	nameMilestones  = "milestones"
	nameCorrections = "corrections"
	nameVariable    = "variable"
)

// noOrganisation is how the organisation of legacy names, "", is shown.
const noOrganisation = "(no organisation)"

// newFrame returns a frame of a type of Grafana's data plane contract.
func newFrame(name string, t data.FrameType, fields ...*data.Field) *data.Frame {
	return data.NewFrame(name, fields...).SetMeta(&data.FrameMeta{Type: t, TypeVersion: data.FrameTypeVersion{0, 1}})
}

// describe gives a field the name that people read, a unit ("" for none) and an
// explanation.
func describe(f *data.Field, name, unit, description string) *data.Field {
	return f.SetConfig(&data.FieldConfig{DisplayNameFromDS: name, Unit: unit, Description: description})
}

// The units of fields, in Grafana's words.
const (
	unitCount   = "short"
	unitPercent = "percent"
	unitDay     = "time:YYYY-MM-DD"
)

// known returns a number of a store as a nullable field has it: nil for Unknown.
func known(n int64) *int64 {
	if n == history.Unknown {
		return nil
	}
	return &n
}

// orgText is what is shown of an organisation.
func orgText(org string) string {
	if org == "" {
		return noOrganisation
	}
	return org
}

// warn adds a warning that the panel shows.
func warn(f *data.Frame, format string, args ...any) {
	f.AppendNotices(data.Notice{Severity: data.NoticeSeverityWarning, Text: fmt.Sprintf(format, args...)})
}
