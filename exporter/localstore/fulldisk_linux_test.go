package localstore

import (
	"context"
	"errors"
	"fmt"
	"os/signal"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

func init() { children["limit"] = appendOverLimit }

// large is an append that takes some hundred kilobytes.
func large() history.Batch {
	return history.Batch{Rows: func(yield func(*history.Rows, error) bool) {
		r := &history.Rows{Version: history.Version{Source: history.Published, AsOf: 1}}
		x := uint64(1)
		for i := range 100 {
			r.Repos = append(r.Repos, history.RepoTotal{Repo: history.Repo{Type: history.Model, Name: fmt.Sprintf("large/%d", i)}, Total: 1})
			for d := range 1000 {
				x = x*6364136223846793005 + 1442695040888963407
				r.Append(uint32(i), history.Day(d), int64(x>>40))
			}
			if !yield(r, nil) {
				return
			}
			r.Reset()
		}
	}}
}

// refusesThenAppends appends what does not fit, then makes room and tries again.
func refusesThenAppends(l *Ledger, full error, makeRoom func() error) error {
	ctx := context.Background()
	if _, err := l.Append(ctx, dayBatch("org", 0)); err != nil {
		return err
	}
	table := l.Table()
	_, err := l.Append(ctx, large())
	if !errors.Is(err, full) || !strings.Contains(err.Error(), "writing to the store") {
		return fmt.Errorf("expected the error %v, got %v", full, err)
	}
	if l.Table() != table {
		return errors.New("the content changed")
	}
	again, err := Open(ctx, l.dir, Options{})
	if err != nil {
		return err
	}
	if n := again.Table().NumRecords(); n != batchRepos {
		return fmt.Errorf("opened again it has %d records", n)
	}
	ls, err := l.list()
	if err != nil || len(ls.tempRecords)+len(ls.tempMeta) > 0 {
		return fmt.Errorf("left over: %v, %v, %v", ls.tempRecords, ls.tempMeta, err)
	}
	if err := makeRoom(); err != nil {
		return err
	}
	c, err := l.Append(ctx, large())
	if err != nil || c.New != 100000 {
		return fmt.Errorf("with room: %+v, %v", c, err)
	}
	if _, err := again.Refresh(ctx); err != nil {
		return err
	}
	if n := again.Table().NumRecords(); n != batchRepos+100000 {
		return fmt.Errorf("refreshed it has %d records", n)
	}
	return nil
}

// appendOverLimit runs with a limit on the size of files.
func appendOverLimit(args []string) error {
	signal.Ignore(syscall.SIGXFSZ)
	l, err := Open(context.Background(), args[0], Options{})
	if err != nil {
		return err
	}
	defer l.Close()
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		return err
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 100 << 10, Max: before.Max}); err != nil {
		return err
	}
	return refusesThenAppends(l, syscall.EFBIG, func() error { return syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before) })
}

func TestFileSizeLimit(t *testing.T) {
	if out, err := child(t, "limit", t.TempDir()).Output(); err != nil {
		t.Errorf("%v %s", err, out)
	}
}

// TestFullDisk fills a real file system. It needs the right to mount one.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=200k"); err != nil {
		t.Skipf("cannot mount a small file system: %v", err)
	}
	defer syscall.Unmount(dir, syscall.MNT_DETACH)
	l := open(t, filepath.Join(dir, "data"))
	err := refusesThenAppends(l, syscall.ENOSPC, func() error {
		return syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT, "size=20m")
	})
	if err != nil {
		t.Error(err)
	}
	l.Close()
}

// TestReadOnlyFileSystem needs the right to mount one.
func TestReadOnlyFileSystem(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=1m"); err != nil {
		t.Skipf("cannot mount a small file system: %v", err)
	}
	defer syscall.Unmount(dir, syscall.MNT_DETACH)
	l := open(t, filepath.Join(dir, "data"))
	add(t, l, dayBatch("org", 0))
	want := contentsOf(t, l.Table())
	if err := syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	_, err := l.Append(context.Background(), dayBatch("org", 1))
	if !errors.Is(err, syscall.EROFS) || !strings.Contains(err.Error(), filepath.Join(dir, "data")) {
		t.Errorf("append: got %v", err)
	}
	for _, o := range []Options{quick, {ReadOnly: true}} {
		again, err := Open(context.Background(), l.dir, o)
		if err != nil {
			t.Fatal(err)
		}
		if got := contentsOf(t, again.Table()); !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v\nwant %+v", got, want)
		}
		again.Close()
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT, ""); err != nil {
		t.Fatal(err)
	}
	add(t, l, dayBatch("org", 1))
	l.Close()
}
