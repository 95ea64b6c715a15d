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
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

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
