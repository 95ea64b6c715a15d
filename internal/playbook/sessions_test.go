package playbook_test

import (
	"fmt"
	"slices"
	"testing"

	"cordon/internal/fact"
	"cordon/internal/finding"
	"cordon/internal/plan"
	"cordon/internal/playbook"
)

const idp = "arn:aws:iam::111122223333:"

// session is a role of which a session, shown to be the intruder's, goes on.
func session(name, reason string, more ...func(*fact.Resource)) fact.Resource {
	d := fact.Deed{Credential: "ASIA1", Reason: reason, Session: "AROAROLE:" + name, Sure: true}
	return thing("iam.role", "r", append([]func(*fact.Resource){has(fact.Sessions, []fact.Deed{d}), has(fact.Trust, closedTrust), func(r *fact.Resource) {
		r.ARN, r.UniqueID = idp+"role/r", "AROAROLE"
	}}, more...)...)
}

func trusting(principal string) func(*fact.Resource) {
	return has(fact.Trust, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{`+principal+`},"Action":"sts:*"}]}`)
}

func center(r *fact.Resource) {
	r.ARN = idp + "role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Admin_0123456789abcdef"
}

// Whoever the intruder is, his sort of identity has its answer: verbs, or the
// steps of a person where AWS lets nobody else.
var sorts = []struct {
	who, check string
	with       []fact.Resource
	want       []string
}{
	{"root", "suspect-principal", []fact.Resource{thing("iam.root", "root", suspect, has(fact.RootKeys, true))},
		[]string{"change-root-password root", "enable-root-mfa root", "delete-root-keys root"}},
	{"root without keys", "suspect-principal", []fact.Resource{thing("iam.root", "root", suspect, has(fact.RootKeys, false))},
		[]string{"change-root-password root", "enable-root-mfa root"}},
	{"a user of the SAML provider", "suspect-session", []fact.Resource{session("ann@example.com", "seed", trusting(`"Federated":"`+idp+`saml-provider/okta"`))},
		[]string{"revoke-sessions r", "block-idp-user r"}},
	{"a workflow with a web identity", "suspect-session", []fact.Resource{session("deploy", "seed", trusting(`"Federated":"`+idp+`oidc-provider/token.actions.githubusercontent.com"`))},
		[]string{"revoke-sessions r", "block-token-subject r"}},
	{"a certificate of Roles Anywhere", "suspect-session", []fact.Resource{session("5f3a", "seed", trusting(`"Service":"rolesanywhere.amazonaws.com"`))},
		[]string{"revoke-sessions r", "revoke-certificate r"}},
	{"a machine", "suspect-session", []fact.Resource{session("i-0123456789abcdef0", "seed", trusting(`"Service":"ec2.amazonaws.com"`)), thing("ec2.instance", "i-0123456789abcdef0", running)},
		[]string{"revoke-sessions r", "close-instance-leak i-0123456789abcdef0"}},
	{"a machine that is gone", "suspect-session", []fact.Resource{session("i-0123456789abcdef0", "seed")},
		[]string{"revoke-sessions r", "close-instance-leak r"}},
	{"a machine of his", "suspect-session", []fact.Resource{session("i-0123456789abcdef0", "handed"), thing("ec2.instance", "i-0123456789abcdef0", running, made)},
		[]string{"isolate i-0123456789abcdef0", "revoke-sessions r", "stop i-0123456789abcdef0"}},
	{"a function", "suspect-session", []fact.Resource{session("orders", "seed"), thing("lambda.function", "orders")},
		[]string{"revoke-sessions r", "close-function-leak orders"}},
	{"a task", "suspect-session", []fact.Resource{session("0123456789abcdef0123456789abcdef", "seed"), thing("ecs.task", "web/0123456789abcdef0123456789abcdef")},
		[]string{"revoke-sessions r", "close-task-leak web/0123456789abcdef0123456789abcdef"}},
	{"a user of Identity Center", "suspect-session", []fact.Resource{session("ann", "seed", center)}, []string{"end-center-sessions r"}},
	{"a user of Identity Center whose directory is here", "suspect-session", []fact.Resource{
		session("ann", "seed", center), thing("identitystore.user", "u-1", has(fact.Name, "Ann")), thing("identitystore.user", "u-2", has(fact.Name, "bob")),
		thing("sso.assignment", "set|USER|u-1"), thing("sso.assignment", "set|USER|u-2"), thing("sso.assignment", "set|GROUP|u-1"),
	}, []string{"unassign set|USER|u-1", "end-center-sessions r"}},
	{"a session that his user assumed", "suspect-session", []fact.Resource{session("x", "minted", trusting(`"Federated":"`+idp+`saml-provider/okta","AWS":"111122223333"`))},
		[]string{"revoke-sessions r"}},
	{"a session from abroad", "suspect-session", []fact.Resource{session("x", "seed")}, []string{"revoke-sessions r"}},
	{"a session of GetFederationToken or GetSessionToken: its user's key", "suspect-credential",
		[]fact.Resource{thing("iam.access-key", "AKIA1", bot, on, suspect), thing("iam.user", "bot")}, []string{"deactivate AKIA1", "revoke-sessions bot"}},
}

func verbsOf(k fact.Kind) (playbook.Traits, bool) {
	if k != "sso.assignment" {
		return playbook.Traits{}, false
	}
	return playbook.Traits{Abilities: []playbook.Ability{{Verb: "unassign", Purpose: "disable", Class: plan.Disruptive}}}, true
}

func TestEverySortOfIdentityHasItsAnswer(t *testing.T) {
	for _, s := range sorts {
		t.Run(s.who, func(t *testing.T) {
			c, ok := check(s.check)
			if !ok {
				t.Fatalf("there is no check %q", s.check)
			}
			var got []string
			for _, a := range playbook.Contain(playbook.Input{
				Snapshot: fact.Snapshot{Account: here.Account, Resources: s.with}, Traits: verbsOf,
				Findings: []finding.Finding{{Check: c.ID, Outcome: finding.Found, Answer: c.Answer, Hits: []finding.Hit{{Target: finding.Target{Ref: s.with[0].Ref}}}}},
			}) {
				got = append(got, a.Verb+" "+a.Target.ID)
				if s.who == "a user of Identity Center" && a.Class != plan.Person {
					t.Errorf("%s: AWS lets nobody change a reserved role", a.Verb)
				}
			}
			if !slices.Equal(got, s.want) {
				t.Errorf("got %q, want %q", got, s.want)
			}
		})
	}
}

func above(t *testing.T, w plan.Ward, management string, with ...fact.Resource) []plan.Action {
	t.Helper()
	in := playbook.Input{Snapshot: fact.Snapshot{Account: here.Account, Partition: "aws", Resources: with}}
	for _, r := range with {
		c, _ := check(map[fact.Kind]string{"iam.role": "suspect-session"}[r.Kind])
		if c.ID == "" {
			c, _ = check("suspect-principal")
		}
		in.Findings = append(in.Findings, finding.Finding{Check: c.ID, Outcome: finding.Found, Answer: c.Answer, Hits: []finding.Hit{{Target: finding.Target{Ref: r.Ref}}}})
	}
	actions, err := plan.Order(playbook.Contain(in))
	if err != nil {
		t.Fatal(err)
	}
	kept, _ := plan.Guard(actions, w)
	member := fact.Resource{Ref: fact.Ref{Kind: "organizations.account", Place: fact.Place{Account: management, Region: fact.Global}, ID: here.Account}}
	fact.Organization.Set(&member, management)
	return playbook.FromAbove(in, member, kept, actions, w)
}

// What is denied from above is denied first, and never the owner's own way in.
func TestTheDenialFromAboveComesFirst(t *testing.T) {
	eve := thing("iam.user", "eve", suspect, made, func(r *fact.Resource) { r.ARN = idp + "user/eve" })
	ann := thing("iam.user", "ann", suspect, func(r *fact.Resource) { r.ARN = idp + "user/ann" })
	root := thing("iam.root", "root", suspect)
	caller := plan.Ward{Chain: []plan.Keeper{{ARN: idp + "user/ann"}}, Admins: []string{idp + "user/ops"}}
	deny := func(w plan.Ward, with ...fact.Resource) []string {
		t.Helper()
		all := above(t, w, "999900001111", with...)
		if all[0].Verb != playbook.DenyAbove {
			return nil
		}
		for _, a := range all[1:] {
			if a.Class != plan.Person && !slices.Contains(a.Behind, all[0].ID) {
				t.Errorf("%s does not wait for the denial from above", a.Verb)
			}
		}
		if keep, refused := plan.Guard(all[:1], w); len(keep) != 1 {
			t.Errorf("the guard refuses what the playbook plans: %s", refused[0].Reason)
		}
		return fact.DenyPrincipals.Or(all[0].Target, nil)
	}
	for _, c := range []struct {
		why       string
		got, want []string
	}{
		{"his user, and not the caller", deny(caller, eve, ann), []string{idp + "user/eve"}},
		{"nobody but the caller", deny(caller, ann), nil},
		{"a federated session of his", deny(caller, eve, thing("iam.user", "svc", has(fact.Federated, []string{here.Account + ":backup"}))), []string{here.Account + ":backup", idp + "user/eve"}},
		{"root", deny(caller, eve, root), []string{idp + "root", idp + "user/eve"}},
		{"a session of the owner's role", deny(caller, session("ann@example.com", "seed", center)), []string{"AROAROLE:ann@example.com"}},
		{"a session of the caller's role", deny(plan.Ward{Chain: []plan.Keeper{{ARN: idp + "role/r", UniqueID: "AROAROLE"}}}, session("x", "seed")), nil},
		{"a session that a machine of the owner's goes on needing", deny(caller, session("i-0123456789abcdef0", "seed")), nil},
		{"what nobody knows who stands behind", deny(plan.Ward{Chain: caller.Chain, Unsure: true}, eve, session("x", "seed")), []string{idp + "user/eve"}},
	} {
		if !slices.Equal(c.got, c.want) {
			t.Errorf("%s: denied %q, want %q", c.why, c.got, c.want)
		}
	}
	all := above(t, caller, here.Account, eve)
	if last := all[len(all)-1]; last.Verb != "guard-management" || last.Class != plan.Person || all[0].Verb == playbook.DenyAbove {
		t.Errorf("the management account: %s", fmt.Sprint(all))
	}
}
