package picture

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"image/color"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
)

func parsed(t testing.TB, name string) Color {
	t.Helper()
	c, err := ParseColor(name)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// season is a series of two types that rises and falls.
func season() []history.Group {
	groups := []history.Group{{RepoType: history.Model}, {RepoType: history.Dataset}}
	for i := range groups {
		for d := history.Day(20000); d < 20060; d++ {
			groups[i].Series = append(groups[i].Series, history.DayDownloads{Day: d, Downloads: int64(1000*(i+1)) + int64(d-20000)*40 + int64(d%7)*150})
		}
	}
	return groups
}

var days = history.Days{From: 20000, To: 20059}

// written returns what write writes.
func written(t testing.TB, write func(io.Writer) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// golden compares a picture with the one in testdata. A picture that is different is left in
// a folder to look at, and to take over by hand.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	want, err := os.ReadFile(filepath.Join("testdata", name))
	if err == nil && (bytes.Equal(got, want) || strings.HasSuffix(name, ".png") && samePixels(t, got, want)) {
		return
	}
	left := filepath.Join(os.TempDir(), name)
	t.Errorf("%s: expected the picture in testdata (%v), got %s, %v", name, err, left, os.WriteFile(left, got, 0o600))
}

// samePixels compares pictures. Processors round a little differently.
func samePixels(t *testing.T, got, want []byte) bool {
	a, err := png.Decode(bytes.NewReader(got))
	if err != nil {
		t.Fatal(err)
	}
	b, err := png.Decode(bytes.NewReader(want))
	if err != nil {
		t.Fatal(err)
	}
	if a.Bounds() != b.Bounds() {
		return false
	}
	for y := range a.Bounds().Dy() {
		for x := range a.Bounds().Dx() {
			r, g, bl, al := a.At(x, y).RGBA()
			r2, g2, bl2, al2 := b.At(x, y).RGBA()
			for _, d := range []int{int(r) - int(r2), int(g) - int(g2), int(bl) - int(bl2), int(al) - int(al2)} {
				if max(d, -d) > 0x300 {
					return false
				}
			}
		}
	}
	return true
}

func TestGolden(t *testing.T) {
	t.Parallel()
	for name, b := range map[string]Badge{
		"month":   {Label: "downloads", Message: "1.2M/month", Color: parsed(t, "")},
		"bright":  {Label: "Загрузки", Message: "4.4M", Color: parsed(t, "fe0")},
		"nothing": {Message: "not found", Color: parsed(t, "red"), IsError: true},
	} {
		golden(t, "badge-"+name+".svg", written(t, b.writeSVG))
		golden(t, "badge-"+name+".png", written(t, func(w io.Writer) error { return b.writePNG(w, 2) }))
	}
	c := NewChart(days, days, season(), MaxBars)
	light, dark := Frame{Width: 400, Height: 200}, Frame{Title: "acme, a title that has no room", Width: 240, Height: 160, Dark: true}
	golden(t, "chart-light.svg", written(t, func(w io.Writer) error { return c.WriteSVG(w, light) }))
	golden(t, "chart-light.png", written(t, func(w io.Writer) error { return c.WritePNG(w, light, 1) }))
	weeks := NewChart(history.Days{From: days.From, To: days.To - 1}, days, season(), 40)
	golden(t, "chart-dark.svg", written(t, func(w io.Writer) error { return weeks.WriteSVG(w, dark) }))
	golden(t, "chart-dark.png", written(t, func(w io.Writer) error { return weeks.WritePNG(w, dark, 2) }))
	empty := NewChart(history.NoDays, history.NoDays, nil, MaxBars)
	golden(t, "chart-empty.svg", written(t, func(w io.Writer) error { return empty.WriteSVG(w, light) }))
}

// metaOf is what a listing says.
func metaOf(r history.Repo, total int64) history.RepoMeta {
	m := history.NewRepoMeta(r)
	m.Total, m.TotalAsOf, m.Likes, m.ListedAsOf = total, 1, 3, 1
	return m
}

func TestCountBadge(t *testing.T) {
	t.Parallel()
	s := memtable.NewStore()
	bert, squad := history.Repo{Type: history.Model, Name: "acme/bert"}, history.Repo{Type: history.Dataset, Name: "acme/squad"}
	zero, unknown := history.Repo{Type: history.Model, Name: "acme/zero"}, history.Repo{Type: history.Model, Name: "acme/unknown"}
	var records []history.Record
	for d := history.Day(20000); d < 20100; d++ {
		records = append(records,
			history.Record{Repo: bert, Total: 4_362_460, Day: d, Downloads: 1000},
			history.Record{Repo: squad, Total: history.Unknown, Day: d, Downloads: 5})
	}
	v := history.Version{Source: history.Published, AsOf: 1}
	b := history.Batch{Rows: history.RowsOf(v, records...), Meta: []history.RepoMeta{
		metaOf(zero, 0), metaOf(unknown, history.Unknown),
	}}
	if _, err := s.Append(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	f := func(filter history.Filter, p history.Period, want string) {
		t.Helper()
		b, err := CountBadge(t.Context(), s, filter, p)
		if err != nil || b.Message != want || b.IsError != (want == "not found" || want == "no data") {
			t.Errorf("%+v, %+v: got %+v, %v, want %s", filter, p, b, err, want)
		}
	}
	all, month := history.Period{}, history.Period{Kind: history.LastMonth}
	named := func(r history.Repo) history.Filter { return history.Filter{Repos: []string{r.Name}} }
	f(named(bert), all, "4.4M") // what the Hub says
	f(named(bert), month, "30k/month")
	f(named(bert), history.RangeOf(20000, 20001), "2k")
	f(named(bert), history.RangeOf(30000, 30001), "no data")
	f(named(squad), all, "500") // the Hub has not said
	f(history.Filter{Orgs: []string{"acme"}}, month, "30k/month")
	f(history.Filter{RepoTypes: []history.RepoType{history.Dataset}}, month, "150/month")
	f(named(zero), all, "0")
	f(named(zero), month, "no data")
	f(named(unknown), all, "no data")
	f(history.Filter{Repos: []string{"acme/none"}}, all, "not found")
	f(history.Filter{Orgs: []string{"ACME"}}, all, "not found")
}

func TestBadgeJSON(t *testing.T) {
	t.Parallel()
	f := func(b Badge, want string) {
		t.Helper()
		if got := string(written(t, b.writeJSON)); got != want+"\n" {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	f(Badge{Label: "a<b>&", Message: "1.2M", Color: parsed(t, "4C1")}, `{"schemaVersion":1,"label":"a<b>&","message":"1.2M","color":"4c1"}`)
	f(Badge{Message: "not found", Color: parsed(t, "red"), IsError: true}, `{"schemaVersion":1,"label":"","message":"not found","color":"red","isError":true}`)
}

func TestParseColor(t *testing.T) {
	t.Parallel()
	f := func(s, want string) {
		t.Helper()
		c, err := ParseColor(s)
		got := hex(c.NRGBA)
		if err != nil {
			got = "error"
			if !strings.Contains(err.Error(), "got ") {
				t.Errorf("%q: the error does not quote it: %v", s, err)
			}
		}
		if got != want {
			t.Errorf("%q: got %s, want %s", s, got, want)
		}
	}
	f("", "#007ec6")
	f("blue", "#007ec6")
	f("BrightGreen", "#44cc11")
	f("4c1", "#44cc11")
	f("007EC6", "#007ec6")
	f("#4c1", "error")
	f("4c", "error")
	f("4c1f", "error")
	f("+4c1ff", "error")
	f("0x12ab", "error")
	f("12_456", "error")
	f(`red"/><script>`, "error")
	f("url(#c)", "error")
	f(strings.Repeat("f", 1000), "error")
	f("é1", "error")
}

func TestCheckLabel(t *testing.T) {
	t.Parallel()
	f := func(label string, isPNG bool, want string) {
		t.Helper()
		if err := CheckLabel(label, isPNG); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q, PNG %v: got %v, want %q", label, isPNG, err, want)
		}
	}
	f("", true, "")
	f("downloads", true, "")
	f("Загрузки, téléchargements, λήψεις", true, "")
	f("հայերեն, ქართული", true, "")
	f("تنزيل", false, "")
	f("تنزيل", true, `got "ت"`)
	f("הורדות", true, `got "ה"`)
	f("ダウンロード", false, "")
	f("ダウンロード", true, `expected characters that the font of PNG pictures has, got "ダ"`)
	f("🤗 downloads", false, "")
	f("🤗 downloads", true, `got "🤗"`)
	f(strings.Repeat("x", maxLabel), true, "")
	f(strings.Repeat("🤗", maxLabel), false, "")
	f(strings.Repeat("x", maxLabel+1), false, "expected at most 64 characters")
	f("a\nb", false, "without control characters")
	f("a\x00", false, "without control characters")
	f("a\xff", false, "UTF-8")
}

// elements returns the names of the elements of SVG and checks that it is XML in which
// nothing runs.
func elements(t testing.TB, text []byte) (names []string, read string) {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(text))
	d.Strict = true
	for {
		token, err := d.Token()
		if err == io.EOF {
			return names, read
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		switch e := token.(type) {
		case xml.StartElement:
			names = append(names, e.Name.Local)
			for _, a := range e.Attr {
				if strings.HasPrefix(a.Name.Local, "on") || a.Name.Local == "style" || strings.Contains(a.Name.Local, "href") {
					t.Fatalf("the attribute %s in\n%s", a.Name.Local, text)
				}
			}
		case xml.CharData:
			read += string(e) + "\n"
		case xml.ProcInst, xml.Directive, xml.Comment:
			t.Fatalf("%T in\n%s", e, text)
		}
	}
}

// FuzzLabels writes any text as label, title, message and type: the SVG has the same elements
// as with a harmless one, and what is read in it is that text.
func FuzzLabels(f *testing.F) {
	for _, s := range []string{
		"downloads", `"><script>alert(1)</script>`, "' onload='alert(1)", "]]><!--", "&lt;&#0;&quot;", "<![CDATA[x]]>", "</text></svg><svg onload=alert(1)>",
		"a\x00b\x0b", "\ufffe\uffff", "\xff\xfe", "\r\n\t", "🤗 ダ ل", "{{.}}", "javascript:alert(1)", "\u202egnp.exe", strings.Repeat("W", 3000),
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		check := func(what string, write func(string) []byte) {
			t.Helper()
			want, _ := elements(t, write("x"))
			got, read := elements(t, write(s))
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Fatalf("%s %q: got the elements %v, want %v", what, s, got, want)
			}
			// XML has no such characters.
			clean := strings.Map(func(r rune) rune {
				if r == 0xfffe || r == 0xffff || r < ' ' && r != '\t' && r != '\n' && r != '\r' {
					return 0xfffd
				}
				return r
			}, s)
			if what == "label" && !strings.Contains(read, clean) {
				t.Fatalf("%s %q: not in %q", what, s, read)
			}
		}
		if s == "" {
			return
		}
		check("label", func(s string) []byte {
			b := Badge{Label: s, Message: s, Color: parsed(t, "")}
			var object map[string]any
			if err := json.Unmarshal(written(t, b.writeJSON), &object); err != nil {
				t.Fatal(err)
			}
			return written(t, b.writeSVG)
		})
		check("title", func(s string) []byte {
			c := NewChart(days, days, []history.Group{{RepoType: "model"}}, MaxBars)
			return written(t, func(w io.Writer) error { return c.WriteSVG(w, Frame{Title: s, Width: 400, Height: 200}) })
		})
		check("type", func(s string) []byte {
			groups := season()
			groups[0].RepoType = history.RepoType("m" + s)
			if len(s) > 20 {
				groups[0].RepoType = groups[0].RepoType[:20] // one that has room
			}
			c := NewChart(days, days, groups, MaxBars)
			return written(t, func(w io.Writer) error { return c.WriteSVG(w, Frame{Width: 1600, Height: 200}) })
		})
	})
}

// What a PNG may take at most.
func TestLargestPNG(t *testing.T) {
	t.Parallel()
	b := Badge{Label: strings.Repeat("W", maxLabel), Message: strings.Repeat("W", maxLabel), Color: parsed(t, "")}
	c := NewChart(days, days, season(), MaxBars)
	for name, write := range map[string]func(io.Writer) error{
		"badge": func(w io.Writer) error { return b.writePNG(w, 3) },
		"chart": func(w io.Writer) error { return c.WritePNG(w, Frame{Width: 1600, Height: 800}, 2) },
	} {
		text := written(t, write)
		head, err := png.DecodeConfig(bytes.NewReader(text))
		if err != nil || len(text) > 1<<20 || head.Width > 4800 || head.Height > 1600 {
			t.Errorf("%s: got %d bytes, %+v, %v", name, len(text), head, err)
		}
	}
}

// The bars have the heights of their numbers.
func TestBarsAreToScale(t *testing.T) {
	t.Parallel()
	groups := []history.Group{{RepoType: history.Model, Series: []history.DayDownloads{{Day: 20000, Downloads: 100}, {Day: 20001, Downloads: 50}, {Day: 20002, Downloads: 0}}}}
	span := history.Days{From: 20000, To: 20002}
	c := NewChart(span, span, groups, MaxBars)
	var heights []float64
	d := &recorder{boxed: func(_, _, _, height, _ float64) { heights = append(heights, height) }}
	c.bars(d, 0, 0, 300, 200, &light)
	if len(heights) != 2 || math.Abs(heights[0]-200) > 0.01 || math.Abs(heights[1]-100) > 0.01 {
		t.Errorf("got %v, want 200 and 100, and none for 0", heights)
	}
}

// recorder is a canvas that hands on the boxes.
type recorder struct {
	boxed func(x, y, width, height, radius float64)
}

func (r *recorder) box(x, y, width, height, radius float64, _ color.NRGBA) {
	r.boxed(x, y, width, height, radius)
}

func (*recorder) text(float64, float64, float64, anchor, string, color.NRGBA) {}

// Sums of numbers that no int64 holds stay at the largest one.
func TestChartOfHugeNumbers(t *testing.T) {
	t.Parallel()
	day := []history.DayDownloads{{Day: 19000, Downloads: math.MaxInt64}}
	days := history.Days{From: 19000, To: 19000}
	c := NewChart(days, days, []history.Group{{RepoType: history.Model, Series: day}, {RepoType: history.Dataset, Series: day}}, MaxBars)
	if c.Sum != math.MaxInt64 || c.Bars[0].Sum != math.MaxInt64 || c.Top != math.MaxInt64 {
		t.Errorf("got a sum of %d, a bar of %d and a top of %d", c.Sum, c.Bars[0].Sum, c.Top)
	}
}
