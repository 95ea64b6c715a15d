package engine

import (
	"reflect"
	"testing"

	"cordon/internal/fact"
)

// One call per region knows the tags of all: what a kind's own listing does not
// tell comes from there, and what is told of nothing else goes.
func TestTagsAreHandedOver(t *testing.T) {
	at := fact.Place{Account: "1", Region: "eu-west-1"}
	make := func(k fact.Kind, id, arn string) fact.Resource {
		return fact.Resource{Ref: fact.Ref{Kind: k, Place: at, ID: id}, ARN: arn}
	}
	stack := fact.Ref{Kind: "cloudformation.stack", Place: at, ID: "mining"}
	helper := func(arn, by string) fact.Resource {
		r := make("account.other", arn, arn)
		fact.HandledBy.Set(&r, by)
		fact.Tags.Set(&r, map[string]string{"aws:cloudformation:stack-name": "mining"})
		fact.PartOf.Set(&r, []fact.Ref{stack})
		return r
	}
	his, own := make("lambda.function", "f", "arn:f"), make("ecr.repository", "r", "arn:r")
	fact.Tags.Set(&own, map[string]string{"team": "a"})
	other := make("account.other", "arn:x", "arn:x")
	snap := fact.Snapshot{
		Resources: []fact.Resource{his, own, other, helper("arn:f", "lambda.function"), helper("arn:r", "ecr.repository"), helper("arn:gone", "lambda.function")},
		Readings:  []fact.Reading{{Kind: "account.other", Place: at, State: fact.Read, Count: 4}, {Kind: "lambda.function", Place: at, State: fact.Read, Count: 1}},
	}
	handOver(&snap)
	if len(snap.Resources) != 3 || snap.Readings[0].Count != 1 || snap.Readings[1].Count != 1 {
		t.Fatalf("%d resources, readings %+v", len(snap.Resources), snap.Readings)
	}
	for _, r := range snap.Resources {
		part := fact.PartOf.Or(r, nil)
		if r.Kind == "account.other" != (len(part) == 0) || len(part) > 0 && !reflect.DeepEqual(part, []fact.Ref{stack}) {
			t.Errorf("%s is part of %v", r.Ref, part)
		}
	}
	if got := fact.Tags.Or(snap.Resources[1], nil); got["team"] != "a" || len(got) != 1 {
		t.Errorf("the tags that the kind read itself: %v", got)
	}
}
