package history

import (
	"math/rand/v2"
	"reflect"
	"testing"
)

// randomState returns a state of few different values, so that ties are frequent.
func randomState(rng *rand.Rand) RepoMeta {
	s := NewRepoMeta(Repo{Model, "acme/a"})
	number := func() int64 { return rng.Int64N(4) - 1 }
	if rng.IntN(4) > 0 {
		s.Total, s.TotalAsOf = number(), AsOf(rng.IntN(3))
	}
	if rng.IntN(4) > 0 {
		s.LastMonth, s.Likes, s.ListedAsOf = number(), number(), AsOf(rng.IntN(3))
		s.HubID = []string{"", "a", "b"}[rng.IntN(3)]
	}
	if rng.IntN(2) == 0 {
		s.StartTotal, s.StartDownloads, s.StartRemoved, s.StartAsOf = number(), number(), number(), AsOf(rng.IntN(3))
	}
	if rng.IntN(2) == 0 {
		s.GoneAsOf, s.MovedTo = AsOf(rng.IntN(3)), []string{"", "acme/b", "acme/c"}[rng.IntN(3)]
	}
	return s
}

func TestMergeDoesNotDependOnOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		a, b, c := randomState(rng), randomState(rng), randomState(rng)
		ab := a.Merge(b)
		if ba := b.Merge(a); ab != ba {
			t.Fatalf("not commutative:\na   %+v\nb   %+v\nab  %+v\nba  %+v", a, b, ab, ba)
		}
		if x, y := ab.Merge(c), a.Merge(b.Merge(c)); x != y {
			t.Fatalf("not associative:\na     %+v\nb     %+v\nc     %+v\n(ab)c %+v\na(bc) %+v", a, b, c, x, y)
		}
		for _, again := range []RepoMeta{a, b, ab} {
			if x := ab.Merge(again); x != ab {
				t.Fatalf("not idempotent:\na  %+v\nb  %+v\nab %+v\ngot %+v", a, b, ab, x)
			}
		}
	}
}

func TestMerge(t *testing.T) {
	repo := Repo{Model, "acme/a"}
	state := func(change func(*RepoMeta)) RepoMeta {
		s := NewRepoMeta(repo)
		change(&s)
		return s
	}
	total := func(n int64, asOf AsOf) RepoMeta {
		return state(func(s *RepoMeta) { s.Total, s.TotalAsOf = n, asOf })
	}
	listed := func(month, likes int64, id string, asOf AsOf) RepoMeta {
		return state(func(s *RepoMeta) { s.LastMonth, s.Likes, s.HubID, s.ListedAsOf = month, likes, id, asOf })
	}
	f := func(a, b RepoMeta, want RepoMeta) {
		t.Helper()
		if got := a.Merge(b); got != want {
			t.Errorf("expected %+v\ngot      %+v", want, got)
		}
		if got := b.Merge(a); got != want {
			t.Errorf("the other way round: expected %+v\ngot %+v", want, got)
		}
	}
	f(NewRepoMeta(repo), NewRepoMeta(repo), NewRepoMeta(repo))

	// The newest total is the total.
	f(total(100, 1), total(90, 2), state(func(s *RepoMeta) { s.Total, s.TotalAsOf = 90, 2 }))
	f(total(100, 2), total(110, 1), state(func(s *RepoMeta) { s.Total, s.TotalAsOf = 100, 2 }))
	f(total(100, 2), total(110, 2), state(func(s *RepoMeta) { s.Total, s.TotalAsOf = 110, 2 }))
	f(NewRepoMeta(repo), total(0, 0), state(func(s *RepoMeta) { s.Total, s.TotalAsOf = 0, 0 }))
	// Who does not tell a total takes none back, and one told before 1970 is one.
	f(total(100, 1), total(Unknown, 2), state(func(s *RepoMeta) { s.Total, s.TotalAsOf = 100, 1 }))
	f(NewRepoMeta(repo), total(5, -1), state(func(s *RepoMeta) { s.Total, s.TotalAsOf = 5, -1 }))

	// What listings tell goes together, apart from the total.
	f(listed(9, 8, "a", 1), listed(7, Unknown, "b", 2), listed(7, Unknown, "b", 2))
	f(listed(9, 8, "a", 3), total(5, 4), state(func(s *RepoMeta) {
		s.LastMonth, s.Likes, s.HubID, s.ListedAsOf = 9, 8, "a", 3
		s.Total, s.TotalAsOf = 5, 4
	}))

	// What the counters start from is the newest.
	start := func(n int64, asOf AsOf) RepoMeta {
		return state(func(s *RepoMeta) { s.StartTotal, s.StartDownloads, s.StartRemoved, s.StartAsOf = n, n+1, 1, asOf })
	}
	f(start(9, 1), start(7, 2), start(7, 2))
	f(start(9, 1), NewRepoMeta(repo), start(9, 1))
	// So is where a repository went.
	went := func(to string, asOf AsOf) RepoMeta {
		return state(func(s *RepoMeta) { s.MovedTo, s.GoneAsOf = to, asOf })
	}
	f(went("acme/b", 1), went("", 2), went("", 2))
	f(went("acme/b", 2), went("acme/c", 1), went("acme/b", 2))
	f(went("acme/b", 2), NewRepoMeta(repo), went("acme/b", 2))
}

func TestGoneAndMoved(t *testing.T) {
	f := func(goneAsOf, totalAsOf, listedAsOf AsOf, movedTo string, gone, moved bool) {
		t.Helper()
		s := NewRepoMeta(Repo{Model, "acme/a"})
		s.GoneAsOf, s.MovedTo, s.TotalAsOf, s.ListedAsOf = goneAsOf, movedTo, totalAsOf, listedAsOf
		if s.Gone() != gone || s.Moved() != moved {
			t.Errorf("gone %d, total %d, listed %d, moved to %q: expected %v, %v, got %v, %v",
				goneAsOf, totalAsOf, listedAsOf, movedTo, gone, moved, s.Gone(), s.Moved())
		}
	}
	f(0, 0, 0, "", false, false)
	f(0, 5, 5, "", false, false)
	f(7, 0, 0, "", true, false)
	f(7, 5, 6, "", true, false)
	f(7, 5, 6, "acme/b", true, true)
	// Whatever told of it later brings it back.
	f(7, 8, 6, "acme/b", false, false)
	f(7, 5, 8, "acme/b", false, false)
	f(7, 7, 5, "acme/b", false, false)
	f(7, 5, 7, "", false, false)
}

// TestMetaFields asserts that the table names each field of RepoMeta once, with what
// it is when it is not known.
func TestMetaFields(t *testing.T) {
	m := NewRepoMeta(Repo{Model, "acme/a"})
	names, columns, places := map[string]bool{}, map[string]bool{}, map[any]bool{}
	for _, f := range MetaFields {
		if (f.Number != nil) == (f.Text != nil) {
			t.Fatalf("%s: expected a number or a text", f.Name)
		}
		if names[f.Name] || f.Column != "" && columns[f.Column] {
			t.Errorf("%s, column %s: named twice", f.Name, f.Column)
		}
		names[f.Name], columns[f.Column] = true, true
		if f.Known(&m) {
			t.Errorf("%s: expected nothing to be known of a new repository", f.Name)
		}
		if f.Text != nil {
			places[f.Text(&m)] = true
			*f.Text(&m) = "x"
		} else {
			places[f.Number(&m)] = true
			*f.Number(&m) = 7
		}
		if !f.Known(&m) {
			t.Errorf("%s: expected it to be known once it is set", f.Name)
		}
		// A newer value takes the place of an older one, or of none.
		older, newer := NewRepoMeta(m.Repo), NewRepoMeta(m.Repo)
		f.Copy(&newer, &m)
		*f.Group.AsOf(&newer) = 9
		if f.Group == GroupTotal {
			newer.Total = 7
		}
		if merged := older.Merge(newer); f.Rule != Derived && f.compare(&merged, &newer) != 0 {
			t.Errorf("%s: expected the newer value after merging, got %+v", f.Name, merged)
		}
	}
	// Repo is not one of them, and the fields of Counters are.
	if fields := reflect.TypeFor[RepoMeta]().NumField() - 2 + reflect.TypeFor[Counters]().NumField(); len(MetaFields) != fields || len(places) != fields {
		t.Errorf("expected an entry for each of %d fields, got %d of %d fields", fields, len(MetaFields), len(places))
	}
}
