package hubcsv

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// scribe writes texts at random in all the ways that Read accepts, and in some
// that it does not.
type scribe struct {
	*rand.Rand
	header    []string
	repos     []scribeRepo
	faults    float64 // how many rows of one are faulty
	oddities  float64 // how many are spelled in an odd but valid way
	retold    float64 // how many rows of one have another total
	timestamp string  // what follows the date, usually
	lineEnd   string
}

type scribeRepo struct{ repoType, name, total string }

func newScribe(r *rand.Rand) *scribe {
	s := &scribe{Rand: r, header: slices.Clone(columnNames[:])}
	s.timestamp, s.lineEnd = midnights[0], "\n"
	if r.IntN(4) == 0 {
		s.timestamp = midnights[r.IntN(len(midnights))]
	}
	if r.IntN(4) == 0 {
		s.lineEnd = "\r\n"
	}
	if r.IntN(3) == 0 {
		for range r.IntN(3) {
			s.header = append(s.header, s.pick("extra", "", "downloads2", "Total", "x,y"))
		}
		r.Shuffle(len(s.header), func(i, j int) { s.header[i], s.header[j] = s.header[j], s.header[i] })
	}
	if r.IntN(2) == 0 {
		s.faults = 0.03
	}
	if r.IntN(2) == 0 {
		s.oddities = 0.05 * float64(r.IntN(4))
	}
	if r.IntN(2) == 0 {
		s.retold = 0.2 * r.Float64()
	}
	for range 1 + r.IntN(12) {
		name := s.pick("org/bert", "a", "org/naïve-ü", "org/with,comma", `org/"quoted"`, "org/ space ",
			"a-rather-long-organization-name/a-rather-long-repository-name-of-nearly-a-hundred-bytes", "o/x", "o/y")
		name += fmt.Sprint(r.IntN(20))
		if r.IntN(5) == 0 {
			// like others at both ends
			name = fmt.Sprintf("organization/with-a-repository-name-as-long-as-possible-%d-and-the-same-end", r.IntN(5))
		}
		total := fmt.Sprint(r.IntN(5))
		if r.IntN(3) == 0 {
			total = fmt.Sprint(r.Int64())
		}
		if r.IntN(6) == 0 {
			total = ""
		}
		s.repos = append(s.repos, scribeRepo{s.pick("model", "dataset", "m", "new type"), name, total})
	}
	return s
}

func (s *scribe) pick(of ...string) string { return of[s.IntN(len(of))] }

func (s *scribe) chance(p float64) bool { return s.Float64() < p }

func (s *scribe) text() []byte {
	var b bytes.Buffer
	if s.IntN(6) == 0 {
		b.WriteString("\ufeff")
	}
	s.line(&b, s.header)
	rows := s.IntN(60)
	switch s.IntN(3) {
	case 0: // by repository
		for _, r := range s.repos {
			for d := range rows / len(s.repos) {
				s.row(&b, r, d)
			}
		}
	case 1: // by day
		for d := range rows / len(s.repos) {
			for _, r := range s.repos {
				if s.IntN(8) > 0 {
					s.row(&b, r, d)
				}
			}
		}
	default: // in no order
		for range rows * 4 {
			s.row(&b, s.repos[s.IntN(len(s.repos))], s.IntN(900))
		}
	}
	text := b.Bytes()
	if s.IntN(5) == 0 {
		text = bytes.TrimRight(text, "\r\n")
	}
	if s.IntN(12) == 0 {
		text = text[:s.IntN(len(text)+1)]
	}
	return text
}

func (s *scribe) row(b *bytes.Buffer, r scribeRepo, day int) {
	fields := make([]string, len(s.header))
	for i, name := range s.header {
		switch name {
		case "repoType":
			fields[i] = r.repoType
		case "repoName":
			fields[i] = r.name
		case "total":
			fields[i] = r.total
			if s.chance(s.retold) {
				fields[i] = s.pick("", "1", "2", "3")
			}
		case "timestamp":
			fields[i] = sampleStart.Time().AddDate(0, 0, day).Format("2006-01-02") + s.timestamp
		case "downloads":
			fields[i] = fmt.Sprint(s.Int64N(1 << s.IntN(40)))
		default:
			fields[i] = s.pick("", "1", "a,b", "a \"b\"", "two\nlines", "two\r\nlines", "\x00", "\xff")
		}
	}
	if s.chance(s.oddities) {
		s.spellOddly(fields)
	}
	if s.chance(s.faults) {
		fields = s.spoil(fields)
	}
	s.line(b, fields)
}

// spellOddly writes a field in another valid way.
func (s *scribe) spellOddly(fields []string) {
	i := s.IntN(len(fields))
	switch s.header[i] {
	case "total", "downloads":
		if fields[i] != "" {
			fields[i] = s.pick("0", "00000000", strings.Repeat("0", 70), "") + fields[i] + s.pick("", "", ".0", ".00000")
		}
	case "timestamp":
		fields[i] = fields[i][:dateSize] + s.pick(append(midnights[:], " 00:00:00+00:00", " 00:00:00 UTC", "T00:00:00.000000+0000", " 00:00")...)
	}
}

// spoil makes a row faulty, mostly.
func (s *scribe) spoil(fields []string) []string {
	i := s.IntN(len(fields))
	switch s.IntN(8) {
	case 0:
		return append(fields, "more")
	case 1:
		return fields[:i]
	case 2:
		fields[i] = ""
	case 3:
		fields[i] += s.pick("\x00", "\xff", "\n", "\u0085", " ", "x")
	case 4:
		fields[i] = s.pick("9223372036854775807", "9223372036854775808", "99999999999999999999", "-1", "+1", "1.", "1.5", "1e3", "٣")
	case 5:
		fields[i] = s.pick("2021-02-29", "2021-00-10", "2021-13-01", "1969-12-31", "2021-01-32T00:00:00.000Z",
			"2021-01-22T00:00:01.000Z", "2021-01-22T00:00:00.000+01:00", "2021-1-22", "2999-12-31", "0000-01-01", "2021-01-00", "9999-12-31")
	case 6:
		if len(fields[i]) > 0 {
			b := []byte(fields[i])
			b[s.IntN(len(b))] = byte(s.IntN(256))
			fields[i] = string(b)
		}
	default:
		fields[i] = "\x01raw" + s.pick(`a"b`, `"a"b`, `"a`, `"`, `""a`, `"a""`, "\"a\"\rb", "\"a\"\r\"")
	}
	return fields
}

func (s *scribe) line(b *bytes.Buffer, fields []string) {
	if s.chance(s.oddities) {
		b.WriteString(s.pick("\n", "\r\n", "  \n", "\t\r\n", "\n\n\n", ",,,,\n"))
	}
	for i, f := range fields {
		if i > 0 {
			b.WriteByte(',')
		}
		switch raw, isRaw := strings.CutPrefix(f, "\x01raw"); {
		case isRaw:
			b.WriteString(raw)
		case strings.ContainsAny(f, ",\"\r\n") || s.chance(s.oddities):
			b.WriteString(`"` + strings.ReplaceAll(f, `"`, `""`) + `"`)
		default:
			b.WriteString(f)
		}
	}
	b.WriteString(s.lineEnd)
}

// TestReadAgreesWithReference compares Read with the reference over many texts,
// cut into buffers in many ways.
func TestReadAgreesWithReference(t *testing.T) {
	texts, good, faulty := 2500, 0, 0
	if testing.Short() {
		texts = 600
	}
	for seed := range texts {
		s := newScribe(rand.New(rand.NewPCG(uint64(seed), 5)))
		text := s.text()
		longest := DefaultMaxLineBytes
		if s.IntN(4) == 0 {
			longest = 40 + s.IntN(200)
		}
		size := []int{1, 16, 64, 100, 1000, bufferSize}[s.IntN(6)]
		if got := compare(t, text, longest, size); got.count > 0 {
			faulty++
		} else if len(got.records) > 0 {
			good++
		}
	}
	if good < texts/4 || faulty < texts/4 {
		t.Errorf("of %d texts %d had rows and %d faults: too few to tell much", texts, good, faulty)
	}
}

// TestReadManyRepos compares Read with the reference where the dictionary is
// large and the rows are in each of the orders that the fast path knows.
func TestReadManyRepos(t *testing.T) {
	s := newSample(3000, 6)
	for _, order := range []func(func(int) bool){s.byRepo, s.byDay, s.shuffled} {
		text := s.text(order)
		for _, size := range []int{2000, bufferSize} {
			if got := compare(t, text, DefaultMaxLineBytes, size); len(got.records) != len(s.downloads) {
				t.Errorf("read %d rows of %d", len(got.records), len(s.downloads))
			}
		}
	}
}

// TestReadEveryByte puts every byte at every place of a row that the fast path
// would take, and compares Read with the reference.
func TestReadEveryByte(t *testing.T) {
	f := func(row string) {
		t.Helper()
		head := Header + "\nmodel,org/a,12,2021-01-21T00:00:00.000Z,5\n"
		text := []byte(head + row + "model,org/a,12,2021-01-23T00:00:00.000Z,7\n")
		for i := range row {
			place := &text[len(head)+i]
			was := *place
			for c := range 256 {
				*place = byte(c)
				compare(t, text, DefaultMaxLineBytes, 1000)
			}
			*place = was
		}
	}
	f("model,org/a,12,2021-01-22T00:00:00.000Z,16\n")
	f("model,org/a,12,2021-01-22,123456789\r\n")
}
