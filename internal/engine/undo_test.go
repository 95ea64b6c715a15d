package engine_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"cordon/internal/engine"
	"cordon/internal/lab"
	"cordon/internal/plan"
	"cordon/internal/report"
)

// volatile are the facts that an undo does not bring back, with the reason.
// The lab's picture leaves dates of last use out by itself.
var volatile = map[string]string{}

// A picture is the account resource by resource and fact by fact.
type picture map[string]string

func picturedFrom(t *testing.T, l *lab.Lab) picture {
	t.Helper()
	all, err := l.Dump(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p := picture{}
	for service, resources := range all {
		for name, raw := range resources {
			var v any
			if err := json.Unmarshal(raw, &v); err != nil {
				t.Fatal(err)
			}
			p.put(service+"/"+name, v)
		}
	}
	return p
}

// put notes a resource's facts one by one, each object member by its path.
func (p picture) put(path string, v any) {
	if o, ok := v.(map[string]any); ok {
		p[path] = "there"
		for k, v := range o {
			p.put(path+" "+k, v)
		}
		return
	}
	var b bytes.Buffer
	_ = json.NewEncoder(&b).Encode(v) // of what was just decoded
	p[path] = strings.TrimSpace(b.String())
}

// differs lists what is not as it was, but for volatile facts.
func (p picture) differs(now picture) (out []string) {
	for path := range maps.Keys(merged(p, now)) {
		if p[path] != now[path] && !slices.ContainsFunc(slices.Collect(maps.Keys(volatile)), func(v string) bool { return regexp.MustCompile("^(?:" + v + ")$").MatchString(path) }) {
			out = append(out, fmt.Sprintf("%s: %s → %s", path, p[path], now[path]))
		}
	}
	slices.Sort(out)
	return out
}

func merged(a, b picture) picture {
	out := maps.Clone(a)
	maps.Copy(out, b)
	return out
}

func (w *world) planUndo(o engine.UndoOptions) plan.Plan {
	w.t.Helper()
	p, err := w.session().PlanUndo(w.t.Context(), o)
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

// whole applies a plan and wants all of it done.
func (w *world) whole(p plan.Plan) report.Applied {
	w.t.Helper()
	w.Told.told = nil
	sum := w.apply(p)
	if sum.Failed+sum.Skipped+sum.Untouched > 0 || sum.Verified+sum.Undone != len(p.Actions) {
		w.t.Errorf("%s: not everything was done: %+v\n%s", p.Type, sum, strings.Join(w.Told.steps(), "\n"))
	}
	return sum
}

// shut wants every credential of the intruder refused everywhere.
func (w *world) shut(when string, more ...Credential) {
	w.t.Helper()
	for _, c := range slices.Concat(truth.Intruders, more) {
		if c.KeyID == "" {
			continue
		}
		if still := w.opens(c); len(still) > 0 {
			w.t.Errorf("%s, the intruder's %s (%s) opens %v", when, c.Name, c.Kind, still)
		}
	}
}

func TestUndoBringsTheAccountBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.triage()
	before := picturedFrom(t, w.Lab)
	p := w.contain()
	if d := before.differs(picturedFrom(t, w.Lab)); len(d) > 0 {
		t.Errorf("planning changed the account:\n%s", strings.Join(d, "\n"))
	}
	w.whole(p)
	changed := before.differs(picturedFrom(t, w.Lab))
	w.shut("applied")

	u := w.planUndo(engine.UndoOptions{All: true, EvenIfExposed: true})
	if len(u.Actions) != len(p.Actions) || len(u.Refused) > 0 {
		t.Errorf("%d of %d changes are to be taken back, %d refused", len(u.Actions), len(p.Actions), len(u.Refused))
	}
	sum := w.whole(u)
	if d := before.differs(picturedFrom(t, w.Lab)); len(d) > 0 {
		t.Errorf("undo left %d of %d facts changed:\n%s", len(d), len(changed), strings.Join(d, "\n"))
	}
	open := 0
	for _, c := range truth.Intruders {
		if c.KeyID != "" && len(w.opens(c)) > 0 {
			open++
		}
	}
	t.Logf("%d facts of %d changed and came back, by %d actions in %d ms; %d of the intruder's credentials work again",
		len(changed), len(before), sum.Undone, sum.ElapsedMS, open)
	if open < 10 {
		t.Errorf("only %d of the intruder's credentials work after an undo that re-opens them", open)
	}

	w.triage()
	again := w.contain()
	if len(again.Actions) != len(p.Actions) {
		t.Errorf("after the undo the plan has %d actions, before it had %d", len(again.Actions), len(p.Actions))
	}
	w.whole(again)
	w.shut("applied again")
	w.whole(w.planUndo(engine.UndoOptions{All: true, EvenIfExposed: true}))
	if d := before.differs(picturedFrom(t, w.Lab)); len(d) > 0 {
		t.Errorf("the second undo left:\n%s", strings.Join(d, "\n"))
	}
}

func TestUndoReopensNothingOfTheIntruders(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.triage()
	p := w.contain()
	w.whole(p)
	u := w.planUndo(engine.UndoOptions{All: true})
	exposed := 0
	for _, a := range p.Actions {
		if a.Exposed {
			exposed++
		}
	}
	said := 0
	for _, r := range u.Refused {
		if r.Reason == "exposed" && r.Action.Exposed {
			said++
		} else {
			t.Errorf("refused: %s %s: %s", r.Action.Verb, r.Action.Target.Ref, r.Reason)
		}
	}
	if said != exposed || said+len(u.Actions) != len(p.Actions) || exposed == 0 {
		t.Errorf("%d of %d exposed changes are refused, %d of %d taken back", said, exposed, len(u.Actions), len(p.Actions))
	}
	for _, a := range u.Actions {
		t.Logf("taken back: %s %s", a.Verb, a.Target.Ref)
	}
	w.whole(u)
	w.shut("undone without the flag")

	// A plan that claims not to need the flag is stopped by the gate.
	forged := w.planUndo(engine.UndoOptions{All: true, EvenIfExposed: true})
	forged.Reopens = false
	if sum := w.apply(forged); sum.Undone != 0 || sum.Skipped != len(forged.Actions) {
		t.Errorf("the gate re-opened: %+v", sum)
	}
	w.shut("undone by a forged plan")
}

// first finds an action of a plan.
func first(t *testing.T, p plan.Plan, verb, id string) plan.Action {
	t.Helper()
	i := slices.IndexFunc(p.Actions, func(a plan.Action) bool { return a.Verb == verb && (id == "" || a.Target.ID == id) })
	if i < 0 {
		t.Fatalf("the plan has no %s %s", verb, id)
	}
	return p.Actions[i]
}

func TestUndoLeavesLaterChangesOfOthersAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	w.triage()
	p := w.contain()
	w.whole(p)

	// The owner, in the console, after the plan was applied.
	api, must := iam.NewFromConfig(w.config(truth.Caller, "us-east-1")), func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	role, user, isolated := first(t, p, "close-trust", "data-pipeline"), first(t, p, "deny-all", "pavel.horak"), first(t, p, "isolate", "")
	must(api.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: &role.Target.ID, PolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"glue.amazonaws.com"},"Action":"sts:AssumeRole"}]}`)}))
	must(api.PutUserPolicy(ctx, &iam.PutUserPolicyInput{UserName: &user.Target.ID, PolicyName: aws.String("CordonDenyAll"), PolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Deny","NotAction":"iam:GetUser","Resource":"*"}]}`)}))
	compute := ec2.NewFromConfig(w.config(truth.Caller, isolated.Target.Region))
	made, err := compute.CreateSecurityGroup(ctx, &ec2.CreateSecurityGroupInput{
		GroupName: aws.String("forensics"), Description: aws.String("from the bastion only"), VpcId: aws.String(vpcOf(t, compute, isolated.Target.ID)),
	})
	must(made, err)
	must(compute.ModifyInstanceAttribute(ctx, &ec2.ModifyInstanceAttributeInput{InstanceId: &isolated.Target.ID, Groups: []string{*made.GroupId}}))

	theirs := map[string]bool{role.ID: true, user.ID: true, isolated.ID: true}
	u := w.planUndo(engine.UndoOptions{All: true, EvenIfExposed: true})
	for _, r := range u.Refused {
		if r.Reason != "changed-since" || !theirs[r.Action.Undoes.Action] {
			t.Errorf("refused: %s %s: %s", r.Action.Verb, r.Action.Target.Ref, r.Reason)
		}
	}
	if len(u.Refused) != 3 || len(u.Actions) != len(p.Actions)-3 {
		t.Errorf("%d refused, %d of %d taken back", len(u.Refused), len(u.Actions), len(p.Actions))
	}

	// And one more change after the undo was planned: the gate sees that.
	late := first(t, u, "revoke-sessions", "warehouse-export")
	must(api.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: &late.Target.ID, PolicyName: aws.String("AWSRevokeOlderSessions"), PolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}`)}))
	edited := picturedFrom(t, w.Lab)
	w.Told.told = nil
	sum := w.apply(u)
	if sum.Skipped != 1 || sum.Undone != len(u.Actions)-1 || sum.Failed > 0 {
		t.Errorf("%+v\n%s", sum, strings.Join(w.Told.steps(), "\n"))
	}
	after := picturedFrom(t, w.Lab)
	for _, path := range []string{
		"iam/role/data-pipeline trust Statement", "iam/user/pavel.horak inline CordonDenyAll Statement",
		"iam/role/warehouse-export inline AWSRevokeOlderSessions Statement",
		"ec2/" + isolated.Target.Region + "/instance/" + isolated.Target.ID + " interfaces",
	} {
		if edited[path] == "" || edited[path] != after[path] {
			t.Errorf("somebody else's change was overwritten: %s: %s → %s", path, edited[path], after[path])
		}
	}
}

// Two plans that change the same policy one after the other: undo takes both
// back, newest first.
func TestUndoOfTwoPlansOneOverTheOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.triage()
	before := picturedFrom(t, w.Lab)
	id := first(t, w.contain(), "revoke-sessions", "warehouse-export").ID
	var plans []plan.Plan
	for range 2 {
		var p plan.Plan
		for { // until the first revocation, which reaches into the future, is one of the past
			var err error
			if p, err = w.session().PlanContain(t.Context(), engine.PlanOptions{Only: []string{id}}); err == nil {
				break
			}
			var refused *engine.Refused
			if !errors.As(err, &refused) || refused.Reason != "nothing-to-do" && refused.Reason != "no-such-action" {
				t.Fatal(err)
			}
			<-time.After(500 * time.Millisecond)
		}
		w.whole(p)
		plans = append(plans, p)
	}
	u := w.planUndo(engine.UndoOptions{All: true, EvenIfExposed: true})
	if len(u.Actions) != 2 || len(u.Refused) != 0 || u.Actions[0].Undoes.Plan != plans[1].Digest() || !slices.Equal(u.Actions[1].After, []string{u.Actions[0].ID}) {
		t.Fatalf("undo: %+v, refused %+v", u.Actions, u.Refused)
	}
	w.whole(u)
	if d := before.differs(picturedFrom(t, w.Lab)); len(d) > 0 {
		t.Errorf("left:\n%s", strings.Join(d, "\n"))
	}
	if u, err := w.session().PlanUndo(t.Context(), engine.UndoOptions{All: true, EvenIfExposed: true}); err == nil {
		t.Errorf("there is still something to take back: %+v", u.Actions)
	}
}

func vpcOf(t *testing.T, api *ec2.Client, instance string) string {
	t.Helper()
	out, err := api.DescribeInstances(t.Context(), &ec2.DescribeInstancesInput{InstanceIds: []string{instance}})
	if err != nil {
		t.Fatal(err)
	}
	return aws.ToString(out.Reservations[0].Instances[0].VpcId)
}
