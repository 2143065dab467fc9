package hubsync

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hub"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubsync/differ"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubsync/plausible"
	"github.com/huggingface-exporter/huggingface_exporter/internal/outfile"
)

// doubts are what is doubted of an organization: a doubt for each route of the Hub, and those
// of ReasonTime and ReasonLastMonth. They outlive the process if there is a file for them:
// else a doubt begins anew, and a command that a scheduler runs never comes to believe.
type doubts struct {
	file  string // "" for none
	log   *slog.Logger
	all   map[string]*plausible.Doubt
	saved []byte
}

// newDoubts reads what an earlier process left in a file.
func newDoubts(file string, log *slog.Logger) *doubts {
	d := &doubts{file: file, log: log, all: make(map[string]*plausible.Doubt)}
	if file == "" {
		return d
	}
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return d
	}
	if err == nil {
		err = json.Unmarshal(text, &d.all)
	}
	if err != nil {
		log.Warn("Cannot read the state of implausible responses: starting over", "file", file, "err", err)
	}
	if err != nil || d.all == nil {
		d.all = make(map[string]*plausible.Doubt)
	}
	d.saved = text
	return d
}

// of returns the doubt of a route or reason.
func (d *doubts) of(key any) *plausible.Doubt {
	name := fmt.Sprint(key)
	if d.all[name] == nil {
		d.all[name] = new(plausible.Doubt)
	}
	return d.all[name]
}

// save writes the doubts to their file, which is there only while there are any.
func (d *doubts) save() {
	if d.file == "" {
		return
	}
	for key, doubt := range d.all {
		if doubt == nil || doubt.Since.IsZero() {
			delete(d.all, key)
		}
	}
	var text []byte
	var err error
	if len(d.all) > 0 {
		text, err = json.Marshal(d.all)
	}
	switch {
	case err != nil || bytes.Equal(text, d.saved):
	case text == nil:
		if err = os.Remove(d.file); errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
	default:
		err = outfile.Replace(d.file, func(f *os.File) error {
			_, err := f.Write(text)
			return err
		})
	}
	if err != nil {
		d.log.Warn("Cannot store the state of implausible responses: a restart will start over", "file", d.file, "err", err)
		return
	}
	d.saved = text
}

// asOf returns the time of the last answer of a route, cut to whole seconds as the Hub gives
// it.
func (c *Collector) asOf(ctx context.Context, route hub.Route) (time.Time, error) {
	at, doubt := c.Clock.Now(c.doubts.of(plausible.ReasonTime), func() time.Time {
		known, err := c.known(ctx, nil)
		if err != nil {
			return time.Time{} // a store that is away proves nothing
		}
		return newest(known)
	})
	return at.Truncate(time.Second), c.believe(route, doubt)
}

// newest returns the newest time of what is known.
func newest(k differ.Known) time.Time {
	var newest history.AsOf
	for _, m := range k.ByRepo {
		for g := range history.NumMetaGroups {
			newest = max(newest, *g.AsOf(&m))
		}
	}
	return newest.Time()
}

// believe returns the error of an answer that is implausible, unless that has lasted or is
// accepted.
func (c *Collector) believe(route hub.Route, doubt *plausible.Error) error {
	switch {
	case doubt == nil:
		return nil
	case doubt.Believed:
		c.Log.Warn("Accepted an implausible response: responses have agreed for a day", "route", route, "reason", doubt.Reason, "err", doubt.What)
	case c.Accept:
		c.Log.Warn("Accepted an implausible response", "route", route, "reason", doubt.Reason, "err", doubt.What)
	default:
		doubt.Of = fmt.Sprintf("%s of %q", route, c.Org)
		return doubt
	}
	return nil
}
