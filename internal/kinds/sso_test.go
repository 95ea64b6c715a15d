package kinds

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	idtypes "github.com/aws/aws-sdk-go-v2/service/identitystore/types"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"

	"cordon/internal/awsapi"
	"cordon/internal/fact"
	"cordon/internal/kind"
	"cordon/internal/kind/kindtest"
)

const ssoRegion = "eu-central-1"

// A directory is an Identity Center with a user in a group, and a permission
// set that is assigned to the user.
type directory struct {
	instance, store, set, spare, user, group, assignment string
}

func makeDirectory(t *testing.T, w world) (d directory) {
	t.Helper()
	ctx, sso, ids := t.Context(), ssoadmin.NewFromConfig(w.Config(ssoRegion)), identitystore.NewFromConfig(w.Config(ssoRegion))
	made := must[*ssoadmin.CreateInstanceOutput](t)(sso.CreateInstance(ctx, &ssoadmin.CreateInstanceInput{Name: aws.String("mine")}))
	d.instance = *made.InstanceArn
	described := must[*ssoadmin.DescribeInstanceOutput](t)(sso.DescribeInstance(ctx, &ssoadmin.DescribeInstanceInput{InstanceArn: &d.instance}))
	d.store = *described.IdentityStoreId
	set := func(name string) string {
		out := must[*ssoadmin.CreatePermissionSetOutput](t)(sso.CreatePermissionSet(ctx, &ssoadmin.CreatePermissionSetInput{InstanceArn: &d.instance, Name: &name}))
		return *out.PermissionSet.PermissionSetArn
	}
	d.set, d.spare = set("admins"), set("spare")
	must[*ssoadmin.AttachManagedPolicyToPermissionSetOutput](t)(sso.AttachManagedPolicyToPermissionSet(ctx, &ssoadmin.AttachManagedPolicyToPermissionSetInput{
		InstanceArn: &d.instance, PermissionSetArn: &d.set, ManagedPolicyArn: aws.String(admin),
	}))
	must[*ssoadmin.PutInlinePolicyToPermissionSetOutput](t)(sso.PutInlinePolicyToPermissionSet(ctx, &ssoadmin.PutInlinePolicyToPermissionSetInput{
		InstanceArn: &d.instance, PermissionSetArn: &d.set, InlinePolicy: aws.String(allowS3),
	}))
	must[*ssoadmin.AttachCustomerManagedPolicyReferenceToPermissionSetOutput](t)(sso.AttachCustomerManagedPolicyReferenceToPermissionSet(ctx,
		&ssoadmin.AttachCustomerManagedPolicyReferenceToPermissionSetInput{
			InstanceArn: &d.instance, PermissionSetArn: &d.set,
			CustomerManagedPolicyReference: &types.CustomerManagedPolicyReference{Name: aws.String("mine"), Path: aws.String("/team/")},
		}))
	user := must[*identitystore.CreateUserOutput](t)(ids.CreateUser(ctx, &identitystore.CreateUserInput{
		IdentityStoreId: &d.store, UserName: aws.String("ann"), DisplayName: aws.String("Ann"),
		Name: &idtypes.Name{FamilyName: aws.String("A"), GivenName: aws.String("Ann")},
	}))
	group := must[*identitystore.CreateGroupOutput](t)(ids.CreateGroup(ctx, &identitystore.CreateGroupInput{IdentityStoreId: &d.store, DisplayName: aws.String("ops")}))
	d.user, d.group = *user.UserId, *group.GroupId
	must[*identitystore.CreateGroupMembershipOutput](t)(ids.CreateGroupMembership(ctx, &identitystore.CreateGroupMembershipInput{
		IdentityStoreId: &d.store, GroupId: &d.group, MemberId: &idtypes.MemberIdMemberUserId{Value: d.user},
	}))
	must[*ssoadmin.CreateAccountAssignmentOutput](t)(sso.CreateAccountAssignment(ctx, &ssoadmin.CreateAccountAssignmentInput{
		InstanceArn: &d.instance, PermissionSetArn: &d.set, PrincipalId: &d.user, PrincipalType: types.PrincipalTypeUser,
		TargetId: aws.String(kindtest.Account), TargetType: types.TargetTypeAwsAccount,
	}))
	d.assignment = d.set + "|USER|" + d.user
	return d
}

func TestSSOInstance(t *testing.T) {
	t.Parallel()
	kindtest.Run(t, kindtest.Case[ssoInstanceReader, ssoInstanceWriter]{Spec: ssoInstanceSpec, Region: ssoRegion,
		Setup: func(t *testing.T, w world) string { return makeDirectory(t, w).instance }})
}

func TestSSOPermissionSet(t *testing.T) {
	t.Parallel()
	kindtest.Run(t, kindtest.Case[permissionSetReader, permissionSetWriter]{Spec: permissionSetSpec, Region: ssoRegion,
		Setup:  func(t *testing.T, w world) string { return makeDirectory(t, w).set },
		Verbs:  map[string]func(*testing.T, world) string{"delete": func(t *testing.T, w world) string { return makeDirectory(t, w).spare }},
		Before: wasBefore("restore-permissions", `{"managed":["`+readOnly+`"],"customer":["/other"]}`),
	})
}

func TestSSOAssignment(t *testing.T) {
	t.Parallel()
	kindtest.Run(t, kindtest.Case[assignmentReader, assignmentWriter]{Spec: assignmentSpec, Region: ssoRegion,
		Setup: func(t *testing.T, w world) string { return makeDirectory(t, w).assignment }})
}

func TestIdentityStoreUser(t *testing.T) {
	t.Parallel()
	kindtest.Run(t, kindtest.Case[directoryUserReader, directoryUserWriter]{Spec: directoryUserSpec, Region: ssoRegion,
		Setup: func(t *testing.T, w world) string { return makeDirectory(t, w).user }})
}

func TestIdentityStoreGroup(t *testing.T) {
	t.Parallel()
	kindtest.Run(t, kindtest.Case[directoryGroupReader, directoryGroupWriter]{Spec: directoryGroupSpec, Region: ssoRegion,
		Setup: func(t *testing.T, w world) string { return makeDirectory(t, w).group }})
}

func TestSSOFacts(t *testing.T) {
	t.Parallel()
	w := kindtest.NewWorld(t)
	d := makeDirectory(t, w)
	whole := []fact.Ref{{Kind: "sso.instance", Place: fact.Place{Account: kindtest.Account, Region: ssoRegion}, ID: d.instance}}
	set := one(t, w, permissionSet, ssoRegion, d.set)
	wantFact(t, set, fact.Name, "admins")
	wantFact(t, set, fact.PartOf, whole)
	wantFact(t, set, fact.Aspects, map[string]string{
		"permissions": `{"inline":` + quoted(allowS3) + `,"managed":["` + admin + `"],"customer":["/team/mine"]}`,
	})
	wantFact(t, one(t, w, directoryGroup, ssoRegion, d.group), fact.Members, []string{d.user})
	wantFact(t, one(t, w, directoryUser, ssoRegion, d.user), fact.PartOf, whole)
	wantFact(t, one(t, w, ssoInstance, ssoRegion, d.instance), fact.Detail, d.store)
	if held := assignment.Holds(one(t, w, assignment, ssoRegion, d.assignment)); len(held) != 2 || held[0].ID != d.set || held[1].ID != d.user {
		t.Errorf("%v", held)
	}
	// What is assigned cannot be deleted.
	v, _ := permissionSet.Verb("delete")
	if err := v.Do(t.Context(), w.Config(ssoRegion), kind.Job{Resource: set}, nil); awsapi.Code(err) != "ConflictException" {
		t.Errorf("%v", err)
	}
}

// TestSSOElsewhere: another region than the home has nothing, and says so.
func TestSSOElsewhere(t *testing.T) {
	t.Parallel()
	w := kindtest.NewWorld(t)
	makeDirectory(t, w)
	n := 0
	for _, k := range []kind.Kind{ssoInstance, permissionSet, assignment, directoryUser, directoryGroup} {
		if err := k.List(t.Context(), w.Config("us-east-1"), fact.Place{Account: kindtest.Account, Region: "us-east-1"}, func(fact.Resource) { n++ }); err != nil {
			t.Error(err)
		}
	}
	if n != 0 {
		t.Errorf("%d resources where there is no instance", n)
	}
}
