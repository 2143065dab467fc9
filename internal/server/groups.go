package server

import (
	"context"
	"os"
	"strings"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/api/wire"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/config"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/groups"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hub"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubsync/plausible"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubsync/schedule"
	"github.com/huggingface-exporter/huggingface_exporter/internal/hubclient"
)

// Groups returns the groups of a configuration.
func Groups(c *config.Config) []groups.Definition {
	out := make([]groups.Definition, len(c.Groups))
	for i, g := range c.Groups {
		out[i] = groups.Definition(g)
	}
	return out
}

// CollectionClients returns the client for each collection in groups: with the token of its
// owner, if that is an organization of the configuration.
func (c *Collectors) CollectionClients(h *config.Hub, in []config.Group) (func(slug string) *hub.Client, error) {
	owner := func(slug string) string { return strings.ToLower(slug[:strings.IndexByte(slug, '/')]) }
	clients := make(map[string]*hub.Client)
	for _, g := range in {
		for _, slug := range g.Collections {
			if clients[owner(slug)] != nil {
				continue
			}
			org := config.Organization{Name: owner(slug)}
			for _, o := range h.Organizations {
				if strings.EqualFold(o.Name, org.Name) {
					org = o
				}
			}
			client, err := hubclient.Options(h, org, os.Getenv)
			if err != nil {
				return nil, err
			}
			client.Limiters, client.Hooks, client.Logger = c.limiters, c.metrics.Hooks(plausible.NewClock(c.log)), c.log
			clients[owner(slug)] = hub.New(client)
		}
	}
	return func(slug string) *hub.Client { return clients[owner(slug)] }, nil
}

// fetchCollections asks the Hub for the collections of groups again and again, and at once after
// they have changed, until ctx ends.
func (s *Server) fetchCollections(ctx context.Context) {
	var pauses *schedule.Schedule
	pause := time.NewTimer(0)
	defer pause.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.groupsChanged:
			pauses = schedule.New(time.Duration(s.config.Load().Hub.CollectionsInterval))
		case <-pause.C:
		}
		if len(s.groups.Collections()) == 0 || pauses == nil {
			s.showCollections()
			continue
		}
		err := s.groups.Fetch(ctx, *s.collectionClients.Load(), s.store)
		if ctx.Err() != nil {
			return
		}
		s.showCollections()
		next := pauses.Succeeded()
		if err != nil {
			next = pauses.Failed(0)
			s.Log.Error("Collections of groups could not be fetched; their last known repositories stay in the groups", "err", err, "next", next.Round(time.Second))
		}
		pause.Reset(next)
	}
}

// groupStatus returns the names of the groups, and how the collections in them stand.
func (s *Server) groupStatus() (names []string, collections []wire.Collection) {
	for _, c := range s.groups.Status() {
		one := wire.Collection{Slug: c.Slug, Repos: c.Repos}
		if !c.AsOf.IsZero() {
			one.AsOf = &c.AsOf
		}
		if c.Failure != "" {
			one.Failure = &c.Failure
		}
		collections = append(collections, one)
	}
	return s.groups.Names(), collections
}

// showCollections sets the metrics of collections.
func (s *Server) showCollections() {
	s.metrics.collectionSuccess.Reset()
	s.metrics.collectionTime.Reset()
	for _, c := range s.groups.Status() {
		ok := 0.0
		if c.Failure == "" && !c.AsOf.IsZero() {
			ok = 1
		}
		s.metrics.collectionSuccess.WithLabelValues(c.Slug).Set(ok)
		if !c.AsOf.IsZero() {
			s.metrics.collectionTime.WithLabelValues(c.Slug).Set(float64(c.AsOf.Unix()))
		}
	}
}
