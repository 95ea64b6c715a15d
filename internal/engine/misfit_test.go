package engine_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"cordon/internal/engine"
	"cordon/internal/fact"
	"cordon/internal/incident"
	"cordon/internal/plan"
	"cordon/internal/report"
	"cordon/internal/signet"
)

// why is the reason of a use-case that was not begun, or what happened instead.
func why(err error) string {
	var r *engine.Refused
	switch {
	case err == nil:
		return "it was begun"
	case errors.As(err, &r):
		return r.Reason
	}
	return "error: " + err.Error()
}

// written counts what cordon has changed in the account.
func (w *world) written() (n int) {
	w.t.Helper()
	events, err := w.Events(w.t.Context(), true)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, e := range events {
		if strings.Contains(e.Lab.UserAgent, "cordon-"+w.Case.ID) && e.Lab.Op != "GenerateCredentialReport" {
			n++
		}
	}
	return n
}

func (w *world) planOf(o engine.PlanOptions) plan.Plan {
	w.t.Helper()
	p, err := w.session().PlanContain(w.t.Context(), o)
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

// saved puts an approval into the case as a file, as whoever can write there
// could.
func (w *world) saved(digest string, a plan.Approval) {
	w.t.Helper()
	b, err := json.Marshal(a)
	if err == nil {
		err = w.Case.SaveApproval(digest, b)
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

func signed(p plan.Plan, k *signet.Key, by string, at time.Time) plan.Approval {
	return plan.Sign(p.Digest(), by, at, k.Encoded(), k.Sign)
}

// owners is one of the owner's credentials by its name.
func owners(t *testing.T, name string) Credential {
	t.Helper()
	i := slices.IndexFunc(truth.Owners, func(c Credential) bool { return c.Name == name })
	if i < 0 {
		t.Fatalf("the owner has no %s", name)
	}
	return truth.Owners[i]
}

func stranger(t *testing.T) *signet.Key {
	t.Helper()
	k, _, err := signet.LoadOrCreate(t.TempDir(), "mallory")
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestAPlanThatIsNotForHereIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.triage()
	good := w.planOf(engine.PlanOptions{Only: []string{"deactivate"}})
	other := signed(good, w.Key, "claire", time.Now())
	other.Digest = strings.Repeat("0", 64)
	info := w.Case.Info
	for _, c := range []struct {
		name   string
		alter  func(*plan.Plan)
		sign   func(t *testing.T, p plan.Plan) // nil: the case's approver signs it
		case_  func(*incident.Case)
		caller Credential
		want   string
	}{
		{name: "another account", alter: func(p *plan.Plan) { p.Account = "444455556666" }, want: "account"},
		{name: "another partition", alter: func(p *plan.Plan) { p.Partition = "aws-cn" }, want: "partition"},
		{name: "another endpoint", alter: func(p *plan.Plan) { p.Endpoint = "http://127.0.0.1:1" }, want: "endpoint"},
		{name: "another case", alter: func(p *plan.Plan) { p.Case = "C-20200101-A" }, want: "case"},
		{name: "another caller", alter: func(p *plan.Plan) { p.Caller.ARN += "x" }, want: "caller"},
		{name: "a caller re-created under the same name", alter: func(p *plan.Plan) { p.Caller.UniqueID = "AIDAOTHER" }, want: "caller"},
		{name: "run by somebody else", caller: owners(t, "martin.keller"), want: "caller"},
		{
			name:  "expired since it was approved",
			alter: func(p *plan.Plan) { p.MadeAt, p.Expires = night.Add(-6*time.Hour), night.Add(-2*time.Hour) },
			sign: func(_ *testing.T, p plan.Plan) {
				w.saved(p.Digest(), signed(p, w.Key, "claire", night.Add(-5*time.Hour)))
			},
			want: "expired",
		},
		{name: "not approved", sign: func(*testing.T, plan.Plan) {}, want: "no-approval"},
		{name: "not signed", sign: func(_ *testing.T, p plan.Plan) {
			a := signed(p, w.Key, "claire", time.Now())
			a.Signature = ""
			w.saved(p.Digest(), a)
		}, want: "unsigned"},
		{name: "signed under another name", sign: func(_ *testing.T, p plan.Plan) {
			a := signed(p, w.Key, "claire", time.Now())
			a.By = "martin"
			w.saved(p.Digest(), a)
		}, want: "unsigned"},
		{name: "approved by a stranger", sign: func(t *testing.T, p plan.Plan) {
			w.saved(p.Digest(), signed(p, stranger(t), "claire", time.Now()))
		}, want: "foreign-approval"},
		{name: "an approval of another plan", sign: func(_ *testing.T, p plan.Plan) { w.saved(p.Digest(), other) }, want: "digest"},
		{name: "one of two approvals", case_: func(c *incident.Case) { c.Approvals = 2 }, want: "too-few"},
		{name: "one person twice", case_: func(c *incident.Case) { c.Approvals = 2 }, sign: func(_ *testing.T, p plan.Plan) {
			w.saved(p.Digest(), signed(p, w.Key, "claire", time.Now()))
			w.saved(p.Digest(), signed(p, w.Key, "claire again", time.Now().Add(time.Second)))
		}, want: "too-few"},
		{name: "the case of another account", case_: func(c *incident.Case) { c.Account = "444455556666" }, want: "case"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w.Case.Info = info
			p := good
			p.Nonce = c.name // a plan of its own
			if c.alter != nil {
				c.alter(&p)
			}
			if c.sign != nil {
				c.sign(t, p)
			} else {
				w.saved(p.Digest(), signed(p, w.Key, "claire", time.Now()))
			}
			who := truth.Caller
			if c.caller.KeyID != "" {
				who = c.caller
			}
			s := w.as(who)
			if c.case_ != nil {
				c.case_(w.Case)
			}
			if _, err := s.Apply(t.Context(), p); why(err) != c.want {
				t.Errorf("%s: want refused for %s", why(err), c.want)
			}
		})
	}
	w.Case.Info = info
	if n := w.written(); n > 0 {
		t.Errorf("refused plans made %d changing calls", n)
	}
	if _, err := engine.Approve(w.Case, good, stranger(t), "mallory", time.Now()); why(err) != "foreign-approval" {
		t.Errorf("a stranger's approval: %s", why(err))
	}
	if _, err := engine.Approve(w.Case, good, w.Key, "claire", good.Expires); why(err) != "expired" {
		t.Errorf("an approval of an expired plan: %s", why(err))
	}
}

func TestAnAlteredPlanFileIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.triage()
	p := w.planOf(engine.PlanOptions{Only: []string{"deactivate"}})
	b, _, err := w.Case.LoadPlan(p.Digest())
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "plan.json")
	for name, altered := range map[string]string{
		"another target":  strings.Replace(string(b), p.Actions[0].Target.ID, truth.Caller.KeyID, 1),
		"one more action": strings.Replace(string(b), `"actions":[`, `"actions":[{"id":"x","verb":"delete","class":"permanent","target":{"kind":"iam.user","account":"","region":"","id":"x"}},`, 1),
		"another digest":  strings.Replace(string(b), p.Digest(), strings.Repeat("a", 64), 1),
	} {
		if altered == string(b) {
			t.Fatalf("%s: nothing was altered", name)
		}
		if err := os.WriteFile(file, []byte(altered), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := engine.LoadPlan(w.Case, file); why(err) != "digest" {
			t.Errorf("%s: %s", name, why(err))
		}
	}
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := engine.LoadPlan(w.Case, file); err != nil || got.Digest() != p.Digest() {
		t.Errorf("the file as it was: %v", err)
	}
}

// Between plan and apply one target changes, one goes and one is re-created
// under its name: each is skipped with its reason, and left alone.
func TestATargetThatIsNoLongerTheOneIsSkipped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	api := iam.NewFromConfig(w.rootIn("us-east-1"))
	names := []string{"temp.changed", "temp.gone", "temp.again", "temp.same"}
	ids := map[string]string{}
	create := func(name string) {
		t.Helper()
		made, err := api.CreateUser(t.Context(), &iam.CreateUserInput{UserName: &name})
		if err != nil {
			t.Fatal(err)
		}
		ids[name] = aws.ToString(made.User.UserId)
	}
	remove := func(name string) {
		t.Helper()
		if _, err := api.DeleteUser(t.Context(), &iam.DeleteUserInput{UserName: &name}); err != nil {
			t.Fatal(err)
		}
	}
	for _, n := range names {
		create(n)
	}
	w.triage()
	for _, n := range names {
		if _, err := engine.Mark(w.Case, "arn:aws:iam::"+truth.Account+":user/"+n, "not-mine", "claire", "", night); err != nil {
			t.Fatal(err)
		}
	}
	p := w.planOf(engine.PlanOptions{Only: names})
	if len(p.Actions) != len(names) {
		t.Fatalf("planned: %+v", p.Actions)
	}
	old := ids["temp.again"]
	_, err := api.PutUserPolicy(t.Context(), &iam.PutUserPolicyInput{
		UserName: &names[0], PolicyName: aws.String("CordonDenyAll"), PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"s3:*","Resource":"*"}]}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	remove("temp.gone")
	remove("temp.again")
	create("temp.again")
	if ids["temp.again"] == old {
		t.Fatal("the new user has the old one's id")
	}
	sum := w.apply(p)
	reasons := map[string]string{}
	for _, m := range w.Told.told {
		if s, ok := m.(report.Step); ok && s.Step != "start" && s.Step != "done" {
			reasons[s.Target.ID] = s.Step + " " + s.Reason
		}
	}
	for id, want := range map[string]string{
		"temp.changed": "skipped changed", "temp.gone": "skipped gone", "temp.again": "skipped recreated", "temp.same": "verified ",
	} {
		if reasons[id] != want {
			t.Errorf("%s: %q, want %q", id, reasons[id], want)
		}
	}
	if sum.Verified != 1 || sum.Skipped != 3 {
		t.Errorf("the sum: %+v", sum)
	}
	left, err := api.ListUserPolicies(t.Context(), &iam.ListUserPoliciesInput{UserName: aws.String("temp.again")})
	if err != nil || len(left.PolicyNames) > 0 {
		t.Errorf("the re-created user has %v, %v", left, err)
	}
}

// guarded is what must be refused, whatever is marked.
type guarded struct {
	name   string
	caller Credential
	before func(w *world)
	marks  []string // by ARN or id
	never  string   // the id that no action may have
	reason string
}

func arnOf(what string) string { return "arn:aws:iam::" + truth.Account + ":" + what }

func TestGuardKeepsTheOwnerIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tri := w.triage()
	linked := ""
	for r := range tri.Snapshot.Of("iam.role") {
		if strings.Contains(r.ARN, "/aws-service-role/") {
			linked = r.ARN
		}
	}
	if linked == "" {
		t.Fatal("the account has no service-linked role")
	}
	leaked := truth.Intruders[slices.IndexFunc(truth.Intruders, func(c Credential) bool { return c.KeyID == truth.LeakedKey })]
	for _, g := range []guarded{
		{name: "the caller is the quarantined user", caller: leaked, never: "svc-deploy", reason: plan.OwnPrincipal},
		{name: "the caller's key", caller: leaked, never: leaked.KeyID, reason: plan.OwnKey},
		{name: "the caller himself, marked", marks: []string{arnOf("user/" + truth.Caller.Name)}, never: truth.Caller.Name, reason: plan.OwnPrincipal},
		{name: "the caller's key, marked", marks: []string{truth.Caller.KeyID}, never: truth.Caller.KeyID, reason: plan.OwnKey},
		{name: "the role the caller wears", caller: owners(t, "platform-operations/martin.keller"),
			before: func(w *world) { w.mayReadIAM("platform-operations") },
			marks:  []string{arnOf("role/platform-operations")}, never: "platform-operations", reason: plan.OwnPrincipal},
		{name: "a group the caller is in", marks: []string{arnOf("group/administrators")}, never: "administrators", reason: plan.OwnGroup},
		{name: "the break-glass role", marks: []string{truth.BreakGlass}, never: "emergency-access", reason: plan.IsBreakGlass},
		{name: "a service-linked role", marks: []string{linked}, never: linked[strings.LastIndex(linked, "/")+1:], reason: plan.ServiceLinked},
	} {
		t.Run(g.name, func(t *testing.T) {
			if g.before != nil {
				g.before(w)
			}
			for _, m := range g.marks {
				if _, err := engine.Mark(w.Case, m, "not-mine", "claire", "", night); err != nil {
					t.Fatal(err)
				}
			}
			who := truth.Caller
			if g.caller.KeyID != "" {
				who = g.caller
			}
			// Only what the case is about: the quarantine keeps its user from
			// reading some of the rest.
			p, err := w.as(who).PlanContain(t.Context(), engine.PlanOptions{Only: []string{g.never}})
			if err != nil && why(err) != "nothing-to-do" {
				t.Fatal(err)
			}
			g.check(t, p)
		})
	}
}

func (g guarded) check(t *testing.T, p plan.Plan) {
	t.Helper()
	for _, a := range p.Actions {
		if a.Target.ID == g.never {
			t.Errorf("the plan has %s on %s", a.Verb, a.Target.Ref)
		}
	}
	var reasons []string
	for _, r := range p.Refused {
		if r.Action.Target.ID == g.never {
			reasons = append(reasons, r.Reason)
		}
	}
	if len(reasons) == 0 || slices.ContainsFunc(reasons, func(r string) bool { return r != g.reason }) {
		t.Errorf("%s is refused for %q, want %s", g.never, reasons, g.reason)
	}
}

// mayReadIAM lets a role see the identities and no more: it is no administrator.
func (w *world) mayReadIAM(role string) {
	w.t.Helper()
	_, err := iam.NewFromConfig(w.rootIn("us-east-1")).PutRolePolicy(w.t.Context(), &iam.PutRolePolicyInput{
		RoleName: &role, PolicyName: aws.String("look"),
		PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["iam:Get*","iam:List*"],"Resource":"*"}]}`),
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// Somebody who is no administrator plans. Two administrators are left that
// nobody marked, and their group is marked: it is not denied, for with it
// nobody would be left.
func TestTheLastAdministratorsStay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Case.Protected = nil
	w.mayReadIAM("platform-operations")
	two := []string{"claire.moreau", "martin.keller"}
	tri := w.triage()
	for _, k := range []fact.Kind{"iam.user", "iam.role", "iam.group"} {
		for r := range tri.Snapshot.Of(k) {
			if fact.Admin.Or(r, "no") != "no" && !slices.Contains(two, r.ID) {
				markOff(t, w, r.ARN)
			}
		}
	}
	p, err := w.as(owners(t, "platform-operations/martin.keller")).PlanContain(t.Context(), engine.PlanOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Ward.Admins) != 2 {
		t.Fatalf("the administrators that are left: %q", p.Ward.Admins)
	}
	guarded{never: "administrators", reason: plan.LastAdmin}.check(t, p)
}

func markOff(t *testing.T, w *world, arn string) {
	t.Helper()
	if _, err := engine.Mark(w.Case, arn, "not-mine", "claire", "", night); err != nil {
		t.Fatal(err)
	}
}
