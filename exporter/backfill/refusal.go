package backfill

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/pushclient"
)

// advice is what to do about an answer.
type advice struct {
	status int
	words  []string // one of which the answer has, none for any answer
	text   string
}

const tooOld = "the receiver rejects samples that are this old, or older than its own; set" +
	" storage.tsdb.out_of_order_time_window in Prometheus, or the limit" +
	" out_of_order_time_window in Mimir and Cortex, to the length of the history; or use --to=openmetrics and promtool"

var advices = []advice{
	// Before the others: Prometheus calls it a sample that is out of order too.
	{http.StatusBadRequest, []string{"duplicate sample for timestamp"},
		"the receiver already has a different value for the same series and time, for example from an earlier backfill;" +
			" add a label with --label, or delete the existing samples"},
	{http.StatusBadRequest, []string{"out of bounds", "out of order", "too old", "too far in the past", "out-of-order", "too-old"},
		tooOld},
	{http.StatusNotFound, []string{"remote write receiver"},
		"start Prometheus with --web.enable-remote-write-receiver"},
	{http.StatusNotFound, nil, "the URL does not accept samples; check the path of --url and the type of receiver in --to"},
	{http.StatusMethodNotAllowed, nil, "the URL does not accept samples; check the path of --url"},
	{http.StatusUnauthorized, nil, "set credentials in the file of --http.config.file"},
	{http.StatusForbidden, nil, "the credentials in the file of --http.config.file have no write access"},
	{http.StatusRequestEntityTooLarge, nil, "the receiver, or a proxy in front of it, limits requests to less than about 5 MB; raise that limit"},
}

// refusal adds to an answer what to do about it.
func refusal(e *pushclient.Error) error {
	text := strings.ToLower(e.Message)
	for _, a := range advices {
		if a.status != e.Status {
			continue
		}
		if len(a.words) == 0 {
			return fmt.Errorf("%w\n%s", e, a.text)
		}
		for _, w := range a.words {
			if strings.Contains(text, w) {
				return fmt.Errorf("%w\n%s", e, a.text)
			}
		}
	}
	return e
}
