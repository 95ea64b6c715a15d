package lab_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/guardduty"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	ststypes "github.com/aws/aws-sdk-go-v2/service/sts/types"
)

func TestContractAuth(t *testing.T) {
	contract(t, []deviation{
		{name: "inactive key", aws: "Inactive: the key cannot be used for API calls", check: inactiveKey},
		{name: "deleted key", aws: "InvalidClientTokenId: the security token included in the request is invalid", check: deletedKey},
		{name: "unknown key", aws: "InvalidClientTokenId", check: unknownKey},
		{name: "wrong secret", aws: "SignatureDoesNotMatch", check: wrongSecret},
		{name: "implicit deny", aws: "By default, all requests are implicitly denied", check: implicitDeny},
		{name: "resource-scoped policy", aws: "Resource: the object or objects that the statement covers", check: scopedPolicy},
		{name: "revoke older sessions", aws: "aws:TokenIssueTime is present only in requests made with temporary credentials", check: revokeOlder},
		{name: "permissions boundary", aws: "effective permissions are the intersection of both policy types", check: boundary},
		{name: "session token", aws: "temporary credentials that consist of an access key, a secret access key, and a security token", check: sessionToken},
		{name: "session outlives its key", aws: "deactivating the key does not affect temporary credentials; permissions are the user's", check: sessionOutlivesKey},
		{name: "session may not call IAM", aws: "You cannot call any IAM API operations unless MFA authentication information is included", check: sessionNoIAM},
		{name: "wrong session token", aws: "InvalidClientTokenId", check: wrongSessionToken},
		{name: "federation token", aws: "intersection of the policies of the IAM user and the session policies that you pass", check: federationToken},
		{name: "caller of a federation", aws: "arn:aws:sts::ACCOUNT:federated-user/NAME", check: federatedCaller},
		{name: "unknown role", aws: "AccessDenied: not authorized to perform: sts:AssumeRole", check: unknownRole},
		{name: "trust policy", aws: "the role's trust policy must allow the principal", check: untrustedRole},
		{name: "external id", aws: "sts:ExternalId must match", check: externalID},
		{name: "session policy", aws: "the intersection of the role's identity-based policies and the session policies", check: sessionPolicy},
		{name: "session duration", aws: "The requested DurationSeconds exceeds the MaxSessionDuration set for this role", check: tooLong},
		{name: "deleted role", aws: "sessions of a deleted role are invalid", check: deletedRole},
		{name: "web identity", aws: "the role must trust the identity provider: Not authorized to perform sts:AssumeRoleWithWebIdentity", check: webIdentity},
		{name: "MFA condition", aws: "aws:MultiFactorAuthPresent is not present for long-term credentials", check: mfaCondition},
	})
}

// refusedEverywhere says nil if credentials are refused by each protocol in its
// own words.
func refusedEverywhere(c *world, k keys) error {
	_, err := c.iam(k).ListUsers(c.ctx, &iam.ListUsersInput{})
	_, err2 := c.ec2(k).DescribeVpcs(c.ctx, &ec2.DescribeVpcsInput{})
	_, err3 := c.lambda(k).ListFunctions(c.ctx, &lambda.ListFunctionsInput{})
	_, err4 := c.cloudtrail(k).ListTrails(c.ctx, &cloudtrail.ListTrailsInput{})
	_, err5 := c.guardduty(k).ListDetectors(c.ctx, &guardduty.ListDetectorsInput{})
	return errors.Join(fails(err, "InvalidClientTokenId"), fails(err2, "AuthFailure"),
		fails(err3, "UnrecognizedClientException"), fails(err4, "UnrecognizedClientException"),
		fails(err5, "UnrecognizedClientException"))
}

func inactiveKey(c *world) error {
	k, err := c.user("mallory", everything)
	if err != nil {
		return err
	}
	_, err = c.iam(c.root()).UpdateAccessKey(c.ctx, &iam.UpdateAccessKeyInput{
		UserName: aws.String("mallory"), AccessKeyId: &k.id, Status: types.StatusTypeInactive,
	})
	if err != nil {
		return err
	}
	return refusedEverywhere(c, k)
}

func deletedKey(c *world) error {
	k, err := c.user("mallory", everything)
	if err != nil {
		return err
	}
	_, err = c.iam(c.root()).DeleteAccessKey(c.ctx, &iam.DeleteAccessKeyInput{UserName: aws.String("mallory"), AccessKeyId: &k.id})
	if err != nil {
		return err
	}
	return refusedEverywhere(c, k)
}

func unknownKey(c *world) error {
	return refusedEverywhere(c, keys{id: "AKIAIOSFODNN7EXAMPLE", secret: "nobody's"})
}

func wrongSecret(c *world) error {
	k, err := c.user("mallory", everything)
	if err != nil {
		return err
	}
	k.secret = "guessed"
	_, err = c.iam(k).ListUsers(c.ctx, &iam.ListUsersInput{})
	_, err2 := c.ec2(k).DescribeVpcs(c.ctx, &ec2.DescribeVpcsInput{})
	return errors.Join(fails(err, "SignatureDoesNotMatch"), fails(err2, "AuthFailure"))
}

func implicitDeny(c *world) error {
	k, err := c.user("clerk", "")
	if err != nil {
		return err
	}
	_, err = c.iam(k).ListUsers(c.ctx, &iam.ListUsersInput{})
	_, err2 := c.ec2(k).DescribeVpcs(c.ctx, &ec2.DescribeVpcsInput{})
	_, err3 := c.lambda(k).ListFunctions(c.ctx, &lambda.ListFunctionsInput{})
	return errors.Join(fails(err, "AccessDenied"), fails(err2, "UnauthorizedOperation"), fails(err3, "AccessDeniedException"))
}

func scopedPolicy(c *world) error {
	const own = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:*AccessKey*","Resource":"arn:aws:iam::*:user/${aws:username}"}]}`
	k, err := c.user("clerk", own)
	if err != nil {
		return err
	}
	if _, err := c.user("other", ""); err != nil {
		return err
	}
	if _, err := c.iam(k).ListAccessKeys(c.ctx, &iam.ListAccessKeysInput{UserName: aws.String("clerk")}); err != nil {
		return err
	}
	_, err = c.iam(k).CreateAccessKey(c.ctx, &iam.CreateAccessKeyInput{UserName: aws.String("other")})
	return fails(err, "AccessDenied")
}

// role makes a role that everybody in the account may assume and that may do
// everything.
func (c *world) role(name, trusted string) (string, error) {
	client := c.iam(c.root())
	made, err := client.CreateRole(c.ctx, &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: &trusted})
	if err != nil {
		return "", err
	}
	_, err = client.PutRolePolicy(c.ctx, &iam.PutRolePolicyInput{RoleName: &name, PolicyName: aws.String("own"), PolicyDocument: aws.String(everything)})
	return *made.Role.Arn, err
}

func (c *world) assume(k keys, in *sts.AssumeRoleInput) (keys, error) {
	if in.RoleSessionName == nil {
		in.RoleSessionName = aws.String("session")
	}
	got, err := c.sts(k).AssumeRole(c.ctx, in)
	if err != nil {
		return keys{}, err
	}
	return temporary(got.Credentials), nil
}

func temporary(k *ststypes.Credentials) keys {
	return keys{id: *k.AccessKeyId, secret: *k.SecretAccessKey, token: *k.SessionToken}
}

func revokeOlder(c *world) error {
	k, err := c.user("clerk", everything)
	if err != nil {
		return err
	}
	role, err := c.role("worker", trust(`{"AWS":"*"}`, ""))
	if err != nil {
		return err
	}
	old, err := c.assume(k, &sts.AssumeRoleInput{RoleArn: &role})
	if err != nil {
		return err
	}
	revoke := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"DateLessThan":{"aws:TokenIssueTime":%q}}}]}`,
		time.Now().UTC().Add(time.Second).Format(time.RFC3339))
	_, err = c.iam(c.root()).PutRolePolicy(c.ctx, &iam.PutRolePolicyInput{RoleName: aws.String("worker"), PolicyName: aws.String("AWSRevokeOlderSessions"), PolicyDocument: &revoke})
	if err != nil {
		return err
	}
	time.Sleep(1100 * time.Millisecond)
	fresh, err := c.assume(k, &sts.AssumeRoleInput{RoleArn: &role})
	if err != nil {
		return err
	}
	if _, err := c.ec2(fresh).DescribeVpcs(c.ctx, &ec2.DescribeVpcsInput{}); err != nil {
		return fmt.Errorf("a new session is refused: %w", err)
	}
	_, err = c.ec2(old).DescribeVpcs(c.ctx, &ec2.DescribeVpcsInput{})
	return fails(err, "UnauthorizedOperation")
}

func boundary(c *world) error {
	k, err := c.user("clerk", everything)
	if err != nil {
		return err
	}
	readOnly := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ec2:Describe*","Resource":"*"}]}`
	limit, err := c.iam(c.root()).CreatePolicy(c.ctx, &iam.CreatePolicyInput{PolicyName: aws.String("limit"), PolicyDocument: &readOnly})
	if err != nil {
		return err
	}
	_, err = c.iam(c.root()).PutUserPermissionsBoundary(c.ctx, &iam.PutUserPermissionsBoundaryInput{
		UserName: aws.String("clerk"), PermissionsBoundary: limit.Policy.Arn,
	})
	if err != nil {
		return err
	}
	if _, err := c.ec2(k).DescribeVpcs(c.ctx, &ec2.DescribeVpcsInput{}); err != nil {
		return err
	}
	_, err = c.iam(k).ListUsers(c.ctx, &iam.ListUsersInput{})
	return fails(err, "AccessDenied")
}

func (c *world) session(k keys) (keys, error) {
	got, err := c.sts(k).GetSessionToken(c.ctx, &sts.GetSessionTokenInput{})
	if err != nil {
		return keys{}, err
	}
	return temporary(got.Credentials), nil
}

func sessionToken(c *world) error {
	k, err := c.user("clerk", everything)
	if err != nil {
		return err
	}
	one, err := c.session(k)
	if err != nil {
		return err
	}
	two, err := c.session(k)
	if err != nil {
		return err
	}
	if one.id == two.id || one.token == two.token {
		return errors.New("two sessions have the same credentials")
	}
	who, err := c.sts(one).GetCallerIdentity(c.ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return err
	}
	return errors.Join(hasPrefix("the key", one.id, "ASIA"), is("the caller", (*who.Arn)[len(*who.Arn)-len("user/clerk"):], "user/clerk"))
}

func sessionOutlivesKey(c *world) error {
	k, err := c.user("clerk", everything)
	if err != nil {
		return err
	}
	s, err := c.session(k)
	if err != nil {
		return err
	}
	_, err = c.iam(c.root()).UpdateAccessKey(c.ctx, &iam.UpdateAccessKeyInput{UserName: aws.String("clerk"), AccessKeyId: &k.id, Status: types.StatusTypeInactive})
	if err != nil {
		return err
	}
	if _, err := c.ec2(s).DescribeVpcs(c.ctx, &ec2.DescribeVpcsInput{}); err != nil {
		return fmt.Errorf("the session ended with the key: %w", err)
	}
	if err := c.denyAll("clerk"); err != nil {
		return err
	}
	_, err = c.ec2(s).DescribeVpcs(c.ctx, &ec2.DescribeVpcsInput{})
	return fails(err, "UnauthorizedOperation")
}

func sessionNoIAM(c *world) error {
	k, err := c.user("clerk", everything)
	if err != nil {
		return err
	}
	s, err := c.session(k)
	if err != nil {
		return err
	}
	_, err = c.iam(s).ListUsers(c.ctx, &iam.ListUsersInput{})
	_, err2 := c.sts(s).GetSessionToken(c.ctx, &sts.GetSessionTokenInput{})
	return errors.Join(fails(err, "InvalidClientTokenId"), fails(err2, "AccessDenied"))
}

func wrongSessionToken(c *world) error {
	k, err := c.user("clerk", everything)
	if err != nil {
		return err
	}
	s, err := c.session(k)
	if err != nil {
		return err
	}
	s.token += "x"
	_, err = c.sts(s).GetCallerIdentity(c.ctx, &sts.GetCallerIdentityInput{})
	s.token = ""
	_, err2 := c.sts(s).GetCallerIdentity(c.ctx, &sts.GetCallerIdentityInput{})
	return errors.Join(fails(err, "InvalidClientTokenId"), fails(err2, "InvalidClientTokenId"))
}

func (c *world) federate(k keys, policy string) (keys, error) {
	in := &sts.GetFederationTokenInput{Name: aws.String("guest")}
	if policy != "" {
		in.Policy = &policy
	}
	got, err := c.sts(k).GetFederationToken(c.ctx, in)
	if err != nil {
		return keys{}, err
	}
	return temporary(got.Credentials), nil
}

func federationToken(c *world) error {
	k, err := c.user("clerk", everything)
	if err != nil {
		return err
	}
	bare, err := c.federate(k, "")
	if err != nil {
		return err
	}
	_, err = c.ec2(bare).DescribeVpcs(c.ctx, &ec2.DescribeVpcsInput{})
	if err := fails(err, "UnauthorizedOperation"); err != nil {
		return err
	}
	full, err := c.federate(k, everything)
	if err != nil {
		return err
	}
	if _, err := c.ec2(full).DescribeVpcs(c.ctx, &ec2.DescribeVpcsInput{}); err != nil {
		return err
	}
	if err := c.denyAll("clerk"); err != nil {
		return err
	}
	_, err = c.ec2(full).DescribeVpcs(c.ctx, &ec2.DescribeVpcsInput{})
	return fails(err, "UnauthorizedOperation")
}

func federatedCaller(c *world) error {
	k, err := c.user("clerk", everything)
	if err != nil {
		return err
	}
	f, err := c.federate(k, everything)
	if err != nil {
		return err
	}
	who, err := c.sts(f).GetCallerIdentity(c.ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return err
	}
	return is("the caller", *who.Arn, "arn:aws:sts::"+*who.Account+":federated-user/guest")
}
