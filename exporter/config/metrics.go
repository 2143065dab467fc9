package config

import "fmt"

// Metrics says what /metrics shows of the repositories.
type Metrics struct {
	// Include are regular expressions over the full name of a repository; a
	// repository is shown if one of them matches it, or if there are none.
	Include []Regexp `yaml:"include"`
	// Exclude are regular expressions over the full name of a repository; one
	// that any of them matches is not shown.
	Exclude []Regexp `yaml:"exclude"`
	// MaxRepos is the most repositories that are shown, at least 1. Those with
	// the largest totals stay.
	MaxRepos int      `yaml:"max_repos"`
	Families Families `yaml:"families"`
}

// Families switches the metrics of repositories on and off, a family each.
type Families struct {
	Downloads bool `yaml:"downloads"`  // huggingface_repo_downloads_total
	Corrected bool `yaml:"corrected"`  // huggingface_repo_downloads_corrected_total
	LastMonth bool `yaml:"last_month"` // huggingface_repo_downloads_last_month
	Likes     bool `yaml:"likes"`      // huggingface_repo_likes
	OrgRepos  bool `yaml:"org_repos"`  // huggingface_org_repos
}

func defaultMetrics() Metrics {
	return Metrics{
		Include:  []Regexp{},
		Exclude:  []Regexp{},
		MaxRepos: 100_000,
		Families: Families{
			Downloads: true,
			Corrected: true,
			LastMonth: true,
			Likes:     true,
			OrgRepos:  true,
		},
	}
}

func (m *Metrics) check(r reporter) {
	if m.MaxRepos < 1 {
		r.fault("metrics.max_repos", "expected a whole number from 1, got %q", fmt.Sprint(m.MaxRepos))
	}
}
