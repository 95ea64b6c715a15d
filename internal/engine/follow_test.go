package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"cordon/internal/event"
	"cordon/internal/fact"
	"cordon/internal/lineage"
	"cordon/internal/report"
	"cordon/internal/trail"
)

const (
	followedAccount = "347283850106"
	followedDay     = "2026-03-10T22:%02d:00Z"
)

// by makes one record: who called is a user with a key, or a role's session.
func by(t *testing.T, minute int, name, source, user, role, key string, response any) json.RawMessage {
	t.Helper()
	arn := "arn:aws:iam::" + followedAccount + ":"
	who := map[string]any{"type": "IAMUser", "userName": user, "arn": arn + "user/" + user, "accountId": followedAccount, "accessKeyId": key, "principalId": "AIDA" + user}
	if role != "" {
		who = map[string]any{
			"type": "AssumedRole", "principalId": "AROA" + role + ":" + user, "arn": "arn:aws:sts::" + followedAccount + ":assumed-role/" + role + "/" + user,
			"accountId": followedAccount, "accessKeyId": key,
			"sessionContext": map[string]any{"sessionIssuer": map[string]any{"type": "Role", "arn": arn + "role/" + role, "userName": role, "accountId": followedAccount, "principalId": "AROA" + role}},
		}
	}
	b, err := json.Marshal(map[string]any{
		"eventVersion": "1.10", "eventID": fmt.Sprintf("%08d-0000-4000-8000-%012d", minute, len(key)), "eventTime": fmt.Sprintf(followedDay, minute),
		"eventSource": source + ".amazonaws.com", "eventName": name, "awsRegion": "us-east-1", "recipientAccountId": followedAccount,
		"sourceIPAddress": "203.0.113.9", "userAgent": "aws-cli/2", "readOnly": false, "userIdentity": who, "responseElements": response,
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func refusal(err error) string {
	var r *Refused
	if errors.As(err, &r) {
		return r.Reason
	}
	return fmt.Sprint(err)
}

// followed is an inquiry over a small record, with nobody suspected in it.
func followed(t *testing.T) (*Inquiry, *heard) {
	t.Helper()
	a, h := offline(t)
	b, err := json.Marshal(map[string]any{"Records": []json.RawMessage{
		by(t, 1, "ListUsers", "iam", "olga", "", "AKIAEXAMPLEOLGA00001", nil),
		by(t, 2, "ListRoles", "iam", "ci", "builder", "ASIAEXAMPLEBUILD0001", nil),
	}})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "records.json")
	write(t, path, b)
	if err := a.Import(t.Context(), ImportOptions{Paths: []string{path}}); err != nil {
		t.Fatal(err)
	}
	h.all = nil
	return &Inquiry{Archive: a}, h
}

// Whoever is named is looked for as a user, then as a role; one whom the record
// does not know is refused.
func TestTimelineOfOne(t *testing.T) {
	for name, want := range map[string]string{
		"olga": "ListUsers", "builder": "ListRoles", "ci": "ListRoles",
		"arn:aws:iam::" + followedAccount + ":role/builder": "ListRoles",
	} {
		q, h := followed(t)
		q.Principal = name
		if err := q.Timeline(t.Context()); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := of[report.Event](h); len(got) != 1 || got[0].Name != want {
			t.Errorf("%s: %v", name, got)
		}
	}
	for _, name := range []string{"nobody", "arn:aws:iam::" + followedAccount + ":user/nobody"} {
		q, h := followed(t)
		q.Principal = name
		if err := q.Timeline(t.Context()); refusal(err) != "no-such-principal" || len(of[report.Inquiry](h)) > 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// With nobody suspected and nobody named there is nobody to follow; a role that
// is named is.
func TestNobodyToFollow(t *testing.T) {
	q, _ := followed(t)
	q.Follow = true
	if err := q.Timeline(t.Context()); refusal(err) != "follow-nobody" {
		t.Error(err)
	}
	q, _ = followed(t)
	q.Follow, q.Principal = true, "builder"
	if err := q.Timeline(t.Context()); refusal(err) != "follow-offline" { // it would follow, were somebody signed in
		t.Error(err)
	}
}

// What is handed out while following is of whom it was handed to, the second
// intruder's as well as the first's; and only what is asked for is told.
func TestMintedWhileFollowing(t *testing.T) {
	q, h := followed(t)
	if err := q.open(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i, user := range []string{"mallory", "trudy"} {
		ref := fact.Ref{Kind: "iam.user", Place: fact.Place{Account: followedAccount, Region: fact.Global}, ID: user}
		seed := lineage.Suspect{Credential: "AKIAEXAMPLE" + user, Principal: ref, Reason: lineage.Seed}
		since, _ := time.Parse(time.RFC3339, fmt.Sprintf(followedDay, 0))
		q.intruders = append(q.intruders, &intruder{number: i + 1, closure: lineage.New([]lineage.Suspect{seed}, since), acts: map[string]*lineage.Act{}})
	}
	q.concerns()
	minted := map[string]any{"accessKey": map[string]any{"accessKeyId": "AKIAEXAMPLEMINTED001", "userName": "olga", "status": "Active"}}
	var events []event.Event
	for _, r := range []json.RawMessage{
		by(t, 10, "CreateAccessKey", "iam", "trudy", "", "AKIAEXAMPLEtrudy", minted),
		by(t, 11, "ListBuckets", "s3", "olga", "", "AKIAEXAMPLEMINTED001", nil),
		by(t, 12, "ListQueues", "sqs", "olga", "", "AKIAEXAMPLEOLGA00001", nil),
	} {
		e, err := event.Parse(r)
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, e)
	}
	told := func(lanes []string, who trail.Filter) (all string) {
		h.all = nil
		q.Lanes = lanes
		f := &following{q: q, who: who, told: map[string]bool{}}
		if err := f.tell(append([]event.Event{}, events...)); err != nil {
			t.Fatal(err)
		}
		for _, e := range of[report.Event](h) {
			all += fmt.Sprintf("%s %s %d; ", e.Name, e.Lane, e.Verdict)
		}
		return all
	}
	if got := told([]string{"intruder"}, trail.Filter{}); got != "CreateAccessKey intruder 2; ListBuckets intruder 2; " {
		t.Errorf("his: %s", got)
	}
	if got := told(nil, trail.Filter{Users: []string{"trudy"}}); got != "CreateAccessKey intruder 2; " {
		t.Errorf("trudy's: %s", got)
	}
}

// Somebody else's key that is used from where an intruder is at work, and that
// never was before, is not the owner's; whichever intruder it is.
func TestStrangerBesideTheSecondIntruder(t *testing.T) {
	q, _ := followed(t)
	if err := q.open(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i, key := range []string{"AKIAEXAMPLEtrudy0000", "ASIAEXAMPLEBUILD0001"} {
		since, _ := time.Parse(time.RFC3339, fmt.Sprintf(followedDay, 0))
		in := &intruder{number: i + 1, hint: true, found: lineage.Intruder{Seeds: []lineage.Suspect{{Credential: key, Reason: lineage.Seed}}, Since: since}}
		if err := q.reach(t.Context(), in); err != nil {
			t.Fatal(err)
		}
		q.intruders = append(q.intruders, in)
	}
	q.concerns()
	e, err := event.Parse(by(t, 1, "ListUsers", "iam", "olga", "", "AKIAEXAMPLEOLGA00001", nil))
	if err != nil {
		t.Fatal(err)
	}
	if l, _ := q.lane(e); l.Who != lineage.ByUnknown {
		t.Errorf("%+v", l)
	}
}

// A session that nobody can use any more is not asked for: of an old intrusion
// there are hundreds. A key, and a session of yesterday, are.
func TestFollowsWhatStillWorks(t *testing.T) {
	for age, want := range map[time.Duration]int{time.Hour: 2, 37 * time.Hour: 1} {
		q, _ := followed(t)
		since, _ := time.Parse(time.RFC3339, fmt.Sprintf(followedDay, 0))
		q.Now = func() time.Time { return since.Add(age) }
		c := lineage.New([]lineage.Suspect{{Credential: "ASIAEXAMPLEBUILD0001", Reason: lineage.Marked}, {Credential: "AKIAEXAMPLEOLGA00001", Reason: lineage.Marked}}, since)
		for _, r := range []json.RawMessage{
			by(t, 1, "ListUsers", "iam", "olga", "", "AKIAEXAMPLEOLGA00001", nil), by(t, 2, "ListRoles", "iam", "ci", "builder", "ASIAEXAMPLEBUILD0001", nil),
		} {
			e, err := event.Parse(r)
			if err != nil {
				t.Fatal(err)
			}
			c.Add(lineage.Query{}, []event.Event{e})
		}
		q.intruders = []*intruder{{number: 1, closure: c}}
		got := (&following{q: q}).watched()
		key := lineage.Query{By: lineage.ByAccessKey, Value: "AKIAEXAMPLEOLGA00001"}
		if len(got) != want || !slices.Contains(got, key) {
			t.Errorf("after %s: %v", age, got)
		}
	}
}

// What nobody bears is refused before the record is judged.
func TestUnknownNamesAreRefusedAtOnce(t *testing.T) {
	for name, ask := range map[string]func(*Inquiry) error{
		"no-such-principal": func(q *Inquiry) error { q.Principal = "nobody"; return q.Timeline(t.Context()) },
		"no-such-subject":   func(q *Inquiry) error { return q.Subject(t.Context(), "key", "AKIAEXAMPLENOBODY001") },
		"no-such-resource":  func(q *Inquiry) error { return q.Resource(t.Context(), "i-0123456789abcdef0") },
	} {
		q, _ := followed(t)
		if err := ask(q); refusal(err) != name || q.prepared {
			t.Errorf("%s: %v, prepared %v", name, err, q.prepared)
		}
	}
	q, _ := followed(t)
	if err := q.Impact(t.Context(), "nobody"); refusal(err) != "no-such-subject" || q.prepared {
		t.Errorf("impact: %v", err)
	}
}
