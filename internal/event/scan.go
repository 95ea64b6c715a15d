package event

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
)

// maxTexts is how many strings of one record are listed.
const maxTexts = 4096

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
	scratch, texts, memory, scans := v.scratch[:0], v.texts, v.memo, v.scans+1
	*v = View{} // by itself it is not made elsewhere and copied
	v.scratch, v.texts, v.memo, v.scans = scratch, texts, memory, scans
	if v.memo == nil && v.scans > memoAfter {
		v.memo, v.texts = new(memo), new([maxTexts]Text)
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
		if v.memo != nil && (f == eventName || f == eventID) {
			if end := v.run(f, b, i); end > 0 {
				i, expected = end, behind[f]
			}
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
	if w := &spelled[expected]; len(b)-i > longestKey && w.begins(b[i:]) && b[i+w.size] > ' ' {
		return expected, i + w.size, nil
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
		v.OriginTag = 0
		to = &v.Region
	case sourceIPAddress:
		v.OriginTag = 0
		to = &v.Address
	case userAgent:
		v.OriginTag = 0
		return v.agent(b, i)
	case errorCode:
		to = &v.ErrorCode
	case errorMessage:
		to = &v.ErrorMessage
	case requestParameters:
		return v.texted(&v.Request, &v.RequestTexts, b, i)
	case responseElements:
		return v.texted(&v.Response, &v.ResponseTexts, b, i)
	case additionalEventData:
		return v.texted(&v.Additional, &v.AdditionalTexts, b, i)
	case eventID:
		to = &v.ID
	case readOnly:
		v.KindTag = 0
		to = &v.ReadOnly
	case resources:
		return v.texted(&v.Resources, &v.ResourcesTexts, b, i)
	case eventType:
		v.KindTag = 0
		to = &v.Type
	case managementEvent:
		v.KindTag = 0
		to = &v.Management
	case recipientAccountID:
		v.KindTag = 0
		to = &v.Account
	case sharedEventID:
		to = &v.SharedID
	case vpcEndpointID:
		to = &v.VPCEndpoint
	case serviceEventDetails:
		return raw(&v.Details, b, i)
	case eventCategory:
		v.KindTag = 0
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

// texted is raw, and lists the strings while there is room for them.
func (v *View) texted(to *[]byte, texts *Texts, b []byte, i int) (end int, err error) {
	var room []Text
	if v.texts != nil {
		room = v.texts[v.listed:]
	}
	end, *texts, err = walk(b, i, room)
	v.listed += len(texts.List)
	if *to = b[i:end]; b[i] == 'n' || err != nil {
		*to = nil
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
