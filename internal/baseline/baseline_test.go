package baseline_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"cordon/internal/baseline"
	"cordon/internal/fact"
)

var (
	at   = fact.Place{Account: "111122223333", Region: "eu-west-1"}
	then = time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)
)

func bucket(id string, policy string, more ...func(*fact.Resource)) fact.Resource {
	r := fact.Resource{Ref: fact.Ref{Kind: "s3.bucket", Place: at, ID: id}, Created: then}
	fact.Aspects.Set(&r, map[string]string{"policy": policy})
	for _, m := range more {
		m(&r)
	}
	return r
}

func saved(t *testing.T, all ...fact.Resource) (baseline.Baseline, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sub", "b.json")
	b := baseline.Baseline{V: 1, At: then, Account: at.Account, Resources: all, Readings: []fact.Reading{{Kind: "s3.bucket", Place: at, State: fact.Read}}}
	if _, err := baseline.Save(path, b); err != nil {
		t.Fatal(err)
	}
	back, err := baseline.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	return back, path
}

func now(all ...fact.Resource) fact.Snapshot {
	return fact.Snapshot{Account: at.Account, Resources: all, Readings: []fact.Reading{{Kind: "s3.bucket", Place: at, State: fact.Read}}}
}

func TestDiff(t *testing.T) {
	b, _ := saved(t, bucket("same", "p"), bucket("changed", "p"), bucket("gone", "p"), bucket("again", "p"),
		bucket("used", "p", func(r *fact.Resource) { fact.LastUsed.Set(r, then) }))
	got := map[string]string{}
	for _, c := range b.Diff(now(
		bucket("same", "p"), bucket("changed", "q"), bucket("new", "p"),
		bucket("again", "p", func(r *fact.Resource) { r.Created = then.AddDate(0, 1, 0) }),
		bucket("used", "p", func(r *fact.Resource) { fact.LastUsed.Set(r, then.AddDate(0, 1, 0)) }),
	)) {
		got[c.ID] = c.How
		if c.How == "changed" && !slices.Equal(c.Facts, []string{"aspects"}) {
			t.Errorf("%s: %v", c.ID, c.Facts)
		}
	}
	want := map[string]string{"changed": "changed", "gone": "gone", "new": "new", "again": "new"}
	for id := range want {
		if got[id] != want[id] {
			t.Errorf("%s is %q, want %q", id, got[id], want[id])
		}
	}
	if len(got) != len(want) {
		t.Errorf("%v", got)
	}
}

// What one of the two listings did not read is neither new nor gone.
func TestWhatWasNotReadIsNoDifference(t *testing.T) {
	b, _ := saved(t, bucket("a", "p"))
	s := now()
	s.Readings[0].State = fact.Denied
	if all := b.Diff(s); len(all) != 0 {
		t.Errorf("denied now: %v", all)
	}
	b.Readings[0].State = fact.Failed
	if all := b.Diff(now(bucket("a", "p"), bucket("b", "p"))); len(all) != 0 {
		t.Errorf("failed then: %v", all)
	}
}

func TestAnAlteredBaselineIsRefused(t *testing.T) {
	_, path := saved(t, bucket("a", "p"))
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for why, spoilt := range map[string][]byte{
		"a byte":   bytes.Replace(raw, []byte("s3.bucket"), []byte("s3.bucke7"), 1),
		"cut":      raw[:len(raw)/2],
		"no JSON":  []byte("baseline"),
		"no bytes": nil,
	} {
		if err := os.WriteFile(path, spoilt, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := baseline.Load(path); !errors.Is(err, baseline.ErrAltered) {
			t.Errorf("%s: %v", why, err)
		}
	}
	if _, err := baseline.Load(path + "x"); !errors.Is(err, baseline.ErrNone) {
		t.Error(err)
	}
}

// Tags that were only handed over are missing when their listing is late or was
// not read: that is no difference. Other tags are one.
func TestTagsThatWereHandedOverMayBeMissing(t *testing.T) {
	tagged := func(team string, handed bool) fact.Resource {
		r := fact.Resource{Ref: fact.Ref{Kind: "lambda.function", ID: "f"}}
		if team != "" {
			fact.Tags.Set(&r, map[string]string{"team": team})
		}
		if handed {
			fact.HandedOver.Set(&r, true)
		}
		return r
	}
	for _, c := range []struct {
		was, is fact.Resource
		differs bool
	}{
		{tagged("a", true), tagged("", false), false},
		{tagged("", false), tagged("a", true), false},
		{tagged("a", true), tagged("b", true), true},
		{tagged("a", false), tagged("", false), true},
	} {
		if got := baseline.Differs(c.was, c.is); (len(got) > 0) != c.differs {
			t.Errorf("%s and %s: %v", c.was.Facts, c.is.Facts, got)
		}
	}
}
