package config

import (
	"fmt"
	"time"
)

// Web says how many requests are answered at once.
type Web struct {
	// MaxRequests is the most that are answered at once, of scrapes and of all
	// other requests apart; 0 sets no bound.
	MaxRequests int `yaml:"max_requests"`
	// MaxExports is the most exports that run at once; 0 sets no bound.
	MaxExports int `yaml:"max_exports"`
}

// Query says what an answer may take.
type Query struct {
	// Timeout is how long an answer may take to be found; for an export, how long
	// until it begins.
	Timeout Duration `yaml:"timeout"`
	// MaxRows is the most rows of an answer; 0 sets no bound.
	MaxRows int `yaml:"max_rows"`
}

func defaultWeb() Web { return Web{MaxRequests: 512, MaxExports: 64} }

func defaultQuery() Query { return Query{Timeout: Duration(2 * time.Minute)} }

func (w *Web) check(r reporter) {
	notNegative(r, "web.max_requests", w.MaxRequests)
	notNegative(r, "web.max_exports", w.MaxExports)
}

func (q *Query) check(r reporter) { notNegative(r, "query.max_rows", q.MaxRows) }

func notNegative(r reporter, path string, n int) {
	if n < 0 {
		r.fault(path, "expected a whole number from 0, which is no limit, got %q", fmt.Sprint(n))
	}
}
