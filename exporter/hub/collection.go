package hub

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// Collection returns the repositories of a collection: a list on the Hub that people keep, known
// by its slug, "owner/title-id". Its papers and other collections are left out.
func (c *Client) Collection(ctx context.Context, slug string) ([]history.Repo, error) {
	owner, name, _ := strings.Cut(slug, "/")
	if err := errors.Join(checkOrg(owner), checkOrg(name)); err != nil {
		return nil, fmt.Errorf("expected the slug of a collection like org/title-64f9a55bb3115b4f513ec026, got %q", slug)
	}
	q := &request{
		route: RouteCollections, org: slug, url: c.o.Endpoint.route("api", "collections", owner, name), accept: "application/json",
		most: min(c.o.MaxResponseBytes, maxPageBytes),
	}
	return try(ctx, c, q, func() ([]history.Repo, error) {
		b, err := c.send(ctx, q)
		if err != nil {
			return nil, err
		}
		defer b.close()
		text, err := b.sniff("a JSON object")
		if err != nil {
			return nil, err
		}
		repos, err := decodeCollection(text)
		switch {
		case b.err != nil && b.err != io.EOF:
			return nil, b.err // the text is at fault only because it was cut
		case err != nil:
			return nil, b.malformed(err)
		}
		return repos, nil
	})
}

func decodeCollection(r io.Reader) ([]history.Repo, error) {
	var raw struct {
		Items *[]struct {
			Type history.RepoType `json:"type"`
			ID   string           `json:"id"`
		} `json:"items"`
	}
	text, err := io.ReadAll(r)
	if err == nil {
		err = json.Unmarshal(text, &raw)
	}
	switch {
	case err != nil:
		return nil, fmt.Errorf("expected a collection: %w", err)
	case raw.Items == nil:
		return nil, errors.New("expected a collection with items, got none")
	}
	repos := make([]history.Repo, 0, len(*raw.Items))
	for i, item := range *raw.Items {
		if item.Type == "paper" || item.Type == "collection" {
			continue
		}
		for _, name := range []string{string(item.Type), item.ID} {
			if want := history.WantOfName(name); name == "" || want != "" {
				return nil, fmt.Errorf("item %d of the collection: expected a type and an id, got %q and %q", i+1, item.Type, item.ID)
			}
		}
		repos = append(repos, history.Repo{Type: item.Type, Name: item.ID})
	}
	return repos, nil
}
