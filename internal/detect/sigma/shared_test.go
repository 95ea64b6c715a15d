package sigma

import (
	"bufio"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"
)

const shared = "../../../../shared/data/cloudtrail"

func sharedRules(t testing.TB) *Set {
	t.Helper()
	dir := filepath.Join(shared, "rules/sigmahq")
	files, err := filepath.Glob(filepath.Join(dir, "cloudtrail/*.yml"))
	if err != nil || len(files) == 0 {
		t.Skipf("no public rules at %s", dir)
	}
	s, problems, err := Load(os.DirFS(dir))
	if err != nil || len(problems) > 0 {
		t.Fatalf("%v, problems %v", err, problems)
	}
	if s.Len() != len(files) {
		t.Errorf("%d rules of %d files", s.Len(), len(files))
	}
	return s
}

func lines(t testing.TB, file string) (out []string) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s := bufio.NewScanner(f)
	s.Buffer(nil, 1<<24)
	for s.Scan() {
		if text := strings.TrimSpace(s.Text()); text != "" {
			out = append(out, text)
		}
	}
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestPublicRules: all of them load, say who wrote them, and compiled they
// hit what the plain evaluator says, in recorded attacks.
func TestPublicRules(t *testing.T) {
	s := sharedRules(t)
	var plainRules []*plainRule
	for i := range int32(s.Len()) {
		r := s.Info(i)
		if r.Author == "" || r.Title == "" || r.ID == "" || r.Level == "" || r.File == "" {
			t.Errorf("%s lacks what has to be shown: %+v", r.File, r)
		}
		text, err := os.ReadFile(filepath.Join(shared, "rules/sigmahq", r.File))
		if err != nil {
			t.Fatal(err)
		}
		plainRules = append(plainRules, readPlain(t, text))
	}
	m, c := s.Matcher(), coder{}
	files, _ := filepath.Glob(filepath.Join(shared, "stratus/sanitised/*.jsonl"))
	more, _ := filepath.Glob(filepath.Join(shared, "benign/opensearch-sample.jsonl"))
	total := 0
	for _, file := range append(files, more...) {
		found := map[string]int{}
		for _, line := range lines(t, file) {
			v := viewOf(t, line)
			hit := map[int32]bool{}
			for _, i := range m.Match(v, c.codes(v)) {
				hit[i] = true
				found[s.Info(i).Title]++
				total++
			}
			record := decode(t, line)
			for i, p := range plainRules {
				if p.hits(record) != hit[int32(i)] {
					t.Errorf("%s: compiled %v, plainly %v: %s", s.Info(int32(i)).Title, hit[int32(i)], p.hits(record), line)
				}
			}
		}
		var names []string
		for n, k := range found {
			names = append(names, strings.Repeat(" ", 4)+n+": "+itoa(k))
		}
		sort.Strings(names)
		t.Logf("%s\n%s", filepath.Base(file), strings.Join(names, "\n"))
	}
	if total == 0 {
		t.Error("no hits in recorded attacks")
	}
}
