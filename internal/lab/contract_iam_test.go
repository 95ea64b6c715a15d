package lab_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net/url"
	"strings"
	"testing"
	"time"

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

func reportRoot(c *world) error {
	client := c.iam(c.root())
	for range 2 {
		if _, err := client.GenerateCredentialReport(c.ctx, &iam.GenerateCredentialReportInput{}); err != nil {
			return err
		}
	}
	got, err := client.GetCredentialReport(c.ctx, &iam.GetCredentialReportInput{})
	if err != nil {
		return err
	}
	lines := strings.Split(string(got.Content), "\n")
	if len(lines) < 2 || !strings.HasPrefix(lines[1], "<root_account>,arn:aws:iam::") {
		return fmt.Errorf("the report has no row for root: %q", lines)
	}
	return is("the number of columns", len(strings.Split(lines[1], ",")), 22)
}

func accountSummary(c *world) error {
	got, err := c.iam(c.root()).GetAccountSummary(c.ctx, &iam.GetAccountSummaryInput{})
	if err != nil {
		return err
	}
	if _, ok := got.SummaryMap["AccountPasswordPresent"]; !ok {
		return errors.New("there is no AccountPasswordPresent")
	}
	return nil
}

func mfaCodes(c *world) error {
	if err := c.bare("clerk"); err != nil {
		return err
	}
	client := c.iam(c.root())
	made, err := client.CreateVirtualMFADevice(c.ctx, &iam.CreateVirtualMFADeviceInput{VirtualMFADeviceName: aws.String("phone")})
	if err != nil {
		return err
	}
	_, err = client.EnableMFADevice(c.ctx, &iam.EnableMFADeviceInput{
		UserName: aws.String("clerk"), SerialNumber: made.VirtualMFADevice.SerialNumber,
		AuthenticationCode1: aws.String("000000"), AuthenticationCode2: aws.String("000000"),
	})
	return fails(err, "InvalidAuthenticationCode")
}

func inlineQuota(c *world) error {
	if err := c.bare("clerk"); err != nil {
		return err
	}
	doc := strings.Replace(everything, `"Action":"*"`, `"Action":"s3:`+strings.Repeat("x", 2048)+`"`, 1)
	_, err := c.iam(c.root()).PutUserPolicy(c.ctx, &iam.PutUserPolicyInput{UserName: aws.String("clerk"), PolicyName: aws.String("big"), PolicyDocument: &doc})
	return fails(err, "LimitExceeded")
}

func attachedQuota(c *world) error {
	if err := c.bare("clerk"); err != nil {
		return err
	}
	for i := range 11 {
		policy, err := c.policy(fmt.Sprint("p", i))
		if err != nil {
			return err
		}
		err = c.attach("clerk", policy.Arn)
		if i == 10 {
			return fails(err, "LimitExceeded")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func attachTwice(c *world) error {
	policy, err := c.policy("all")
	if err != nil {
		return err
	}
	if _, err := c.role("worker", trust(`{"AWS":"*"}`, "")); err != nil {
		return err
	}
	client := c.iam(c.root())
	for range 2 {
		if _, err := client.AttachRolePolicy(c.ctx, &iam.AttachRolePolicyInput{RoleName: aws.String("worker"), PolicyArn: policy.Arn}); err != nil {
			return err
		}
	}
	got, err := client.GetPolicy(c.ctx, &iam.GetPolicyInput{PolicyArn: policy.Arn})
	if err != nil {
		return err
	}
	return is("AttachmentCount", aws.ToInt32(got.Policy.AttachmentCount), 1)
}

func serviceLinked(c *world) error {
	client := c.iam(c.root())
	made, err := client.CreateServiceLinkedRole(c.ctx, &iam.CreateServiceLinkedRoleInput{AWSServiceName: aws.String("guardduty.amazonaws.com")})
	if err != nil {
		return err
	}
	name := made.Role.RoleName
	_, err = client.PutRolePolicy(c.ctx, &iam.PutRolePolicyInput{RoleName: name, PolicyName: aws.String("x"), PolicyDocument: aws.String(nothing)})
	_, err2 := client.UpdateAssumeRolePolicy(c.ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: name, PolicyDocument: aws.String(trust(`{"AWS":"*"}`, ""))})
	_, err3 := client.DeleteRole(c.ctx, &iam.DeleteRoleInput{RoleName: name})
	if err := errors.Join(fails(err, "UnmodifiableEntity"), fails(err2, "UnmodifiableEntity"), fails(err3, "UnmodifiableEntity")); err != nil {
		return err
	}
	_, err = client.DeleteServiceLinkedRole(c.ctx, &iam.DeleteServiceLinkedRoleInput{RoleName: name})
	return err
}

func policyUpdated(c *world) error {
	policy, err := c.policy("all")
	if err != nil {
		return err
	}
	client := c.iam(c.root())
	made, err := client.CreatePolicyVersion(c.ctx, &iam.CreatePolicyVersionInput{PolicyArn: policy.Arn, PolicyDocument: aws.String(nothing)})
	if err != nil {
		return err
	}
	got, err := client.GetPolicy(c.ctx, &iam.GetPolicyInput{PolicyArn: policy.Arn})
	if err != nil {
		return err
	}
	if got.Policy.UpdateDate.Before(*made.PolicyVersion.CreateDate) {
		return fmt.Errorf("UpdateDate %v is before the new version's %v", got.Policy.UpdateDate, made.PolicyVersion.CreateDate)
	}
	return nil
}

func simulation(c *world) error {
	if _, err := c.user("clerk", everything); err != nil {
		return err
	}
	client := c.iam(c.root())
	user, err := client.GetUser(c.ctx, &iam.GetUserInput{UserName: aws.String("clerk")})
	if err != nil {
		return err
	}
	ask := func() (types.PolicyEvaluationDecisionType, error) {
		got, err := client.SimulatePrincipalPolicy(c.ctx, &iam.SimulatePrincipalPolicyInput{PolicySourceArn: user.User.Arn, ActionNames: []string{"s3:GetObject"}})
		if err != nil {
			return "", err
		}
		return got.EvaluationResults[0].EvalDecision, nil
	}
	before, err := ask()
	if err != nil {
		return err
	}
	if err := c.denyAll("clerk"); err != nil {
		return err
	}
	after, err := ask()
	return errors.Join(err, is("the decision", before, types.PolicyEvaluationDecisionTypeAllowed),
		is("the decision with a deny", after, types.PolicyEvaluationDecisionTypeExplicitDeny))
}

func pagesUsers(c *world) error {
	if err := errors.Join(c.bare("u1"), c.bare("u2"), c.bare("u3")); err != nil {
		return err
	}
	client, in := c.iam(c.root()), &iam.ListUsersInput{MaxItems: aws.Int32(2)}
	first, err := client.ListUsers(c.ctx, in)
	if err != nil {
		return err
	}
	if len(first.Users) != 2 || !first.IsTruncated || first.Marker == nil {
		return fmt.Errorf("the first page has %d users, IsTruncated %v", len(first.Users), first.IsTruncated)
	}
	in.Marker = first.Marker
	second, err := client.ListUsers(c.ctx, in)
	if err != nil {
		return err
	}
	return errors.Join(is("users on the second page", len(second.Users), 1), is("IsTruncated", second.IsTruncated, false))
}

func pagesGroups(c *world) error {
	client := c.iam(c.root())
	for _, name := range []string{"g1", "g2"} {
		if _, err := client.CreateGroup(c.ctx, &iam.CreateGroupInput{GroupName: &name}); err != nil {
			return err
		}
	}
	first, err := client.ListGroups(c.ctx, &iam.ListGroupsInput{MaxItems: aws.Int32(1)})
	if err != nil {
		return err
	}
	return errors.Join(is("groups", len(first.Groups), 1), is("IsTruncated", first.IsTruncated, true))
}

func pagesKeys(c *world) error {
	if _, err := c.user("clerk", ""); err != nil {
		return err
	}
	client := c.iam(c.root())
	if _, err := client.CreateAccessKey(c.ctx, &iam.CreateAccessKeyInput{UserName: aws.String("clerk")}); err != nil {
		return err
	}
	first, err := client.ListAccessKeys(c.ctx, &iam.ListAccessKeysInput{UserName: aws.String("clerk"), MaxItems: aws.Int32(1)})
	if err != nil {
		return err
	}
	return errors.Join(is("keys", len(first.AccessKeyMetadata), 1), is("IsTruncated", first.IsTruncated, true))
}

func pagesDetails(c *world) error {
	if err := errors.Join(c.bare("u1"), c.bare("u2")); err != nil {
		return err
	}
	if _, err := c.role("worker", trust(`{"AWS":"*"}`, "")); err != nil {
		return err
	}
	client, seen, pages := c.iam(c.root()), 0, 0
	p := iam.NewGetAccountAuthorizationDetailsPaginator(client, &iam.GetAccountAuthorizationDetailsInput{MaxItems: aws.Int32(1)})
	for p.HasMorePages() && pages < 10 {
		page, err := p.NextPage(c.ctx)
		if err != nil {
			return err
		}
		seen += len(page.UserDetailList) + len(page.RoleDetailList)
		pages++
	}
	return errors.Join(is("pages", pages, 3), is("users and roles", seen, 3))
}

func lastPage(c *world) error {
	for _, name := range []string{"p1", "p2"} {
		if _, err := c.policy(name); err != nil {
			return err
		}
	}
	got, err := c.iam(c.root()).ListPolicies(c.ctx, &iam.ListPoliciesInput{Scope: types.PolicyScopeTypeLocal, MaxItems: aws.Int32(2)})
	if err != nil {
		return err
	}
	return errors.Join(is("policies", len(got.Policies), 2), is("IsTruncated", got.IsTruncated, false))
}

func badMarker(c *world) error {
	_, err := c.iam(c.root()).ListUsers(c.ctx, &iam.ListUsersInput{Marker: aws.String("made up")})
	return fails(err, "ValidationError")
}

func certificateDates(c *world) error {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	end := time.Now().Add(48 * time.Hour).UTC().Truncate(time.Second)
	form := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "shop.example"}, NotAfter: end}
	der, err := x509.CreateCertificate(rand.Reader, form, form, private.Public(), private)
	if err != nil {
		return err
	}
	body := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	client := c.iam(c.root())
	_, err = client.UploadServerCertificate(c.ctx, &iam.UploadServerCertificateInput{
		ServerCertificateName: aws.String("shop"), CertificateBody: &body, PrivateKey: aws.String("not looked at"),
	})
	if err != nil {
		return err
	}
	got, err := client.ListServerCertificates(c.ctx, &iam.ListServerCertificatesInput{})
	if err != nil {
		return err
	}
	if len(got.ServerCertificateMetadataList) != 1 {
		return fmt.Errorf("there are %d certificates", len(got.ServerCertificateMetadataList))
	}
	m := got.ServerCertificateMetadataList[0]
	if m.Expiration == nil || !m.Expiration.Equal(end) || time.Since(*m.UploadDate).Abs() > time.Minute {
		return fmt.Errorf("UploadDate is %v, Expiration %v", m.UploadDate, m.Expiration)
	}
	return nil
}

func encodedDocuments(c *world) error {
	if _, err := c.user("clerk", everything); err != nil {
		return err
	}
	got, err := c.iam(c.root()).GetUserPolicy(c.ctx, &iam.GetUserPolicyInput{UserName: aws.String("clerk"), PolicyName: aws.String("own")})
	if err != nil {
		return err
	}
	plain, err := url.QueryUnescape(*got.PolicyDocument)
	if err != nil {
		return err
	}
	details, err := c.iam(c.root()).GetAccountAuthorizationDetails(c.ctx, &iam.GetAccountAuthorizationDetailsInput{})
	if err != nil {
		return err
	}
	doc := *details.UserDetailList[0].UserPolicyList[0].PolicyDocument
	decoded, err := url.QueryUnescape(doc)
	return errors.Join(err, is("the document", plain, everything), is("the document in the details", decoded, everything),
		hasPrefix("the document as sent", doc, "%7B"), hasPrefix("the document as sent", *got.PolicyDocument, "%7B"))
}
