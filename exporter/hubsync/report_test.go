package hubsync

import (
	"errors"
	"testing"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hub"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubsync/differ"
)

// The last collections are kept, the newest first, and no more of them than that.
func TestRecent(t *testing.T) {
	begin := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	var recent []Past
	for i := range maxRecent + 5 {
		o := Report{Org: "acme", Changes: differ.Changes{Appeared: make([]history.Repo, 2)}}
		o.Start, o.Source, o.Repos = begin.Add(time.Duration(i)*time.Hour), SourceListings, i
		if i%2 == 1 {
			o.Reason, o.Err = hub.KindServer, errors.New("it is down")
		}
		held := recent
		if recent = keep(recent, &o); len(held) > 0 && held[0].Repos != i-1 {
			t.Fatalf("who had the list before sees %+v", held[0])
		}
	}
	if len(recent) != maxRecent {
		t.Fatalf("%d are kept", len(recent))
	}
	for i, p := range recent {
		n := maxRecent + 4 - i
		if p.Repos != n || !p.Start.Equal(begin.Add(time.Duration(n)*time.Hour)) || p.OK() != (n%2 == 0) || p.OK() != (p.Error == "") || p.Appeared != 2 {
			t.Errorf("number %d is %+v", i, p)
		}
	}
}
