package catalogue_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cordon/internal/catalogue"
	"cordon/internal/detect"
	"cordon/internal/kind"
	"cordon/internal/kinds"
	"cordon/internal/words"
)

var update = flag.Bool("update", false, "write docs/ref")

func covering(row string) (names []string) {
	for _, k := range kinds.All() {
		if slices.Contains(k.Covers(), row) {
			names = append(names, string(k.Name()))
		}
	}
	slices.Sort(names)
	return names
}

// Every row is seen by a kind, or by a detection, or says what is not seen.
func TestEveryRowIsAnswered(t *testing.T) {
	known := map[string]bool{}
	for _, d := range detect.All() {
		known[d.ID] = true
	}
	rows := map[string]bool{}
	for _, r := range catalogue.All() {
		rows[r.ID] = true
		for _, id := range r.Detections {
			if !known[id] {
				t.Errorf("%s names the detection %s, which is not there", r.ID, id)
			}
		}
		if len(covering(r.ID)) == 0 && len(r.Detections) == 0 && r.Gap == "" {
			t.Errorf("%s (%s) is seen by nothing and says not why", r.ID, r.Title)
		}
	}
	for _, want := range []struct {
		letter string
		n      int
	}{{"A", 20}, {"B", 14}, {"C", 10}, {"D", 9}} {
		for i := range want.n {
			if id := fmt.Sprint(want.letter, i+1); !rows[id] {
				t.Errorf("row %s is missing", id)
			}
		}
	}
	for _, k := range kinds.All() {
		for _, row := range k.Covers() {
			if !rows[row] {
				t.Errorf("%s covers %s, which is no row", k.Name(), row)
			}
		}
	}
}

// The pages of docs/ref are what the code declares.
func TestReferencePagesAreCurrent(t *testing.T) {
	for name, text := range map[string]string{"coverage.md": coverage(), "kinds.md": reference()} {
		path := filepath.Join("..", "..", "docs", "ref", name)
		if *update {
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		have, err := os.ReadFile(path)
		if err != nil || string(have) != text {
			t.Errorf("docs/ref/%s is not what the code declares; run: go test ./internal/catalogue -update (%v)", name, err)
		}
	}
}

func coverage() string {
	var b strings.Builder
	b.WriteString("# What is seen of what intruders do\n\n")
	b.WriteString("Made by `go test ./internal/catalogue -update` from what kinds, detections and the catalogue declare.\n\n")
	b.WriteString("| | technique | kinds whose state shows it | detections in the record | what is not seen |\n|---|---|---|---|---|\n")
	for _, r := range catalogue.All() {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", r.ID, r.Title, strings.Join(covering(r.ID), ", "), strings.Join(r.Detections, ", "), r.Gap)
	}
	return b.String()
}

func reference() string {
	var b strings.Builder
	w := words.For(words.EN)
	all := kinds.All()
	fmt.Fprintf(&b, "# The %d kinds of resources\n\nMade by `go test ./internal/catalogue -update` from what the kinds declare.\n\n", len(all))
	b.WriteString("Calls are the most that listing one place takes: for nothing, for each further page of so many resources, for each resource. ")
	b.WriteString("Listings that several kinds share are counted once in a triage.\n\n")
	b.WriteString("| kind | what | where | calls | page | each | verbs |\n|---|---|---|---|---|---|---|\n")
	for _, k := range all {
		where := "Region"
		if k.Global() {
			where = "global"
		}
		c := k.Cost()
		fmt.Fprintf(&b, "| %s | %s | %s | %d | %s | %s | %s |\n", k.Name(), w.T("kind."+string(k.Name())), where, c.Fixed, number(c.Page), number(c.Each), verbs(k))
	}
	return b.String()
}

func number(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}

var marks = map[kind.Class]string{kind.Reversible: "", kind.Disruptive: " (stops)", kind.Permanent: " (for good)"}

func verbs(k kind.Kind) string {
	var all []string
	for _, v := range k.Verbs() {
		all = append(all, v.Name+marks[v.Class])
	}
	return strings.Join(all, ", ")
}
