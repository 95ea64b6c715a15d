package shape

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// row reads on by one row of comma-separated values, the first of which names
// the columns. Values may hold newlines, and quotes doubled.
func (r *Reader) row() (Item, bool) {
	r.startOfFile()
	offset := r.s.offset()
	raw, err := r.s.takeRow()
	switch {
	case err == io.EOF:
		return r.finish()
	case err == errLarge:
		return Item{Offset: offset, Damage: err}, true
	case err != nil:
		r.end = io.EOF
		return Item{Offset: offset, Damage: err}, true
	}
	if len(strings.TrimSpace(string(raw))) == 0 {
		return Item{}, false
	}
	fields := splitRow(raw)
	if r.header == nil || isHeader(raw) && slices.Equal(named(fields), r.header) {
		if !isHeader(raw) {
			return Item{Offset: offset, Damage: errors.New("a row before the one that names the columns")}, true
		}
		r.header = named(fields)
		return Item{}, false
	}
	return r.table(fields, offset)
}

// table makes a record of one row's fields.
func (r *Reader) table(fields []string, offset int64) (Item, bool) {
	if len(fields) != len(r.header) {
		return Item{Offset: offset, Damage: fmt.Errorf("a row of %d values under %d names", len(fields), len(r.header))}, true
	}
	cells := make(map[string]string, len(fields))
	for i, name := range r.header {
		cells[name] = fields[i]
	}
	return r.made(offset)(fromCells(cells))
}

func named(fields []string) []string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = columnName(f)
	}
	return names
}

// athenaRow reads one row of Athena's get-query-results.
func (r *Reader) athenaRow(raw []byte, offset int64) (Item, bool) {
	var fields []string
	members(raw, func(name, value []byte, _ bool) bool {
		if string(name) != "Data" {
			return true
		}
		elements(value, func(cell []byte) bool {
			text := ""
			members(cell, func(name, value []byte, _ bool) bool {
				if string(name) == "VarCharValue" {
					text = textOf(value)
				}
				return true
			})
			fields = append(fields, text)
			return true
		})
		return false
	})
	names := named(fields)
	if r.header == nil || slices.Equal(names, r.header) { // every page may repeat them
		if known := known(names); known < minColumns {
			return Item{Offset: offset, Damage: errors.New("the first row does not name columns of CloudTrail's")}, true
		}
		r.header = names
		return Item{}, false
	}
	return r.table(fields, offset)
}

func known(names []string) (n int) {
	for _, name := range names {
		if name == "eventjson" {
			return minColumns
		}
		if _, ok := spelled[name]; ok || strings.Contains(name, ".") {
			n++
		}
	}
	return n
}

// takeRow takes one row, up to a newline that stands in no quotes.
func (s *stream) takeRow() ([]byte, error) {
	quoted, large := false, false
	for i := 0; ; {
		for ; s.pos+i < s.end; i++ {
			c := s.buf[s.pos+i]
			if c == '"' {
				quoted = !quoted
			} else if c == '\n' && !quoted {
				raw := s.buf[s.pos : s.pos+i]
				s.pos += i + 1
				if large || i > MaxRecord {
					return nil, errLarge
				}
				return raw, nil
			}
		}
		if large || i > MaxRecord {
			large = true
			s.pos, i = s.pos+i, 0
		}
		if s.want(i + 1) {
			continue
		}
		raw := s.buf[s.pos : s.pos+i]
		s.pos += i
		switch {
		case s.err != io.EOF:
			return nil, s.err
		case large:
			return nil, errLarge
		case quoted:
			return nil, fmt.Errorf("half a row at the end: %w", io.ErrUnexpectedEOF)
		case len(raw) == 0:
			return nil, io.EOF
		}
		return raw, nil
	}
}

// splitRow is the fields of one row.
func splitRow(raw []byte) (fields []string) {
	s := strings.TrimSuffix(string(raw), "\r")
	for {
		if !strings.HasPrefix(s, `"`) {
			field, rest, more := strings.Cut(s, ",")
			fields = append(fields, field)
			if !more {
				return fields
			}
			s = rest
			continue
		}
		var field strings.Builder
		for s = s[1:]; ; {
			text, rest, closed := strings.Cut(s, `"`)
			field.WriteString(text)
			s = rest
			if !closed || !strings.HasPrefix(s, `"`) {
				break
			}
			field.WriteByte('"')
			s = s[1:]
		}
		after, rest, more := strings.Cut(s, ",")
		fields = append(fields, field.String()+after)
		if !more {
			return fields
		}
		s = rest
	}
}
