package event

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// How a log file is read in bulk:
//
//	at, ok := Records(buf)
//	for ok {
//		at, ok, err = NextRecord(buf, at)  // where the next record begins
//		…                                  // err, or no more
//		n, err := v.Scan(buf[at:])         // v.Raw lies at buf[at:at+n]
//		…                                  // on an error: count it, at = Resync(buf, at)
//		at += n
//	}
//
// Where only a part of the document is in memory, an io.ErrUnexpectedEOF of
// either function asks for more.

var errNoList = errors.New("no list of records")

// Records returns the place behind the bracket that opens the list of a
// document {"Records":[…]}. The list may stand behind other members; ok is
// false when there is none, or it does not begin within buf.
func Records(buf []byte) (at int, ok bool) {
	at, err := FindRecords(buf)
	return at, err == nil
}

// FindRecords is Records, and says why not: io.ErrUnexpectedEOF when buf ends
// before the list begins.
func FindRecords(buf []byte) (at int, err error) {
	var scratch []byte
	i := space(buf, len(buf)-len(bytes.TrimPrefix(buf, []byte("\xef\xbb\xbf"))))
	if i < len(buf) && buf[i] != '{' {
		return i, errNoList
	}
	for i = space(buf, i+1); i < len(buf); i = space(buf, i+1) {
		if buf[i] != '"' {
			return i, errNoList
		}
		key, end, err := text(buf, i, &scratch)
		if err != nil {
			return i, err
		}
		if i, err = colon(buf, end); err != nil {
			return i, err
		}
		if string(key) == "Records" {
			if buf[i] != '[' {
				return i, errNoList
			}
			return i + 1, nil
		}
		if i, err = skip(buf, i); err != nil {
			return i, err
		}
		if i = space(buf, i); i < len(buf) && buf[i] != ',' {
			return i, errNoList
		}
	}
	return len(buf), io.ErrUnexpectedEOF
}

// NextRecord returns where the next record begins, from the place that Records
// returned or behind a record. More is false at the end of the list, with next
// behind its bracket. What stands in the list and is no object is an error.
func NextRecord(buf []byte, at int) (next int, more bool, err error) {
	if at < len(buf) && buf[at] == ',' {
		at++
	}
	if at < len(buf) && buf[at] == '{' {
		return at, true, nil
	}
	if at = space(buf, at); at < len(buf) && buf[at] == ',' {
		at = space(buf, at+1)
	}
	switch {
	case at >= len(buf):
		return at, false, fmt.Errorf("cannot read events: byte %d: %w", at, io.ErrUnexpectedEOF)
	case buf[at] == '{':
		return at, true, nil
	case buf[at] == ']':
		return at + 1, false, nil
	}
	return at, false, fmt.Errorf("cannot read events: byte %d: %w", at, errSyntax)
}

// firstKey is how CloudTrail begins every record that it writes.
const firstKey = `{"eventVersion":`

// Resync returns where reading can go on behind a damaged record that begins
// at buf[at]: at the next text that looks like a record's beginning, else at the
// end of buf. Only the spelling that CloudTrail's own files have is known. What
// it finds may stand inside a damaged record, as a part of its request, which
// the caller of an API can choose: what was read after damage is to be marked
// as such.
func Resync(buf []byte, at int) int {
	for from := at + 1; from < len(buf); {
		k := bytes.Index(buf[from:], []byte(firstKey))
		if k < 0 {
			break
		}
		from += k
		// In the list it stands behind the comma or the line's end before it; as
		// the value of a member it would stand behind a colon.
		before := bytes.TrimRight(buf[at:from], " \t\r\n")
		if len(before) == 0 || before[len(before)-1] != ':' {
			return from
		}
		from++
	}
	return len(buf)
}
