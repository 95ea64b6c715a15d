package engine

import (
	"fmt"
	"testing"
	"time"

	"cordon/internal/awsapi"
	"cordon/internal/event"
	"cordon/internal/fact"
	"cordon/internal/lineage"
)

// Where cordon is run with a credential that is itself a seed, what the journal
// accounts for is no act of the intruder's in a triage either; what else was done
// with it is.
func TestATriageKnowsItsOwnCalls(t *testing.T) {
	a, _ := offline(t)
	at := time.Date(2026, 9, 2, 8, 0, 0, 0, time.UTC)
	leftByApply(t, a, at)
	s := &Session{Case: a.Case, Account: &awsapi.Account{Caller: awsapi.Caller{Account: a.Case.Account, AccessKeyID: "AKIACLAIRE", Chain: []awsapi.Principal{{Account: "222233334444"}, {}}}}}
	f, err := s.friends(t.Context(), &fact.Snapshot{Account: a.Case.Account})
	if err != nil {
		t.Fatal(err)
	}
	if !f.known.Accounts["222233334444"] || len(f.known.Accounts) != 1 {
		t.Errorf("behind us: %v", f.known.Accounts)
	}
	grown := lineage.New([]lineage.Suspect{{Credential: "AKIACLAIRE"}}, at.Add(-time.Hour))
	var events []event.Event
	for i, agent := range []string{"aws-sdk-go-v2/1.41.0 app/cordon-" + a.Case.ID, "aws-cli/2.0"} {
		e, err := event.Parse(fmt.Appendf(nil, `{"eventVersion":"1.08","eventID":"00000000-0000-4000-8000-%012d","eventTime":%q,"eventSource":"iam.amazonaws.com","eventName":"UpdateAccessKey",
			"awsRegion":"us-east-1","recipientAccountId":%q,"sourceIPAddress":"198.51.100.9","userAgent":%q,
			"userIdentity":{"type":"IAMUser","principalId":"AIDACLAIRE","arn":%q,"accountId":%q,"userName":"claire","accessKeyId":"AKIACLAIRE"},
			"requestParameters":{"userName":"svc-deploy","accessKeyId":"AKIAINTRUDER00000001","status":"Inactive"}}`,
			i, at.Format(time.RFC3339), a.Case.Account, agent, responder, a.Case.Account))
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, e)
	}
	for _, q := range f.next(t.Context(), grown) {
		grown.Add(q, events)
	}
	f.next(t.Context(), grown)
	if acts := grown.Acts(); len(acts) != 1 || acts[0].Event.ID != events[1].ID {
		t.Errorf("%+v", acts)
	}
}
