package picture

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"runtime"
	"strings"

	"golang.org/x/image/font"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
)

// canvas is what pictures are drawn on, in pixels of a screen of the usual density.
type canvas interface {
	// box fills a rectangle with rounded corners.
	box(x, y, width, height, radius float64, fill color.NRGBA)
	// text writes a line of text that begins, has its middle or ends at x.
	text(x, baseline, size float64, at anchor, text string, fill color.NRGBA)
}

type anchor string

const (
	start  anchor = "start"
	middle anchor = "middle"
	end    anchor = "end"
)

// svg writes SVG. Colors are attributes, not styles, so that it shows under any
// Content-Security-Policy.
type svg struct{ bytes.Buffer }

// newSVG begins a picture that reads as title to those who cannot see it.
func newSVG(width, height int, title string) *svg {
	s := new(svg)
	fmt.Fprintf(s, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %[1]d %[2]d" font-family="%[4]s" role="img" aria-label="%[3]s"><title>%[3]s</title>`,
		width, height, escape(title), families)
	return s
}

func (s *svg) close() []byte {
	s.WriteString("</svg>\n")
	return s.Bytes()
}

func (s *svg) box(x, y, width, height, radius float64, fill color.NRGBA) {
	fmt.Fprintf(s, `<rect x="%s" y="%s" width="%s" height="%s"`, decimal(x), decimal(y), decimal(width), decimal(height))
	if radius > 0 {
		fmt.Fprintf(s, ` rx="%s"`, decimal(radius))
	}
	fmt.Fprintf(s, "%s/>", paint(fill))
}

func (s *svg) text(x, baseline, size float64, at anchor, text string, fill color.NRGBA) {
	fmt.Fprintf(s, `<text x="%s" y="%s" font-size="%s" text-anchor="%s"%s>%s</text>`,
		decimal(x), decimal(baseline), decimal(size), at, paint(fill), escape(text))
}

// paint is the attributes of a color.
func paint(c color.NRGBA) string {
	attributes := ` fill="` + hex(c) + `"`
	if c.A < 255 {
		attributes += fmt.Sprintf(` fill-opacity="%.2g"`, float64(c.A)/255)
	}
	return attributes
}

func hex(c color.NRGBA) string { return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B) }

// decimal writes a number with at most two digits after the point.
func decimal(f float64) string {
	return strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%.2f", f), "0"), ".")
}

// escape writes text for XML, characters that XML does not allow replaced.
func escape(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a Builder takes all
	return b.String()
}

// raster draws pixels, scale of them for one.
type raster struct {
	*image.RGBA
	scale float64
	shape vector.Rasterizer
}

func newRaster(width, height, scale int) *raster {
	return &raster{RGBA: image.NewRGBA(image.Rect(0, 0, width*scale, height*scale)), scale: float64(scale)}
}

func (r *raster) box(x, y, width, height, radius float64, fill color.NRGBA) {
	r.fill(x, y, width, height, radius, image.NewUniform(fill))
}

// fill fills a rectangle with rounded corners with what an image has there.
func (r *raster) fill(x, y, width, height, radius float64, with image.Image) {
	x, y, width, height = x*r.scale, y*r.scale, width*r.scale, height*r.scale
	radius = min(radius*r.scale, width/2, height/2)
	// Only the pixels that it touches, and not all at once, for the time and memory that
	// they take.
	const rows = 128
	all := image.Rect(int(math.Floor(x)), int(math.Floor(y)), int(math.Ceil(x+width)), int(math.Ceil(y+height)))
	for top := all.Min.Y; top < all.Max.Y; top += rows {
		at := all.Intersect(image.Rect(all.Min.X, top, all.Max.X, top+rows))
		r.shape.Reset(at.Dx(), at.Dy())
		rounded(&r.shape, x-float64(at.Min.X), y-float64(at.Min.Y), width, height, radius)
		r.shape.Draw(r.RGBA, at, with, at.Min)
	}
}

// rounded adds a rectangle with rounded corners.
func rounded(z *vector.Rasterizer, x, y, width, height, radius float64) {
	const circle = 0.5523 // how far from an end of a quarter the handle of a cubic curve is
	l, t, e, b, s, k := float32(x), float32(y), float32(x+width), float32(y+height), float32(radius), float32(radius*(1-circle))
	z.MoveTo(l+s, t)
	z.LineTo(e-s, t)
	z.CubeTo(e-k, t, e, t+k, e, t+s)
	z.LineTo(e, b-s)
	z.CubeTo(e, b-k, e-k, b, e-s, b)
	z.LineTo(l+s, b)
	z.CubeTo(l+k, b, l, b-k, l, b-s)
	z.LineTo(l, t+s)
	z.CubeTo(l, t+k, l+k, t, l+s, t)
	z.ClosePath()
}

func (r *raster) text(x, baseline, size float64, at anchor, text string, fill color.NRGBA) {
	switch at {
	case middle:
		x -= textWidth(size, text) / 2
	case end:
		x -= textWidth(size, text)
	}
	d := font.Drawer{Dst: r.RGBA, Src: image.NewUniform(fill), Face: face(size * r.scale), Dot: fixed.Point26_6{
		X: fixed.Int26_6(x * r.scale * 64), Y: fixed.Int26_6(baseline * r.scale * 64),
	}}
	d.DrawString(text)
}

// rasterizing bounds the memory of PNG pictures: one is drawn per processor, the others wait.
var rasterizing = make(chan struct{}, runtime.GOMAXPROCS(0))

// writePNG draws a picture and writes it.
func writePNG(w io.Writer, width, height, scale int, paint func(*raster)) error {
	rasterizing <- struct{}{}
	var packed bytes.Buffer
	err := func() error {
		defer func() { <-rasterizing }()
		r := newRaster(width, height, scale)
		paint(r)
		return png.Encode(&packed, r.RGBA)
	}()
	if err != nil {
		return err
	}
	_, err = packed.WriteTo(w)
	return err
}
