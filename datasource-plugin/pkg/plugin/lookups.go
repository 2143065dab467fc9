package plugin

import (
	"context"
	"net/http"
	"strings"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/huggingface-exporter/huggingface_exporter/datasource-plugin/pkg/query"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// itemJSON is one of the names to choose from.
type itemJSON struct {
	Value string `json:"value"`
	Text  string `json:"text"`
	// RepoType is that of a repository, for one of another type may have its name.
	RepoType history.RepoType `json:"repo_type,omitempty"`
}

// itemsJSON is the answer to a look-up.
type itemsJSON struct {
	Items []itemJSON `json:"items"`
	// Matched is how many names there are, on all pages.
	Matched int `json:"matched"`
}

// lookUp answers a look-up with what ask finds.
func (d *Datasource) lookUp(ctx context.Context, name, rawQuery string, ask func(context.Context, history.Reader, query.Lookup) (itemsJSON, error)) *backend.CallResourceResponse {
	var found itemsJSON
	ctx, end := startSpan(ctx, "look up "+name)
	err := guard(ctx, "a look-up", func() error {
		l, err := query.DecodeLookup(rawQuery)
		if err != nil {
			return err
		}
		store, _, err := d.conn.Reader(ctx)
		if err != nil {
			return err
		}
		found, err = ask(ctx, store, l)
		return err
	})
	end(err)
	if err != nil {
		return errorResponse(faultOf(ctx, err))
	}
	return jsonResponse(http.StatusOK, found)
}

// repositories finds repositories, the most downloaded first.
func repositories(ctx context.Context, store history.Reader, l query.Lookup) (itemsJSON, error) {
	page, err := store.Repos(ctx, history.ReposQuery{
		Filter: l.Filter, Sort: history.SortDownloads, Limit: l.Limit, Offset: l.Offset,
	})
	if err != nil {
		return itemsJSON{}, err
	}
	found := itemsJSON{Items: []itemJSON{}, Matched: page.Matched}
	for _, r := range page.Rows {
		found.Items = append(found.Items, itemJSON{Value: r.Repo.Name, Text: r.Repo.Name, RepoType: r.Repo.Type})
	}
	return found, nil
}

// organizations finds the organizations that have a repository of the asked
// types, by name. The search is for their own names, not for those of their
// repositories.
func organizations(ctx context.Context, store history.Reader, l query.Lookup) (itemsJSON, error) {
	o, err := store.Overview(ctx, history.OverviewQuery{
		Filter: history.Filter{RepoTypes: l.Filter.RepoTypes, Orgs: l.Filter.Orgs, Groups: l.Filter.Groups}, ByOrg: true,
	})
	if err != nil {
		return itemsJSON{}, err
	}
	search := strings.ToLower(l.Filter.Search)
	var items []itemJSON
	for _, g := range o.Groups {
		item := itemJSON{Value: g.Org, Text: g.Org}
		if g.Org == "" {
			item.Text = "(no organization)"
		}
		if strings.Contains(strings.ToLower(item.Text), search) {
			items = append(items, item)
		}
	}
	return page(items, l), nil
}

// groupNames finds the groups that have repositories, by name.
func groupNames(ctx context.Context, store history.Reader, l query.Lookup) (itemsJSON, error) {
	search := strings.ToLower(l.Filter.Search)
	l.Filter.Search = ""
	o, err := store.Overview(ctx, history.OverviewQuery{Filter: l.Filter, ByGroup: true})
	var items []itemJSON
	for _, g := range o.Groups {
		if strings.Contains(strings.ToLower(g.Group), search) {
			items = append(items, itemJSON{Value: g.Group, Text: g.Group})
		}
	}
	return page(items, l), err
}

// repoTypes finds the types of the repositories that are selected, in the order
// of the Hub.
func repoTypes(ctx context.Context, store history.Reader, l query.Lookup) (itemsJSON, error) {
	o, err := store.Overview(ctx, history.OverviewQuery{Filter: l.Filter, ByRepoType: true})
	if err != nil {
		return itemsJSON{}, err
	}
	var items []itemJSON
	for _, g := range o.Groups {
		items = append(items, itemJSON{Value: string(g.RepoType), Text: string(g.RepoType)})
	}
	return page(items, l), nil
}

// page cuts out what l asks for.
func page(items []itemJSON, l query.Lookup) itemsJSON {
	from := min(l.Offset, len(items))
	to := min(from+l.Limit, len(items))
	return itemsJSON{Items: append([]itemJSON{}, items[from:to]...), Matched: len(items)}
}
