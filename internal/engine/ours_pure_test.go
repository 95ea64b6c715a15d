package engine

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cordon/internal/detect"
	"cordon/internal/event"
	"cordon/internal/fact"
	"cordon/internal/journal"
	"cordon/internal/lineage"
	"cordon/internal/plan"
	"cordon/internal/report"
)

const responder = "arn:aws:iam::347283850106:user/claire"

// leftByApply writes what an apply of one action leaves in a case: the plan, and
// the lines from the call to its verification.
func leftByApply(t *testing.T, a *Archive, at time.Time) {
	t.Helper()
	target := fact.Resource{Ref: fact.Ref{Kind: "iam.access-key", Place: fact.Place{Account: a.Case.Account, Region: fact.Global}, ID: "AKIAINTRUDER00000001"}}
	fact.Owner.Set(&target, "svc-deploy")
	p := plan.Plan{V: 1, Type: plan.Contain, Case: a.Case.ID, Account: a.Case.Account, Partition: "aws", Caller: plan.Principal{ARN: responder, UniqueID: "AIDACLAIRE"}}
	if err := savePlan(a.Case, p); err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(target)
	if err != nil {
		t.Fatal(err)
	}
	now := at
	log, _, err := journal.Open(t.Context(), journal.NewFile(a.Case.Journal()), func() time.Time { return now.Add(-time.Hour) }) // this machine's clock is slow
	if err != nil {
		t.Fatal(err)
	}
	for i, step := range []journal.Step{journal.Opened, journal.Doing, journal.Done, journal.Verified, journal.Ended} {
		now = at.Add(time.Duration(i-1) * time.Second)
		r := journal.Record{Step: step, Plan: p.Digest()}
		if step != journal.Opened && step != journal.Ended {
			r.Action, r.Verb, r.Kind, r.Target, r.Ordered = "one", "deactivate", string(target.Kind), raw, at
		}
		if err := log.Write(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
}

// Only what the journal accounts for is ours: not what bears the mark alone, nor
// what else was done with the responder's own credentials.
func TestOnlyWhatTheJournalAccountsForIsOurs(t *testing.T) {
	a, h := offline(t)
	at := time.Date(2026, 9, 2, 8, 0, 0, 0, time.UTC)
	leftByApply(t, a, at)
	mark := "aws-sdk-go-v2/1.41.0 app/cordon-" + a.Case.ID
	type call struct {
		what, who, unique, agent, name, request string
		at                                      time.Time
		want                                    string
	}
	off := `{"userName":"svc-deploy","accessKeyId":"AKIAINTRUDER00000001","status":"Inactive"}`
	calls := []call{
		{"the journal's own", responder, "AIDACLAIRE", mark, "UpdateAccessKey", off, at, "responder"},
		{"without the mark", responder, "AIDACLAIRE", "aws-cli/2.0", "UpdateAccessKey", off, at, ""},
		{"another case's mark", responder, "AIDACLAIRE", "app/cordon-other", "UpdateAccessKey", off, at, ""},
		{"another's, with the mark", "arn:aws:iam::347283850106:user/mallory", "AIDAMALLORY", mark, "UpdateAccessKey", off, at, ""},
		{"one of the same name, made anew", responder, "AIDANEW", mark, "UpdateAccessKey", off, at, ""},
		{"another call", responder, "AIDACLAIRE", mark, "CreateAccessKey", `{"userName":"svc-deploy"}`, at, ""},
		{"another target", responder, "AIDACLAIRE", mark, "UpdateAccessKey", `{"userName":"ops","accessKeyId":"AKIAOWNER00000000001","status":"Inactive"}`, at, ""},
		{"before the line", responder, "AIDACLAIRE", mark, "UpdateAccessKey", off, at.Add(-time.Minute), ""},
		{"after its end", responder, "AIDACLAIRE", mark, "UpdateAccessKey", off, at.Add(time.Minute), ""},
	}
	var lines strings.Builder
	id := func(i int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", i) }
	for i, c := range calls {
		name := c.who[strings.LastIndexByte(c.who, '/')+1:]
		fmt.Fprintf(&lines, `{"eventVersion":"1.09","userIdentity":{"type":"IAMUser","principalId":%q,"arn":%q,"accountId":"347283850106","accessKeyId":"AKIACLAIRE0000000001","userName":%q},"eventTime":%q,"eventSource":"iam.amazonaws.com","eventName":%q,"awsRegion":"us-east-1","sourceIPAddress":"198.51.100.7","userAgent":%q,"requestParameters":%s,"responseElements":null,"eventID":%q,"readOnly":false,"eventType":"AwsApiCall","recipientAccountId":"347283850106"}`+"\n",
			c.unique, c.who, name, c.at.Format(time.RFC3339), c.name, c.agent, c.request, id(i))
	}
	file := filepath.Join(t.TempDir(), "events.jsonl")
	write(t, file, []byte(lines.String()))
	if err := a.Import(t.Context(), ImportOptions{Paths: []string{file}}); err != nil {
		t.Fatal(err)
	}
	if err := (&Inquiry{Archive: a}).Timeline(t.Context()); err != nil {
		t.Fatal(err)
	}
	lanes := map[string]string{}
	for _, e := range of[report.Event](h) {
		if lanes[e.ID] = e.Lane; e.Lane == "responder" && e.Resource != "AKIAINTRUDER00000001" {
			t.Errorf("our call is told to be about %q", e.Resource)
		}
	}
	for i, c := range calls {
		if got := lanes[id(i)]; got == "" || (got == "responder") != (c.want == "responder") {
			t.Errorf("%s: the lane is %q", c.what, got)
		}
	}
}

// Of live calls too: who holds the responder's credentials and writes our mark is
// not the responder.
func TestLiveCallsOfOurs(t *testing.T) {
	a, _ := offline(t)
	at := time.Date(2026, 9, 2, 8, 0, 0, 0, time.UTC)
	leftByApply(t, a, at)
	book, err := (&Session{Case: a.Case}).lanesNow(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	e := event.Event{
		ID: "1", Time: at, Source: "iam.amazonaws.com", Name: "UpdateAccessKey", Region: "us-east-1", Account: a.Case.Account, Agent: "x app/cordon-" + strings.ToUpper(a.Case.ID),
		Principal: event.Principal{Type: "IAMUser", ARN: responder, ID: "AIDACLAIRE", Account: a.Case.Account}, Credential: "AKIACLAIRE0000000001",
		Request: json.RawMessage(`{"userName":"svc-deploy","accessKeyId":"AKIAINTRUDER00000001","status":"Inactive"}`),
	}
	other := e
	other.Name, other.Request = "CreateAccessKey", json.RawMessage(`{"userName":"svc-deploy"}`)
	if ours, his := book.of(e), book.of(other); ours != lineage.ByResponder || his != lineage.ByUnknown {
		t.Errorf("ours is %q; what the journal does not account for, %q", ours, his)
	}
}

// Of some things a place has one, which no request names.
func TestOursWithoutAName(t *testing.T) {
	for of, ours := range map[fact.Kind]bool{"account.contact-information": true, "account.alternate-contact": false} {
		target, err := json.Marshal(fact.Resource{Ref: fact.Ref{Kind: of, Place: fact.Place{Region: fact.Global}, ID: "primary"}})
		if err != nil {
			t.Fatal(err)
		}
		verb := map[fact.Kind]string{"account.contact-information": "set-contact-information", "account.alternate-contact": "set-contact"}[of]
		a, ok := accountOf(journal.Record{Step: journal.Doing, Verb: verb, Kind: string(of), Target: target}, journal.Record{})
		if got := a.about(event.Event{Request: json.RawMessage(`{"contactInformation":{"city":"Lyon"}}`)}); !ok || got != ours {
			t.Errorf("%s: %v, %v", of, ok, got)
		}
	}
}

// What a call of ours made is ours to change, in whatever order the record has
// the two: its times are whole seconds.
func TestOursMadeInTheSameSecond(t *testing.T) {
	at := time.Date(2026, 9, 2, 8, 0, 0, 0, time.UTC)
	a := accounted{calls: map[string]bool{"CreateSecurityGroup": true, "RevokeSecurityGroupEgress": true}, names: []string{"vpc-0a1b2c3d4e"}, who: []plan.Principal{{ARN: responder}}, from: at, to: at}
	call := func(id, name, request, response string) event.Event {
		return event.Event{ID: id, Name: name, Time: at, Principal: event.Principal{ARN: responder}, Request: json.RawMessage(request), Response: json.RawMessage(response)}
	}
	ours := map[string]bool{}
	a.take([]event.Event{
		call("a", "RevokeSecurityGroupEgress", `{"groupId":"sg-0123456789"}`, `{}`), call("b", "CreateSecurityGroup", `{"vpcId":"vpc-0a1b2c3d4e"}`, `{"groupId":"sg-0123456789"}`),
		call("c", "RevokeSecurityGroupEgress", `{"groupId":"sg-9999999999"}`, `{}`),
	}, ours)
	if !ours["a"] || !ours["b"] || ours["c"] {
		t.Errorf("ours are %v", ours)
	}
}

// A journal that somebody altered accounts for nothing, and that is told.
func TestAnAlteredJournalAccountsForNothing(t *testing.T) {
	a, _ := offline(t)
	leftByApply(t, a, time.Date(2026, 9, 2, 8, 0, 0, 0, time.UTC))
	b, err := os.ReadFile(a.Case.Journal())
	if err != nil {
		t.Fatal(err)
	}
	write(t, a.Case.Journal(), []byte(strings.Replace(string(b), "deactivate", "delete", 1)))
	q := &Inquiry{Archive: a}
	if err := q.own(t.Context()); err != nil || len(q.ours) > 0 || len(q.gaps) != 1 || q.gaps[0].Why != "journal-broken" {
		t.Errorf("%v, %v, %v", err, q.ours, q.gaps)
	}
}

// A hit that rests on our events alone is none; one that rests on others' as well
// stands on those.
func TestHitsWithoutOurs(t *testing.T) {
	ours := map[string]bool{"a": true, "b": true}
	got := others([]detect.Hit{{Detection: "ours", EventIDs: []string{"a", "b"}}, {Detection: "both", EventIDs: []string{"a", "c"}}, {Detection: "his", EventIDs: []string{"d"}}}, ours)
	if len(got) != 2 || got[0].Detection != "both" || len(got[0].EventIDs) != 1 || got[0].EventIDs[0] != "c" || got[1].Detection != "his" {
		t.Errorf("%+v", got)
	}
}
