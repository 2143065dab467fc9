package format

import (
	"strings"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

func TestFileNames(t *testing.T) {
	days := history.Days{From: 18649, To: 18650}
	f := func(filter history.Filter, days history.Days, f Format, want string) {
		t.Helper()
		if got := f.FileName(filter, days); got != want {
			t.Errorf("expected %s, got %s", want, got)
		}
	}
	f(history.Filter{}, history.NoDays, CSV, "publisher-analytics.csv")
	f(history.Filter{}, days, Parquet, "publisher-analytics_2021-01-22_2021-01-23.parquet")
	f(history.Filter{Orgs: []string{"été-模型.x_1"}}, days, JSONL, "publisher-analytics_t----.x_1_2021-01-22_2021-01-23.jsonl")
	f(history.Filter{Orgs: []string{"acme"}, RepoTypes: []history.RepoType{"model"}}, days, CSV, "publisher-analytics_acme_model_2021-01-22_2021-01-23.csv")
	f(history.Filter{RepoTypes: []history.RepoType{"model", "dataset"}}, history.NoDays, CSV, "publisher-analytics.csv")
	f(history.Filter{Orgs: []string{"...."}}, days, CSV, "publisher-analytics_2021-01-22_2021-01-23.csv")
	f(history.Filter{Orgs: []string{"a", "b"}}, days, CSV, "publisher-analytics_2021-01-22_2021-01-23.csv")
	f(history.Filter{Orgs: []string{strings.Repeat("x", 500)}}, history.NoDays, CSV, "publisher-analytics_"+strings.Repeat("x", 100)+".csv")
}

func TestParse(t *testing.T) {
	for _, ft := range Files() {
		if got, err := Parse(ft.String()); err != nil || got != ft {
			t.Errorf("expected %s, got %s, %v", ft, got, err)
		}
	}
	_, err := Parse("xlsx")
	if want := `expected csv, jsonl or parquet, got "xlsx"`; err == nil || err.Error() != want {
		t.Errorf("expected %s, got %v", want, err)
	}
}
