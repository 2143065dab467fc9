package hubcsv

import (
	"bytes"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// parser turns text, piece by piece, into blocks of rows and faults.
type parser struct {
	longest int // the longest line that may be, in bytes
	emit    func(*history.Rows) *history.Rows

	header header
	dict   dict
	split  splitter
	errs   *history.InputErrors // on its own, as it may outlive all else here

	rows *history.Rows // the block being filled; its slices have BlockRows elements
	n    int           // how many of them are rows
	line int64         // the line of the next record

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
	return &parser{
		longest:  o.MaxLineBytes,
		emit:     emit,
		dict:     newDict(),
		prefixes: newPrefixes(),
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
	if len(p.carry) <= p.longest+len("\r\n") {
		return true
	}
	p.longLine(p.carry)
	return false
}

// end takes the end of the text.
func (p *parser) end() {
	if len(p.carry) > 0 {
		p.row(p.carry, 1)
	}
	switch {
	case p.header.found:
		p.flush(p.line)
	case p.errs.Count == 0: // nothing but blanks
		p.line = 1
		p.fault("", nil, wantHeader)
	}
}

// flush hands the block over, unless a fault was found: then its rows are
// dropped, as nothing of a faulty input is to be kept. The last of them is of
// the line before next. It reports whether the stream goes on.
func (p *parser) flush(next int64) bool {
	n := p.n
	p.n = 0
	if n == 0 || p.errs.Count > 0 {
		return true
	}
	r := p.rows
	r.Repos = p.dict.repos
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
