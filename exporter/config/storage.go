package config

import (
	"cmp"
	"errors"
	"net/url"

	"github.com/huggingface-exporter/huggingface_exporter/internal/httpx"
)

// Storage says what keeps the history.
type Storage struct {
	// Engine names the engine: EngineEmbedded or EngineVictoriaMetrics.
	Engine Engine `yaml:"engine" default:"embedded" oneof:"embedded victoriametrics"`
	// QueueBytes bounds what was collected and could not be stored yet, by default a
	// listing of a million repositories; QueuePath is the folder that keeps it, "" for
	// memory.
	QueueBytes int    `yaml:"queue_bytes" default:"268435456" min:"0"`
	QueuePath  string `yaml:"queue_path"`
	// VictoriaMetrics is how that engine is reached.
	VictoriaMetrics VictoriaMetrics `yaml:"victoriametrics"`
}

// Engine is the name of a storage engine.
type Engine string

const (
	// EngineEmbedded keeps the history in the folder of --storage.path.
	EngineEmbedded Engine = "embedded"
	// EngineVictoriaMetrics keeps it in a VictoriaMetrics, a single node or a
	// cluster.
	EngineVictoriaMetrics Engine = "victoriametrics"
)

// Embedded reports whether the history is in the folder of --storage.path.
func (s *Storage) Embedded() bool { return s.Engine == "" || s.Engine == EngineEmbedded }

// StateDir returns the folder for files that are not the history itself: path if the history is
// embedded, otherwise the folder of queues; "" for none.
func (s *Storage) StateDir(path string) string {
	if s.Embedded() {
		return path
	}
	return s.QueuePath
}

// VictoriaMetrics says how the engine of that name is reached.
type VictoriaMetrics struct {
	// InsertURL and SelectURL are what the routes of the import and the export are
	// below. Without a SelectURL it is the InsertURL.
	InsertURL string `yaml:"insert_url" url:"http://localhost:8428"`
	SelectURL string `yaml:"select_url" url:"http://localhost:8428"`
	// FlushURL, that of a single node, and FlushURLs, those of the storage nodes of a
	// cluster, make what was written visible; without any an append waits for Visible.
	FlushURL  string   `yaml:"flush_url" url:"http://localhost:8428"`
	FlushURLs []string `yaml:"flush_urls" url:"http://localhost:8428" want:"a URL like http://localhost:8428"`
	Visible   Duration `yaml:"visible" default:"5s" min:"1s"`
	// History tells several histories in one engine apart.
	History string `yaml:"history" default:"default" want:"the name of a history"`
	// Timeout bounds a write, RetryFor how long it is tried again.
	Timeout  Duration `yaml:"timeout" default:"1m" min:"1s"`
	RetryFor Duration `yaml:"retry_for" default:"5m" min:"1s"`
	// BatchBytes is about how much text a write has before it is compressed.
	BatchBytes int     `yaml:"batch_bytes" default:"4194304" min:"65536" max:"67108864"`
	HTTP       HTTP    `yaml:",inline"`
	OldHTTP    OldHTTP `yaml:",inline"`
}

func (s *Storage) complete(d *decoder) {
	s.QueuePath = d.path(s.QueuePath)
	const path = "storage.victoriametrics"
	v := &s.VictoriaMetrics
	v.OldHTTP.moveTo(&v.HTTP, d, path)
	v.HTTP.complete(d, path)
	if s.Engine == EngineVictoriaMetrics && v.InsertURL == "" {
		d.fault(path+".insert_url", "expected a URL like %s, got none", exampleURL)
	}
}

const exampleURL = "http://localhost:8428"

// URLs returns what to write to, to read from, and to ask for visibility, which may
// be none. The configuration has been checked.
func (v *VictoriaMetrics) URLs() (insert, query *url.URL, flush []*url.URL, err error) {
	insert, err1 := httpx.ParseURL(v.InsertURL, exampleURL, "/")
	query, err2 := httpx.ParseURL(cmp.Or(v.SelectURL, v.InsertURL), exampleURL, "/")
	errs := []error{err1, err2}
	for _, text := range append([]string{v.FlushURL}, v.FlushURLs...) {
		if text != "" {
			u, err := httpx.ParseURL(text, exampleURL, "/internal/force_flush")
			flush, errs = append(flush, u), append(errs, err)
		}
	}
	return insert, query, flush, errors.Join(errs...)
}
