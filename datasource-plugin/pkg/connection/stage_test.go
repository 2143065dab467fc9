package connection

import (
	"context"
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/fakehub"
)

// stage is a Hub and a connection to it, in the time of a bubble.
type stage struct {
	*testing.T
	hub     *fakehub.Hub
	network *fakehub.Network
	conn    Connection
	notes   notes
	secrets map[string]string
}

// onStage runs a test in a bubble, over a Hub with an organization acme that has a
// token, and no connection yet.
func onStage(t *testing.T, o fakehub.Options, test func(s *stage)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(day("2026-11-20").Time())) // bubbles begin before there was a Hub
		s := &stage{
			T: t, hub: fakehub.New(o), network: fakehub.NewNetwork(), notes: newNotes(),
			secrets: map[string]string{"token": token, "httpHeaderValue1": secret},
		}
		defer s.network.Close()
		s.network.Serve("hub.test:80", s.hub)
		s.hub.AddOrg("acme", fakehub.Team)
		s.hub.AddToken(token, "acme")
		s.day(history.Model, "acme/m", "2026-11-18", 7)
		s.day(history.Model, "acme/m", "2026-11-19", 8)
		s.day(history.Dataset, "acme/d", "2026-11-19", 5)
		defer func() {
			if s.conn != nil {
				s.conn.Close()
			}
			wantNoSecret(t, s.notes.String())
		}()
		test(s)
	})
}

func (s *stage) day(t history.RepoType, name, date string, downloads int64) {
	repo := s.hub.Repo(t, name)
	if repo == nil {
		repo = s.hub.AddRepo(t, name)
	}
	repo.SetDay(day(date), downloads)
}

// connect opens the connection, with further members of jsonData.
func (s *stage) connect(more map[string]any) {
	s.Helper()
	members := map[string]any{"connection": "hub", "organization": "acme", "endpoint": "http://hub.test", "allowInsecureToken": true, "httpHeaderName1": "X-Key"}
	maps.Copy(members, more)
	c, err := open(context.Background(), configured("", members, s.secrets), surroundings{log: s.notes, dial: s.network.DialContext})
	if err != nil {
		s.Fatal(err)
	}
	s.conn = c
}

// shows returns what the connection shows: downloads by name, and the notice.
func (s *stage) shows() (string, string) {
	s.Helper()
	store, notice, err := s.conn.Reader(s.Context())
	if err != nil {
		s.Fatalf("expected a history, got %v", err)
	}
	page, err := store.Repos(s.Context(), history.ReposQuery{Sort: history.SortName, Ascending: true})
	if err != nil {
		s.Fatal(err)
	}
	var b strings.Builder
	for _, r := range page.Rows {
		b.WriteString(strings.TrimPrefix(r.Repo.Name, "acme/") + " ")
		b.WriteString(strings.Repeat("-", int(min(r.Removed, 9))))
		b.WriteString(jsonOf(r.Downloads) + " ")
	}
	return strings.TrimSpace(b.String()), notice
}

func jsonOf(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func (s *stage) wantShown(want string) {
	s.Helper()
	got, notice := s.shows()
	if got != want || notice != "" {
		s.Errorf("expected %s and no notice, got %s, %q", want, got, notice)
	}
}

// wantOld checks that the history is shown with a notice.
func (s *stage) wantOld(want string, words ...string) {
	s.Helper()
	got, notice := s.shows()
	if got != want || !strings.HasPrefix(notice, "Showing the downloads as collected on ") {
		s.Errorf("expected %s with a notice, got %s, %q", want, got, notice)
	}
	for _, w := range words {
		if !strings.Contains(notice, w) {
			s.Errorf("expected %q in the notice, got %s", w, notice)
		}
	}
	wantNoSecret(s, notice)
}

// after lets time pass.
func (s *stage) after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func (s *stage) wantRequests(n int) {
	s.Helper()
	if got := len(s.hub.Requests()); got != n {
		s.Errorf("expected %d requests to the Hub, got %d", n, got)
	}
}
