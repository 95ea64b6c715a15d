package lineage

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"cordon/internal/event"
)

// begun is a session that a service of AWS's asked for; as AWS writes it, without
// an assumedRoleUser.
func begun(at int, service, role, session, id string) story {
	return story{at: at, who: "service " + service + ".amazonaws.com", call: "sts:AssumeRole", id: "begun-" + id, from: service + ".amazonaws.com",
		q: `{"roleArn":"arn:aws:iam::` + own + `:role/` + role + `","roleSessionName":"` + session + `"}`, r: `{"credentials":{"accessKeyId":"` + id + `"}}`}
}

const machine = "i-0123456789abcdef0"

func launched(at int, profile string) story {
	return story{at: at, who: "user ann AKIA1", call: "ec2:RunInstances", id: "run", q: `{"iamInstanceProfile":{"name":"` + profile + `"}}`,
		r: `{"instancesSet":{"items":[{"instanceId":"` + machine + `"}]}}`}
}

// handed lists the suspects that compute brought, and what they brought.
func handed(c *Closure) string {
	var got []string
	for _, s := range c.Suspects() {
		if s.Depth > 0 {
			got = append(got, fmt.Sprintf("%s %s %s", short(s.Name()), s.Reason, s.Confidence))
		}
	}
	return strings.Join(got, ", ")
}

// TestHandedCompute: whose a session is that a service began, by its name, its
// role and who made what it runs.
func TestHandedCompute(t *testing.T) {
	arn := func(role string) string { return "arn:aws:iam::" + own + ":role/" + role }
	ann := func(at int, call, q, r string) story {
		return story{at: at, who: "user ann AKIA1", call: call, q: q, r: r}
	}
	started := func(at int, more string) story {
		return ann(at, "codebuild:StartBuild", `{"projectName":"web"`+more+`}`, `{"build":{"id":"web:0f-1","serviceRole":"`+arn("ci")+`"}}`)
	}
	for name, c := range map[string]struct {
		calls []story
		want  string
	}{
		"a profile is named otherwise than its role": {[]story{
			launched(1, "web-InstanceProfile-X7"), begun(2, "ec2", "web-Role", machine, "ASIAI"), newUser(3, "role web-Role/"+machine+" ASIAI", "svc2"),
		}, "ASIAI handed high, user svc2 created high"},
		"the machine's key, whose issue is not known": {[]story{
			launched(1, "web-InstanceProfile-X7"), newUser(3, "role web-Role/"+machine+" ASIAI", "svc2"),
		}, "ASIAI handed high, user svc2 created high"},
		"another machine under the role": {[]story{
			launched(1, "web"), begun(2, "ec2", "web", "i-0fedcba9876543210", "ASIAO"), newUser(3, "role web/i-0fedcba9876543210 ASIAO", "own"),
		}, ""},
		"before he handed it over": {[]story{
			ann(5, "ssm:StartSession", `{"target":"`+machine+`"}`, `{}`), newUser(3, "role web/"+machine+" ASIAO", "own"),
		}, ""},
		"a shell on the owner's machine, with keys that it had": {[]story{
			begun(1, "ec2", "web", machine, "ASIAO"), ann(2, "ssm:StartSession", `{"target":"`+machine+`"}`, `{}`), newUser(3, "role web/"+machine+" ASIAO", "x"),
		}, "ASIAO handed low, user x created low"},
		"a profile for a machine of his": {[]story{
			ann(1, "ec2:RunInstances", `{}`, `{"instancesSet":{"items":[{"instanceId":"`+machine+`"}]}}`),
			ann(2, "ec2:AssociateIamInstanceProfile", `{"AssociateIamInstanceProfileRequest":{"IamInstanceProfile":{"Name":"p"},"InstanceId":"`+machine+`"}}`, `{}`),
			begun(3, "ec2", "web", machine, "ASIAI"),
		}, "ASIAI handed high"},
		"a layer for the owner's function": {[]story{
			ann(1, "lambda:UpdateFunctionConfiguration20150331v2", `{"functionName":"pay","layers":["l"]}`, `{"functionName":"pay","role":"`+arn("pay-role")+`"}`),
			begun(2, "lambda", "pay-role", "pay", "ASIAF"), begun(2, "lambda", "other", "pay", "ASIAX"),
		}, "ASIAF handed low"},
		"somebody calls his session like the function": {[]story{
			ann(1, "lambda:UpdateFunctionCode20150331v2", `{"functionName":"deploy"}`, `{"functionName":"deploy"}`), newUser(2, "role admin/deploy ASIAP", "own"),
		}, ""},
		"a task's shell": {[]story{
			ann(1, "ecs:ExecuteCommand", `{"task":"arn:aws:ecs:us-east-1:`+own+`:task/web/0123456789abcdef0123456789abcdef"}`, `{}`),
			begun(2, "ecs-tasks", "task", "0123456789abcdef0123456789abcdef", "ASIAT"),
		}, "ASIAT handed low"},
		"a task of his": {[]story{
			ann(1, "ecs:RunTask", `{"taskDefinition":"web"}`, `{"tasks":[{"taskArn":"arn:aws:ecs:us-east-1:`+own+`:task/web/0123456789abcdef0123456789abcdef"}]}`),
			begun(2, "ecs-tasks", "task", "0123456789abcdef0123456789abcdef", "ASIAT"),
		}, "ASIAT handed high"},
		"a build of the owner's project":         {[]story{started(1, ""), begun(2, "codebuild", "ci", "AWSCodeBuild-0f-1", "ASIAB")}, "ASIAB handed low"},
		"a build by his own recipe":              {[]story{started(1, `,"buildspecOverride":"x"`), begun(2, "codebuild", "ci", "AWSCodeBuild-0f-1", "ASIAB")}, "ASIAB handed high"},
		"a build of his project":                 {[]story{ann(0, "codebuild:CreateProject", `{"name":"web","serviceRole":"`+arn("ci")+`"}`, `{}`), started(1, ""), begun(2, "codebuild", "ci", "AWSCodeBuild-0f-1", "ASIAB")}, "ASIAB handed high"},
		"another build under the role":           {[]story{ann(0, "codebuild:CreateProject", `{"name":"web","serviceRole":"`+arn("ci")+`"}`, `{}`), begun(2, "codebuild", "ci", "AWSCodeBuild-0f-2", "ASIAB")}, "ASIAB handed low"},
		"a job whose sessions have other names":  {[]story{ann(1, "glue:CreateJob", `{"role":"etl","name":"j"}`, `{"name":"j"}`), begun(2, "glue", "etl", "GlueJobRunnerSession", "ASIAG"), begun(2, "lambda", "etl", "f", "ASIAL"), begun(0, "glue", "etl", "GlueJobRunnerSession", "ASIAE")}, "ASIAG handed low"},
		"a service under a role that he created": {[]story{ann(1, "iam:CreateRole", `{"roleName":"r"}`, `{"role":{"roleName":"r","roleId":"AROAr","arn":"`+arn("r")+`"}}`), begun(2, "glue", "r", "GlueJobRunnerSession", "ASIAG")}, "role:role r created high, ASIAG minted high"},
		"his data on the owner's machine":        {[]story{ann(1, "ec2:ModifyInstanceAttribute", `{"instanceId":"`+machine+`","userData":{"value":"x"}}`, `{}`), begun(2, "ec2", "web", machine, "ASIAI")}, "ASIAI handed low"},
		"the owner's machine is stopped only":    {[]story{ann(1, "ec2:ModifyInstanceAttribute", `{"instanceId":"`+machine+`","disableApiTermination":{"value":true}}`, `{}`), begun(2, "ec2", "web", machine, "ASIAI")}, ""},
	} {
		closure := New([]Suspect{{Credential: "AKIA1"}}, began)
		closure.Know(Known{Compute: true})
		closure.Add(Query{}, tell(t, c.calls...))
		if got := handed(closure); got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", name, got, c.want)
		}
	}
}

// TestFunctionTakenBack: a name that the owner gave to a function of his own, or
// put his own code under, tells no longer of the intruder.
func TestFunctionTakenBack(t *testing.T) {
	const web = `{"functionName":"web","role":"arn:aws:iam::` + own + `:role/web"}`
	call := func(at int, who, name string) story {
		return story{at: at, who: who, call: "lambda:" + name, q: web, r: web}
	}
	const ann, bob = "user ann AKIA1", "user bob AKIA7"
	for name, c := range map[string]struct {
		calls []story
		want  string
	}{
		"nobody took it back":        {nil, "ASIAH handed high"},
		"he made it again":           {[]story{call(2, ann, "DeleteFunction20150331"), call(3, ann, "CreateFunction20150331")}, "ASIAH handed high"},
		"the owner made it again":    {[]story{call(2, bob, "DeleteFunction20150331"), call(3, bob, "CreateFunction20150331")}, ""},
		"and he changed that":        {[]story{call(2, bob, "DeleteFunction20150331"), call(3, bob, "CreateFunction20150331"), call(4, ann, "UpdateFunctionCode20150331v2")}, "ASIAH handed low"},
		"the owner put his code":     {[]story{call(2, bob, "UpdateFunctionCode20150331v2")}, "ASIAH handed low"},
		"the owner throttled it":     {[]story{call(2, bob, "PutFunctionConcurrency20171031")}, "ASIAH handed high"},
		"the owner's came later":     {[]story{call(9, bob, "DeleteFunction20150331")}, "ASIAH handed high"},
		"another function of theirs": {[]story{{at: 2, who: bob, call: "lambda:DeleteFunction20150331", q: `{"functionName":"other"}`}}, "ASIAH handed high"},
	} {
		closure := New([]Suspect{{Credential: "AKIA1"}}, began)
		closure.Know(Known{Compute: true})
		closure.Add(Query{}, tell(t, append(c.calls, call(1, ann, "CreateFunction20150331"), begun(6, "lambda", "web", "web", "ASIAH"))...))
		if got := handed(closure); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// TestFunctionElsewhere: the owner's function of the same name and role in
// another region is his own.
func TestFunctionElsewhere(t *testing.T) {
	events := tell(t,
		story{at: 1, who: "user ann AKIA1", call: "lambda:CreateFunction20150331", q: `{"functionName":"web","role":"arn:aws:iam::` + own + `:role/web"}`, r: `{"functionName":"web"}`},
		begun(2, "lambda", "web", "web", "ASIAH"), begun(3, "lambda", "web", "web", "ASIAO"),
	)
	events[2].Region = "eu-west-1"
	c := New([]Suspect{{Credential: "AKIA1"}}, began)
	c.Know(Known{Compute: true})
	c.Add(Query{}, events)
	if got := handed(c); got != "ASIAH handed high" {
		t.Error(got)
	}
}

// TestComputeIsAskedFor: with few look-ups the closure comes as far as with the
// whole record, and looks for sessions where the compute is and not before.
func TestComputeIsAskedFor(t *testing.T) {
	events := tell(t, launched(1, "web-InstanceProfile-X7"), begun(2, "ec2", "web-Role", machine, "ASIAI"), begun(90, "ec2", "web-Role", machine, "ASIAJ"),
		newUser(3, "role web-Role/"+machine+" ASIAI", "svc2"), newKey(4, "role web-Role/"+machine+" ASIAI", "svc2", "AKIA9"),
		story{at: 5, who: "user ann AKIA1", call: "glue:CreateJob", q: `{"role":"etl","name":"j"}`}, begun(6, "glue", "etl", "GlueJobRunnerSession", "ASIAG"))
	since := began.Add(-time.Hour)
	c := New([]Suspect{{Credential: "AKIA1"}}, since)
	c.Know(Known{Compute: true})
	asked := map[Query]int{}
	for qs := c.Next(); len(qs) > 0; qs = c.Next() {
		for _, q := range qs {
			if asked[q]++; asked[q] > 1 {
				t.Fatalf("asked twice: %v", q)
			}
			if reach := c.Reach(q); q.By == ByRole && (!slices.Equal(reach.Regions, []string{"us-east-1"}) || !reach.From.Equal(since)) || q.By != ByRole && len(reach.Regions) > 0 {
				t.Errorf("%v reaches %+v", q, reach)
			}
			c.Add(q, listed(events, q))
		}
	}
	if got, want := handed(c), "ASIAI handed high, ASIAJ handed high, AKIA9 minted high, user svc2 created high"; got != strings.Replace(want, "ASIAI", "ASIAG handed low, ASIAI", 1) {
		t.Error(got)
	}
	for _, q := range []Query{{ByRole, machine}, {ByUser, machine}, {ByRole, "arn:aws:iam::" + own + ":role/etl"}, {ByAccessKey, "ASIAG"}, {ByAccessKey, "AKIA9"}} {
		if asked[q] == 0 {
			t.Errorf("never asked %v", q)
		}
	}
	for _, n := range c.Graph(time.Time{}, nil).Nodes {
		if n.Name == "web-InstanceProfile-X7" {
			t.Errorf("a profile is drawn as a role: %+v", n)
		}
	}
	if asked[Query{ByAccessKey, "ASIAI"}] > 0 {
		t.Error("each of a machine's keys is asked for, hour by hour")
	}
}

// listed answers as AWS does: an AssumeRole is listed under the ARN of its role
// and the name of its session, and a session's calls under that name.
func listed(events []event.Event, q Query) (found []event.Event) {
	for _, e := range events {
		if q.By == ByAccessKey && e.Credential == q.Value || q.By == ByUser && (e.Principal.User == q.Value || sessionName(e.Principal) == q.Value) ||
			q.By == ByRole && (findOne(e, "q:roleArn") == q.Value || findOne(e, "q:roleSessionName") == q.Value) {
			found = append(found, e)
		}
	}
	return found
}

// TestUnfollowed: what was handed over and cannot be followed is told, if he
// surely did it.
func TestUnfollowed(t *testing.T) {
	ann := func(call, q string) story { return story{at: 1, who: "user ann AKIA1", call: call, q: q} }
	template := `{"CreateLaunchTemplateRequest":{"LaunchTemplateData":{"IamInstanceProfile":{"Name":"web"}}}}`
	for name, c := range map[string]struct {
		call  story
		since time.Time
		want  string
	}{
		"a machine":                  {launched(1, "web"), began, ""},
		"a stack":                    {ann("cloudformation:UpdateStack", `{"stackName":"s"}`), began, ""},
		"a job":                      {ann("glue:CreateJob", `{"role":"etl","name":"j"}`), began, ""},
		"a machine that is not told": {ann("ssm:SendCommand", `{"targets":[{"key":"tag:a"}]}`), began, "SendCommand"},
		"machines to come":           {ann("ec2:CreateLaunchTemplate", template), began, "CreateLaunchTemplate"},
		"the role that is there":     {ann("states:UpdateStateMachine", `{"stateMachineArn":"m"}`), began, "UpdateStateMachine"},
		"perhaps the owner":          {ann("states:UpdateStateMachine", `{"stateMachineArn":"m"}`), time.Time{}, ""},
	} {
		closure := New([]Suspect{{Credential: "AKIA1"}}, c.since)
		closure.Know(Known{Compute: true})
		closure.Add(Query{}, tell(t, c.call))
		got := ""
		for _, h := range closure.Unfollowed() {
			got += h.Call
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
