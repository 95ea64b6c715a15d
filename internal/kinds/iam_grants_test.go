package kinds

import (
	"context"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"cordon/internal/awsapi"
	"cordon/internal/fact"
	"cordon/internal/kind"
	"cordon/internal/kind/kindtest"
	"cordon/internal/policy"
)

// withGranted lists as the engine does that noted what the intruder granted.
func withGranted[R, W any](s kind.Spec[R, W], rights ...string) kind.Spec[R, W] {
	list := s.List
	s.List = func(ctx context.Context, api R, at fact.Place, put func(fact.Resource)) error {
		return list(ctx, api, at, func(r fact.Resource) {
			fact.Granted.Set(&r, rights)
			put(r)
		})
	}
	return s
}

// wasBefore is a case's Before of one verb.
func wasBefore(verb, value string) map[string]func(*testing.T, world, string) string {
	return map[string]func(*testing.T, world, string) string{verb: func(*testing.T, world, string) string { return value }}
}

func quoted(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

// A denial that contains is no part of what is restored: neither taken away
// nor put back.
func TestIAMRestoringRightsKeepsTheDenials(t *testing.T) {
	t.Parallel()
	w := kindtest.NewWorld(t)
	a := open(t, w)
	name := a.user("ann")
	a.inlineUser(name, denyAllName, denyEverything("C-1"))
	a.inlineUser(name, "wide", allowS3)
	for _, arn := range []string{admin, "arn:aws:iam::aws:policy/AWSDenyAll"} {
		must[*iam.AttachUserPolicyOutput](t)(a.AttachUserPolicy(a.ctx, &iam.AttachUserPolicyInput{UserName: &name, PolicyArn: &arn}))
	}
	r := listAll(t, w)["iam.user"][name]
	want := `{"inline":{"wide":` + quoted(allowS3) + `},"attached":["` + admin + `"]}`
	if got := fact.Aspects.Or(r, nil)["policies"]; got != want {
		t.Errorf("aspect %s; want %s", got, want)
	}
	fact.Before.Set(&r, map[string]string{"policies": ""})
	v, _ := user.Verb("restore-policies")
	cfg, job := w.Config(fact.Global), kind.Job{Resource: r, Case: "C-1"}
	was := must[json.RawMessage](t)(v.Prior(t.Context(), cfg, r))
	if err := v.Do(t.Context(), cfg, job, was); err != nil {
		t.Fatal(err)
	}
	left := listAll(t, w)["iam.user"][name]
	wantFact(t, left, fact.Inline, []fact.Document{{Name: denyAllName, Body: denyEverything("C-1")}})
	wantFact(t, left, fact.Attached, []fact.Document{{Name: "AWSDenyAll", ARN: "arn:aws:iam::aws:policy/AWSDenyAll"}})
}

// An intruder who empties the denial and keeps its name has given a right.
func TestIAMARightUnderADenialsNameIsARight(t *testing.T) {
	g := grantsOf(map[string]string{denyAllName: allowS3, revokeRoleName: denyOlder(testTime)}, []string{"arn:aws:iam::1:policy/AWSDenyAll"}, nil, "")
	if want := (map[string]string{denyAllName: allowS3}); !reflect.DeepEqual(g.Inline, want) || len(g.Attached) != 1 {
		t.Errorf("%+v", g)
	}
}

// A policy that somebody still has loses none of its versions.
func TestIAMAnAttachedPolicyStaysWhole(t *testing.T) {
	t.Parallel()
	w := kindtest.NewWorld(t)
	a := open(t, w)
	arn := a.policy("mine", allowS3)
	must[*iam.CreatePolicyVersionOutput](t)(a.CreatePolicyVersion(a.ctx, &iam.CreatePolicyVersionInput{PolicyArn: &arn, PolicyDocument: aws.String(denyEverything("C-1"))}))
	must[*iam.AttachUserPolicyOutput](t)(a.AttachUserPolicy(a.ctx, &iam.AttachUserPolicyInput{UserName: aws.String(a.user("ann")), PolicyArn: &arn}))
	v, _ := managedPolicy.Verb("delete")
	r := listAll(t, w)["iam.policy"][arn]
	err := v.Do(t.Context(), w.Config(fact.Global), kind.Job{Resource: r}, nil)
	if awsapi.Classify(err) != awsapi.InUse {
		t.Errorf("%v", err)
	}
	if versions := fact.Versions.Or(listAll(t, w)["iam.policy"][arn], nil); len(versions) != 2 {
		t.Errorf("%d versions are left", len(versions))
	}
}

// A user's removal that was cut short between taking a device off and deleting
// it still deletes the device, and leaves everybody else's alone.
func TestIAMADeletionCutShortGoesOn(t *testing.T) {
	t.Parallel()
	w := kindtest.NewWorld(t)
	a := open(t, w)
	device, other, spare := a.mfa("phone", a.user("ann")), a.mfa("theirs", a.user("bob")), a.mfa("spare", "")
	r := listAll(t, w)["iam.user"]["ann"]
	must[*iam.DeactivateMFADeviceOutput](t)(a.DeactivateMFADevice(a.ctx, &iam.DeactivateMFADeviceInput{UserName: &r.ID, SerialNumber: &device}))
	v, _ := user.Verb("delete")
	if err := v.Do(t.Context(), w.Config(fact.Global), kind.Job{Resource: user.Trim(r)}, nil); err != nil {
		t.Fatal(err)
	}
	all := listAll(t, w)
	if _, stands := all["iam.user"]["ann"]; stands {
		t.Error("the user stands")
	}
	if left := keysInOrder(all["iam.mfa-device"]); !reflect.DeepEqual(left, keysInOrder(map[string]bool{other: true, spare: true})) {
		t.Errorf("devices left: %v", left)
	}
}

func TestIAMAServiceLinkedRoleIsNotDeleted(t *testing.T) {
	t.Parallel()
	w := kindtest.NewWorld(t)
	a := open(t, w)
	made := must[*iam.CreateServiceLinkedRoleOutput](t)(a.CreateServiceLinkedRole(a.ctx, &iam.CreateServiceLinkedRoleInput{AWSServiceName: aws.String("autoscaling.amazonaws.com")}))
	r := listAll(t, w)["iam.role"][*made.Role.RoleName]
	v, _ := role.Verb("delete")
	if _, err := v.Prior(t.Context(), w.Config(fact.Global), r); err == nil || !strings.HasPrefix(err.Error(), "cannot delete role ") {
		t.Errorf("%v", err)
	}
}

// TestIAMRecall reads what records set, as CloudTrail writes them.
func TestIAMRecall(t *testing.T) {
	doc := trusting("arn:aws:iam::1:root")
	for _, c := range []struct {
		of                                 kind.Kind
		verb, call, request, response, out string
		ok                                 bool
	}{
		{role, "restore-trust", "CreateRole", `{"roleName":"r","assumeRolePolicyDocument":` + quoted(doc) + `}`, `{}`, policy.Normal(doc), true},
		{role, "restore-trust", "UpdateAssumeRolePolicy", `{"policyDocument":` + quoted(doc) + `}`, `null`, policy.Normal(doc), true},
		{role, "restore-trust", "UpdateAssumeRolePolicy", `null`, `null`, "", false},
		{managedPolicy, "restore-version", "CreatePolicy", `{}`, `{}`, "v1", true},
		{managedPolicy, "restore-version", "SetDefaultPolicyVersion", `{"versionId":"v3"}`, `null`, "v3", true},
		{managedPolicy, "restore-version", "CreatePolicyVersion", `{"setAsDefault":true}`, `{"policyVersion":{"versionId":"v4"}}`, "v4", true},
		{managedPolicy, "restore-version", "CreatePolicyVersion", `{"setAsDefault":false}`, `{"policyVersion":{"versionId":"v4"}}`, "", false},
		{passwordPolicy, "restore-password-policy", "DeleteAccountPasswordPolicy", `null`, `null`, "", true},
		{passwordPolicy, "restore-password-policy", "UpdateAccountPasswordPolicy", `{"maxPasswordAge":90,"requireNumbers":true}`, `null`,
			`{"minimumPasswordLength":6,"requireSymbols":false,"requireNumbers":true,"requireUppercaseCharacters":false,"requireLowercaseCharacters":false,` +
				`"allowUsersToChangePassword":false,"maxPasswordAge":90,"hardExpiry":false}`, true},
	} {
		v, _ := c.of.Verb(c.verb)
		if got, ok := v.Recall(c.call, json.RawMessage(c.request), json.RawMessage(c.response)); got != c.out || ok != c.ok {
			t.Errorf("%s of %s: %q, %v; want %q", c.call, c.request, got, ok, c.out)
		}
	}
}
