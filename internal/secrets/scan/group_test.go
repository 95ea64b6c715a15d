package scan

import (
	"testing"

	"cordon/internal/secrets/leak"
)

// TestAcrossFolders: a key id and a secret of two files are a pair where neither has
// another partner in any folder, and nothing depends on chance.
func TestAcrossFolders(t *testing.T) {
	finding := func(rule, name string, folders ...string) Finding {
		f := Finding{Rule: rule, Fingerprint: name}
		for _, d := range folders {
			f.Places = append(f.Places, Place{Source: "s", Path: d + "/" + name})
		}
		return f
	}
	for range 50 {
		all := []Finding{
			finding(leak.RuleKey, "a", "one", "two"), finding(leak.RuleSecret, "x", "one"), finding(leak.RuleSecret, "y", "two"),
			finding(leak.RuleSecret, "z", "three", "four"), finding(leak.RuleKey, "b", "three", "four"),
			finding(leak.RuleKey, "c", "five"), finding(leak.RuleKey, "d", "six"), finding(leak.RuleSecret, "w", "five", "six"),
			finding(leak.RuleKey, "e", "seven"), finding(leak.RuleKey, "f", "seven"), finding(leak.RuleSecret, "v", "seven"),
		}
		across(all)
		for _, f := range all {
			if want := map[string]string{"z": "b", "b": "z"}[f.Fingerprint]; f.Pair != want || want != "" && f.Distance != -1 {
				t.Fatalf("%s has the partner %q, want %q", f.Fingerprint, f.Pair, want)
			}
		}
	}
}
