package history

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
)

// Reader answers questions about the history of repositories. It may be used
// from several goroutines at once.
type Reader interface {
	// Overview sums over repositories.
	Overview(ctx context.Context, q OverviewQuery) (Overview, error)
	// Repos returns a page of the table of repositories.
	Repos(ctx context.Context, q ReposQuery) (ReposPage, error)
	// Records streams records in the order of q. The stream is of one state of
	// the history, whatever is appended meanwhile.
	Records(ctx context.Context, q RecordsQuery) RowSeq
	// Counts streams what the metrics page shows of the repositories that f selects,
	// ordered by Repo.Compare, without those that are gone. The stream is of the
	// state at the time of the call. An error is its last element.
	Counts(ctx context.Context, f Filter) iter.Seq2[Counts, error]
	// Readings streams the readings that are kept, ordered by Repo.Compare and day, those of
	// repositories that moved to another name too.
	Readings(ctx context.Context, q ReadingsQuery) ReadingSeq
}

// Appender stores what was collected or imported, and returns what is stored, so that
// its callers can work out what is new. It may be used from several goroutines at once.
type Appender interface {
	// Append merges what b brings, wholly or, on an error, not at all. Bad
	// input is an *InputErrors. Appending the same again changes nothing.
	Append(ctx context.Context, b Batch) (Change, error)
	// Meta streams what is known of repositories apart from their days, ordered by
	// Repo.Compare: at least of those that q selects. An error is its last element.
	Meta(ctx context.Context, q MetaQuery) iter.Seq2[RepoMeta, error]
	// Records streams what is stored of days, as Reader does.
	Records(ctx context.Context, q RecordsQuery) RowSeq
	// Readings streams the readings that are kept, as Reader does.
	Readings(ctx context.Context, q ReadingsQuery) ReadingSeq
	// Refresh takes in what other processes have stored, and reports whether
	// anything changed.
	Refresh(ctx context.Context) (changed bool, err error)
}

// MetaQuery selects repositories by what the Hub calls them. The zero value selects all.
type MetaQuery struct {
	// Org selects the repositories of an organization, whatever the case of its
	// letters, and those without one in their name. "" selects all.
	Org string
	// HubIDs selects the repositories with one of these ids of the Hub's as well.
	HubIDs map[string]bool
}

// Matches reports whether q selects the repository of m.
func (q MetaQuery) Matches(m RepoMeta) bool {
	org := m.Repo.Org()
	return q.Org == "" || org == "" || strings.EqualFold(org, q.Org) || q.HubIDs[m.HubID]
}

// Table is a history in memory, as exporter/memtable has it.
type Table interface {
	Records(ctx context.Context, q RecordsQuery) RowSeq
	Meta() iter.Seq[RepoMeta]
}

// Stats say how much a store holds.
type Stats struct {
	Repos    int
	Records  int64
	Recorded Days // as in Overview
	// OnDisk says that Files and Bytes are known: the store is a directory.
	OnDisk bool
	Files  int
	Bytes  int64
}

// ErrWentBack says that a store holds less than it held before, or is another one: it was
// emptied, restored from an older backup, or replaced.
var ErrWentBack = errors.New("the store went back")

// Setbacks is what is known of a store that went back while it was open.
type Setbacks struct {
	// Times is how often that was found, Restored how often all that was missing was written
	// back from memory.
	Times, Restored int64
	// Last says what was found last.
	Last string
	// Missing wraps ErrWentBack and says what to do if something is missing still, or the
	// store is another one. nil is for nothing.
	Missing error
}

// Batch is what one append brings. Each part may be empty.
type Batch struct {
	// Rows are records, in any order. A known total in their dictionary counts
	// as reported at the version's AsOf: a
	// reading of the export.
	Rows RowSeq
	// MaxBytes bounds the memory that Rows may take, 0 for no bound. Beyond that the error is
	// a *MemoryError, and nothing is stored.
	MaxBytes int64
	// Notes, if not nil, takes rows that contradict another one of the same version: they are
	// set aside as bad rows, the larger number counts, and too many of them are an error.
	// Otherwise one is too many.
	Notes *InputNotes
	// Meta are what listings reported. Each is a reading too (RepoMeta.Readings).
	Meta []RepoMeta
	// Readings are further ones, in any order.
	Readings ReadingSeq
	// Then, if not nil, is called once after the rows were read to their end and
	// before anything of the batch is stored: for metadata and readings that follow from the
	// rows. They are appended with the rest, so that a crash leaves all or nothing.
	Then func() (Batch, error)
	// Table, if not nil, is all that the batch brings, merged already by a caller who
	// had to check it as a whole. The other parts are then nil.
	Table Table
}

// MemoryError is the error of a history that takes more memory than it may.
type MemoryError struct {
	// Most is how many bytes it may take, Rows how many rows were read by then.
	Most, Rows int64
}

// Error says what was expected.
func (e *MemoryError) Error() string {
	return fmt.Sprintf("expected a history of at most %d bytes in memory, got more in %d rows", e.Most, e.Rows)
}

// Change says what an append did.
type Change struct {
	// Records is how many records came, equal ones counted once. Repos is how many
	// repositories and Days how many different days they, or the states, were of.
	Records, Repos, Days int64
	// Records = New + Changed + Unchanged + Outdated: New had no number before;
	// Changed replaced another number; Unchanged reported the number that was
	// known; Outdated reported another, but what was known beats it.
	New, Changed, Unchanged, Outdated int64
	// Removed is how many downloads were found to be removed by the Hub.
	Removed int64
}

// Order is the order of a stream of records.
type Order uint8

const (
	// OrderTime is by day, within a day by Repo.Compare.
	OrderTime Order = iota
	// OrderRepo is by Repo.Compare, for each repository by day.
	OrderRepo
)

var orders = enum[Order]{"Order", "time or repo", []string{"time", "repo"}}

// ParseOrder reads time or repo.
func ParseOrder(s string) (Order, error) { return orders.parse(s) }

// String returns time or repo.
func (o Order) String() string { return orders.name(o) }

// RecordsQuery asks for records.
type RecordsQuery struct {
	Filter Filter
	Period Period
	Order  Order
	// Versions asks for the version of each record: a block then holds rows of one
	// version. That of a day that follows from readings is as old as the first reading of a
	// later day. Without it, Rows.Version is zero.
	Versions bool
	// Stored asks for the records that are stored, with their versions, in place of those
	// that are shown: also of repositories that moved to another name, without the days that
	// follow from readings, and without totals, which are in the readings.
	Stored bool
}

// Days are the days of the period in a history that was recorded over the given days.
// What is stored and not shown may reach further than what is recorded.
func (q RecordsQuery) Days(recorded Days) Days {
	if q.Stored && q.Period.Kind != LastMonth {
		recorded = Days{MinDay, MaxDay}
	}
	days, _, _ := q.Period.Resolve(recorded)
	return days
}
