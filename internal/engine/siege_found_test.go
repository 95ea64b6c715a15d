package engine_test

import (
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"cordon/internal/engine"
	"cordon/internal/fact"
	"cordon/internal/judge"
	"cordon/internal/kind"
	"cordon/internal/kinds"
	"cordon/internal/plan"
)

// TestSiegeFindsTheOwnersThings: calls that create or find take nothing of the
// owner's from him: no plan deletes it. His own things of the same kinds go.
func TestSiegeFindsTheOwnersThings(t *testing.T) {
	t.Parallel()
	w, tr := newSiege(t)
	const home = "eu-west-1"
	owned := map[fact.Kind]string{"events.rule": "nightly", "ecs.cluster": "web", "sns.topic": "arn:aws:sns:" + home + ":" + tr.Account + ":orders-events"}
	acted := slices.ContainsFunc(tr.Intruders, func(c Credential) bool {
		cfg := w.config(c, home)
		_, err := eventbridge.NewFromConfig(cfg).PutRule(t.Context(), &eventbridge.PutRuleInput{Name: aws.String("nightly"), ScheduleExpression: aws.String("rate(5 minutes)")})
		if err != nil {
			return false
		}
		if _, err = ecs.NewFromConfig(cfg).CreateCluster(t.Context(), &ecs.CreateClusterInput{ClusterName: aws.String("web")}); err != nil {
			t.Error(err)
		}
		topic, err := sns.NewFromConfig(cfg).CreateTopic(t.Context(), &sns.CreateTopicInput{Name: aws.String("orders-events")})
		if err != nil || aws.ToString(topic.TopicArn) != owned["sns.topic"] {
			t.Errorf("%+v %v", topic, err)
		}
		return true
	})
	if !acted {
		t.Fatal("no credential of the intruder's may write a rule")
	}
	s := w.everything(tr)
	s.Kinds = slices.DeleteFunc(kinds.All(), func(k kind.Kind) bool {
		return !slices.Contains(spine, k) && owned[k.Name()] == "" && k.Name() != "ecs.service"
	})
	got, err := s.Triage(t.Context(), engine.TriageOptions{Since: tr.Since, SinceFrom: "flag"})
	if err != nil {
		t.Fatal(err)
	}
	whose := func(kind fact.Kind, region, id string) string {
		r, there := seen(got.Snapshot, Planted{Kind: string(kind), Region: region, ID: id})
		if !there {
			t.Fatalf("not seen: %s %s", kind, id)
		}
		return fact.Judgement.Or(r, fact.Whose{}).Whose
	}
	for kind, id := range owned {
		if got := whose(kind, home, id); got == judge.Intruder {
			t.Errorf("%s %s is %s", kind, id, got)
		}
	}
	if got := whose("events.rule", home, "nightly"); got != judge.Tampered {
		t.Errorf("the rule that he wrote over is %s", got)
	}
	for _, p := range tr.Planted {
		if owned[fact.Kind(p.Kind)] != "" && p.State == "created" && whose(fact.Kind(p.Kind), p.Region, p.ID) != judge.Intruder {
			t.Errorf("%s %s %s is %s", p.Kind, p.Region, p.ID, whose(fact.Kind(p.Kind), p.Region, p.ID))
		}
	}
	p, err := s.PlanEradicate(t.Context(), engine.PlanOptions{})
	if err != nil {
		t.Fatal(err)
	}
	removed := 0
	for _, a := range p.Actions {
		if owned[a.Target.Kind] == a.Target.ID && a.Target.Region == home && a.Class == plan.Permanent {
			t.Errorf("the plan does %s on the owner's %s", a.Verb, a.Target.Ref)
		}
		if owned[a.Target.Kind] != "" && a.Verb == "delete" {
			removed++
		}
	}
	if removed == 0 {
		t.Error("nothing of the intruder's of these kinds is deleted: this shows nothing")
	}
}
