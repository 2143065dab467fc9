package localstore

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/localstore/segment"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
)

// intruders are files that do not belong into a directory, or not as they are.
func intruders(t *testing.T) []struct {
	name, want string
	content    []byte
	kind       error
} {
	t.Helper()
	var records, newer, meta, contradiction bytes.Buffer
	v := history.Version{Source: history.Published, AsOf: 1}
	r := history.Record{Repo: history.Repo{Type: history.Model, Name: "o/n"}, Day: 1, Downloads: 1}
	other := r
	other.Downloads = 2
	for _, err := range []error{
		second(segment.WriteRecords(&records, history.RowsOf(v, r))),
		second(segment.WriteReadings(&meta, slices.Values([]*history.RepoReadings{{Meta: history.NewRepoMeta(r.Repo)}}), "")),
		second(segment.WriteRecords(&contradiction, history.RowsOf(v, r, other))),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	// The checksum is looked at before the layout; without one the layout tells.
	newer.Write(bytes.Replace(bytes.Replace(records.Bytes(),
		[]byte("huggingface_exporter.layout\x18\x011"), []byte("huggingface_exporter.layout\x18\x012"), 1),
		[]byte("huggingface_exporter.checksum"), []byte("huggingface_exporter.checkers"), 1))
	damaged := bytes.Clone(records.Bytes())
	damaged[len(damaged)/2] ^= 1
	return []struct {
		name, want string
		content    []byte
		kind       error
	}{
		{"records/notes.txt", "move it out of", []byte("remember the milk"), nil},
		{"records/.DS_Store", "move it out of", nil, nil},
		{"readings/a.parquet.bak", "move it out of", nil, nil},
		{"records/a.parquet", "move it out of the directory", []byte("repoType,repoName\n"), segment.ErrForeign},
		{"records/a.parquet", "it is empty; nothing was changed: restore the file from a backup, or move it out of the directory", nil, segment.ErrDamaged},
		{"records/a.parquet", "restore the file from a backup", damaged, segment.ErrDamaged},
		{"readings/a.parquet", "restore the file from a backup", meta.Bytes()[:meta.Len()-1], segment.ErrDamaged},
		{"records/a.parquet", `expected a file of records, got one of "readings"`, meta.Bytes(), segment.ErrForeign},
		{"readings/a.parquet", `expected a file of readings, got one of "records"`, records.Bytes(), segment.ErrForeign},
		{"records/a.parquet", "its layout is 2, the newest that this version reads is 1: upgrade the program", newer.Bytes(), segment.ErrNewer},
		{"records/a.parquet", "it contradicts itself", contradiction.Bytes(), segment.ErrDamaged},
	}
}

func second[T any](_ T, err error) error { return err }

// TestIntruders asserts that a file that does not belong here stops a store from
// being opened, and one that is open from taking in anything new; that it is named
// and that nothing is deleted.
func TestIntruders(t *testing.T) {
	ctx := context.Background()
	for _, in := range intruders(t) {
		t.Run(in.name+" "+in.want, func(t *testing.T) {
			dir := t.TempDir()
			l := open(t, dir)
			add(t, l, dayBatch("org", 0))
			want := contentsOf(t, l.Table())
			path := filepath.Join(dir, in.name)
			if err := os.WriteFile(path, in.content, 0o600); err != nil {
				t.Fatal(err)
			}
			files := dirFiles(t, dir)
			check := func(what string, err error) {
				t.Helper()
				if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), in.want) {
					t.Errorf("%s: expected an error with %s and %q, got %v", what, path, in.want, err)
				}
				if in.kind != nil && !errors.Is(err, in.kind) {
					t.Errorf("%s: expected a file %v, got %v", what, in.kind, err)
				}
				if got := dirFiles(t, dir); !reflect.DeepEqual(got, files) {
					t.Errorf("%s: there were %v, now %v", what, files, got)
				}
			}
			check("open", second(Open(ctx, dir, quick)))
			check("open read only", second(Open(ctx, dir, Options{ReadOnly: true})))
			check("refresh", second(l.Refresh(ctx)))
			check("append", second(l.Append(ctx, dayBatch("org", 1))))
			check("compact", l.Compact(ctx))
			if got := contentsOf(t, l.Table()); !reflect.DeepEqual(got, want) {
				t.Error("the content changed")
			}
			if b, err := os.ReadFile(path); err != nil || !bytes.Equal(b, in.content) {
				t.Errorf("the file changed: %v", err)
			}

			// Moved away, all goes on.
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			add(t, l, dayBatch("org", 1))
			if got := contentsOf(t, open(t, dir).Table()); !reflect.DeepEqual(got, contentsOf(t, l.Table())) {
				t.Error("opened again it differs")
			}
		})
	}
}

// TestTruncatedSegments cuts the files of a store at many offsets.
func TestTruncatedSegments(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	add(t, l, dayBatch("org", 0))
	l.Close()
	for _, name := range dirFiles(t, dir) {
		path := filepath.Join(dir, name)
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for n := 0; n < len(whole); n += 7 {
			if err := os.WriteFile(path, whole[:n], 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := Open(context.Background(), dir, quick)
			if !errors.Is(err, segment.ErrDamaged) || !strings.Contains(err.Error(), path) {
				t.Fatalf("%s cut after %d bytes: got %v", name, n, err)
			}
		}
		if err := os.WriteFile(path, whole, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got := open(t, dir).Table().NumRecords(); got != batchRepos {
		t.Errorf("restored: %d records", got)
	}
}

// TestRecordsTakenAway asserts that the metadata of an append whose records somebody
// moved away wait for them and are not deleted.
func TestRecordsTakenAway(t *testing.T) {
	dir, away := t.TempDir(), t.TempDir()
	l := open(t, dir)
	add(t, l, dayBatch("org", 0))
	add(t, l, dayBatch("other", 5))
	want := contentsOf(t, l.Table())
	var name string
	for n := range l.current.Load().records {
		name = max(name, n)
	}
	l.Close()
	if err := os.Rename(filepath.Join(dir, recordsDir, name), filepath.Join(away, name)); err != nil {
		t.Fatal(err)
	}
	l = open(t, dir)
	if got := l.Table(); got.NumRecords() != batchRepos || got.NumRepos() != batchRepos {
		t.Errorf("got %d records of %d repositories", got.NumRecords(), got.NumRepos())
	}
	if changed, err := l.Refresh(context.Background()); err != nil || changed {
		t.Errorf("refresh: %t, %v", changed, err)
	}
	if err := os.WriteFile(filepath.Join(dir, recordsDir, tempName("another.parquet")), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	add(t, l, dayBatch("third", 1))
	if err := l.Compact(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(away, name), filepath.Join(dir, recordsDir, name)); err != nil {
		t.Fatal(err)
	}
	if changed, err := l.Refresh(context.Background()); err != nil || !changed {
		t.Errorf("refresh: %t, %v", changed, err)
	}
	third := open(t, t.TempDir())
	add(t, third, dayBatch("org", 0))
	add(t, third, dayBatch("other", 5))
	add(t, third, dayBatch("third", 1))
	for _, table := range []*memtable.Table{l.Table(), open(t, dir).Table()} {
		if got := contentsOf(t, table); !reflect.DeepEqual(got, contentsOf(t, third.Table())) {
			t.Errorf("brought back: got %+v\nwant %+v and more", got, want)
		}
	}
}

// TestLeftovers asserts that what a killed writer left is passed over, and removed
// by the next one.
func TestLeftovers(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	add(t, l, dayBatch("org", 0))
	for _, sub := range []string{recordsDir, readingsDir} {
		if err := os.WriteFile(filepath.Join(dir, sub, tempName("x.parquet")), []byte("PAR1 and then"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want := contentsOf(t, l.Table())
	if got := contentsOf(t, open(t, dir).Table()); !reflect.DeepEqual(got, want) {
		t.Error("leftovers count")
	}
	if n := len(dirFiles(t, dir)); n != 4 {
		t.Errorf("opening removed something: %v", dirFiles(t, dir))
	}
	add(t, l, dayBatch("org", 1))
	if n := len(dirFiles(t, dir)); n != 4 || slices.ContainsFunc(dirFiles(t, dir), func(s string) bool { return isTemp(filepath.Base(s)) }) {
		t.Errorf("leftovers are there still: %v", dirFiles(t, dir))
	}
}
