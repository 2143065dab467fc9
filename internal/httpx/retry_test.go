package httpx

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	f := func(value, date string, want time.Duration) {
		t.Helper()
		h := http.Header{"Retry-After": {value}, "Date": {date}}
		if got := RetryAfter(h, now); got != want {
			t.Errorf("%q, %q: expected %s, got %s", value, date, want, got)
		}
	}
	f("", "", 0)
	f("7", "", 7*time.Second)
	f(" 1.5 ", "", 1500*time.Millisecond)
	f("0", "", 0)
	f("-7", "", 0)
	f("NaN", "", 0)
	f("Inf", "", maxRetryAfter)
	f("99999999999999999999", "", maxRetryAfter)
	f("soon", "", 0)
	f("Thu, 01 Jan 2026 00:00:30 GMT", "", 30*time.Second)
	f("Thu, 01 Jan 2026 00:00:30 GMT", "Thu, 01 Jan 2026 00:00:20 GMT", 10*time.Second)
	f("Thu, 01 Jan 2026 00:00:30 GMT", "whenever", 30*time.Second)
	f("Wed, 31 Dec 2025 00:00:00 GMT", "", 0)
	f("Thu, 01 Jan 2099 00:00:00 GMT", "", maxRetryAfter)
}

// FuzzRetryAfter reads anything as the wait that an answer asks for: it is within
// what arithmetic on it bears.
func FuzzRetryAfter(f *testing.F) {
	f.Add("120", "Tue, 24 Nov 2026 10:00:00 GMT")
	f.Add("Tue, 24 Nov 2026 10:02:00 GMT", "Tue, 24 Nov 2026 10:00:00 GMT")
	f.Add("1e300", "")
	f.Add("-1", "nan")
	f.Add("NaN", "Mon, 01 Jan 0001 00:00:00 GMT")
	f.Fuzz(func(t *testing.T, after, date string) {
		if d := RetryAfter(http.Header{"Retry-After": {after}, "Date": {date}}, time.Unix(1e9, 0)); d < 0 || d > maxRetryAfter {
			t.Errorf("%q, %q: got %s", after, date, d)
		}
	})
}

// refusal is an error that is worth a repetition unless the wait is negative.
type refusal struct{ after time.Duration }

func (refusal) Error() string                  { return "refused" }
func (r refusal) Retry() (time.Duration, bool) { return r.after, r.after >= 0 }

func TestDo(t *testing.T) {
	final := errors.New("final")
	f := func(r Retry, answers []error, wantErr error, want ...time.Duration) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			var waits []time.Duration
			started, tries := time.Now(), 0
			r.Notify = func(_ error, wait time.Duration) { waits = append(waits, wait) }
			_, err := Do(t.Context(), r, func() (int, error) {
				tries++
				return 0, answers[tries-1]
			})
			if err != wantErr || !slices.Equal(waits, want) || tries != len(answers) {
				t.Errorf("got %v after %d tries and %s, expected %v after %d and %s", err, tries, waits, wantErr, len(answers), want)
			}
			var sum time.Duration
			for _, w := range waits {
				sum += w
			}
			if took := time.Since(started); took != sum {
				t.Errorf("expected it to take %s, got %s", sum, took)
			}
		})
	}
	f(Retry{}, []error{nil}, nil)
	f(Retry{}, []error{final}, final)
	f(Retry{}, []error{refusal{-1}}, refusal{-1})
	f(Retry{}, []error{refusal{7}, refusal{9}, nil}, nil, 7, 9)
	f(Retry{}, []error{refusal{7}, final}, final, 7)
	f(Retry{Tries: 2}, []error{refusal{7}, refusal{9}}, refusal{9}, 7)
	f(Retry{MaxWait: 8}, []error{refusal{8}, refusal{9}}, refusal{9}, 8)
	f(Retry{Within: 16}, []error{refusal{8}, refusal{8}, refusal{8}}, refusal{8}, 8, 8)
}

func TestDoPausesAndEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := errors.New("ended")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Minute, func() { cancel(ended) })
		var waits []time.Duration
		_, err := Do(ctx, Retry{First: time.Second, Max: 8 * time.Second, Notify: func(_ error, wait time.Duration) {
			waits = append(waits, wait)
		}}, func() (int, error) { return 0, refusal{} })
		if err != ended {
			t.Errorf("expected the cause of the end, got %v", err)
		}
		for i, wait := range waits {
			mean := min(time.Second<<i, 8*time.Second)
			if wait < mean/2 || wait > mean*3/2 {
				t.Errorf("pause %d: expected about %s, got %s", i, mean, wait)
			}
		}
		if len(waits) < 6 {
			t.Errorf("expected a minute of pauses, got %s", waits)
		}
	})
}
