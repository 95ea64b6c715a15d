package event

import (
	"encoding/binary"
	"math/bits"
)

// A run is members of a record that stand side by side: where from a call came,
// and what kind of event it is. Who called before mostly calls from the same place
// again, so that one comparison of bytes stands for reading them all. A run ends
// with a string's closing quote and cannot be the beginning of another one.
type run struct {
	bytes  []byte // from the comma before the first member
	pieces [5]piece
	n      int // how many members
	tag    uint32
}

// A piece is where a member's text lies within a run.
type piece struct{ from, to uint16 }

// runSize is the longest run that is remembered.
const runSize = 512

var (
	originRun = [...]field{awsRegion, sourceIPAddress, userAgent}
	kindRun   = [...]field{readOnly, eventType, managementEvent, recipientAccountID, eventCategory}
)

// behind is what mostly follows a run that follows a field.
var behind = [...]field{eventName: requestParameters, eventID: tlsDetails}

// run reads the members behind the one of field f, which ends before b[i], when
// they are as most records have them, and returns where they end. Else it is
// 0, and nothing is read.
func (v *View) run(f field, b []byte, i int) (end int) {
	if len(b)-i < 32 || b[i] != ',' {
		return 0
	}
	switch f {
	case eventName:
		if v.memo.origins == nil {
			if v.scans < runsAfter {
				return 0
			}
			v.memo.origins = make([]run, 4096)
		}
		if key := originKey(b, i); key != 0 {
			return v.originRun(&v.memo.origins[key%uint64(len(v.memo.origins))], b, i)
		}
	case eventID:
		key := kindKey(b, i)
		return v.kindRun(&v.memo.kinds[key%uint64(len(v.memo.kinds))], b, i)
	}
	return 0
}

// originKey is where in the table an origin may be that begins at b[i]: by bytes of
// all three in which they differ, if it is written in the usual way; else 0.
func originKey(b []byte, i int) uint64 {
	region := i + len(`,"awsRegion":"`)
	address := short(b, region) + len(`","sourceIPAddress":"`)
	agent := short(b, address) + len(`","userAgent":"`)
	if agent < address || address < region || len(b)-agent < 40 {
		return 0
	}
	le := binary.LittleEndian
	key := (le.Uint64(b[region+6:])*memoPrime ^ le.Uint64(b[address:])) * memoPrime
	key = (key ^ key>>29 ^ le.Uint64(b[agent-23:])) * memoPrime // the address's last bytes
	key = (key ^ key>>29 ^ le.Uint64(b[agent+8:])) * memoPrime
	key = (key ^ key>>29 ^ le.Uint64(b[agent+31:])) * memoPrime
	return key>>32 | 1<<40
}

// kindKey is where in the table a kind may be that begins at b[i]: by bytes of
// its type and of the account, as the usual way to write it has them.
func kindKey(b []byte, i int) uint64 {
	key := uint64(b[i+12]) // of true or false
	if le := binary.LittleEndian; len(b)-i >= 100 {
		key = (key ^ le.Uint64(b[i+28:])) * memoPrime
		key = (key ^ key>>29 ^ le.Uint64(b[i+90:])) * memoPrime
	}
	return key >> 32
}

// short is where the string ends that begins at b[i], if within 32 bytes; else it
// is far before b.
func short(b []byte, i int) int {
	const none = -1 << 20
	if i < 0 || len(b)-i < 32 {
		return none
	}
	for at := i; at < i+32; at += 8 {
		if stop := zeros(binary.LittleEndian.Uint64(b[at:]) ^ quotes); stop != 0 {
			return at + bits.TrailingZeros64(stop)>>3
		}
	}
	return none
}

func (v *View) originRun(r *run, b []byte, i int) int {
	if !r.is(b[i:]) {
		if !r.read(b[i:], originRun[:]) || r.n < len(originRun) {
			r.n, r.bytes = 0, r.bytes[:0]
			return 0
		}
		if r.tag = 0; v.memo.origin < maxTags {
			v.memo.origin++
			r.tag = v.memo.origin
		}
	}
	p := &r.pieces
	v.Region, v.Address, v.Agent = p[0].of(b[i:]), p[1].of(b[i:]), p[2].of(b[i:])
	v.OriginTag = r.tag
	return i + len(r.bytes)
}

func (v *View) kindRun(r *run, b []byte, i int) int {
	if !r.is(b[i:]) || r.isPart(b[i:]) {
		if !r.read(b[i:], kindRun[:]) {
			r.n, r.bytes = 0, r.bytes[:0]
			return 0
		}
		if r.tag = 0; r.n == len(kindRun) && v.memo.kind < maxTags {
			v.memo.kind++
			r.tag = v.memo.kind
		}
	}
	v.KindTag = r.tag
	p, b := &r.pieces, b[i:]
	v.ReadOnly, v.Type = p[0].of(b), p[1].of(b)
	if r.n > 2 {
		v.Management = p[2].of(b)
	}
	if r.n > 3 {
		v.Account = p[3].of(b)
	}
	if r.n > 4 {
		v.Category = p[4].of(b)
	}
	return i + len(r.bytes)
}

func (r *run) is(b []byte) bool {
	return r.n > 0 && len(b) >= len(r.bytes) && string(b[:len(r.bytes)]) == string(r.bytes)
}

// isPart says whether a member more of a kind follows the run in b than it has.
func (r *run) isPart(b []byte) bool {
	if r.n == len(kindRun) {
		return false
	}
	w := written[kindRun[r.n]]
	b = b[len(r.bytes):]
	return len(b) > len(w) && b[0] == ',' && string(b[1:1+len(w)]) == w
}

func (p piece) of(b []byte) []byte { return b[p.from:p.to] }

// read takes the members of these fields from the front of b, as many as are
// written in the usual way, up to the last one that is a string.
func (r *run) read(b []byte, fields []field) bool {
	r.n = 0
	end, at := 0, 0
	var none []byte
	for k, f := range fields {
		w := written[f]
		if len(b)-at < len(w)+2 || b[at] != ',' || string(b[at+1:at+1+len(w)]) != w {
			break
		}
		at += 1 + len(w)
		from := at
		if b[at] == '"' {
			s, next, err := text(b, at, &none)
			if err != nil || len(s) != next-at-2 || len(s) == 0 || &s[0] != &b[at+1] || next > runSize {
				break
			}
			at = next
			r.pieces[k] = piece{uint16(from + 1), uint16(next - 1)}
			r.n, end = k+1, next
			continue
		}
		next, err := literal(b, at)
		if err != nil || b[at] == 'n' || next > runSize {
			break
		}
		at = next
		r.pieces[k] = piece{uint16(from), uint16(next)}
	}
	if r.n < 2 {
		return false
	}
	r.bytes = append(r.bytes[:0], b[:end]...)
	return true
}
