package sigma

import (
	"strings"
	"testing"
)

// TestPlaceholderFile: a folder brings the values of its placeholders.
func TestPlaceholderFile(t *testing.T) {
	rule := ruleText("sel: {eventName|expand: '%writes%', userAgent|expand: 'v%number%'}\ncondition: sel")
	const file = "'%writes%': [Put*, Create*]\n---\nnumber: 5\nunused: x\n"
	for _, name := range []string{"placeholders.yml", "placeholders.yaml"} {
		s, problems, err := Load(folder{"a.yml": rule, name: file, "z.yml": rule})
		if err != nil || len(problems) > 0 || s.Len() != 2 {
			t.Fatal(s.Len(), err, problems)
		}
		for record, want := range map[string]int{
			`{"eventName":"PutUserPolicy","userAgent":"v5"}`: 2, `{"eventName":"PutUserPolicy","userAgent":"v6"}`: 0, `{"eventName":"ListUsers","userAgent":"v5"}`: 0,
		} {
			if got := len(s.Matcher().Match(viewOf(t, record), Codes{})); got != want {
				t.Errorf("%s: %d", record, got)
			}
		}
	}
	given := map[string][]string{"writes": {"List*"}}
	s, problems, err := LoadWith(folder{"a.yml": rule, "placeholders.yml": file}, given)
	if err != nil || len(problems) > 0 || len(s.Matcher().Match(viewOf(t, `{"eventName":"ListUsers","userAgent":"v5"}`), Codes{})) != 1 || len(given) != 1 {
		t.Error("what is given does not stay:", err, problems)
	}
	for text, why := range map[string]string{
		"a: [b": "is no YAML", "- a\n": "is no mapping", "writes: {a: b}\n": "is no text", "writes: []\n": "has no value", "writes:\n": "has no value",
		"'%%': x\n": "has no value", "writes: a\n'%writes%': b\n": "stands twice", "a: " + strings.Repeat("a", largest): "larger than",
	} {
		s, problems, err := Load(folder{"a.yml": rule, "placeholders.yml": text})
		if err != nil || s.Len() != 0 || len(problems) != 2 || problems[0].File != "placeholders.yml" || !strings.Contains(problems[0].Reason, why) || !strings.Contains(problems[1].Reason, "no value for placeholder") {
			t.Errorf("%.40q: %v %v, want %q", text, err, problems, why)
		}
	}
}
