package victoria

import (
	"iter"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// confirmed says that an export of the Hub's told again what was known of a
// repository: the published numbers of run that were written under n or before are as
// of asOf, if they are not newer. It takes the place of writing all of them again.
type confirmed struct {
	n    seq
	asOf history.AsOf
	run  history.Days
}

// confirmFields are the fields of huggingface_history_state that have it.
var confirmFields = [3]string{"confirmed_as_of", "confirmed_from", "confirmed_to"}

// minConfirmed is how many samples have to be saved for a confirmation, which takes
// three.
const minConfirmed = 4

// version returns the version of a day's number that was written as v under n.
func (c *confirmed) version(day history.Day, n seq, v history.Version) history.Version {
	if n <= c.n && v.Source == history.Published && c.run.Contains(day) {
		v.AsOf = max(v.AsOf, c.asOf)
	}
	return v
}

// dayFact is a day's number of a repository, and its version.
type dayFact struct {
	day       history.Day
	downloads int64
	version   history.Version
}

// confirm returns what has to be written of the facts that an append brings of a
// repository, ascending by day, if the others are confirmed, and what confirms them. ok
// is false if all have to be written: old are the facts that were known of the days
// of run, was the confirmation before.
func confirm(old, facts []dayFact, was confirmed, run history.Days) (changed []dayFact, is confirmed, ok bool) {
	if len(facts) < minConfirmed || len(old) < minConfirmed {
		return facts, was, false
	}
	v := facts[0].version
	is = confirmed{asOf: v.AsOf, run: history.Days{From: facts[0].day, To: facts[len(facts)-1].day}}
	if was.n > 0 {
		is.run = span(is.run, was.run)
	}
	if v.Source != history.Published || v.AsOf < 0 || v.AsOf >= 1<<53 || v.AsOf <= was.asOf && was.n > 0 ||
		is.run.From < run.From || is.run.To > run.To {
		return facts, was, false
	}
	same, i := 0, 0
	for _, f := range facts {
		if f.version != v {
			return facts, was, false
		}
		for i < len(old) && old[i].day < f.day {
			if !old[i].staysWithout(v, is.run) {
				return facts, was, false
			}
			i++
		}
		if i < len(old) && old[i].day == f.day {
			if old[i].downloads == f.downloads && old[i].version.Source == history.Published {
				same++
				i++
				continue
			}
			i++
		}
		changed = append(changed, f)
	}
	for ; i < len(old); i++ {
		if !old[i].staysWithout(v, is.run) {
			return facts, was, false
		}
	}
	if same < minConfirmed {
		return facts, was, false
	}
	return changed, is, true
}

// staysWithout reports whether a fact that an export of version v did not tell keeps
// its version if that export confirms a run of days.
func (f *dayFact) staysWithout(v history.Version, run history.Days) bool {
	return f.version.Source != history.Published || !run.Contains(f.day) || f.version.Compare(v) >= 0
}

// repoFacts is the facts of one repository.
type repoFacts struct {
	repo  history.Repo
	facts []dayFact
}

// byRepository gathers a stream of OrderRepo with versions, a repository at a time.
// What it yields is valid until the next.
func byRepository(rows history.RowSeq) iter.Seq2[*repoFacts, error] {
	return func(yield func(*repoFacts, error) bool) {
		var x repoFacts
		for block, err := range rows {
			if err != nil {
				yield(nil, err)
				return
			}
			for i, r := range block.Repo {
				if repo := block.Repos[r].Repo; repo != x.repo {
					if len(x.facts) > 0 && !yield(&x, nil) {
						return
					}
					x.repo, x.facts = repo, x.facts[:0]
				}
				x.facts = append(x.facts, dayFact{block.Day[i], block.Downloads[i], block.Version})
			}
		}
		if len(x.facts) > 0 {
			yield(&x, nil)
		}
	}
}
