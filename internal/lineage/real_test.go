package lineage

import (
	"compress/gzip"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"cordon/internal/event"
)

// TestRealIntrusions runs over intrusions composed from real events: from the
// leaked key alone every event of the attack and every credential issued must
// be found, and nothing of the background. They are read where they lie.
func TestRealIntrusions(t *testing.T) {
	folders, _ := filepath.Glob("../../../shared/data/cloudtrail/scenarios/remix/scenario-*")
	if len(folders) == 0 {
		t.Skip("the shared data is not here")
	}
	for _, folder := range folders {
		var truth struct {
			Key    string    `json:"abused_credential"`
			First  time.Time `json:"first"`
			Issued []string  `json:"credentials_issued"`
			Events []string  `json:"attack_eventIDs"`
		}
		b, err := os.ReadFile(filepath.Join(folder, "truth.json"))
		if err != nil || json.Unmarshal(b, &truth) != nil {
			t.Fatal(folder, err)
		}
		c := New([]Suspect{{Credential: truth.Key}}, truth.First)
		c.Add(Query{}, readAll(t, folder))
		var acts []string
		for _, a := range c.Acts() {
			acts = append(acts, a.Event.ID)
		}
		for _, id := range truth.Events {
			if !slices.Contains(acts, id) {
				t.Errorf("%s: event %s was missed", filepath.Base(folder), id)
			}
		}
		for _, id := range acts {
			if !slices.Contains(truth.Events, id) {
				t.Errorf("%s: event %s is no part of the attack", filepath.Base(folder), id)
			}
		}
		for _, id := range truth.Issued {
			if !slices.ContainsFunc(c.Suspects(), func(s Suspect) bool { return s.Credential == id }) {
				t.Errorf("%s: credential %s was missed", filepath.Base(folder), id)
			}
		}
	}
}

func readAll(t *testing.T, folder string) (all []event.Event) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".json.gz") {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		z, err := gzip.NewReader(f)
		if err != nil {
			return err
		}
		var log struct{ Records []json.RawMessage }
		if err := json.NewDecoder(z).Decode(&log); err != nil {
			return err
		}
		for _, raw := range log.Records {
			e, err := event.Parse(raw)
			if err != nil {
				return err
			}
			all = append(all, e)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func FuzzClosure(f *testing.F) {
	f.Add([]byte(`{"eventName":"CreateUser","eventSource":"iam.amazonaws.com","eventTime":"2026-01-01T00:00:00Z","userIdentity":{"accessKeyId":"AKIA1"},"responseElements":{"user":{"userName":"x"}}}`))
	f.Add([]byte(`{"eventName":"AssumeRole","eventSource":"sts.amazonaws.com","eventTime":"2026-01-01T00:00:00Z","userIdentity":{"accessKeyId":"AKIA1","arn":":assumed-role/"},"requestParameters":{"roleArn":"::::::/"},"responseElements":{"credentials":{"accessKeyId":"AKIA1"}}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		e, err := event.Parse(raw)
		if err != nil {
			return
		}
		c := New([]Suspect{{Credential: "AKIA1"}, {Principal: global(user, e.Account, "x")}}, time.Time{})
		c.Add(Query{}, []event.Event{e})
		for range 10 {
			qs := c.Next()
			if len(qs) == 0 {
				c.Deeds()
				c.Indirect()
				c.Addresses()
				return
			}
			for _, q := range qs {
				c.Add(q, nil)
			}
		}
		t.Fatal("no fix point")
	})
}
