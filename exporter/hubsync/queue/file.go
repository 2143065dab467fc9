package queue

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"math"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/gzip"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hub"
	"github.com/huggingface-exporter/huggingface_exporter/internal/outfile"
)

const (
	suffix = ".listing.json.gz"
	// version is of the files that are written. Those of version 1, which do not name it,
	// spell the names in another case, which encoding/json ignores.
	version = 2
	// maxRepos bounds the repositories that a file is believed to have.
	maxRepos = 50_000_000
)

// A file is JSON lines, compressed by gzip: a header, then a repo for each repository.
type header struct {
	Version int          `json:"version"`
	Org     string       `json:"org"`
	AsOf    history.AsOf `json:"as_of"`
	Repos   int          `json:"repos"`
}

// repo is what a listing says of a repository. A number that a file lacks, because an older
// version wrote it, is not known.
type repo struct {
	Repo repoName `json:"repo"`
	hub.Listing
}

// repoName is a history.Repo.
type repoName struct {
	Type history.RepoType `json:"type"`
	Name string           `json:"name"`
}

// write moves the repositories of l to a file of its own, wholly or not at all.
func (l *Listing) write(dir string) error {
	// The random part of the name keeps apart what two processes keep.
	name := filepath.Join(dir, fmt.Sprintf("%020d-%s-%016x%s", l.AsOf, url.PathEscape(strings.ToLower(l.Org)), rand.Uint64(), suffix))
	var size int64
	err := outfile.Replace(name, func(f *os.File) error {
		zip := gzip.NewWriter(f)
		enc := json.NewEncoder(zip)
		if err := enc.Encode(header{version, l.Org, l.AsOf, len(l.repos)}); err != nil {
			return err
		}
		for i := range l.repos {
			if err := enc.Encode(repo{repoName(l.repos[i].Repo), l.repos[i]}); err != nil {
				return err
			}
		}
		if err := zip.Close(); err != nil {
			return err
		}
		info, err := f.Stat()
		if err == nil {
			size = info.Size()
		}
		return err
	})
	if _, complete := errors.AsType[*outfile.UnsyncedError](err); err != nil && !complete {
		return err
	}
	l.file, l.bytes, l.repos = name, size, nil
	return err
}

// readDir returns what waits in a directory, which is made unless it exists.
func readDir(dir string, log *slog.Logger) ([]*Listing, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	names, err := filepath.Glob(filepath.Join(dir, "*"+suffix))
	if err != nil {
		return nil, err
	}
	var out []*Listing
	for _, name := range names {
		l := &Listing{file: name}
		if _, err := l.read(0); err != nil {
			log.Error("Cannot read a file of the queue; leaving it in place", "file", name, "err", err)
			continue
		}
		out = append(out, l)
	}
	return out, nil
}

// Repos returns the repositories of the listing.
func (l *Listing) Repos() ([]hub.Listing, error) {
	if l.file == "" {
		return l.repos, nil
	}
	return l.read(math.MaxInt)
}

// read reads the header of l's file and at most n of its repositories.
func (l *Listing) read(n int) ([]hub.Listing, error) {
	f, err := os.Open(l.file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	zip, err := gzip.NewReader(bufio.NewReader(f))
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(zip)
	var head header
	if err := d.Decode(&head); err != nil {
		return nil, err
	}
	if head.Version < 0 || head.Version > version {
		return nil, fmt.Errorf("expected a file of at most version %d, got version %d from a newer exporter", version, head.Version)
	}
	if head.Org == "" || head.Repos < 0 || head.Repos > maxRepos {
		return nil, fmt.Errorf("expected the listing of an organization, got %+v", head)
	}
	l.Org, l.AsOf, l.bytes = head.Org, head.AsOf, info.Size()
	var out []hub.Listing
	for range min(n, head.Repos) {
		r := repo{Listing: hub.NewListing(history.Repo{})}
		if err := d.Decode(&r); err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
		r.Listing.Repo = history.Repo(r.Repo)
		out = append(out, r.Listing)
	}
	return out, nil
}

// remove removes the file of l, if there is one.
func (l *Listing) remove(log *slog.Logger) {
	if l.file == "" {
		return
	}
	if err := os.Remove(l.file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		log.Error("Cannot delete a file of the queue; it will be stored again, which changes nothing", "err", err)
	}
}
