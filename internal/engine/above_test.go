package engine_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"

	"cordon/internal/engine"
	"cordon/internal/fact"
	"cordon/internal/kinds"
	"cordon/internal/lab"
)

const management = "999900001111"

// asRoot signs as the root user of any account: the lab believes its token.
type asRoot struct {
	account, token string
	to             http.RoundTripper
}

func (a asRoot) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("X-Lab-Token", a.token)
	r.Header.Set("X-Moto-Account-Id", a.account)
	return a.to.RoundTrip(r)
}

// organised puts the scenario's account into an organisation, and returns an
// administrator of the management account.
func (w *world) organised() Credential {
	w.t.Helper()
	ctx := w.t.Context()
	cfg := w.rootIn("us-east-1")
	cfg.HTTPClient = &http.Client{Transport: asRoot{management, w.Token(), lab.Transport(w.URL())}}
	org := organizations.NewFromConfig(cfg)
	check := func(err error) {
		w.t.Helper()
		if err != nil {
			w.t.Fatal(err)
		}
	}
	_, err := org.CreateOrganization(ctx, &organizations.CreateOrganizationInput{})
	check(err)
	out, err := org.InviteAccountToOrganization(ctx, &organizations.InviteAccountToOrganizationInput{
		Target: &types.HandshakeParty{Id: &truth.Account, Type: types.HandshakePartyTypeAccount},
	})
	check(err)
	_, err = organizations.NewFromConfig(w.rootIn("us-east-1")).AcceptHandshake(ctx, &organizations.AcceptHandshakeInput{HandshakeId: out.Handshake.Id})
	check(err)
	users := iam.NewFromConfig(cfg)
	_, err = users.CreateUser(ctx, &iam.CreateUserInput{UserName: aws.String("org-admin")})
	check(err)
	_, err = users.PutUserPolicy(ctx, &iam.PutUserPolicyInput{
		UserName: aws.String("org-admin"), PolicyName: aws.String("org"),
		PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"organizations:*","Resource":"*"}]}`),
	})
	check(err)
	key, err := users.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: aws.String("org-admin")})
	check(err)
	return Credential{Name: "org-admin", KeyID: *key.AccessKey.AccessKeyId, Secret: *key.AccessKey.SecretAccessKey}
}

// withOrg is a session with the management account at hand.
func (w *world) withOrg(admin Credential) *engine.Session {
	w.t.Helper()
	s := w.session()
	s.Org = w.as(admin).Account
	s.WriteOrg = func(region string, needs []string) aws.Config { return s.Org.Writer().Write(region, needs) }
	s.Kinds = slices.Clone(spine)
	for _, k := range kinds.All() {
		if k.Name() == "organizations.account" {
			s.Kinds = append(s.Kinds, k)
		}
	}
	return s
}

// Where the management account is at hand, the first thing is a denial from
// above: alone it stops the intruder, whom the account's own administrators may
// not even see, and it comes off again without a trace.
func TestDeniedFromAbove(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.triage()
	admin := w.organised()
	before := picturedFrom(t, w.Lab)
	s := w.withOrg(admin)
	p, err := s.PlanContain(t.Context(), engine.PlanOptions{})
	if err != nil {
		t.Fatal(err)
	}
	first := p.Actions[0]
	if first.Verb != "deny-scp" || first.Target.ID != truth.Account || first.Target.Account != management || p.Org == nil {
		t.Fatalf("the first action is %s on %s, by %v", first.Verb, first.Target.Ref, p.Org)
	}
	denied := fact.DenyPrincipals.Or(first.Target, nil)
	t.Log("denied from above:", denied)
	for _, arn := range denied {
		if arn == truth.BreakGlass || strings.HasSuffix(arn, "/"+truth.Caller.Name) {
			t.Errorf("it denies %s", arn)
		}
	}
	w.approve(p)
	var refused *engine.Refused
	if _, err := w.session().Apply(t.Context(), p); !errors.As(err, &refused) || refused.Reason != "org-profile" {
		t.Fatalf("without the management account: %v", err)
	}

	alone, err := s.PlanContain(t.Context(), engine.PlanOptions{Only: []string{"deny-scp"}})
	if err != nil {
		t.Fatal(err)
	}
	opened := map[string][]string{}
	for _, c := range slices.Concat(truth.Intruders, truth.Owners) {
		if c.KeyID != "" {
			opened[c.Name] = w.opens(c)
		}
	}
	w.approve(alone)
	sum, err := s.Apply(t.Context(), alone)
	if err != nil || sum.Verified != 1 || sum.Failed+sum.Skipped > 0 {
		t.Fatalf("%+v, %v: %v", sum, err, w.Told.steps())
	}
	cut := 0
	for _, c := range truth.Intruders {
		if !slices.Contains(denied, c.Principal) || len(opened[c.Name]) == 0 {
			continue
		}
		cut++
		if still := w.opens(c); len(still) > 0 {
			t.Errorf("%s still opens %v", c.Principal, still)
		}
	}
	if cut == 0 {
		t.Error("nobody was denied who opened anything: this shows nothing")
	}
	for _, c := range truth.Owners {
		if now := w.opens(c); c.KeyID != "" && !slices.Equal(now, opened[c.Name]) && !slices.Contains(denied, c.Principal) {
			t.Errorf("the owner's %s opened %v, now %v", c.Principal, opened[c.Name], now)
		}
	}

	if u, err := w.session().PlanUndo(t.Context(), engine.UndoOptions{All: true, EvenIfExposed: true}); !errors.As(err, &refused) || len(u.Refused) != 1 || u.Refused[0].Reason != "org" {
		t.Fatalf("undo without the management account: %+v, %v", u.Refused, err)
	}
	u, err := s.PlanUndo(t.Context(), engine.UndoOptions{All: true, EvenIfExposed: true})
	if err != nil {
		t.Fatal(err)
	}
	w.approve(u)
	if sum, err := s.Apply(t.Context(), u); err != nil || sum.Undone != 1 {
		t.Fatalf("undo: %+v, %v: %v", sum, err, w.Told.steps())
	}
	if d := before.differs(picturedFrom(t, w.Lab)); len(d) > 0 {
		t.Errorf("left behind:\n%s", strings.Join(d, "\n"))
	}
	left, err := organizations.NewFromConfig(w.config(admin, "us-east-1")).ListPolicies(t.Context(), &organizations.ListPoliciesInput{Filter: types.PolicyTypeServiceControlPolicy})
	if err != nil || len(left.Policies) != 1 {
		t.Errorf("policies left: %+v, %v", left, err)
	}
	for _, c := range truth.Intruders {
		if c.KeyID != "" && !slices.Equal(w.opens(c), opened[c.Name]) {
			t.Errorf("%s opened %v, now %v", c.Principal, opened[c.Name], w.opens(c))
		}
	}
}
