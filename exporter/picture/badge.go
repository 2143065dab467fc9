package picture

import (
	"context"
	"encoding/json"
	"fmt"
	"image/color"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/api/wire"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/textenc"
)

// maxLabel is the most characters of a label or title.
const maxLabel = 64

// Badge is two short texts side by side.
type Badge struct {
	// Label is the left text, "" for none, Message the right one.
	Label, Message string
	Color          Color
	// IsError says that the message is not a number.
	IsError bool
}

// Color is a color and how shields.io writes it.
type Color struct {
	Name string // or six or three hexadecimal digits
	color.NRGBA
}

// colors are the names that shields.io has for colors.
var colors = map[string]uint32{
	"brightgreen": 0x44cc11, "green": 0x97ca00, "yellow": 0xdfb317, "yellowgreen": 0xa4a61d, "orange": 0xfe7d37,
	"red": 0xe05d44, "blue": 0x007ec6, "grey": 0x555555, "gray": 0x555555, "lightgrey": 0x9f9f9f, "lightgray": 0x9f9f9f,
	"success": 0x44cc11, "important": 0xfe7d37, "critical": 0xe05d44, "informational": 0x007ec6, "inactive": 0x9f9f9f,
}

// ParseColor reads a color as shields.io does: one of its names, or three or six hexadecimal
// digits. "" is blue.
func ParseColor(s string) (Color, error) {
	name := strings.ToLower(s)
	if name == "" {
		name = "blue"
	}
	if rgb, ok := colors[name]; ok {
		return Color{name, rgbOf(rgb)}, nil
	}
	digits := name
	if len(digits) == 3 {
		digits = string([]byte{name[0], name[0], name[1], name[1], name[2], name[2]})
	}
	rgb, err := strconv.ParseUint(digits, 16, 32)
	if err != nil || len(digits) != 6 {
		return Color{}, fmt.Errorf("expected a color of shields.io like blue or brightgreen, or hexadecimal digits like 4c1 or 007ec6, got %s", textenc.Quote(s))
	}
	return Color{name, rgbOf(uint32(rgb))}, nil
}

func rgbOf(rgb uint32) color.NRGBA {
	return color.NRGBA{R: uint8(rgb >> 16), G: uint8(rgb >> 8), B: uint8(rgb), A: 255}
}

// CheckLabel returns an error if a text cannot be a label or title, of a PNG if it is of one.
func CheckLabel(label string, isPNG bool) error {
	want := history.WantOfName(label)
	switch {
	case utf8.RuneCountInString(label) > maxLabel:
		want = fmt.Sprintf("at most %d characters", maxLabel)
	case want == "" && isPNG && undrawable(label) != "":
		return fmt.Errorf("expected characters that the font of PNG pictures has, got %s in %s; use SVG", textenc.Quote(undrawable(label)), textenc.Quote(label))
	}
	if want != "" {
		return fmt.Errorf("expected %s, got %s", want, textenc.Quote(label))
	}
	return nil
}

// CountBadge returns the badge of the downloads of repositories in a period: of all time what
// the Hub says, otherwise the sum of the days. It has no label yet.
func CountBadge(ctx context.Context, store history.Reader, f history.Filter, p history.Period) (Badge, error) {
	o, err := store.Overview(ctx, history.OverviewQuery{Filter: f, Period: p})
	if err != nil {
		return Badge{}, err
	}
	if len(o.Groups) == 0 {
		return NotFound(), nil
	}
	g := o.Groups[0]
	n, known, suffix := g.Downloads, g.Records > 0 && o.Days.Len() > 0, ""
	switch p.Kind {
	case history.LastMonth:
		suffix = "/month"
	case history.AllTime:
		if g.Total > 0 {
			n, known = g.Total, true
		}
		if !known {
			// A total of 0 is not one that nobody knows.
			page, err := store.Repos(ctx, history.ReposQuery{Filter: f, Period: p, Sort: history.SortTotal, Limit: 1})
			if err != nil {
				return Badge{}, err
			}
			known = len(page.Rows) > 0 && page.Rows[0].Total != history.Unknown
		}
	}
	if !known {
		return failed("no data", "lightgrey"), nil
	}
	return Badge{Message: textenc.Short(n) + suffix, Color: named("blue")}, nil
}

// NotFound is the badge of repositories of which there are none.
func NotFound() Badge { return failed("not found", "red") }

func failed(message, color string) Badge {
	return Badge{Message: message, Color: named(color), IsError: true}
}

func named(name string) Color { return Color{name, rgbOf(colors[name])} }

// Write writes the badge in a format, a PNG with scale pixels for one.
func (b *Badge) Write(w io.Writer, format wire.PictureFormat, scale int) error {
	switch format {
	case wire.SVG:
		return b.writeSVG(w)
	case wire.PNG:
		return b.writePNG(w, scale)
	}
	return b.writeJSON(w)
}

// writeJSON writes the badge for the endpoint badge of shields.io.
func (b *Badge) writeJSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(struct {
		SchemaVersion int    `json:"schemaVersion"`
		Label         string `json:"label"`
		Message       string `json:"message"`
		Color         string `json:"color"`
		IsError       bool   `json:"isError,omitempty"`
	}{1, b.Label, b.Message, b.Color.Name, b.IsError})
}

// badgeHeight, badgeFont and the like are those of shields.io's flat style, in pixels.
const (
	badgeHeight  = 20
	badgeFont    = 11
	badgeCorner  = 3
	badgePadding = 5
	badgeText    = 14 // the baseline, the shadow is a pixel lower
)

var (
	labelColor = rgbOf(0x555555)
	// The gloss from the top to the bottom.
	glossTop    = color.NRGBA{0xbb, 0xbb, 0xbb, 26}
	glossBottom = color.NRGBA{0, 0, 0, 26}
)

// half is a half of a badge.
type half struct {
	text         string
	x, width     int // of the half
	textWidth    int
	fill         color.NRGBA
	ink, shadow  color.NRGBA
	textMiddle10 int // in tenths of pixels
}

// halves are those that have a text.
func (b *Badge) halves() (halves []half, width int) {
	for i, text := range []string{b.Label, b.Message} {
		if text == "" {
			continue
		}
		h := half{text: text, x: width, fill: b.Color.NRGBA}
		if i == 0 {
			h.fill = labelColor
		}
		h.textWidth = int(textWidth(badgeFont, text)) | 1 // an odd width is on the grid of pixels more often
		h.width = h.textWidth + 2*badgePadding
		h.ink, h.shadow = inks(h.fill)
		h.textMiddle10 = 10*(h.x+badgePadding) + 5*h.textWidth
		switch {
		case i == 0:
			h.textMiddle10 += 10 // the texts are a little closer to each other
		case len(halves) > 0:
			h.textMiddle10 -= 10
		}
		halves = append(halves, h)
		width += h.width
	}
	return halves, width
}

// inks are the colors of a text and its shadow that can be read on a color.
func inks(on color.NRGBA) (ink, shadow color.NRGBA) {
	const bright = 0.69
	brightness := (float64(on.R)*299 + float64(on.G)*587 + float64(on.B)*114) / 255000
	ink, shadow = rgbOf(0xffffff), rgbOf(0x010101)
	if brightness > bright {
		ink, shadow = rgbOf(0x333333), rgbOf(0xcccccc)
	}
	shadow.A = 77
	return ink, shadow
}

// alt is the badge as text.
func (b *Badge) alt() string {
	if b.Label == "" {
		return b.Message
	}
	return b.Label + ": " + b.Message
}

func (b *Badge) writeSVG(w io.Writer) error {
	halves, width := b.halves()
	s := newSVG(width, badgeHeight, b.alt())
	fmt.Fprintf(s, `<linearGradient id="g" x2="0" y2="100%%"><stop offset="0" stop-color="#bbb" stop-opacity=".1"/><stop offset="1" stop-opacity=".1"/></linearGradient>`+
		`<clipPath id="c"><rect width="%d" height="%d" rx="%d" fill="#fff"/></clipPath><g clip-path="url(#c)">`, width, badgeHeight, badgeCorner)
	for _, h := range halves {
		s.box(float64(h.x), 0, float64(h.width), badgeHeight, 0, h.fill)
	}
	fmt.Fprintf(s, `<rect width="%d" height="%d" fill="url(#g)"/></g><g text-anchor="middle" font-size="%d" text-rendering="geometricPrecision">`,
		width, badgeHeight, 10*badgeFont)
	for _, h := range halves {
		// In tenths, as browsers round the sizes of text.
		text := func(attributes string, baseline int, ink color.NRGBA) {
			fmt.Fprintf(s, `<text%s x="%d" y="%d" transform="scale(.1)"%s textLength="%d">%s</text>`,
				attributes, h.textMiddle10, 10*baseline, paint(ink), 10*h.textWidth, escape(h.text))
		}
		text(` aria-hidden="true"`, badgeText+1, h.shadow)
		text("", badgeText, h.ink)
	}
	s.WriteString("</g>")
	_, err := w.Write(s.close())
	return err
}

func (b *Badge) writePNG(w io.Writer, scale int) error {
	halves, width := b.halves()
	return writePNG(w, width, badgeHeight, scale, func(r *raster) {
		flat := newRaster(width, badgeHeight, scale)
		for _, h := range halves {
			flat.box(float64(h.x), 0, float64(h.width), badgeHeight, 0, h.fill)
		}
		rows := r.Bounds().Dy()
		for y := range rows {
			at := (float64(y) + 0.5) / float64(rows)
			mix := func(a, b uint8) uint8 { return uint8(math.Round(float64(a)*(1-at) + float64(b)*at)) }
			gloss := color.NRGBA{mix(glossTop.R, glossBottom.R), mix(glossTop.G, glossBottom.G), mix(glossTop.B, glossBottom.B), glossTop.A}
			flat.box(0, float64(y)/r.scale, float64(width), 1/r.scale, 0, gloss)
		}
		r.fill(0, 0, float64(width), badgeHeight, badgeCorner, flat.RGBA)
		for _, h := range halves {
			x := float64(h.textMiddle10) / 10
			r.text(x, badgeText+1, badgeFont, middle, h.text, h.shadow)
			r.text(x, badgeText, badgeFont, middle, h.text, h.ink)
		}
	})
}
