package config

// Storage says what keeps the history.
type Storage struct {
	// Engine names the engine: EngineEmbedded or EngineVictoriaMetrics.
	Engine Engine `yaml:"engine"`
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

func defaultStorage() Storage {
	return Storage{Engine: EngineEmbedded, VictoriaMetrics: defaultVictoriaMetrics()}
}

func (s *Storage) check(r reporter) {
	if s.Engine != EngineEmbedded && s.Engine != EngineVictoriaMetrics {
		r.fault("storage.engine", "expected %q or %q, got %q", EngineEmbedded, EngineVictoriaMetrics, s.Engine)
	}
	s.VictoriaMetrics.check(r, s.Engine == EngineVictoriaMetrics)
}
