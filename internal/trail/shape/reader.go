package shape

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
)

// A Reader streams the records of one file.
type Reader struct {
	s       stream
	shape   Shape
	stack   []level
	header  []string // of a table
	damages int      // since the last record
	lost    map[string]int
	end     error
}

// A level is where in a document the reader is.
type level uint8

const (
	top        level = iota
	list             // of records, or what they are wrapped in
	document         // an object some member of which holds the list
	rows             // of CloudTrail Lake or Logs Insights: each a list of cells
	athenaRows       // each {"Data":[cells]}, the first the names
)

const maxLevels = 8

// containers are the members that hold records, by what they are.
var containers = map[string]struct {
	opens byte
	level level
}{
	"Records":         {'[', list},
	"Events":          {'[', list},
	"events":          {'[', list},
	"logEvents":       {'[', list},
	"QueryResultRows": {'[', rows},
	"results":         {'[', rows},
	"ResultSet":       {'{', document},
	"Rows":            {'[', athenaRows},
	"hits":            {0, list}, // of Elasticsearch: an object that has a list of this name
}

// NewReader reads the decompressed stream r. The shape decides between tables,
// digests and JSON; within JSON the reader goes by what it finds, so that a
// file that changes its shape midway is still read.
func NewReader(r io.Reader, s Shape) *Reader {
	return &Reader{s: stream{r: r, idle: MaxIdle}, shape: s, lost: map[string]int{}}
}

// Lost counts, by reason, the records whose shape does not carry everything.
func (r *Reader) Lost() map[string]int { return r.lost }

// Next is the next record or damage; io.EOF at the end. Any other error means
// that the stream could not be read, and that what is missing is not known.
func (r *Reader) Next() (Item, error) {
	for r.end == nil {
		item, ok := r.step()
		if !ok {
			continue
		}
		if item.Damage == nil {
			r.damages, r.s.mark = 0, r.s.offset()
			return item, nil
		}
		if err := r.s.failure(); err != nil {
			r.end = fmt.Errorf("cannot read on: %w", err)
			break
		}
		if r.damages++; r.damages > maxDamage {
			item.Damage, r.end = errMany, io.EOF
		}
		return item, nil
	}
	return Item{}, r.end
}

// step goes on by one thing: an item, or something that is none.
func (r *Reader) step() (Item, bool) {
	switch r.shape {
	case CSV:
		return r.row()
	case Digest:
		r.end = io.EOF
		return Item{Damage: &Skipped{"a digest file: hashes of log files, no events"}}, true
	}
	r.startOfFile()
	at := r.at()
	c, ok := r.s.next(",")
	if !ok {
		return r.finish()
	}
	if at == document {
		return r.member(c)
	}
	switch c {
	case '{':
		return r.object(at)
	case '[':
		return r.list(at)
	case '"':
		if at == top || at == list {
			return r.text()
		}
	case ']':
		if at != top {
			r.pop()
			r.s.pos++
			return Item{}, false
		}
	default:
		if at == top && r.stamp() {
			return Item{}, false
		}
	}
	return r.resync(r.s.offset(), fmt.Errorf("unexpected %q between records", c)), true
}

func (r *Reader) at() level {
	if len(r.stack) == 0 {
		return top
	}
	return r.stack[len(r.stack)-1]
}

func (r *Reader) push(l level) { r.stack = append(r.stack, l) }
func (r *Reader) pop()         { r.stack = r.stack[:len(r.stack)-1] }

// startOfFile takes the byte order mark.
func (r *Reader) startOfFile() {
	if r.s.offset() == 0 && r.s.want(3) && string(r.s.rest()[:3]) == "\xef\xbb\xbf" {
		r.s.pos += 3
	}
}

// finish ends the stream, and tells when that was too early.
func (r *Reader) finish() (Item, bool) {
	at := r.s.offset()
	if err := r.s.failure(); err != nil {
		r.end = fmt.Errorf("cannot read on: %w", err)
		return Item{}, false
	}
	r.end = io.EOF
	switch {
	case r.s.err != io.EOF:
		return Item{Offset: at, Damage: r.s.err}, true
	case len(r.stack) > 0:
		return Item{Offset: at, Damage: fmt.Errorf("the list of records has no end: %w", io.ErrUnexpectedEOF)}, true
	}
	return Item{}, false
}

// object reads a record, or goes into a document.
func (r *Reader) object(at level) (Item, bool) {
	if at != athenaRows && r.isDocument() {
		return r.enter(document)
	}
	offset := r.s.offset()
	raw, err := r.s.take(true)
	if err != nil {
		r.rewind(raw, offset)
		return r.afterDamage(offset, err), true
	}
	if at == athenaRows {
		return r.athenaRow(raw, offset)
	}
	return r.made(offset)(normalise(raw))
}

// list goes into a list, or reads a row that is one.
func (r *Reader) list(at level) (Item, bool) {
	if at == rows || at == list && isRow(r.s.ahead(window)) {
		offset := r.s.offset()
		raw, err := r.s.take(true)
		if err != nil {
			return r.afterDamage(offset, err), true
		}
		return r.made(offset)(cells(raw))
	}
	return r.enter(list)
}

// text reads a record that is the text of a string, as the AWS CLI's --query and
// jq give them. Where it is none it may be the end of something broken: nothing is
// taken then.
func (r *Reader) text() (Item, bool) {
	offset := r.s.offset()
	raw, err := r.s.take(true)
	if err == nil {
		if record := quoted(raw); record != nil {
			return r.made(offset)(normalise(record))
		}
	}
	if r.s.offset()-int64(len(raw)) != offset {
		return r.afterDamage(offset, err), true
	}
	r.s.pos -= len(raw)
	return r.resync(offset, fmt.Errorf("unexpected %q between records", '"')), true
}

func (r *Reader) enter(l level) (Item, bool) {
	if len(r.stack) < maxLevels {
		r.s.pos++
		r.push(l)
		return Item{}, false
	}
	offset := r.s.offset()
	if _, err := r.s.take(false); err != nil {
		return r.afterDamage(offset, err), true
	}
	return Item{Offset: offset, Damage: errors.New("lists within lists within lists skipped")}, true
}

// made is the item at an offset of what was made from it.
func (r *Reader) made(offset int64) func(made, error) (Item, bool) {
	return func(m made, err error) (Item, bool) {
		if err != nil {
			return Item{Offset: offset, Damage: err}, true
		}
		if m.lost != "" {
			r.lost[m.lost]++
		}
		return Item{Offset: offset, Record: m.record, Lost: m.lost}, true
	}
}

// member takes one member of a document: the list in it, or nothing.
func (r *Reader) member(c byte) (Item, bool) {
	offset := r.s.offset()
	if c == '}' {
		r.pop()
		r.s.pos++
		return Item{}, false
	}
	if c != '"' {
		return r.resync(offset, fmt.Errorf("unexpected %q between members", c)), true
	}
	quoted, err := r.s.take(true)
	if err != nil {
		return r.afterDamage(offset, err), true
	}
	name := unquoted(quoted)
	if c, ok := r.s.next(""); !ok {
		return r.finish()
	} else if c != ':' {
		return r.resync(offset, fmt.Errorf("unexpected %q behind a member's name", c)), true
	}
	r.s.pos++
	if c, ok := r.s.next(""); !ok {
		return r.finish()
	} else if into, found := containers[string(name)]; found && (into.level != athenaRows || r.shape == AthenaJSON) && (into.opens == c || into.opens == 0 && (c == '{' || c == '[')) {
		if into.opens == 0 && c == '{' {
			return r.enter(document)
		}
		return r.enter(into.level)
	}
	if _, err := r.s.take(false); err != nil {
		return r.afterDamage(offset, err), true
	}
	return Item{}, false
}

// afterDamage goes on behind a value that could not be taken.
func (r *Reader) afterDamage(offset int64, err error) Item {
	switch {
	case err == errLarge || err == errDeep:
		return Item{Offset: offset, Damage: err}
	case r.s.err != nil && r.s.pos == r.s.end:
		if r.end = io.EOF; errors.Is(err, io.ErrUnexpectedEOF) {
			err = fmt.Errorf("half a record at the end: %w", err)
		}
		return Item{Offset: offset, Damage: err}
	}
	return r.resync(offset, fmt.Errorf("broken JSON: %w", err))
}

// rewind goes back to where the next record seems to begin within one that is
// broken: a string that was cut has its next quote there. Never twice over the
// same bytes for nothing, as what is gone back to is shorter each time.
func (r *Reader) rewind(raw []byte, offset int64) {
	if len(raw) == 0 || r.s.offset()-int64(len(raw)) != offset {
		return
	}
	const begins = `{"eventVersion"`
	size := len(raw)
	r.s.pos -= size
	seen := r.s.ahead(size + len(begins) - 1)
	if n := bytes.LastIndex(seen[1:], []byte(begins)); n >= 0 {
		r.s.pos += 1 + n
	} else {
		r.s.pos += size
	}
}

// resync looks for the next place where a record may begin: an object at the
// beginning of a line, or one whose first member is a record's.
func (r *Reader) resync(offset int64, why error) Item {
	for len(r.stack) > 0 && r.at() == document {
		r.pop()
	}
	newline := r.s.pos > 0 && r.s.pos <= r.s.end && r.s.buf[r.s.pos-1] == '\n'
	for r.s.want(1) {
		for i, c := range r.s.rest() {
			if c == '{' || c == '[' && newline {
				r.s.pos += i
				if newline || plausible(r.s.ahead(256)) {
					return Item{Offset: offset, Damage: why}
				}
				r.s.pos++
				newline = false
				break
			}
			if newline = c == '\n'; i == len(r.s.rest())-1 {
				r.s.pos = r.s.end
				break
			}
		}
	}
	return Item{Offset: offset, Damage: why}
}

// stamp takes the time that an export of CloudWatch Logs puts before a record.
func (r *Reader) stamp() bool {
	b := r.s.ahead(64)
	if n := stamp(b); n > 0 {
		r.s.pos += n
		return true
	}
	return false
}

// ahead is the next n bytes, or fewer at the end.
func (s *stream) ahead(n int) []byte {
	s.want(n)
	return s.rest()[:min(n, s.end-s.pos)]
}

// isDocument looks as far into an object as is needed to say whether it holds
// records, rather than being one.
func (r *Reader) isDocument() bool {
	for n := 512; ; n = min(4*n, window) {
		b := r.s.ahead(n)
		switch look(b) {
		case isContainer:
			return true
		case isItem:
			return false
		}
		if len(b) < n || n >= window {
			return len(b) >= window
		}
	}
}

// NewSniffed is NewReader for a stream whose shape is not known yet. The error
// is Sniff's, or one of reading.
func NewSniffed(name string, r io.Reader) (*Reader, error) {
	b := bufio.NewReaderSize(r, HeadSize)
	head, err := b.Peek(HeadSize)
	if err != nil && err != io.EOF && len(head) == 0 {
		return nil, fmt.Errorf("cannot read %s: %w", path.Base(name), err)
	}
	s, err := Sniff(name, head)
	if err != nil {
		return nil, err
	}
	return NewReader(b, s), nil
}

// Shape is what the reader was told or found the file to be.
func (r *Reader) Shape() Shape { return r.shape }
