package permit_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"cordon/internal/awsapi"
	"cordon/internal/fact"
	"cordon/internal/kinds"
	"cordon/internal/permit"
	"cordon/internal/plan"
)

var update = flag.Bool("update", false, "write deploy")

func set(t *testing.T, name string) permit.Set {
	t.Helper()
	grants, err := permit.For(name)
	if err != nil {
		t.Fatal(err)
	}
	return permit.NewSet("cordon-"+name, grants)
}

func actions(grants []permit.Grant) (all []string) {
	for _, g := range grants {
		all = append(all, g.Action)
	}
	return all
}

// perRole is how many managed policies IAM attaches to one role by default.
const perRole = 10

var action = regexp.MustCompile(`^[a-z0-9-]+:[A-Za-z0-9]+$`)

func TestPoliciesAreWhatIAMTakes(t *testing.T) {
	for _, name := range permit.Names {
		s := set(t, name)
		t.Logf("%s: %d actions, %d policies", name, len(s.Grants), len(s.Policies))
		if len(s.Policies) > perRole {
			t.Errorf("%s takes %d policies; a role has room for %d", name, len(s.Policies), perRole)
		}
		var split []string
		for _, p := range s.Policies {
			compact, err := json.Marshal(p.Document)
			if err != nil || len(compact) != p.Size || p.Size > permit.MostChars {
				t.Errorf("%s has %d characters, says %d, IAM takes %d (%v)", p.Name, len(compact), p.Size, permit.MostChars, err)
			}
			sids := map[string]bool{}
			for _, st := range p.Document.Statement {
				if sids[st.Sid] || st.Effect != "Allow" || len(st.Resource) == 0 {
					t.Errorf("%s: statement %+v", p.Name, st)
				}
				sids[st.Sid] = true
				split = append(split, st.Action...)
			}
		}
		slices.Sort(split)
		if !slices.Equal(split, actions(s.Grants)) {
			t.Errorf("%s: what is split is not what is needed", name)
		}
		for _, a := range split {
			if !action.MatchString(a) { // a wildcard among them
				t.Errorf("%s allows %q", name, a)
			}
		}
	}
	if _, err := permit.For("everything"); err == nil {
		t.Error("a policy that is not there was made")
	}
}

// reads are actions of listings that do not sound like it.
var reads = []string{"iam:GenerateCredentialReport", "iam:SimulatePrincipalPolicy", "apigateway:GET", "logs:FilterLogEvents"}

func TestTriageLooksOnly(t *testing.T) {
	look := regexp.MustCompile(`^[a-z0-9-]+:(Describe|Get|List|Lookup|BatchGet|Search)`)
	for _, a := range actions(set(t, "triage").Grants) {
		if !look.MatchString(a) && !slices.Contains(reads, a) {
			t.Errorf("triage allows %s", a)
		}
	}
}

func TestEachPartHasItsVerbs(t *testing.T) {
	triage, responder := actions(set(t, "triage").Grants), actions(set(t, "responder").Grants)
	for _, name := range permit.Names {
		for _, a := range actions(set(t, name).Grants) {
			if !slices.Contains(responder, a) {
				t.Errorf("%s has %s, the responder has not", name, a)
			}
		}
	}
	breakglass := actions(set(t, "breakglass").Grants)
	for _, k := range slices.Concat(kinds.All(), kinds.Apart()) {
		needs := k.Needs()
		for _, v := range k.Verbs() {
			needs = slices.Concat(needs, v.Needs)
		}
		for _, a := range awsapi.Actions(needs) {
			if !slices.Contains(responder, a) {
				t.Errorf("%s needs %s, the responder has not got it", k.Name(), a)
			}
		}
	}
	for _, k := range kinds.Apart() {
		for _, v := range k.Verbs() {
			for _, a := range awsapi.Actions(v.Needs) {
				if !slices.Contains(breakglass, a) {
					t.Errorf("%s %s needs %s, the break-glass role has not got it", k.Name(), v.Name, a)
				}
			}
		}
	}
	// What no triage lists, the part that is given beside one has to list itself.
	for name, all := range map[string][]string{
		"account": {"account:GetAlternateContact", "account:GetContactInformation", "account:PutContactInformation", "account:DeleteAlternateContact"},
		"support": {"support:DescribeCases", "support:DescribeSeverityLevels", "support:CreateCase", "support:ResolveCase"},
	} {
		for _, a := range all {
			if !slices.Contains(actions(set(t, name).Grants), a) {
				t.Errorf("%s does not allow %s", name, a)
			}
		}
	}
	for name, never := range map[string][]string{
		"contain":  {"iam:DeleteUser", "ec2:TerminateInstances", "s3:DeleteBucket"},
		"preserve": {"ec2:DeleteSnapshot", "iam:PutUserPolicy"},
		"triage":   {"iam:PutUserPolicy", "secretsmanager:GetSecretValue"},
		"rotate":   {"secretsmanager:GetSecretValue", "iam:DeleteUser", "iam:UpdateLoginProfile", "iam:PutUserPolicy"},
		"recover":  {"iam:CreateAccessKey", "iam:DeleteUser", "iam:PutUserPolicy"},
		"account":  {"account:EnableRegion", "account:StartPrimaryEmailUpdate", "iam:CreateAccessKey"},
		"support":  {"support:DescribeCommunications", "iam:CreateAccessKey"},
		"bill":     {"ce:CreateAnomalyMonitor", "budgets:ModifyBudget", "iam:CreateAccessKey"},
	} {
		for _, a := range actions(set(t, name).Grants) {
			if slices.Contains(never, a) {
				t.Errorf("%s allows %s", name, a)
			}
		}
	}
	for name, must := range map[string]string{
		"contain": "iam:PutUserPolicy", "harden": "s3:CreateBucket", "preserve": "ec2:CreateSnapshots", "eradicate": "iam:DeleteUser", "triage": "imagebuilder:ListImagePipelines",
		"rotate": "secretsmanager:CreateSecret", "recover": "iam:UpdateLoginProfile", "account": "account:PutAlternateContact", "bill": "ce:GetCostAndUsage",
	} {
		if !slices.Contains(actions(set(t, name).Grants), must) {
			t.Errorf("%s does not allow %s", name, must)
		}
	}
	if slices.Contains(actions(set(t, "eradicate").Grants), triage[0]) {
		t.Errorf("eradicate repeats %s of triage", triage[0])
	}
}

// Cloud Control calls the service with the caller's rights.
func TestCloudControlNeedsTheServiceToo(t *testing.T) {
	all := actions(set(t, "responder").Grants)
	for _, a := range []string{"cloudformation:DeleteResource", "imagebuilder:DeleteImagePipeline", "codepipeline:DeletePipeline"} {
		if !slices.Contains(all, a) {
			t.Errorf("%s is missing", a)
		}
	}
}

func place(region string) fact.Place { return fact.Place{Account: "111122223333", Region: region} }

func TestAPlanIsNarrowedToItsTargets(t *testing.T) {
	key := fact.Resource{Ref: fact.Ref{Kind: "iam.access-key", Place: place(fact.Global), ID: "AKIA1"}}
	fact.Owner.Set(&key, "bob")
	stranger := key
	stranger.ID = "AKIA2"
	stranger.Facts = nil
	fact.Owner.Set(&stranger, "eve")
	machine := fact.Resource{Ref: fact.Ref{Kind: "ec2.instance", Place: place("eu-west-1"), ID: "i-1"}, ARN: "arn:aws:ec2:eu-west-1:111122223333:instance/i-1"}
	odd := machine
	odd.ID, odd.ARN = "i-2", "arn:aws:ec2:eu-west-1:111122223333:instance/*"
	p := plan.Plan{
		Partition: "aws", Caller: plan.Principal{ARN: "arn:aws:iam::111122223333:user/ops/claire"},
		Ward: plan.Ward{Chain: []plan.Keeper{{ARN: "arn:aws:iam::111122223333:user/ops/claire"}}},
		Actions: []plan.Action{
			plan.Act(key, "deactivate", plan.Disruptive), plan.Act(stranger, "deactivate", plan.Disruptive), plan.Act(machine, "stop", plan.Disruptive),
			plan.Act(fact.Resource{Ref: fact.Ref{Kind: "iam.root"}}, "enable-root-mfa", plan.Person),
		},
	}
	grants, _ := permit.Plan(p, func(k fact.Kind, id string) string {
		if k == "iam.user" && id == "bob" {
			return "arn:aws:iam::111122223333:user/staff/bob"
		}
		return ""
	})
	got := map[string]string{}
	for _, g := range permit.NewSet("x", grants).Grants {
		got[g.Action] = strings.Join(g.On, " ")
	}
	for action, on := range map[string]string{
		"iam:UpdateAccessKey":   "arn:aws:iam::111122223333:user/*/eve arn:aws:iam::111122223333:user/eve arn:aws:iam::111122223333:user/staff/bob",
		"iam:ListGroupsForUser": "arn:aws:iam::111122223333:user/ops/claire",
		"ec2:StopInstances":     "arn:aws:ec2:eu-west-1:111122223333:instance/i-1",
		"ec2:DescribeInstances": "",
	} {
		if have, there := got[action]; !there || have != on {
			t.Errorf("%s on %q, want %q (there: %t)", action, have, on, there)
		}
	}
	for _, never := range []string{"ec2:StartInstances", "iam:ListUsers", "ec2:GetConsoleOutput", "ec2:TerminateInstances"} {
		if _, there := got[never]; there {
			t.Errorf("the plan does not need %s", never)
		}
	}
	if on := permit.On("ec2:StopInstances", odd, "aws", nil); on != nil {
		t.Errorf("a name with a wildcard in it widens the policy: %v", on)
	}
}

// A plan that makes a key has what storing it takes, in the one place that it names.
func TestAPlanHasTheCallsOfItsSinks(t *testing.T) {
	key := fact.Resource{Ref: fact.Ref{Kind: "iam.access-key", Place: place(fact.Global), ID: "AKIA1"}}
	fact.Owner.Set(&key, "bob")
	secret := "arn:aws-cn:secretsmanager:cn-north-1:111122223333:secret:shop/mailer"
	for to, want := range map[string]map[string]string{
		"secretsmanager:shop/mailer@cn-north-1": {
			"secretsmanager:DescribeSecret": "", "secretsmanager:CreateSecret": secret + " " + secret + "-??????",
			"secretsmanager:PutSecretValue": secret + " " + secret + "-??????", "secretsmanager:TagResource": secret + " " + secret + "-??????",
		},
		"ssm:/shop/mailer@cn-north-1": {"ssm:DescribeParameters": "", "ssm:PutParameter": "arn:aws-cn:ssm:cn-north-1:111122223333:parameter/shop/mailer"},
		"ssm:mailer":                  {"ssm:DescribeParameters": "", "ssm:PutParameter": "arn:aws-cn:ssm:*:111122223333:parameter/mailer"},
		"file:/tmp/mailer":            {},
		"":                            {},
	} {
		a := plan.Act(key, "add-key", plan.Reversible)
		a.Sink = to
		stored := func(a plan.Action) map[string]string {
			grants, _ := permit.Plan(plan.Plan{Partition: "aws-cn", Account: "111122223333", Actions: []plan.Action{a}}, nil)
			got := map[string]string{}
			for _, g := range permit.NewSet("x", grants).Grants {
				if service, _, _ := strings.Cut(g.Action, ":"); service == "secretsmanager" || service == "ssm" {
					got[g.Action] = strings.Join(g.On, " ")
				}
			}
			return got
		}
		if got := stored(a); !maps.Equal(got, want) {
			t.Errorf("%q: %v, want %v", to, got, want)
		}
		a.Undoes = &plan.Undoes{}
		if got := stored(a); len(got) > 0 {
			t.Errorf("%q, undone: %v", to, got)
		}
	}
}

// Of what goes with a whole the policy has what tells whether it is kept, and
// nothing that changes it.
func TestPartsAreOnlyLookedAt(t *testing.T) {
	stack := fact.Resource{Ref: fact.Ref{Kind: "cloudformation.stack", Place: place("eu-west-1"), ID: "s"}}
	table := fact.Resource{Ref: fact.Ref{Kind: "dynamodb.table", Place: place("eu-west-1"), ID: "t"}, ARN: "arn:aws:dynamodb:eu-west-1:111122223333:table/t"}
	a := plan.Act(stack, "delete", plan.Permanent)
	a.Parts = []fact.Resource{table}
	grants, _ := permit.Plan(plan.Plan{Partition: "aws", Actions: []plan.Action{a}}, func(fact.Kind, string) string { return "" })
	got := actions(grants)
	if !slices.Contains(got, "dynamodb:ListBackups") || !slices.Contains(got, "cloudformation:DeleteStack") {
		t.Errorf("what is needed lacks in %q", got)
	}
	for _, g := range grants {
		if strings.HasPrefix(g.Action, "dynamodb:") && (g.Writes || g.Action == "dynamodb:DeleteTable") {
			t.Errorf("the table is only looked at, and %s is allowed", g.Action)
		}
	}
}

// A plan about very many targets is cut into policies too.
func TestManyTargetsAreSplit(t *testing.T) {
	var grants []permit.Grant
	for i := range 400 {
		grants = append(grants, permit.Grant{Action: "ec2:StopInstances", Writes: true, On: []string{fmt.Sprintf("arn:aws:ec2:eu-west-1:111122223333:instance/i-%017d", i)}})
	}
	seen := 0
	for _, p := range permit.NewSet("x", grants).Policies {
		if p.Size > permit.MostChars {
			t.Errorf("%s has %d characters", p.Name, p.Size)
		}
		for _, st := range p.Document.Statement {
			seen += len(st.Resource)
		}
	}
	if seen != 400 {
		t.Errorf("%d of 400 targets are in the policies", seen)
	}
}

// The templates in deploy are what the code declares, and CloudFormation takes
// 51,200 bytes of one as an argument.
func TestDeployIsCurrent(t *testing.T) {
	s := set(t, "breakglass")
	yaml, err := permit.Render("breakglass", "cloudformation", s.Policies)
	if err != nil {
		t.Fatal(err)
	}
	tf, err := permit.Render("breakglass", "terraform", s.Policies)
	if err != nil {
		t.Fatal(err)
	}
	if len(yaml) > 51200 {
		t.Errorf("the CloudFormation template has %d bytes", len(yaml))
	}
	for name, text := range map[string][]byte{"breakglass.yaml": yaml, "breakglass.tf": tf} {
		path := filepath.Join("..", "..", "deploy", name)
		if *update {
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, text, 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		have, err := os.ReadFile(path)
		if err != nil || string(have) != string(text) {
			t.Errorf("deploy/%s is not what the code declares; run: go test ./internal/permit -update (%v)", name, err)
		}
	}
}

func TestTerraformKeepsTemplatesApart(t *testing.T) {
	s := permit.NewSet("x", []permit.Grant{{Action: "s3:GetBucketAcl", On: []string{"arn:aws:s3:::${aws:username}"}}})
	text, err := permit.Render("x", "terraform", s.Policies)
	if err != nil || !strings.Contains(string(text), `"arn:aws:s3:::$${aws:username}"`) {
		t.Errorf("%s %v", text, err)
	}
	if strings.Count(string(text), "{") != strings.Count(string(text), "}") {
		t.Errorf("braces: %s", text)
	}
	if _, err := permit.Render("x", "xml", s.Policies); err == nil {
		t.Error("a format that is not there was written")
	}
}
