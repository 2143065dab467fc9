package fakehub

import (
	"maps"
	"slices"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// Repo is a repository of a Hub. Its methods change what the Hub answers from
// then on. It stays the same repository through renames.
type Repo struct {
	hub  *Hub
	id   string
	repo history.Repo

	days      map[history.Day]int64
	sum       int64 // over days
	beside    int64 // what the total has beside the sum
	lastMonth *int64
	likes     int64

	private, disabled bool
	gated             string
	created           time.Time
}

func (r *Repo) change(f func()) *Repo {
	r.hub.mu.Lock()
	defer r.hub.mu.Unlock()
	f()
	r.hub.touch()
	return r
}

// ID returns the Hub's own id, 24 hexadecimal digits.
func (r *Repo) ID() string { return r.id }

// Repo returns the type and the present name.
func (r *Repo) Repo() history.Repo {
	r.hub.mu.Lock()
	defer r.hub.mu.Unlock()
	return r.repo
}

// SetDay sets the downloads of a day, or corrects them; the total moves along.
func (r *Repo) SetDay(d history.Day, downloads int64) *Repo {
	return r.change(func() { r.set(d, downloads) })
}

// Download adds downloads to a day.
func (r *Repo) Download(d history.Day, downloads int64) *Repo {
	return r.change(func() { r.set(d, r.days[d]+downloads) })
}

func (r *Repo) set(d history.Day, downloads int64) {
	r.sum += downloads - r.days[d]
	r.days[d] = downloads
	r.hub.today = max(r.hub.today, d)
}

// SetTotal sets the total and leaves the days alone: they need not agree.
func (r *Repo) SetTotal(n int64) *Repo {
	return r.change(func() { r.beside = n - r.sum })
}

// Total returns the total.
func (r *Repo) Total() int64 {
	r.hub.mu.Lock()
	defer r.hub.mu.Unlock()
	return r.total()
}

func (r *Repo) total() int64 { return r.sum + r.beside }

// SetLastMonth sets the count of the last 30 days, whatever the days say; a
// negative number ends that.
func (r *Repo) SetLastMonth(n int64) *Repo {
	return r.change(func() {
		r.lastMonth = nil
		if n >= 0 {
			r.lastMonth = &n
		}
	})
}

func (r *Repo) month() int64 {
	if r.lastMonth != nil {
		return *r.lastMonth
	}
	if len(r.days) == 0 {
		return max(r.beside, 0) // a total that no day says anything of is of the last days
	}
	return r.sumDays(r.hub.today-history.LastMonthDays+1, r.hub.today)
}

// SetLikes sets the number of likes.
func (r *Repo) SetLikes(n int64) *Repo { return r.change(func() { r.likes = n }) }

// SetPrivate hides the repository from all but its organization, or shows it.
func (r *Repo) SetPrivate(private bool) *Repo { return r.change(func() { r.private = private }) }

// SetDisabled has the Hub close the repository; it stays listed.
func (r *Repo) SetDisabled(disabled bool) *Repo { return r.change(func() { r.disabled = disabled }) }

// SetGated sets how access is asked for: "auto", "manual", or "" for not at all.
func (r *Repo) SetGated(gated string) *Repo { return r.change(func() { r.gated = gated }) }

// SetCreated sets the time of creation, which listings are ordered by.
func (r *Repo) SetCreated(at time.Time) *Repo {
	return r.change(func() {
		r.created = at.UTC().Truncate(time.Millisecond)
		if r.created.Before(firstCreation) {
			r.created = firstCreation
		}
	})
}

// Rename gives the repository another name, perhaps of another organization. It
// panics if that is taken.
func (r *Repo) Rename(name string) *Repo {
	return r.change(func() {
		renamed := history.Repo{Type: r.repo.Type, Name: name}
		r.hub.mustBeFree(renamed)
		delete(r.hub.names, r.repo)
		r.repo = renamed
		r.hub.names[renamed] = r
	})
}

// Delete takes the repository away. Its name is free again.
func (r *Repo) Delete() {
	r.change(func() {
		delete(r.hub.names, r.repo)
		delete(r.hub.repos, r.id)
	})
}

// recorded returns the days that have a record, ascending.
func (r *Repo) recorded() []history.Day {
	return slices.Sorted(maps.Keys(r.days))
}

// sumOf returns the downloads of a run of days.
func (r *Repo) sumOf(from, to history.Day) int64 {
	r.hub.mu.Lock()
	defer r.hub.mu.Unlock()
	return r.sumDays(from, to)
}

// sumDays is sumOf for a caller that holds the lock.
func (r *Repo) sumDays(from, to history.Day) int64 {
	var n int64
	for d := from; d <= to; d++ {
		n += r.days[d]
	}
	return n
}
