package engine_test

import (
	"context"
	"encoding/json"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"cordon/internal/engine"
	"cordon/internal/fact"
	"cordon/internal/incident"
	"cordon/internal/kinds"
	"cordon/internal/lab"
	"cordon/internal/plan"
	"cordon/internal/report"
	"cordon/internal/signet"
)

// besieged is the larger scenario: every row of the catalogue that the lab can
// hold, in twelve regions. It is seeded once, by the first test that wants it.
var besieged struct {
	sync.Once
	lab   *lab.Lab
	truth Truth
	err   error
}

// newSiege is a private copy of it, seen by every kind there is.
func newSiege(t *testing.T) (*world, Truth) {
	t.Helper()
	if startErr != nil && os.Getenv("CI") == "" {
		t.Skipf("no lab on this machine: %v", startErr)
	}
	besieged.Do(func() {
		ctx := context.Background()
		if besieged.lab, besieged.err = lab.Start(ctx, lab.Options{Account: "111122223333"}); besieged.err != nil {
			return
		}
		var raw json.RawMessage
		if raw, besieged.err = besieged.lab.Seed(ctx, "siege", night); besieged.err == nil {
			besieged.err = json.Unmarshal(raw, &besieged.truth)
		}
	})
	if besieged.err != nil {
		t.Fatal(besieged.err)
	}
	l, err := besieged.lab.Fork(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Stop() })
	w := &world{Lab: l, t: t, Told: &listener{}, Home: t.TempDir()}
	if w.Key, _, err = signet.LoadOrCreate(t.TempDir(), "claire"); err != nil {
		t.Fatal(err)
	}
	w.Case, err = incident.Create(t.TempDir(), incident.Info{
		Account: besieged.truth.Account, Partition: "aws", Opened: night, By: "claire", Tool: "test",
		Approvers: []incident.Approver{{Name: "claire", PublicKey: w.Key.Encoded()}},
		Protected: []string{besieged.truth.BreakGlass},
	})
	if err != nil {
		t.Fatal(err)
	}
	return w, besieged.truth
}

// everything opens the account as the scenario's caller, with every kind.
func (w *world) everything(tr Truth) *engine.Session {
	w.t.Helper()
	s := w.as(tr.Caller)
	s.Kinds, s.Patience = kinds.All(), 30*time.Second
	return s
}

// seen finds what the truth names among the resources of a snapshot: by id, ARN,
// name, or the last part of the id.
func seen(s fact.Snapshot, p Planted) (fact.Resource, bool) {
	for _, r := range s.Resources {
		if string(r.Kind) != p.Kind || r.Region != p.Region {
			continue
		}
		if r.ID == p.ID || r.ARN == p.ID || p.Kind == "ec2.account-settings" || fact.Name.Or(r, "") == p.ID ||
			strings.HasSuffix(r.ID, "/"+p.ID) || strings.HasSuffix(r.ID, ":"+p.ID) || strings.HasSuffix(p.ID, "/"+r.ID) || strings.HasSuffix(p.ID, ":"+r.ID) {
			return r, true
		}
	}
	return fact.Resource{}, false
}

func (w *world) survey(tr Truth) engine.Triage {
	w.t.Helper()
	t, err := w.everything(tr).Triage(w.t.Context(), engine.TriageOptions{Since: tr.Since, SinceFrom: "flag"})
	if err != nil {
		w.t.Fatal(err)
	}
	return t
}

// carry approves and applies a plan with every kind.
func (w *world) carry(tr Truth, p plan.Plan) report.Applied {
	w.t.Helper()
	w.approve(p)
	sum, err := w.everything(tr).Apply(w.t.Context(), p)
	if err != nil {
		w.t.Fatal(err)
	}
	return sum
}

// judged wants all that was planted to be seen and judged right, and nothing of
// the owner's to be blamed.
func (w *world) judged(tr Truth, got engine.Triage) {
	t := w.t
	t.Helper()
	t.Logf("%d resources, %d findings, %v calls", len(got.Snapshot.Resources), len(got.Findings), total(got.Summary.Calls))
	for _, r := range got.Snapshot.Readings {
		if !r.OK() && r.State != fact.Closed {
			t.Errorf("gap: %s %s %s %s", r.Kind, r.Region, r.State, r.Why)
		}
	}
	right, wrong := map[string]int{}, 0
	for _, p := range tr.Planted {
		r, there := seen(got.Snapshot, p)
		whose := fact.Judgement.Or(r, fact.Whose{})
		want := map[string]string{"created": "intruder", "tampered": "tampered"}[p.State]
		switch {
		case !there:
			wrong++
			t.Errorf("not seen: %s %s %s", p.Kind, p.Region, p.ID)
		case whose.Whose != want:
			wrong++
			t.Errorf("%s %s %s is %s %v, want %s (%s)", p.Kind, p.Region, p.ID, whose.Whose, whose.Reasons, want, p.What)
		default:
			right[p.Kind]++
		}
	}
	t.Logf("planted: %d, judged right %d: %v", len(tr.Planted), len(tr.Planted)-wrong, right)
	for _, p := range tr.OwnersThing {
		r, there := seen(got.Snapshot, p)
		if w := fact.Judgement.Or(r, fact.Whose{}); there && (w.Whose == "intruder" || w.Whose == "tampered") {
			t.Errorf("the owner's %s %s %s is %s %v", p.Kind, p.Region, p.ID, w.Whose, w.Reasons)
		}
	}
}

func total(calls map[string]int) (n int) {
	for _, c := range calls {
		n += c
	}
	return n
}
