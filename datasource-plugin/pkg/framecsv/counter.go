package framecsv

import (
	"math"

	"github.com/grafana/grafana-plugin-sdk-go/data"
)

// counter reads a number of a field: 0 or more, null, or notACount.
type counter func(f *data.Field, i int) int64

const (
	null      int64 = -1
	notACount int64 = -2
)

// integer is the types of numbers without a fraction.
type integer interface {
	int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64
}

// counterOf returns what reads the numbers of a field, nil if it has none that
// counts may be told in.
func counterOf(f *data.Field) counter {
	switch f.Type() {
	case data.FieldTypeInt64:
		return countInt64
	case data.FieldTypeNullableInt64:
		return countNullableInt64
	case data.FieldTypeInt8:
		return countInteger[int8]
	case data.FieldTypeNullableInt8:
		return countNullable[int8]
	case data.FieldTypeInt16:
		return countInteger[int16]
	case data.FieldTypeNullableInt16:
		return countNullable[int16]
	case data.FieldTypeInt32:
		return countInteger[int32]
	case data.FieldTypeNullableInt32:
		return countNullable[int32]
	case data.FieldTypeUint8:
		return countInteger[uint8]
	case data.FieldTypeNullableUint8:
		return countNullable[uint8]
	case data.FieldTypeUint16:
		return countInteger[uint16]
	case data.FieldTypeNullableUint16:
		return countNullable[uint16]
	case data.FieldTypeUint32:
		return countInteger[uint32]
	case data.FieldTypeNullableUint32:
		return countNullable[uint32]
	case data.FieldTypeUint64:
		return countInteger[uint64]
	case data.FieldTypeNullableUint64:
		return countNullable[uint64]
	case data.FieldTypeFloat64:
		return countFloat
	case data.FieldTypeNullableFloat64:
		return countNullableFloat
	}
	return nil
}

// countInt64 and countNullableInt64 are countInteger and countNullable for the
// types that a data source tells counts in: twice as fast.
func countInt64(f *data.Field, i int) int64 {
	return wholeOf(*f.PointerAt(i).(*int64))
}

func countNullableInt64(f *data.Field, i int) int64 {
	p := *f.PointerAt(i).(**int64)
	if p == nil {
		return null
	}
	return wholeOf(*p)
}

func countInteger[T integer](f *data.Field, i int) int64 {
	return wholeOf(*f.PointerAt(i).(*T))
}

func countNullable[T integer](f *data.Field, i int) int64 {
	p := *f.PointerAt(i).(**T)
	if p == nil {
		return null
	}
	return wholeOf(*p)
}

func countFloat(f *data.Field, i int) int64 {
	return wholeOfFloat(*f.PointerAt(i).(*float64))
}

func countNullableFloat(f *data.Field, i int) int64 {
	p := *f.PointerAt(i).(**float64)
	if p == nil {
		return null
	}
	return wholeOfFloat(*p)
}

// wholeOf returns v as a count.
func wholeOf[T integer](v T) int64 {
	n := int64(v)
	if n < 0 {
		return notACount // negative, or a uint64 that is too large
	}
	return n
}

// wholeOfFloat returns v as a count.
func wholeOfFloat(v float64) int64 {
	if v >= 0 && v < 1<<63 && v == math.Trunc(v) {
		return int64(v)
	}
	return notACount
}
