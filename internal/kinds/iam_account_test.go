package kinds

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
	"cordon/internal/kind/kindtest"
	"cordon/internal/policy"
)

// iamKinds are those of this package's kinds that IAM answers for.
func iamKinds() (out []kind.Kind) {
	for _, k := range All() {
		if strings.HasPrefix(string(k.Name()), "iam.") {
			out = append(out, k)
		}
	}
	return out
}

// listAll lists all IAM kinds as one triage does.
func listAll(t *testing.T, w world) map[fact.Kind]map[string]fact.Resource {
	t.Helper()
	ctx, all := kind.WithShared(t.Context()), map[fact.Kind]map[string]fact.Resource{}
	for _, k := range iamKinds() {
		all[k.Name()] = map[string]fact.Resource{}
		err := k.List(ctx, w.Config(fact.Global), fact.Place{Account: kindtest.Account, Region: fact.Global}, func(r fact.Resource) {
			all[k.Name()][r.ID] = r
		})
		if err != nil {
			t.Fatalf("%s: %v", k.Name(), err)
		}
	}
	return all
}

func wantFact[T any](t *testing.T, r fact.Resource, key fact.Key[T], want T) {
	t.Helper()
	if got, known := key.Get(r); !known || !reflect.DeepEqual(got, want) {
		t.Errorf("%s %s: %s = %v, %v; want %v", r.Kind, r.ID, key, got, known, want)
	}
}

func TestIAMFactsOfAnAccount(t *testing.T) {
	t.Parallel()
	w := kindtest.NewWorld(t)
	a := open(t, w)
	boundary := a.policy("boundary", allowS3)
	a.password(a.user("ann"))
	device, spare := a.mfa("phone", "ann"), a.mfa("spare", "")
	a.user("bob")
	a.group("admins")
	must[*iam.AddUserToGroupOutput](t)(a.AddUserToGroup(a.ctx, &iam.AddUserToGroupInput{GroupName: aws.String("admins"), UserName: aws.String("ann")}))
	must[*iam.PutUserPermissionsBoundaryOutput](t)(a.PutUserPermissionsBoundary(a.ctx, &iam.PutUserPermissionsBoundaryInput{UserName: aws.String("ann"), PermissionsBoundary: &boundary}))
	must[*iam.AttachUserPolicyOutput](t)(a.AttachUserPolicy(a.ctx, &iam.AttachUserPolicyInput{UserName: aws.String("ann"), PolicyArn: aws.String("arn:aws:iam::aws:policy/ReadOnlyAccess")}))
	a.inlineUser("ann", "mine", allowS3)
	key := a.accessKey("bob")
	must[*iam.UpdateAccessKeyOutput](t)(a.UpdateAccessKey(a.ctx, &iam.UpdateAccessKeyInput{UserName: aws.String("bob"), AccessKeyId: &key, Status: types.StatusTypeInactive}))
	trust := trusting("arn:aws:iam::" + kindtest.Account + ":root")
	a.role("deploy", trust)
	must[*iam.CreateInstanceProfileOutput](t)(a.CreateInstanceProfile(a.ctx, &iam.CreateInstanceProfileInput{InstanceProfileName: aws.String("web")}))
	must[*iam.AddRoleToInstanceProfileOutput](t)(a.AddRoleToInstanceProfile(a.ctx, &iam.AddRoleToInstanceProfileInput{InstanceProfileName: aws.String("web"), RoleName: aws.String("deploy")}))
	credential := a.serviceCredential("bob")
	issuer := a.oidcProvider("https://token.actions.githubusercontent.com")

	all := listAll(t, w)
	ann, bob := all["iam.user"]["ann"], all["iam.user"]["bob"]
	wantFact(t, ann, fact.Console, true)
	wantFact(t, ann, fact.MFA, true)
	wantFact(t, bob, fact.Console, false)
	wantFact(t, bob, fact.MFA, false)
	wantFact(t, ann, fact.Boundary, boundary)
	wantFact(t, bob, fact.Boundary, "")
	wantFact(t, ann, fact.Groups, []string{"admins"})
	wantFact(t, bob, fact.Groups, []string{})
	wantFact(t, ann, fact.Inline, []fact.Document{{Name: "mine", Body: allowS3}})
	wantFact(t, bob, fact.Inline, []fact.Document{})
	wantFact(t, ann, fact.Attached, []fact.Document{{Name: "ReadOnlyAccess", ARN: "arn:aws:iam::aws:policy/ReadOnlyAccess"}})
	if !strings.HasPrefix(ann.UniqueID, "AIDA") || ann.Created.IsZero() || ann.ARN != "arn:aws:iam::"+kindtest.Account+":user/ann" {
		t.Errorf("%+v", ann)
	}
	wantFact(t, all["iam.group"]["admins"], fact.Members, []string{"ann"})
	wantFact(t, all["iam.access-key"][key], fact.Owner, "bob")
	wantFact(t, all["iam.access-key"][key], fact.Active, false)
	wantFact(t, all["iam.login-profile"]["ann"], fact.PasswordReset, true)
	wantFact(t, all["iam.mfa-device"][device], fact.Owner, "ann")
	wantFact(t, all["iam.mfa-device"][spare], fact.Active, false)
	if _, known := fact.Owner.Get(all["iam.mfa-device"][spare]); known {
		t.Error("nobody's device has an owner")
	}
	wantFact(t, all["iam.role"]["deploy"], fact.Trust, policy.Normal(trust))
	wantFact(t, all["iam.role"]["deploy"], fact.Path, "/")
	wantFact(t, all["iam.role"]["deploy"], fact.MaxSession, 3600)
	wantFact(t, all["iam.role"]["deploy"], fact.Profiles, []string{"arn:aws:iam::" + kindtest.Account + ":instance-profile/web"})
	wantFact(t, all["iam.service-credential"][credential], fact.Services, "codecommit.amazonaws.com")
	wantFact(t, all["iam.oidc-provider"][issuer], fact.Clients, []string{"sts.amazonaws.com"})
	if versions := fact.Versions.Or(all["iam.policy"][boundary], nil); len(versions) != 1 || versions[0].Body != allowS3 || !versions[0].Default {
		t.Errorf("versions %+v", versions)
	}
	wantFact(t, all["iam.root"]["root"], fact.RootCerts, false)
	if len(all["iam.policy"]) != 1 {
		t.Errorf("%d policies; AWS's own are not the account's", len(all["iam.policy"]))
	}
}

// TestIAMCallsOfOneTriage counts: what can be listed at once is asked once, for
// all the kinds together.
func TestIAMCallsOfOneTriage(t *testing.T) {
	t.Parallel()
	w := kindtest.NewWorld(t)
	a := open(t, w)
	const users = 12
	for i := range users {
		a.accessKey(a.user(fmt.Sprint("user", i)))
	}
	before := must[int](t)(countEvents(t, w, nil))
	listAll(t, w)
	calls := map[string]int{}
	must[int](t)(countEvents(t, w, calls, before))
	for op, want := range map[string]int{
		"GetAccountAuthorizationDetails": 1, "ListUsers": 1, "ListRoles": 1, "ListServiceSpecificCredentials": 1, "ListVirtualMFADevices": 1,
		"GetLoginProfile": users, "ListMFADevices": users, "ListAccessKeys": users, "ListSSHPublicKeys": users, "ListSigningCertificates": users,
		"GetAccessKeyLastUsed": users,
	} {
		if calls[op] != want {
			t.Errorf("%s: %d calls, want %d", op, calls[op], want)
		}
	}
	t.Logf("%d users with a key each: %v", users, calls)
}

func countEvents(t *testing.T, w world, calls map[string]int, skip ...int) (int, error) {
	t.Helper()
	events, err := w.Lab.Events(t.Context(), false)
	from := 0
	for _, n := range skip {
		from += n
	}
	for _, e := range events[min(from, len(events)):] {
		if calls != nil {
			calls[e.Lab.Op]++
		}
	}
	return len(events), err
}

// A paged account puts one user on a page.
type paged struct {
	users  []types.User
	broken int // the page that fails; 0 is none
	mute   bool
}

func (p paged) ListUsers(_ context.Context, in *iam.ListUsersInput, _ ...func(*iam.Options)) (*iam.ListUsersOutput, error) {
	n := len(aws.ToString(in.Marker))
	if p.broken != 0 && n == p.broken {
		return nil, errors.New("broken")
	}
	out := &iam.ListUsersOutput{Users: p.users[n : n+1], IsTruncated: n+1 < len(p.users)}
	if out.IsTruncated && !p.mute {
		out.Marker = aws.String(strings.Repeat("x", n+1))
	}
	return out, nil
}

func TestIAMEveryPageOrNone(t *testing.T) {
	three := []types.User{{UserName: aws.String("a")}, {UserName: aws.String("b")}, {UserName: aws.String("c")}}
	if got, err := iamUsers(t.Context(), paged{users: three}, fact.Place{}); err != nil || len(got) != 3 {
		t.Errorf("%d users, %v", len(got), err)
	}
	for _, p := range []paged{{users: three, broken: 2}, {users: three, mute: true}} {
		if got, err := iamUsers(t.Context(), p, fact.Place{}); err == nil || len(got) != 0 || !strings.HasPrefix(err.Error(), "cannot list users: ") {
			t.Errorf("%d users, %v", len(got), err)
		}
	}
}
