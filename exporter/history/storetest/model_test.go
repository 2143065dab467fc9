package storetest

import (
	"testing"
)

func TestModel(t *testing.T) {
	Run(t, func(*testing.T) Store { return NewModel() })
}
