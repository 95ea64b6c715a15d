package sigma

import (
	"bytes"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// A leaf is one test of one field. Leaves that say the same are one.
type leaf struct {
	field int32
	other int32 // fieldref: the field compared with
	class class // what decides it
	test  test
}

// A test is met when one value of the field is what it says.
type test struct {
	kind     kind
	cased    bool
	patterns []pattern           // text, reference (its one pattern's shape)
	words    map[string]struct{} // text: exact ones, where there are many
	re       *regexp.Regexp
	nets     []netip.Prefix
	numbers  []number
	compare  compare
	part     part
}

type kind uint8

const (
	missing kind = iota // null
	there               // exists
	textual
	regular
	network
	numeric
	reference
)

type compare uint8

const (
	equal compare = iota
	less
	atMost
	more
	atLeastAs
)

// A part is what a time modifier takes out of a time.
type part uint8

const (
	whole part = iota
	minute
	hour
	day
	week
	month
	year
)

// A number is what a rule says, and its text, which is exact.
type number struct {
	value float64
	text  string
}

// met decides the test. other are the values of the second field.
func (t *test) met(x, other *values) bool {
	switch t.kind {
	case missing:
		return !x.present
	case there:
		return x.present
	case reference:
		return t.same(x, other)
	}
	texts := x.text
	if t.kind == textual && !t.cased {
		texts = x.folded()
	}
	for _, s := range texts {
		if t.one(s) {
			return true
		}
	}
	return false
}

func (t *test) one(s []byte) bool {
	switch t.kind {
	case textual:
		if _, ok := t.words[string(s)]; ok {
			return true
		}
		for i := range t.patterns {
			if t.patterns[i].match(s) {
				return true
			}
		}
	case regular:
		return t.re.Match(s)
	case network:
		addr, ok := address(string(s))
		for _, n := range t.nets {
			if ok && n.Contains(addr) {
				return true
			}
		}
	case numeric:
		return t.count(string(s))
	}
	return false
}

// same is fieldref: the patterns' one shape says how the values are compared.
func (t *test) same(x, other *values) bool {
	a, b := x.text, other.text
	if !t.cased {
		a, b = x.folded(), other.folded()
	}
	for _, s := range a {
		for _, o := range b {
			met := false
			switch t.patterns[0].shape {
			case prefix:
				met = bytes.HasPrefix(s, o)
			case suffix:
				met = bytes.HasSuffix(s, o)
			case within:
				met = bytes.Contains(s, o)
			default:
				met = bytes.Equal(s, o)
			}
			if met {
				return true
			}
		}
	}
	return false
}

func (t *test) count(s string) bool {
	var got float64
	if t.part != whole {
		at, err := time.Parse(time.RFC3339, s)
		if err != nil {
			return false
		}
		got = t.part.of(at.UTC())
	} else {
		n, ok := parseNumber(s)
		if !ok {
			return false
		}
		got = n
	}
	for _, n := range t.numbers {
		met := false
		switch t.compare {
		case equal:
			met = got == n.value && (s == n.text || t.part != whole || exactly(got))
		case less:
			met = got < n.value
		case atMost:
			met = got <= n.value
		case more:
			met = got > n.value
		case atLeastAs:
			met = got >= n.value
		}
		if met {
			return true
		}
	}
	return false
}

// exactly says whether a float stands for one integer only.
func exactly(f float64) bool { return f > -1<<53 && f < 1<<53 }

func (p part) of(t time.Time) float64 {
	switch p {
	case minute:
		return float64(t.Minute())
	case hour:
		return float64(t.Hour())
	case day:
		return float64(t.Day())
	case week:
		_, w := t.ISOWeek()
		return float64(w)
	case month:
		return float64(t.Month())
	}
	return float64(t.Year())
}

// parseNumber reads a decimal number; "Inf", "0x1" and "1_000" are none.
func parseNumber(s string) (float64, bool) {
	if s == "" || len(s) > 64 {
		return 0, false
	}
	for i := range len(s) {
		c := s[i]
		if (c < '0' || c > '9') && c != '.' && c != '-' && c != '+' && c != 'e' && c != 'E' {
			return 0, false
		}
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil
}

// address reads an IP address. Leading zeros, as in 075.050.255.67, are
// decimal; an address with a zone has none.
func address(s string) (netip.Addr, bool) {
	if a, err := netip.ParseAddr(s); err == nil {
		return a.Unmap().WithZone(""), true
	}
	parts := strings.Split(s, ".")
	if len(parts) != 4 {
		return netip.Addr{}, false
	}
	var four [4]byte
	for i, p := range parts {
		if p == "" || len(p) > 8 || strings.Trim(p, "0123456789") != "" {
			return netip.Addr{}, false
		}
		n, err := strconv.ParseUint(p, 10, 8)
		if err != nil {
			return netip.Addr{}, false
		}
		four[i] = byte(n)
	}
	return netip.AddrFrom4(four), true
}

// prefixOf reads a network; a lone address is a network of one.
func prefixOf(s string) (netip.Prefix, bool) {
	head, bits, slashed := strings.Cut(s, "/")
	addr, ok := address(head)
	if !ok {
		return netip.Prefix{}, false
	}
	if !slashed {
		return netip.PrefixFrom(addr, addr.BitLen()), true
	}
	n, err := strconv.Atoi(bits)
	if err != nil || strings.HasPrefix(bits, "+") {
		return netip.Prefix{}, false
	}
	if strings.Contains(head, ":") && addr.Is4() { // ::ffff:10.0.0.0/104
		n -= 96
	}
	p := netip.PrefixFrom(addr, n)
	return p.Masked(), p.IsValid()
}
