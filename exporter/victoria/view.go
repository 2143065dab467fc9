package victoria

import (
	"context"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
)

// maxPattern bounds the patterns of a selector, in bytes: what a longer one would
// select is selected here.
const maxPattern = 16 << 10

// conditions returns the parts of f that the engine can select by. What they let
// through is still to be matched.
func conditions(f history.Filter) []string {
	var out []string
	types := make([]string, len(f.RepoTypes))
	for i, t := range f.RepoTypes {
		types[i] = string(t)
	}
	for _, c := range []struct {
		label  string
		values []string
	}{{"repo_type", types}, {"org", f.Orgs}, {"repo", f.Repos}} {
		if len(c.values) == 0 {
			continue
		}
		quoted := make([]string, len(c.values))
		for i, v := range c.values {
			quoted[i] = regexp.QuoteMeta(v)
		}
		if pattern := strings.Join(quoted, "|"); len(pattern) <= maxPattern {
			out = append(out, c.label+`=~`+strconv.Quote("("+pattern+")"))
		}
	}
	return out
}

// What a selector may name for the engine to look it up, instead of trying a pattern on
// all there is; and how many selectors a question may have.
const (
	maxLookups   = 100
	maxSelectors = 200
)

// selectors returns the matches of a series name that select at least what f does, under
// further conditions.
func (v *view) selectors(name string, f history.Filter, more ...string) []string {
	if n := len(f.Repos); n <= maxLookups || n > maxLookups*maxSelectors {
		return []string{v.selector(name, append(conditions(f), more...)...)}
	}
	var out []string
	for part := range slices.Chunk(f.Repos, maxLookups) {
		f.Repos = part
		out = append(out, v.selector(name, append(conditions(f), more...)...))
	}
	return out
}

func repoOf(l *line) history.Repo {
	return history.Repo{Type: history.RepoType(l.label("repo_type")), Name: l.label("repo")}
}

// view is the history as of one journal.
type view struct {
	s *Store
	journal
	ctx context.Context
	// recorded has the repositories that states found to have a record.
	recorded map[history.Repo]bool
	// confirmed has what confirms the days of those that states found.
	confirmed map[history.Repo]confirmed
}

// table reads the days of a run, and all that is known besides, of the repositories
// that f selects. The versions of the records are not read.
func (v *view) table(f history.Filter, run history.Days) (*memtable.Table, error) {
	states, err := v.states(f)
	if err != nil {
		return nil, err
	}
	return v.series(f, newRoster(states), run)
}
