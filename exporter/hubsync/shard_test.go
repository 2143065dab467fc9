package hubsync

import (
	"fmt"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
	"github.com/huggingface-exporter/huggingface_exporter/internal/fakehub"
)

func TestShardCheck(t *testing.T) {
	f := func(s Shard, want string) {
		t.Helper()
		got := ""
		if err := s.Check(); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%+v: got %q, want %q", s, got, want)
		}
	}
	f(Shard{0, 1}, "")
	f(Shard{2, 3}, "")
	f(Shard{0, 0}, "shard.count: expected at least 1, got 0")
	f(Shard{3, 3}, "shard.index: expected 0 to 2 for 3 shards, got 3")
	f(Shard{-1, 3}, "shard.index: expected 0 to 2 for 3 shards, got -1")
}

// Every organization has one shard, however its name is written, and no shard has
// more than its part by far.
func TestShardsShareOrganizations(t *testing.T) {
	for _, count := range []int{1, 2, 3, 7} {
		of := make([]int, count)
		for i := range 1000 {
			name := fmt.Sprintf("org-%d", i)
			n := 0
			for index := range count {
				s := Shard{index, count}
				if s.HasOrg(name) {
					n++
					of[index]++
				}
				if s.HasOrg(name) != s.HasOrg(fmt.Sprintf("ORG-%d", i)) {
					t.Errorf("%d shards: %s is another organization in capitals", count, name)
				}
			}
			if n != 1 {
				t.Errorf("%d shards: %d have %s", count, n, name)
			}
		}
		for index, n := range of {
			if n < 500/count || n > 2000/count {
				t.Errorf("shard %d of %d has %d of 1000 organizations", index, count, n)
			}
		}
	}
	if !(Shard{}).HasOrg("any") {
		t.Error("without shards, expected everything")
	}
}

// The shards of an organization that is split store together what one collector of
// all does: renamed, deleted and new repositories included.
func TestShardsOfOneOrganization(t *testing.T) {
	t.Parallel()
	const repos = 40
	whole := newWorld(t, options{source: SourceListings})
	for i := range repos {
		add(model, fmt.Sprintf("o/m%d", i), int64(100+i))(whole.hub)
	}
	parts := memtable.NewStore()
	var shards []*Collector
	for index := range 3 {
		c := NewCollector(Options{
			Org: "o", Source: SourceListings, Client: whole.client, Clock: whole.clock, Store: parts, Shard: Shard{index, 3}, Log: whole.logger(),
		})
		shards = append(shards, c)
	}
	f := func(day int, change func(*fakehub.Hub)) {
		t.Helper()
		if change != nil {
			change(whole.hub)
		}
		o := whole.collect(day, 6)
		sum, gone, moved := 0, 0, 0
		for _, c := range shards {
			part := c.Collect(t.Context())
			if !part.OK() || part.Repos == o.Repos {
				t.Fatalf("a part has %d of %d repositories, %v", part.Repos, o.Repos, part.Err)
			}
			sum, gone, moved = sum+part.Repos, gone+len(part.Gone), moved+len(part.Moved)
		}
		if sum != o.Repos || gone != len(o.Gone) || moved != len(o.Moved) {
			t.Errorf("day %d: the parts have %d repositories, %d gone, %d moved; want %d, %d, %d",
				day, sum, gone, moved, o.Repos, len(o.Gone), len(o.Moved))
		}
		inParts := &world{T: t, store: parts}
		if got, want := inParts.records(), whole.records(); got != want {
			t.Errorf("day %d: in parts\n%s\nwhole\n%s", day, got, want)
		}
		if got, want := inParts.exposed(), whole.exposed(); got != want {
			t.Errorf("day %d: exposed in parts\n%s\nwhole\n%s", day, got, want)
		}
	}
	f(1, nil)
	f(2, total(model, "o/m1", 150))
	f(3, all(rename(model, "o/m1", "o/renamed"), rename(model, "o/m2", "o/renamed2"), remove(model, "o/m3"), remove(model, "o/m4")))
	f(4, all(add(model, "o/m3", 5), total(model, "o/renamed", 170)))
	f(5, rename(model, "o/renamed2", "o/m2"))
}
