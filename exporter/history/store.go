package history

import (
	"context"
	"errors"
	"fmt"
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
}

// Appender stores what was collected or imported. It may be used from several
// goroutines at once.
type Appender interface {
	// Append merges what b brings, wholly or, on an error, not at all. Bad
	// input is an *InputErrors. Appending the same again changes nothing.
	Append(ctx context.Context, b Batch) (Change, error)
}

// Store is a Reader and an Appender.
type Store interface {
	Reader
	Appender
}

// ErrReadOnly is returned by Append of a store that only answers.
var ErrReadOnly = errors.New("this store is read only")

// Batch is what one append brings. Either part may be empty.
type Batch struct {
	// Rows are records, in any order. A known total in their dictionary counts
	// as told at the version's AsOf.
	Rows RowSeq
	// Meta are what listings told.
	Meta []RepoMeta
	// Then, if not nil, is called once after the rows were read to their end and
	// before anything of the batch is stored: for states that follow from the rows.
	// They are appended with the rest, so that a crash leaves both or neither.
	Then func() ([]RepoMeta, error)
}

// Change says what an append did.
type Change struct {
	// Records is how many records came, equal ones counted once. Repos is how many
	// repositories and Days how many different days they, or the states, were of.
	Records, Repos, Days int64
	// Records = New + Changed + Unchanged + Outdated: New had no number before;
	// Changed replaced another number; Unchanged told the number that was
	// known; Outdated told another, but what was known beats it.
	New, Changed, Unchanged, Outdated int64
	// Corrected is how many downloads were found to be taken back.
	Corrected int64
}

// Order is the order of a stream of records.
type Order uint8

const (
	// OrderTime is by day, within a day by Repo.Compare.
	OrderTime Order = iota
	// OrderRepo is by Repo.Compare, for each repository by day.
	OrderRepo
)

// ParseOrder reads time or repo.
func ParseOrder(s string) (Order, error) {
	for v := OrderTime; v <= OrderRepo; v++ {
		if s == v.String() {
			return v, nil
		}
	}
	return 0, fmt.Errorf("expected time or repo, got %q", s)
}

// String returns time or repo.
func (o Order) String() string {
	switch o {
	case OrderTime:
		return "time"
	case OrderRepo:
		return "repo"
	}
	return fmt.Sprintf("Order(%d)", uint8(o))
}

// RecordsQuery asks for records.
type RecordsQuery struct {
	Filter Filter
	Period Period
	Order  Order
	// Versions asks for the version of each record: a block then holds rows of
	// one version. The stream is then of all that is kept, with the records of
	// repositories that moved to another name. Without it, Rows.Version is zero.
	Versions bool
}
