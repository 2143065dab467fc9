package api

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// Version is the version of the API that this package speaks, as Status.API and the
// header Api-Version tell it. It rises when a client of an earlier one would misread an answer; another
// member of an answer does not count.
const Version = 1

// versionHeader tells the version of the API with every answer, so that a client
// need not ask for it first, and sees when the exporter was replaced by another.
const versionHeader = "Api-Version"

var versionText = strconv.Itoa(Version)

// Status says what answers, and how much it holds.
type Status struct {
	// API is the version of the API: 1.
	API int
	// Version is that of the exporter, "" if its build was not told.
	Version string
	// Revision names the present state of the history, as Options.Revision has it,
	// "" if there is none.
	Revision string
	// Repos is the number of repositories, Records of recorded days of all of them.
	Repos   int
	Records int64
	// Recorded runs from the first to the last recorded day. It is empty for an
	// empty history.
	Recorded history.Days
}

// statusJSON is the answer to statusRoute.
type statusJSON struct {
	API      int       `json:"api"`
	Version  string    `json:"version"`
	Revision *string   `json:"revision"`
	Repos    int       `json:"repos"`
	Records  int64     `json:"records"`
	Recorded *daysJSON `json:"recorded"`
}

func (a *handlers) status(w http.ResponseWriter, r *http.Request) error {
	if err := readParams(r.URL.RawQuery).done(); err != nil {
		return err
	}
	revision := a.revision()
	if a.notModified(w, r, revision, statusRoute) {
		return nil
	}
	o, err := a.store.Overview(r.Context(), history.OverviewQuery{Period: noDays})
	if err != nil {
		return err
	}
	sum := sumGroups(o.Groups)
	j := statusJSON{
		API: Version, Version: a.options.Version,
		Repos: sum.Repos, Records: sum.Records, Recorded: daysOf(o.Recorded),
	}
	if revision != "" {
		j.Revision = &revision
	}
	w.Header().Set("Content-Type", jsonType)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(j); err != nil {
		panic(http.ErrAbortHandler) // the client has gone
	}
	return nil
}

// Status asks the exporter what it is and how much it holds: a cheap question, to
// find out whether there is one. An answer that is an error is an *Error; exporters
// of before this route answer with 404.
func (c *Client) Status(ctx context.Context) (Status, error) {
	var j statusJSON
	if err := c.getJSON(ctx, statusRoute, nil, &j); err != nil {
		return Status{}, err
	}
	s := Status{API: j.API, Version: j.Version, Repos: j.Repos, Records: j.Records, Recorded: j.Recorded.days()}
	if j.Revision != nil {
		s.Revision = *j.Revision
	}
	return s, nil
}
