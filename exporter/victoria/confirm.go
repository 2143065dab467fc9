package victoria

import (
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
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

// confirm returns the places of the days that an append has to write of what it brings of a
// repository, if the others are confirmed, and what confirms them. ok is false if all have to
// be written: old is what was stored, was the confirmation before.
func confirm(old, brought *memtable.Series, was confirmed) (changed []int, now confirmed, ok bool) {
	n := len(brought.Days)
	if n < minConfirmed || len(old.Days) < minConfirmed {
		return nil, was, false
	}
	v := brought.Versions[0]
	now = confirmed{asOf: v.AsOf, run: history.Days{From: brought.Days[0], To: brought.Days[n-1]}}
	if was.n > 0 {
		now.run = now.run.Span(was.run)
	}
	if v.Source != history.Published || v.AsOf <= was.asOf && was.n > 0 {
		return nil, was, false
	}
	i := 0
	for at := 0; at <= n; at++ {
		day := history.MaxDay + 1
		if at < n {
			day = brought.Days[at]
		}
		for ; i < len(old.Days) && old.Days[i] < day; i++ {
			// An export that does not have a number may not make it newer.
			if u := old.Versions[i]; u.Source == history.Published && now.run.Contains(old.Days[i]) && u.Compare(v) < 0 {
				return nil, was, false
			}
		}
		same := false
		if i < len(old.Days) && old.Days[i] == day {
			same = old.Versions[i].Source == history.Published && old.Downloads[i] == brought.Downloads[at]
			i++
		}
		switch {
		case at < n && brought.Versions[at] != v:
			return nil, was, false
		case at < n && !same:
			changed = append(changed, at)
		}
	}
	return changed, now, n-len(changed) >= minConfirmed
}
