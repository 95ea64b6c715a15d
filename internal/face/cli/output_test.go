package cli

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"cordon/internal/incident"
	"cordon/internal/words"
)

// TestMachineOutput: standard output is one valid document however a command
// ends, and the same bytes in every language.
func TestMachineOutput(t *testing.T) {
	for _, args := range [][]string{
		{"finding", "list"}, {"finding", "show", "1"}, {"plan", "show"}, {"apply", "X"}, {"case", "list"}, {"case"}, {"nothing"},
		{"triage", "--sinse", "1h"}, {"triage", "--since", "x"}, {"triage", "--fail-on", "bad"}, {"policy", "triage"}, {"policy", "x"},
		{"version"}, {"undo", "--all", "--last"}, {"drill", "start", "x"}, {"drill", "list"}, {"lab", "stop"}, {"approve"}, {"case", "use", "C-1"},
	} {
		var first string
		for _, lang := range words.Langs() {
			for _, form := range []string{"json", "jsonl"} {
				m := newMachine(t, "")
				code := m.run(append([]string{"--lang", string(lang), "-o", form}, args...)...)
				var exit float64
				for dec := json.NewDecoder(&m.out); ; {
					var doc map[string]any
					if err := dec.Decode(&doc); errors.Is(err, io.EOF) {
						break
					} else if err != nil {
						t.Fatalf("%v: %v", args, err)
					}
					records, _ := doc["records"].([]any)
					if form == "jsonl" {
						records = []any{doc}
					}
					for _, r := range records {
						if r := r.(map[string]any); r["type"] == "error" {
							exit = r["exit"].(float64)
						}
					}
					if form == "json" {
						text, _ := json.Marshal(doc)
						if first == "" {
							first = string(text)
						} else if first != string(text) {
							t.Errorf("%v in %s: another document\n%s\n%s", args, lang, first, text)
						}
					}
				}
				if int(exit) != code {
					t.Errorf("%v %s: exit %d, the record says %v", args, form, code, exit)
				}
			}
		}
	}
}

// TestWords speaks every help page, topic and error in each language.
func TestWords(t *testing.T) {
	for _, lang := range words.Langs() {
		w := words.For(lang)
		m := newMachine(t, "")
		a := &app{sys: m.System, words: w}
		root := newRoot(a)
		var walk func(path []string)
		walk = func(path []string) {
			if got := m.run(append(append([]string{"--lang", string(lang)}, path...), "--help")...); got != 0 || m.out.Len() == 0 {
				t.Errorf("%v --help: exit %d", path, got)
			}
			cmd, _, err := root.Find(path)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range cmd.Commands() {
				if !c.Hidden {
					walk(append(append([]string{}, path...), c.Name()))
				}
			}
		}
		walk(nil)
		for _, topic := range topics {
			if got := m.run("--lang", string(lang), "help", topic); got != 0 || m.out.Len() < 100 {
				t.Errorf("help %s: exit %d", topic, got)
			}
		}
		for reason := range reasons {
			if p := (&problem{reason: "refused." + reason}); p.key() == "error.other" {
				t.Errorf("no words for %s", p.reason)
			}
		}
		for _, what := range []string{"account", "partition", "endpoint"} {
			if p := classify(&incident.Misfit{What: what}); p.key() == "error.other" {
				t.Errorf("no words for %s", p.reason)
			}
		}
		if faults := w.Faults(); len(faults) > 0 {
			t.Errorf("%s: %v", lang, faults)
		}
	}
}

func TestHints(t *testing.T) {
	for want, args := range map[string][]string{
		"cordon triage": {"trage"}, "cordon plan contain": {"plan", "contian"}, "--since": {"triage", "--sinse", "1h"}, "--lang": {"--long", "en"},
	} {
		m := newMachine(t, "")
		if got := m.run(args...); got != exitUsage || !strings.Contains(m.err.String(), "\n  "+want+"\n") || m.out.Len() > 0 {
			t.Errorf("%v: exit %d\n%s", args, got, &m.err)
		}
	}
}
