package ere_test

import (
	"strings"
	"testing"

	"cordon/internal/secrets/ere"
)

const sample = "ab\na^b\na1)b\n*a\n{1}a\na{1\na{,2}\n\naa\n[b-a]\n\\d d-d\nfoofoo foo\n foo_bar\tfoo\n a  b\naXa a1a1\nb$ a\n" +
	"AKIAQYLPMN5HHHFPZAM2\nxAKIAQYLPMN5HHHFPZAM2 AKIAQYLPMN5HHHFPZAM2\nKEY_AKIAQYLPMN5HHHFPZAM2\r\n\xe9\xa9\xff a\xc3\xa9b\n" +
	"aws_secret_access_key = \"wJalrXUtnFEMI/K7MDENG/bPxRfiCYzEXAMPLEKE\"\nMY_aws_secret_access_key=wJalrXUtnFEMI/K7MDENG/bPxRfiCYzEXAMPLEKE\n" +
	"account_id: 1234-5678-9012 1\nAWS_ACCOUNT_ID=123456789012\n....\n  \nb"

// patterns are written to meet every branch of the readers.
var patterns = []string{
	// what has nothing before it, and then closes
	`(*)a`, `(*)a)`, `((*)a)`, `({)a`, `({*)a`, `({*)a)`, `(({*)a)`, `(({)a)`, `(({{)a)`, `((*{)a)`, `((**)a)`, `((+)a)`, `((*?)a)`, `({+)`, `({**)`, `(a|{*)`, `((a|{*)b)`, `((a|*)b)`, `((^*)b)`, `((^{*)b)`, `(({1}*)b)`, `(({1*)b)`, `((*{1})b)`, `({*`, `{*)`, `{*`, `{)`, `*)`, `(({*))`, `(({*|a)b)`, `(({*a)b)`, `({a)`, `(({a*)b)`, `(({?)b)`, `((*a|{*)b)`, `((\b*)a)`, `(a(*|)b)`, `((|*)b)`, `(()*)`, `((a{,2}*)b)`, `((a{x*)b)`, `((a{x)b)`, `(({,}*)b)`, `([)]{*)a`, `((a*{)b)`, `((a*{*)b)`, `((a|^)b)`, `((a{1}{)b)`, `((a{1}{*)b)`,
	"a", "ab", "*a", "{1}a", "a{1", "a{1,x}", "a{2,1}", "a{32768}", "a{99999}", ")", "(a", "[a", "[[:foo:]]", "[:space:]", "[b-a]",
	"[[.space.]]", "[[.a.]]", "[[=a=]]b", "[[=ab=]]", "a**", "^*ab", "a^*b", "a|*b", "(*a)", "(|a)b", "()", `a\`, `\1`, `(a)\1`, `(a)\2`, "a{,2}",
	`a\-?`, `a\/b`, `\d`, `a\{1`, `\(a`, "a{1}{2}", "a+?", "[a-]b", "[]a]b", "[^]a]b", `[a\]b`, "[[:alpha:]", "[a-[:alpha:]]", `\ba`, `a\b*`, `\<ab\>`,
	"a{", "a{x", "[[.", "[[:", "a{,}", "a{0}", "(a{1", `\s+`, `[\s]`, "a||b", "|", "(", "a{1a}", "[a-c-e]", "[[.-.]-a]", "[+--]", "(?:a)", "^{2}a", `\x`, `\]`,
	`\}`, `\t`, `\"`, `[\d]`, `a\ b`, "", "^", "$", "^$", "a{}", "a{1,2,3}", "a{,,}", "a{,", "{", "a|{", "(*)", "(a|*)", `\w+`, `\W`, `\S`, `\B`, "\\`a", `a\'`,
	`\>`, `foo\>`, `\Boo`, ".", "..", "^.$", "[^a]", "[^[:alnum:]_]", "(foo)(foo)?", "foo|foofoo", "(foo|foofoo)x?", `(a.)\1`, `(foo)\1`, `(o)\1`, `(x*)\1`, `(b)\1|zz`,
	`(a)|b\1`, `((a)|b)\2`, `(a|b)*\1`, "x*", " *", "b*|c", `[[:digit:]]{4}`, "[0-9]{2,3}-", "é", "[é]", "\xff", "[\x80-\xff]+", `\é`, "a-b", "[a-z]+_[a-z]+", "o+", "(fo|foo|f)",
	"a.*b", ".*", ".+", "^ *a", `(^|b)a`, `a(\b|$)`, "(((a)))", "[[:upper:]][[:lower:]]", "[]-a]", "[a-a]", "[]", "[^]", "[^", "[", "a[", "[[]", "[[]]", "[a", "[a-", "[-a]", "[a-b-]", "[--a]",
	"(^)*a", "(a{)", "(a{x)b", "{[[.a.]]", "[[.a.]]{", "[[.a.]]{1,2,3}", "a{1}{", "((a{)*)", `\<*a`, "^+a", "$*", "a$b", "(a$)", "^^a", "a{2}", "a{1,2}", "a{01}", "[[:space:]x]", "[x[:space:]]", "[:]", "[::]", "[:a:]", "[^:a:]", "[:a:b:]", "[a:]",
	`(A3T[A-Z0-9]|AKIA|AGPA|AIDA|AROA|AIPA|ANPA|ANVA|ASIA)[A-Z0-9]{16}`, `ABSK[A-Za-z0-9+/]{109,}=*`,
	`("|')?(AWS|aws|Aws)?_?(SECRET|secret|Secret)?_?(ACCESS|access|Access)?_?(KEY|key|Key)("|')?\s*(:|=>|=)\s*("|')?[A-Za-z0-9/\+=]{40}("|')?`,
	`("|')?(AWS|aws|Aws)?_?(ACCOUNT|account|Account)_?(ID|id|Id)?("|')?\s*(:|=>|=)\s*("|')?[0-9]{4}\-?[0-9]{4}\-?[0-9]{4}("|')?`,
}

func TestAsThePeers(t *testing.T) {
	p, dir := findPeers(t), t.TempDir()
	for _, pattern := range patterns {
		compare(t, dir, p, pattern, []byte(sample))
	}
}

// TestMatch needs no peer.
func TestMatch(t *testing.T) {
	for _, c := range []struct {
		pattern, line string
		opt           ere.Options
		want          bool
	}{
		{`AKIA[A-Z0-9]{16}`, "xAKIAQYLPMN5HHHFPZAM2", ere.Options{}, true},
		{`AKIA[A-Z0-9]{16}`, "xAKIAQYLPMN5HHHFPZAM2", ere.Options{Word: true}, false},
		{`AKIA[A-Z0-9]{16}`, "x-AKIAQYLPMN5HHHFPZAM2-", ere.Options{Word: true}, true},
		{`foo|foofoo`, "foofoo", ere.Options{Word: true}, true},
		{`a.`, "a\xff", ere.Options{}, true},
		{`^a.$`, "a\xc3\xa9", ere.Options{}, false},
		{`(a+)b\1`, "aab", ere.Options{}, false},
		{`(a+)b\1`, "xaaabaa", ere.Options{}, true},
		{`x*`, "ab", ere.Options{Word: true}, false},
		{`x*`, "a  b", ere.Options{Word: true}, true},
		{`x*`, "a  b", ere.Options{Word: true, Dialect: ere.Git}, false},
		{`[a\]x`, `\x`, ere.Options{}, true},
	} {
		re, err := ere.Compile([]string{c.pattern}, c.opt)
		if err != nil {
			t.Fatal(c.pattern, err)
		}
		if got := re.Match([]byte(c.line)); got != c.want {
			t.Errorf("%q in %q %+v: %v", c.pattern, c.line, c.opt, got)
		}
		if got := len(re.Clone().Lines([]byte("zz\n"+c.line+"\nzz\n"), nil)) > 0; got != c.want {
			t.Errorf("%q among lines of %q %+v: %v", c.pattern, c.line, c.opt, got)
		}
	}
}

// TestLists: any of several, an empty list nothing, and every fault is told.
func TestLists(t *testing.T) {
	re, err := ere.Compile(nil, ere.Options{})
	if err != nil || re.Match(nil) || re.Match([]byte("a")) {
		t.Error("an empty list matches", err)
	}
	re, err = ere.Compile([]string{"b", `(a)\1`, "c$"}, ere.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for line, want := range map[string]bool{"b": true, "aa": true, "xc": true, "a": false, "cx": false} {
		if re.Match([]byte(line)) != want {
			t.Errorf("%q: not %v", line, want)
		}
	}
	_, err = ere.Compile([]string{"(", "a", "[b"}, ere.Options{})
	if err == nil || err.Error() != "Unmatched ( or \\(\nUnmatched [, [^, [:, [., or [=" {
		t.Errorf("%v", err)
	}
}

// TestHostile: what is made to cost much ends soon, and what nobody could decide
// is shown.
func TestHostile(t *testing.T) {
	long := strings.Repeat("a", 200_000)
	for _, pattern := range []string{`(a*)*b`, `(a|aa)+$`, `.*.*.*=.*`, `[ab]*a[ab]{12}x`, `a{1,200}b`} {
		re, err := ere.Compile([]string{pattern}, ere.Options{Word: true, Dialect: ere.Git})
		if err != nil {
			t.Fatal(pattern, err)
		}
		re.Match([]byte(long))
	}
	re, err := ere.Compile([]string{`(a*)*(a*)*\1\2b`}, ere.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if !re.Match([]byte(long + "b")) {
		t.Error("a line that could not be decided was passed by")
	}
	for _, pattern := range []string{strings.Repeat("(", 5000) + strings.Repeat(")", 5000), "((a{1000}){1000}){1000}"} {
		if _, err := ere.Compile([]string{pattern}, ere.Options{}); err == nil || err.Error() != "Regular expression too big" {
			t.Errorf("%.20q: %v", pattern, err)
		}
	}
}
