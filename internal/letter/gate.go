package letter

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"cordon/internal/pattern"
)

// What the gate refuses.
const (
	PrivateKey = "private-key"
	SecretKey  = "secret-key" // an AWS secret access key, or anything that looks as random
	Token      = "token"      // session, bearer and web tokens, and those with known beginnings
	Password   = "password"   // a value beside a word such as password, secret, token
	Card       = "card"
)

// A Hit is one thing that may not be sent. The thing itself is not in it.
type Hit struct {
	Kind string `json:"kind"`
	Line int    `json:"line"` // from 1
}

// A Refusal is a text that holds what AWS asks nobody to send.
type Refusal struct{ Hits []Hit }

func (r *Refusal) Error() string {
	return fmt.Sprintf("cannot send the text: line %d holds what looks like a %s, and %d such places in all", r.Hits[0].Line, r.Hits[0].Kind, len(r.Hits))
}

// Pass is the gate: it shortens access key ids and refuses every text with a
// secret in it. The error is a *Refusal. It is better to refuse a harmless text
// than to let a secret through: the person can word the line otherwise.
func Pass(text string) (string, error) {
	text = Shorten(text)
	if hits := Check(text); len(hits) > 0 {
		return "", &Refusal{hits}
	}
	return text, nil
}

var keyIDs = pattern.New(`(AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{8,}([A-Z0-9]{4})`)

// Shorten leaves of each access key's id what tells it from the others.
func Shorten(text string) string { return keyIDs.ReplaceAllString(text, "$1…$2") }

var fixed = []struct {
	kind string
	form *pattern.Pattern
}{
	{PrivateKey, pattern.New(`-----BEGIN [A-Z0-9 ]*PRIVATE KEY|PuTTY-User-Key-File|AGE-SECRET-KEY-1|PRIVATE KEY-----`)},
	{Token, pattern.New(`\beyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]{4,}`)},
	{Token, pattern.New(`(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{12,}`)},
	{Token, pattern.New(`\b(IQoJ|FwoG|FQoG|AQoD)[A-Za-z0-9+/=]{20,}`)},
	{Token, pattern.New(`\b(gh[pousr]_[A-Za-z0-9]{16,}|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[abprs]-[\w-]{10,}|sk-[\w-]{16,}|[rs]k_(live|test)_\w{10,}|AIza[\w-]{30,}|ya29\.[\w-]{10,}|npm_\w{20,}|SG\.[\w-]{16,}|ABSK[A-Za-z0-9+/=]{20,}|hooks\.slack\.com/services/\S+)`)},
	{Token, pattern.New(`(?i)X-Amz-(Signature|Security-Token)=`)},
	{Token, pattern.New(`(?i)otpauth://`)},
	{Password, pattern.New(`://[^/\s:@]+:[^/\s@]+@`)},
	{Card, pattern.New(`(?i)\b(cvv2?|cvc2?|security code|cryptogramme( visuel)?)\b[^\d\n]{0,16}\d{3,4}\b|安全码[^\d\n]{0,8}\d{3,4}`)},
}

// Check lists what may not be sent, in the order of the lines.
func Check(text string) []Hit {
	text = folded(text)
	var hits []Hit
	at := func(kind string, offset int) {
		hits = append(hits, Hit{kind, 1 + strings.Count(text[:offset], "\n")})
	}
	for _, f := range fixed {
		for _, m := range f.form.FindAllStringIndex(text, -1) {
			at(f.kind, m[0])
		}
	}
	for _, i := range cards(text) {
		at(Card, i)
	}
	for _, i := range randoms(text) {
		at(SecretKey, i)
	}
	for _, i := range told(text) {
		at(Password, i)
	}
	for _, i := range tabled(text) {
		at(Password, i)
	}
	slices.SortFunc(hits, func(a, b Hit) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return strings.Compare(a.Kind, b.Kind)
	})
	return slices.Compact(hits)
}

// folded takes away what would hide a secret from the forms above: characters
// of no width, wide letters and digits, odd spaces and dashes.
func folded(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r >= 0xff01 && r <= 0xff5e:
			return r - 0xfee0
		case unicode.Is(unicode.Cf, r), unicode.IsControl(r):
			return -1
		case unicode.IsSpace(r):
			return ' '
		case r >= 0x2010 && r <= 0x2015:
			return '-'
		case unicode.IsDigit(r) && r > unicode.MaxASCII:
			for zero := r; zero > r-10; zero-- { // the digits of a script stand together
				if !unicode.IsDigit(zero - 1) {
					return '0' + r - zero
				}
			}
		}
		return r
	}, s)
}

var (
	// 4-4-4-4, with up to three more; American Express; Diners; and in one piece.
	grouped = pattern.New(`\d{4}[ .\-/_\t]{0,3}\d{4}[ .\-/_\t]{0,3}\d{4}[ .\-/_\t]{0,3}\d{1,4}([ .\-/_\t]{0,3}\d{1,3})?|\d{4}[ .\-/_\t]{1,3}\d{6}[ .\-/_\t]{1,3}\d{4,5}|\d{13,19}`)
	digits  = pattern.New(`\D`)
)

// cards finds card numbers by their beginning, length and check digit.
func cards(text string) (at []int) {
	for from := 0; from < len(text); {
		next := grouped.FindAllStringIndex(text[from:], 1)
		if len(next) == 0 {
			break
		}
		m := []int{next[0][0] + from, next[0][1] + from}
		for from = m[0]; from < m[1] && isDigit(text[from]); from++ { // the next group may begin the card: "of 2026. 4111 …"
		}
		before, after := m[0] > 0 && isDigit(text[m[0]-1]), m[1] < len(text) && isDigit(text[m[1]])
		if before || after || severed(text[m[0]:m[1]]) {
			continue
		}
		number := digits.ReplaceAllString(text[m[0]:m[1]], "")
		for n := len(number); n >= 13; n-- { // a group of another number may follow
			if n <= 19 && strings.ContainsRune("23456", rune(number[0])) && luhn(number[:n]) {
				at = append(at, m[0])
				break
			}
		}
	}
	return at
}

// severed says that the groups of a number are apart by more than one sign, and not
// alike: cells of a table, not one number.
func severed(number string) bool {
	gaps := strings.FieldsFunc(number, func(r rune) bool { return r >= '0' && r <= '9' })
	gaps = gaps[:min(len(gaps), 3)] // what follows may be another number
	wide := func(g string) bool { return len(g) > 1 || g == "\t" }
	return slices.ContainsFunc(gaps, wide) && slices.ContainsFunc(gaps, func(g string) bool { return g != gaps[0] })
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func luhn(number string) bool {
	sum := 0
	for i := range number {
		d := int(number[len(number)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

var (
	run40   = pattern.New(`[A-Za-z0-9/+]{40,}`)
	longRun = pattern.New(`[A-Za-z0-9_\-+/=]{60,}`)
	hexOnly = pattern.New(`^([0-9a-f]+|[0-9A-F]+)$`)
)

// randoms finds strings that nobody words: AWS's secret access keys are 40
// characters of base 64. In words, letters of one case and digits stand
// together; at random they change with two characters of three.
func randoms(text string) (at []int) {
	for _, m := range run40.FindAllStringIndex(text, -1) {
		s := text[m[0]:m[1]]
		least := 0.20
		if len(s) > 40 {
			least = 0.34
		}
		for i := 0; i+40 <= len(s); i++ {
			if w := s[i : i+40]; mixed(w) && changes(w) >= least {
				at = append(at, m[0])
				break
			}
		}
	}
	for _, m := range longRun.FindAllStringIndex(text, -1) {
		if w := text[m[0]:m[1]]; mixed(w) && changes(w) >= 0.42 {
			at = append(at, m[0])
		}
	}
	return at
}

func mixed(s string) bool {
	upper, lower := strings.ToLower(s) != s, strings.ToUpper(s) != s
	return upper && lower && !hexOnly.MatchString(s)
}

// changes is how often the sort of the characters changes, as a part of all
// neighbours that are letters or digits.
func changes(s string) float64 {
	class := func(c byte) int {
		switch {
		case isDigit(c):
			return 1
		case c >= 'a' && c <= 'z':
			return 2
		case c >= 'A' && c <= 'Z':
			return 3
		}
		return 0
	}
	pairs, changed := 0, 0
	for i := 1; i < len(s); i++ {
		a, b := class(s[i-1]), class(s[i])
		if a == 0 || b == 0 {
			continue
		}
		pairs++
		if a != b {
			changed++
		}
	}
	if pairs == 0 {
		return 0
	}
	return float64(changed) / float64(pairs)
}
