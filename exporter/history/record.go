//gosec:disable G115 -- there are fewer repositories than 2^32

package history

import "iter"

// Record is the downloads of one repository on one day.
type Record struct {
	Repo Repo
	// Total is the Hub's cumulative number for the repository, Unknown if it
	// was never reported. It need not equal the sum of the records.
	Total     int64
	Day       Day
	Downloads int64
}

// Unknown stands for a number that no source has reported.
const Unknown int64 = -1

// Known returns n, or nil if it is Unknown.
func Known(n *int64) *int64 {
	if *n == Unknown {
		return nil
	}
	return n
}

// RepoTotal is an entry of the dictionary of Rows.
type RepoTotal struct {
	Repo  Repo
	Total int64 // Unknown if it was not reported
}

// Rows is a block of records, one slice a column, all slices of one length.
// Blocks are how records move between readers, stores and writers: a repository
// is named once and then known by its index.
//
// A block is valid until the next one of its stream is asked for; who keeps
// rows copies them. The dictionary alone stays valid and only grows along a
// stream: an index keeps its meaning from block to block. A later block may bring
// a dictionary with another total of a repository; that of the last block counts.
type Rows struct {
	// Repos is the dictionary that Repo points into.
	Repos []RepoTotal

	Repo      []uint32
	Day       []Day
	Downloads []int64

	// Version is of all rows of the block.
	Version Version
	// FirstLine is the line of the first row in its text, from 1; the others
	// follow line by line. 0 where the rows did not come from a text.
	FirstLine int64
}

// Len returns the number of rows.
func (r *Rows) Len() int { return len(r.Repo) }

// Record returns row i.
func (r *Rows) Record(i int) Record {
	t := &r.Repos[r.Repo[i]]
	return Record{Repo: t.Repo, Total: t.Total, Day: r.Day[i], Downloads: r.Downloads[i]}
}

// Line returns the line of row i in its text, 0 if it has none.
func (r *Rows) Line(i int) int64 {
	if r.FirstLine == 0 {
		return 0
	}
	return r.FirstLine + int64(i)
}

// Reset empties the block and keeps its dictionary and its memory.
func (r *Rows) Reset() {
	r.Repo, r.Day, r.Downloads = r.Repo[:0], r.Day[:0], r.Downloads[:0]
	r.FirstLine = 0
}

// Append adds a row.
func (r *Rows) Append(repo uint32, day Day, downloads int64) {
	r.Repo = append(r.Repo, repo)
	r.Day = append(r.Day, day)
	r.Downloads = append(r.Downloads, downloads)
}

// BlockRows is the number of rows that streams aim at a block: large enough to
// make the hand-over cheap, small enough to stay in a processor's cache.
const BlockRows = 4096

// RowSeq is a stream of blocks. An error is its last element and comes with a
// nil block; what came before it is then not to be kept.
type RowSeq = iter.Seq2[*Rows, error]

// Collect reads a stream into records: for tests and small answers.
func Collect(seq RowSeq) ([]Record, error) {
	var out []Record
	for rows, err := range seq {
		if err != nil {
			return nil, err
		}
		for i := range rows.Len() {
			out = append(out, rows.Record(i))
		}
	}
	return out, nil
}

// RowsOf returns a stream over records, all of version v: for tests and for
// sources that hold few records.
func RowsOf(v Version, records ...Record) RowSeq {
	return func(yield func(*Rows, error) bool) {
		rows := &Rows{Version: v}
		index := make(map[Repo]uint32)
		for _, r := range records {
			i, ok := index[r.Repo]
			if !ok {
				i = uint32(len(rows.Repos))
				index[r.Repo] = i
				rows.Repos = append(rows.Repos, RepoTotal{Repo: r.Repo, Total: r.Total})
			}
			rows.Append(i, r.Day, r.Downloads)
			if rows.Len() == BlockRows {
				if !yield(rows, nil) {
					return
				}
				rows.Reset()
			}
		}
		if rows.Len() > 0 {
			yield(rows, nil)
		}
	}
}
