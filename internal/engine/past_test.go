package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"cordon/internal/checks"
	"cordon/internal/engine"
	"cordon/internal/fact"
	"cordon/internal/judge"
	"cordon/internal/lab"
	"cordon/internal/report"
)

// longAgo is before the event history begins, and after this incident did.
var longAgo = night.Add(-100 * 24 * time.Hour)

// began is when it all began: what the live history cannot reach.
func began() engine.TriageOptions {
	return engine.TriageOptions{Since: night.Add(-120 * 24 * time.Hour), SinceFrom: "flag"}
}

// recorded is one of the night's events, as it was recorded.
func (w *world) recorded(want func(lab.Event) bool) map[string]any {
	w.t.Helper()
	events, err := w.Events(w.t.Context(), false)
	if err != nil {
		w.t.Fatal(err)
	}
	i := slices.IndexFunc(events, want)
	if i < 0 {
		w.t.Fatal("the night has no such event")
	}
	var record map[string]any
	if err := json.Unmarshal(events[i].Raw, &record); err != nil {
		w.t.Fatal(err)
	}
	delete(record, "_lab")
	return record
}

// delivered writes records as a log file of a trail.
func (w *world) delivered(region string, records ...map[string]any) string {
	w.t.Helper()
	b, err := json.Marshal(map[string]any{"Records": records})
	if err != nil {
		w.t.Fatal(err)
	}
	path := filepath.Join(w.t.TempDir(), truth.Account+"_CloudTrail_"+region+"_20260101T0000Z_abcdefgh.json")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		w.t.Fatal(err)
	}
	return path
}

func (w *world) imported(path string) {
	w.t.Helper()
	a, _ := w.archive()
	if err := a.Import(w.t.Context(), engine.ImportOptions{Paths: []string{path}}); err != nil {
		w.t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		w.t.Fatal(err)
	}
}

// group makes a security group as the owner's administrator, who is none of the
// intruder: only an imported record says who "made" it.
func (w *world) group(region string) string {
	w.t.Helper()
	out, err := ec2.NewFromConfig(w.rootIn(region)).CreateSecurityGroup(w.t.Context(), &ec2.CreateSecurityGroupInput{
		GroupName: aws.String("kept-for-long"), Description: aws.String("test"),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return aws.ToString(out.GroupId)
}

// hisGroup is the record of the intruder's making a group, long ago.
func (w *world) hisGroup(region, group string) map[string]any {
	w.t.Helper()
	record := w.recorded(func(e lab.Event) bool {
		return e.Lab.AccessKeyID == truth.LeakedKey && e.ErrorCode == "" && e.Lab.UserAgent != ""
	})
	record["eventName"], record["eventID"], record["awsRegion"] = "CreateSecurityGroup", "00000000-aaaa-4bbb-8ccc-0123456789ab", region
	record["eventTime"] = longAgo.Format(time.RFC3339)
	record["requestParameters"] = map[string]any{"groupName": "kept-for-long"}
	record["responseElements"] = map[string]any{"groupId": group, "_return": true}
	record["eventSource"], record["readOnly"] = "ec2.amazonaws.com", false
	delete(record, "sharedEventID")
	return record
}

func (w *world) whose(o engine.TriageOptions, id string) (engine.Triage, fact.Whose) {
	w.t.Helper()
	tri, err := w.session().Triage(w.t.Context(), o)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, r := range tri.Snapshot.Resources {
		if r.ID == id {
			return tri, fact.Judgement.Or(r, fact.Whose{})
		}
	}
	w.t.Fatalf("%s was not listed", id)
	return tri, fact.Whose{}
}

// Who made what is older than the event history is told by an imported record,
// and by nothing else; and the gap says what reaches how far.
func TestTheImportedRecordReachesTheJudgement(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const region = "us-east-1"
	group := w.group(region)
	calls := func(tri engine.Triage) string { r, _ := reading(tri, checks.History, fact.Global); return r.Why }
	tri, got := w.whose(began(), group)
	if got.Whose != judge.Unknown || !strings.Contains(calls(tri), "before the event history") || strings.Contains(calls(tri), "imported") {
		t.Errorf("without a record: %v, %q", got, calls(tri))
	}
	path := w.delivered(region, w.hisGroup(region, group))
	w.imported(path)
	tri, got = w.whose(began(), group)
	if got.Whose != judge.Intruder || !slices.Contains(got.Reasons, judge.MadeByHim) {
		t.Errorf("with a record: %v", got)
	}
	if !strings.Contains(calls(tri), longAgo.Format(time.RFC3339)) {
		t.Errorf("the gap does not say what reaches how far: %q", calls(tri))
	}
	if err := os.Remove(path); err != nil { // columns are left, the record is gone
		t.Fatal(err)
	}
	tri, got = w.whose(began(), group)
	if got.Whose == judge.Owner || !strings.Contains(fmt.Sprint(tri.Snapshot.Readings), "1 imported records could not be read again") {
		t.Errorf("with a record that is gone: %v", got)
	}
	if err := os.Truncate(filepath.Join(w.Case.Trail(), "names"), 10); err != nil {
		t.Fatal(err)
	}
	tri, got = w.whose(began(), group)
	if got.Whose != judge.Unknown || !strings.Contains(fmt.Sprint(tri.Snapshot.Readings), "imported record of events could not be read") {
		t.Errorf("with a record that cannot be opened: %v", got)
	}
	neverClear(t, tri, checks.History)
}

// A followed trail tells what comes, says that it still looks, and ends when
// the credentials do.
func TestFollowingEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	events, err := w.Events(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	var records []map[string]any
	for _, e := range events {
		var r map[string]any
		if err := json.Unmarshal(e.Raw, &r); err != nil {
			t.Fatal(err)
		}
		records = append(records, r)
	}
	w.imported(w.delivered("us-east-1", records...))
	a, h := w.archive()
	s, rounds := w.narrowed([]string{"us-east-1"}), 0
	s.Out, a.Session = h, s
	i := slices.IndexFunc(truth.Intruders, func(c Credential) bool { return c.KeyID == truth.LeakedKey })
	s.Wait = func(ctx context.Context, _ time.Duration) error {
		switch rounds++; rounds {
		case 1:
			h.all = nil
			_, _ = ec2.NewFromConfig(w.config(truth.Intruders[i], "us-east-1")).DescribeKeyPairs(ctx, &ec2.DescribeKeyPairsInput{})
		case 2:
			w.fault(lab.Fault{Match: map[string]string{"op": "LookupEvents"}, Code: "ExpiredTokenException", Status: 400})
		default:
			return errors.New("it still follows")
		}
		return nil
	}
	q := &engine.Inquiry{Archive: a, Follow: true, Seed: truth.LeakedKey}
	err = q.Timeline(t.Context())
	var refused *engine.Refused
	if !errors.As(err, &refused) || refused.Reason != "follow-signed-out" {
		t.Errorf("it ended with %v", err)
	}
	told := heardOf[report.Event](h)
	if !slices.ContainsFunc(told, func(e report.Event) bool { return e.Name == "DescribeKeyPairs" && e.Verdict == 1 }) {
		t.Errorf("told: %v", told)
	}
	if beats := heardOf[report.Progress](h); !slices.ContainsFunc(beats, func(p report.Progress) bool { return p.Step == "following" && !p.At.IsZero() }) {
		t.Errorf("no sign of life: %v", beats)
	}
}
