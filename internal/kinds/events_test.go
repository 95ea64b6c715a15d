package kinds

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	schedulertypes "github.com/aws/aws-sdk-go-v2/service/scheduler/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
	"cordon/internal/kind/kindtest"
)

func makeRule(t *testing.T, w kindtest.World, in *eventbridge.PutRuleInput, targets ...types.Target) string {
	t.Helper()
	api := eventbridge.NewFromConfig(w.Config(here))
	out := must[*eventbridge.PutRuleOutput](t)(api.PutRule(t.Context(), in))
	if len(targets) > 0 {
		must[*eventbridge.PutTargetsOutput](t)(api.PutTargets(t.Context(), &eventbridge.PutTargetsInput{
			Rule: in.Name, EventBusName: in.EventBusName, Targets: targets,
		}))
	}
	return pastMark(":rule/", *out.RuleArn)
}

func target(id, arn string) types.Target { return types.Target{Id: &id, Arn: &arn} }

const (
	ownQueue   = "arn:aws:sqs:eu-west-1:111122223333:alarms"
	theirQueue = "arn:aws:sqs:eu-west-1:444455556666:loot"
)

func timedRule(t *testing.T, w kindtest.World) string {
	t.Helper()
	return makeRule(t, w, &eventbridge.PutRuleInput{
		Name: aws.String("timer"), ScheduleExpression: aws.String("rate(5 minutes)"), Description: aws.String("again and again"),
	}, target("a", ownQueue), target("b", theirQueue))
}

func makeBus(t *testing.T, w kindtest.World) string {
	t.Helper()
	api := eventbridge.NewFromConfig(w.Config(here))
	must[*eventbridge.CreateEventBusOutput](t)(api.CreateEventBus(t.Context(), &eventbridge.CreateEventBusInput{Name: aws.String("orders")}))
	must[*eventbridge.PutPermissionOutput](t)(api.PutPermission(t.Context(), &eventbridge.PutPermissionInput{
		EventBusName: aws.String("orders"), Policy: aws.String(`{"Version":"2012-10-17","Statement":[
			{"Sid":"own","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"events:PutEvents","Resource":"arn:aws:events:eu-west-1:111122223333:event-bus/orders"},
			{"Sid":"theirs","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:root"},"Action":"events:PutEvents","Resource":"arn:aws:events:eu-west-1:111122223333:event-bus/orders"}]}`),
	}))
	return "orders"
}

func busRule(t *testing.T, w kindtest.World) string {
	t.Helper()
	makeBus(t, w)
	return makeRule(t, w, &eventbridge.PutRuleInput{
		Name: aws.String("placed"), EventBusName: aws.String("orders"), EventPattern: aws.String(`{"source":["shop"]}`),
	}, target("a", ownQueue))
}

func ruleCase(setup func(*testing.T, kindtest.World) string) kindtest.Case[eventRuleReader, eventRuleWriter] {
	return kindtest.Case[eventRuleReader, eventRuleWriter]{
		Spec: eventRuleSpec, Region: here, Setup: setup,
		Before: map[string]func(*testing.T, kindtest.World, string) string{
			"enable-rule": func(*testing.T, kindtest.World, string) string { return "DISABLED" },
			"restore-targets": func(*testing.T, kindtest.World, string) string {
				return `{"all":[{"Id":"c","Arn":"` + ownQueue + `"}]}`
			},
		},
	}
}

func TestRule(t *testing.T)    { kindtest.Run(t, ruleCase(timedRule)) }
func TestBusRule(t *testing.T) { kindtest.Run(t, ruleCase(busRule)) }

func TestRuleOfAllManagementEvents(t *testing.T) {
	kindtest.Run(t, ruleCase(func(t *testing.T, w kindtest.World) string {
		return makeRule(t, w, &eventbridge.PutRuleInput{
			Name: aws.String("watch"), EventPattern: aws.String(`{"source":["aws.iam"]}`), State: types.RuleStateEnabledWithAllCloudtrailManagementEvents,
		}, target("a", ownQueue))
	}))
}

func TestRuleFacts(t *testing.T) {
	w := kindtest.NewWorld(t)
	r := listed(t, w, eventRule, timedRule(t, w))
	if with := fact.SharedWith.Or(r, nil); !slices.Equal(with, []string{"444455556666"}) || fact.Count.Or(r, 0) != 2 {
		t.Errorf("%s", r.Facts)
	}
	if !fact.Active.Or(r, false) || fact.Detail.Or(r, "") != "rate(5 minutes)" || fact.Aspects.Or(r, nil)["targets"] == "" {
		t.Errorf("%s", r.Facts)
	}
	r = listed(t, w, eventRule, busRule(t, w))
	if held := eventRule.Holds(r); r.ID != "orders/placed" || len(held) != 1 || held[0] != listed(t, w, eventBus, "orders").Ref {
		t.Errorf("%s holds %v", r.ID, held)
	}
}

func TestTargetWithTextIsNoAspect(t *testing.T) {
	w := kindtest.NewWorld(t)
	with := target("a", ownQueue)
	with.Input = aws.String(`{"token":"secret"}`)
	r := listed(t, w, eventRule, makeRule(t, w, &eventbridge.PutRuleInput{Name: aws.String("x"), ScheduleExpression: aws.String("rate(1 hour)")}, with))
	if text, told := fact.Aspects.Or(r, nil)["targets"]; told {
		t.Errorf("the text of a target travels: %s", text)
	}
}

// What one recorded call put is put back, and what others put stays.
func TestTargetsOfOneCallComeBack(t *testing.T) {
	w := kindtest.NewWorld(t)
	id := makeRule(t, w, &eventbridge.PutRuleInput{Name: aws.String("x"), ScheduleExpression: aws.String("rate(1 hour)")}, target("other", ownQueue))
	was, ok := recallTargets("PutTargets", []byte(`{"rule":"x","targets":[{"id":"alarm","arn":"`+ownQueue+`"}]}`), nil)
	if !ok {
		t.Fatal("a plain target is not recalled")
	}
	r := listed(t, w, eventRule, id)
	fact.Before.Set(&r, map[string]string{"targets": was})
	v, _ := eventRule.Verb("restore-targets")
	job := kind.Job{Resource: r}
	if done, err := v.Done(t.Context(), w.Config(here), job); done || err != nil {
		t.Fatalf("done before: %v, %v", done, err)
	}
	prior, err := v.Prior(t.Context(), w.Config(here), r)
	if err == nil {
		err = v.Do(t.Context(), w.Config(here), job, prior)
	}
	if done, readErr := v.Done(t.Context(), w.Config(here), job); err != nil || readErr != nil || !done {
		t.Fatalf("%v, %v, %v", err, done, readErr)
	}
	if n := fact.Count.Or(listed(t, w, eventRule, id), 0); n != 2 {
		t.Errorf("%d targets", n)
	}
	if err := v.Undo(t.Context(), w.Config(here), job, prior); err != nil || fact.Count.Or(listed(t, w, eventRule, id), 0) != 1 {
		t.Errorf("undo: %v", err)
	}
	hidden := `{"targets":[{"id":"a","arn":"x","input":"HIDDEN_DUE_TO_SECURITY_REASONS"}]}`
	if was, ok := recallTargets("PutTargets", []byte(hidden), nil); ok {
		t.Errorf("a hidden text is recalled: %s", was)
	}
}

// A target with a text of its own travels as a fingerprint: it is taken away, and
// only the evidence can bring its text back.
func TestTheTextOfATargetDoesNotTravel(t *testing.T) {
	w := kindtest.NewWorld(t)
	with := target("a", ownQueue)
	with.Input = aws.String(`{"token":"secret-of-a"}`)
	id := makeRule(t, w, &eventbridge.PutRuleInput{Name: aws.String("x"), ScheduleExpression: aws.String("rate(1 hour)")}, with, target("b", theirQueue))
	r := listed(t, w, eventRule, id)
	v, _ := eventRule.Verb("restore-targets")
	do := func(want string) string {
		t.Helper()
		fact.Before.Set(&r, map[string]string{"targets": want})
		prior := must[json.RawMessage](t)(v.Prior(t.Context(), w.Config(here), r))
		if strings.Contains(string(prior), "secret-of-a") {
			t.Errorf("the text travels: %s", prior)
		}
		if err := v.Do(t.Context(), w.Config(here), kind.Job{Resource: r}, prior); err != nil {
			t.Fatal(err)
		}
		if done, err := v.Done(t.Context(), w.Config(here), kind.Job{Resource: r}); !done || err != nil {
			t.Fatalf("%v, %v", done, err)
		}
		return string(prior)
	}
	var all string
	if err := json.Unmarshal([]byte(do(`{"all":[{"Id":"c","Arn":"`+ownQueue+`"}]}`)), &all); err != nil {
		t.Fatal(err)
	}
	err := v.Undo(t.Context(), w.Config(here), kind.Job{Resource: r}, must[json.RawMessage](t)(json.Marshal(all)))
	if err == nil || !strings.Contains(err.Error(), "cannot put the targets a of rule x back") {
		t.Errorf("%v", err)
	}
	if r := listed(t, w, eventRule, id); fact.Count.Or(r, 0) != 1 || !slices.Equal(fact.SharedWith.Or(r, nil), []string{"444455556666"}) {
		t.Errorf("the others are not as they were: %s", r.Facts)
	}
	if was, ok := recallTargets("PutTargets", []byte(`{"targets":[{"id":"a","arn":"x","input":"{}"}]}`), nil); ok {
		t.Errorf("a text is recalled: %s", was)
	}
}

// What somebody changed in a schedule since it was read is not written over.
func TestAChangedScheduleIsLeftAlone(t *testing.T) {
	w := kindtest.NewWorld(t)
	r := listed(t, w, schedule, makeSchedule(t, w))
	v, _ := schedule.Verb("disable")
	prior := must[json.RawMessage](t)(v.Prior(t.Context(), w.Config(here), r))
	is := must[*scheduler.GetScheduleOutput](t)(scheduler.NewFromConfig(w.Config(here)).GetSchedule(t.Context(), &scheduler.GetScheduleInput{Name: aws.String("again"), GroupName: aws.String("night")}))
	must[*scheduler.UpdateScheduleOutput](t)(scheduler.NewFromConfig(w.Config(here)).UpdateSchedule(t.Context(), &scheduler.UpdateScheduleInput{
		Name: is.Name, GroupName: is.GroupName, ScheduleExpression: aws.String("rate(1 hour)"), FlexibleTimeWindow: is.FlexibleTimeWindow, Target: is.Target,
	}))
	if err := v.Do(t.Context(), w.Config(here), kind.Job{Resource: r}, prior); err == nil || !strings.Contains(err.Error(), "it was changed since it was read") {
		t.Errorf("%v", err)
	}
}

func TestRecallRuleState(t *testing.T) {
	for _, c := range []struct {
		call, request, want string
		ok                  bool
	}{
		{"PutRule", `{"name":"x"}`, "ENABLED", true},
		{"PutRule", `{"name":"x","state":"DISABLED"}`, "DISABLED", true},
		{"EnableRule", `{"name":"x"}`, "ENABLED", true},
		{"DisableRule", `{"name":"x"}`, "DISABLED", true},
		{"DeleteRule", `{"name":"x"}`, "", false},
	} {
		if got, ok := recallRuleState(c.call, []byte(c.request), nil); got != c.want || ok != c.ok {
			t.Errorf("%s %s: %q, %v", c.call, c.request, got, ok)
		}
	}
}

func TestBus(t *testing.T) {
	kindtest.Run(t, kindtest.Case[busReader, busWriter]{
		Spec: busSpec, Region: here, Setup: makeBus,
		Before: map[string]func(*testing.T, kindtest.World, string) string{
			"restore-policy": func(*testing.T, kindtest.World, string) string { return "" },
		},
	})
}

func TestBusFacts(t *testing.T) {
	w := kindtest.NewWorld(t)
	r := listed(t, w, eventBus, makeBus(t, w))
	wantSharing(t, r, false, "arn:aws:iam::444455556666:root")
	if r.Created.IsZero() {
		t.Error("when it was made is not told")
	}
	wantSharing(t, listed(t, w, eventBus, "default"), false)
	if _, ok := recallBusPolicy("PutPermission", []byte(`{"statementId":"x","principal":"*"}`), nil); ok {
		t.Error("one statement is taken for a policy")
	}
}

func makeSchedule(t *testing.T, w kindtest.World) string {
	t.Helper()
	api := scheduler.NewFromConfig(w.Config(here))
	must[*scheduler.CreateScheduleGroupOutput](t)(api.CreateScheduleGroup(t.Context(), &scheduler.CreateScheduleGroupInput{Name: aws.String("night")}))
	must[*scheduler.CreateScheduleOutput](t)(api.CreateSchedule(t.Context(), &scheduler.CreateScheduleInput{
		Name: aws.String("again"), GroupName: aws.String("night"), ScheduleExpression: aws.String("rate(5 minutes)"),
		FlexibleTimeWindow: &schedulertypes.FlexibleTimeWindow{Mode: schedulertypes.FlexibleTimeWindowModeOff},
		Target:             &schedulertypes.Target{Arn: aws.String("arn:aws:scheduler:::aws-sdk:ec2:runInstances"), RoleArn: aws.String("arn:aws:iam::111122223333:role/x"), Input: aws.String("{}")},
	}))
	return "night/again"
}

func TestSchedule(t *testing.T) {
	kindtest.Run(t, kindtest.Case[scheduleReader, scheduleWriter]{Spec: scheduleSpec, Region: here, Setup: makeSchedule})
}

func TestScheduleFacts(t *testing.T) {
	w := kindtest.NewWorld(t)
	r := listed(t, w, schedule, makeSchedule(t, w))
	if !fact.Active.Or(r, false) || r.Created.IsZero() || fact.Detail.Or(r, "") != "arn:aws:scheduler:::aws-sdk:ec2:runInstances" {
		t.Errorf("made %v: %s", r.Created, r.Facts)
	}
}
