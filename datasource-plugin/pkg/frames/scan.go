package frames

import (
	"context"
	"iter"
	"slices"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

const (
	// scanRows is how many rows of the table of repositories a scan asks for at once.
	scanRows = 5000
	// maxNames and maxNameBytes bound the names that one query selects: they travel
	// in a URL, for which proxies mostly have room for 8 KiB.
	maxNames     = 200
	maxNameBytes = 4 << 10
)

// eachRow calls each with the rows of the table of repositories, from q.Offset on,
// until it returns false or there are no more.
func eachRow(ctx context.Context, store history.Reader, q history.ReposQuery, each func(*history.RepoRow) bool) error {
	q.Limit = scanRows
	for {
		page, err := store.Repos(ctx, q)
		if err != nil {
			return err
		}
		for i := range page.Rows {
			if !each(&page.Rows[i]) {
				return nil
			}
		}
		q.Offset += len(page.Rows)
		if len(page.Rows) < scanRows || q.Offset >= page.Matched {
			return nil
		}
	}
}

// eachRecord calls each with the records that f selects, repository by repository,
// the days of each in order.
func eachRecord(ctx context.Context, store history.Reader, f history.Filter, p history.Period,
	each func(r history.Repo, day history.Day, downloads int64),
) error {
	for rows, err := range store.Records(ctx, history.RecordsQuery{Filter: f, Period: p, Order: history.OrderRepo}) {
		if err != nil {
			return err
		}
		for i, repo := range rows.Repo {
			each(rows.Repos[repo].Repo, rows.Day[i], rows.Downloads[i])
		}
	}
	return nil
}

// chunksOfNames yields the names of repositories, each once, so many at a time that a
// query may select them.
func chunksOfNames[V any](repos map[history.Repo]V) iter.Seq[[]string] {
	var names []string
	for r := range repos {
		names = append(names, r.Name)
	}
	slices.Sort(names)
	return chunks(slices.Compact(names))
}

// chunks cuts a list of names so that a query may select each piece.
func chunks(names []string) iter.Seq[[]string] {
	return func(yield func([]string) bool) {
		from, size := 0, 0
		for i, name := range names {
			if i > from && (i-from == maxNames || size+len(name) > maxNameBytes) {
				if !yield(names[from:i]) {
					return
				}
				from, size = i, 0
			}
			size += len(name)
		}
		if from < len(names) {
			yield(names[from:])
		}
	}
}
