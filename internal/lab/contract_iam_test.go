package lab_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

func TestContractIAM(t *testing.T) {
	contract(t, []deviation{
		{name: "DeleteUser with a key", aws: "you must delete the items attached to the user manually, or the deletion fails", check: deleteUserWithKey},
		{name: "DeleteUser with a password", aws: "Password (DeleteLoginProfile)", check: deleteUserWithPassword},
		{name: "DeleteUser in a group", aws: "Group memberships (RemoveUserFromGroup)", check: deleteUserInGroup},
		{name: "DeleteGroup", aws: "The group must not contain any users or have any attached policies", check: deleteGroup},
		{name: "DeletePolicy", aws: "you must first detach the policy from all users, groups, and roles that it is attached to", check: deletePolicy},
		{name: "ids", aws: "AIDA IAM user, AGPA user group, ANPA managed policy", check: uniqueIDs},
		{name: "role ids", aws: "AROA role", check: roleID, everywhere: true},
		{name: "UpdateAccessKey status", aws: "Status: Active | Inactive", check: keyStatus},
		{name: "GetUser without a name", aws: "determines the user name implicitly based on the access key ID", check: getUserOfRoot},
		{name: "user boundary", aws: "PutUserPermissionsBoundary; GetUser shows PermissionsBoundary", check: userBoundary},
		{name: "password reset", aws: "Specifies whether the user is required to set a new password on next sign-in", check: passwordReset},
		{name: "password kept", aws: "UpdateLoginProfile without Password leaves the password", check: passwordKept},
		{name: "service-specific credentials", aws: "You can have a maximum of two sets of service-specific credentials for each supported service per user", check: serviceCredentials},
		{name: "root in the credential report", aws: "<root_account>", check: reportRoot},
		{name: "account summary", aws: "AccountPasswordPresent", check: accountSummary},
		{name: "MFA codes", aws: "InvalidAuthenticationCode", check: mfaCodes},
		{name: "inline quota", aws: "User policy size can't exceed 2,048 characters", check: inlineQuota},
		{name: "attached quota", aws: "Managed policies attached to an IAM user: 10", check: attachedQuota},
		{name: "attach twice", aws: "AttachRolePolicy of an attached policy changes nothing", check: attachTwice},
		{name: "service-linked role", aws: "UnmodifiableEntity: only the service that depends on the service-linked role can modify or delete the role", check: serviceLinked},
		{name: "policy UpdateDate", aws: "the date and time when the most recent policy version was created", check: policyUpdated},
		{name: "simulation", aws: "EvalDecision: allowed | explicitDeny | implicitDeny", check: simulation},
		{name: "ListUsers pages", aws: "IsTruncated: a flag that indicates whether there are more items to return", check: pagesUsers},
		{name: "ListGroups pages", aws: "IsTruncated", check: pagesGroups},
		{name: "ListAccessKeys pages", aws: "IsTruncated", check: pagesKeys},
		{name: "authorization details pages", aws: "You can optionally filter the results ... paginate using MaxItems and Marker", check: pagesDetails},
		{name: "last page has no marker", aws: "IsTruncated is false on the last page", check: lastPage},
		{name: "made-up marker", aws: "ValidationError", check: badMarker},
		{name: "server certificate dates", aws: "Expiration: the date on which the certificate is set to expire", check: certificateDates},
		{name: "policy documents", aws: "Policies returned by this operation are URL-encoded compliant with RFC 3986", check: encodedDocuments, everywhere: true},
	})
}

func deleteUserWithKey(c *world) error {
	if _, err := c.user("clerk", ""); err != nil {
		return err
	}
	_, err := c.iam(c.root()).DeleteUser(c.ctx, &iam.DeleteUserInput{UserName: aws.String("clerk")})
	return fails(err, "DeleteConflict")
}

// bare makes a user without anything.
func (c *world) bare(name string) error {
	_, err := c.iam(c.root()).CreateUser(c.ctx, &iam.CreateUserInput{UserName: &name})
	return err
}

func (c *world) password(name string, reset bool) error {
	_, err := c.iam(c.root()).CreateLoginProfile(c.ctx, &iam.CreateLoginProfileInput{
		UserName: &name, Password: aws.String("correct horse 8 Battery!"), PasswordResetRequired: reset,
	})
	return err
}

func deleteUserWithPassword(c *world) error {
	if err := errors.Join(c.bare("clerk"), c.password("clerk", false)); err != nil {
		return err
	}
	_, err := c.iam(c.root()).DeleteUser(c.ctx, &iam.DeleteUserInput{UserName: aws.String("clerk")})
	return fails(err, "DeleteConflict")
}

func (c *world) groupOf(user string) error {
	client := c.iam(c.root())
	if _, err := client.CreateGroup(c.ctx, &iam.CreateGroupInput{GroupName: aws.String("staff")}); err != nil {
		return err
	}
	_, err := client.AddUserToGroup(c.ctx, &iam.AddUserToGroupInput{GroupName: aws.String("staff"), UserName: &user})
	return err
}

func deleteUserInGroup(c *world) error {
	if err := errors.Join(c.bare("clerk"), c.groupOf("clerk")); err != nil {
		return err
	}
	_, err := c.iam(c.root()).DeleteUser(c.ctx, &iam.DeleteUserInput{UserName: aws.String("clerk")})
	return fails(err, "DeleteConflict")
}

func deleteGroup(c *world) error {
	if err := errors.Join(c.bare("clerk"), c.groupOf("clerk")); err != nil {
		return err
	}
	_, err := c.iam(c.root()).DeleteGroup(c.ctx, &iam.DeleteGroupInput{GroupName: aws.String("staff")})
	return fails(err, "DeleteConflict")
}

// policy makes a managed policy.
func (c *world) policy(name string) (*types.Policy, error) {
	made, err := c.iam(c.root()).CreatePolicy(c.ctx, &iam.CreatePolicyInput{PolicyName: &name, PolicyDocument: aws.String(everything)})
	if err != nil {
		return nil, err
	}
	return made.Policy, nil
}

func (c *world) attach(user string, arn *string) error {
	_, err := c.iam(c.root()).AttachUserPolicy(c.ctx, &iam.AttachUserPolicyInput{UserName: &user, PolicyArn: arn})
	return err
}

func deletePolicy(c *world) error {
	policy, err := c.policy("all")
	if err != nil {
		return err
	}
	if err := errors.Join(c.bare("clerk"), c.attach("clerk", policy.Arn)); err != nil {
		return err
	}
	_, err = c.iam(c.root()).DeletePolicy(c.ctx, &iam.DeletePolicyInput{PolicyArn: policy.Arn})
	return fails(err, "DeleteConflict")
}

func uniqueIDs(c *world) error {
	client := c.iam(c.root())
	user, err := client.CreateUser(c.ctx, &iam.CreateUserInput{UserName: aws.String("clerk")})
	if err != nil {
		return err
	}
	group, err := client.CreateGroup(c.ctx, &iam.CreateGroupInput{GroupName: aws.String("staff")})
	if err != nil {
		return err
	}
	policy, err := c.policy("all")
	if err != nil {
		return err
	}
	return errors.Join(hasPrefix("the user's id", *user.User.UserId, "AIDA"),
		hasPrefix("the group's id", *group.Group.GroupId, "AGPA"), hasPrefix("the policy's id", *policy.PolicyId, "ANPA"))
}

func roleID(c *world) error {
	made, err := c.iam(c.root()).CreateRole(c.ctx, &iam.CreateRoleInput{
		RoleName: aws.String("worker"), AssumeRolePolicyDocument: aws.String(trust(`{"AWS":"*"}`, "")),
	})
	if err != nil {
		return err
	}
	return hasPrefix("the role's id", *made.Role.RoleId, "AROA")
}

func keyStatus(c *world) error {
	k, err := c.user("clerk", "")
	if err != nil {
		return err
	}
	_, err = c.iam(c.root()).UpdateAccessKey(c.ctx, &iam.UpdateAccessKeyInput{UserName: aws.String("clerk"), AccessKeyId: &k.id, Status: "Asleep"})
	return fails(err, "ValidationError")
}

func getUserOfRoot(c *world) error {
	got, err := c.iam(c.root()).GetUser(c.ctx, &iam.GetUserInput{})
	if err != nil {
		return err
	}
	if !strings.HasSuffix(*got.User.Arn, ":root") {
		return fmt.Errorf("the caller is %s, want root", *got.User.Arn)
	}
	return nil
}

func userBoundary(c *world) error {
	policy, err := c.policy("limit")
	if err != nil {
		return err
	}
	client := c.iam(c.root())
	if err := c.bare("clerk"); err != nil {
		return err
	}
	_, err = client.PutUserPermissionsBoundary(c.ctx, &iam.PutUserPermissionsBoundaryInput{UserName: aws.String("clerk"), PermissionsBoundary: policy.Arn})
	if err != nil {
		return err
	}
	got, err := client.GetUser(c.ctx, &iam.GetUserInput{UserName: aws.String("clerk")})
	if err != nil {
		return err
	}
	if b := got.User.PermissionsBoundary; b == nil || aws.ToString(b.PermissionsBoundaryArn) != *policy.Arn {
		return fmt.Errorf("the boundary is %v", b)
	}
	_, err = client.DeleteUserPermissionsBoundary(c.ctx, &iam.DeleteUserPermissionsBoundaryInput{UserName: aws.String("clerk")})
	if err != nil {
		return err
	}
	_, err = client.DeleteUserPermissionsBoundary(c.ctx, &iam.DeleteUserPermissionsBoundaryInput{UserName: aws.String("clerk")})
	return fails(err, "NoSuchEntity")
}

func passwordReset(c *world) error {
	if err := errors.Join(c.bare("clerk"), c.password("clerk", true)); err != nil {
		return err
	}
	got, err := c.iam(c.root()).GetLoginProfile(c.ctx, &iam.GetLoginProfileInput{UserName: aws.String("clerk")})
	if err != nil {
		return err
	}
	return is("PasswordResetRequired", got.LoginProfile.PasswordResetRequired, true)
}

func passwordKept(c *world) error {
	if err := errors.Join(c.bare("clerk"), c.password("clerk", false)); err != nil {
		return err
	}
	client := c.iam(c.root())
	_, err := client.UpdateLoginProfile(c.ctx, &iam.UpdateLoginProfileInput{UserName: aws.String("clerk"), PasswordResetRequired: aws.Bool(true)})
	if err != nil {
		return err
	}
	_, err = client.GetLoginProfile(c.ctx, &iam.GetLoginProfileInput{UserName: aws.String("clerk")})
	return err
}

func serviceCredentials(c *world) error {
	if err := c.bare("clerk"); err != nil {
		return err
	}
	client := c.iam(c.root())
	in := &iam.CreateServiceSpecificCredentialInput{UserName: aws.String("clerk"), ServiceName: aws.String("bedrock.amazonaws.com")}
	made, err := client.CreateServiceSpecificCredential(c.ctx, in)
	if err != nil {
		return err
	}
	if _, err := client.CreateServiceSpecificCredential(c.ctx, in); err != nil {
		return err
	}
	_, err = client.CreateServiceSpecificCredential(c.ctx, in)
	if err := fails(err, "LimitExceeded"); err != nil {
		return err
	}
	id := made.ServiceSpecificCredential.ServiceSpecificCredentialId
	_, err = client.UpdateServiceSpecificCredential(c.ctx, &iam.UpdateServiceSpecificCredentialInput{
		UserName: aws.String("clerk"), ServiceSpecificCredentialId: id, Status: types.StatusTypeInactive,
	})
	if err != nil {
		return err
	}
	all, err := client.ListServiceSpecificCredentials(c.ctx, &iam.ListServiceSpecificCredentialsInput{AllUsers: aws.Bool(true)})
	if err != nil {
		return err
	}
	for _, s := range all.ServiceSpecificCredentials {
		if *s.ServiceSpecificCredentialId == *id && s.Status != types.StatusTypeInactive {
			return fmt.Errorf("the credential is %s", s.Status)
		}
	}
	_, err = client.DeleteUser(c.ctx, &iam.DeleteUserInput{UserName: aws.String("clerk")})
	return errors.Join(is("the number of credentials", len(all.ServiceSpecificCredentials), 2), fails(err, "DeleteConflict"))
}
