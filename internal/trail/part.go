package trail

import "slices"

// maxRows is the most that a segment has: a row's number takes 17 bits in the
// token index.
const (
	rowBits = 17
	maxRows = 1 << rowBits
)

// What a row's flags say.
const (
	flagReadOnly      = 1 << iota // readOnly is true
	flagReadOnlyKnown             // readOnly is there
	flagManagement                // managementEvent is true
	flagResponse                  // there is a response
	flagConsole                   // sessionCredentialFromConsole
	flagFailed                    // event.Event.Failed
	flagMFA                       // additionalEventData says that MFA was used
	flagOddID                     // the id is no UUID as AWS writes them: its text is kept apart
)

// A span is where the rows of one file begin. The file is the number of it
// within the commit that names the segment.
type span struct {
	row, file uint32
	base      uint64 // what a row's offset is counted from
}

type oddID struct {
	row  uint32
	text string
}

// A ruleHit is a rule that matched a row.
type ruleHit struct{ row, rule uint32 }

// A part is what one worker has read and not sealed, column by column.
type part struct {
	time, api, origin, who, err, account, kind, offset []uint32
	flags                                              []uint8
	ids                                                []byte // 16 each
	spans                                              []span
	odd                                                []oddID
	tokens                                             tokens
	hits                                               []ruleHit
}

func (p *part) rows() int { return len(p.time) }

// begin makes the rows that follow those of file, at offsets from base.
func (p *part) begin(file int, base uint64) {
	if n := len(p.spans); n > 0 && int(p.spans[n-1].row) == p.rows() { // a file without rows
		p.spans = p.spans[:n-1]
	}
	p.spans = append(p.spans, span{uint32(p.rows()), uint32(file), base})
}

// shift takes out the first n rows, which were sealed; what is left is of one
// file, which becomes file 0.
func (p *part) shift(n int) {
	if n == p.rows() {
		p.truncate(0)
		return
	}
	for _, col := range []*[]uint32{&p.time, &p.api, &p.origin, &p.who, &p.err, &p.account, &p.kind, &p.offset} {
		*col = (*col)[:copy(*col, (*col)[n:])]
	}
	p.flags = p.flags[:copy(p.flags, p.flags[n:])]
	p.ids = p.ids[:copy(p.ids, p.ids[16*n:])]

	row := uint32(n)
	p.spans = slices.DeleteFunc(p.spans, func(s span) bool { return s.row < row })
	for i := range p.spans {
		p.spans[i].row -= row
		p.spans[i].file = 0
	}
	p.odd = slices.DeleteFunc(p.odd, func(o oddID) bool { return o.row < row })
	for i := range p.odd {
		p.odd[i].row -= row
	}
	p.hits = slices.DeleteFunc(p.hits, func(h ruleHit) bool { return h.row < row })
	for i := range p.hits {
		p.hits[i].row -= row
	}
	t := &p.tokens
	cut := t.before(row)
	t.hash = t.hash[:copy(t.hash, t.hash[cut:])]
	t.row = t.row[:copy(t.row, t.row[cut:])]
	for i := range t.row {
		t.row[i] -= row
	}
	t.first = len(t.hash)
}

// truncate takes out the rows from n on.
func (p *part) truncate(n int) {
	for _, col := range []*[]uint32{&p.time, &p.api, &p.origin, &p.who, &p.err, &p.account, &p.kind, &p.offset} {
		*col = (*col)[:n]
	}
	p.flags, p.ids = p.flags[:n], p.ids[:16*n]
	row := uint32(n)
	p.spans = slices.DeleteFunc(p.spans, func(s span) bool { return s.row >= row })
	p.odd = slices.DeleteFunc(p.odd, func(o oddID) bool { return o.row >= row })
	p.hits = slices.DeleteFunc(p.hits, func(h ruleHit) bool { return h.row >= row })
	cut := p.tokens.before(row)
	p.tokens.hash, p.tokens.row = p.tokens.hash[:cut], p.tokens.row[:cut]
	p.tokens.first = cut
}

// before is how many tokens the rows before row have.
func (t *tokens) before(row uint32) int {
	n, _ := slices.BinarySearch(t.row, row)
	return n
}
