package kinds

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	cftypes "github.com/aws/aws-sdk-go-v2/service/cloudfront/types"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	cognitotypes "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	r53types "github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/aws/aws-sdk-go-v2/service/route53domains"
	domaintypes "github.com/aws/aws-sdk-go-v2/service/route53domains/types"
	"github.com/aws/aws-sdk-go-v2/service/transfer"

	"cordon/internal/fact"
	"cordon/internal/kind"
	"cordon/internal/kind/kindtest"
)

// listedGlobally is the one resource of a global kind.
func listedGlobally(t *testing.T, w kindtest.World, k kind.Kind, id string) (r fact.Resource) {
	t.Helper()
	found := 0
	err := k.List(t.Context(), w.Config(fact.Global), fact.Place{Account: kindtest.Account, Region: fact.Global}, func(one fact.Resource) {
		if one.ID == id {
			r = one
			found++
		}
	})
	if err != nil || found != 1 {
		t.Fatalf("%s is listed %d times, %v", id, found, err)
	}
	return r
}

func makeZone(t *testing.T, w kindtest.World) string {
	t.Helper()
	api := route53.NewFromConfig(w.Config(fact.Global))
	out := must[*route53.CreateHostedZoneOutput](t)(api.CreateHostedZone(t.Context(), &route53.CreateHostedZoneInput{
		Name: aws.String("shop.example"), CallerReference: aws.String("one"),
	}))
	record := func(name string, values ...string) r53types.Change {
		set := &r53types.ResourceRecordSet{Name: &name, Type: r53types.RRTypeA, TTL: aws.Int64(300)}
		for _, v := range values {
			set.ResourceRecords = append(set.ResourceRecords, r53types.ResourceRecord{Value: aws.String(v)})
		}
		return r53types.Change{Action: r53types.ChangeActionCreate, ResourceRecordSet: set}
	}
	must[*route53.ChangeResourceRecordSetsOutput](t)(api.ChangeResourceRecordSets(t.Context(), &route53.ChangeResourceRecordSetsInput{
		HostedZoneId: out.HostedZone.Id,
		ChangeBatch:  &r53types.ChangeBatch{Changes: []r53types.Change{record("www.shop.example.", "203.0.113.9"), record("phish.shop.example.", "203.0.113.9")}},
	}))
	return strings.TrimPrefix(aws.ToString(out.HostedZone.Id), "/hostedzone/")
}

func TestZone(t *testing.T) {
	kindtest.Run(t, kindtest.Case[zoneReader, zoneWriter]{
		Spec: zoneSpec, Region: fact.Global, Setup: makeZone,
		Before: map[string]func(*testing.T, kindtest.World, string) string{"restore-records": func(t *testing.T, _ kindtest.World, _ string) string {
			t.Helper()
			return must[string](t)(recordsText([]r53types.ResourceRecordSet{{
				Name: aws.String("www.shop.example."), Type: r53types.RRTypeA, TTL: aws.Int64(60),
				ResourceRecords: []r53types.ResourceRecord{{Value: aws.String("198.51.100.1")}},
			}}))
		}},
	})
	w := kindtest.NewWorld(t)
	r := listedGlobally(t, w, zone, makeZone(t, w))
	records := fact.Aspects.Or(r, nil)["records"]
	if !strings.Contains(records, "phish.shop.example.") || strings.Contains(records, "SOA") || fact.Name.Or(r, "") != "shop.example" {
		t.Errorf("%s", r.Facts)
	}
}

func makeDomain(t *testing.T, w kindtest.World) string {
	t.Helper()
	someone := &domaintypes.ContactDetail{
		FirstName: aws.String("A"), LastName: aws.String("B"), ContactType: domaintypes.ContactTypePerson, AddressLine1: aws.String("1 Way"),
		City: aws.String("Lyon"), CountryCode: domaintypes.CountryCodeFr, ZipCode: aws.String("69001"), Email: aws.String("a@shop.example"), PhoneNumber: aws.String("+33.1234567"),
	}
	must[*route53domains.RegisterDomainOutput](t)(route53domains.NewFromConfig(w.Config(fact.Global)).RegisterDomain(t.Context(), &route53domains.RegisterDomainInput{
		DomainName: aws.String("shop-login.com"), DurationInYears: aws.Int32(2), AutoRenew: aws.Bool(true),
		AdminContact: someone, RegistrantContact: someone, TechContact: someone,
	}))
	return "shop-login.com"
}

func makeUnlockedDomain(t *testing.T, w kindtest.World) string {
	t.Helper()
	id := makeDomain(t, w)
	must[*route53domains.DisableDomainTransferLockOutput](t)(route53domains.NewFromConfig(w.Config(fact.Global)).DisableDomainTransferLock(t.Context(), &route53domains.DisableDomainTransferLockInput{DomainName: &id}))
	return id
}

func TestDomain(t *testing.T) {
	kindtest.Run(t, kindtest.Case[domainReader, domainWriter]{
		Spec: domainSpec, Region: fact.Global, Setup: makeDomain,
		Verbs:  map[string]func(*testing.T, kindtest.World) string{"restore-lock": makeUnlockedDomain},
		Before: map[string]func(*testing.T, kindtest.World, string) string{"restore-lock": always("on")},
	})
	w := kindtest.NewWorld(t)
	r := listedGlobally(t, w, domain, makeUnlockedDomain(t, w))
	if fact.Aspects.Or(r, nil)["transfer-lock"] != "off" || !fact.Active.Or(r, false) || r.Created.IsZero() {
		t.Errorf("made %v; %s", r.Created, r.Facts)
	}
}

func makeDistribution(t *testing.T, w kindtest.World) string {
	t.Helper()
	out := must[*cloudfront.CreateDistributionOutput](t)(cloudfront.NewFromConfig(w.Config(fact.Global)).CreateDistribution(t.Context(), &cloudfront.CreateDistributionInput{
		DistributionConfig: &cftypes.DistributionConfig{
			CallerReference: aws.String("one"), Comment: aws.String("shop"), Enabled: aws.Bool(true),
			Origins: &cftypes.Origins{Quantity: aws.Int32(1), Items: []cftypes.Origin{{
				Id: aws.String("o"), DomainName: aws.String("evil.example"),
				CustomOriginConfig: &cftypes.CustomOriginConfig{HTTPPort: aws.Int32(80), HTTPSPort: aws.Int32(443), OriginProtocolPolicy: cftypes.OriginProtocolPolicyHttpsOnly},
			}}},
			DefaultCacheBehavior: &cftypes.DefaultCacheBehavior{
				TargetOriginId: aws.String("o"), ViewerProtocolPolicy: cftypes.ViewerProtocolPolicyAllowAll,
				LambdaFunctionAssociations: &cftypes.LambdaFunctionAssociations{Quantity: aws.Int32(1), Items: []cftypes.LambdaFunctionAssociation{{
					LambdaFunctionARN: aws.String("arn:aws:lambda:us-east-1:" + kindtest.Account + ":function:skim:1"), EventType: cftypes.EventTypeViewerRequest,
				}}},
			},
		},
	}))
	return aws.ToString(out.Distribution.Id)
}

func makeDisabledDistribution(t *testing.T, w kindtest.World) string {
	t.Helper()
	id := makeDistribution(t, w)
	v, _ := distribution.Verb("disable")
	r := listedGlobally(t, w, distribution, id)
	prior, err := v.Prior(t.Context(), w.Config(fact.Global), r)
	if err == nil {
		err = v.Do(t.Context(), w.Config(fact.Global), kind.Job{Resource: r}, prior)
	}
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestDistribution(t *testing.T) {
	kindtest.Run(t, kindtest.Case[distributionReader, distributionWriter]{
		Spec: distributionSpec, Region: fact.Global, Setup: makeDistribution,
		Verbs: map[string]func(*testing.T, kindtest.World) string{"delete": makeDisabledDistribution},
	})
	w := kindtest.NewWorld(t)
	r := listedGlobally(t, w, distribution, makeDistribution(t, w))
	want := []fact.Ref{{Kind: "lambda.function", Place: fact.Place{Account: kindtest.Account, Region: "us-east-1"}, ID: "skim"}}
	if held := distribution.Holds(r); !slices.Equal(held, want) || fact.Detail.Or(r, "") != "evil.example" || !fact.Active.Or(r, false) {
		t.Errorf("holds %v; %s", held, r.Facts)
	}
}

func makePool(t *testing.T, w kindtest.World) string {
	t.Helper()
	api := cognito.NewFromConfig(w.Config(here))
	out := must[*cognito.CreateUserPoolOutput](t)(api.CreateUserPool(t.Context(), &cognito.CreateUserPoolInput{
		PoolName: aws.String("customers"), DeletionProtection: cognitotypes.DeletionProtectionTypeInactive,
		Policies: &cognitotypes.UserPoolPolicyType{PasswordPolicy: &cognitotypes.PasswordPolicyType{MinimumLength: aws.Int32(14)}},
	}))
	return aws.ToString(out.UserPool.Id)
}

func makeProtectedPool(t *testing.T, w kindtest.World) string {
	t.Helper()
	id := makePool(t, w)
	r := listed(t, w, userPool, id)
	if err := protectUserPool(t.Context(), cognito.NewFromConfig(w.Config(here)), kind.Job{Resource: r}, true); err != nil {
		t.Fatal(err)
	}
	return id
}

func TestUserPool(t *testing.T) {
	kindtest.Run(t, kindtest.Case[poolReader, poolWriter]{
		Spec: userPoolSpec, Region: here, Setup: makePool,
		Verbs: map[string]func(*testing.T, kindtest.World) string{"unprotect": makeProtectedPool},
	})
}

// To lift the protection leaves the other settings, and a pool with people in
// it is not deleted.
func TestUserPoolKeepsWhatItHas(t *testing.T) {
	w := kindtest.NewWorld(t)
	api, id := cognito.NewFromConfig(w.Config(here)), makeProtectedPool(t, w)
	r := listed(t, w, userPool, id)
	if !slices.Equal(fact.Protections.Or(r, nil), []string{"deletion"}) {
		t.Errorf("%s", r.Facts)
	}
	if err := protectUserPool(t.Context(), api, kind.Job{Resource: r}, false); err != nil {
		t.Fatal(err)
	}
	p := must[*cognitotypes.UserPoolType](t)(findUserPool(t.Context(), api, id))
	if n := p.Policies.PasswordPolicy.MinimumLength; aws.ToInt32(n) != 14 || p.DeletionProtection != cognitotypes.DeletionProtectionTypeInactive {
		t.Errorf("passwords of %d, %s", aws.ToInt32(n), p.DeletionProtection)
	}
	if err := poolIsEmpty(t.Context(), api, kind.Job{Resource: r}); err != nil {
		t.Error(err)
	}
	must[*cognito.AdminCreateUserOutput](t)(api.AdminCreateUser(t.Context(), &cognito.AdminCreateUserInput{UserPoolId: &id, Username: aws.String("ann")}))
	if err := poolIsEmpty(t.Context(), api, kind.Job{Resource: r}); err == nil {
		t.Error("a pool with somebody in it may be deleted")
	}
}

func makeTransferServer(t *testing.T, w kindtest.World) string {
	t.Helper()
	api := transfer.NewFromConfig(w.Config(here))
	out := must[*transfer.CreateServerOutput](t)(api.CreateServer(t.Context(), &transfer.CreateServerInput{}))
	must[*transfer.CreateUserOutput](t)(api.CreateUser(t.Context(), &transfer.CreateUserInput{
		ServerId: out.ServerId, UserName: aws.String("leak"), Role: aws.String("arn:aws:iam::" + kindtest.Account + ":role/s3"),
	}))
	return aws.ToString(out.ServerId)
}

func TestTransferServer(t *testing.T) {
	kindtest.Run(t, kindtest.Case[transferReader, transferWriter]{Spec: transferServerSpec, Region: here, Setup: makeTransferServer})
	w := kindtest.NewWorld(t)
	id := makeTransferServer(t, w)
	kept := map[string]string{}
	r := listed(t, w, transferServer, id)
	if err := transferServer.Keep(t.Context(), w.Config(here), r, func(n string, b []byte) error { kept[n] = string(b); return nil }); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(kept["user-leak.json"], "role/s3") || !fact.Active.Or(r, false) {
		t.Errorf("kept %v; %s", kept, r.Facts)
	}
}
