package hubcsv

import (
	"bytes"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// parser turns text, piece by piece, into blocks of rows and faults.
type parser struct {
	Options
	emit func(*history.Rows) *history.Rows

	header header
	dict   dict
	split  splitter
	errs   *history.InputErrors // on its own, as it may outlive all else here

	// wrong is the first fault of the record at hand, "" as long as it has none. noted
	// becomes o.Notes.
	wrong history.BadRowReason
	noted history.InputNotes

	rows *history.Rows // the block being filled; its slices have BlockRows elements
	n    int           // how many of them are rows
	line int64         // the line of the next record

	// blank is how many bytes of lines without text precede line blankEnd.
	blank    int
	blankEnd int64

	// Of the fast path.
	prefixes prefixes
	months   months
	last     uint32 // the repository of the last row
	same     bool   // whether the next row may be of it, too
	misses   int    // rows of repositories that were not foreseen
	guesses  [aheadRows]guess

	// A record that goes on in the next piece: what came of it.
	scan  scanner
	carry []byte
}

// newParser returns a parser that hands its blocks to emit. emit returns the
// block to fill next, or nil if no more are wanted.
func newParser(o Options, rows *history.Rows, emit func(*history.Rows) *history.Rows) *parser {
	if o.LastDay <= 0 {
		o.LastDay = history.MaxDay
	}
	return &parser{
		Options:  o,
		emit:     emit,
		dict:     newDict(),
		prefixes: newPrefixes(),
		months:   months{last: o.LastDay},
		errs:     &history.InputErrors{File: o.File},
		rows:     rows,
		line:     1,
	}
}

// feed takes the next piece, b[:end], which ends in an LF and has slack bytes
// after it. It reports whether the stream goes on.
func (p *parser) feed(b []byte, end int) bool {
	pos := 0
	if len(p.carry) > 0 && end > 0 {
		if pos = p.resume(b[:end]); pos < 0 {
			return false
		}
	}
	for pos < end {
		if p.header.standard {
			if pos = p.fast(b, pos, end); pos == end || p.rows == nil {
				break
			}
		}
		n := p.scan.end(b[pos:end])
		if n < 0 {
			p.carry = append(p.carry[:0], b[pos:end]...)
			return p.carryFits()
		}
		if !p.row(b[pos:pos+n], int64(bytes.Count(b[pos:pos+n], lf))) {
			return false
		}
		pos += n
	}
	return p.rows != nil
}

var lf = []byte{'\n'}

// resume goes on with the record in carry. It returns where the record ends in
// b, which may be its end, or -1 if the stream does not go on.
func (p *parser) resume(b []byte) int {
	n := p.scan.end(b)
	open := n < 0
	if open {
		n = len(b)
	}
	p.carry = append(p.carry, b[:n]...)
	if open {
		if !p.carryFits() {
			return -1
		}
		return n
	}
	rec := p.carry
	p.carry = p.carry[:0]
	if !p.row(rec, int64(bytes.Count(rec, lf))) {
		return -1
	}
	return n
}

// carryFits counts the fault of a record in carry that is too long.
func (p *parser) carryFits() bool {
	if len(p.carry) <= p.MaxLineBytes+len("\r\n") {
		return true
	}
	p.longLine(p.carry)
	return false
}

// end takes the end of the text and returns the error that ends the stream.
func (p *parser) end() error {
	if len(p.carry) > 0 {
		p.row(p.carry, 1)
	}
	if !p.header.found {
		if p.errs.Count == 0 { // nothing but blanks
			p.line = 1
			p.fault("", nil, expected{want: wantHeader})
		}
		return p.errs.Err()
	}
	if p.dropped() {
		return p.errs.Err()
	}
	settled := p.settleTotals()
	p.noted.Rows += int64(p.n)
	if p.errs.Why = p.noted.TooManyBad(); p.errs.Why != "" {
		return p.errs
	}
	if p.n > 0 || settled {
		p.handOver(p.line)
	}
	p.noted.Faults = *p.errs
	if p.Notes != nil {
		*p.Notes = p.noted
	}
	return nil
}

// dropped reports whether nothing of the input is to be kept.
func (p *parser) dropped() bool { return p.errs.Count > 0 && !p.SkipBadRows }

// flush hands the block over, if it has rows; those of a faulty input are dropped. The
// last of them is of the line before next. It reports whether the stream goes on.
func (p *parser) flush(next int64) bool {
	if p.n == 0 || p.dropped() {
		p.n = 0
		return true
	}
	p.noted.Rows += int64(p.n)
	return p.handOver(next)
}

// handOver hands the block over.
func (p *parser) handOver(next int64) bool {
	r, n := p.rows, p.n
	p.n = 0
	r.Repos = p.dict.repos
	p.dict.given = len(r.Repos)
	r.Repo, r.Day, r.Downloads = r.Repo[:n], r.Day[:n], r.Downloads[:n]
	r.FirstLine = next - int64(n)
	p.rows = p.emit(r)
	return p.rows != nil
}

// newBlock returns a block for a parser to fill.
func newBlock(v history.Version) *history.Rows {
	return &history.Rows{
		Repo:      make([]uint32, history.BlockRows),
		Day:       make([]history.Day, history.BlockRows),
		Downloads: make([]int64, history.BlockRows),
		Version:   v,
	}
}

// renew makes a block that was handed over ready to be filled again.
func renew(r *history.Rows) *history.Rows {
	r.Repo = r.Repo[:history.BlockRows]
	r.Day = r.Day[:history.BlockRows]
	r.Downloads = r.Downloads[:history.BlockRows]
	return r
}
