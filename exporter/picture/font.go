package picture

import (
	"sync"
	"unicode"

	"github.com/go-fonts/dejavu/dejavusans"
	"golang.org/x/image/font"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/font/sfnt"
)

// families are the fonts of SVG text. DejaVu Sans, which PNG text is drawn in and all text is
// measured in, has nearly the widths of Verdana.
const families = "Verdana,Geneva,DejaVu Sans,sans-serif"

var dejaVu = sync.OnceValue(func() *sfnt.Font {
	f, err := opentype.Parse(dejavusans.TTF)
	if err != nil {
		panic(err) // it is embedded
	}
	return f
})

// face returns the font in a size in pixels. It is for one goroutine.
func face(size float64) font.Face {
	f, err := opentype.NewFace(dejaVu(), &opentype.FaceOptions{Size: size, DPI: 72})
	if err != nil {
		panic(err) // there are no such options
	}
	return f
}

// textWidth is the width of text in pixels. What the font does not have counts as a square.
func textWidth(size float64, text string) float64 {
	f := face(size)
	known := make([]rune, 0, len(text))
	unknown := 0
	for _, r := range text {
		if hasGlyph(r) {
			known = append(known, r)
		} else {
			unknown++
		}
	}
	return float64(font.MeasureString(f, string(known)))/64 + float64(unknown)*size
}

func hasGlyph(r rune) bool {
	i, err := dejaVu().GlyphIndex(nil, r)
	return err == nil && i != 0
}

// undrawable returns the first character of a text that a PNG cannot show, "" if there is none:
// the font has Latin, Greek, Cyrillic and other alphabets, but no Chinese, Japanese or Korean,
// and few emoji. It has scripts from right to left, too, which would come out in the wrong order.
func undrawable(text string) string {
	for _, r := range text {
		if !hasGlyph(r) || unicode.In(r, unicode.Arabic, unicode.Hebrew, unicode.Nko) {
			return string(r)
		}
	}
	return ""
}
