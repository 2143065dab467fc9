package connection

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/textenc"
)

// Health is the outcome of a check.
type Health struct {
	OK bool
	// Message is one sentence for the user.
	Message string
	// Details are for machines and for the curious.
	Details Details
}

// Details are the JSON details of a health check. What is not known is left out.
type Details struct {
	// Connection is exporter or hub, URL where that is.
	Connection string `json:"connection"`
	URL        string `json:"url,omitempty"`
	// Organization is that of a connection to the Hub.
	Organization string `json:"organization,omitempty"`
	// Version is that of the exporter; Revision names the state of its history.
	Version  string `json:"version,omitempty"`
	Revision string `json:"revision,omitempty"`
	// Repos and Records count what the history holds.
	Repos   int   `json:"repos"`
	Records int64 `json:"records"`
	// FirstDay and LastDay are the ends of the recorded days, like "2021-01-22".
	FirstDay string `json:"firstDay,omitempty"`
	LastDay  string `json:"lastDay,omitempty"`
	// CollectedAt is when the history was read from the Hub, NextRefresh when that
	// is done next. MemoryBytes is what it takes in the plugin.
	CollectedAt time.Time `json:"collectedAt,omitzero"`
	NextRefresh time.Time `json:"nextRefresh,omitzero"`
	MemoryBytes int64     `json:"memoryBytes,omitempty"`
	// Error is what is wrong.
	Error *Error `json:"error,omitempty"`
}

// holds notes the size of a history.
func (d *Details) holds(repos int, records int64, recorded *history.Days) {
	d.Repos, d.Records = repos, records
	if recorded != nil && recorded.Len() > 0 {
		d.FirstDay, d.LastDay = recorded.From.String(), recorded.To.String()
	}
}

// size tells the size of a history in words.
func (d *Details) size() string {
	if d.LastDay == "" {
		return "it has no downloads yet"
	}
	return fmt.Sprintf("%s and %s of downloads, up to %s", textenc.Repositories(d.Repos), textenc.Records(d.Records), d.LastDay)
}

// fails returns the outcome of a check that found err.
func (d Details) fails(err error) Health {
	var ok bool
	if d.Error, ok = errors.AsType[*Error](err); !ok {
		d.Error = &Error{Kind: KindTimeout, Text: err.Error()}
	}
	return Health{Message: sentence(d.Error.Text), Details: d}
}

// sentence begins a text with a capital letter, unless that is a URL, and ends it
// with a full stop.
func sentence(text string) string {
	if text == "" {
		return ""
	}
	if first := text[0]; first >= 'a' && first <= 'z' && !strings.HasPrefix(text, "http") {
		text = string(first-'a'+'A') + text[1:]
	}
	if last := text[len(text)-1]; last != '.' && last != '!' && last != '?' {
		text += "."
	}
	return text
}
