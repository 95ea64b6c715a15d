package engine_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"cordon/internal/engine"
	"cordon/internal/fact"
	"cordon/internal/lab"
	"cordon/internal/plan"
)

// snapshotsTake is how long a copy of a disk is under way in these tests.
const snapshotsTake = 1500 * time.Millisecond

// morning is the night's account after it was contained and looked at again.
func morning(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.triage()
	w.whole(w.contain())
	w.triage()
	return w
}

func (w *world) eradicate() plan.Plan {
	w.t.Helper()
	p, err := w.session().PlanEradicate(w.t.Context(), engine.PlanOptions{})
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

func TestEradicate(t *testing.T) {
	t.Parallel()
	w := morning(t)
	if _, err := w.Settings(t.Context(), map[string]any{"snapshot_ms": snapshotsTake.Milliseconds()}); err != nil {
		t.Fatal(err)
	}
	before, err := w.Dump(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p := w.eradicate()
	w.Told.told = nil
	sum := w.apply(p)
	if sum.Verified+sum.People != len(p.Actions) {
		t.Errorf("not everything was done: %+v\n%s", sum, strings.Join(w.Told.steps(), "\n"))
	}
	w.proven("TerminateInstances", "DeleteFunction20150331", "DeleteAccessKey", "DeleteUser", "DeleteRole")
	after := w.triage()
	gone := 0
	for _, planted := range truth.Planted {
		r, there := seen(after.Snapshot, planted)
		switch {
		case planted.State != "created":
		case there && !ended(r):
			t.Errorf("still there: %s %s %s %v", planted.Kind, planted.Region, planted.ID, fact.Judgement.Or(r, fact.Whose{}))
		default:
			gone++
		}
	}
	t.Logf("%d actions, %d calls one after another, %s: %d of the intruder's are gone", len(p.Actions), sum.Chain, time.Duration(sum.ElapsedMS)*time.Millisecond, gone)
	w.unharmed(truth, before)
	next, err := w.session().PlanEradicate(t.Context(), engine.PlanOptions{})
	if err == nil && slices.ContainsFunc(next.Actions, func(a plan.Action) bool { return a.Class != plan.Person }) {
		t.Errorf("there is something left to do: %v", next.Actions)
	}
}

// An ordering says which call of cordon's must have come before another about
// the same thing, and by how much. Both id patterns are matched on the recorded
// parameters.
type ordering struct {
	first, then string        // operations; first may be several
	id          string        // where both name the thing
	apart       time.Duration // at least
}

// orderings are what destroys, and what must have come before it.
var orderings = []ordering{
	{"CreateSnapshots?", "TerminateInstances", `"[iI]nstanceId": "([^"]+)"`, snapshotsTake},
	{"StopInstances", "TerminateInstances", `"instanceId": "([^"]+)"`, 0},
	{"CreateSnapshots?", "DeleteVolume", `"volumeId": "([^"]+)"`, snapshotsTake},
	{"PutFunctionConcurrency", "DeleteFunction", `"functionName": "([^"]+)"`, 0},
	{"UpdateAccessKey", "DeleteAccessKey", `"accessKeyId": "([^"]+)"`, 0},
	{"DeleteAccessKey|DeleteLoginProfile|PutUserPolicy", "DeleteUser", `"userName": "([^"]+)"`, 0},
	{"UpdateAssumeRolePolicy|PutRolePolicy", "DeleteRole", `"roleName": "([^"]+)"`, 0},
	{"SuspendProcesses", "DeleteAutoScalingGroup", `"autoScalingGroupName": "([^"]+)"`, 0},
	{"DeleteAutoScalingGroup", "DeleteLaunchTemplate", `$region`, 0},
	{"DisableRule", "DeleteRule", `"name": "([^"]+)"`, 0},
	{"CreateDBSnapshot", "DeleteDBInstance", `"d[bB]InstanceIdentifier": "([^"]+)"`, 0},
	{"UpdateService", "DeleteService", `"service": "([^"]+)"`, 0},
	{"UpdateJobQueue", "DeleteJobQueue", `"jobQueue": "([^"]+)"`, 0},
	{"DeleteJobQueue", "DeleteComputeEnvironment", `$region`, 0},
	{"UpdateComputeEnvironment", "DeleteComputeEnvironment", `"computeEnvironment": "([^"]+)"`, 0},
	{"StopNotebookInstance", "DeleteNotebookInstance", `"notebookInstanceName": "([^"]+)"`, 0},
	{"UpdateSchedule", "DeleteSchedule", `"name": "([^"]+)"`, 0},
}

// proven reads from the lab's own record that each of these operations came
// after what makes it safe. Each must have been made.
func (w *world) proven(must ...string) {
	w.t.Helper()
	events, err := w.Events(w.t.Context(), true)
	if err != nil {
		w.t.Fatal(err)
	}
	var ours []lab.Event
	made := map[string]int{}
	for _, e := range events {
		if strings.Contains(e.Lab.UserAgent, "cordon-"+w.Case.ID) && e.Lab.CarriedOut && e.ErrorCode == "" {
			ours = append(ours, e)
			made[e.Name]++
		}
	}
	for _, name := range must {
		if made[name] == 0 {
			w.t.Errorf("%s was never called: %v", name, made)
		}
	}
	shown := []string{}
	for _, o := range orderings {
		n, id := 0, regexp.MustCompile(o.id)
		first, then := regexp.MustCompile("^("+o.first+")(20[0-9]*)?$"), regexp.MustCompile("^"+o.then+"(20[0-9]*)?$")
		for _, e := range ours {
			if !then.MatchString(e.Name) {
				continue
			}
			n++
			if !slices.ContainsFunc(ours, func(b lab.Event) bool {
				return first.MatchString(b.Name) && b.Lab.Seq < e.Lab.Seq && b.Region == e.Region && !e.Time.Before(b.Time.Add(o.apart.Truncate(time.Second))) && shared(o.id, id, b, e)
			}) {
				w.t.Errorf("%s %s %s came without a %s before it", e.Region, e.Name, e.Parameters, o.first)
			}
		}
		if n > 0 {
			shown = append(shown, fmt.Sprintf("%s→%s %d", o.first, o.then, n))
		}
	}
	w.t.Logf("the lab's record shows the order of: %s", strings.Join(shown, ", "))
}

// shared says whether two calls name the same thing.
func shared(what string, id *regexp.Regexp, a, b lab.Event) bool {
	if what == "$region" {
		return true
	}
	for _, m := range id.FindAllStringSubmatch(string(b.Parameters), -1) {
		if strings.Contains(string(a.Parameters), `"`+m[1]+`"`) {
			return true
		}
	}
	return false
}
