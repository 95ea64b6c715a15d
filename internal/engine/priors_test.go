package engine

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"cordon/internal/awsapi"
	"cordon/internal/fact"
	"cordon/internal/lineage"
)

// What a bucket's policy was is taken from an imported record only where no
// later change can have been missed: it is put back, and never on a guess.
func TestWhatItWasFromTheImportedRecord(t *testing.T) {
	const account, region, policy = "347283850106", "eu-west-1", `{"Statement":[]}`
	now := time.Now().UTC().Truncate(time.Second)
	day := func(n int) time.Time { return now.Add(-time.Duration(n) * 24 * time.Hour) }
	record := func(at time.Time, name string, request any) json.RawMessage {
		b, err := json.Marshal(map[string]any{
			"eventVersion": "1.10", "eventID": fmt.Sprintf("%08x-0000-4000-8000-000000000000", at.Unix()), "eventTime": at.Format(time.RFC3339),
			"eventSource": "s3.amazonaws.com", "eventName": name, "awsRegion": region, "recipientAccountId": account, "readOnly": false,
			"userIdentity":      map[string]any{"type": "IAMUser", "userName": "olga", "arn": "arn:aws:iam::" + account + ":user/olga", "accountId": account},
			"requestParameters": request,
		})
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	// daily are the records of days, one every twelve hours.
	daily := func(from, to int) (all []json.RawMessage) {
		for at := day(from).Add(time.Hour); at.Before(day(to)); at = at.Add(12 * time.Hour) {
			all = append(all, record(at, "PutBucketTagging", map[string]any{"bucketName": "another"}))
		}
		return all
	}
	set := record(day(200), "PutBucketPolicy", map[string]any{"bucketName": "theirs", "bucketPolicy": json.RawMessage(policy)})
	unsaid := record(day(150), "PutBucketPolicy", map[string]any{"bucketName": "theirs", "bucketPolicy": json.RawMessage(`{"Statement":[{}]}`)})
	log := account + "_CloudTrail_" + region + "_20260101T0000Z_abcdefgh.json"
	for _, c := range []struct {
		name  string
		files map[string][]json.RawMessage
		gone  string // the file that is lost after the import
		want  bool
	}{
		{"every day is there", map[string][]json.RawMessage{log: append(daily(200, 89), set)}, "", true},
		{"somebody changed it before the guess", map[string][]json.RawMessage{log: append(daily(200, 89), set)}, "", false},
		{"three days are not", map[string][]json.RawMessage{log: slices.Concat(daily(200, 130), daily(127, 89), []json.RawMessage{set})}, "", false},
		{"it ends before the live history begins", map[string][]json.RawMessage{log: append(daily(200, 100), set)}, "", false},
		{"somebody picked the records", map[string][]json.RawMessage{"picked.json": append(daily(200, 89), set)}, "", false},
		{"a later change is lost", map[string][]json.RawMessage{log: append(daily(200, 89), set), "b" + log: {unsaid}}, "b" + log, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, _ := offline(t)
			dir := t.TempDir()
			for name, records := range c.files {
				b, err := json.Marshal(map[string]any{"Records": records})
				if err != nil {
					t.Fatal(err)
				}
				write(t, filepath.Join(dir, name), b)
			}
			if err := a.Import(t.Context(), ImportOptions{Paths: []string{dir}}); err != nil {
				t.Fatal(err)
			}
			if c.gone != "" {
				if err := os.Remove(filepath.Join(dir, c.gone)); err != nil {
					t.Fatal(err)
				}
			}
			s := &Session{Case: a.Case, Account: &awsapi.Account{Caller: awsapi.Caller{Account: account}}, Out: &heard{}}
			h := &history{s: s, past: s.openPast(nil)}
			defer h.past.close()
			p := &priors{h: h, begins: day(90), since: day(3), asked: map[lookup]*lookedUp{}}
			r := fact.Resource{Ref: fact.Ref{Kind: "s3.bucket", Place: fact.Place{Account: account, Region: region}, ID: "theirs"}}
			deeds := []fact.Deed{{Call: "PutBucketPolicy", EventID: "his", At: day(1), Sure: true}}
			if c.name == "somebody changed it before the guess" {
				deeds = append(deeds, fact.Deed{Call: "PutBucketPolicy", EventID: "perhaps", At: day(6)})
			}
			fact.Changed.Set(&r, deeds)
			for _, call := range append([]string{"PutBucketPolicy", "DeleteBucketPolicy"}, lineage.Creators(r.Kind)...) {
				for _, name := range lineage.RecordedAs(call) { // the live history tells nothing
					q, l := lookup{region, name}, &lookedUp{}
					l.once.Do(func() {
						if err := p.imported(t.Context(), q, l); err != nil {
							t.Fatal(err)
						}
					})
					p.asked[q] = l
				}
			}
			if err := p.set(t.Context(), &r, nil); err != nil {
				t.Fatal(err)
			}
			if was, told := fact.Before.Or(r, nil)["policy"]; told != c.want || told && was != policy {
				t.Errorf("it was %q, %v; gaps %v", was, told, h.past.gaps(time.Time{}))
			}
			if told := len(h.past.gaps(time.Time{})) > 0; told != (c.gone != "") {
				t.Errorf("gaps: %v", h.past.gaps(time.Time{}))
			}
		})
	}
}
