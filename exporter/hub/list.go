package hub

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/httpx"
)

// pageLimit is the most repositories that the Hub puts on a page.
const pageLimit = 1000

// maxBarren is how many pages in a row may bring nothing new. The Hub may filter
// a page down to nothing; a listing that goes in a circle ends here.
const maxBarren = 10

// maxPages bounds a listing that goes on for ever.
const maxPages = 10_000

// List streams the repositories of one type - model, dataset or space - that an
// organization or user has: the public ones, and the private ones that the token
// may see. Each comes once. A stream that ends without an error is complete; an
// error is its last element, an *Error or the cause of ctx's end. An
// organization that does not exist has no repositories: see CheckExists.
func (c *Client) List(ctx context.Context, t history.RepoType, org string) iter.Seq2[Listing, error] {
	return func(yield func(Listing, error) bool) {
		p, err := c.newPager(t, org)
		if err != nil {
			yield(Listing{}, err)
			return
		}
		for p.q.url != nil {
			fresh, err := p.next(ctx)
			if err != nil {
				yield(Listing{}, err)
				return
			}
			for _, l := range fresh {
				if !yield(l, nil) {
					return
				}
			}
		}
	}
}

// CheckExists returns an *Error of KindNotFound if the Hub knows neither an organization nor
// a user of a name. Where it does not say, as to callers who may not know, there is no error.
func (c *Client) CheckExists(ctx context.Context, org string) error {
	if err := checkOrg(org); err != nil {
		return err
	}
	var missing error
	for _, kind := range []string{"organizations", "users"} {
		q := &request{route: RouteOverview, org: org, url: c.o.Endpoint.route("api", kind, org, "overview"), accept: "application/json", most: maxPageBytes}
		_, err := try(ctx, c, q, func() (struct{}, error) {
			b, err := c.send(ctx, q)
			if err == nil {
				b.close()
			}
			return struct{}{}, err
		})
		switch {
		case ctx.Err() != nil:
			return err
		case KindOf(err) != KindNotFound:
			return nil
		}
		missing = err
	}
	return missing
}

// pager walks through the pages of a listing.
type pager struct {
	c      *Client
	t      history.RepoType
	q      *request
	query  url.Values // of the first page; holds on every page
	seen   map[string]bool
	barren int
	pages  int
	memory int64 // what is built from the pages so far
}

// listingSize is about how many bytes a repository of a listing takes besides its name, until
// it is stored: as it was listed, in what it is compared with, and in what follows from that.
const listingSize = 1 << 10

func (c *Client) newPager(t history.RepoType, org string) (*pager, error) {
	route, err := RouteOf(t)
	if err != nil {
		return nil, err
	}
	if err := checkOrg(org); err != nil {
		return nil, err
	}
	p := &pager{c: c, t: t, seen: map[string]bool{}, query: url.Values{
		"author": {org},
		"limit":  {strconv.Itoa(pageLimit)},
		"sort":   {"createdAt"}, // a repository made meanwhile shifts no page
		"expand": expanded(t),
	}}
	u := c.o.Endpoint.route("api", string(route))
	u.RawQuery = p.query.Encode()
	p.q = &request{route: route, org: org, url: u, accept: "application/json", most: min(c.o.MaxResponseBytes, maxPageBytes)}
	return p, nil
}

// next reads the page at p.q.url and returns what is new on it. A page that
// fails on the way is asked for again, whole. Afterwards p.q.url is the next
// page, nil after the last one.
func (p *pager) next(ctx context.Context) ([]Listing, error) {
	var page []Listing
	b, err := try(ctx, p.c, p.q, func() (*body, error) {
		page = page[:0]
		b, err := p.c.send(ctx, p.q)
		if err != nil {
			return nil, err
		}
		defer b.close()
		text, err := b.sniff("a JSON array")
		if err != nil {
			return nil, err
		}
		err = decodePage(text, p.t, func(l Listing) { page = append(page, l) })
		switch {
		case b.err != nil && b.err != io.EOF:
			return nil, b.err // the text is at fault only because it was cut
		case err != nil:
			return nil, b.malformed(err)
		}
		return b, nil
	})
	if err != nil {
		return nil, err
	}
	p.pages++
	fresh := p.unseen(page)
	for i := range fresh {
		p.memory += listingSize + 4*int64(len(fresh[i].Repo.Name))
	}
	if most := p.c.o.MaxMemoryBytes; p.memory > most {
		return nil, p.c.TooLarge(p.q.route, p.q.org, fmt.Errorf("expected a listing of at most %d bytes in memory, got more in %d repositories", most, len(p.seen)))
	}
	if p.q.url, err = p.follow(nextLink(b.header.Values("Link"))); err != nil {
		return nil, b.malformed(err)
	}
	if p.barren++; len(fresh) > 0 {
		p.barren = 0
	}
	switch {
	case p.q.url != nil && p.pages >= maxPages:
		return nil, b.malformed(fmt.Errorf("expected at most %d pages, got a link to another one", maxPages))
	case p.q.url != nil && p.barren >= maxBarren:
		return nil, b.malformed(fmt.Errorf("expected new repositories, got %d pages in a row without one, and a link to a next", p.barren))
	}
	return fresh, nil
}

// unseen returns what no page before had. A repository is known by the Hub's id,
// or, where it has none, by its name.
func (p *pager) unseen(page []Listing) []Listing {
	fresh := page[:0]
	for _, l := range page {
		key := l.HubID
		if key == "" {
			key = "name " + l.Repo.Name
		}
		if !p.seen[key] {
			p.seen[key] = true
			fresh = append(fresh, l)
		}
	}
	return fresh
}

// follow returns the URL of the next page, nil if link is "". The Hub writes its
// own host there, which need not be the one that was asked: only the query is
// taken over, and the parameters of the first page stay.
func (p *pager) follow(link string) (*url.URL, error) {
	if link == "" {
		return nil, nil
	}
	target, err := p.q.url.Parse(link)
	if err != nil {
		return nil, errors.New("expected a URL as the link to the next page, got something else")
	}
	own := p.c.o.Endpoint.route("api", string(p.q.route))
	if target.Path != own.Path && target.Path != "/api/"+string(p.q.route) {
		return nil, fmt.Errorf("expected a next page at %s, got a link to %s", own.Path, httpx.ShowURL(target))
	}
	query, err := url.ParseQuery(target.RawQuery)
	if err != nil {
		return nil, fmt.Errorf("expected a query in the link to the next page: %w", p.q.redactError(err))
	}
	maps.Copy(query, p.query)
	own.RawQuery = query.Encode()
	return own, nil
}

// A link of the header Link (RFC 8288) is `<target>; param; param="..."`. Something else
// in the header is passed over.
var (
	linkSyntax  = regexp.MustCompile(`<([^>]*)>((?:[^",]|"(?:[^"\\]|\\.)*")*)`)
	paramSyntax = regexp.MustCompile(`;\s*([^=;"\s]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;"\s]*)`)
)

// nextLink returns the target of the first link of relation "next" in the values of the
// header Link, "" if there is none.
func nextLink(values []string) string {
	for _, v := range values {
		for _, link := range linkSyntax.FindAllStringSubmatch(v, -1) {
			for _, param := range paramSyntax.FindAllStringSubmatch(link[2], -1) {
				if !strings.EqualFold(param[1], "rel") {
					continue
				}
				if words := strings.Fields(strings.ToLower(strings.Trim(param[2], `"`))); slices.Contains(words, "next") {
					return strings.TrimSpace(link[1])
				}
				break // only the first rel of a link counts
			}
		}
	}
	return ""
}
