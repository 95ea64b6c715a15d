package kinds

import (
	"testing"
	"time"

	"cordon/internal/awsapi"
	"cordon/internal/fact"
	"cordon/internal/kind"
	"cordon/internal/kind/kindtest"
	"cordon/internal/lab"
)

func openACase(t *testing.T, w kindtest.World) string {
	t.Helper()
	id, err := supportClient{w.Config(fact.Global)}.CreateCase(t.Context(), createCaseInput{Subject: "quota", Body: "more, please", Language: "en", Issue: "technical"})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestSupportCase(t *testing.T) {
	spec := supportCaseSpec
	spec.Verbs = nil // open-case makes what it is done to: below
	kindtest.Run(t, kindtest.Case[supportReader, supportWriter]{Spec: spec, Region: fact.Global, Setup: openACase})
}

func TestOpenCase(t *testing.T) {
	w := kindtest.NewWorld(t)
	api := supportClient{w.Config(fact.Global)}
	openACase(t, w)
	r := fact.Resource{Ref: fact.Ref{Kind: "support.case", Place: fact.Place{Account: kindtest.Account, Region: fact.Global}, ID: "new-1"}}
	fact.Subject.Set(&r, "AWS account [C-1]")
	fact.Letter.Set(&r, "Hello,")
	fact.Severity.Set(&r, "urgent")
	j := kind.Job{Resource: r, At: time.Now().UTC()}
	count := func(want int) {
		t.Helper()
		open, err := supportCases(t.Context(), api, false)
		if err != nil || len(open) != want {
			t.Fatalf("%d open cases, %v; want %d", len(open), err, want)
		}
	}
	prior, err := openCase.Prior(t.Context(), api, r)
	if err != nil || string(prior) != "[]" {
		t.Fatalf("%s, %v", prior, err)
	}
	if done, err := openCase.Done(t.Context(), api, j); err != nil || done {
		t.Fatalf("done before: %t, %v", done, err)
	}
	for range 2 { // doing it twice opens one
		if err := openCase.Do(t.Context(), api, j, prior); err != nil {
			t.Fatal(err)
		}
		count(2)
	}
	if done, err := openCase.Done(t.Context(), api, j); err != nil || !done {
		t.Fatalf("done after: %t, %v", done, err)
	}
	for range 2 {
		if err := openCase.Undo(t.Context(), api, j, prior); err != nil {
			t.Fatal(err)
		}
		count(1)
	}
	if back, err := openCase.Prior(t.Context(), api, r); err != nil || string(back) != "[]" {
		t.Errorf("after undo %s, %v", back, err)
	}
}

func TestSupportNeedsAPlan(t *testing.T) {
	w := kindtest.NewWorld(t)
	fault := lab.Fault{Match: map[string]string{"service": "support"}, Code: "SubscriptionRequiredException", Status: 400}
	if err := w.Lab.AddFault(t.Context(), fault); err != nil {
		t.Fatal(err)
	}
	_, err := SeverityLevels(t.Context(), w.Config(fact.Global))
	if awsapi.Classify(err) != awsapi.NotSubscribed {
		t.Errorf("%v is %q", err, awsapi.Classify(err))
	}
}
