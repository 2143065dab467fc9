// Package connection is where the data source has its history from: an exporter,
// or the Hub itself.
//
// A connection is made of the settings of a data source. What it says of failures
// is meant for the people who look at a panel: one sentence with what is wrong and
// what to do. No password, token or header is in any of it.
package connection

import (
	"context"
	"net"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/log"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// Connection is one configured data source's way to a history. It may be used
// from several goroutines at once.
type Connection interface {
	// Reader answers queries about the history as it is now.
	//
	// The second result says what the user should know about the answers (that
	// they are of an older collection because the last one failed), "" for
	// nothing. The error says why there is no history at all; errors that
	// come from upstream are marked as backend.DownstreamError and wrap an
	// *Error.
	Reader(ctx context.Context) (history.Reader, string, error)
	// HubURL is where the Hub has the pages of repositories, for links.
	HubURL() string
	// Check says what was reached, or what is wrong and how to mend it.
	Check(ctx context.Context) Health
	// Close ends what runs in the background and returns when it has ended.
	Close()
}

// Open opens the connection that the settings of a data source describe. It
// reaches nothing yet. Errors say which setting is wrong.
func Open(ctx context.Context, s backend.DataSourceInstanceSettings) (Connection, error) {
	return open(ctx, s, surroundings{log: backend.Logger.With("datasource", s.Name, "uid", s.UID)})
}

// surroundings are what tests put something else in place of.
type surroundings struct {
	log log.Logger
	// dial connects to a network address; nil is the system's way.
	dial func(ctx context.Context, network, address string) (net.Conn, error)
}

func open(ctx context.Context, s backend.DataSourceInstanceSettings, around surroundings) (Connection, error) {
	parsed, err := parseSettings(ctx, s)
	if err != nil {
		return nil, err
	}
	if parsed.kind == kindHub {
		return newHub(parsed, around)
	}
	return newExporter(parsed, around)
}
