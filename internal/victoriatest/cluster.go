package victoriatest

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
)

// Cluster is two vminsert, two vmselect and some vmstorage.
type Cluster struct {
	Inserts, Selects, Storages []*Node

	// front stands before the cluster as a load balancer does: requests go to the
	// nodes of a kind by turns.
	front *httptest.Server
	turn  atomic.Uint64

	hook hook

	settled atomic.Int64 // how often
}

// NewCluster starts a cluster whose storage nodes keep their data below dir, each sample
// on as many of them as replication says. Who calls it closes it.
func NewCluster(t testing.TB, dir string, storages, replication int) (*Cluster, error) {
	t.Helper()
	insert, query, storage := Program(t, "vminsert"), Program(t, "vmselect"), Program(t, "vmstorage")
	c := new(Cluster)
	free, err := freeAddresses(3*storages + 4)
	if err != nil {
		return nil, err
	}
	address := func() string {
		a := free[0]
		free = free[1:]
		return a
	}
	var toInsert, toSelect []string
	for i := range storages {
		a, in, out := address(), address(), address()
		toInsert, toSelect = append(toInsert, in), append(toSelect, out)
		c.Storages = append(c.Storages, &Node{URL: "http://" + a, program: storage, ports: []string{in, out}, args: []string{
			"-storageDataPath=" + filepath.Join(dir, fmt.Sprintf("storage%d", i)), "-httpListenAddr=" + a,
			"-vminsertAddr=" + in, "-vmselectAddr=" + out,
			"-retentionPeriod=100y", "-dedup.minScrapeInterval=1ms", "-memory.allowedBytes=256MB",
			// This version loses series of its index when many are made at once by several
			// processors; newer ones do not.
		}, env: []string{"GOMAXPROCS=1"}})
	}
	for range 2 {
		a := address()
		c.Inserts = append(c.Inserts, &Node{URL: "http://" + a, program: insert, args: []string{
			"-httpListenAddr=" + a, "-storageNode=" + strings.Join(toInsert, ","),
			"-replicationFactor=" + strconv.Itoa(replication), "-memory.allowedBytes=128MB",
		}})
	}
	for i := range 2 {
		a := address()
		c.Selects = append(c.Selects, &Node{URL: "http://" + a, program: query, args: []string{
			"-httpListenAddr=" + a, "-storageNode=" + strings.Join(toSelect, ","),
			"-replicationFactor=" + strconv.Itoa(replication), "-dedup.minScrapeInterval=1ms",
			"-search.latencyOffset=0s", "-search.disableCache", "-memory.allowedBytes=128MB",
			"-cacheDataPath=" + filepath.Join(dir, fmt.Sprintf("select%d", i)),
		}})
	}
	// The others do not try at once again where they could not reach a storage node.
	for _, nodes := range [][]*Node{c.Storages, slices.Concat(c.Inserts, c.Selects)} {
		var g errgroup.Group
		for _, n := range nodes {
			g.Go(n.Start)
		}
		if err := g.Wait(); err != nil {
			c.Close()
			return nil, err
		}
	}
	mux := http.NewServeMux()
	mux.Handle("/insert/", c.balance(c.Inserts))
	mux.Handle("/select/", c.balance(c.Selects))
	mux.HandleFunc("/settled", c.serveSettled)
	c.front = httptest.NewServer(c.hook.before(mux))
	// A vminsert connects to its storage nodes some time after it answers, to each at another.
	// What it gets before that has fewer copies than the replication says.
	if err := c.settle(t.Context()); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

func (c *Cluster) nodes() []*Node {
	return slices.Concat(c.Storages, c.Inserts, c.Selects)
}

// Close kills what runs.
func (c *Cluster) Close() {
	if c.front != nil {
		c.front.CloseClientConnections()
		c.front.Close()
	}
	for _, n := range c.nodes() {
		n.Kill()
	}
}

// InsertURL and SelectURL are those of the first tenant, by turns of either of the nodes.
func (c *Cluster) InsertURL() string { return c.front.URL + "/insert/0/prometheus" }

// SelectURL is that of the first tenant.
func (c *Cluster) SelectURL() string { return c.front.URL + "/select/0/prometheus" }

// FlushURLs make what has come to the storage nodes visible.
func (c *Cluster) FlushURLs() []string {
	var out []string
	for _, n := range c.Storages {
		out = append(out, n.URL+"/internal/force_flush")
	}
	return out
}

// SettledURL answers once all that the cluster has accepted is on its storage nodes and
// visible: for tests that write often. All nodes must run, and have run all the time.
func (c *Cluster) SettledURL() string { return c.front.URL + "/settled" }

func (c *Cluster) balance(nodes []*Node) http.Handler {
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(URL(nodes[c.turn.Add(1)%uint64(len(nodes))].URL))
	}}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// An answer may begin before the end of its question was passed on.
		if err := http.NewResponseController(w).EnableFullDuplex(); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		proxy.ServeHTTP(w, r)
	})
}

func (c *Cluster) serveSettled(w http.ResponseWriter, r *http.Request) {
	if err := c.settle(r.Context()); err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// marks is how many series are written through each vminsert to see what has come to the
// storage nodes: so many that each node is the first for some of them.
const marks = 64

// settle writes marks through every vminsert, which sends each storage node what it has
// for it in the order in which it came, and waits until all can be read.
func (c *Cluster) settle(ctx context.Context) error {
	round := c.settled.Add(1)
	for i, n := range c.Inserts {
		var lines strings.Builder
		for k := range marks {
			fmt.Fprintf(&lines, `{"metric":{"__name__":"settled","by":"%d","mark":"%d"},"values":[1],"timestamps":[%d]}`+"\n", i, k, round)
		}
		if err := post(ctx, n.URL+"/insert/1/prometheus/api/v1/import", lines.String()); err != nil {
			return err
		}
	}
	for end := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		for _, u := range c.FlushURLs() {
			if _, err := get(ctx, u); err != nil {
				return err
			}
		}
		at := time.UnixMilli(round).UTC().Format("2006-01-02T15:04:05.000Z")
		// A selector that was asked before may be answered from a cache.
		found, err := get(ctx, c.Selects[0].URL+"/select/1/prometheus/api/v1/export?match%5B%5D="+
			url.QueryEscape(fmt.Sprintf(`{__name__="settled",by!="%d"}`, time.Now().UnixNano()))+"&start="+at+"&end="+at)
		if err != nil {
			return err
		}
		n := strings.Count(found, "\n")
		if n == marks*len(c.Inserts) {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("of %d marks that were written, %d can be read", marks*len(c.Inserts), n)
		}
	}
}

// hook does something in the midst of requests.
type hook struct {
	mu     sync.Mutex
	prefix string
	left   int
	work   func()
}

// OnRequest calls f while the nth request from now on whose path begins with prefix is on
// its way.
func (c *Cluster) OnRequest(prefix string, n int, f func()) {
	c.hook.mu.Lock()
	defer c.hook.mu.Unlock()
	c.hook.prefix, c.hook.left, c.hook.work = prefix, n, f
}

func (h *hook) before(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if work := h.due(r); work != nil {
			done := make(chan struct{})
			go func() { defer close(done); work() }()
			defer func() { <-done }()
		}
		next.ServeHTTP(w, r)
	})
}

func (h *hook) due(r *http.Request) func() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.left == 0 || !strings.HasPrefix(r.URL.Path, h.prefix) {
		return nil
	}
	if h.left--; h.left > 0 {
		return nil
	}
	return h.work
}
