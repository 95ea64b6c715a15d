package trail

import (
	"bytes"
	"encoding/binary"
	"encoding/json"

	"cordon/internal/event"
)

// Tokens are what a question may name: ids, names, ARNs, addresses. They are
// kept as hashes that lead to rows, so an answer has to look into the record.
//
// Of request, response and resources every string value is a token that has a
// digit or a sign in it, or is the value of a member that names something (its
// key ends in name, id, arn …); of an ARN also its last part, of an S3 ARN the
// bucket and of a session's ARN the role. Times, and values shorter than 3 or
// longer than 2,048 bytes are none: only a search through the records finds them.
const (
	minToken = 3
	maxToken = 2048
	maxTail  = 300 // beyond that only ARNs: policies and blobs are no names
)

// hashToken is kept on disk: it must never change. It is MurmurHash64A of the
// bytes, folded; whoever makes values collide makes questions slower, not wrong.
func hashToken(b []byte) uint32 {
	const m = 0xc6a4a7935bd1e995
	h := uint64(len(b)) * m
	all := b
	for ; len(b) >= 8; b = b[8:] {
		k := binary.LittleEndian.Uint64(b) * m
		h = (h ^ (k^k>>47)*m) * m
	}
	if len(b) > 0 {
		var k uint64
		if len(all) >= 8 { // the rest are the upper bytes of the last eight
			k = binary.LittleEndian.Uint64(all[len(all)-8:]) >> (64 - 8*len(b))
		} else {
			for i, c := range b {
				k |= uint64(c) << (8 * i)
			}
		}
		h = (h ^ k) * m
	}
	h = (h ^ h>>47) * m
	h ^= h >> 47
	return uint32(h>>32) ^ uint32(h)
}

// A tokens gathers the tokens of a worker's rows, in the order of rows.
type tokens struct {
	hash, row []uint32
	first     int // where the current row begins
}

func (t *tokens) begin() { t.first = len(t.hash) }

// add notes one token of a row, once.
func (t *tokens) add(row uint32, v []byte) {
	if len(v) < minToken {
		return
	}
	h := hashToken(v)
	for _, have := range t.hash[t.first:] {
		if have == h {
			return
		}
	}
	if len(t.hash)-t.first < maxRowTokens {
		t.hash = append(t.hash, h)
		t.row = append(t.row, row)
	}
}

// maxRowTokens bounds what one record may add, and the search for what it has
// added already; DescribeInstances-like answers of thousands are not recorded
// by AWS in full.
const maxRowTokens = 2000

// collect adds the tokens in a JSON value of a row, the strings of which are
// known as far as texts goes.
func (t *tokens) collect(row uint32, b []byte, texts event.Texts) {
	var key []byte
	for _, s := range texts.List {
		key = t.text(row, b, int(s.From), int(s.To), key)
	}
	for at := texts.Rest; at < len(b); {
		k := bytes.IndexByte(b[at:], '"')
		if k < 0 {
			return
		}
		from := at + k + 1
		end := closing(b, from)
		if end >= len(b) {
			return
		}
		key = t.text(row, b, from, end, key)
		at = end + 1
	}
}

// text takes the string b[from:end], and returns the key that counts behind it.
func (t *tokens) text(row uint32, b []byte, from, end int, key []byte) []byte {
	v, at := b[from:end], end+1
	if at < len(b) && (b[at] == ':' || b[at] <= ' ' && spaced(b, at)) {
		return v
	}
	if len(v) < minToken || len(v) > maxToken {
		return key
	}
	if bytes.IndexByte(v, '\\') >= 0 {
		v = unescape(v)
	}
	if telling(v) || naming(key) {
		t.value(row, v)
	}
	return key
}

// value adds one string value and the parts of an ARN.
func (t *tokens) value(row uint32, v []byte) {
	isARN := len(v) > 12 && string(v[:4]) == "arn:"
	if len(v) > maxTail && !isARN || isTime(v) {
		return
	}
	t.add(row, v)
	if !isARN {
		return
	}
	last := v[tail(v):]
	if string(last) == "*" { // of a log group
		return
	}
	t.add(row, last)
	service := v[4+bytes.IndexByte(v[4:], ':')+1:]
	if rest, ok := bytes.CutPrefix(service, []byte("s3:::")); ok {
		bucket, _, _ := bytes.Cut(rest, []byte("/"))
		t.add(row, bucket)
	} else if bytes.HasPrefix(service, []byte("sts:")) {
		if _, rest, ok := bytes.Cut(service, []byte(":assumed-role/")); ok {
			role, _, _ := bytes.Cut(rest, []byte("/"))
			t.add(row, role)
		}
	}
}

// tail is where the last part of an ARN begins.
func tail(v []byte) int {
	i := len(v)
	for i > 0 && v[i-1] != '/' && v[i-1] != ':' {
		i--
	}
	return i
}

// telling says whether a value has a digit or a sign in it: it is more than a
// word of some service's vocabulary.
func telling(v []byte) bool {
	for _, c := range v {
		if isTelling[c] {
			return true
		}
	}
	return false
}

var isTelling = func() (t [256]bool) {
	for c := range t {
		t[c] = c < 'A' && c != ' ' || c == '_' || c >= 0x80
	}
	return t
}()

// naming says whether a member's value is somebody's choice of a name even
// where it looks like a word.
func naming(key []byte) bool {
	if len(key) < 2 {
		return false
	}
	switch key[len(key)-1] | 0x20 {
	case 'd': // …Id
		return key[len(key)-2]|0x20 == 'i'
	case 'e': // …Name, role, table
		return hasTail(key, "name") || hasTail(key, "role") || hasTail(key, "table")
	case 'n': // …Arn, function
		return hasTail(key, "arn") || hasTail(key, "function")
	case 'r', 't', 'p', 's', 'y', 'c':
		return hasTail(key, "user") || hasTail(key, "bucket") || hasTail(key, "group") || hasTail(key, "alias") ||
			hasTail(key, "identifier") || hasTail(key, "key") || hasTail(key, "topic")
	}
	return false
}

// hasTail compares without case; tail is in lower case.
func hasTail(key []byte, tail string) bool {
	if len(key) < len(tail) {
		return false
	}
	key = key[len(key)-len(tail):]
	for i := range key {
		if key[i]|0x20 != tail[i] {
			return false
		}
	}
	return true
}

// isTime knows the two ways that bodies write times.
func isTime(v []byte) bool {
	if len(v) >= 19 && v[4] == '-' && v[7] == '-' && v[10] == 'T' && v[13] == ':' {
		return true
	}
	return len(v) >= 20 && len(v) < 28 && v[3] == ' ' && bytes.IndexByte(v, ',') > 0 && bytes.IndexByte(v, ':') > 0
}

// closing finds the quote that ends a string whose first byte is at i; without
// one it is len(b).
func closing(b []byte, i int) int {
	for i < len(b) && b[i] != '"' {
		if b[i] == '\\' {
			i++
		}
		i++
	}
	return min(i, len(b))
}

// spaced says whether a colon follows behind white space.
func spaced(b []byte, at int) bool {
	for ; at < len(b); at++ {
		switch b[at] {
		case ' ', '\n', '\r', '\t':
		default:
			return b[at] == ':'
		}
	}
	return false
}

// unescape undoes the escapes of a string; what has none that JSON knows stays
// as it is.
func unescape(v []byte) []byte {
	var s string
	quoted := append(append([]byte{'"'}, v...), '"')
	if json.Unmarshal(quoted, &s) != nil {
		return v
	}
	return []byte(s)
}
