package clean

import (
	"encoding/csv"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestText(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"plain", "web-1 (prod) 10%", "web-1 (prod) 10%"},
		{"empty", "", ""},
		{"French and Chinese", "clé d’accès\u00a0: 停用，密钥。é", "clé d’accès\u00a0: 停用，密钥。é"},
		{"colour", "\x1b[31mred\x1b[0m", "‹U+001B›[31mred‹U+001B›[0m"},
		{"window title", "\x1b]0;pwned\a", "‹U+001B›]0;pwned‹U+0007›"},
		{"one-byte CSI, OSC", "\u009b31m\u009d0;x\u009c", "‹U+009B›31m‹U+009D›0;x‹U+009C›"},
		{"raw C1 byte", "a\x9bb", "a‹0x9B›b"},
		{"newline, tab, return", "a\nb\tc\rd", "a‹U+000A›b‹U+0009›c‹U+000D›d"},
		{"line separators", "a\u2028b\u2029c", "a‹U+2028›b‹U+2029›c"},
		{"nul, delete, backspace", "a\x00b\x7fc\bd", "a‹U+0000›b‹U+007F›c‹U+0008›d"},
		{"bidi override", "user\u202egpj.exe\u202c", "user‹U+202E›gpj.exe‹U+202C›"},
		{"bidi isolates", "\u2066a\u2067b\u2068c\u2069", "‹U+2066›a‹U+2067›b‹U+2068›c‹U+2069›"},
		{"marks", "\u200e\u200f\u061c", "‹U+200E›‹U+200F›‹U+061C›"},
		{"zero width", "ad\u200bmi\u200cn\u200d\u2060", "ad‹U+200B›mi‹U+200C›n‹U+200D›‹U+2060›"},
		{"BOM, soft hyphen", "\ufeffa\u00adb", "‹U+FEFF›a‹U+00AD›b"},
		{"tags", "a\U000e0001\U000e0041b", "a‹U+E0001›‹U+E0041›b"},
		{"variation selectors", "a\ufe0f\U000e0100", "a‹U+FE0F›‹U+E0100›"},
		{"blank letters", "a\u3164\u115f\u2800b", "a‹U+3164›‹U+115F›‹U+2800›b"},
		{"look-alike spaces", "a\u2009b\u200ac", "a‹U+2009›b‹U+200A›c"},
		{"private use, unassigned", "\ue000\U0010ffff", "‹U+E000›‹U+10FFFF›"},
		{"tower of marks", "e\u0301\u0301\u0301\u0301\u0301", "e\u0301\u0301\u0301\u0301‹U+0301›"},
		{"mark on nothing", "\u0301e", "‹U+0301›e"},
		{"invalid UTF-8", "a\xffb\xc3", "a‹0xFF›b‹0xC3›"},
		{"the replacement character itself", "a\ufffdb", "a\ufffdb"},
	} {
		if got := Text(c.in); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestCap(t *testing.T) {
	if got, want := Text(strings.Repeat("a", 300)), strings.Repeat("a", 256)+"… (+44)"; got != want {
		t.Errorf("%q", got)
	}
	if got, want := TextCap("密钥密钥密钥", 5), "密钥… (+4)"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := TextCap("abc", 3); got != "abc" {
		t.Errorf("%q", got)
	}
	huge := strings.Repeat("é", 1<<20)
	if got, want := TextCap(huge, 10), strings.Repeat("é", 10)+"… (+1048566)"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := TextCap(strings.Repeat("x", 999), 0); len(got) != 999 {
		t.Errorf("no cap, yet %d", len(got))
	}
}

func TestCSV(t *testing.T) {
	for in, want := range map[string]string{
		"web":                        "web",
		"":                           "",
		`=HYPERLINK("http://x","y")`: `'=HYPERLINK("http://x","y")`,
		"+1":                         "'+1",
		"-1":                         "'-1",
		"@SUM(A1)":                   "'@SUM(A1)",
		"  =1+1":                     "'  =1+1",
		"'=1":                        "''=1",
		"\t=1":                       "'‹U+0009›=1",
		"\r=1":                       "'‹U+000D›=1",
		"＝1":                         "'＝1",
		"|cmd":                       "'|cmd",
		"a=1":                        "a=1",
	} {
		if got := CSV(in); got != want {
			t.Errorf("CSV(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestMarkup(t *testing.T) {
	if got, want := HTML(`</script><a href='x' on="y">&`), `&lt;/script&gt;&lt;a href&#61;&#39;x&#39; on&#61;&#34;y&#34;&gt;&amp;`; got != want {
		t.Errorf("HTML: %s", got)
	}
	if got, want := Markdown("[x](javascript:y) <!here> | *b* `c` a_b @all"),
		"\\[x\\]\\(javascript&#58;y\\) &lt;\\!here&gt; \\| \\*b\\* \\`c\\` a\\_b &#64;all"; got != want {
		t.Errorf("Markdown: %s, want %s", got, want)
	}
}

// FuzzClean holds every cleaner to what a face relies on.
func FuzzClean(f *testing.F) {
	for _, s := range []string{"", "a", "\x1b[31m", "\u202e", "\xff\xfe", "=1", "</script>", "密钥\u200b", strings.Repeat("é\x1b", 400)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for name, out := range map[string]string{"Text": Text(s), "CSV": CSV(s), "Markdown": Markdown(s), "HTML": HTML(s)} {
			if !utf8.ValidString(out) {
				t.Errorf("%s(%q) is not UTF-8: %q", name, s, out)
			}
			for _, r := range out {
				if hostile(r) {
					t.Errorf("%s(%q) lets %U through", name, s, r)
				}
			}
		}
		if w := Width(Text(s)); w > Cap+len("… (+9999999999)") {
			t.Errorf("Text(%q) takes %d cells", s, w)
		}
		if full := TextCap(s, 0); TextCap(full, 0) != full {
			t.Errorf("cleaning %q twice is not cleaning it once", s)
		}
		if strings.ContainsAny(HTML(s), `<>"'`) || strings.ContainsAny(Markdown(s), "<>@") {
			t.Errorf("markup of %q survives", s)
		}
		if formula(strings.TrimPrefix(CSV(s), "'")) && !strings.HasPrefix(CSV(s), "'") {
			t.Errorf("CSV(%q) is a formula", s)
		}
		var b strings.Builder
		w := csv.NewWriter(&b)
		if err := w.Write([]string{CSV(s)}); err != nil {
			t.Error(err)
		}
		w.Flush()
		if strings.Count(b.String(), "\n") != 1 {
			t.Errorf("CSV(%q) makes more than one line", s)
		}
	})
}
