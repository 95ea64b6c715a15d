package event

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
)

// maxDepth is encoding/json's.
const maxDepth = 10000

var (
	errDepth  = errors.New("nested too deep")
	errSyntax = errors.New("not JSON")
)

// Scan reads the record that buf begins with, after white space, and returns
// how many bytes that was. What Parse makes of those bytes, the View has, field
// for field: the last of two equal keys counts, keys are compared as spelled
// (encoding/json would also take other cases; nobody writes them).
//
// The record itself is checked as JSON. Inside objects and lists only strings
// and the number of brackets are: a record that Scan takes can still be refused
// by Event, never the other way round. A record that buf holds the beginning of
// is io.ErrUnexpectedEOF.
func (v *View) Scan(buf []byte) (n int, err error) {
	*v = View{scratch: v.scratch[:0], memo: v.memo, scans: v.scans + 1}
	if v.memo == nil && v.scans > memoAfter {
		v.memo = new(memo)
	}
	start := space(buf, 0)
	if start == len(buf) {
		return 0, fmt.Errorf("cannot read event: %w", io.ErrUnexpectedEOF)
	}
	end, err := v.object(buf, start)
	if err != nil {
		return 0, fmt.Errorf("cannot read event%s: byte %d: %w", named(scalar(v.ID)), end, err)
	}
	v.Raw = buf[start:end]
	if len(v.ID) > 0 && !plainUUID(v.ID) {
		if at, err := readTime(string(v.Time)); err == nil { // else Event refuses it
			v.ID = []byte(distinct(string(v.ID), string(v.Name), at))
		}
	}
	return end, nil
}

// object reads the record at b[i]; on an error i is where it is.
func (v *View) object(b []byte, i int) (int, error) {
	if b[i] != '{' {
		return i, errSyntax
	}
	if i = space(b, i+1); i < len(b) && b[i] == '}' {
		return i + 1, nil
	}
	expected := eventVersion
	for {
		if i >= len(b) {
			return i, io.ErrUnexpectedEOF
		}
		f, at, err := v.key(b, i, expected)
		if err != nil {
			return at, err
		}
		if f != other {
			expected = follows[f]
		}
		if i, err = v.field(f, b, at); err != nil {
			return i, err
		}
		if i+1 < len(b) && b[i] == ',' && b[i+1] == '"' {
			i++
			continue
		}
		if i = space(b, i); i >= len(b) {
			return i, io.ErrUnexpectedEOF
		}
		switch b[i] {
		case '}':
			return i + 1, nil
		case ',':
			i = space(b, i+1)
		default:
			return i, errSyntax
		}
	}
}

// key reads the key at b[i] and returns where its value begins, which is there.
func (v *View) key(b []byte, i int, expected field) (f field, at int, err error) {
	// As CloudTrail writes it.
	if w := written[expected]; len(b)-i > len(w) && string(b[i:i+len(w)]) == w && b[i+len(w)] > ' ' {
		return expected, i + len(w), nil
	}
	if b[i] != '"' {
		return other, i, errSyntax
	}
	key, at, err := text(b, i, &v.scratch)
	if err != nil {
		return other, at, err
	}
	if at+1 < len(b) && b[at] == ':' && b[at+1] > ' ' {
		at++
	} else if at, err = colon(b, at); err != nil {
		return other, at, err
	}
	return fieldOf(key), at, nil
}

// colon returns where the value behind a key begins.
func colon(b []byte, i int) (int, error) {
	if i = space(b, i); i >= len(b) {
		return i, io.ErrUnexpectedEOF
	}
	if b[i] != ':' {
		return i, errSyntax
	}
	if i = space(b, i+1); i >= len(b) {
		return i, io.ErrUnexpectedEOF
	}
	return i, nil
}

// field reads the value at b[i], which is there.
func (v *View) field(f field, b []byte, i int) (int, error) {
	var to *[]byte
	switch f {
	case eventVersion:
		to = &v.Version
	case userIdentity:
		return v.identity(b, i)
	case eventTime:
		to = &v.Time
	case eventSource:
		to = &v.Source
	case eventName:
		to = &v.Name
	case awsRegion:
		to = &v.Region
	case sourceIPAddress:
		to = &v.Address
	case userAgent:
		return v.agent(b, i)
	case errorCode:
		to = &v.ErrorCode
	case errorMessage:
		to = &v.ErrorMessage
	case requestParameters:
		return raw(&v.Request, b, i)
	case responseElements:
		return raw(&v.Response, b, i)
	case additionalEventData:
		return raw(&v.Additional, b, i)
	case eventID:
		to = &v.ID
	case readOnly:
		to = &v.ReadOnly
	case resources:
		return raw(&v.Resources, b, i)
	case eventType:
		to = &v.Type
	case managementEvent:
		to = &v.Management
	case recipientAccountID:
		to = &v.Account
	case sharedEventID:
		to = &v.SharedID
	case vpcEndpointID:
		to = &v.VPCEndpoint
	case serviceEventDetails:
		return raw(&v.Details, b, i)
	case eventCategory:
		to = &v.Category
	case tlsDetails:
		return v.tls(b, i)
	case sessionCredentialFromConsole:
		to = &v.FromConsole
	default:
		return skip(b, i)
	}
	return v.scalar(to, b, i)
}

// scalar reads a value that is to be one: an object or a list is none.
func (v *View) scalar(to *[]byte, b []byte, i int) (end int, err error) {
	switch b[i] {
	case '"':
		*to, end, err = text(b, i, &v.scratch)
		return end, err
	case '{', '[':
		*to = nil
		return skip(b, i)
	}
	end, err = literal(b, i)
	if *to = b[i:end]; b[i] == 'n' || err != nil {
		*to = nil
	}
	return end, err
}

// raw reads a value as delivered; null is nil.
func raw(to *[]byte, b []byte, i int) (int, error) {
	end, err := skip(b, i)
	if *to = b[i:end]; b[i] == 'n' || err != nil {
		*to = nil
	}
	return end, err
}

// identity reads userIdentity. encoding/json decodes a second one over the
// first: both then stand in one object, as ReadPrincipal does the same.
func (v *View) identity(b []byte, i int) (end int, err error) {
	before := v.Identity
	v.IdentityTag = 0
	var k *known
	if v.memo != nil && b[i] == '{' {
		if k = place(v.memo.who[:], b, i, 40); k != nil {
			if end = k.end(b, i); end > 0 && before == nil {
				v.Identity, v.IdentityTag = b[i:end], k.tag
				return end, nil
			}
		}
	}
	if end, err = raw(&v.Identity, b, i); err != nil {
		return end, err
	}
	if before != nil && v.Identity != nil && before[0] == '{' && b[i] == '{' {
		v.Identity = join(before, v.Identity)
		return end, nil
	}
	if k != nil && before == nil && v.memo.tags < maxTags {
		v.memo.tags++
		v.IdentityTag = v.memo.tags
		k.keep(v.Identity, v.IdentityTag)
	}
	return end, nil
}

// join is one object with the members of two.
func join(a, b []byte) []byte {
	a, b = bytes.TrimSpace(a[1:len(a)-1]), bytes.TrimSpace(b[1:len(b)-1])
	both := append([]byte{'{'}, a...)
	if len(a) > 0 && len(b) > 0 {
		both = append(both, ',')
	}
	return append(append(both, b...), '}')
}

// agent reads userAgent. One that has escapes is not remembered.
func (v *View) agent(b []byte, i int) (end int, err error) {
	var k *known
	if v.memo != nil && b[i] == '"' {
		if k = place(v.memo.agent[:], b, i, 32); k != nil {
			if end = k.end(b, i); end > 0 {
				v.Agent = b[i+1 : end-1]
				return end, nil
			}
		}
	}
	end, err = v.scalar(&v.Agent, b, i)
	if k != nil && err == nil && len(v.Agent) > 0 && &v.Agent[0] == &b[i+1] {
		k.keep(b[i:end], 0)
	}
	return end, err
}

// tls passes over tlsDetails.
func (v *View) tls(b []byte, i int) (end int, err error) {
	var k *known
	if v.memo != nil && b[i] == '{' {
		if k = place(v.memo.tls[:], b, i, 88); k != nil {
			if end = k.end(b, i); end > 0 {
				return end, nil
			}
		}
	}
	end, err = skip(b, i)
	if k != nil && err == nil {
		k.keep(b[i:end], 0)
	}
	return end, err
}

func space(b []byte, i int) int {
	for i < len(b) && b[i] <= ' ' && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}

const (
	ones      = 0x0101010101010101
	highs     = 0x80 * ones
	quotes    = '"' * ones
	backslash = '\\' * ones
)

// zeros has the high bit of the lowest byte of w that is zero, and may have
// others above it.
func zeros(w uint64) uint64 { return (w - ones) &^ w & highs }

// text reads the string at b[i] and undoes its escapes, into the scratch buffer
// where there are any.
func text(b []byte, i int, scratch *[]byte) (s []byte, end int, err error) {
	i++
	odd := uint64(0) // what may be a control character, or not ASCII
	for at := i; ; at += 8 {
		if len(b)-at < 8 {
			return oddText(b, i, scratch)
		}
		w := binary.LittleEndian.Uint64(b[at:])
		stop := zeros(w^quotes) | zeros(w^backslash)
		if stop == 0 {
			odd |= (w - ' '*ones) | w
			continue
		}
		at += bits.TrailingZeros64(stop) >> 3
		odd |= ((w - ' '*ones) | w) & (stop&-stop - 1)
		if odd&highs != 0 || b[at] != '"' {
			return oddText(b, i, scratch)
		}
		return b[i:at], at + 1, nil
	}
}

// closing returns the index of the quote that ends the string that began
// before b[i], or len(b).
func closing(b []byte, i int) int {
	for {
		if len(b)-i >= 32 {
			p := b[i : i+32]
			if stop := zeros(binary.LittleEndian.Uint64(p) ^ quotes); stop != 0 {
				i += bits.TrailingZeros64(stop) >> 3
				goto found
			}
			if stop := zeros(binary.LittleEndian.Uint64(p[8:]) ^ quotes); stop != 0 {
				i += 8 + bits.TrailingZeros64(stop)>>3
				goto found
			}
			if stop := zeros(binary.LittleEndian.Uint64(p[16:]) ^ quotes); stop != 0 {
				i += 16 + bits.TrailingZeros64(stop)>>3
				goto found
			}
			if stop := zeros(binary.LittleEndian.Uint64(p[24:]) ^ quotes); stop != 0 {
				i += 24 + bits.TrailingZeros64(stop)>>3
				goto found
			}
			i += 32
		}
		if k := bytes.IndexByte(b[i:], '"'); k >= 0 {
			i += k
		} else {
			return len(b)
		}
	found:
		// Backslashes are counted back to the quote that opens the string, at most.
		n := i - 1
		for b[n] == '\\' {
			n--
		}
		if (i-n)&1 != 0 {
			return i
		}
		i++
	}
}

// What a byte is between the strings of an object or list.
const (
	isNothing = iota
	isQuote
	isOpening
	isClosing
)

var class = [256]uint8{'"': isQuote, '{': isOpening, '[': isOpening, '}': isClosing, ']': isClosing}

// skip returns where the value at b[i], which is there, ends.
func skip(b []byte, i int) (int, error) {
	switch b[i] {
	case '"':
		if i = closing(b, i+1); i == len(b) {
			return i, io.ErrUnexpectedEOF
		}
		return i + 1, nil
	case '{', '[':
	default:
		return literal(b, i)
	}
	for depth := 1; i < len(b); { // the record itself is the first level
		c := b[i]
		i++
		switch class[c] {
		case isQuote:
			if len(b)-i >= 8 { // most strings are short
				if stop := zeros(binary.LittleEndian.Uint64(b[i:]) ^ quotes); stop != 0 {
					if end := i + bits.TrailingZeros64(stop)>>3; b[end-1] != '\\' {
						i = end + 1
						continue
					}
				}
			}
			i = closing(b, i) + 1
		case isOpening:
			if depth++; depth > maxDepth {
				return i, errDepth
			}
		case isClosing:
			if depth--; depth == 1 {
				return i, nil
			}
		}
	}
	return len(b), io.ErrUnexpectedEOF
}

// literal returns where the number or the word at b[i] ends.
func literal(b []byte, i int) (int, error) {
	end := i
	for end < len(b) && b[end] > ' ' && b[end] != ',' && b[end] != '}' && b[end] != ']' {
		end++
	}
	if end == len(b) {
		return end, io.ErrUnexpectedEOF
	}
	switch string(b[i:end]) {
	case "true", "false", "null":
		return end, nil
	}
	if !number(b[i:end]) {
		return i, errSyntax
	}
	return end, nil
}

// number says whether s is one, by JSON's grammar.
func number(s []byte) bool {
	s = bytes.TrimPrefix(s, []byte("-"))
	whole := digits(s)
	if whole == 0 || whole > 1 && s[0] == '0' {
		return false
	}
	s = s[whole:]
	if len(s) > 0 && s[0] == '.' {
		n := digits(s[1:])
		if n == 0 {
			return false
		}
		s = s[1+n:]
	}
	if len(s) > 0 && s[0]|0x20 == 'e' {
		if s = s[1:]; len(s) > 0 && (s[0] == '+' || s[0] == '-') {
			s = s[1:]
		}
		n := digits(s)
		return n > 0 && n == len(s)
	}
	return len(s) == 0
}

func digits(s []byte) (n int) {
	for n < len(s) && s[n]-'0' <= 9 {
		n++
	}
	return n
}
