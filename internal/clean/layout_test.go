package clean

import (
	"slices"
	"strings"
	"testing"
)

func TestWidthFitPad(t *testing.T) {
	for s, want := range map[string]int{"abc": 3, "密钥": 4, "é": 1, "e\u0301": 1, "，": 2, "─": 1, "…": 1} {
		if got := Width(s); got != want {
			t.Errorf("Width(%q) = %d, want %d", s, got, want)
		}
	}
	for _, c := range []struct {
		in   string
		n    int
		want string
	}{
		{"abc", 3, "abc"}, {"abcd", 3, "ab…"}, {"密钥密钥", 4, "密…"}, {"密钥密钥", 5, "密钥…"}, {"abc", 0, ""}, {"", 0, ""},
	} {
		if got := Fit(c.in, c.n); got != c.want {
			t.Errorf("Fit(%q, %d) = %q, want %q", c.in, c.n, got, c.want)
		}
	}
	for _, s := range []string{"", "a", "密钥", "密钥密钥密钥", "long long text"} {
		if got := Width(Pad(s, 7)); got != 7 {
			t.Errorf("Pad(%q, 7) takes %d cells", s, got)
		}
	}
}

func TestWrap(t *testing.T) {
	for _, c := range []struct {
		in   string
		n    int
		want []string
	}{
		{"", 10, []string{""}},
		{"one two three", 8, []string{"one two", "three"}},
		{"a\n\nb", 8, []string{"a", "", "b"}},
		{"停用访问密钥，然后删除。", 12, []string{"停用访问密", "钥，然后删", "除。"}},
		{"停用访问密钥。", 12, []string{"停用访问密", "钥。"}},
		{"停用 3 个访问密钥", 8, []string{"停用 3", "个访问密", "钥"}},
		{"Coût\u00a0: 214", 6, []string{"Coût\u00a0:", "214"}},
		{"密钥（旧）", 6, []string{"密钥", "（旧）"}},
		{"abcdefghij", 4, []string{"abcd", "efgh", "ij"}},
		{"  indented text", 10, []string{"  indented", "text"}},
	} {
		if got := Wrap(c.in, c.n); !slices.Equal(got, c.want) {
			t.Errorf("Wrap(%q, %d) = %q, want %q", c.in, c.n, got, c.want)
		}
	}
}

func FuzzWrap(f *testing.F) {
	f.Add("停用访问密钥，然后 delete。", 7)
	f.Add("a b c", 1)
	f.Fuzz(func(t *testing.T, s string, n int) {
		s, n = strings.ToValidUTF8(s, "?"), n%100
		lines := Wrap(s, n)
		for _, line := range lines {
			if Width(line) > max(n, 2) {
				t.Errorf("Wrap(%q, %d): %q takes %d cells", s, n, line, Width(line))
			}
		}
		squeeze := func(s string) string { return strings.NewReplacer(" ", "", "\n", "").Replace(s) }
		if squeeze(strings.Join(lines, "")) != squeeze(s) {
			t.Errorf("Wrap(%q, %d) lost text: %q", s, n, lines)
		}
	})
}
