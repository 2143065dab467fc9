package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
	"github.com/prometheus/common/version"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/config"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/engine"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/localstore/segment"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/pushclient"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/victoria"
	"github.com/huggingface-exporter/huggingface_exporter/internal/outfile"
	"github.com/huggingface-exporter/huggingface_exporter/internal/textenc"
)

const (
	// minFreeBytes is how much room there should be for new files.
	minFreeBytes = 256 << 20
	// noFreeBytes is how little of it counts as none.
	noFreeBytes = 16 << 20
)

// checkStore checks the folder of the embedded engine. It does so, too, if the
// configuration that might name another engine is not valid.
func (e *examination) checkStore(ctx context.Context) {
	if e.config != nil && !e.config.Storage.Embedded() {
		return
	}
	dir := e.StoragePath
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		parent := nearestExisting(filepath.Dir(filepath.Clean(dir)))
		if err := outfile.CheckWritable(parent); err != nil {
			e.fail("create "+dir+" and make the user of serve its owner; or set another --storage.path", "%s does not exist and cannot be created: %v", dir, err)
			return
		}
		e.ok("%s does not exist yet; serve creates it", dir)
		e.checkSpace(parent, 0)
		return
	case err != nil:
		e.fail("give the user of serve access to its parent directories", "%v", err)
		return
	case !info.IsDir():
		e.fail("set --storage.path to a directory", "expected a directory at %s, got a file", dir)
		return
	}
	if e.checkPermissions(dir, info) {
		e.checkLock(filepath.Join(dir, "lock"))
	}
	stats, err := e.stats(ctx, config.Storage{})
	if err != nil {
		advice := "see Backups in docs/operations.md"
		if errors.Is(err, segment.ErrNewer) {
			advice = "upgrade huggingface_exporter, or restore a backup from before the newer version"
		} else if errors.Is(err, fs.ErrPermission) {
			advice = "make the files readable for the user of serve; did another user run import?"
		}
		e.fail(advice, "%v", err)
		return
	}
	recorded := "no recorded days"
	if days := stats.Recorded; days.Len() > 0 {
		recorded = "recorded " + days.From.String() + " to " + days.To.String()
	}
	e.ok("%s: %s of %s, %s; %s of layout %d, %s", dir, textenc.Records(stats.Records), textenc.Repositories(stats.Repos),
		recorded, textenc.Plural(stats.Files, "file", "files"), segment.Layout, textenc.Plural(stats.Bytes, "byte", "bytes"))
	e.checkSpace(dir, stats.Bytes)
}

// nearestExisting returns the nearest folder that exists, from dir upwards.
func nearestExisting(dir string) string {
	for dir = filepath.Clean(dir); ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(dir); err == nil || dir == filepath.Dir(dir) {
			return dir
		}
	}
}

// checkPermissions reports whether the store can be written to.
func (e *examination) checkPermissions(dir string, info fs.FileInfo) bool {
	for _, sub := range []string{dir, filepath.Join(dir, "records"), filepath.Join(dir, "repos")} {
		if err := outfile.CheckWritable(sub); err != nil && !errors.Is(err, fs.ErrNotExist) { // made as needed
			e.fail("make the user of serve the owner of the directory: chown -R USER "+dir+"; or mount it read-write", "%s is not writable: %v", sub, err)
			return false
		}
	}
	if info.Mode().Perm()&0o002 != 0 {
		e.warn("chmod o-w "+dir, "everyone on this machine can change %s", dir)
	}
	if owner, ok := ownerOf(info); ok && os.Geteuid() == 0 && owner != 0 {
		e.warn(fmt.Sprintf("run doctor as that user: sudo -u '#%d' huggingface_exporter doctor ...", owner),
			"%s belongs to user %d, but doctor runs as root, which can do everything", dir, owner)
	}
	return true
}

// checkLock tries the lock that serializes writers.
func (e *examination) checkLock(name string) {
	if _, err := os.Stat(name); err != nil {
		return // made by the first writer
	}
	lock := flock.New(name)
	defer lock.Close()
	if _, err := lock.TryRLock(); err != nil {
		e.fail("keep the store on a local file system: this one has no advisory locks (flock)", "%v", err)
	}
}

// checkSpace checks that there is room for a store of that size.
func (e *examination) checkSpace(dir string, size int64) {
	free, ok := freeSpace(dir)
	if !ok {
		return
	}
	// Compaction writes the files anew before it removes the old ones.
	want := max(minFreeBytes, 2*size)
	const advice = "free up space, or move the store to a larger disk"
	switch text := dir + ": " + textenc.Grouped(free>>20) + " MiB free"; {
	case free < noFreeBytes:
		e.fail(advice, "%s", text)
	case free < want:
		e.warn(advice, "%s, but merging files may need %s MiB", text, textenc.Grouped(want>>20))
	default:
		e.ok("%s", text)
	}
}

// checkQueue checks the folder of the listings that wait to be stored.
func (e *examination) checkQueue(context.Context) {
	if e.config == nil || e.config.Storage.QueuePath == "" {
		return
	}
	dir := e.config.Storage.QueuePath
	if err := outfile.CheckWritable(nearestExisting(dir)); err != nil {
		e.fail("create "+dir+" and make the user of serve its owner; or set another storage.queue_path", "%v", err)
		return
	}
	e.ok("%s: directory of the queue", dir)
}

// checkEngine asks the storage engine of the configuration for its content, and whether
// it takes samples, by sending none.
func (e *examination) checkEngine(ctx context.Context) {
	if e.config == nil || e.config.Storage.Embedded() {
		return
	}
	if e.Offline {
		e.warn("remove --offline", "not asked")
		return
	}
	name := string(e.config.Storage.Engine)
	v := &e.config.Storage.VictoriaMetrics
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	stats, err := e.stats(ctx, e.config.Storage)
	if err != nil {
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			err = context.DeadlineExceeded
		}
		if errors.Is(err, errLost) {
			e.fail("see the chapter A store that goes backwards of docs/operations.md", "%v", err)
			return
		}
		e.fail("check storage."+name+", that VictoriaMetrics is running, and its credentials", "%v", explainTimeout(err))
		return
	}
	if e.config.Storage.Engine != config.EngineVictoriaMetrics {
		e.ok("%s: %s of %s", name, textenc.Records(stats.Records), textenc.Repositories(stats.Repos))
		return
	}
	e.ok("victoriametrics: the history %q has %s of %s", v.History, textenc.Records(stats.Records), textenc.Repositories(stats.Repos))
	insert, _, _, err := v.URLs()
	if err == nil {
		var client *pushclient.Receiver
		client, err = pushclient.New(pushclient.Options{
			URL: insert.JoinPath("/api/v1/import"), HTTP: v.HTTP.Settings, Timeout: min(time.Duration(v.Timeout), answerTimeout),
			UserAgent: userAgent(),
		})
		if err == nil {
			err = client.Post(ctx, http.Header{})
		}
	}
	if err != nil {
		e.fail("check storage.victoriametrics.insert_url, and that the user has write access", "%v", explainTimeout(err))
		return
	}
	e.ok("victoriametrics accepts samples at %s", insert.Redacted())
	e.checkRetention(ctx)
}

// checkRetention asks whether an engine keeps the oldest samples that a history may have.
func (e *examination) checkRetention(ctx context.Context) {
	store, err := engine.Open(ctx, e.engineOptions(e.config.Storage))
	if err == nil {
		defer store.Close()
		err = store.Check(ctx)
	}
	switch {
	case errors.Is(err, victoria.ErrRetention):
		e.fail("a shorter retention loses history: see the chapter VictoriaMetrics as the store of docs/operations.md", "%v", err)
	case err != nil:
		e.fail("check storage."+string(e.config.Storage.Engine)+", that VictoriaMetrics is running, and its credentials", "%v", explainTimeout(err))
	}
}

func (e *examination) engineOptions(s config.Storage) engine.Options {
	return engine.Options{Storage: s, Path: e.StoragePath, ReadOnly: true, UserAgent: userAgent(), Logger: e.Log}
}

// stats returns how much a storage holds.
func (e *examination) stats(ctx context.Context, s config.Storage) (history.Stats, error) {
	store, err := engine.Open(ctx, e.engineOptions(s))
	if err != nil {
		return history.Stats{}, err
	}
	defer store.Close()
	stats, err := store.Stats(ctx)
	if err != nil {
		return stats, err
	}
	page, err := store.Repos(ctx, history.ReposQuery{Period: history.Period{Kind: history.LastMonth}, Limit: 1})
	if err == nil && page.Matched == 0 && stats.Records > 0 {
		err = fmt.Errorf("%w: it has %s, but the repositories they belong to are missing", errLost, textenc.Records(stats.Records))
	}
	return stats, err
}

// errLost says that a part of a history is not there.
var errLost = errors.New("the storage lost a part of the history: restore it from a backup, or collect and import again under another name or path")

func userAgent() string { return "huggingface_exporter/" + version.Version }
