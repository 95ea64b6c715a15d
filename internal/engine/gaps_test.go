package engine_test

import (
	"context"
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
	"cordon/internal/incident"
	"cordon/internal/kind"
	"cordon/internal/kinds"
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
			Profile: truth.Caller.KeyID, Regions: regions, HTTP: &http.Client{Transport: lab.Transport(w.URL())},
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
	t.Parallel()
	w := newWorld(t)
	w.deny("no-snapshots", "ec2:DescribeSnapshots", `,"Condition":{"StringEquals":{"aws:RequestedRegion":"eu-west-3"}}`)
	w.set(map[string]any{"unreachable_regions": []string{"us-west-1"}})
	w.closedToo("ca-central-1")
	s, asked := w.counted("us-west-1")
	tri, err := s.Triage(t.Context(), since())
	if err != nil {
		t.Fatal(err)
	}
	lookups := asked.attempts["LookupEvents"]
	t.Logf("%d retries, attempts in us-west-1 %v", tri.Summary.Retries, asked.attempts)
	// A listing there ends once the region counts as silent, the history is asked later.
	if len(lookups) < 2 || lookups[0] == 0 || slices.Max(lookups[1:]) > 0 {
		t.Errorf("calls to the history of a silent region, by attempt: %v", lookups)
	}
	listings := -slices.Max(append(lookups, 0))
	for _, byAttempt := range asked.attempts {
		listings += byAttempt[0]
	}
	if tri.Summary.Retries > 5*listings {
		t.Errorf("%d retries for %d listings", tri.Summary.Retries, listings)
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

// paged are the calls that AWS answers in pages, and a kind that needs them.
var paged = []struct {
	service, op string
	kind        fact.Kind
}{
	{"iam", "GetAccountAuthorizationDetails", "iam.role"},
	{"iam", "ListUsers", "iam.access-key"},
	{"iam", "ListVirtualMFADevices", "iam.mfa-device"},
	{"ec2", "DescribeSecurityGroups", "ec2.security-group"},
	{"ec2", "DescribeVolumes", "ec2.volume"},
	{"ec2", "DescribeSnapshots", "ec2.snapshot"},
	{"ec2", "DescribeImages", "ec2.image"},
	{"lambda", "ListFunctions", "lambda.function"},
	{"cloudtrail", "LookupEvents", checks.History},
}

// Every paged listing breaks at its second page, by a refusal, in one region.
// It must say so, and not show the first page as all there is.
func TestAListCutAtPageTwoIsAnError(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.set(map[string]any{"page_size": 1})
	for _, p := range paged {
		t.Run(p.op, func(t *testing.T) {
			region, place := "eu-west-1", "eu-west-1"
			s := w.session()
			s.Kinds = only(t, p.kind)
			switch p.service {
			case "iam":
				region, place = "us-east-1", fact.Global
			case "cloudtrail":
				s.Kinds = only(t, "iam.user", "iam.access-key") // where the seeds are
				w.set(map[string]any{"page_size": 20})
			}
			w.fault(lab.Fault{
				Match: map[string]string{"service": p.service, "op": p.op, "region": region}, Skip: 1, Code: "AccessDenied", Status: 403,
			})
			defer func() { _ = w.ClearFaults(t.Context()) }()
			tri, err := s.Triage(t.Context(), since())
			if err != nil {
				t.Fatal(err)
			}
			r, there := reading(tri, p.kind, place)
			if !there || r.State != fact.Denied || r.Permission != p.service+":"+p.op {
				t.Errorf("%s: %+v: want denied, with the permission", p.kind, r)
			}
			neverClear(t, tri, p.kind)
		})
	}
}

func only(t *testing.T, names ...fact.Kind) (out []kind.Kind) {
	t.Helper()
	for _, k := range kinds.All() {
		if slices.Contains(names, k.Name()) {
			out = append(out, k)
		}
	}
	if want := slices.DeleteFunc(slices.Clone(names), func(k fact.Kind) bool { return k == checks.History }); len(out) != len(want) {
		t.Fatalf("there are not all of %v", names)
	}
	return out
}

// historyOnly are kinds enough to have seeds: what is asked of the history
// does not depend on the others.
var historyOnly = []fact.Kind{"iam.user", "iam.access-key", "iam.root", "iam.policy"}

func TestHistoryThatCannotBeRead(t *testing.T) {
	t.Parallel()
	begins := truth.Since
	for _, c := range []struct {
		name    string
		arrange func(w *world)
		since   time.Time
		want    map[string]fact.State // by region: the reading of the history
		says    string                // in the reading, or ""
	}{
		{"denied in one region", func(w *world) {
			w.deny("no-history", "cloudtrail:LookupEvents", `,"Condition":{"StringEquals":{"aws:RequestedRegion":"sa-east-1"}}`)
		}, begins, map[string]fact.State{"sa-east-1": fact.Denied, "us-east-1": fact.Read}, "LookupEvents"},
		{"denied everywhere", func(w *world) {
			w.deny("no-history", "cloudtrail:LookupEvents", "")
		}, begins, map[string]fact.State{"sa-east-1": fact.Denied, "us-east-1": fact.Denied}, "LookupEvents"},
		{"denied everywhere, window unknown", func(w *world) {
			w.deny("no-history", "cloudtrail:LookupEvents", "")
		}, time.Time{}, map[string]fact.State{"us-east-1": fact.Denied, fact.Global: fact.Failed}, ""},
		{"broken midway in one region", func(w *world) {
			w.fault(lab.Fault{
				Match: map[string]string{"service": "cloudtrail", "op": "LookupEvents", "region": "sa-east-1"},
				Skip:  3, Code: "InvalidNextTokenException", Status: 400,
			})
		}, begins, map[string]fact.State{"sa-east-1": fact.Failed, "us-east-1": fact.Read}, "InvalidNextToken"},
		{"began before the history does", func(*world) {}, begins.AddDate(0, 0, -100),
			map[string]fact.State{"us-east-1": fact.Read, fact.Global: fact.Failed}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			c.arrange(w)
			s := w.session()
			s.Kinds = only(t, historyOnly...)
			tri, err := s.Triage(t.Context(), engine.TriageOptions{Since: c.since})
			if err != nil {
				t.Fatal(err)
			}
			for region, want := range c.want {
				r, there := reading(tri, checks.History, region)
				if !there || r.State != want || want != fact.Read && r.Why == "" {
					t.Errorf("%s: %+v, want %s", region, r, want)
				}
				if want == fact.Denied && r.Permission != "cloudtrail:LookupEvents" {
					t.Errorf("%s: the permission is %q", region, r.Permission)
				}
				if want != fact.Read && !strings.Contains(r.Why+r.Permission, c.says) {
					t.Errorf("%s: %q does not say %q", region, r.Why, c.says)
				}
			}
			neverClear(t, tri, checks.History)
			if n := tri.Summary.Calls["cloudtrail"]; c.want["us-east-1"] == fact.Denied && n > 2*tri.Summary.Regions {
				t.Errorf("%d calls to a history that is denied in each of %d regions", n, tri.Summary.Regions)
			}
			if c.since.IsZero() {
				for _, id := range []string{"root-used-since", "policy-since", "key-used-since", "identity-since", "credential-since"} {
					if said := outcomes(tri)[id]; said != finding.Unknown {
						t.Errorf("%s says %s, and nobody knows when it began", id, said)
					}
				}
			}
		})
	}
}

// An account in which nothing points at anybody: the history was not asked, so
// nothing is clear about it.
func TestWithoutSuspectsTheHistoryIsUnknown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := iam.NewFromConfig(w.rootIn("us-east-1")).DetachUserPolicy(t.Context(), &iam.DetachUserPolicyInput{
		UserName: aws.String("svc-deploy"), PolicyArn: aws.String("arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantineV3"),
	})
	if err != nil {
		t.Fatal(err)
	}
	tri := w.look(since())
	said := outcomes(tri)
	if said["quarantine-marker"] != finding.Clear || tri.Summary.Suspects != 0 {
		t.Fatalf("there are suspects: %d, marker %s", tri.Summary.Suspects, said["quarantine-marker"])
	}
	for _, c := range checks.All() {
		if slices.Contains(c.Needs, checks.History) && said[c.ID] != finding.Unknown {
			t.Errorf("%s says %s", c.ID, said[c.ID])
		}
	}

	// AWS's letter names the key: that is where to begin.
	w.Case.Notice = &incident.Notice{Key: truth.LeakedKey}
	tri = w.look(since())
	if tri.Summary.Suspects < 10 || outcomes(tri)["suspect-credential"] != finding.Found {
		t.Errorf("the key that the notice names led to %d suspects", tri.Summary.Suspects)
	}
}

func TestNarrowedIsSkippedAndUnknown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tri := w.look(since(), "eu-west-1")
	if !tri.Header.Narrowed || !slices.Equal(tri.Header.Regions, []string{"eu-west-1"}) {
		t.Errorf("the banner: %+v", tri.Header)
	}
	for _, k := range []fact.Kind{"ec2.instance", "lambda.function", "cloudtrail.trail", checks.History} {
		if r, _ := reading(tri, k, "us-east-1"); r.State != fact.Skipped || r.Why == "" {
			t.Errorf("%s: %+v", k, r)
		}
		if r, _ := reading(tri, k, "eu-west-1"); r.State != fact.Read {
			t.Errorf("%s: %+v", k, r)
		}
	}
	neverClear(t, tri, "ec2.instance", "ec2.snapshot", "ec2.image", "lambda.function", "cloudtrail.trail", "guardduty.detector", checks.History)

	// To nothing but a region that is disabled: no region's history can be asked.
	tri = w.look(since(), "me-south-1")
	if r, _ := reading(tri, checks.History, "me-south-1"); r.State != fact.Closed {
		t.Errorf("the history of a disabled region: %+v", r)
	}
	neverClear(t, tri, "ec2.instance", checks.History)
}

func TestRegionsThatAWSDoesNotTell(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.deny("no-list", "account:ListRegions", "")
	tri := w.look(since())
	if _, there := reading(tri, "ec2.instance", "elsewhere"); there || tri.Summary.Regions != 17 {
		t.Errorf("ec2:DescribeRegions tells all: %d regions", tri.Summary.Regions)
	}
	w.deny("no-regions", "ec2:DescribeRegions", "")
	tri = w.look(since())
	for _, k := range []fact.Kind{"ec2.instance", "lambda.layer", checks.History} {
		r, there := reading(tri, k, "elsewhere")
		if !there || r.State != fact.Denied || r.Permission != "account:ListRegions" {
			t.Errorf("%s: %+v: want a gap for what the built-in list may lack", k, r)
		}
	}
	if _, there := reading(tri, "iam.user", "elsewhere"); there {
		t.Error("a global kind is in no region")
	}
	neverClear(t, tri, "ec2.instance", "lambda.layer", checks.History)
}

// A kind that breaks on an answer costs its own reading and nothing else.
func TestAPanicIsAReading(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.session()
	s.Kinds = append(only(t, "iam.user"), kind.Of(kind.Spec[struct{}, struct{}]{
		Name: "ec2.key-pair", Needs: []string{"ec2:DescribeKeyPairs"},
		Reader: func(aws.Config) struct{} { return struct{}{} },
		List: func(_ context.Context, _ struct{}, _ fact.Place, put func(fact.Resource)) error {
			put(fact.Resource{Ref: fact.Ref{Kind: "ec2.key-pair", ID: "key-1"}})
			var half *iam.GetUserOutput
			_ = half.User
			return nil
		},
	}))
	tri, err := s.Triage(t.Context(), since())
	if err != nil {
		t.Fatal(err)
	}
	if r, _ := reading(tri, "ec2.key-pair", "eu-west-1"); r.State != fact.Failed || !strings.Contains(r.Why, "internal error") {
		t.Errorf("the reading: %+v", r)
	}
	if r, _ := reading(tri, "iam.user", fact.Global); r.State != fact.Read {
		t.Errorf("the others: %+v", r)
	}
}

// The calls of one triage, by service, with some room: one per resource or user does
// not fit. The organisation is asked once, if somebody came by a role that was opened.
var budget = map[string]int{"account": 1, "organizations": 1, "sts": 1, "iam": 100, "cloudtrail": 400, "ec2": 180, "lambda": 110, "guardduty": 40}

func TestTriageKeepsToItsCalls(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.session()
	tri, err := s.Triage(t.Context(), since())
	if err != nil {
		t.Fatal(err)
	}
	for service, n := range tri.Summary.Calls {
		if n > budget[service] {
			t.Errorf("%s: %d calls, the budget is %d: %v", service, n, budget[service], s.Account.CallsByOp())
		}
	}
	if tri.Summary.Retries > 0 {
		t.Errorf("%d retries", tri.Summary.Retries)
	}
	t.Logf("calls %v", tri.Summary.Calls)
}
