package backfill

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/httpx"
	"github.com/huggingface-exporter/huggingface_exporter/internal/vmapi"
)

// arrival says which samples of a repository were sent.
type arrival struct {
	n           int
	first, last history.Day
}

type arrivals map[history.Repo]arrival

func (a arrivals) add(s *Series) {
	if n := len(s.At); n > 0 {
		r := history.Repo{Type: history.RepoType(valid(string(s.Repo.Type))), Name: valid(s.Repo.Name)}
		a[r] = arrival{n, s.At[0], s.At[n-1]}
	}
}

const (
	// shownWithin is how long a VictoriaMetrics may show nothing more of what it took.
	shownWithin = 10 * time.Second
	dayMillis   = 86_400_000
)

// Verify asks a VictoriaMetrics for the samples that were sent to it, and returns an error if it
// does not show all of them: it takes samples that are older than its retention, and drops them.
// labels are those that all series got.
func (s *Sender) Verify(ctx context.Context, c *vmapi.Client, labels []Label) error {
	if len(s.sent) == 0 {
		return nil
	}
	most := 0
	for since := time.Now(); ; {
		got, err := s.sent.shown(ctx, c, labels)
		if err != nil {
			return fmt.Errorf("comparing what arrived with what was sent: %w; "+
				"say where the samples can be read with --select-url, or leave the comparison out with --no-verify", err)
		}
		missing := s.sent.missing(got)
		if missing == nil {
			return nil
		}
		if n := got.samples(); n > most {
			most, since = n, time.Now()
		}
		if time.Since(since) > shownWithin {
			return missing
		}
		if err := httpx.Sleep(ctx, time.Second); err != nil {
			return err
		}
	}
}

// shown returns what there is of what was sent: the samples at the first instant of a day.
func (a arrivals) shown(ctx context.Context, c *vmapi.Client, labels []Label) (arrivals, error) {
	from, to := history.MaxDay, history.MinDay
	for _, x := range a {
		from, to = min(from, x.first), max(to, x.last)
	}
	// The engine remembers for a while what a selector matched: this one is another each time.
	var selector strings.Builder
	fmt.Fprintf(&selector, "{__name__=%q,backfill!=%q", Metric, strconv.FormatInt(time.Now().UnixNano(), 36))
	for _, l := range labels {
		fmt.Fprintf(&selector, ",%s=%q", l.Name, l.Value)
	}
	selector.WriteByte('}')
	got := make(arrivals)
	err := c.Export(ctx, []string{selector.String()}, int64(from)*dayMillis, int64(to)*dayMillis, func(l *vmapi.Line) error {
		r := history.Repo{Type: history.RepoType(l.Label(labelRepoType)), Name: l.Label(labelRepo)}
		want, ok := a[r]
		if !ok {
			return nil
		}
		x := got[r]
		for _, ms := range l.Times {
			if day := history.Day(ms / dayMillis); ms%dayMillis == 0 && day >= want.first && day <= want.last &&
				(x.n == 0 || day != x.last) { // a batch may have been sent twice
				if x.n++; x.n == 1 {
					x.first = day
				}
				x.last = day
			}
		}
		got[r] = x
		return nil
	})
	return got, err
}

func (a arrivals) samples() (n int) {
	for _, x := range a {
		n += x.n
	}
	return n
}

// missing returns an error if got is less than was sent.
func (a arrivals) missing(got arrivals) error {
	var sent, lost, series int
	oldest, shown := history.MaxDay, history.MaxDay
	for r, want := range a {
		sent += want.n
		oldest = min(oldest, want.first)
		x := got[r]
		if x.n > 0 {
			shown = min(shown, x.first)
		}
		if x.n < want.n {
			lost, series = lost+want.n-x.n, series+1
		}
	}
	if lost == 0 {
		return nil
	}
	var b strings.Builder
	fmt.Fprintf(&b, "expected all %d samples to be in VictoriaMetrics, got %d: %d of %d series are missing", sent, sent-lost, lost, series)
	if shown > oldest {
		fmt.Fprintf(&b, ", all before %s", shown)
		if shown == history.MaxDay {
			b.Reset()
			fmt.Fprintf(&b, "expected all %d samples to be in VictoriaMetrics, got none", sent)
		}
		fmt.Fprintf(&b, "; the oldest is of %s: start it, or each vmstorage, with a -retentionPeriod that reaches as far back, such as 100y, "+
			"and run this again", oldest)
	}
	return fmt.Errorf("%s", b.String())
}
