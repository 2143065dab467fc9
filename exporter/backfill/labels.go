package backfill

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// Label is a label of a series.
type Label struct{ Name, Value string }

// The labels that a series has from its repository, as on /metrics.
const (
	labelRepoType = "repo_type"
	labelOrg      = "org"
	labelRepo     = "repo"
)

var labelName = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)

// ParseLabel reads a label that all series get, "name=value".
func ParseLabel(s string) (Label, error) {
	name, value, ok := strings.Cut(s, "=")
	switch {
	case !ok || !labelName.MatchString(name) || value == "":
		return Label{}, fmt.Errorf("expected a label like job=huggingface, got %q", s)
	case strings.HasPrefix(name, "__") || slices.Contains([]string{labelRepoType, labelOrg, labelRepo}, name):
		return Label{}, fmt.Errorf("expected a label that the series do not already have, got %q", s)
	case strings.ToValidUTF8(value, "") != value:
		return Label{}, fmt.Errorf("expected a label with a UTF-8 value, got %q", s)
	}
	return Label{name, value}, nil
}

// ParseLabels reads labels, each name once.
func ParseLabels(texts []string) ([]Label, error) {
	var labels []Label
	for _, s := range texts {
		l, err := ParseLabel(s)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(labels, func(o Label) bool { return o.Name == l.Name }) {
			return nil, fmt.Errorf("expected each label once, got %q after another %s", s, l.Name)
		}
		labels = append(labels, l)
	}
	return labels, nil
}

// labelsOf returns the labels of a repository's series, ordered by name. One with
// an empty value, as the organization of a legacy name, is the same as none to
// those that take samples, so it is left out.
func labelsOf(r history.Repo, extra []Label) []Label {
	labels := append([]Label{
		{labelRepoType, valid(string(r.Type))}, {labelOrg, valid(r.Org())}, {labelRepo, valid(r.Name)},
	}, extra...)
	labels = slices.DeleteFunc(labels, func(l Label) bool { return l.Value == "" })
	slices.SortFunc(labels, func(a, b Label) int { return strings.Compare(a.Name, b.Name) })
	return labels
}

// valid returns v with what is not UTF-8 as U+FFFD, as /metrics shows it.
func valid(v string) string { return strings.ToValidUTF8(v, "\uFFFD") }
