package engine_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfntypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"cordon/internal/awsapi"
	"cordon/internal/engine"
	"cordon/internal/incident"
	"cordon/internal/permit"
	"cordon/internal/plan"
	"cordon/internal/report"
)

const (
	responder     = "responder"
	administrator = "arn:aws:iam::aws:policy/AdministratorAccess"
)

// hire makes the responder, an administrator until someone takes that away.
func (w *world) hire() Credential {
	w.t.Helper()
	api := iam.NewFromConfig(w.rootIn("us-east-1"))
	_, err := api.CreateUser(w.t.Context(), &iam.CreateUserInput{UserName: aws.String(responder), Path: aws.String("/team/")})
	must(w.t, err)
	_, err = api.AttachUserPolicy(w.t.Context(), &iam.AttachUserPolicyInput{UserName: aws.String(responder), PolicyArn: aws.String(administrator)})
	must(w.t, err)
	key, err := api.CreateAccessKey(w.t.Context(), &iam.CreateAccessKeyInput{UserName: aws.String(responder)})
	must(w.t, err)
	return Credential{Name: responder, KeyID: aws.ToString(key.AccessKey.AccessKeyId), Secret: aws.ToString(key.AccessKey.SecretAccessKey)}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// confine leaves the responder exactly these policies.
func (w *world) confine(t *testing.T, policies []permit.Policy) {
	t.Helper()
	api := iam.NewFromConfig(w.rootIn("us-east-1"))
	for _, p := range policies {
		doc, err := json.Marshal(p.Document)
		must(t, err)
		made, err := api.CreatePolicy(t.Context(), &iam.CreatePolicyInput{PolicyName: &p.Name, PolicyDocument: aws.String(string(doc))})
		must(t, err)
		_, err = api.AttachUserPolicy(t.Context(), &iam.AttachUserPolicyInput{UserName: aws.String(responder), PolicyArn: made.Policy.Arn})
		must(t, err)
	}
	_, err := api.DetachUserPolicy(t.Context(), &iam.DetachUserPolicyInput{UserName: aws.String(responder), PolicyArn: aws.String(administrator)})
	must(t, err)
}

// A confined is a copy of the account and the case whose responder has nothing
// but some policies.
func (w *world) confined(t *testing.T, grants []permit.Grant) *world {
	t.Helper()
	copied := w.copyOf(t, t.TempDir())
	c, err := incident.Open("", copied.dir)
	must(t, err)
	there := &world{Lab: copied.Lab, t: t, Case: c, Key: w.Key, Told: &listener{}, Home: w.Home}
	there.confine(t, permit.Split("plan", grants))
	return there
}

// applyAs applies a plan as somebody until the first step fails, and answers
// the permissions that were missing.
func (w *world) applyAs(t *testing.T, who Credential, p plan.Plan, patient bool) (sum report.Applied, missing []string, err error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s := w.as(who)
	stop := &firstFailure{listener: w.Told, cancel: cancel}
	s.Out = stop
	if !patient {
		s.Wait = func(ctx context.Context, d time.Duration) error {
			t := time.NewTimer(min(d, 50*time.Millisecond))
			defer t.Stop()
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-t.C:
				return nil
			}
		}
	}
	sum, err = s.Apply(ctx, p)
	missing = stop.missing
	if a := awsapi.Permission(err); a != "" {
		missing = append(missing, a)
	}
	return sum, missing, err
}

type firstFailure struct {
	*listener
	cancel  func()
	missing []string
}

func (f *firstFailure) Handle(m report.Message) error {
	if s, ok := m.(report.Step); ok && s.Step == "failed" {
		f.missing = append(f.missing, s.Permission)
		f.cancel()
	}
	return f.listener.Handle(m)
}

// The plan of the night applies with exactly the policy that is printed for it,
// and with any one action less it fails and names that action.
func TestPlanPolicyIsExact(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.triage()
	who := w.hire()
	p, err := w.as(who).PlanContain(t.Context(), engine.PlanOptions{})
	must(t, err)
	w.approve(p)
	set := engine.PlanPolicy(w.Case, p)
	t.Logf("%d actions, %d grants, %d policies, inexact %v", len(p.Actions), len(set.Grants), len(set.Policies), set.Inexact)
	if len(set.Inexact) > 0 {
		t.Errorf("not known call by call: %v", set.Inexact)
	}
	whole := w.confined(t, set.Grants)
	sum, missing, err := whole.applyAs(t, who, p, true)
	if err != nil || len(missing) > 0 || sum.Failed > 0 || sum.Verified < len(p.Actions)-sum.People-sum.Skipped || sum.Verified < 30 {
		t.Fatalf("with the plan's policy: %+v, missing %v, %v\n%s", sum, missing, err, strings.Join(whole.Told.steps(), "\n"))
	}
	for i, g := range set.Grants {
		t.Run(strings.ReplaceAll(g.Action, ":", "."), func(t *testing.T) {
			less := slices.Delete(slices.Clone(set.Grants), i, i+1)
			_, missing, err := w.confined(t, less).applyAs(t, who, p, false)
			if !slices.Contains(missing, g.Action) {
				t.Errorf("without %s: missing %v, %v", g.Action, missing, err)
			}
		})
	}
}

// A clean-up too lacks nothing with the policy that is printed for it.
func TestEradicatePolicyIsEnough(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.triage()
	who := w.hire()
	p, err := w.as(who).PlanEradicate(t.Context(), engine.PlanOptions{})
	must(t, err)
	w.approve(p)
	set := engine.PlanPolicy(w.Case, p)
	t.Logf("%d actions, %d grants, %d policies, inexact %v", len(p.Actions), len(set.Grants), len(set.Policies), set.Inexact)
	there := w.confined(t, set.Grants)
	s := there.as(who)
	s.Patience = time.Second
	sum, err := s.Apply(t.Context(), p)
	must(t, err)
	for _, m := range there.Told.told {
		if step, ok := m.(report.Step); ok && (step.Permission != "" || step.Step == "failed") {
			t.Errorf("%s %s %s: %s lacks %q: %s", step.Verb, step.Target.Kind, step.Target.ID, step.Reason, step.Permission, step.Err)
		}
	}
	if sum.Verified < 20 {
		t.Errorf("%+v", sum)
	}
}

// Whoever asks is told what is missing, and where IAM will not say, that it is
// not known.
func TestCheckPolicyNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	who := w.hire()
	set, err := engine.Policy("triage")
	must(t, err)
	ask := func() report.PolicyCheck {
		t.Helper()
		m, err := w.as(who).CheckPolicy(t.Context(), set)
		must(t, err)
		return m
	}
	if m := ask(); len(m.Missing) > 0 || m.Allowed != len(set.Grants) || m.Unknown != "" {
		t.Errorf("an administrator: %+v", m)
	}
	less := slices.DeleteFunc(slices.Clone(set.Grants), func(g permit.Grant) bool { return g.Action == "ec2:DescribeInstances" || g.Action == "iam:ListRoles" })
	w.confine(t, permit.Split("less", less))
	if m := ask(); !slices.Equal(m.Missing, []string{"ec2:DescribeInstances", "iam:ListRoles"}) || m.Allowed != len(less) {
		t.Errorf("without two: %+v", m)
	}
	api := iam.NewFromConfig(w.rootIn("us-east-1"))
	_, err = api.PutUserPolicy(t.Context(), &iam.PutUserPolicyInput{
		UserName: aws.String(responder), PolicyName: aws.String("hush"),
		PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"iam:SimulatePrincipalPolicy","Resource":"*"}]}`),
	})
	must(t, err)
	if m := ask(); m.Unknown == "" || m.Permission != "iam:SimulatePrincipalPolicy" || len(m.Missing) > 0 || m.Allowed > 0 {
		t.Errorf("nobody may ask: %+v", m)
	}
}

// The template in deploy makes a role that is assumed with MFA and has the
// responder's rights.
func TestBreakGlassTemplateDeploys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	text, err := os.ReadFile("../../deploy/breakglass.yaml")
	must(t, err)
	cfg := w.rootIn("eu-west-1")
	stacks, api := cloudformation.NewFromConfig(cfg), iam.NewFromConfig(cfg)
	_, err = stacks.CreateStack(t.Context(), &cloudformation.CreateStackInput{
		StackName: aws.String("breakglass"), TemplateBody: aws.String(string(text)), Capabilities: []cfntypes.Capability{cfntypes.CapabilityCapabilityNamedIam},
		Parameters: []cfntypes.Parameter{{ParameterKey: aws.String("Principals"), ParameterValue: aws.String("arn:aws:iam::" + truth.Account + ":user/" + truth.Caller.Name)}},
	})
	must(t, err)
	role, err := api.GetRole(t.Context(), &iam.GetRoleInput{RoleName: aws.String("cordon-breakglass")})
	must(t, err)
	if doc := aws.ToString(role.Role.AssumeRolePolicyDocument); !strings.Contains(doc, "MultiFactorAuthPresent") || !strings.Contains(doc, truth.Caller.Name) {
		t.Errorf("who may assume it: %s", doc)
	}
	has, err := api.ListAttachedRolePolicies(t.Context(), &iam.ListAttachedRolePoliciesInput{RoleName: aws.String("cordon-breakglass")})
	must(t, err)
	set, err := engine.Policy("breakglass")
	must(t, err)
	if len(has.AttachedPolicies) != len(set.Policies) {
		t.Errorf("%d policies are attached, there are %d", len(has.AttachedPolicies), len(set.Policies))
	}
	for _, a := range []string{"iam:PutUserPolicy", "ec2:TerminateInstances", "ec2:DescribeInstances"} {
		out, err := api.SimulatePrincipalPolicy(t.Context(), &iam.SimulatePrincipalPolicyInput{PolicySourceArn: role.Role.Arn, ActionNames: []string{a}})
		must(t, err)
		if len(out.EvaluationResults) != 1 || fmt.Sprint(out.EvaluationResults[0].EvalDecision) != "allowed" {
			t.Errorf("%s: %+v", a, out.EvaluationResults)
		}
	}
}
