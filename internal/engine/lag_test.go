package engine_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"cordon/internal/checks"
	"cordon/internal/fact"
)

// While a suspect is active his latest calls may not be in the history yet.
func TestTheHistoryIsLate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	look := func() (ago time.Duration, late bool) {
		t.Helper()
		s := w.session()
		s.Kinds = only(t, historyOnly...)
		tri, err := s.Triage(t.Context(), since())
		if err != nil {
			t.Fatal(err)
		}
		if tri.Summary.TrailLag != 15 {
			t.Errorf("the history is late by %d minutes", tri.Summary.TrailLag)
		}
		r, late := reading(tri, checks.History, fact.Global)
		if late && (r.State != fact.Failed || !strings.Contains(r.Why, "15 minutes")) {
			t.Errorf("%+v", r)
		}
		neverClear(t, tri, checks.History)
		return tri.Snapshot.At.Sub(*tri.Summary.LastSeen), late
	}
	// The scenario's intruder went a while ago; how long depends on the machine.
	if ago, late := look(); late != (ago < 15*time.Minute) {
		t.Errorf("last seen %s before: late %v", ago, late)
	}
	i := slices.IndexFunc(truth.Intruders, func(c Credential) bool { return c.KeyID == truth.LeakedKey })
	if i < 0 {
		t.Fatal("the scenario has no leaked key")
	}
	_, _ = ec2.NewFromConfig(w.config(truth.Intruders[i], "us-east-1")).DescribeInstances(t.Context(), &ec2.DescribeInstancesInput{})
	if ago, late := look(); !late {
		t.Errorf("last seen %s before: late %v", ago, late)
	}
}
