package kinds

import (
	"testing"

	"cordon/internal/event"
	"cordon/internal/fact"
	"cordon/internal/kind"
	"cordon/internal/kind/kindtest"
	"cordon/internal/lineage"
)

// What the trail says was made is what the listing shows, by the same name,
// and so is what is deleted.
func TestKeysRecordsNameWhatIsListed(t *testing.T) {
	for _, c := range []struct {
		k      kind.Kind
		make   func(*testing.T, kindtest.World) string
		change lineage.Change // what the record of its making tells
	}{
		{kmsKey, makeKMSKey, lineage.Created},
		{kmsGrant, makeKMSGrant, lineage.Created},
		{secret, makeSecret, lineage.Created},
		{ssmDocument, makeSSMDocument, lineage.Created},
		{ssmAssociation, makeSSMAssociation, lineage.Created},
		{ssmActivation, makeSSMActivation, lineage.Created},
		{ssmParameter, makeSSMParameter, lineage.Created},
		{ssmSession, makeSSMSession, lineage.Created},
		{backupVault, makeVault, lineage.Created},
		{backupPlan, makeBackupPlan, lineage.Created},
		{binRule, makeBinRule, lineage.Created},
		{logGroup, makeLogGroup, lineage.Created},
		{configRecorder, makeRecorder, lineage.Changed},
		{deliveryChannel, makeRecorder, lineage.Changed},
		{analyzer, makeAnalyzer, lineage.Created},
		{archiveRule, makeArchiveRule, lineage.Created},
		{securityHub, makeHub, lineage.Created},
		{alarm, makeAlarm, lineage.Changed},
		{quotaRequest, makeQuotaRequest, lineage.Created},
		{zone, makeZone, lineage.Created},
		{domain, makeDomain, lineage.Created},
		{distribution, makeDisabledDistribution, lineage.Created},
		{userPool, makePool, lineage.Created},
		{transferServer, makeTransferServer, lineage.Created},
	} {
		t.Run(string(c.k.Name()), func(t *testing.T) {
			t.Parallel()
			w, region := kindtest.NewWorld(t), here
			if c.k.Global() {
				region = fact.Global
			}
			id := c.make(t, w)
			want := fact.Ref{Kind: c.k.Name(), Place: fact.Place{Account: kindtest.Account, Region: region}, ID: id}
			recordSays(t, w, want, c.change)
			for _, v := range c.k.Verbs() {
				if v.For != kind.Remove {
					continue
				}
				r := fact.Resource{}
				err := c.k.List(t.Context(), w.Config(region), want.Place, func(one fact.Resource) {
					if one.Ref == want {
						r = one
					}
				})
				if err == nil {
					err = v.Do(t.Context(), w.Config(region), kind.Job{Resource: r}, nil)
				}
				if err != nil {
					t.Fatal(err)
				}
				recordSays(t, w, want, lineage.Deleted)
			}
		})
	}
}

// recordSays wants a record that says that this was done to it.
func recordSays(t *testing.T, w kindtest.World, want fact.Ref, change lineage.Change) {
	t.Helper()
	all, err := w.Lab.Events(t.Context(), true)
	if err != nil {
		t.Fatal(err)
	}
	var seen []string
	for _, raw := range all {
		e, err := event.Parse(raw.Raw)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range lineage.Made(e) {
			if d.Ref == want && d.Change == change {
				return
			}
			seen = append(seen, e.Name+" "+string(d.Change)+" "+d.Ref.String())
		}
		seen = append(seen, e.Name)
	}
	t.Errorf("no record says %s of %s: %q", change, want, seen)
}
