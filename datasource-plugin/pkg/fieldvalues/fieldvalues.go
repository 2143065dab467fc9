// Package fieldvalues gives the values of a data frame's field as the slice that
// they are kept in. A field has them one at a time, through two calls by interface
// each; over millions of rows of an export that is most of the time.
package fieldvalues

import (
	"unsafe"

	"github.com/grafana/grafana-plugin-sdk-go/data"
)

// Of returns the values of a field, which changes with the slice until it grows.
// T must be the type of its values, as int64 of data.FieldTypeInt64 and *int64 of
// data.FieldTypeNullableInt64; for another one it panics.
//
// A field is a slice of values by the documentation of data.NewField, and PointerAt
// gives the address of one of them: that of the first is where the slice begins.
func Of[T any](f *data.Field) []T {
	n := f.Len()
	if n == 0 {
		return nil
	}
	first, last := f.PointerAt(0).(*T), f.PointerAt(n-1).(*T)
	values := unsafe.Slice(first, n)
	if &values[n-1] != last {
		panic("the values of a data field do not follow each other in memory: package fieldvalues does not fit this version of the SDK")
	}
	return values
}
