package fieldvalues

import (
	"slices"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"
)

// The values are those of the field, at every row, and not a copy.
func TestOf(t *testing.T) {
	at := func(day int) time.Time { return time.Date(2026, 1, day, 0, 0, 0, 0, time.UTC) }
	n := func(v int64) *int64 { return &v }
	check(t, []string{"a", "b", "c"}, "x")
	check(t, []int64{1, 2, 3}, 9)
	check(t, []float64{1, 2.5, 3}, 9)
	check(t, []*int64{n(1), nil, n(3)}, nil)
	check(t, []time.Time{at(1), at(2), at(3)}, at(9))
	check(t, []uint8{1, 2, 3}, 9)
	check(t, []int64{}, 9)
	long := make([]int64, 10_000)
	for i := range long {
		long[i] = int64(i)
	}
	check(t, long, -1)
}

func check[T comparable](t *testing.T, values []T, other T) {
	t.Helper()
	f := data.NewField("x", nil, values)
	got := Of[T](f)
	if !slices.Equal(got, values) {
		t.Fatalf("%T: expected %v, got %v", values, values, got)
	}
	for i := range got {
		got[i] = other
		if f.At(i) != any(other) {
			t.Errorf("%T: expected row %d to change with the slice, got %v", values, i, f.At(i))
		}
	}
	// A field that was made longer and shorter again.
	f.Extend(3)
	f.Set(f.Len()-1, other)
	f.Delete(0)
	if got := Of[T](f); len(got) != f.Len() || got[len(got)-1] != other {
		t.Errorf("%T: expected %d values that end with %v, got %v", values, f.Len(), other, got)
	}
}

func TestOfAnotherType(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("expected a panic")
		}
	}()
	Of[string](data.NewField("x", nil, []int64{1}))
}
