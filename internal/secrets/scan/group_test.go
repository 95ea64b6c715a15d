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

// TestRedactsTheLongest: of a secret that another one begins, nothing stays in a
// name, whichever of them was found first and however it is known.
func TestRedactsTheLongest(t *testing.T) {
	const short, long = "hunter2hunter2", "hunter2hunter2-and-more-of-it"
	s := New(Options{})
	revealed := func(v, last string) Finding {
		return Finding{Class: leak.Secret, Last4: last, reveal: func() string { return v }}
	}
	marked := func(v, last string) Finding {
		return Finding{Class: leak.Secret, Last4: last, length: len(v), Fingerprint: leak.Fingerprint(s.o.Key, v)}
	}
	for name, made := range map[string]func(v, last string) Finding{"revealed": revealed, "marked": marked} {
		for range 20 {
			for _, all := range [][]Finding{
				{made(short, "SHRT"), made(long, "LONG"), {Places: []Place{{Path: "a/" + long + "/" + short}}}},
				{made(long, "LONG"), made(short, "SHRT"), {Places: []Place{{Path: "a/" + long + "/" + short}}}},
			} {
				s.redact(&Result{Findings: all})
				if got := all[2].Places[0].Path; got != "a/…LONG/…SHRT" {
					t.Fatalf("%s: %s", name, got)
				}
			}
		}
	}
}
