package engine_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"cordon/internal/awsapi"
	"cordon/internal/checks"
	"cordon/internal/engine"
	"cordon/internal/fact"
	"cordon/internal/finding"
	"cordon/internal/lab"
)

// rootIn is the lab account's root user in one region: who sets a test up.
func (w *world) rootIn(region string) aws.Config {
	id, secret := w.RootKey()
	return aws.Config{
		Region: region, RetryMaxAttempts: 1,
		HTTPClient:  &http.Client{Transport: lab.Transport(w.URL())},
		Credentials: credentials.NewStaticCredentialsProvider(id, secret, ""),
	}
}

// deny puts one more inline policy on the scenario's caller.
func (w *world) deny(name, action, condition string) {
	w.t.Helper()
	doc := `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"` + action + `","Resource":"*"` + condition + `}]}`
	_, err := iam.NewFromConfig(w.rootIn("us-east-1")).PutUserPolicy(w.t.Context(), &iam.PutUserPolicyInput{
		UserName: aws.String(truth.Caller.Name), PolicyName: aws.String(name), PolicyDocument: aws.String(doc),
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) set(change map[string]any) {
	w.t.Helper()
	if _, err := w.Settings(w.t.Context(), change); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) fault(f lab.Fault) {
	w.t.Helper()
	if err := w.AddFault(w.t.Context(), f); err != nil {
		w.t.Fatal(err)
	}
}

// closedToo is the setting that disables one more region.
func (w *world) closedToo(region string) {
	w.t.Helper()
	all, err := w.Settings(w.t.Context(), nil)
	if err != nil {
		w.t.Fatal(err)
	}
	shut, _ := all["disabled_regions"].([]any)
	w.set(map[string]any{"disabled_regions": append(shut, region)})
}

// look is a triage with options, of a session that may be narrowed.
func (w *world) look(o engine.TriageOptions, regions ...string) engine.Triage {
	w.t.Helper()
	t, err := w.narrowed(regions).Triage(w.t.Context(), o)
	if err != nil {
		w.t.Fatal(err)
	}
	return t
}

func (w *world) narrowed(regions []string) *engine.Session {
	w.t.Helper()
	s := w.session()
	if len(regions) > 0 {
		var err error
		s.Account, err = awsapi.Open(w.t.Context(), awsapi.Options{
			Regions: regions, HTTP: &http.Client{Transport: lab.Transport(w.URL())},
		})
		if err != nil {
			w.t.Fatal(err)
		}
	}
	return s
}

var known = engine.TriageOptions{SinceFrom: "flag"}

// since is what an owner who knows when it began would say.
func since() engine.TriageOptions {
	o := known
	o.Since = truth.Since
	return o
}

func reading(t engine.Triage, k fact.Kind, region string) (fact.Reading, bool) {
	i := slices.IndexFunc(t.Snapshot.Readings, func(r fact.Reading) bool { return r.Kind == k && r.Region == region })
	if i < 0 {
		return fact.Reading{}, false
	}
	return t.Snapshot.Readings[i], true
}

func outcomes(t engine.Triage) map[string]finding.Outcome {
	out := map[string]finding.Outcome{}
	for _, f := range t.Findings {
		out[f.Check] = f.Outcome
	}
	return out
}

// neverClear fails if a check that needs one of the kinds says clear.
func neverClear(t *testing.T, tri engine.Triage, kinds ...fact.Kind) {
	t.Helper()
	said := outcomes(tri)
	for _, c := range checks.All() {
		for _, k := range kinds {
			if slices.Contains(c.Needs, k) && said[c.ID] == finding.Clear {
				t.Errorf("%s says clear, but %s was not seen", c.ID, k)
			}
		}
	}
}

func TestOneDeniedOneUnreachableOneDisabled(t *testing.T) {
	w := newWorld(t)
	w.deny("no-snapshots", "ec2:DescribeSnapshots", `,"Condition":{"StringEquals":{"aws:RequestedRegion":"eu-west-3"}}`)
	w.set(map[string]any{"unreachable_regions": []string{"us-west-1"}})
	w.closedToo("ca-central-1")
	began := time.Now()
	tri := w.look(since())
	took := time.Since(began)
	t.Logf("%s, %d retries, calls %v", took.Round(time.Millisecond), tri.Summary.Retries, tri.Summary.Calls)
	if took > 30*time.Second {
		t.Errorf("one unreachable region made the triage last %s", took)
	}

	denied, _ := reading(tri, "ec2.snapshot", "eu-west-3")
	if denied.State != fact.Denied || denied.Permission != "ec2:DescribeSnapshots" {
		t.Errorf("the denied listing: %+v", denied)
	}
	if r, _ := reading(tri, "ec2.volume", "eu-west-3"); r.State != fact.Read {
		t.Errorf("what is not denied in that region: %+v", r)
	}
	for _, k := range []fact.Kind{"ec2.instance", "lambda.function", "guardduty.detector", "cloudtrail.trail", checks.History} {
		if r, _ := reading(tri, k, "us-west-1"); r.State != fact.Failed || r.Why == "" {
			t.Errorf("%s in the unreachable region: %+v", k, r)
		}
		if r, _ := reading(tri, k, "ca-central-1"); r.State != fact.Closed || r.Why == "" {
			t.Errorf("%s in the disabled region: %+v", k, r)
		}
	}
	neverClear(t, tri, "ec2.snapshot", "ec2.instance", "lambda.function", "guardduty.detector", "cloudtrail.trail", checks.History)
	for _, f := range tri.Findings {
		if f.Check != "public-snapshot" {
			continue
		}
		var named []string
		for _, g := range f.Gaps {
			named = append(named, g.Region+" "+string(g.State)+" "+g.Permission)
		}
		for _, want := range []string{"eu-west-3 denied ec2:DescribeSnapshots", "us-west-1 failed ", "ca-central-1 closed "} {
			if f.Outcome != finding.Unknown || !slices.Contains(named, want) {
				t.Errorf("public-snapshot is %s with the gaps %q: want unknown, and %q among them", f.Outcome, named, want)
			}
		}
	}
}

// paged are the calls that AWS answers in pages, and the kinds that need them.
var paged = map[string][]fact.Kind{
	"iam GetAccountAuthorizationDetails": {"iam.user", "iam.group", "iam.role", "iam.policy"},
	"iam ListUsers":                      {"iam.access-key", "iam.login-profile", "iam.mfa-device", "iam.ssh-key", "iam.signing-certificate"},
	"iam ListVirtualMFADevices":          {"iam.mfa-device"},
	"ec2 DescribeInstances":              {"ec2.instance"},
	"ec2 DescribeSecurityGroups":         {"ec2.security-group"},
	"ec2 DescribeVolumes":                {"ec2.volume"},
	"ec2 DescribeSnapshots":              {"ec2.snapshot"},
	"ec2 DescribeImages":                 {"ec2.image"},
	"lambda ListFunctions":               {"lambda.function"},
	"cloudtrail LookupEvents":            {checks.History},
	"account ListRegions":                nil,
}

// A listing that breaks at its second page is an error, not a shorter list.
// The first page of each place is answered, every later one refused.
func TestAListCutAtPageTwoIsAnError(t *testing.T) {
	for call, kinds := range paged {
		service, op, _ := strings.Cut(call, " ")
		t.Run(op, func(t *testing.T) {
			w := newWorld(t)
			w.set(map[string]any{"page_size": 1})
			region := "eu-west-1"
			if service == "iam" || service == "account" {
				region = "us-east-1"
			}
			w.fault(lab.Fault{Match: map[string]string{"service": service, "op": op, "region": region}, Skip: 1, Code: "AccessDenied", Status: 403})
			s := w.session()
			if op != "LookupEvents" { // one call per page would be thousands
				w.set(map[string]any{"page_size": 1})
			}
			tri, err := s.Triage(t.Context(), since())
			if err != nil {
				t.Fatal(err)
			}
			for _, k := range kinds {
				at := region
				if service == "iam" {
					at = fact.Global
				}
				r, there := reading(tri, k, at)
				if !there || r.OK() {
					t.Errorf("%s: %+v: want an error", k, r)
				}
				neverClear(t, tri, k)
			}
			if op == "ListRegions" && tri.Summary.Regions != 17 {
				t.Errorf("%d regions after the list broke off", tri.Summary.Regions)
			}
		})
	}
}
