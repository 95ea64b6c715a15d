package cli

import (
	"context"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/account"
	"github.com/aws/aws-sdk-go-v2/service/account/types"
	"github.com/rogpeppe/go-internal/testscript"

	"cordon/internal/lab"
)

// madeAdmin is the key of the administrator that the intruder made.
func (t truth) madeAdmin() aws.Credentials {
	for _, c := range t.Intruder {
		if c.Kind == "access-key" && c.Name == "pavel.horak" {
			return aws.Credentials{AccessKeyID: c.ID, SecretAccessKey: c.Secret}
		}
	}
	return aws.Credentials{}
}

// meddle lets the night's intruder, as the administrator that he made, put
// himself where AWS writes and calls.
func meddle(ts *testscript.TestScript, _ bool, _ []string) {
	l, his := ts.Value("lab").(*lab.Lab), ts.Value("his").(aws.Credentials)
	ctx := context.Background()
	api := account.NewFromConfig(aws.Config{
		Region: "us-east-1", Credentials: credentials.StaticCredentialsProvider{Value: his}, HTTPClient: &http.Client{Transport: lab.Transport(l.URL())},
	})
	for _, sort := range []types.AlternateContactType{types.AlternateContactTypeSecurity, types.AlternateContactTypeOperations} {
		_, err := api.PutAlternateContact(ctx, &account.PutAlternateContactInput{
			AlternateContactType: sort, Name: aws.String("Support"), Title: aws.String("Support"), EmailAddress: aws.String("support@tidemark-security.example"), PhoneNumber: aws.String("+15550100"),
		})
		ts.Check(err)
	}
	_, err := api.PutContactInformation(ctx, &account.PutContactInformationInput{ContactInformation: &types.ContactInformation{
		FullName: aws.String("Claire Moreau"), AddressLine1: aws.String("12 quai des Brumes"), City: aws.String("Nantes"), PostalCode: aws.String("44000"),
		CountryCode: aws.String("FR"), PhoneNumber: aws.String("+15550101"), CompanyName: aws.String("Tidemark SAS"),
	}})
	ts.Check(err)
	_, err = api.EnableRegion(ctx, &account.EnableRegionInput{RegionName: aws.String("ap-east-1")})
	ts.Check(err)
	for range 2 { // the second is refused: it is gone
		_, err = api.DeleteAlternateContact(ctx, &account.DeleteAlternateContactInput{AlternateContactType: types.AlternateContactTypeOperations})
	}
	if err == nil {
		ts.Fatalf("a contact was deleted twice")
	}
	_, err = api.PutAlternateContact(ctx, &account.PutAlternateContactInput{
		AlternateContactType: types.AlternateContactTypeOperations, Name: aws.String("Support"), Title: aws.String("Support"), EmailAddress: aws.String("support@tidemark-security.example"), PhoneNumber: aws.String("+15550100"),
	})
	ts.Check(err)
}
