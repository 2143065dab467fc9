package query

import (
	"strings"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// filterOf makes the filter of checked lists. fault hears of an item that is
// none: empty names are there only of organisations, that of legacy repositories.
func filterOf(types, orgs, repos []string, search string, fault func(list string, i int, format string, args ...any)) history.Filter {
	f := history.Filter{Orgs: orgs, Repos: repos, Search: search}
	for i, t := range types {
		if t == "" {
			fault("repoTypes", i, `expected a repo type like model, got ""`)
		}
		f.RepoTypes = append(f.RepoTypes, history.RepoType(t))
	}
	for i, r := range repos {
		if r == "" {
			fault("repos", i, `expected a full name like org/name, got ""`)
		}
	}
	return f
}

// checkItems finds the first item that is too long, or that is a variable: a
// name on the Hub has neither $ nor brackets.
func checkItems(items []string) (i int, fault *Error) {
	for i, item := range items {
		switch {
		case len(item) > maxText:
			return i, bad("", "expected at most %d bytes, got %s", maxText, quote(item))
		case item != all && (strings.Contains(item, "$") || strings.Contains(item, "[[")):
			return i, bad("", "expected a name, got %s%s", quote(item), hint(item))
		}
	}
	return 0, nil
}
