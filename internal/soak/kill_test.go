package soak

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/localstore"
	"github.com/huggingface-exporter/huggingface_exporter/internal/fakehub"
)

// TestKill kills serve with SIGKILL, round after round, while it loads, collects,
// writes and compacts. A day passes at the Hub between two rounds. After each, what is
// stored is compared with what the Hub told: an answer is there whole or not at all,
// and whole once the metrics page said so.
func TestKill(t *testing.T) {
	begin := time.Now()
	k := newKilling(t, 1)
	k.cut = (*exporter).kill
	rounds := size(12, 200)
	for round := range rounds {
		k.round(round)
	}
	k.heals()
	if *long {
		for _, phase := range []string{"loading", "collecting", "writing", "compacting", "idle"} {
			if k.at[phase] == 0 {
				t.Errorf("no kill came while it was %s", phase)
			}
		}
	}
	figures(t, begin, "%d kills: %s", rounds, k)
}

func newKilling(t *testing.T, seed uint64) *killing {
	t.Helper()
	return &killing{stage: newStage(t, 30, 120, seed), shown: make(map[string]float64), at: make(map[string]int)}
}

// heals has serve collect once more, and expects all that the Hub has and nothing left over.
func (k *killing) heals() {
	k.Helper()
	e := ready(k.T, k.arguments()...)
	k.untilCollected(e)
	e.stop()
	k.check("the end", true)
	if temporaries, _ := storeFiles(k.path("data")); temporaries > 0 {
		k.Errorf("%d temporary files were left over", temporaries)
	}
}

func (k *killing) String() string {
	return fmt.Sprintf("%d while loading, %d collecting, %d writing, %d compacting, %d idle; "+
		"%d of %d days were stored before that, the others by a later round; %d renames, %d records in the end; "+
		"0 lost, 0 doubled, no counter fell over %d metrics pages",
		k.at["loading"], k.at["collecting"], k.at["writing"], k.at["compacting"], k.at["idle"],
		k.whole, len(k.exports), k.renames, k.records, k.pages)
}

// killing is the campaign and its model.
type killing struct {
	*stage
	// cut ends a serve at once.
	cut func(*exporter)
	// exports and totals are what the Hub told in each round, of the organization
	// with exports and of that with listings; stored is the last of them that the
	// store is known to hold, -1 for none.
	exports, totals []*told
	stored          [2]int
	counters        counters
	// base are the first totals that were stored, by the Hub's id; since is their day.
	base  map[string]int64
	since history.Day

	mu sync.Mutex
	// shown has the highest value of each counter that a page showed.
	shown map[string]float64
	pages int
	// at counts the kills by what they came upon.
	at             map[string]int
	whole, records int
}

// round starts serve, kills it and looks at what is left.
func (k *killing) round(round int) {
	k.Helper()
	if round == 0 {
		k.stored = [2]int{-1, -1}
	} else {
		k.pass()
	}
	today := history.Day(k.today.Load())
	k.exports = append(k.exports, tell(k.T, k.hub, exported, today))
	k.totals = append(k.totals, tell(k.T, k.hub, listed, today))
	if k.random.IntN(3) == 0 {
		// An answer that takes its time, to be killed within.
		k.hub.Fail(fakehub.On{}, 2, fakehub.Slow(8<<10, 4*time.Millisecond))
	}
	defer k.hub.Heal()

	e := start(k.T, k.arguments("--log.level=debug")...)
	stop := k.watch(e)
	phase := k.moment(e)
	if phase == "" {
		phase = k.phase(e)
	}
	k.cut(e)
	told := stop()
	k.at[phase]++
	k.check(fmt.Sprintf("round %d, killed while %s", round, phase), told)
}

// moment waits for the moment of the kill, and says what that is if it knows.
func (k *killing) moment(e *exporter) string {
	if k.random.IntN(8) == 0 {
		time.Sleep(time.Duration(k.random.Int64N(int64(60 * time.Millisecond))))
		return "loading"
	}
	e.listens()
	before, many := storeFiles(k.path("data"))
	wait := func(done func() bool) {
		for end := time.Now().Add(20 * time.Second); !done() && time.Now().Before(end); {
			time.Sleep(200 * time.Microsecond)
		}
	}
	jitter := func(most time.Duration) { time.Sleep(time.Duration(k.random.Int64N(int64(most)))) }
	asked := k.asked.Load()
	moment := k.random.IntN(5)
	if many >= 13 && k.random.IntN(3) > 0 {
		moment = 3
	}
	switch moment {
	case 0: // an answer is under way
		wait(func() bool { return k.asked.Load() > asked })
		jitter(20 * time.Millisecond)
	case 1: // something is being written
		wait(func() bool { now, _ := storeFiles(k.path("data")); return now > before })
		jitter(3 * time.Millisecond)
	case 2: // what is written after the first answer: the second, and compaction
		wait(func() bool { return strings.Count(e.log.String(), "msg=Collected") > 0 })
		jitter(10 * time.Millisecond)
	case 3: // eight files of a kind, that are about to be one
		wait(func() bool {
			now, files := storeFiles(k.path("data"))
			return now > 0 && files >= 15 || strings.Count(e.log.String(), "msg=Collected") > 1
		})
		jitter(3 * time.Millisecond)
	default: // all is done
		wait(func() bool { return strings.Count(e.log.String(), "msg=Collected") > 1 })
		jitter(50 * time.Millisecond)
	}
	return ""
}

// phase says what a kill came upon.
func (k *killing) phase(e *exporter) string {
	temporaries, files := storeFiles(k.path("data"))
	collected := strings.Count(e.log.String(), "msg=Collected")
	switch {
	case temporaries > 0 && files >= 15:
		return "compacting" // of eight appends, two files each but for one
	case temporaries > 0:
		return "writing"
	case collected < 2:
		return "collecting"
	}
	return "idle"
}

// watch looks at the metrics page until it is told to stop, and then says whether a
// page told that both organizations were collected.
func (k *killing) watch(e *exporter) (stop func() bool) {
	done, ended := make(chan struct{}), make(chan struct{})
	collected := false
	go func() {
		defer close(ended)
		for {
			if m := listening.FindStringSubmatch(e.log.String()); m != nil {
				if code, body, err := askURL(e.client, "http://"+m[1]+"/metrics"); err == nil && code == http.StatusOK {
					collected = k.page(body) || collected
				}
			}
			select {
			case <-done:
				return
			case <-time.After(10 * time.Millisecond):
			}
		}
	}()
	return func() bool {
		close(done)
		<-ended
		return collected
	}
}

// page takes a metrics page, on which no counter may be below what an earlier one
// showed, and reports whether it tells that both organizations were collected.
func (k *killing) page(body string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	values := series(body)
	n := 0
	for name, v := range values {
		if !strings.HasPrefix(name, "huggingface_repo_downloads_total{") && !strings.HasPrefix(name, "huggingface_repo_downloads_removed_total{") {
			continue
		}
		n++
		if was := k.shown[name]; v < was {
			k.Errorf("%s fell from %v to %v", name, was, v)
		}
		k.shown[name] = v
	}
	if n > 0 {
		k.pages++
	}
	ok := func(org string) bool { return values[`huggingface_exporter_collection_success{org="`+org+`"}`] == 1 }
	return ok(exported) && ok(listed)
}

func (k *killing) untilCollected(e *exporter) {
	k.Helper()
	waitFor(k.T, "both organizations to be collected", e.log, func() bool { return k.page(e.get("/metrics")) })
}

// check compares the store with the model. whole is whether it has to have all that
// the Hub told last.
func (k *killing) check(what string, whole bool) {
	k.Helper()
	l, err := localstore.Open(context.Background(), k.path("data"), localstore.Options{ReadOnly: true})
	if err != nil {
		if strings.Contains(err.Error(), "there is no such folder") && k.stored == [2]int{-1, -1} && !whole {
			return // killed before it made the folder
		}
		k.Fatalf("%s: %v", what, err)
	}
	last := len(k.exports) - 1
	exports, listings := k.checkExports(what, l), k.checkListings(what, l)
	if whole && (exports != last || listings != last) {
		k.Fatalf("%s: a page told that both were collected, but what is stored is of rounds %d and %d", what, exports, listings)
	}
	if exports == last && listings == last {
		k.whole++
	}
	k.stored = [2]int{exports, listings}
	k.records = int(l.Table().NumRecords())
}
