package kinds

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
	"cordon/internal/kind/kindtest"
)

func makeUserPool(t *testing.T, w world, protection types.DeletionProtectionType) string {
	t.Helper()
	api := cognito.NewFromConfig(w.Config(ssoRegion))
	out := must[*cognito.CreateUserPoolOutput](t)(api.CreateUserPool(t.Context(), &cognito.CreateUserPoolInput{
		PoolName: aws.String("shop"), DeletionProtection: protection, MfaConfiguration: types.UserPoolMfaTypeOff,
		AutoVerifiedAttributes: []types.VerifiedAttributeType{types.VerifiedAttributeTypeEmail},
		LambdaConfig:           &types.LambdaConfigType{PreSignUp: aws.String("arn:aws:lambda:eu-central-1:" + kindtest.Account + ":function:check")},
	}))
	must[*cognito.CreateUserPoolDomainOutput](t)(api.CreateUserPoolDomain(t.Context(), &cognito.CreateUserPoolDomainInput{UserPoolId: out.UserPool.Id, Domain: aws.String("shop")}))
	must[*cognito.AdminCreateUserOutput](t)(api.AdminCreateUser(t.Context(), &cognito.AdminCreateUserInput{UserPoolId: out.UserPool.Id, Username: aws.String("ann")}))
	return *out.UserPool.Id
}

func TestCognitoUserPool(t *testing.T) {
	t.Parallel()
	protected := func(t *testing.T, w world) string { return makeUserPool(t, w, types.DeletionProtectionTypeActive) }
	kindtest.Run(t, kindtest.Case[userPoolReader, userPoolWriter]{Spec: userPoolSpec, Region: ssoRegion, Setup: protected,
		Verbs: map[string]func(*testing.T, world) string{
			"delete": func(t *testing.T, w world) string { return makeUserPool(t, w, types.DeletionProtectionTypeInactive) },
		}})
}

func TestCognitoProtection(t *testing.T) {
	t.Parallel()
	w := kindtest.NewWorld(t)
	r := one(t, w, userPool, ssoRegion, makeUserPool(t, w, types.DeletionProtectionTypeActive))
	wantFact(t, r, fact.Protections, []string{"deletion"})
	wantFact(t, r, fact.Name, "shop")
	v, _ := userPool.Verb("delete")
	if err := v.Do(t.Context(), w.Config(ssoRegion), kind.Job{Resource: r}, nil); err == nil {
		t.Error("a protected pool is deleted")
	}
	p := must[*cognito.DescribeUserPoolOutput](t)(cognito.NewFromConfig(w.Config(ssoRegion)).DescribeUserPool(t.Context(), &cognito.DescribeUserPoolInput{UserPoolId: &r.ID}))
	if aws.ToString(p.UserPool.Domain) != "shop" {
		t.Error("a pool that was not deleted has lost its domain")
	}
}
