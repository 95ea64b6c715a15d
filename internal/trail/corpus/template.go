package corpus

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
)

// An occasion is what an event's slots are filled from.
type occasion struct {
	r      *rand.Rand
	at     time.Time
	actor  *actor
	region string
}

// A slot appends its text.
type slot func(b []byte, o *occasion) []byte

// slots are the words that may stand in angle brackets. Besides them: "new-"
// and the prefix of a resource for one that was not there before, and hexN,
// b64-N, b32-N for N random digits.
var slots = map[string]slot{
	"acct":   func(b []byte, o *occasion) []byte { return append(b, o.actor.account...) },
	"region": func(b []byte, o *occasion) []byte { return append(b, o.region...) },
	"arn":    func(b []byte, o *occasion) []byte { return append(b, o.actor.arn...) },
	"user":   func(b []byte, o *occasion) []byte { return append(b, o.actor.name...) },
	"name":   func(b []byte, o *occasion) []byte { return append(b, o.actor.things[o.r.IntN(len(o.actor.things))]...) },
	"bucket": bucket,
	"uuid":   func(b []byte, o *occasion) []byte { return uuid(b, o.r) },
	"time":   func(b []byte, o *occasion) []byte { return o.at.AppendFormat(b, time.RFC3339) },
	"date":   func(b []byte, o *occasion) []byte { return o.at.AppendFormat(b, "Jan 2, 2006, 3:04:05 PM") },
	"millis": func(b []byte, o *occasion) []byte { return strconv.AppendInt(b, o.at.UnixMilli(), 10) },
	"n":      func(b []byte, o *occasion) []byte { return strconv.AppendInt(b, 1+o.r.Int64N(98), 10) },
	"private": func(b []byte, o *occasion) []byte {
		return fmt.Appendf(b, "10.%d.%d.%d", o.r.IntN(4), o.r.IntN(64), 4+o.r.IntN(250))
	},
	"type": func(b []byte, o *occasion) []byte {
		return append(b, []string{"t3.medium", "m6i.large", "m6i.xlarge", "c6g.2xlarge", "r6i.large"}[o.r.IntN(5)]...)
	},
	"asia": func(b []byte, o *occasion) []byte { return digits(append(b, sessionKey...), o.r, base32, 9) },
	"aroa": func(b []byte, o *occasion) []byte { return digits(append(b, "AROAEXAMPLE"...), o.r, base32, 10) },
}

const (
	hexDigits = "0123456789abcdef"
	base32    = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	base64    = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

	longKey    = "AKIAEXAMPLE"
	sessionKey = "ASIAEXAMPLE"
)

func digits(b []byte, r *rand.Rand, of string, n int) []byte {
	for bits, left := uint64(0), 0; n > 0; n-- {
		if left == 0 {
			bits, left = r.Uint64(), 10
		}
		b = append(b, of[bits&63%uint64(len(of))])
		bits >>= 6
		left--
	}
	return b
}

func uuid(b []byte, r *rand.Rand) []byte {
	var raw [16]byte
	for i := 0; i < 16; i += 8 {
		for k, v := 0, r.Uint64(); k < 8; k++ {
			raw[i+k] = byte(v >> (8 * k))
		}
	}
	raw[6], raw[8] = raw[6]&0x0f|0x40, raw[8]&0x3f|0x80
	for i, part := range [][]byte{raw[:4], raw[4:6], raw[6:8], raw[8:10], raw[10:]} {
		if i > 0 {
			b = append(b, '-')
		}
		b = hex.AppendEncode(b, part)
	}
	return b
}

func bucket(b []byte, o *occasion) []byte {
	b = append(b, o.actor.things[o.r.IntN(len(o.actor.things))]...)
	return append(append(b, "-data-"...), o.actor.account[:4]...)
}

// resource is an id of that prefix: seven times in ten one of the account's
// few hundred, else one that comes and goes.
func resource(prefix string) slot {
	return func(b []byte, o *occasion) []byte {
		b = append(append(b, prefix...), '-')
		if o.r.IntN(10) >= 7 {
			return digits(b, o.r, hexDigits, 17)
		}
		known := mix(hash(prefix), hash(o.actor.account), uint64(o.r.IntN(400)))
		return append(strconv.AppendUint(b, known|1<<63, 16), 'a')
	}
}

// A piece of a template is text, or a slot.
type piece struct {
	text string
	slot slot
}

// compile cuts a template at its slots. An unknown one is a mistake in the
// catalogue.
func compile(template string) (pieces []piece) {
	for {
		text, rest, found := strings.Cut(template, "<")
		if text != "" {
			pieces = append(pieces, piece{text: text})
		}
		if !found {
			return pieces
		}
		word, after, _ := strings.Cut(rest, ">")
		pieces = append(pieces, piece{slot: slotFor(word)})
		template = after
	}
}

func slotFor(word string) slot {
	if s, ok := slots[word]; ok {
		return s
	}
	for prefix, of := range map[string]string{"hex": hexDigits, "b64-": base64, "b32-": base32} {
		if digitsOf, ok := strings.CutPrefix(word, prefix); ok {
			if n, err := strconv.Atoi(digitsOf); err == nil {
				return func(b []byte, o *occasion) []byte { return digits(b, o.r, of, n) }
			}
		}
	}
	if prefix, ok := strings.CutPrefix(word, "new-"); ok {
		return func(b []byte, o *occasion) []byte {
			return digits(append(append(b, prefix...), '-'), o.r, hexDigits, 17)
		}
	}
	switch word {
	case "i", "eni", "vol", "sg", "subnet", "vpc", "lt", "ami", "r":
		return resource(word)
	}
	panic("corpus: no slot " + strconv.Quote(word))
}

func render(b []byte, pieces []piece, o *occasion) []byte {
	for i := range pieces {
		if p := &pieces[i]; p.slot != nil {
			b = p.slot(b, o)
		} else {
			b = append(b, p.text...)
		}
	}
	return b
}

// mix and hash make one seed of several.
func mix(values ...uint64) uint64 {
	h := uint64(0x9e3779b97f4a7c15)
	for _, v := range values {
		h ^= v
		h *= 0xff51afd7ed558ccd
		h ^= h >> 32
	}
	return h
}

func hash(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}
