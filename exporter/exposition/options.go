package exposition

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// DefaultMaxRepos is how many repositories the page shows if Options do not say.
const DefaultMaxRepos = 100_000

// Options say what the page shows. The zero value shows every family of the
// DefaultMaxRepos largest repositories.
type Options struct {
	// Include and Exclude select repositories by full name, "org/name": shown is
	// what Include matches and Exclude does not. Nil includes all and excludes
	// none. As in Prometheus's relabelling, an expression has to match the whole
	// name, whether or not it is anchored itself: "google/.*", not "google".
	Include, Exclude *regexp.Regexp
	// Families are the families to show, nil for all of them. An empty list that
	// is not nil shows none.
	Families []string
	// MaxRepos is how many repositories have series of their own: those with the
	// most downloads, ties in the order of Repo.Compare. 0 stands for
	// DefaultMaxRepos, a negative number for no limit.
	MaxRepos int
}

// settings are Options checked and made ready.
type settings struct {
	include, exclude *regexp.Regexp
	repoFamilies     []metric
	orgRepos         bool
	maxRepos         int // negative for no limit
}

func (o Options) settings() (*settings, error) {
	s := &settings{maxRepos: o.MaxRepos}
	if s.maxRepos == 0 {
		s.maxRepos = DefaultMaxRepos
	}
	for _, f := range o.Families {
		if !slices.Contains(Families(), f) {
			return nil, fmt.Errorf("metric family: expected %s, got %q", familyList(), f)
		}
	}
	on := func(f string) bool { return o.Families == nil || slices.Contains(o.Families, f) }
	for _, m := range families {
		if m.value != nil && on(m.short) {
			s.repoFamilies = append(s.repoFamilies, m)
		}
	}
	s.orgRepos = on(orgFamily.short)
	var err error
	if s.include, err = anchored(o.Include); err != nil {
		return nil, fmt.Errorf("include: %w", err)
	}
	if s.exclude, err = anchored(o.Exclude); err != nil {
		return nil, fmt.Errorf("exclude: %w", err)
	}
	return s, nil
}

// anchored returns the expression that matches where re matches the whole text.
func anchored(re *regexp.Regexp) (*regexp.Regexp, error) {
	if re == nil {
		return nil, nil
	}
	// (?s:) lets a dot match a line feed too, as relabelling does.
	return regexp.Compile("^(?s:" + re.String() + ")$")
}

func (s *settings) shows(r *history.Repo) bool {
	return (s.include == nil || s.include.MatchString(r.Name)) &&
		(s.exclude == nil || !s.exclude.MatchString(r.Name))
}
