package letter

import (
	"encoding/csv"
	"slices"
	"strings"

	"cordon/internal/pattern"
)

var (
	// about are the words of a column that tells something of secrets, and not them.
	about = pattern.New(`(?i)enabled|last|next|chang|rotat|\bage|status|state|reset|requir|date|\bset\b|polic|expir|count|number|\bids?\b|name|arn|type|活|状态|时间|日期|更改`)
	ruled = pattern.New(`^[\s|:+-]+$`)
)

// headWords is how many words the head of a column has at most; a line with a comma
// and more of them is a sentence.
const headWords = 4

// tabled finds secrets in tables, as in a file of new passwords: below a column whose
// head is a word such as password.
func tabled(text string) (at []int) {
	var columns []int
	split, n, offset := ",", 0, 0
	for line := range strings.Lines(text) {
		begin := offset
		offset += len(line)
		line = strings.TrimSpace(line)
		cells := row(line, split)
		switch {
		case ruled.MatchString(line):
			if line == "" {
				columns = nil
			}
		case columns != nil && len(cells) > 1:
			if secretIn(cells, columns, n) {
				at = append(at, begin)
			}
		default:
			split = separator(line)
			cells = row(line, split)
			columns, n = secretColumns(cells), len(cells)
		}
	}
	return at
}

// separator is what cuts the cells of a line.
func separator(line string) string {
	for _, s := range []string{"\t", "|", ";"} {
		if strings.Contains(line, s) {
			return s
		}
	}
	return ","
}

func row(line, by string) []string {
	if by == "|" {
		line = strings.Trim(line, "| ")
	}
	if by == "," || by == ";" {
		c := csv.NewReader(strings.NewReader(line))
		c.Comma, c.LazyQuotes = rune(by[0]), true
		if cells, err := c.Read(); err == nil {
			return cells
		}
	}
	return strings.Split(line, by)
}

// secretColumns are the columns of a head below which secrets stand; none where the
// line is no head.
func secretColumns(head []string) (out []int) {
	if len(head) < 2 {
		return nil
	}
	for i, cell := range head {
		cell = strings.TrimSpace(cell)
		if len(strings.Fields(cell)) > headWords || strings.HasSuffix(cell, ".") || strings.HasSuffix(cell, "。") {
			return nil
		}
		if secretWords.MatchString(cell) && !keyName.MatchString(cell) && !about.MatchString(cell) {
			out = append(out, i)
		}
	}
	return out
}

// secretIn looks into the columns of secrets, and in all of the row for what no name
// looks like: a comma in a password moves the others.
func secretIn(cells []string, columns []int, n int) bool {
	for i, cell := range cells {
		token := bare(strings.TrimSpace(cell))
		if strings.ContainsAny(token, " \t") {
			continue
		}
		if len(cells) == n && slices.Contains(columns, i) && isValue(token) || len(token) >= 8 && complexToken(token, 3) {
			return true
		}
	}
	return false
}
