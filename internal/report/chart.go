package report

import (
	"strings"
)

// blocks are eighths of a cell, from below.
var blocks = []string{" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"}

// asciiBlocks are the same in ASCII, as well as it goes.
var asciiBlocks = []string{" ", ".", ".", ":", ":", "|", "|", "#", "#"}

// columns brings a series of days into at most width columns: each has the
// dearest of its days, so that no single day is lost. at is how many days a
// column stands for.
func columns(series []float64, width int) (out []float64, at int) {
	at = max(1, (len(series)+width-1)/max(width, 1))
	for i := 0; i < len(series); i += at {
		most := 0.0
		for _, v := range series[i:min(i+at, len(series))] {
			most = max(most, v)
		}
		out = append(out, most)
	}
	return out, at
}

func top(series []float64) (most float64) {
	for _, v := range series {
		most = max(most, v)
	}
	return most
}

// spark draws a series on one line.
func (s *Style) spark(series []float64, width int) string {
	rows := s.bars(series, width, 1)
	if len(rows) == 0 {
		return ""
	}
	return rows[0]
}

// bars draws a series as columns, the upper row first. What costs anything has a
// mark, however little it is beside the rest.
func (s *Style) bars(series []float64, width, height int) []string {
	cells := blocks
	if s.ASCII {
		cells = asciiBlocks
	}
	cols, _ := columns(series, width)
	most := top(cols)
	rows := make([]string, height)
	for r := range rows {
		var b strings.Builder
		floor := (height - 1 - r) * 8
		for _, v := range cols {
			eighths := 0
			if most > 0 && v > 0 {
				eighths = max(1, int(v/most*float64(height*8)+0.5))
			}
			b.WriteString(cells[min(max(eighths-floor, 0), 8)])
		}
		rows[r] = b.String()
	}
	return rows
}
