package wire

import (
	"fmt"
	"net/url"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/textenc"
)

// PictureFormat is how a badge or chart is written.
type PictureFormat string

// The formats. JSON is for the endpoint badge of shields.io.
const (
	JSON PictureFormat = "json"
	SVG  PictureFormat = "svg"
	PNG  PictureFormat = "png"
)

// String returns the format.
func (f PictureFormat) String() string { return string(f) }

// Types are the media types of the formats.
var Types = map[PictureFormat]string{JSON: JSONType, SVG: "image/svg+xml; charset=utf-8", PNG: "image/png"}

// The sizes of pictures in pixels, and the bounds that keep drawing them cheap.
const (
	minWidth, maxWidth   = 240, 1600
	minHeight, maxHeight = 120, 800
)

// MaxScale is the most pixels of a PNG for each pixel of its width and height.
const MaxScale = 3

// maxChartScale is that of charts, which have many more pixels.
const maxChartScale = 2

// BadgeQuery asks for a badge.
type BadgeQuery struct {
	Filter history.Filter
	Period history.Period
	Label  string
	Color  string // "" for the one that suits the message
	Format PictureFormat
	// Scale is how many pixels a PNG has for each pixel of its width and height.
	Scale int
}

// ChartQuery asks for a chart of the downloads of each day.
type ChartQuery struct {
	Filter        history.Filter
	Period        history.Period
	Title         string // "" for one that says what the chart is of
	Theme         Theme
	Width, Height int
	Scale         int // as in BadgeQuery
}

// Theme is the colors of a chart.
type Theme string

// The themes.
const (
	Light Theme = "light"
	Dark  Theme = "dark"
)

// String returns the theme.
func (t Theme) String() string { return string(t) }

// oneOf reads one of a few texts.
func oneOf[T ~string](values ...T) func(string) (T, error) {
	return func(s string) (T, error) {
		var names []string
		for _, v := range values {
			if T(s) == v {
				return v, nil
			}
			names = append(names, string(v))
		}
		return values[0], fmt.Errorf("expected %s, got %q", textenc.Alternatives(names), s)
	}
}

var (
	// Badge is of BadgeRoute.
	Badge = append(selection(func(q *BadgeQuery) *history.Filter { return &q.Filter }),
		period(func(q *BadgeQuery) *history.Period { return &q.Period }),
		field[BadgeQuery]{readLabel, writeLabel},
		text("color", func(q *BadgeQuery) *string { return &q.Color }),
		word("format", JSON, oneOf(JSON, SVG, PNG), func(q *BadgeQuery) *PictureFormat { return &q.Format }),
		number("scale", 1, 1, MaxScale, func(q *BadgeQuery) *int { return &q.Scale }),
	)

	// Chart is of the routes of charts.
	Chart = append(selection(func(q *ChartQuery) *history.Filter { return &q.Filter }),
		period(func(q *ChartQuery) *history.Period { return &q.Period }),
		text("title", func(q *ChartQuery) *string { return &q.Title }),
		word("theme", Light, oneOf(Light, Dark), func(q *ChartQuery) *Theme { return &q.Theme }),
		number("width", 800, minWidth, maxWidth, func(q *ChartQuery) *int { return &q.Width }),
		number("height", 300, minHeight, maxHeight, func(q *ChartQuery) *int { return &q.Height }),
		number("scale", 1, 1, maxChartScale, func(q *ChartQuery) *int { return &q.Scale }),
	)
)

// DefaultLabel is the label of badges.
const DefaultLabel = "downloads"

// readLabel reads the label. An empty one is none, unlike one that is not given.
func readLabel(p *params, q *BadgeQuery) {
	q.Label = DefaultLabel
	if s, ok := p.single("label"); ok {
		q.Label = s
	}
}

func writeLabel(v url.Values, q *BadgeQuery) {
	if q.Label != DefaultLabel {
		v.Set("label", q.Label)
	}
}
