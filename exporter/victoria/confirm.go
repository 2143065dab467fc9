package victoria

import (
	"iter"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// confirmed says that an export of the Hub repeated what was known of a repository: the
// published numbers of run that were written under n or before are as of asOf, if they are
// not newer. It takes the place of writing all of them again.
type confirmed struct {
	n    seq
	asOf history.AsOf
	run  history.Days
}

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

// fact is a day's number of a repository, and its version.
type fact struct {
	day       history.Day
	downloads int64
	version   history.Version
}

// confirm returns what has to be written of the facts that an append brings of a
// repository, ascending by day, if the others are confirmed, and what confirms them. ok
// is false if all have to be written: old are the facts that were known of the days
// of run, was the confirmation before.
func confirm(old, facts []fact, was confirmed, run history.Days) (changed []fact, now confirmed, ok bool) {
	if len(facts) < minConfirmed || len(old) < minConfirmed {
		return facts, was, false
	}
	v := facts[0].version
	now = confirmed{asOf: v.AsOf, run: history.Days{From: facts[0].day, To: facts[len(facts)-1].day}}
	if was.n > 0 {
		now.run = span(now.run, was.run)
	}
	if v.Source != history.Published || v.AsOf <= was.asOf && was.n > 0 || now.run.From < run.From || now.run.To > run.To {
		return facts, was, false
	}
	same, i := 0, 0
	for _, f := range facts {
		if f.version != v {
			return facts, was, false
		}
		for ; i < len(old) && old[i].day < f.day; i++ {
			if !old[i].unaffected(v, now.run) {
				return facts, was, false
			}
		}
		if i < len(old) && old[i].day == f.day {
			i++
			if old[i-1].downloads == f.downloads && old[i-1].version.Source == history.Published {
				same++
				continue
			}
		}
		changed = append(changed, f)
	}
	for ; i < len(old); i++ {
		if !old[i].unaffected(v, now.run) {
			return facts, was, false
		}
	}
	if same < minConfirmed {
		return facts, was, false
	}
	return changed, now, true
}

// unaffected reports whether a fact that an export of version v does not have keeps its
// version if that export confirms a run of days.
func (f *fact) unaffected(v history.Version, run history.Days) bool {
	return f.version.Source != history.Published || !run.Contains(f.day) || f.version.Compare(v) >= 0
}

// repoFacts is the facts of one repository.
type repoFacts struct {
	repo  history.Repo
	facts []fact
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
				x.facts = append(x.facts, fact{block.Day[i], block.Downloads[i], block.Version})
			}
		}
		if len(x.facts) > 0 {
			yield(&x, nil)
		}
	}
}
