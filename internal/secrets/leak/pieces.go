package leak

import "slices"

// Seam is how long the longest thing is that a rule wants to see at once: a private
// key. Pieces of a text have to repeat twice as much of the one before.
const Seam = mostKey

// A Piecewise holds a text that does not fit in memory against the rules, piece by
// piece. What stands near a border is told by the one piece that shows what is
// around it.
type Piecewise struct {
	d     *Detector
	found []Found
	known map[string]bool // what had to be decoded: where that begins depends on the piece
}

// Piecewise begins with a new text.
func (d *Detector) Piecewise() *Piecewise {
	d.spent, d.parts, d.crowd = 0, 0, false
	return &Piecewise{d: d, known: map[string]bool{}}
}

// Add looks at the next piece. again is how much of it stood at the end of the one
// before: 0, or at least twice Seam. line and column say where it begins, from 1.
func (p *Piecewise) Add(body []byte, again, line, column int, last bool) {
	for _, f := range p.d.Text(body) {
		switch {
		case len(f.Through) > 0:
			key := f.Rule + " " + f.Fingerprint
			if p.known[key] {
				continue
			}
			p.known[key] = true
		case again > 0 && f.offset < again-Seam || !last && f.offset >= len(body)-Seam:
			continue
		}
		if len(f.Through) < 2 { // else the line is one of what was decoded
			if f.Line == 1 {
				f.Column += column - 1
			}
			f.Line += line - 1
		}
		p.found = append(p.found, f)
	}
}

// End is what stands in the text. What could not be looked at is a Gap.
func (p *Piecewise) End() (found []Found, gaps []Gap) {
	if p.d.crowd {
		gaps = append(gaps, Gap{Why: "too-many"})
	}
	return slices.Clip(p.found), gaps
}
