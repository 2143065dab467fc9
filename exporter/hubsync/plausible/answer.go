package plausible

import (
	"fmt"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/internal/textenc"
)

// few is how many repositories say nothing about the others: fewer than that may be deleted
// or corrected at once.
const few = 10

// Counts are the downloads of a repository: its total and the sum of its daily records, each
// negative if not known. They are sums of many at the most, and need not be exact.
type Counts struct{ Total, Days float64 }

// Answer has the figures of an answer as a whole, beside those that were known before.
type Answer struct {
	// Records is how many daily records it has, Had how many were known: of exports alone.
	Records, Had float64
	// Repos is how many repositories were known, Missing how many of them it does not have.
	Repos, Missing int
	// Empty is set if it has nothing at all, Past if it is dated before what is known, Open
	// if its last line has no end.
	Empty, Past, Open bool

	// compared is how many repositories with downloads are in it and were known, fell how
	// many of them have fewer now, rose how many have a larger total.
	compared, fell, rose int
	before, now          Counts
	// zeros are for the numbers that were above zero: how many there were, and are zero now.
	totals, days zeros
}

type zeros struct{ had, now int }

func (z *zeros) add(before, now float64) {
	if before > 0 && now >= 0 {
		z.had++
		if now == 0 {
			z.now++
		}
	}
}

// all reports whether all of what were at least n numbers are zero now.
func (z *zeros) all(n int) bool { return z.had >= n && z.now == z.had }

// Compare adds a repository that is in the answer and was known before.
func (a *Answer) Compare(before, now Counts) {
	a.totals.add(before.Total, now.Total)
	a.days.add(before.Days, now.Days)
	if before.Total >= 0 && now.Total > before.Total {
		a.rose++
	}
	compared, fell := false, false
	add := func(before, now float64, sumBefore, sumNow *float64) {
		if before <= 0 || now < 0 {
			return
		}
		compared = true
		// An export and a listing are of different hours: a hundredth less is no fall.
		fell = fell || now < before*0.99
		*sumBefore += before
		*sumNow += now
	}
	add(before.Total, now.Total, &a.before.Total, &a.now.Total)
	add(before.Days, now.Days, &a.before.Days, &a.now.Days)
	if compared {
		a.compared++
	}
	if fell {
		a.fell++
	}
}

// implausible returns why the answer is not to be believed yet, "" if it may be.
func (a *Answer) implausible() (Reason, string) {
	lost := a.now.Total < a.before.Total/2 || a.now.Days < a.before.Days/2
	switch {
	case a.Past && a.rose > 0 && 2*a.rose >= a.compared:
		return ReasonTime, fmt.Sprintf("expected an older response to have no more downloads than the stored data, got more for %d of %s: its date is wrong", a.rose, textenc.Repositories(a.compared))
	case a.Records < a.Had*0.9:
		return ReasonRecords, fmt.Sprintf("expected about the %.0f records of earlier exports, got %.0f", a.Had, a.Records)
	case a.Missing >= few && 2*a.Missing >= a.Repos, a.Missing > 0 && a.Empty:
		return ReasonRepos, fmt.Sprintf("expected about %d known repositories, got a response without %d of them", a.Repos, a.Missing)
	// In listings, a single repository without a total is left to who counts the days.
	case a.totals.all(2), a.Had > 0 && a.totals.all(1):
		return ReasonZeros, fmt.Sprintf("expected totals of about %.0f downloads, got zeros for %d of %s that had any", a.before.Total, a.totals.had, textenc.Repositories(a.totals.had))
	case a.days.all(1):
		return ReasonZeros, fmt.Sprintf("expected about %.0f downloads in the daily records, got zeros for %d of %s that had any", a.before.Days, a.days.had, textenc.Repositories(a.days.had))
	case 2*a.fell > a.compared && (a.compared >= few || a.compared > 1 && lost):
		return ReasonFalls, fmt.Sprintf("expected increasing totals, got fewer downloads for %d of %s: totals of %.0f after %.0f, and daily records of %.0f after %.0f",
			a.fell, textenc.Repositories(a.compared), a.now.Total, a.before.Total, a.now.Days, a.before.Days)
	// Last, so that what is not doubted for longer than this says it is about the same.
	case a.Open:
		return ReasonEnd, fmt.Sprintf("expected a line ending after the last of %.0f records, got none: the export may be truncated, even within a number", a.Records)
	}
	return "", ""
}

// Months are the 30-day numbers of an answer. The Hub has zeroed them for days at a time.
type Months struct {
	// busy is how many repositories had such a number, zero how many of them have none now.
	busy, zero int
	before     float64
}

// typical is the 30-day number that a repository has to have on the average for zeros to be
// a surprise: the downloads of one mirror, a month ago, end for all repositories at once.
const typical = 10

// Compare adds a repository that was listed before.
func (m *Months) Compare(before, now int64) {
	switch {
	case before == 0 || now < 0:
		return
	case before < 0: // not known, as it was taken for zeroed
		before = typical
	}
	m.busy++
	m.before += float64(before)
	if now == 0 {
		m.zero++
	}
}

// Zeroed says that zeros are to be taken as unknown, "" if they may be right. Those of a
// month are.
func (d *Doubt) Zeroed(m *Months, at time.Time) string {
	if m.zero < 2 || 10*m.zero < 9*m.busy || m.before < typical*float64(m.busy) {
		*d = Doubt{}
		return ""
	}
	if d.Since.IsZero() || at.Before(d.Since) {
		d.Since = at
	}
	if at.Sub(d.Since) > 30*24*time.Hour {
		return ""
	}
	return fmt.Sprintf("the 30-day numbers of %d of %s that had one are zero at once: treating them as unknown", m.zero, textenc.Repositories(m.busy))
}
