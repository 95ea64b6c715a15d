package leak

import (
	"bytes"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Ids of AWS are runs of 20 capitals and digits, which are rare; every other
// credential that a rule knows has a run of at least 24 token characters in it.
// The walk looks at every twentieth or twenty-fourth byte, goes back from one of
// the class to where its run begins, and forward again from there: most of a text
// is never looked at. The runs it meets are searched for the words that rules
// begin with.

const (
	leastID   = 20
	leastRun  = 24
	nearWords = 96 // how far before a bare secret a word may name it
)

// The classes of bytes.
const (
	token  byte = 1 << iota // letters, digits, + / = _ ~ -
	secret                  // what an AWS secret key consists of: letters, digits, + /
	alnum
	upper // capitals and digits
)

var class = func() (c [256]byte) {
	for b := range 256 {
		letter := b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z'
		digit := b >= '0' && b <= '9'
		if letter || digit {
			c[b] |= token | secret | alnum
		}
		if digit || b >= 'A' && b <= 'Z' {
			c[b] |= upper
		}
		if b == '+' || b == '/' {
			c[b] |= token | secret
		}
		if strings.IndexByte("=_~-", byte(b)) >= 0 {
			c[b] |= token
		}
	}
	return c
}()

// A start is one word that something begins with.
type start struct {
	word string
	rule *compiled // nil: only a hint that the text is worth reading whole
	// skip is how far before a run the word ends.
	skip int
}

// A compiled rule has its pattern made when its word is first met: most scans
// meet few.
type compiled struct {
	Rule
	once sync.Once
	re   *regexp.Regexp
	most int // bytes that decide what it matches
}

// open says whether a match may be of any length.
func (r *compiled) open() bool { return strings.Contains(r.Pattern, ",}") }

// find is the match at the beginning of b. It is shown no more of it than a match
// can have and what may stand behind: of a short text regexp remembers what it
// tried, which is several times faster than following all ways at once.
func (r *compiled) find(b []byte) []int {
	r.once.Do(func() {
		pattern := "^(?:" + r.Pattern + ")"
		r.re, r.most = regexp.MustCompile(pattern), longest(pattern)
	})
	return r.re.FindSubmatchIndex(b[:min(len(b), r.most)])
}

// What the walk meets beside the words of rules.
const (
	bareSecret = -1 // 40 characters that may be a secret access key
	bareCoded  = -2 // 54 or 55 that may be one in base 64
	bareMail   = -3 // 44 that may be a password of SES
)

// index finds words by their first two bytes.
type index struct {
	bucket [1 << 16]uint8 // 0: none begins so
	starts [][]start
	dotted []start
	ids    []start // of AWS
}

// hints are words of what only a whole text can show: bodies of private keys,
// and credentials in base 64.
func hints() []string {
	out := []string{
		"IBAAK", "IBADANBgkqhkiG9w0", "b3BlbnNzaC1rZXktdjE", "MHcCAQEE", "MHQCAQEE", "MIGHAgEA", "MIGkAgEB", "MC4CAQAw",
	}
	for _, word := range []string{
		"AKIA", "ASIA", "ABIA", "ACCA", "aws_sec", "AWS_SEC", "SecretAcc", "secretAcc", "PRIVATE K", "ghp_", "glpat-", "xoxb-", "sk_live_",
	} {
		out = append(out, coded(word)...)
	}
	return out
}

func newIndex(rules []*compiled) *index {
	x := &index{starts: make([][]start, 1)}
	for _, r := range rules {
		for _, w := range r.Starts {
			x.add(start{word: w, rule: r})
		}
	}
	for _, w := range hints() {
		x.add(start{word: w})
	}
	return x
}

func (x *index) add(s start) {
	if s.rule != nil && s.rule.Vendor == "aws" && s.rule.Class != Secret {
		x.ids = append(x.ids, s)
		return
	}
	word, skip, early := strings.Cut(s.word, "|")
	if early || strings.Contains(word, ".") {
		s.word = word
		s.skip, _ = strconv.Atoi(skip) // none is 0
		x.dotted = append(x.dotted, s)
		return
	}
	k := int(s.word[0])<<8 | int(s.word[1])
	if x.bucket[k] == 0 {
		x.bucket[k] = uint8(len(x.starts))
		x.starts = append(x.starts, nil)
	}
	x.starts[x.bucket[k]] = append(x.starts[x.bucket[k]], s)
}

// meet is called for whatever the walk meets: at is where it begins; rule is nil
// for a hint, and bare is then 0, or one of the bare kinds. It answers whether to
// go on with this line.
type meet func(at int, rule *compiled, bare int) bool

// walk meets everything in text that may be a credential: first the ids, then
// the others, each in their order.
func (x *index) walk(text []byte, all bool, f meet) {
	x.runs(text, upper, leastID, func(s, e int) bool {
		if k := escape(text, s); k > 0 && e-s >= k+leastID && !x.id(text, s+k, f) {
			return false
		}
		return x.id(text, s, f)
	})
	x.runs(text, token, leastRun, func(s, e int) bool { return x.run(text, s, e, all, f) })
}

// id meets the ids that begin at s.
func (x *index) id(text []byte, s int, f meet) bool {
	for _, w := range x.ids {
		if string(text[s:s+len(w.word)]) == w.word && !f(s, w.rule, 0) {
			return false
		}
	}
	return true
}

// runs calls f for each run of a class, at least so long. Where f says no, the
// rest of the line is left out.
func (x *index) runs(text []byte, of byte, least int, f func(s, e int) bool) {
	from, known := 0, 0 // text[from:known] is of the class
	for at := least - 1; at < len(text); {
		k := at
		for k >= known && class[text[k]]&of != 0 {
			k--
		}
		if k >= known { // no run covers it
			from, known = k+1, at+1
			at = k + least
			continue
		}
		e := at + 1
		for e < len(text) && class[text[e]]&of != 0 {
			e++
		}
		if !f(from, e) {
			n := bytes.IndexByte(text[e:], '\n')
			if n < 0 {
				return
			}
			e += n
		}
		from, known = e+1, e+1
		at = e + least
	}
}

// run searches one run of token characters.
func (x *index) run(text []byte, s, e int, all bool, f meet) bool {
	if s > 0 && text[s-1] == '.' {
		for _, d := range x.dotted {
			at := s - d.skip - len(d.word)
			if at < 0 || string(text[at:at+len(d.word)]) != d.word || d.word[0] != '.' && at > 0 && class[text[at-1]]&alnum != 0 && !escaped(text, at) {
				continue // another word, or the end of a longer one
			}
			if !f(at, d.rule, 0) {
				return false
			}
		}
	}
	for i := s; i+leastWord <= e; i++ {
		b := x.bucket[int(text[i])<<8|int(text[i+1])]
		if b == 0 {
			continue
		}
		for _, w := range x.starts[b] {
			if e-i >= len(w.word) && string(text[i:i+len(w.word)]) == w.word && (w.rule == nil || fits(w.rule, text, i, s)) && !f(i, w.rule, 0) {
				return false
			}
		}
	}
	if e-s >= 40 {
		return bare(text, s, e, all, f)
	}
	return true
}

const leastWord = 3

// fits says whether a rule may begin at i: not inside a word, unless it is loose.
func fits(r *compiled, text []byte, i, s int) bool {
	if i == s || r.Loose && (r.Class == Secret || class[text[i-1]]&upper == 0) || !r.Loose && class[text[i-1]]&alnum == 0 {
		return true
	}
	return escaped(text, i)
}

// bare meets runs that are as long as a secret access key, or as one in base 64.
// Where not all are wanted, a word before must name it.
func bare(text []byte, s, e int, all bool, f meet) bool {
	for i := s; i < e; {
		if class[text[i]]&secret == 0 {
			i++
			continue
		}
		j := i + 1
		for j < e && class[text[j]]&secret != 0 {
			j++
		}
		at, kind := i, bareKind(text, i, j, e)
		if kind == 0 && j-i > 40 {
			if k := escape(text, i); k > 0 {
				at, kind = i+k, bareKind(text, i+k, j, e)
			}
		}
		if kind != 0 && (all || announces(text, at, j, kind)) && !f(at, nil, kind) {
			return false
		}
		i = j
	}
	return true
}

// bareKind is what text[i:j] is as long as, 0 where it is nothing.
func bareKind(text []byte, i, j, e int) int {
	switch n := j - i; {
	case n == 40 && varied(text[i:j]):
		return bareSecret
	case (n == 54 || n == 55) && j < e && text[j] == '=':
		return bareCoded
	case n == 44 && text[i] == 'B' && varied(text[i:j]):
		return bareMail
	}
	return 0
}

// announces says whether what stands before text[i:j] on its line names it, or is
// nothing: then the line above may. Most of what is as long is no secret.
func announces(text []byte, i, j, kind int) bool {
	head := before(text, i)
	return named(head) || kind == bareSecret && blank(head) && random(text[i:j], 8)
}

// blank says whether nothing stands before a value, but what quotes or lists it.
func blank(head []byte) bool { return len(bytes.TrimLeft(head, " \t\"'`-|>")) == 0 }

// before is what stands before i on its line, as far as it matters.
func before(text []byte, i int) []byte {
	head := text[max(0, i-nearWords):i]
	if n := bytes.LastIndexByte(head, '\n'); n >= 0 {
		head = head[n+1:]
	}
	return head
}

// named says whether a word announces a secret. Case does not matter.
func named(head []byte) bool {
	var low [nearWords]byte
	n := copy(low[:], head)
	for i := range n {
		if c := low[i]; c >= 'A' && c <= 'Z' {
			low[i] = c | 0x20
		}
	}
	for _, w := range names {
		if bytes.Contains(low[:n], w) {
			return true
		}
	}
	return false
}

var names = [][]byte{[]byte("secret"), []byte("key"), []byte("aws"), []byte("smtp"), []byte("passw"), []byte("credential"), []byte("token")}

// varied says whether text could be random: it has capitals, small letters and
// digits, and is neither a path nor a hash.
func varied(b []byte) bool {
	var up, low, digit, other int
	for _, c := range b {
		switch {
		case c >= 'a' && c <= 'z':
			low++
		case c >= 'A' && c <= 'Z':
			up++
		case c >= '0' && c <= '9':
			digit++
		default:
			other++
		}
	}
	return up >= 3 && low >= 3 && digit >= 1 && other <= 6
}

// coded are the beginnings that a word has in base 64, for each of the three
// places where it may begin.
func coded(word string) []string {
	var out []string
	for shift := range 3 {
		raw := append(bytes.Repeat([]byte{0}, shift), word...)
		text := encode(raw)
		// What depends on the bytes before and after the word is cut off.
		from := []int{0, 2, 3}[shift]
		to := len(raw) * 8 / 6
		out = append(out, text[from:to])
	}
	slices.Sort(out)
	return slices.Compact(out)
}
