package synthetic

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

func TestWrite(t *testing.T) {
	for _, order := range []history.Order{history.OrderTime, history.OrderRepo} {
		o := Options{Repos: 12, Days: 30, Seed: 4, Org: "some-org", Order: order}
		var want strings.Builder
		want.WriteString("repoType,repoName,total,timestamp,downloads\n")
		for _, r := range collect(t, o) {
			fmt.Fprintf(&want, "%s,%s,%d,%sT00:00:00.000Z,%d\n", r.Repo.Type, r.Repo.Name, r.Total, r.Day, r.Downloads)
		}
		var got bytes.Buffer
		if err := Write(&got, o); err != nil {
			t.Fatal(err)
		}
		if got.String() != want.String() {
			t.Errorf("order %s: the text differs from the records", order)
		}
	}
}

func TestWriteRefusesBadOptions(t *testing.T) {
	var b bytes.Buffer
	if err := Write(&b, Options{Repos: 1}); err == nil || b.Len() > 0 {
		t.Errorf("expected an error and no text, got %v and %d bytes", err, b.Len())
	}
}

// fullDisk takes some bytes and then no more.
type fullDisk struct{ left int }

var errFull = errors.New("disk full")

func (f *fullDisk) Write(b []byte) (int, error) {
	n := min(len(b), f.left)
	if f.left -= n; n < len(b) {
		return n, errFull
	}
	return n, nil
}

func TestWriteEndsWithItsWriter(t *testing.T) {
	if err := Write(&fullDisk{left: 1000}, Options{Repos: 200, Days: 1000}); !errors.Is(err, errFull) {
		t.Errorf("expected the error of the writer, got %v", err)
	}
}
