package engine_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/guardduty"

	"cordon/internal/fact"
	"cordon/internal/lab"
)

// A service that came to a region with a part of its calls has not told what there
// is: only where it answers nothing at all is it absent.
func TestAServiceThatAnswersInPartIsNotAbsent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for region, op := range map[string]string{"eu-west-1": "GetDetector", "eu-west-2": "ListDetectors"} {
		w.fault(lab.Fault{Match: map[string]string{"service": "guardduty", "op": op, "region": region}, Code: "UnknownOperationException", Status: 404})
	}
	_, err := guardduty.NewFromConfig(w.rootIn("eu-west-1")).CreateDetector(t.Context(), &guardduty.CreateDetectorInput{Enable: aws.Bool(true)})
	if err != nil {
		t.Log(err) // there is one already
	}
	s := w.session()
	s.Kinds = only(t, "guardduty.detector", "iam.user")
	tri, err := s.Triage(t.Context(), since())
	if err != nil {
		t.Fatal(err)
	}
	if r, _ := reading(tri, "guardduty.detector", "eu-west-1"); r.State != fact.Failed || r.Why == "" {
		t.Errorf("where a part is offered: %+v", r)
	}
	if r, _ := reading(tri, "guardduty.detector", "eu-west-2"); r.State != fact.Absent {
		t.Errorf("where nothing is: %+v", r)
	}
	neverClear(t, tri, "guardduty.detector")
}
