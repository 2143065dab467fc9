package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/archive"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

const (
	// hubRepos is how many repositories a snapshot of the whole Hub has for each one of
	// the export: a file of about 350 MB at full size.
	hubRepos = 220
	// snapshotOrg is the organization that is looked for, one of many.
	snapshotOrg = "org-4242"
	// snapshotDay is in the name of the file.
	snapshotDay = "2024-05-31"
)

// runArchive reads what one organization has in a snapshot of the whole Hub, a row a
// repository with the columns of the Hub's API, in no order.
func runArchive(b *bench) ([]verdict, error) {
	path, err := b.snapshot()
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	d, err := openDuck(b.threads)
	if err != nil {
		return nil, err
	}
	defer d.close()

	var ours, theirs sums
	readings := contestant{name: "exporter", run: func() (err error) {
		ours, err = readSnapshot(path, info.Size())
		return err
	}}
	duck := contestant{name: "DuckDB read_parquet", run: func() error {
		theirs = sums{}
		var r sums
		return d.query("SELECT downloadsAllTime, downloads FROM read_parquet("+quote(path)+") WHERE author = "+quote(snapshotOrg),
			[]any{&r.totals, &r.downloads}, func() {
				theirs.repos++
				theirs.totals += r.totals
				theirs.downloads += r.downloads
			})
	}}
	peak, stop := watchHeap()
	err = readings.run()
	stop()
	if err == nil {
		err = duck.run()
	}
	if err != nil {
		return nil, err
	}
	if ours != theirs || ours.repos == 0 {
		return nil, fmt.Errorf("expected equal sums, got %+v from the exporter, %+v from DuckDB", ours, theirs)
	}
	t, err := race(wallTime, b.rounds, readings, duck)
	if err != nil {
		return nil, err
	}
	what := fmt.Sprintf("one organization of a snapshot of the Hub, %s repositories, %s MB", millions(int64(b.repos*hubRepos)), number(float64(info.Size())/1e6))
	time := atMost(what, 2, t[0].median.Seconds(), "s")
	time.against, time.theirs = t[1].name, t[1].String()
	return []verdict{time, atMost("the same, growth of the heap at its peak", 64, float64(*peak)/1e6, "MB")}, nil
}

func readSnapshot(path string, size int64) (sums, error) {
	f, err := os.Open(path)
	if err != nil {
		return sums{}, err
	}
	defer f.Close()
	var s sums
	o := archive.Options{Orgs: []string{snapshotOrg}, Day: history.NoDay, LastDay: history.DayOf(time.Now())}
	for r, err := range archive.Parquet(f, size, path, o, func(int) {}) {
		if err != nil {
			return s, err
		}
		s.repos++
		s.totals += r.Total
		s.downloads += r.LastMonth
	}
	return s, nil
}

// snapshot returns a Parquet file as others publish them, and makes it if it is not there
// yet: what is not read is in it too.
func (b *bench) snapshot() (string, error) {
	repos := b.repos * hubRepos
	path := filepath.Join(b.dir, fmt.Sprintf("hub-%d-%s.parquet", repos, snapshotDay))
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return path, err
	}
	if err := os.MkdirAll(b.dir, 0o755); err != nil {
		return "", err
	}
	progress("making %s", path)
	d, err := openDuck(b.threads)
	if err != nil {
		return "", err
	}
	defer d.close()
	// Few organizations have many repositories, and most have one.
	err = d.exec(fmt.Sprintf(`COPY (
		SELECT substr(md5(i::VARCHAR), 1, 24) AS _id, author || '/model-' || i AS id, author,
			(hash(i, 1) %% 1000000 // (1 + hash(i, 2) %% 1000))::BIGINT AS downloads,
			(hash(i, 3) %% 100000000 // (1 + hash(i, 4) %% 1000))::BIGINT AS downloadsAllTime,
			(hash(i, 5) %% 10)::BIGINT AS likes,
			md5((i + 1)::VARCHAR) || substr(md5(i::VARCHAR), 1, 8) AS sha,
			TIMESTAMP '2022-03-02 23:29:04' + to_seconds((hash(i, 6) %% 70000000)::BIGINT) AS createdAt,
			'text-generation' AS pipeline_tag, ['transformers', 'license:mit', 'dataset:' || i] AS tags,
			'{"license": "mit", "base_model": "' || author || '/base-' || (i %% 97) || '", "hash": "' || md5((i + 2)::VARCHAR) || md5((i + 3)::VARCHAR) || '"}' AS cardData
		FROM (SELECT i, 'org-' || (CASE hash(i, 7) %% 3 WHEN 0 THEN i %% 5000 ELSE hash(i, 8) %% 900000 END) AS author FROM range(%d) r(i))
		) TO %s (FORMAT parquet, COMPRESSION snappy, ROW_GROUP_SIZE 122880)`, repos, quote(path+".tmp")))
	if err != nil {
		return "", err
	}
	return path, os.Rename(path+".tmp", path)
}

// watchHeap looks at the heap until it is stopped; then the most it has grown is known.
func watchHeap() (peak *int64, stop func()) {
	before := heapLive()
	peak = new(int64)
	done, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			*peak = max(*peak, int64(m.HeapAlloc)-before)
			select {
			case <-done:
				return
			case <-time.After(10 * time.Millisecond):
			}
		}
	}()
	return peak, func() {
		close(done)
		<-stopped
	}
}
