package framecsv

import (
	"math"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/huggingface-exporter/huggingface_exporter/datasource-plugin/pkg/fieldvalues"
)

// counter reads the number of a row: 0 or more, null, or notACount.
type counter func(i int) int64

const (
	null      int64 = -1
	notACount int64 = -2
)

// counterOf returns what reads the numbers of a field, nil if it has none that
// counts may be told in.
func counterOf(f *data.Field) counter {
	switch f.Type() {
	case data.FieldTypeInt8:
		return numbers(f, wholeOf[int8])
	case data.FieldTypeNullableInt8:
		return nullable(f, wholeOf[int8])
	case data.FieldTypeInt16:
		return numbers(f, wholeOf[int16])
	case data.FieldTypeNullableInt16:
		return nullable(f, wholeOf[int16])
	case data.FieldTypeInt32:
		return numbers(f, wholeOf[int32])
	case data.FieldTypeNullableInt32:
		return nullable(f, wholeOf[int32])
	case data.FieldTypeInt64:
		return numbers(f, wholeOf[int64])
	case data.FieldTypeNullableInt64:
		return nullable(f, wholeOf[int64])
	case data.FieldTypeUint8:
		return numbers(f, wholeOf[uint8])
	case data.FieldTypeNullableUint8:
		return nullable(f, wholeOf[uint8])
	case data.FieldTypeUint16:
		return numbers(f, wholeOf[uint16])
	case data.FieldTypeNullableUint16:
		return nullable(f, wholeOf[uint16])
	case data.FieldTypeUint32:
		return numbers(f, wholeOf[uint32])
	case data.FieldTypeNullableUint32:
		return nullable(f, wholeOf[uint32])
	case data.FieldTypeUint64:
		return numbers(f, wholeOf[uint64])
	case data.FieldTypeNullableUint64:
		return nullable(f, wholeOf[uint64])
	case data.FieldTypeFloat64:
		return numbers(f, wholeOfFloat)
	case data.FieldTypeNullableFloat64:
		return nullable(f, wholeOfFloat)
	}
	return nil
}

// integer is the types of numbers without a fraction.
type integer interface {
	int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64
}

func numbers[T any](f *data.Field, count func(T) int64) counter {
	values := fieldvalues.Of[T](f)
	return func(i int) int64 { return count(values[i]) }
}

func nullable[T any](f *data.Field, count func(T) int64) counter {
	values := fieldvalues.Of[*T](f)
	return func(i int) int64 {
		if values[i] == nil {
			return null
		}
		return count(*values[i])
	}
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
