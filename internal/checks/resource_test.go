package checks

import (
	"testing"
	"time"

	"cordon/internal/fact"
	"cordon/internal/finding"
)

func shared(k fact.Kind, public bool, with ...string) []fact.Resource {
	return these(thing(k, "x", has(fact.Public, public), has(fact.SharedWith, append([]string{}, with...))))
}

func opened(os ...fact.Opening) []fact.Resource {
	return these(thing("ec2.security-group", "sg-1", created(time.Time{}), has(fact.Openings, append([]fact.Opening{}, os...)), has(fact.PrefixLists, []fact.Opening{})))
}

func trail(logging, many bool, more ...func(*fact.Resource)) fact.Resource {
	return thing("cloudtrail.trail", "arn:t", append([]func(*fact.Resource){
		created(time.Time{}), has(fact.Logging, logging), has(fact.MultiRegion, many), has(fact.Management, true)}, more...)...)
}

func protected(k fact.Kind, state string, ps ...string) []fact.Resource {
	return these(thing(k, "x", has(fact.RunState, state), has(fact.Protections, append([]string{}, ps...))))
}

// notDated is what other-since leaves to other checks, or to nobody.
const notDated = "AWS made it, or another check looks"

var resourceSamples = []sample{
	{"outside-access", "a queue that anybody may read", true, these(thing("sqs.queue", "q", has(fact.Public, true)))},
	{"outside-access", "a key shared with a stranger", true, these(thing("kms.key", "k", has(fact.SharedWith, []string{"999988887777"})))},
	{"outside-access", "a queue of the account's own", false, these(thing("sqs.queue", "q", has(fact.Public, false), has(fact.SharedWith, []string{})))},
	{"outside-access", "a snapshot has a check of its own", false, these(thing("ec2.snapshot", "s", has(fact.Public, true)))},
	{"other-since", "a cluster of tonight", true, these(thing("ecs.cluster", "c", created(tonight)))},
	{"other-since", "an old one", false, these(thing("ecs.cluster", "c"))},
	{"other-since", notDated, false, these(thing("ec2.vpc", "v", created(tonight), has(fact.Maker, "aws")), thing("ec2.instance", "i", created(tonight)))},
	{"resource-since", "an instance of this night", true, these(thing("ec2.instance", "i-1", created(tonight)))},
	{"resource-since", "an old one", false, these(thing("ec2.instance", "i-1"))},
	{"resource-since", "a function is older than its last change", false, these(thing("lambda.function", "f", created(time.Time{}), has(fact.Modified, old)))},

	{"lonely-region", "all of it is of this night", true, these(thing("ec2.instance", "i-1", in(there), created(tonight)), thing("ec2.instance", "i-2"))},
	{"lonely-region", "the default group does not count", true, these(
		thing("ec2.instance", "i-1", in(there), created(tonight)),
		thing("ec2.security-group", "sg-1", in(there), created(time.Time{}), has(fact.Name, "default")))},
	{"lonely-region", "the owner is there too", false, these(thing("ec2.instance", "i-1", in(there), created(tonight)), thing("ec2.volume", "vol-1", in(there)))},

	{"public-snapshot", "everybody", true, shared("ec2.snapshot", true)},
	{"public-snapshot", "an account", false, shared("ec2.snapshot", false, "999988887777")},
	{"shared-snapshot", "an account", true, shared("ec2.snapshot", false, "999988887777")},
	{"shared-snapshot", "nobody", false, shared("ec2.snapshot", false)},
	{"public-image", "everybody", true, shared("ec2.image", true)},
	{"public-image", "nobody", false, shared("ec2.image", false)},
	{"shared-image", "an account", true, shared("ec2.image", false, "999988887777")},
	{"shared-image", "nobody", false, shared("ec2.image", false)},
	{"public-layer", "everybody", true, shared("lambda.layer", true)},
	{"public-layer", "nobody", false, shared("lambda.layer", false)},
	{"public-function", "by its policy", true, these(thing("lambda.function", "f", has(fact.Public, true), has(fact.URLAuth, "")))},
	{"public-function", "by its address", true, these(thing("lambda.function", "f", has(fact.Public, false), has(fact.URLAuth, "NONE")))},
	{"public-function", "an address that asks", false, these(thing("lambda.function", "f", has(fact.Public, false), has(fact.URLAuth, "AWS_IAM")))},

	{"open-ports", "SSH", true, opened(fact.Opening{Protocol: "tcp", From: 22, To: 22, CIDR: "0.0.0.0/0"})},
	{"open-ports", "a range with RDP in it", true, opened(fact.Opening{Protocol: "tcp", From: 3000, To: 4000, CIDR: "::/0"})},
	{"open-ports", "everything", true, opened(fact.Opening{Protocol: "-1", From: -1, To: -1, CIDR: "0.0.0.0/0"})},
	{"open-ports", "a web server", false, opened(fact.Opening{Protocol: "tcp", From: 443, To: 443, CIDR: "0.0.0.0/0"})},

	{"stopped-trail", "it was stopped", true, these(trail(false, true, has(fact.Stopped, tonight)))},
	{"stopped-trail", "it never began", true, these(trail(false, true))},
	{"stopped-trail", "it leaves out what people do", true, these(trail(true, true, has(fact.Management, false)))},
	{"stopped-trail", "it runs", false, these(trail(true, true))},
	{"no-trail", "none at all", true, nil},
	{"no-trail", "one region alone", true, these(trail(true, false))},
	{"no-trail", "all regions, but stopped", true, these(trail(false, true))},
	{"no-trail", "all regions, and leaves out what people do", true, these(trail(true, true, has(fact.Management, false)))},
	{"no-trail", "all regions", false, these(trail(true, true))},
	{"stopped-detector", "it is off", true, these(thing("guardduty.detector", "d", has(fact.Active, false)))},
	{"stopped-detector", "it is on", false, these(thing("guardduty.detector", "d", has(fact.Active, true)))},
	{"protections", "against termination", true, protected("ec2.instance", "running", "termination")},
	{"protections", "an image", true, protected("ec2.image", "", "deregistration")},
	{"protections", "of what is gone", false, protected("ec2.instance", "terminated", "termination")},
	{"protections", "none", false, protected("ec2.instance", "running")},
}

func TestAPrefixListIsNotClear(t *testing.T) {
	for port, want := range map[int32]finding.Outcome{22: finding.Unknown, 443: finding.Clear} {
		g := opened()
		fact.PrefixLists.Set(&g[0], []fact.Opening{{Protocol: "tcp", From: port, To: port, CIDR: "pl-1"}})
		if f := run(seen(g), openPorts); f.Outcome != want {
			t.Errorf("port %d: %s", port, f.Outcome)
		}
	}
	g := opened(fact.Opening{Protocol: "-1", From: -1, To: -1, CIDR: "0.0.0.0/1"})
	fact.PrefixLists.Set(&g[0], []fact.Opening{{Protocol: "-1", From: -1, To: -1, CIDR: "pl-1"}})
	if f := run(seen(g), openPorts); f.Outcome != finding.Found {
		t.Errorf("an opening beside a prefix list: %s", f.Outcome)
	}
}

func TestUnreadSelectorsAreNotClear(t *testing.T) {
	r := trail(true, true)
	delete(r.Facts, string(fact.Management))
	for _, c := range []finding.Check{noTrail, stoppedTrail} {
		if f := run(seen(these(r)), c); f.Outcome != finding.Unknown {
			t.Errorf("%s: %s", c.ID, f.Outcome)
		}
	}
}
