package kinds

import (
	"context"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"

	"cordon/internal/awsapi"
	"cordon/internal/fact"
	"cordon/internal/kind"
	"cordon/internal/kind/kindtest"
	"cordon/internal/lab"
)

// An org is an organisation with one member and one policy of its own.
type org struct {
	*organizations.Client
	member, policy, root string
}

func makeOrg(t *testing.T, w world) (o org) {
	t.Helper()
	ctx := t.Context()
	o.Client = organizations.NewFromConfig(w.Config(fact.Global))
	must[*organizations.CreateOrganizationOutput](t)(o.CreateOrganization(ctx, &organizations.CreateOrganizationInput{}))
	roots := must[*organizations.ListRootsOutput](t)(o.ListRoots(ctx, &organizations.ListRootsInput{}))
	o.root = *roots.Roots[0].Id
	made := must[*organizations.CreateAccountOutput](t)(o.CreateAccount(ctx, &organizations.CreateAccountInput{
		AccountName: aws.String("dev"), Email: aws.String("dev@example.com"),
	}))
	o.member = *made.CreateAccountStatus.AccountId
	policy := must[*organizations.CreatePolicyOutput](t)(o.CreatePolicy(ctx, &organizations.CreatePolicyInput{
		Name: aws.String("guard"), Description: aws.String("ours"), Type: types.PolicyTypeServiceControlPolicy, Content: aws.String(guardrail),
	}))
	o.policy = *policy.Policy.PolicySummary.Id
	must[*organizations.AttachPolicyOutput](t)(o.AttachPolicy(ctx, &organizations.AttachPolicyInput{PolicyId: &o.policy, TargetId: &o.root}))
	return o
}

const guardrail = `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"organizations:LeaveOrganization","Resource":"*"}]}`

// denying lists as the engine does that noted whom to deny.
func denying(principals ...string) kind.Spec[orgAccountReader, orgAccountWriter] {
	s := orgAccountSpec
	s.List = func(ctx context.Context, api orgAccountReader, at fact.Place, put func(fact.Resource)) error {
		return listOrgAccounts(ctx, api, at, func(r fact.Resource) {
			fact.DenyPrincipals.Set(&r, principals)
			put(r)
		})
	}
	return s
}

func TestOrganizationsAccount(t *testing.T) {
	t.Parallel()
	kindtest.Run(t, kindtest.Case[orgAccountReader, orgAccountWriter]{
		Spec: denying("arn:aws:iam::*:user/eve", "AROAEXAMPLE:session"), Region: fact.Global,
		Setup: func(t *testing.T, w world) string { return makeOrg(t, w).member },
	})
}

func TestOrganizationsPolicy(t *testing.T) {
	t.Parallel()
	kindtest.Run(t, kindtest.Case[orgPolicyReader, orgPolicyWriter]{Spec: orgPolicySpec, Region: fact.Global,
		Setup: func(t *testing.T, w world) string { return makeOrg(t, w).policy },
		Before: map[string]func(*testing.T, world, string) string{
			"restore-scp":         func(*testing.T, world, string) string { return denyEverything("C-1") },
			"restore-attachments": func(*testing.T, world, string) string { return "" },
		}})
}

func TestOrganizationsHandshake(t *testing.T) {
	t.Parallel()
	kindtest.Run(t, kindtest.Case[handshakeReader, handshakeWriter]{Spec: handshakeSpec, Region: fact.Global, Setup: func(t *testing.T, w world) string {
		out := must[*organizations.InviteAccountToOrganizationOutput](t)(makeOrg(t, w).InviteAccountToOrganization(t.Context(), &organizations.InviteAccountToOrganizationInput{
			Target: &types.HandshakeParty{Id: aws.String("999988887777"), Type: types.HandshakePartyTypeAccount},
		}))
		return *out.Handshake.Id
	}})
}

var orgKinds = []kind.Kind{orgAccount, orgPolicy, handshake}

// TestOrganizationsNone: an account in no organisation is a full reading.
func TestOrganizationsNone(t *testing.T) {
	t.Parallel()
	w := kindtest.NewWorld(t)
	for _, k := range orgKinds {
		err := k.List(t.Context(), w.Config(fact.Global), fact.Place{Account: kindtest.Account, Region: fact.Global}, func(r fact.Resource) { t.Errorf("%v", r) })
		if err != nil {
			t.Errorf("%s: %v", k.Name(), err)
		}
	}
}

// TestOrganizationsDenied: a member that may not ask has not read anything.
func TestOrganizationsDenied(t *testing.T) {
	t.Parallel()
	w := kindtest.NewWorld(t)
	makeOrg(t, w)
	if err := w.Lab.AddFault(t.Context(), lab.Fault{Match: map[string]string{"service": "organizations", "op": "List.*"}, Code: "AccessDeniedException", Status: 400}); err != nil {
		t.Fatal(err)
	}
	for _, k := range orgKinds {
		err := k.List(t.Context(), w.Config(fact.Global), fact.Place{Account: kindtest.Account, Region: fact.Global}, func(r fact.Resource) { t.Errorf("%v", r) })
		if awsapi.Classify(err) != awsapi.Denied || !strings.HasPrefix(err.Error(), "cannot list ") {
			t.Errorf("%s: %v", k.Name(), err)
		}
	}
}

func TestOrganizationsFacts(t *testing.T) {
	t.Parallel()
	w := kindtest.NewWorld(t)
	o := makeOrg(t, w)
	member := one(t, w, orgAccount, fact.Global, o.member)
	wantFact(t, member, fact.Organization, kindtest.Account)
	wantFact(t, member, fact.Detail, "CREATED")
	policy := one(t, w, orgPolicy, fact.Global, o.policy)
	wantFact(t, policy, fact.Targets, []string{o.root})
	wantFact(t, policy, fact.Aspects, map[string]string{"content": guardrail, "targets": `["` + o.root + `"]`})

	v, _ := orgAccount.Verb("deny-scp")
	for _, c := range []struct {
		account string
		deny    []string
		why     string
	}{
		{o.member, nil, "it is not said to whom"},
		{o.member, []string{"arn:aws:iam::1:role/aws-service-role/ecs.amazonaws.com/x"}, "none binds a service-linked role"},
		{kindtest.Account, []string{"arn:aws:iam::1:user/eve"}, "it is the management account"},
	} {
		r := one(t, w, orgAccount, fact.Global, c.account)
		fact.DenyPrincipals.Set(&r, c.deny)
		if _, err := v.Prior(t.Context(), w.Config(fact.Global), r); err == nil || !strings.Contains(err.Error(), c.why) {
			t.Errorf("%v; want %q", err, c.why)
		}
	}
}

// TestOrganizationsDenialSaysWhom reads the policy as AWS would.
func TestOrganizationsDenialSaysWhom(t *testing.T) {
	r := fact.Resource{Ref: fact.Ref{ID: "444455556666"}}
	fact.DenyPrincipals.Set(&r, []string{"arn:aws:iam::*:user/eve", "AROAEXAMPLE:session", "arn:aws:iam::*:user/eve"})
	name, content := scpOf(r)
	const want = `{"Statement":[` +
		`{"Action":"*","Condition":{"ArnLike":{"aws:PrincipalArn":["arn:aws:iam::*:user/eve"]}},"Effect":"Deny","Resource":"*","Sid":"CordonDenyPrincipals"},` +
		`{"Action":"*","Condition":{"StringLike":{"aws:userid":["AROAEXAMPLE:session"]}},"Effect":"Deny","Resource":"*","Sid":"CordonDenySessions"}],"Version":"2012-10-17"}`
	if content != want || !strings.HasPrefix(name, "CordonDeny-444455556666-") {
		t.Errorf("%s\n%s", name, content)
	}
}
