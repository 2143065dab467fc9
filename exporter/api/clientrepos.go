package api

import (
	"context"
	"fmt"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// pageTries is how often Repos starts over when the history changes between
// the requests for one answer.
const pageTries = 4

// Repos asks the exporter. An answer that is an error is an *Error. More rows
// than the API gives at once are asked for in several requests; if the history
// changes between them, as far as the exporter tells, Repos starts over.
func (c *Client) Repos(ctx context.Context, q history.ReposQuery) (history.ReposPage, error) {
	for range pageTries {
		page, ok, err := c.pages(ctx, q)
		if ok || err != nil {
			return page, err
		}
	}
	return history.ReposPage{}, fmt.Errorf("%s: the history changed %d times between the requests for one answer; ask for fewer rows", c.name(reposRoute), pageTries)
}

// pages fetches the rows of q in as many requests as it takes. ok is false if
// they were of more than one state of the history.
func (c *Client) pages(ctx context.Context, q history.ReposQuery) (page history.ReposPage, ok bool, err error) {
	most := maxLimit
	if q.Trend > 0 {
		most = max(1, min(most, maxPoints/q.Trend))
	}
	var revision *string
	ask := q
	for {
		ask.Offset = q.Offset + len(page.Rows)
		ask.Limit = most
		if q.Limit > 0 {
			ask.Limit = min(most, q.Limit-len(page.Rows))
		}
		var j reposJSON
		if err := c.getJSON(ctx, reposRoute, writeRepos(ask), &j); err != nil {
			return history.ReposPage{}, false, err
		}
		next := j.page(q)
		if ask.Offset == q.Offset {
			page, revision = next, j.Revision
		} else {
			if !same(revision, j.Revision) || next.Matched != page.Matched {
				return history.ReposPage{}, false, nil
			}
			page.Rows = append(page.Rows, next.Rows...)
		}
		if len(next.Rows) < ask.Limit || len(page.Rows) == q.Limit || q.Offset+len(page.Rows) >= page.Matched {
			return page, true, nil
		}
	}
}

func same(a, b *string) bool {
	return a == b || a != nil && b != nil && *a == *b
}
