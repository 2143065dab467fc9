package history

import (
	"slices"
	"testing"
)

func TestFilter(t *testing.T) {
	repos := []Repo{
		{Model, "acme/Bert-Large"},
		{Model, "acme/news"},
		{Model, "gpt2"},
		{Model, "other/bert.large"},
		{Dataset, "acme/news"},
		{Dataset, "squad"},
		{"kernel", "acme/flash_attn"},
	}
	f := func(filter Filter, want ...int) {
		t.Helper()
		matches := filter.Matcher()
		var got []int
		for i, r := range repos {
			if matches(r) {
				got = append(got, i)
			}
			if matches(r) && !filter.MatchesGroup(r.Type, r.Org()) {
				t.Errorf("%+v selects %s, but not its group", filter, r)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%+v: expected the repositories %v, got %v", filter, want, got)
		}
	}
	f(Filter{}, 0, 1, 2, 3, 4, 5, 6)
	f(Filter{RepoTypes: []RepoType{}, Orgs: []string{}, Repos: []string{}}, 0, 1, 2, 3, 4, 5, 6)

	f(Filter{RepoTypes: []RepoType{Dataset}}, 4, 5)
	f(Filter{RepoTypes: []RepoType{Dataset, "kernel"}}, 4, 5, 6)
	f(Filter{RepoTypes: []RepoType{"Model"}})

	f(Filter{Orgs: []string{"other"}}, 3)
	f(Filter{Orgs: []string{""}}, 2, 5)
	f(Filter{Orgs: []string{"", "other"}}, 2, 3, 5)
	f(Filter{Orgs: []string{"acm"}})
	f(Filter{Orgs: []string{"ACME"}})

	f(Filter{Repos: []string{"acme/news"}}, 1, 4)
	f(Filter{Repos: []string{"news"}})
	f(Filter{Repos: []string{"gpt2", "other/bert.large"}}, 2, 3)

	f(Filter{Search: "bert"}, 0, 3)
	f(Filter{Search: "BERT-l"}, 0)
	f(Filter{Search: "T.L"}, 3)
	f(Filter{Search: "cme/n"}, 1, 4)
	f(Filter{Search: "h_a"}, 6)
	f(Filter{Search: "%"})
	f(Filter{Search: " "})

	f(Filter{RepoTypes: []RepoType{Model}, Repos: []string{"acme/news"}}, 1)
	f(Filter{Orgs: []string{"acme"}, Search: "bert"}, 0)
	f(Filter{RepoTypes: []RepoType{Dataset}, Orgs: []string{"acme"}, Repos: []string{"acme/news"}, Search: "NEWS"}, 4)
	f(Filter{Orgs: []string{"other"}, Repos: []string{"acme/news"}})
}

func TestSearchBeyondASCII(t *testing.T) {
	if !(Filter{Search: "Élan"}).Matcher()(Repo{Model, "acme/éLAN-1"}) {
		t.Error("expected the case of letters beyond ASCII to be ignored as well")
	}
}

func TestFilterParts(t *testing.T) {
	f := func(filter Filter, zero, wholeOrgs bool) {
		t.Helper()
		if got := filter.IsZero(); got != zero {
			t.Errorf("%+v: expected IsZero %v, got %v", filter, zero, got)
		}
		if got := filter.WholeOrgs(); got != wholeOrgs {
			t.Errorf("%+v: expected WholeOrgs %v, got %v", filter, wholeOrgs, got)
		}
	}
	f(Filter{}, true, true)
	f(Filter{RepoTypes: []RepoType{Model}}, false, true)
	f(Filter{Orgs: []string{""}}, false, true)
	f(Filter{Repos: []string{"a/b"}}, false, false)
	f(Filter{Search: "a"}, false, false)
}

func TestRepoOrder(t *testing.T) {
	ordered := []Repo{
		{Model, "Acme/z"},
		{Model, "acme"},
		{Model, "acme-x/a"},
		{Model, "acme/a"},
		{Model, "acme/a-b"},
		{Model, "acme/a_b"},
		{Model, "acme/é"},
		{Dataset, "acme/a"},
		{Space, "acme/a"},
		{"", "acme/a"},
		{"bucket", "acme/a"},
		{"kernel", "acme/a"},
	}
	for i, r := range ordered {
		for j, s := range ordered {
			c := r.Compare(s)
			if c < 0 != (i < j) || c > 0 != (i > j) {
				t.Errorf("%s against %s: got %d", r, s, c)
			}
		}
	}
}

func TestOrg(t *testing.T) {
	f := func(name, want string) {
		t.Helper()
		if got := (Repo{Model, name}).Org(); got != want {
			t.Errorf("%q: expected %q, got %q", name, want, got)
		}
	}
	f("acme/a", "acme")
	f("gpt2", "")
	f("", "")
	f("acme/a/b", "acme")
	f("/a", "")
}
