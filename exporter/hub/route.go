package hub

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/httpx"
)

// Route is a part of the Hub's API, in the word that logs and metrics use.
type Route string

// The routes that a Client asks.
const (
	RoutePublisherAnalytics Route = "publisher_analytics"
	RouteModels             Route = "models"
	RouteDatasets           Route = "datasets"
	RouteSpaces             Route = "spaces"
	RouteOverview           Route = "overview" // of an organization or user
	RouteCollections        Route = "collections"
)

// listedType is a type of repositories that the Hub lists.
type listedType struct {
	repoType  history.RepoType
	route     Route
	downloads bool // whether the Hub counts them
}

var listed = []listedType{
	{history.Model, RouteModels, true},
	{history.Dataset, RouteDatasets, true},
	{history.Space, RouteSpaces, false},
}

// ListedTypes returns the types of repositories that the Hub lists.
func ListedTypes() []history.RepoType {
	types := make([]history.RepoType, len(listed))
	for i, l := range listed {
		types[i] = l.repoType
	}
	return types
}

// Routes returns every route, for metrics that start at zero.
func Routes() []Route {
	routes := []Route{RoutePublisherAnalytics}
	for _, l := range listed {
		routes = append(routes, l.route)
	}
	return append(routes, RouteOverview, RouteCollections)
}

// RouteOf returns the route that lists repositories of type t.
func RouteOf(t history.RepoType) (Route, error) {
	for _, l := range listed {
		if l.repoType == t {
			return l.route, nil
		}
	}
	return "", fmt.Errorf("expected repo type model, dataset or space, got %q", string(t))
}

// bucket returns the rate limit that the Hub most likely counts a route under,
// until an answer names it.
func (r Route) bucket() string {
	if r == RoutePublisherAnalytics {
		return "pages"
	}
	return "api"
}

// request is what stays the same over the tries and pages of a call.
type request struct {
	route  Route
	org    string
	url    *url.URL
	accept string
	header http.Header       // conditions
	most   int64             // bytes of an answer's content
	token  Token             // that of the last try
	sent   httpx.SentSecrets // with all tries
}

// checkOrg refuses what would be another route than that of an organization.
func checkOrg(org string) error {
	if org == "" || org == "." || org == ".." || strings.ContainsAny(org, "/\\") ||
		strings.ContainsFunc(org, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return fmt.Errorf("expected the name of an organization or user, got %q", org)
	}
	return nil
}
