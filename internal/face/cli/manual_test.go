package cli

import (
	"bytes"
	"strings"
	"testing"
)

// Every command has a page in every language, and nothing in it is a request
// that nobody meant.
func TestManual(t *testing.T) {
	files, err := Manual("v1.2.3")
	if err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for name, text := range files {
		dir := name[:strings.LastIndexByte(name, '/')]
		count[dir]++
		if len(text) == 0 {
			t.Errorf("%s is empty", name)
		}
		if dir == "completions" {
			continue
		}
		for line := range bytes.Lines(text) {
			if line[0] == '.' && !bytes.HasPrefix(line, []byte(".TH ")) && !bytes.HasPrefix(line, []byte(".SH ")) && string(line) != ".TP\n" && string(line) != ".PP\n" && string(line) != ".br\n" || line[0] == '\'' {
				t.Errorf("%s: a line that troff would obey: %s", name, line)
			}
		}
		if bytes.Contains(text, []byte("‹")) {
			t.Errorf("%s lacks a word: %s", name, text)
		}
	}
	if count["man/man1"] < 40 || count["man/man1"] != count["man/fr/man1"] || count["man/man1"] != count["man/zh_CN/man1"] || count["completions"] != 4 {
		t.Errorf("pages: %v", count)
	}
	page := string(files["man/man1/cordon-plan-contain.1"])
	for _, want := range []string{`.TH "CORDON\-PLAN\-CONTAIN" "1" "" "cordon v1.2.3" ""`, `\-\-stop\-spend`, "cordon\\-plan(1)"} {
		if !strings.Contains(page, want) {
			t.Errorf("cordon-plan-contain.1 lacks %s:\n%s", want, page)
		}
	}
	var b troff
	b.text(".so /etc/passwd\n'x \\f")
	if got := b.b.String(); got != "\\&.so /etc/passwd\n.br\n\\&'x \\ef\n" {
		t.Errorf("escaped: %q", got)
	}
}
