package promapi

import (
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/huggingface-exporter/huggingface_exporter/internal/textenc"
)

// parseTime reads seconds since 1970 or RFC 3339.
func parseTime(params url.Values, name string, def time.Time) (time.Time, error) {
	s := params.Get(name)
	if s == "" {
		return def, nil
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil && math.Abs(f) < 1<<43 {
		return time.UnixMilli(int64(math.Round(f * 1000))).UTC(), nil
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return t, badData("%s: expected seconds since 1970 or a time like 2024-05-01T12:00:00Z, got %s", name, textenc.Quote(s))
	}
	return t, nil
}

// parseDuration reads seconds, or a duration like 1d.
func parseDuration(name, s string) (time.Duration, error) {
	if f, err := strconv.ParseFloat(s, 64); err == nil && math.Abs(f) < math.MaxInt64/float64(time.Second) {
		return time.Duration(f * float64(time.Second)), nil
	}
	d, err := model.ParseDuration(s)
	if err != nil {
		return 0, badData("%s: expected seconds or a duration like 1d, got %s", name, textenc.Quote(s))
	}
	return time.Duration(d), nil
}

func parseLimit(params url.Values) (int, error) {
	s := params.Get("limit")
	if s == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(strings.TrimSpace(s))
	if err != nil || n < 0 {
		return 0, badData("limit: expected a whole number, got %s", textenc.Quote(s))
	}
	return n, nil
}
