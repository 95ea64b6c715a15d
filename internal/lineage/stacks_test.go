package lineage

import (
	"slices"
	"testing"
	"time"
)

// TestStacks: what CloudFormation brings in the name of a suspect is his, if he
// created the stack and nobody else's is worked on in that name.
func TestStacks(t *testing.T) {
	const id = "arn:aws:cloudformation:us-east-1:" + own + ":stack/s/0f"
	on := func(at int, who, call, more string) story {
		return story{at: at, who: who, call: "cloudformation:" + call, q: `{"stackName":"s"` + more + `}`, r: `{"stackId":"` + id + `"}`}
	}
	behalf := func(s story) story {
		s.invoked, s.from = "cloudformation.amazonaws.com", "cloudformation.amazonaws.com"
		return s
	}
	const ann, cfn = "user ann AKIA1", "user ann ASIACFN"
	machines := story{at: 3, who: cfn, call: "ec2:RunInstances", q: `{"iamInstanceProfile":{"name":"p"}}`, r: `{"instancesSet":{"items":[{"instanceId":"` + machine + `"}]}}`}
	for name, c := range map[string]struct {
		calls []story
		want  string
	}{
		"his stack": {[]story{on(1, ann, "CreateStack", ""), behalf(newUser(2, cfn, "svc")), behalf(newKey(3, cfn, "svc", "AKIA9"))},
			"AKIA9 minted high, user svc created high"},
		"no stack of his":                {[]story{behalf(newUser(2, cfn, "svc")), behalf(newKey(3, cfn, "svc", "AKIA9"))}, ""},
		"before it":                      {[]story{on(3, ann, "CreateStack", ""), behalf(newUser(2, cfn, "svc"))}, ""},
		"the owner's, that he updated":   {[]story{on(1, ann, "UpdateStack", ""), behalf(newUser(2, cfn, "svc"))}, "user svc created low"},
		"his, that he updated":           {[]story{on(1, ann, "CreateStack", ""), on(70, ann, "UpdateStack", ""), behalf(newUser(75, cfn, "svc"))}, "user svc created high"},
		"his, and then the owner's":      {[]story{on(1, ann, "CreateStack", ""), on(2, ann, "UpdateStack", "").of("t"), behalf(newUser(3, cfn, "svc"))}, "user svc created low"},
		"the owner updates his own":      {[]story{on(1, ann, "CreateStack", ""), on(2, "user ann AKIA7", "UpdateStack", "").of("t"), behalf(newUser(3, cfn, "svc"))}, "user svc created low"},
		"the owner did so yesterday":     {[]story{on(-day, "user ann AKIA7", "UpdateStack", "").of("t"), on(1, ann, "CreateStack", ""), behalf(newUser(3, cfn, "svc"))}, "user svc created high"},
		"a stack inside his":             {[]story{on(1, ann, "CreateStack", ""), behalf(on(2, cfn, "CreateStack", "")).of("t"), behalf(newUser(3, cfn, "svc"))}, "user svc created high"},
		"hours later":                    {[]story{on(1, ann, "CreateStack", ""), behalf(newUser(5*60, cfn, "svc"))}, "user svc created low"},
		"the day after":                  {[]story{on(1, ann, "CreateStack", ""), behalf(newUser(day, cfn, "svc"))}, ""},
		"another's stack":                {[]story{on(1, ann, "CreateStack", ""), on(1, "user bob AKIA7", "CreateStack", ""), behalf(newUser(2, "user bob ASIACFN", "svc"))}, ""},
		"another service":                {[]story{on(1, ann, "CreateStack", ""), newUser(2, cfn, "svc").by("elasticbeanstalk.amazonaws.com")}, ""},
		"by a change set":                {[]story{on(1, ann, "CreateChangeSet", `,"changeSetType":"CREATE"`), on(2, ann, "ExecuteChangeSet", `,"changeSetName":"c"`), behalf(newUser(3, cfn, "svc"))}, "user svc created high"},
		"by a change set of the owner's": {[]story{on(1, ann, "CreateChangeSet", `,"changeSetType":"UPDATE"`), on(2, ann, "ExecuteChangeSet", `,"changeSetName":"c"`), behalf(newUser(3, cfn, "svc"))}, "user svc created low"},
		"under the owner's role": {[]story{on(1, ann, "CreateStack", `,"roleARN":"arn:aws:iam::`+own+`:role/deploy"`), begun(2, "cloudformation", "deploy", "AWSCloudFormation", "ASIAD"), behalf(newUser(3, "role deploy/AWSCloudFormation ASIAD", "svc"))},
			"ASIAD handed low, user svc created low"},
		"machines of his stack":         {[]story{on(1, ann, "CreateStack", ""), behalf(machines), begun(4, "ec2", "web", machine, "ASIAI")}, "ASIAI handed high"},
		"machines of the owner's stack": {[]story{on(1, ann, "UpdateStack", ""), behalf(machines), begun(4, "ec2", "web", machine, "ASIAI")}, "ASIAI handed low"},
	} {
		closure := New([]Suspect{{Credential: "AKIA1"}}, began)
		closure.Know(Known{Compute: true})
		closure.Add(Query{}, tell(t, c.calls...))
		if got := handed(closure); got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", name, got, c.want)
		}
		if slices.ContainsFunc(closure.Deeds(), func(d Deed) bool { return d.Ref.Kind == user }) {
			t.Errorf("%s: AWS's acts are his deeds", name)
		}
	}
	c := New([]Suspect{{Credential: "AKIA1"}}, began)
	c.Know(Known{Compute: true})
	c.Add(Query{ByAccessKey, "AKIA1"}, tell(t, on(1, ann, "CreateStack", "")))
	q := Query{ByUser, "ann"}
	if next := c.Next(); !slices.Equal(next, []Query{q}) {
		t.Errorf("%v", next)
	}
	if reach := c.Reach(q); !slices.Equal(reach.Regions, []string{"us-east-1"}) || reach.From.Before(began) || reach.From.After(began.Add(time.Minute)) {
		t.Errorf("%+v", reach)
	}
}

// of is the same call on another stack.
func (c story) of(stack string) story {
	c.q, c.r = `{"stackName":"`+stack+`"}`, `{"stackId":"`+stack+`"}`
	return c
}

// by is the same call by a service in the caller's name.
func (c story) by(service string) story {
	c.invoked, c.from = service, service
	return c
}
