package engine_test

import (
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"cordon/internal/fact"
	"cordon/internal/judge"
	"cordon/internal/lab"
)

// rescue lets the organisation's administrator into the account by a role whose
// trust the intruder changes first, and answers the session and a group that it
// made.
func (w *world) rescue(admin Credential) (key, group string) {
	w.t.Helper()
	ctx := w.t.Context()
	check := func(err error) {
		w.t.Helper()
		if err != nil {
			w.t.Fatal(err)
		}
	}
	const role = "OrganizationAccountAccessRole"
	trust := aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":["arn:aws:iam::` + management + `:root","arn:aws:iam::666677778888:root"]}}]}`)
	inside := iam.NewFromConfig(w.rootIn("us-east-1"))
	_, err := inside.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String(role),
		AssumeRolePolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"ec2.amazonaws.com"}}]}`)})
	check(err)
	_, err = inside.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: aws.String(role), PolicyArn: aws.String("arn:aws:iam::aws:policy/AdministratorAccess")})
	check(err)
	_, err = iam.NewFromConfig(w.config(w.intruder(), "us-east-1")).UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: aws.String(role), PolicyDocument: trust})
	check(err)
	cfg := w.rootIn("us-east-1")
	cfg.HTTPClient = &http.Client{Transport: asRoot{management, w.Token(), lab.Transport(w.URL())}}
	_, err = iam.NewFromConfig(cfg).PutUserPolicy(ctx, &iam.PutUserPolicyInput{UserName: &admin.Name, PolicyName: aws.String("in"),
		PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:*","Resource":"*"}]}`)})
	check(err)
	out, err := sts.NewFromConfig(w.config(admin, "us-east-1")).AssumeRole(ctx, &sts.AssumeRoleInput{
		RoleArn: aws.String("arn:aws:iam::" + truth.Account + ":role/" + role), RoleSessionName: aws.String("rescue"),
	})
	check(err)
	c := Credential{KeyID: *out.Credentials.AccessKeyId, Secret: *out.Credentials.SecretAccessKey, Token: *out.Credentials.SessionToken}
	made, err := ec2.NewFromConfig(w.config(c, "eu-west-1")).CreateSecurityGroup(ctx, &ec2.CreateSecurityGroupInput{GroupName: aws.String("isolate"), Description: aws.String("rescue")})
	check(err)
	return c.KeyID, *made.GroupId
}

// intruder is one of his credentials that still opens the account.
func (w *world) intruder() Credential {
	w.t.Helper()
	for _, c := range truth.Intruders {
		if _, err := iam.NewFromConfig(w.config(c, "us-east-1")).ListRoles(w.t.Context(), &iam.ListRolesInput{}); err == nil && c.KeyID != truth.LeakedKey {
			return c
		}
	}
	w.t.Fatalf("he holds nothing: %+v", truth.Intruders)
	return Credential{}
}

// Who comes from the organisation's management account, by a role that the intruder
// opened to himself, may be the rescuer: what he made is not planned for deletion.
func TestTheRescuerIsNoIntruder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key, group := w.rescue(w.organised())
	tri, whose := w.whose(began(), group)
	if whose.Whose == judge.Intruder {
		t.Errorf("the rescuer's group is the intruder's: %+v", whose)
	}
	seen := false
	for r := range tri.Snapshot.Of("iam.role") {
		for _, d := range fact.Sessions.Or(r, nil) {
			if d.Credential == key {
				seen = true
				if d.Sure {
					t.Errorf("the rescuer's session is sure to be the intruder's: %+v", d)
				}
			}
		}
	}
	if !seen {
		t.Error("the session through the opened role is no suspect at all")
	}
}
