package engine_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	eventtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	schedulertypes "github.com/aws/aws-sdk-go-v2/service/scheduler/types"

	"cordon/internal/engine"
	"cordon/internal/fact"
	"cordon/internal/kind"
	"cordon/internal/kinds"
	"cordon/internal/lab"
	"cordon/internal/report"
)

// listing is a session that has looked at some kinds only.
func (w *world) listing(names ...fact.Kind) *engine.Session {
	w.t.Helper()
	s := w.session()
	s.Kinds = slices.DeleteFunc(slices.Clone(kinds.All()), func(k kind.Kind) bool { return !slices.Contains(names, k.Name()) })
	if _, err := s.Triage(w.t.Context(), engine.TriageOptions{Since: truth.Since, SinceFrom: "flag"}); err != nil {
		w.t.Fatal(err)
	}
	return s
}

func (w *world) notMine(names ...string) {
	w.t.Helper()
	for _, n := range names {
		if _, err := engine.Mark(w.Case, n, "not-mine", "claire", "", night); err != nil {
			w.t.Fatal(err)
		}
	}
}

const canary = "CANARY-9f2c-do-not-copy"

// What a schedule or a rule hands to its target may be a secret: it stands in
// the evidence, and neither in plan nor journal nor the case's other files.
func TestNoSecretOfATargetLeavesTheEvidence(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, cfg := t.Context(), w.rootIn("eu-west-1")
	secret := aws.String(`{"token":"` + canary + `"}`)
	if _, err := scheduler.NewFromConfig(cfg).CreateSchedule(ctx, &scheduler.CreateScheduleInput{
		Name: aws.String("again"), ScheduleExpression: aws.String("rate(5 minutes)"),
		FlexibleTimeWindow: &schedulertypes.FlexibleTimeWindow{Mode: schedulertypes.FlexibleTimeWindowModeOff},
		Target:             &schedulertypes.Target{Arn: aws.String("arn:aws:scheduler:::aws-sdk:ec2:runInstances"), RoleArn: aws.String("arn:aws:iam::111122223333:role/x"), Input: secret},
	}); err != nil {
		t.Fatal(err)
	}
	events := eventbridge.NewFromConfig(cfg)
	if _, err := events.PutRule(ctx, &eventbridge.PutRuleInput{Name: aws.String("timer"), ScheduleExpression: aws.String("rate(5 minutes)")}); err != nil {
		t.Fatal(err)
	}
	if _, err := events.PutTargets(ctx, &eventbridge.PutTargetsInput{Rule: aws.String("timer"), Targets: []eventtypes.Target{
		{Id: aws.String("a"), Arn: aws.String("arn:aws:sqs:eu-west-1:111122223333:q"), Input: secret},
	}}); err != nil {
		t.Fatal(err)
	}
	s := w.listing("scheduler.schedule", "events.rule")
	before := picturedFrom(t, w.Lab) // the emulator makes default buses when they are first listed
	w.notMine("default/again", "timer")
	p, err := s.PlanContain(ctx, engine.PlanOptions{StopSpend: true})
	if err != nil {
		t.Fatal(err)
	}
	verbs := map[string]bool{}
	for _, a := range p.Actions {
		verbs[a.Verb+" "+string(a.Target.Kind)] = true
	}
	if !verbs["disable scheduler.schedule"] || !verbs["disable events.rule"] {
		t.Fatalf("the plan has %v", verbs)
	}
	w.approve(p)
	if sum, err := s.Apply(ctx, p); err != nil || sum.Verified != len(p.Actions) {
		t.Fatalf("%+v, %v: %v", sum, err, w.Told.steps())
	}
	u, err := s.PlanUndo(ctx, engine.UndoOptions{All: true, EvenIfExposed: true})
	if err != nil {
		t.Fatal(err)
	}
	w.approve(u)
	if sum, err := s.Apply(ctx, u); err != nil || sum.Undone != len(u.Actions) {
		t.Fatalf("%+v, %v: %v", sum, err, w.Told.steps())
	}
	if d := before.differs(picturedFrom(t, w.Lab)); len(d) > 0 {
		t.Errorf("undo left:\n%s", strings.Join(d, "\n"))
	}
	kept := false
	err = filepath.WalkDir(w.Case.Path(), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err == nil && bytes.Contains(data, []byte(canary)) {
			if kept = strings.HasPrefix(path, w.Case.Evidence()); !kept {
				t.Errorf("the secret is in %s", path)
			}
		}
		return err
	})
	if err != nil || !kept {
		t.Errorf("the evidence has it not: this shows nothing (%v)", err)
	}
}

// Lambda takes a function that served CloudFront back hours later: its deletion
// waits, and the same plan, applied again, asks again.
func TestAReplicatedFunctionWaits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	var code bytes.Buffer
	z := zip.NewWriter(&code)
	f, err := z.Create("index.py")
	if err == nil {
		_, err = f.Write([]byte("def handler(e, c): return e\n"))
	}
	if err = errors.Join(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := lambda.NewFromConfig(w.rootIn("us-east-1")).CreateFunction(ctx, &lambda.CreateFunctionInput{
		FunctionName: aws.String("edge"), Role: aws.String(truth.BreakGlass), Runtime: lambdatypes.RuntimePython312, Handler: aws.String("index.handler"),
		Code: &lambdatypes.FunctionCode{ZipFile: code.Bytes()},
	}); err != nil {
		t.Fatal(err)
	}
	s := w.listing("lambda.function")
	s.Patience = time.Nanosecond
	w.notMine("edge")
	p, err := s.PlanEradicate(ctx, engine.PlanOptions{Only: []string{"edge"}})
	if err != nil {
		t.Fatal(err)
	}
	w.fault(lab.Fault{
		Match: map[string]string{"service": "lambda", "op": "DeleteFunction"}, Code: "InvalidParameterValueException", Status: 400,
		Message: "Lambda was unable to delete arn:aws:lambda:us-east-1:111122223333:function:edge:1 because it is a replicated function.",
	})
	w.approve(p)
	sum, err := s.Apply(ctx, p)
	if err != nil || sum.Waiting != 1 || sum.Failed > 0 {
		t.Fatalf("%+v, %v: %v", sum, err, w.Told.steps())
	}
	if err := w.ClearFaults(ctx); err != nil {
		t.Fatal(err)
	}
	var again report.Applied
	if again, err = s.Apply(ctx, p); err != nil || again.Waiting+again.Failed > 0 || again.Verified != len(p.Actions) {
		t.Fatalf("again: %+v, %v: %v", again, err, w.Told.steps())
	}
	if _, err := lambda.NewFromConfig(w.rootIn("us-east-1")).GetFunction(ctx, &lambda.GetFunctionInput{FunctionName: aws.String("edge")}); err == nil {
		t.Error("the function is still there")
	}
}
