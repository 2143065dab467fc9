package config

// Storage says what keeps the history.
type Storage struct {
	// Engine names the engine. EngineEmbedded is the only one.
	Engine Engine `yaml:"engine"`
}

// Engine is the name of a storage engine.
type Engine string

// EngineEmbedded keeps the history in the folder of --storage.path.
const EngineEmbedded Engine = "embedded"

func defaultStorage() Storage { return Storage{Engine: EngineEmbedded} }

func (s *Storage) check(r reporter) {
	if s.Engine != EngineEmbedded {
		r.fault("storage.engine", "expected %q, got %q", EngineEmbedded, s.Engine)
	}
}
