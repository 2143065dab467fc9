package config

import "path/filepath"

// Storage says what keeps the history.
type Storage struct {
	// Engine names the engine: EngineEmbedded or EngineVictoriaMetrics.
	Engine Engine `yaml:"engine"`
	// QueueBytes bounds what was collected and could not be stored yet; QueuePath is
	// the folder that keeps it, "" for memory.
	QueueBytes int    `yaml:"queue_bytes"`
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

// defaultQueueBytes holds a listing of a million repositories.
const defaultQueueBytes = 256 << 20

func defaultStorage() Storage {
	return Storage{Engine: EngineEmbedded, QueueBytes: defaultQueueBytes, VictoriaMetrics: defaultVictoriaMetrics()}
}

// Queue returns the folder of what waits to be stored, "" for memory. A relative one
// starts from that of the configuration.
func (s *Storage) Queue() string {
	if s.QueuePath == "" || filepath.IsAbs(s.QueuePath) {
		return s.QueuePath
	}
	return filepath.Join(s.VictoriaMetrics.dir, s.QueuePath)
}

func (s *Storage) check(r reporter) {
	if s.QueueBytes < 0 {
		r.fault("storage.queue_bytes", "expected a whole number from 0, got \"%d\"", s.QueueBytes)
	}
	if s.Engine != EngineEmbedded && s.Engine != EngineVictoriaMetrics {
		r.fault("storage.engine", "expected %q or %q, got %q", EngineEmbedded, EngineVictoriaMetrics, s.Engine)
	}
	s.VictoriaMetrics.check(r, s.Engine == EngineVictoriaMetrics)
}
