package storetest

import (
	"testing"
)

func TestModel(t *testing.T) {
	RunShort(t, func(*testing.T) Store { return NewModel() })
}
