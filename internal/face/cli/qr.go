package cli

import (
	"fmt"
	"strings"

	"rsc.io/qr"
)

// quiet is the white edge around the code, in modules: the norm says four, two
// are read on a white ground, and the whole then fits 24 lines.
const quietEdge = 2

// A picture is a QR code.
type picture struct{ code *qr.Code }

func newQR(text string) (picture, error) {
	code, err := qr.Encode(text, qr.L)
	if err != nil {
		return picture{}, fmt.Errorf("cannot draw the picture: %w", err)
	}
	return picture{code}, nil
}

func (p picture) png() []byte { return p.code.PNG() }

func (p picture) width() int { return p.code.Size + 2*quietEdge }

// blocks draws two modules a character, one above the other: dark is drawn, and
// the ground must be light.
func (p picture) blocks() (lines []string) {
	for y := -quietEdge; y < p.code.Size+quietEdge; y += 2 {
		var b strings.Builder
		for x := -quietEdge; x < p.code.Size+quietEdge; x++ {
			switch upper, lower := p.code.Black(x, y), p.code.Black(x, y+1); {
			case upper && lower:
				b.WriteRune('█')
			case upper:
				b.WriteRune('▀')
			case lower:
				b.WriteRune('▄')
			default:
				b.WriteByte(' ')
			}
		}
		lines = append(lines, b.String())
	}
	return lines
}
