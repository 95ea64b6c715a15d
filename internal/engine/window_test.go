package engine

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"cordon/internal/report"
)

// What the verdict says that he did, with which techniques, and what detections
// fired, is of the time that was asked for, as its counts are.
func TestOneWindowForTheWholeVerdict(t *testing.T) {
	a, h := offline(t)
	at := time.Date(2026, 9, 2, 8, 0, 0, 0, time.UTC)
	var lines strings.Builder
	for i, c := range []struct {
		at            time.Time
		name, request string
	}{
		{at, "CreateUser", `{"userName":"early"}`},
		{at.Add(time.Minute), "AttachUserPolicy", `{"userName":"early","policyArn":"arn:aws:iam::aws:policy/AdministratorAccess"}`},
		{at.Add(5 * time.Hour), "CreateUser", `{"userName":"late"}`},
		{at.Add(5*time.Hour + time.Minute), "AttachUserPolicy", `{"userName":"late","policyArn":"arn:aws:iam::aws:policy/AdministratorAccess"}`},
	} {
		fmt.Fprintf(&lines, `{"eventVersion":"1.09","userIdentity":{"type":"IAMUser","principalId":"AIDADEPLOY","arn":"arn:aws:iam::347283850106:user/deploy","accountId":"347283850106","accessKeyId":"AKIALEAKED0000000001","userName":"deploy"},"eventTime":%q,"eventSource":"iam.amazonaws.com","eventName":%q,"awsRegion":"us-east-1","sourceIPAddress":"203.0.113.66","userAgent":"aws-cli/2.0","requestParameters":%s,"responseElements":null,"eventID":"00000000-0000-4000-8000-%012d","readOnly":false,"eventType":"AwsApiCall","recipientAccountId":"347283850106"}`+"\n",
			c.at.Format(time.RFC3339), c.name, c.request, i)
	}
	file := filepath.Join(t.TempDir(), "events.jsonl")
	write(t, file, []byte(lines.String()))
	if err := a.Import(t.Context(), ImportOptions{Paths: []string{file}}); err != nil {
		t.Fatal(err)
	}
	for _, w := range []struct {
		from, to time.Time
		who      []string
	}{{time.Time{}, time.Time{}, []string{"early", "late"}}, {at.Add(time.Hour), time.Time{}, []string{"late"}}, {time.Time{}, at.Add(time.Hour), []string{"early"}}} {
		h.all = nil
		q := &Inquiry{Archive: a, Seed: "AKIALEAKED0000000001", From: w.from, To: w.to}
		if err := q.Verdict(t.Context()); err != nil {
			t.Fatal(err)
		}
		v := of[report.Verdict](h)
		if len(v) != 1 || v[0].Events != 2*len(w.who) || len(v[0].Techniques) == 0 {
			t.Fatalf("%s–%s: %+v", w.from, w.to, v)
		}
		said := map[string]bool{}
		for _, e := range of[report.Event](h) {
			said[e.ID] = true
		}
		var made []string
		for _, m := range v[0].Made {
			made = append(made, m.Resource)
		}
		for _, c := range of[report.Creator](h) {
			made = append(made, c.Resource)
		}
		slices.Sort(made)
		if made = slices.Compact(made); !slices.Equal(made, w.who) {
			t.Errorf("%s–%s: he made %v, want %v", w.from, w.to, made, w.who)
		}
		h.all = nil
		if err := q.Detections(t.Context()); err != nil {
			t.Fatal(err)
		}
		shown := of[report.Detection](h)
		if len(shown) == 0 || slices.ContainsFunc(shown, func(d report.Detection) bool { return !q.within(d.First) || !q.within(d.Last) }) {
			t.Errorf("%s–%s: detections of another time: %+v", w.from, w.to, shown)
		}
		for _, x := range v[0].Techniques {
			if x.Count == 0 || x.Count != len(x.EventIDs) || !q.within(x.First) || slices.ContainsFunc(x.EventIDs, func(id string) bool { return !said[id] }) {
				t.Errorf("%s–%s: %+v", w.from, w.to, x)
			}
		}
	}
}

// Lists of events grow by one at no more than a look into a map: one long list
// takes about as long as many short ones of as many events.
func TestUniqueListsGrowEvenly(t *testing.T) {
	ids := make([]string, 32_000)
	for i := range ids {
		ids[i] = fmt.Sprintf("00000000-0000-4000-8000-%012d", i)
	}
	fill := func(n int) time.Duration {
		began := time.Now()
		for part := range slices.Chunk(ids, n) {
			u := unique{}
			for _, id := range part {
				u.add(id)
				u.add(id)
			}
			if !slices.Equal(u.list, part) {
				t.Fatal(len(u.list))
			}
		}
		return time.Since(began)
	}
	// An undisturbed time of each is waited for: what else the machine does makes
	// either longer, and none of it shortens a square growth.
	short, long := time.Hour, time.Hour
	for n := 0; n < 3 || n < 10 && long > 5*short; n++ {
		short, long = min(short, fill(2_000)), min(long, fill(len(ids)))
	}
	t.Logf("16 short lists take %s, one long one %s", short, long)
	if long > 5*short { // an even growth is at most twice, a square one 16 times
		t.Errorf("16 lists of 2000 take %s, one of 32000 takes %s", short, long)
	}
}
