package storetest

import (
	"slices"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// streamReader takes the blocks of a stream, and checks that it keeps to the rules
// of streams. Blocks are read at once, as a block is valid until the next only.
type streamReader struct {
	// versions says whether the query asked for versions.
	versions bool

	records []history.Record
	of      []history.Version // of the records, if asked for
	err     error             // that ended the stream

	repos []history.RepoTotal
	ended bool
}

// block takes one element of a stream.
func (s *streamReader) block(t T, rows *history.Rows, err error) {
	t.Helper()
	if s.ended {
		t.Fatalf("a stream goes on after its error %v", s.err)
	}
	if err != nil {
		if rows != nil {
			t.Errorf("the error %v of a stream comes with a block", err)
		}
		s.err, s.ended = err, true
		return
	}
	if rows == nil {
		t.Fatalf("a stream has neither a block nor an error")
	}
	n := rows.Len()
	if len(rows.Day) != n || len(rows.Downloads) != n {
		t.Fatalf("the columns of a block differ in length: %d, %d, %d", n, len(rows.Day), len(rows.Downloads))
	}
	if len(rows.Repos) < len(s.repos) || !slices.Equal(rows.Repos[:len(s.repos)], s.repos) {
		t.Fatalf("the dictionary of a stream changed, other than by growing")
	}
	s.repos = append(s.repos, rows.Repos[len(s.repos):]...)
	if !s.versions && rows.Version != (history.Version{}) {
		t.Errorf("a block has the version %s, which was not asked for", versionText(rows.Version))
	}
	for i, r := range rows.Repo {
		if int(r) >= len(rows.Repos) {
			t.Fatalf("a row points to entry %d of a dictionary of %d", r, len(rows.Repos))
		}
		s.records = append(s.records, rows.Record(i))
		if s.versions {
			s.of = append(s.of, rows.Version)
		}
	}
}
