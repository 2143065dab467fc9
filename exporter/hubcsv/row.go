package hubcsv

import (
	"bytes"
	"unicode"
	"unicode/utf8"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// row takes a record, its line end included, that holds the given number of
// line ends. It reports whether the stream goes on.
func (p *parser) row(rec []byte, lines int64) bool {
	line := trimLineEnd(rec)
	switch {
	case len(line) > p.longest:
		p.longLine(line)
		return false
	case isBlank(line):
		// The next row is not of the next line.
		if !p.flush(p.line) {
			return false
		}
	case !p.split.split(line):
		p.quoteFault(line)
		if !p.header.found {
			return false
		}
	case !p.header.found:
		if !p.readHeader(line) {
			return false
		}
	case len(p.split.fields) != len(p.header.names):
		p.raggedFault(line, len(p.split.fields))
	default:
		p.fields(line)
		if (lines > 1 || p.n == history.BlockRows) && !p.flush(p.line+1) {
			return false
		}
	}
	p.line += lines
	return true
}

// fields checks the fields of a row and adds it to the block.
func (p *parser) fields(line []byte) {
	f, cols := p.split.fields, &p.header.cols
	repo, ok := p.repo(line, f[cols[colType]], f[cols[colName]], f[cols[colTotal]])

	timestamp := f[cols[colTimestamp]]
	day, wrong := p.months.parse(timestamp)
	if wrong != timestampOK {
		p.fault(columnNames[colTimestamp], timestamp, wantOfTimestamp[wrong])
		ok = false
	}
	downloads, bad := parseNumber(f[cols[colDownloads]])
	if bad != numberOK {
		p.fault(columnNames[colDownloads], f[cols[colDownloads]], wantOfDownloads[bad])
		ok = false
	}
	if ok {
		p.rows.Repo[p.n], p.rows.Day[p.n], p.rows.Downloads[p.n] = repo, day, downloads
		p.n++
	}
}

// repo returns the index of a repository in the dictionary, where it is entered
// with its first row. Another total than that of the first row is a fault.
func (p *parser) repo(line, repoType, name, totalText []byte) (uint32, bool) {
	d := &p.dict
	i, known := d.find(repoType, name)
	ok := known
	if !known {
		okType := p.checkText(colType, repoType, wantType)
		ok = p.checkText(colName, name, wantName) && okType
	}
	total := history.Unknown
	if len(totalText) > 0 {
		var bad numberFault
		if total, bad = parseNumber(totalText); bad != numberOK {
			p.fault(columnNames[colTotal], totalText, wantOfTotal[bad])
			ok = false
		}
	}
	if !ok {
		return 0, false
	}
	if !known {
		i = d.add(repoType, name, total, p.line)
		if p.header.standard {
			p.prefixes.addRepo()
		}
	} else if d.repos[i].Total != total {
		p.totalFault(i, totalText)
		return 0, false
	}
	if p.header.standard {
		p.prefixes.learn(i, line[:p.split.starts[colTimestamp]], len(repoType)+len(name), p.longest)
		p.prefixes.entries[p.last].next = i
		p.last, p.same = i, true
	}
	return i, true
}

// checkText checks a type or a name.
func (p *parser) checkText(column int, b []byte, wantSome string) bool {
	want := ""
	switch {
	case len(b) == 0:
		want = wantSome
	case !utf8.Valid(b):
		want = wantUTF8
	case bytes.ContainsFunc(b, unicode.IsControl):
		want = wantNoControls
	default:
		return true
	}
	p.fault(columnNames[column], b, want)
	return false
}

// dict is the dictionary of an input: its repositories in the order of their
// first rows.
type dict struct {
	repos []history.RepoTotal
	lines []int64 // the line of the first row of each
	index map[history.Repo]uint32
	types map[string]history.RepoType
}

func newDict() dict {
	return dict{index: make(map[history.Repo]uint32), types: make(map[string]history.RepoType)}
}

// find returns the index of a repository.
func (d *dict) find(repoType, name []byte) (uint32, bool) {
	i, ok := d.index[history.Repo{Type: history.RepoType(repoType), Name: string(name)}]
	return i, ok
}

// add enters a repository that find did not find.
func (d *dict) add(repoType, name []byte, total, line int64) uint32 {
	t, ok := d.types[string(repoType)]
	if !ok {
		t = history.RepoType(repoType)
		d.types[string(t)] = t
	}
	i, repo := uint32(len(d.repos)), history.Repo{Type: t, Name: string(name)}
	d.repos = append(d.repos, history.RepoTotal{Repo: repo, Total: total})
	d.lines = append(d.lines, line)
	d.index[repo] = i
	return i
}
