package leak

import (
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var template = regexp.MustCompile(`\{([wuhbnlaq])(\d+)\}`)

// alphabets of what a sample's {w36} stands for.
var alphabets = map[string]string{
	"w": "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", "u": "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "h": "0123456789abcdef",
	"b": "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", "n": "0123456789", "l": "abcdefghijklmnopqrstuvwxyz0123456789",
	"a": "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
	"q": "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L",
}

// fill makes a text of a sample, always the same for one seed.
func fill(sample string, seed uint64) string {
	r := rand.New(rand.NewPCG(seed, 7))
	return template.ReplaceAllStringFunc(sample, func(s string) string {
		m := template.FindStringSubmatch(s)
		n, _ := strconv.Atoi(m[2])
		for {
			b := make([]byte, n)
			for i := range b {
				b[i] = alphabets[m[1]][r.IntN(len(alphabets[m[1]]))]
			}
			// What AWS makes has all sorts of characters; so has a sample.
			if m[1] != "b" || n < 40 || varied(b) && strings.IndexFunc(string(b), func(r rune) bool { return r >= '0' && r <= '9' }) >= 0 && b[0] != '/' && b[0] != '+' && random(b, 6) {
				return string(b)
			}
		}
	})
}

func detector() *Detector { return New(Options{Key: []byte("test"), Identifiers: true}) }

func has(list []Found, rule string) bool {
	for _, f := range list {
		if f.Rule == rule {
			return true
		}
	}
	return false
}

// TestRules holds every rule to its samples, alone and inside of other text, and
// the matcher to the detector: what is found must have been chosen.
func TestRules(t *testing.T) {
	m := Options{Identifiers: true}.Matcher()
	for _, r := range All() {
		if r.ID == "" || r.Name == "" || r.Vendor == "" || len(r.Hit) == 0 || len(r.Miss) == 0 {
			t.Errorf("%s: a rule has a name, a vendor, and samples of both sorts", r.ID)
		}
		for i, sample := range r.Hit {
			for seed := range uint64(20) {
				text := fill(sample, seed)
				for _, around := range []string{text, "first line\n\t" + text + "\nlast line\n", text + "\r\n"} {
					if !has(detector().Text([]byte(around)), r.ID) {
						t.Errorf("%s does not match its sample %d %s: %q", r.ID, i, sample, around)
					}
					if len(m.Lines([]byte(around), nil)) == 0 {
						t.Errorf("%s: the matcher passes sample %d over: %q", r.ID, i, around)
					}
				}
			}
		}
		for i, sample := range r.Miss {
			for seed := range uint64(20) {
				if text := fill(sample, seed); has(detector().Text([]byte(text)), r.ID) {
					t.Errorf("%s matches what it must not, %d %s: %q", r.ID, i, sample, text)
				}
			}
		}
	}
}

func TestBuckets(t *testing.T) {
	if n := len(table().index.starts); n > 255 {
		t.Fatalf("%d beginnings of words; the index holds 255", n)
	}
}

// TestAccountOf has ids whose account is publicly known.
func TestAccountOf(t *testing.T) {
	for id, want := range map[string]string{
		"AKIA" + "AYLPMN5HAAAAAAAA": "052310077262", "ASIA" + "Y34FZKBOKMUTVV7A": "609629065308",
		"AKIA" + "IOSFODNN7EXAMPLE": "", "AKIA" + "JAAAAAAAAAAAAAAA": "", "AROA" + "Y34FZKBOKMUTVV7A": "", "AKIA" + "Y34FZKBOKMUTVV71": "", "AKIA": "", "AKIAAAAAAAAAAAAAAAAA": "",
	} {
		if got := AccountOf(id); got != want {
			t.Errorf("%s: %q, want %q", id, got, want)
		}
	}
	if CanaryOf("052310077262") != "canarytokens.org" || CanaryOf("044858866125") == "" || CanaryOf("609629065308") != "" || CanaryOf("") != "" {
		t.Error("canaries")
	}
}

// TestPairs: the nearest two belong together, and a bare secret counts only near
// an id.
func TestPairs(t *testing.T) {
	far := strings.Repeat("nothing here\n", 30)
	text := fill("AKIA{u16}\n", 1) + far + fill("{b40}\n", 2)
	got := detector().Text([]byte(text))
	if len(got) != 2 || got[0].Pair != got[1].Fingerprint || got[1].Pair != got[0].Fingerprint || got[0].Distance != 31 {
		t.Fatalf("31 lines apart: %+v", got)
	}
	if got := detector().Text([]byte(fill("{b40}\n", 2) + far)); len(got) != 0 {
		t.Fatalf("a bare secret alone: %+v", got)
	}
	if got := detector().Text([]byte(fill("AKIA{u16}\n", 1) + strings.Repeat("x\n", 60) + fill("{b40}\n", 2))); len(got) != 1 {
		t.Fatalf("a bare secret 60 lines away: %+v", got)
	}
	two := fill("a: AKIA{u16}\nsecret: {b40}\nb: AKIA{u16}\nsecret: {b40}\n", 3)
	got = detector().Text([]byte(two))
	if len(got) != 4 || got[0].Pair != got[1].Fingerprint || got[2].Pair != got[3].Fingerprint {
		t.Fatalf("two pairs: %+v", got)
	}
}

// TestSlashes: a secret may have slashes and small letters as a path has them. Under
// AWS's own name it is one; under another it stays in doubt, and a path is none.
func TestSlashes(t *testing.T) {
	const value = "aB3/xyzabQ9/Lm0Pq/RsTuV1wX2yZ3aB4cD5eF6g"
	for text, want := range map[string]bool{
		"aws_secret_access_key={v}": true, `"SecretAccessKey": "{v}"`: true, "AWS_SECRET_ACCESS_KEY: '{v}'": true,
		"secret files: {v}": false, "key={v}": false, "{v}": false, "the secret access key is of {v}": false,
		"aws_secret_access_key=services/Team1/Prod/Orders/Database/KeyA": false,
	} {
		body := fill("id=AKIA{u16}\n", 5) + strings.ReplaceAll(text, "{v}", value) + "\n"
		if got := has(detector().Text([]byte(body)), RuleSecret); got != want {
			t.Errorf("%s: %t, want %t", text, got, want)
		}
	}
}

// TestNextLine: a secret that stands alone on its line is found by the name above,
// and chosen by the matcher, which sees no other line.
func TestNextLine(t *testing.T) {
	m := Options{}.Matcher()
	for _, above := range []string{"aws_secret_access_key:", "aws_secret_access_key: >-", "aws_secret_access_key: |2-", "secretAccessKey =", "<secretKey>", "secret: |\r"} {
		for _, before := range []string{"", "  ", "\t\"", "  - ", "'"} {
			for seed := range uint64(10) {
				text := "x:\n" + above + "\n" + before + fill("{b40}", seed)
				for _, after := range []string{"", "\n", "\"\nlast"} {
					if got := detector().Text([]byte(text + after)); !has(got, RuleSecret) {
						t.Errorf("is not found: %q", text+after)
					}
					if got := m.Lines([]byte(text+after), nil); len(got) == 0 {
						t.Errorf("the matcher passes it over: %q", text+after)
					}
				}
			}
		}
	}
	for _, text := range []string{"the words:\n{b40}", "secret word\n{b40}", "secret:\n\n{b40}", "secret:\nx {b40}"} {
		if got := detector().Text([]byte(fill(text, 1))); len(got) > 0 {
			t.Errorf("%q: %+v", text, got)
		}
	}
	if m.Lines([]byte("somethingThatIsMadeOfWordsAndHasNoNumb3r"), nil) != nil {
		t.Error("words are chosen")
	}
}

func TestPlaceAndAllow(t *testing.T) {
	got := detector().Text([]byte(fill("one\ntwo  AKIA{u16}\nAKIA{u16} # cordon:allow\n", 4)))
	if len(got) != 2 || got[0].Line != 2 || got[0].Column != 6 || got[0].Allowed != "" || got[1].Allowed != "comment" {
		t.Fatalf("%+v", got)
	}
}

// TestFingerprints: the same under one key, others under another, and no part of
// the value.
func TestFingerprints(t *testing.T) {
	text := []byte(fill("aws_secret_access_key={b40}", 5))
	a, b := New(Options{Key: []byte("a")}).Text(text), New(Options{Key: []byte("b")}).Text(text)
	again := New(Options{Key: []byte("a")}).Text(text)
	if len(a) != 1 || a[0].Fingerprint != again[0].Fingerprint || a[0].Fingerprint == b[0].Fingerprint || len(a[0].Fingerprint) != 32 {
		t.Fatal(a, b, again)
	}
	if strings.Contains(a[0].Fingerprint, a[0].Reveal()[:8]) || a[0].ID != "" || len(a[0].Last4) != 4 {
		t.Fatal("the value shows")
	}
}

// TestMatcherLines: a verdict about a line depends on that line alone.
func TestMatcherLines(t *testing.T) {
	m := Options{}.Matcher()
	r := rand.New(rand.NewPCG(1, 1))
	var lines []string
	for _, rule := range All() {
		for _, s := range append(rule.Hit, rule.Miss...) {
			lines = append(lines, strings.Split(fill(s, r.Uint64()), "\n")...)
		}
	}
	lines = append(lines, "", "x", strings.Repeat("=", 50))
	for range 500 {
		r.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
		text := strings.Join(lines[:20], "\n")
		hits := m.Lines([]byte(text), nil)
		at := 0
		for _, l := range lines[:20] {
			alone := len(m.Lines([]byte(l), nil)) > 0
			within := false
			for _, h := range hits {
				within = within || h >= at && h <= at+len(l)
			}
			if alone != within {
				t.Fatalf("alone %v, among others %v: %q", alone, within, l)
			}
			at += len(l) + 1
		}
	}
}
