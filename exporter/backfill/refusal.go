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

const tooOld = "the receiver takes no samples that are as old as these, or older than others it has; a Prometheus does with" +
	" storage.tsdb.out_of_order_time_window in its configuration, Mimir and Cortex with the limit" +
	" out_of_order_time_window, as long as the history is; without that, use --to=openmetrics and promtool"

var advices = []advice{
	// Before the others: Prometheus calls it a sample that is out of order too.
	{http.StatusBadRequest, []string{"duplicate sample for timestamp"},
		"the receiver has another value of the same series at the same time already, as from an earlier backfill of other" +
			" records; give the series another label with --label, or delete what is there"},
	{http.StatusBadRequest, []string{"out of bounds", "out of order", "too old", "too far in the past", "out-of-order", "too-old"},
		tooOld},
	{http.StatusNotFound, []string{"remote write receiver"},
		"start Prometheus with --web.enable-remote-write-receiver"},
	{http.StatusNotFound, nil, "nothing takes samples there; see whether --url has the right path, and --to the right kind of receiver"},
	{http.StatusMethodNotAllowed, nil, "nothing takes samples there; see whether --url has the right path"},
	{http.StatusUnauthorized, nil, "give credentials in the file of --http.config.file"},
	{http.StatusForbidden, nil, "the credentials in the file of --http.config.file may not write there"},
	{http.StatusRequestEntityTooLarge, nil, "the receiver, or a proxy before it, limits requests to less than about 5 MB; raise that limit"},
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
