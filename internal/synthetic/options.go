package synthetic

import (
	"fmt"
	"strings"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// DefaultOrg is the organization of an export whose Options name none.
const DefaultOrg = "acme"

// DefaultLast is the last day of an export whose Options name none: 2025-12-31.
const DefaultLast history.Day = 20453

// MaxRepos is the largest number of repositories of an export.
const MaxRepos = 10_000_000

// Options say what an export holds.
type Options struct {
	// Repos is the number of repositories, from 1 to MaxRepos. About three of
	// four are models, the others datasets. Most exist from the first day; about
	// one of five appears later. Each has at least one record.
	Repos int
	// Days is the length of the span of days, from 1. The first and the last
	// day have records.
	Days int
	// Seed chooses among the exports of that size.
	Seed uint64
	// Org is the organization of every repository, "" for DefaultOrg. It holds
	// letters, digits, '-', '_' and '.' alone.
	Org string
	// Last is the last day of the span, 0 for DefaultLast.
	Last history.Day
	// Order is the order of the records.
	Order history.Order
}

// withDefaults returns o with its empty fields filled in, or says what is wrong
// with it.
func (o Options) withDefaults() (Options, error) {
	if o.Org == "" {
		o.Org = DefaultOrg
	}
	if o.Last == 0 {
		o.Last = DefaultLast
	}
	if o.Repos < 1 || o.Repos > MaxRepos {
		return o, fmt.Errorf("expected 1 to %d repositories, got %d", MaxRepos, o.Repos)
	}
	if o.Last < history.MinDay || o.Last > history.MaxDay {
		return o, fmt.Errorf("expected a last day from %s to %s, got %s", history.MinDay, history.MaxDay, o.Last)
	}
	if most := int(o.Last-history.MinDay) + 1; o.Days < 1 || o.Days > most {
		return o, fmt.Errorf("expected 1 to %d days up to %s, got %d", most, o.Last, o.Days)
	}
	if i := strings.IndexFunc(o.Org, notInName); i >= 0 {
		return o, fmt.Errorf("expected an organization of letters, digits, '-', '_' and '.', got %q", o.Org)
	}
	if o.Order != history.OrderTime && o.Order != history.OrderRepo {
		return o, fmt.Errorf("expected order time or repo, got %s", o.Order)
	}
	return o, nil
}

// first returns the first day of the span.
func (o Options) first() history.Day { return o.Last - history.Day(o.Days) + 1 }

func notInName(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' ||
		r == '-' || r == '_' || r == '.')
}
