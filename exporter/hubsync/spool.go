package hubsync

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/gzip"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hub"
)

// A spooled listing is a file of JSON lines, packed with gzip: a spoolHead, then a
// hub.Listing for each repository.
const spoolSuffix = ".listing.json.gz"

type spoolHead struct {
	Org   string       `json:"org"`
	AsOf  history.AsOf `json:"as_of"`
	Repos int          `json:"repos"`
}

// spool writes w to a file of its own, wholly or not at all.
func (w *waiting) spool(dir string) (err error) {
	f, err := os.CreateTemp(dir, ".*.tmp")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.Close(), os.Remove(f.Name()))
		}
	}()
	zip := gzip.NewWriter(f)
	enc := json.NewEncoder(zip)
	if err := enc.Encode(spoolHead{w.org, w.asOf, len(w.all)}); err != nil {
		return err
	}
	for i := range w.all {
		if err := enc.Encode(&w.all[i]); err != nil {
			return err
		}
	}
	if err := zip.Close(); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		return err
	}
	// The part of the name that is random keeps apart what two processes keep.
	random := strings.TrimSuffix(filepath.Base(f.Name())[1:], ".tmp")
	name := filepath.Join(dir, fmt.Sprintf("%020d-%s-%s%s", w.asOf, url.PathEscape(strings.ToLower(w.org)), random, spoolSuffix))
	if err := os.Rename(f.Name(), name); err != nil {
		return err
	}
	w.file, w.bytes = name, info.Size()
	return f.Close()
}

// listSpool returns what waits in a folder.
func listSpool(dir string, log *slog.Logger) ([]*waiting, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*"+spoolSuffix))
	if err != nil {
		return nil, err
	}
	var out []*waiting
	for _, name := range names {
		w := &waiting{file: name}
		if _, err := w.read(0); err != nil {
			log.Error("A file of what waits to be stored cannot be read, and is left alone", "file", name, "err", err)
			continue
		}
		out = append(out, w)
	}
	return out, nil
}

// maxSpooled bounds the repositories that a file is believed to have.
const maxSpooled = 50_000_000

// read reads at most so many listings of the file of w, and what w is.
func (w *waiting) read(most int) ([]hub.Listing, error) {
	f, err := os.Open(w.file)
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
	var head spoolHead
	if err := d.Decode(&head); err != nil {
		return nil, err
	}
	if head.Org == "" || head.Repos < 0 || head.Repos > maxSpooled {
		return nil, fmt.Errorf("expected the listing of an organisation, got %+v", head)
	}
	w.org, w.asOf, w.bytes = head.Org, head.AsOf, info.Size()
	var out []hub.Listing
	for range min(most, head.Repos) {
		var l hub.Listing
		if err := d.Decode(&l); err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
		out = append(out, l)
	}
	return out, nil
}

// listings returns what w tells.
func (w *waiting) listings() ([]hub.Listing, error) {
	if w.file == "" {
		return w.all, nil
	}
	return w.read(maxSpooled)
}

// forget removes the file of w, if there is one.
func (w *waiting) forget(log *slog.Logger) {
	if w.file == "" {
		return
	}
	if err := os.Remove(w.file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		log.Error("A file of what was stored cannot be removed; it will be stored again, which changes nothing", "err", err)
	}
}
