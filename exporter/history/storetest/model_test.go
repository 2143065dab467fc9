package storetest

import (
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

func TestModel(t *testing.T) {
	Run(t, func(*testing.T) history.Store { return NewModel() })
}
