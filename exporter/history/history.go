// Package history holds the words of publisher analytics - repository, day, record,
// filter, period - and what engines do with them: Reader answers, Appender stores.
//
// It imports nothing else of this project; everything else imports it.
package history

import "fmt"

// enum names the constants of a type: names[i] is that of the constant i, "" if there is
// no such constant.
type enum[T ~uint8] struct {
	kind, want string
	names      []string
}

func (e enum[T]) parse(s string) (T, error) {
	for i, name := range e.names {
		if name == s && s != "" {
			return T(i), nil
		}
	}
	return 0, fmt.Errorf("expected %s, got %q", e.want, s)
}

func (e enum[T]) name(v T) string {
	if int(v) < len(e.names) && e.names[v] != "" {
		return e.names[v]
	}
	return fmt.Sprintf("%s(%d)", e.kind, uint8(v))
}
