package localstore

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
)

// childVar names what this binary does instead of testing, with its arguments.
const childVar = "LEDGER_TEST_CHILD"

func TestMain(m *testing.M) {
	if args := strings.Fields(os.Getenv(childVar)); len(args) > 0 {
		if err := children[args[0]](args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// children are the programs that run as processes of their own.
var children = map[string]func(args []string) error{
	"append": appendForever,
	"write":  writeSome,
}

func child(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(exe)
	c.Env = append(os.Environ(), childVar+"="+strings.Join(args, " "))
	c.Stderr = os.Stderr
	return c
}

// appendForever appends a day after the other to a store, compacts it now and
// then, and tells of each day that is appended.
func appendForever(args []string) error {
	dir, synced := args[0], args[2] == "true"
	day, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	ctx := context.Background()
	l, err := Open(ctx, dir, Options{disk: disk{unsynced: !synced}})
	if err != nil {
		return err
	}
	fmt.Println("open")
	for ; ; day++ {
		if _, err := l.Append(ctx, dayBatch("org", day)); err != nil {
			return err
		}
		fmt.Println(day)
		if day%5 == 4 {
			if err := l.Compact(ctx); err != nil {
				return err
			}
		}
	}
}

// TestKill kills a process that appends and compacts, over and over, at random
// moments.
func TestKill(t *testing.T) {
	t.Parallel()
	const rounds = 60
	dir := t.TempDir()
	next := 0
	highest := int64(0)
	for round := range rounds {
		c := child(t, "append", dir, strconv.Itoa(next), strconv.FormatBool(round%2 == 0))
		out, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		lines.Scan()
		told := next - 1
		hear := func() bool {
			if !lines.Scan() {
				return false
			}
			if told, err = strconv.Atoi(lines.Text()); err != nil {
				t.Fatal(err)
			}
			return true
		}
		// However slow the machine is, some days come about before some kills.
		for range rand.IntN(3) {
			hear()
		}
		go func() {
			time.Sleep(time.Duration(rand.Int64N(int64(20 * time.Millisecond))))
			c.Process.Kill()
		}()
		for hear() {
		}
		c.Wait()
		if c.ProcessState.Exited() {
			t.Fatalf("round %d: the process ended by itself: %s", round, c.ProcessState)
		}

		l := open(t, dir)
		last := wholeDays(t, l)
		if last < told {
			t.Fatalf("round %d: day %d was appended, the last one there is %d", round, told, last)
		}
		for counts := range l.Table().Counts(context.Background(), history.Filter{}) {
			if counts.Repo.Name == "org/m0" {
				if counts.Downloads < highest {
					t.Fatalf("round %d: the counter fell from %d to %d", round, highest, counts.Downloads)
				}
				highest = counts.Downloads
			}
		}
		next = last + 1
		l.Close()
	}
	if next < rounds/4 {
		t.Errorf("only %d days were appended in %d rounds", next, rounds)
	}
	l := open(t, dir)
	add(t, l, dayBatch("org", next))
	for _, f := range dirFiles(t, dir) {
		if strings.Contains(f, "/.") {
			t.Errorf("%s was left over", f)
		}
	}
}

// tablesOfDays are those of a history in memory of the batches of days 0 to each, for
// every test.
var (
	tablesOfDays     []*memtable.Table
	tablesOfDaysLock sync.Mutex
)

func tableOfDays(t *testing.T, last int) *memtable.Table {
	t.Helper()
	tablesOfDaysLock.Lock()
	defer tablesOfDaysLock.Unlock()
	for day := len(tablesOfDays); day <= last; day++ {
		s := memtable.NewStore()
		if day > 0 {
			s = memtable.NewStoreOf(tablesOfDays[day-1])
		}
		if _, err := s.Append(context.Background(), dayBatch("org", day)); err != nil {
			t.Fatal(err)
		}
		tablesOfDays = append(tablesOfDays, s.Table())
	}
	return tablesOfDays[last]
}

// wholeDays checks that a store holds the batches of days 0 to some last day, each
// of them whole, and nothing else. It returns the last day, -1 for none.
func wholeDays(t *testing.T, l *Ledger) int {
	t.Helper()
	got := contentsOf(t, l.Table())
	if len(got.Records) == 0 {
		if len(got.Meta) > 0 {
			t.Fatalf("meta without records: %+v", got.Meta)
		}
		return -1
	}
	last := int(l.Table().Recorded().To)
	want := contentsOf(t, tableOfDays(t, last))
	if !reflect.DeepEqual(got.Meta, want.Meta) {
		t.Fatalf("meta of day %d: got %+v\nwant %+v", last, got.Meta, want.Meta)
	}
	if !slices.Equal(got.Readings, want.Readings) {
		t.Fatalf("readings until day %d: got %+v\nwant %+v", last, got.Readings, want.Readings)
	}
	if len(got.Records) != (last+1)*batchRepos {
		t.Fatalf("expected %d records of %d days, got %d", (last+1)*batchRepos, last+1, len(got.Records))
	}
	for i, r := range got.Records {
		repo, day := i/(last+1), i%(last+1)
		if r.Repo.Name != fmt.Sprintf("org/m%d", repo) || int(r.Day) != day || r.Downloads != int64(day*10+repo) {
			t.Fatalf("record %d is %+v", i, r)
		}
	}
	return last
}

// writeSome appends some days of an organization, and of one that others append too.
func writeSome(args []string) error {
	dir, org := args[0], args[1]
	days, err := strconv.Atoi(args[2])
	if err != nil {
		return err
	}
	ctx := context.Background()
	l, err := Open(ctx, dir, quick)
	if err != nil {
		return err
	}
	for day := range days {
		for _, org := range []string{org, "shared"} {
			if _, err := l.Append(ctx, dayBatch(org, day)); err != nil {
				return err
			}
		}
	}
	return l.Close()
}

// TestProcessesTogether lets processes append to one store at once.
func TestProcessesTogether(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	const days = 20
	l := open(t, dir)
	var running []*exec.Cmd
	for i := range 3 {
		c := child(t, "write", dir, fmt.Sprintf("org%d", i), strconv.Itoa(days))
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		running = append(running, c)
	}
	for day := range days {
		add(t, l, dayBatch("own", day))
	}
	for _, c := range running {
		if err := c.Wait(); err != nil {
			t.Fatal(err)
		}
	}
	alone := open(t, t.TempDir())
	for _, org := range []string{"own", "shared", "org0", "org1", "org2"} {
		for day := range days {
			add(t, alone, dayBatch(org, day))
		}
	}
	want := contentsOf(t, alone.Table())
	if got := contentsOf(t, open(t, dir).Table()); !reflect.DeepEqual(got, want) {
		t.Errorf("opened again: got %d records, %d meta; want %d, %d", len(got.Records), len(got.Meta), len(want.Records), len(want.Meta))
	}
	if _, err := l.Refresh(context.Background()); err != nil {
		t.Fatal(err)
	}
	if got := contentsOf(t, l.Table()); !reflect.DeepEqual(got, want) {
		t.Errorf("refreshed: got %d records, %d meta; want %d, %d", len(got.Records), len(got.Meta), len(want.Records), len(want.Meta))
	}
}

// TestRefresh lets one store find what another wrote.
func TestRefresh(t *testing.T) {
	dir := t.TempDir()
	ctx := context.Background()
	l, other := open(t, dir), open(t, dir)
	f := func(wantChanged bool) {
		t.Helper()
		revision := l.Revision()
		changed, err := l.Refresh(ctx)
		if err != nil || changed != wantChanged {
			t.Errorf("got %t, %v", changed, err)
		}
		if wantChanged && l.Revision() == revision {
			t.Error("other content has the same revision")
		}
		if got, want := contentsOf(t, l.Table()), contentsOf(t, other.Table()); !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v\nwant %+v", got, want)
		}
		if l.Revision() != other.Revision() || statsOf(l) != statsOf(other) {
			t.Error("the revisions differ")
		}
	}
	f(false)
	add(t, other, dayBatch("org", 0))
	f(true)
	f(false)
	add(t, other, dayBatch("org", 1))
	add(t, other, history.Batch{Meta: dayBatch("org", 2).Meta})
	f(true)
	if err := other.Compact(ctx); err != nil {
		t.Fatal(err)
	}
	f(false)
	add(t, other, dayBatch("org", 3))
	if err := other.Compact(ctx); err != nil {
		t.Fatal(err)
	}
	f(true)
	// An append takes in first what others wrote.
	add(t, other, dayBatch("org", 4))
	if c := add(t, l, dayBatch("org", 4)); c.Unchanged != batchRepos {
		t.Errorf("got %+v", c)
	}
	f(false)
}

// TestOpenMeanwhile opens a store again and again while it is appended to and
// compacted: what was there before is always there.
func TestOpenMeanwhile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ctx := context.Background()
	l := open(t, dir)
	var appended atomic.Int64
	stop, done := make(chan struct{}), make(chan error, 1)
	go func() {
		for day := 0; ; day++ {
			select {
			case <-stop:
				done <- nil
				return
			default:
			}
			if _, err := l.Append(ctx, dayBatch("org", day)); err != nil {
				done <- err
				return
			}
			appended.Add(1)
			if err := l.Compact(ctx); err != nil {
				done <- err
				return
			}
		}
	}()
	for range 200 {
		before := int(appended.Load())
		other, err := Open(ctx, dir, Options{ReadOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		if last := wholeDays(t, other); last < before-1 {
			t.Fatalf("%d days were appended before it was opened, the last one there is %d", before, last)
		}
	}
	close(stop)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

func TestWaitingEndsWithItsContext(t *testing.T) {
	dir := t.TempDir()
	l, other := open(t, dir), open(t, dir)
	if ok, err := other.lock.TryLock(); err != nil || !ok {
		t.Fatal(ok, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() {
		_, err := l.Append(ctx, dayBatch("org", 0))
		done <- err
	}()
	select {
	case err := <-done:
		t.Fatalf("expected the append to wait, got %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	// Meanwhile there are answers, and news.
	if _, err := l.Refresh(context.Background()); err != nil {
		t.Error(err)
	}
	cancel()
	if err := <-done; err != context.Canceled {
		t.Errorf("got %v", err)
	}
	if err := other.lock.Unlock(); err != nil {
		t.Fatal(err)
	}
	add(t, l, dayBatch("org", 0))
}
