package main

import (
	"fmt"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/alecthomas/kingpin/v2"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/api"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/config"
)

// limits bound what requests may take of the exporter.
type limits struct {
	requests, exports int // at once; 0 is no bound
	query             api.Limits
}

// limitFlags are those of serve that stand before the fields of the configuration.
type limitFlags struct {
	requests, exports, rows int
	timeout                 time.Duration

	hasRequests, hasExports, hasRows, hasTimeout bool
}

func addLimitFlags(cmd *kingpin.CmdClause) *limitFlags {
	f := new(limitFlags)
	d := config.Default()
	over := func(field string, byDefault any) string {
		return fmt.Sprintf(" Stands before %s of the configuration. Default: that, or else %v.", field, byDefault)
	}
	cmd.Flag("web.max-requests", "Most scrapes, and most other requests, that are answered at once; 0 is no limit."+
		over("web.max_requests", d.Web.MaxRequests)).PlaceHolder("N").IsSetByUser(&f.hasRequests).IntVar(&f.requests)
	cmd.Flag("web.max-exports", "Most exports that run at once; 0 is no limit."+
		over("web.max_exports", d.Web.MaxExports)).PlaceHolder("N").IsSetByUser(&f.hasExports).IntVar(&f.exports)
	cmd.Flag("query.timeout", "How long an answer may take to be found; for an export, until it begins."+
		over("query.timeout", d.Query.Timeout)).PlaceHolder("DURATION").IsSetByUser(&f.hasTimeout).DurationVar(&f.timeout)
	cmd.Flag("query.max-rows", "Most rows of an answer; 0 is no limit."+
		over("query.max_rows", d.Query.MaxRows)).PlaceHolder("N").IsSetByUser(&f.hasRows).IntVar(&f.rows)
	return f
}

// check returns an error for values that no limit can have.
func (f *limitFlags) check() error {
	for _, v := range []struct {
		name string
		n    int
	}{{"web.max-requests", f.requests}, {"web.max-exports", f.exports}, {"query.max-rows", f.rows}} {
		if v.n < 0 {
			return fmt.Errorf("--%s: expected a whole number from 0, which is no limit, got %d", v.name, v.n)
		}
	}
	if f.hasTimeout && f.timeout <= 0 {
		return fmt.Errorf("--query.timeout: expected a duration like 30s or 2m, got %s", f.timeout)
	}
	return nil
}

// limits returns those of a configuration and the flags.
func (f *limitFlags) limits(c *config.Config) limits {
	l := limits{
		requests: c.Web.MaxRequests, exports: c.Web.MaxExports,
		query: api.Limits{Timeout: time.Duration(c.Query.Timeout), MaxRows: int64(c.Query.MaxRows)},
	}
	if f.hasRequests {
		l.requests = f.requests
	}
	if f.hasExports {
		l.exports = f.exports
	}
	if f.hasTimeout {
		l.query.Timeout = f.timeout
	}
	if f.hasRows {
		l.query.MaxRows = int64(f.rows)
	}
	return l
}

// gate lets in as many requests at once as its limit says, which may change.
type gate struct {
	most   func() int
	inside atomic.Int64
	// what they are, the status of those that are too many, and after how many
	// seconds to ask again.
	what   string
	status int
	after  int
	// field is where the limit is set.
	field string
	log   *slog.Logger
	// told is when it was last logged that some were too many, in Unix seconds.
	told atomic.Int64
}

// tellEvery is how often it is logged that requests are too many, in seconds.
const tellEvery = 60

// tell logs that a request was too many, unless that was said lately.
func (g *gate) tell(most int64) {
	now, told := time.Now().Unix(), g.told.Load()
	if now-told >= tellEvery && g.told.CompareAndSwap(told, now) {
		g.log.Warn("Too many "+g.what+" at once: those over the limit are refused; raise it, or find who asks so often", "limit", most, "field", g.field)
	}
}

// limit returns a handler that refuses what is too many for next.
func (g *gate) limit(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := int64(g.most())
		if inside := g.inside.Add(1); n > 0 && inside > n {
			g.inside.Add(-1)
			g.tell(n)
			refuse(w, r, g.status, g.after, fmt.Sprintf("%d %s are being answered, which is the limit; ask again in %d s", n, g.what, g.after))
			return
		}
		defer g.inside.Add(-1)
		next.ServeHTTP(w, r)
	})
}
