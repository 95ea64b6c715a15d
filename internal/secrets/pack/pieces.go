package pack

import (
	"bytes"
	"context"
)

// Overlap is how much of a piece the next one begins with, at least: whatever is
// shorter stands whole in one of the two.
const Overlap = 64 << 10

// A Piece is a part of an object that is too large to be read whole. It begins
// where a line does, unless that is longer than Overlap, and holds about as much as
// is read at once, or one line of up to 16 MiB.
type Piece struct {
	Text  []byte // must not be kept
	Again int    // how much of it the piece before ended with
	// Line and Column say, from 1, where in the object it begins; the column counts
	// bytes.
	Line, Column int
	Last         bool
}

// Pieces shows an object of any size, as Git gives it. The error is that of Object,
// without ErrLarge.
func (r *Repository) Pieces(ctx context.Context, id ID, show func(kind Kind, p Piece)) error {
	p, end, kind := Piece{Line: 1, Column: 1}, int64(0), Kind(0)
	begun := false
	err := r.git().stream(ctx, id, func(is Kind, text []byte, at int64, _ bool) {
		if kind = is; begun {
			show(kind, p)
			p.next()
			text = text[end-at:] // what a line that was cut repeats is there already
		}
		begun = true
		p.Text = append(p.Text, text...)
		end = max(end, at) + int64(len(text))
	})
	if err != nil {
		return about(id, err)
	}
	p.Last = true
	show(kind, p)
	return nil
}

// next leaves of a piece what the one after it begins with.
func (p *Piece) next() {
	from := max(0, len(p.Text)-Overlap)
	if n := bytes.LastIndexByte(p.Text[:from], '\n'); n >= from-Overlap {
		from = n + 1
	}
	gone := p.Text[:from]
	if n := bytes.LastIndexByte(gone, '\n'); n >= 0 {
		p.Line, p.Column = p.Line+bytes.Count(gone, []byte{'\n'}), 1
		gone = gone[n+1:]
	}
	p.Column += len(gone)
	p.Text = append(p.Text[:0], p.Text[from:]...)
	p.Again = len(p.Text)
}
