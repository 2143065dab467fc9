package memtable_test

import (
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history/storetest"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
)

func TestStoreConforms(t *testing.T) {
	storetest.Run(t, func(*testing.T) storetest.Store { return memtable.NewStore() })
}
