package fakehub

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// Options make a Hub. Every field may be left empty.
type Options struct {
	// Now is the clock of the rate limits and of the header Date, time.Now if nil.
	Now func() time.Time
	// PublicURL is what the Hub writes in front of its own links; "" is the host
	// that was asked.
	PublicURL string
	// Validators says what the analytics route sends of ETag and Last-Modified:
	// the zero value is neither.
	Validators Validators
	// OrderByRepo has the export ordered by repository and not by day.
	OrderByRepo bool
	// NoGzip has the Hub pack nothing.
	NoGzip bool
	// AnalyticsBucket is the rate limit that the analytics route counts under:
	// "pages" if "".
	AnalyticsBucket string
	// Done is told of each request once it was answered. Requests are then not
	// kept.
	Done func(Request)
}

// Validators choose what an answer offers for conditional requests.
type Validators uint8

// The validators there are.
const (
	ETag Validators = 1 << iota
	LastModified
)

// Hub is the state of the stand-in and its http.Handler. It may be used from
// several goroutines at once.
type Hub struct {
	options Options

	mu    sync.Mutex
	orgs  map[string]*org
	users map[string]*user // by token
	repos map[string]*Repo // by id, "_id"
	names map[history.Repo]*Repo
	// collections are by slug.
	collections map[string]*Collection

	made    int
	today   history.Day
	changed time.Time // when a count last changed
	version int       // grows with each change
	windows map[windowKey]*window
	limits  map[windowKey]int
	faults  []*fault
	log     []*Request
}

type org struct {
	name string
	plan Plan
}

// Plan is what an organization pays for.
type Plan uint8

// The plans, as far as they differ here: only Team and Enterprise have publisher
// analytics.
const (
	Free Plan = iota
	Team
	Enterprise
)

type user struct {
	orgs    []string
	refused bool // by a token policy of the organization
}

// New returns a Hub without any organization.
func New(o Options) *Hub {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.AnalyticsBucket == "" {
		o.AnalyticsBucket = "pages"
	}
	return &Hub{
		options: o,
		orgs:    map[string]*org{},
		users:   map[string]*user{},
		repos:   map[string]*Repo{},
		names:   map[history.Repo]*Repo{},

		collections: map[string]*Collection{},

		today:   history.NoDay,
		changed: o.Now(),
		windows: map[windowKey]*window{},
		limits:  map[windowKey]int{},
	}
}

// AddOrg adds an organization, or changes its plan.
func (h *Hub) AddOrg(name string, plan Plan) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.orgs[name] = &org{name: name, plan: plan}
}

// AddToken makes a token of a member of some organizations valid.
func (h *Hub) AddToken(token string, orgs ...string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.users[token] = &user{orgs: orgs}
}

// RevokeToken makes a token unknown.
func (h *Hub) RevokeToken(token string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.users, token)
}

// ForbidToken has the organizations of a token refuse it by policy.
func (h *Hub) ForbidToken(token string, refused bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if u, ok := h.users[token]; ok {
		u.refused = refused
	}
}

// firstCreation is the earliest creation that the Hub knows of.
var firstCreation = time.Date(2022, 3, 2, 23, 29, 4, 0, time.UTC)

// AddRepo makes a repository, public and without downloads. It panics if there
// is one of that type and name, or no such organization: a test is wrong then.
func (h *Hub) AddRepo(t history.RepoType, name string) *Repo {
	h.mu.Lock()
	defer h.mu.Unlock()
	repo := history.Repo{Type: t, Name: name}
	h.mustBeFree(repo)
	h.made++
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %s", h.made, repo))
	r := &Repo{hub: h, id: hex.EncodeToString(sum[:12]), repo: repo, days: map[history.Day]int64{}, created: firstCreation}
	h.repos[r.id], h.names[repo] = r, r
	h.touch()
	return r
}

func (h *Hub) mustBeFree(repo history.Repo) {
	if _, ok := h.orgs[repo.Org()]; !ok && repo.Org() != "" {
		panic(fmt.Sprintf("fakehub: no organization of %s", repo))
	}
	if h.names[repo] != nil {
		panic(fmt.Sprintf("fakehub: there is a %s already", repo))
	}
}

// Repo returns the repository that has that type and name now, nil if none has.
func (h *Hub) Repo(t history.RepoType, name string) *Repo {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.names[history.Repo{Type: t, Name: name}]
}

// Repos returns the repositories of an organization, ordered by type and name.
func (h *Hub) Repos(org string) []*Repo {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.of(func(r *Repo) bool { return r.repo.Org() == org })
}

// of returns the repositories that keep selects, ordered by type and name.
func (h *Hub) of(keep func(*Repo) bool) []*Repo {
	var found []*Repo
	for r := range maps.Values(h.repos) {
		if keep(r) {
			found = append(found, r)
		}
	}
	slices.SortFunc(found, func(a, b *Repo) int { return a.repo.Compare(b.repo) })
	return found
}

// touch notes that something changed. The caller holds h.mu.
func (h *Hub) touch() {
	h.version++
	h.changed = h.options.Now()
}

// SetToday moves the Hub to a day: the last of the 30 that its count of the last
// month is of.
func (h *Hub) SetToday(d history.Day) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.today = d
	h.touch()
}

// Today returns the day that the Hub is at: the last one that was set or that
// has downloads, history.NoDay if there is none.
func (h *Hub) Today() history.Day {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.today
}

// Advance moves the Hub one day on and gives each repository the downloads of
// that day, in the order of type and name. It panics if it is at no day yet.
func (h *Hub) Advance(downloads func(*Repo, history.Day) int64) {
	h.mu.Lock()
	if h.today == history.NoDay {
		h.mu.Unlock()
		panic("fakehub: Advance before SetToday")
	}
	all := h.of(func(*Repo) bool { return true })
	h.today++
	today := h.today
	h.touch()
	h.mu.Unlock()
	for _, r := range all {
		r.SetDay(today, downloads(r, today))
	}
}

// Load adds what an export holds: organizations (of plan Team), repositories and
// days. A total in it becomes that of the repository.
func (h *Hub) Load(rows history.RowSeq) error {
	var known []*Repo
	var dictionary []history.RepoTotal
	for block, err := range rows {
		if err != nil {
			return err
		}
		dictionary = block.Repos
		for _, t := range dictionary[len(known):] {
			known = append(known, h.ensure(t.Repo))
		}
		for i := range block.Len() {
			known[block.Repo[i]].SetDay(block.Day[i], block.Downloads[i])
		}
	}
	for i, t := range dictionary {
		if t.Total != history.Unknown {
			known[i].SetTotal(t.Total)
		}
	}
	return nil
}

func (h *Hub) ensure(repo history.Repo) *Repo {
	h.mu.Lock()
	_, hasOrg := h.orgs[repo.Org()]
	r := h.names[repo]
	h.mu.Unlock()
	if r != nil {
		return r
	}
	if !hasOrg && repo.Org() != "" {
		h.AddOrg(repo.Org(), Team)
	}
	return h.AddRepo(repo.Type, repo.Name)
}
