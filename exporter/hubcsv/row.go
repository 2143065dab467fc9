package hubcsv

import (
	"fmt"
	"slices"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/textenc"
)

// row takes a record, its line end included, that holds the given number of
// line ends. It reports whether the stream goes on.
func (p *parser) row(rec []byte, lines int64) bool {
	line := trimLineEnd(rec)
	switch {
	case len(line) > p.MaxLineBytes:
		p.longLine(line)
		return false
	case isBlank(line):
		return p.skipBlank(rec, lines)
	case !p.split.split(line):
		if !p.header.found {
			if !p.separatorFault(line) {
				p.quoteFault(line)
			}
			return false
		}
		p.quoteFault(line)
	case !slices.ContainsFunc(p.split.fields, isText):
		return p.skipBlank(rec, lines) // what spreadsheets write after the last row
	case !p.header.found:
		if !p.readHeader(line) {
			return false
		}
	case len(p.split.fields) != len(p.header.names):
		p.raggedFault(line, len(p.split.fields))
	default:
		p.fields(line)
	}
	if p.wrong != "" {
		if p.noted.BadRows == nil {
			p.noted.BadRows = make(history.BadRows)
		}
		p.noted.BadRows[p.wrong]++
		p.wrong = ""
		return p.skip(lines)
	}
	if (lines > 1 || p.n == history.BlockRows) && !p.flush(p.line+1) {
		return false
	}
	p.line += lines
	return true
}

// skipBlank passes over a record without text. Endless ones would be read for hours, with
// nothing to show for it.
func (p *parser) skipBlank(rec []byte, lines int64) bool {
	if p.line != p.blankEnd {
		p.blank = 0
	}
	p.blank += len(rec)
	p.blankEnd = p.line + lines
	if p.blank > maxBlank {
		p.fault("", nil, expected{want: fmt.Sprintf("a row after at most %d bytes of blank lines", maxBlank)})
		return false
	}
	return p.skip(lines)
}

// skip passes over lines that give no row: the next row is not of the line after that of
// the last one. It reports whether the stream goes on.
func (p *parser) skip(lines int64) bool {
	if !p.flush(p.line) {
		return false
	}
	p.line += lines
	return true
}

// fields checks the fields of a row and adds it to the block.
func (p *parser) fields(line []byte) {
	f, cols := p.split.fields, &p.header.cols
	repo, ok := p.repo(f[cols[colType]], f[cols[colName]])
	total := history.Unknown
	if text := f[cols[colTotal]]; len(text) > 0 {
		var bad textenc.CountFault
		if total, bad = textenc.ParseCount(text); bad != textenc.CountOK {
			p.rowFault(history.BadTotal, columnNames[colTotal], text, wantOfTotal(bad))
			ok = false
		}
	}
	timestamp := f[cols[colTimestamp]]
	day, wrong := p.months.parse(timestamp)
	switch {
	case wrong == inFuture:
		want := "a day up to " + p.months.last.String()
		p.rowFault(history.BadFuture, columnNames[colTimestamp], timestamp, expected{want, history.HintFuture})
		ok = false
	case wrong != timestampOK:
		p.rowFault(history.BadTimestamp, columnNames[colTimestamp], timestamp, wantOfTimestamp[wrong])
		ok = false
	}
	downloads, bad := textenc.ParseCount(f[cols[colDownloads]])
	if bad != textenc.CountOK {
		p.rowFault(history.BadDownloads, columnNames[colDownloads], f[cols[colDownloads]], wantOfDownloads(bad))
		ok = false
	}
	if !ok {
		return
	}
	fast := noDay
	if p.header.standard {
		fast = history.Day(p.prefixes.entries[repo].newest)
	}
	same := p.dict.addTotal(repo, total, day, fast)
	if p.header.standard {
		if same {
			p.prefixes.learn(repo, line[:p.split.starts[colTimestamp]], len(f[colType])+len(f[colName]), p.MaxLineBytes)
		} else {
			p.prefixes.forget(repo)
		}
		p.prefixes.entries[p.last].next = repo
		p.last, p.same = repo, true
	}
	p.rows.Repo[p.n], p.rows.Day[p.n], p.rows.Downloads[p.n] = repo, day, downloads
	p.n++
}

// repo returns the index of a repository in the dictionary, where it is entered
// when it is named first.
func (p *parser) repo(repoType, name []byte) (uint32, bool) {
	d := &p.dict
	i, known := d.find(repoType, name)
	if known {
		return i, true
	}
	okType := p.checkText(colType, history.BadRepoType, repoType, wantType)
	if !p.checkText(colName, history.BadRepoName, name, wantName) || !okType {
		return 0, false
	}
	if p.header.standard {
		p.prefixes.addRepo()
	}
	return d.add(repoType, name), true
}

// checkText checks a type or a name.
func (p *parser) checkText(column int, reason history.BadRowReason, b []byte, wantSome string) bool {
	want := history.WantOfName(string(b))
	if len(b) == 0 {
		want = wantSome
	}
	if want == "" {
		return true
	}
	p.rowFault(reason, columnNames[column], b, expected{want: want})
	return false
}

// isText reports whether a field is not empty.
func isText(field []byte) bool { return !isBlank(field) }
