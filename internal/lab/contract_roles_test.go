package lab_test

import (
	"errors"
	"fmt"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"cordon/internal/lab"
)

func unknownRole(c *world) error {
	k, err := c.user("clerk", everything)
	if err != nil {
		return err
	}
	_, err = c.assume(k, &sts.AssumeRoleInput{RoleArn: aws.String("arn:aws:iam::" + lab.DefaultAccount + ":role/none")})
	return fails(err, "AccessDenied")
}

func untrustedRole(c *world) error {
	k, err := c.user("clerk", everything)
	if err != nil {
		return err
	}
	role, err := c.role("worker", trust(`{"Service":"ec2.amazonaws.com"}`, ""))
	if err != nil {
		return err
	}
	_, err = c.assume(k, &sts.AssumeRoleInput{RoleArn: &role})
	return fails(err, "AccessDenied")
}

func externalID(c *world) error {
	k, err := c.user("clerk", everything)
	if err != nil {
		return err
	}
	role, err := c.role("vendor", trust(`{"AWS":"*"}`, `{"StringEquals":{"sts:ExternalId":"tm-1"}}`))
	if err != nil {
		return err
	}
	if _, err := c.assume(k, &sts.AssumeRoleInput{RoleArn: &role, ExternalId: aws.String("tm-1")}); err != nil {
		return err
	}
	_, err = c.assume(k, &sts.AssumeRoleInput{RoleArn: &role, ExternalId: aws.String("tm-2")})
	_, err2 := c.assume(k, &sts.AssumeRoleInput{RoleArn: &role})
	return errors.Join(fails(err, "AccessDenied"), fails(err2, "AccessDenied"))
}

func sessionPolicy(c *world) error {
	k, err := c.user("clerk", everything)
	if err != nil {
		return err
	}
	role, err := c.role("worker", trust(`{"AWS":"*"}`, ""))
	if err != nil {
		return err
	}
	only := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ec2:*","Resource":"*"}]}`
	s, err := c.assume(k, &sts.AssumeRoleInput{RoleArn: &role, Policy: &only})
	if err != nil {
		return err
	}
	if _, err := c.ec2(s).DescribeVpcs(c.ctx, &ec2.DescribeVpcsInput{}); err != nil {
		return err
	}
	_, err = c.iam(s).ListUsers(c.ctx, &iam.ListUsersInput{})
	return fails(err, "AccessDenied")
}

func tooLong(c *world) error {
	k, err := c.user("clerk", everything)
	if err != nil {
		return err
	}
	role, err := c.role("worker", trust(`{"AWS":"*"}`, ""))
	if err != nil {
		return err
	}
	_, err = c.assume(k, &sts.AssumeRoleInput{RoleArn: &role, DurationSeconds: aws.Int32(7200)})
	return fails(err, "ValidationError")
}

func deletedRole(c *world) error {
	k, err := c.user("clerk", everything)
	if err != nil {
		return err
	}
	role, err := c.role("worker", trust(`{"AWS":"*"}`, ""))
	if err != nil {
		return err
	}
	s, err := c.assume(k, &sts.AssumeRoleInput{RoleArn: &role})
	if err != nil {
		return err
	}
	client := c.iam(c.root())
	if _, err := client.DeleteRolePolicy(c.ctx, &iam.DeleteRolePolicyInput{RoleName: aws.String("worker"), PolicyName: aws.String("own")}); err != nil {
		return err
	}
	if _, err := client.DeleteRole(c.ctx, &iam.DeleteRoleInput{RoleName: aws.String("worker")}); err != nil {
		return err
	}
	return refusedEverywhere(c, s)
}

func webIdentity(c *world) error {
	role, err := c.role("worker", trust(`{"AWS":"*"}`, ""))
	if err != nil {
		return err
	}
	_, err = c.sts(c.root()).AssumeRoleWithWebIdentity(c.ctx, &sts.AssumeRoleWithWebIdentityInput{
		RoleArn: &role, RoleSessionName: aws.String("session"), WebIdentityToken: aws.String("a token"),
	})
	return fails(err, "AccessDenied")
}

func mfaCondition(c *world) error {
	const withMFA = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}}]}`
	k, err := c.user("clerk", withMFA)
	if err != nil {
		return err
	}
	_, err = c.ec2(k).DescribeVpcs(c.ctx, &ec2.DescribeVpcsInput{})
	return fails(err, "UnauthorizedOperation")
}

// foreign is a transport for calls in another account, which the lab's token
// allows.
type foreign struct {
	inner          http.RoundTripper
	token, account string
}

func (f foreign) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("X-Lab-Token", f.token)
	r.Header.Set("X-Moto-Account-Id", f.account)
	return f.inner.RoundTrip(r)
}

// TestForeignAccount: the user of another account gets in through an opened
// role, if that user's own policies allow it, and only in through it.
func TestForeignAccount(t *testing.T) {
	l := mendedLab(t)
	id, secret := l.RootKey()
	ours := &world{ctx: t.Context(), transport: lab.Transport(l.URL()), id: id, secret: secret}
	theirs := &world{ctx: t.Context(), transport: foreign{ours.transport, l.Token(), "999988887777"}, id: id, secret: secret}
	mallory, err := theirs.user("mallory", everything)
	if err != nil {
		t.Fatal(err)
	}
	powerless, err := theirs.user("powerless", "")
	if err != nil {
		t.Fatal(err)
	}
	opened, err := ours.role("opened", trust(`{"AWS":"arn:aws:iam::999988887777:root"}`, ""))
	if err != nil {
		t.Fatal(err)
	}
	closed, err := ours.role("closed", trust(`{"AWS":"arn:aws:iam::`+lab.DefaultAccount+`:root"}`, ""))
	if err != nil {
		t.Fatal(err)
	}
	if users, err := ours.iam(mallory).ListUsers(t.Context(), &iam.ListUsersInput{}); err != nil || len(users.Users) != 2 {
		t.Errorf("ListUsers = %v, %v: want the two users of the other account", users, err)
	}
	got, err := ours.assume(mallory, &sts.AssumeRoleInput{RoleArn: &opened})
	if err != nil {
		t.Fatalf("the opened role: %v", err)
	}
	if users, err := ours.iam(got).ListUsers(t.Context(), &iam.ListUsersInput{}); err != nil || len(users.Users) != 0 {
		t.Errorf("ListUsers = %v, %v: want our account's", users, err)
	}
	_, err = ours.assume(mallory, &sts.AssumeRoleInput{RoleArn: &closed})
	_, err2 := ours.assume(powerless, &sts.AssumeRoleInput{RoleArn: &opened})
	if err := errors.Join(fails(err, "AccessDenied"), fails(err2, "AccessDenied")); err != nil {
		t.Error(err)
	}
}

// TestForcedPages: the setting page_size makes every list come in small pages.
func TestForcedPages(t *testing.T) {
	l := mendedLab(t)
	id, secret := l.RootKey()
	c := &world{ctx: t.Context(), transport: lab.Transport(l.URL()), id: id, secret: secret}
	for i := range 3 {
		if _, err := c.user(fmt.Sprint("u", i), everything); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := l.Settings(t.Context(), map[string]any{"page_size": 1}); err != nil {
		t.Fatal(err)
	}
	pages := 0
	for p := iam.NewListUsersPaginator(c.iam(c.root()), &iam.ListUsersInput{}); p.HasMorePages() && pages < 9; pages++ {
		if page, err := p.NextPage(t.Context()); err != nil || len(page.Users) != 1 {
			t.Fatalf("page %d: %v, %v", pages, page, err)
		}
	}
	if pages != 3 {
		t.Errorf("%d pages, want 3", pages)
	}
}

// TestSettling: reads see a change at once, enforcement sees it later.
func TestSettling(t *testing.T) {
	l := mendedLab(t)
	id, secret := l.RootKey()
	c := &world{ctx: t.Context(), transport: lab.Transport(l.URL()), id: id, secret: secret}
	k, err := c.user("clerk", everything)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Settings(t.Context(), map[string]any{"iam_settle_ms": 600_000}); err != nil {
		t.Fatal(err)
	}
	if err := c.denyAll("clerk"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.ec2(k).DescribeVpcs(c.ctx, &ec2.DescribeVpcsInput{}); err != nil {
		t.Errorf("the deny is enforced at once: %v", err)
	}
	seen, err := c.iam(k).ListUserPolicies(c.ctx, &iam.ListUserPoliciesInput{UserName: aws.String("clerk")})
	if err != nil || len(seen.PolicyNames) != 2 {
		t.Errorf("ListUserPolicies = %v, %v: want the new policy at once", seen, err)
	}
	// Now changes older than a millisecond are enforced.
	if _, err := l.Settings(t.Context(), map[string]any{"iam_settle_ms": 1}); err != nil {
		t.Fatal(err)
	}
	_, err = c.ec2(k).DescribeVpcs(c.ctx, &ec2.DescribeVpcsInput{})
	if err := fails(err, "UnauthorizedOperation"); err != nil {
		t.Errorf("the deny is not enforced after it settled: %v", err)
	}
}
