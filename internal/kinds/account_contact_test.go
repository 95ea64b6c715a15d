package kinds

import (
	"encoding/json"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	accounts "github.com/aws/aws-sdk-go-v2/service/account"
	"github.com/aws/aws-sdk-go-v2/service/account/types"

	"cordon/internal/fact"
	"cordon/internal/kind/kindtest"
)

func TestAlternateContact(t *testing.T) {
	set := func(t *testing.T, w kindtest.World) string {
		t.Helper()
		_, err := accounts.NewFromConfig(w.Config(fact.Global)).PutAlternateContact(t.Context(), &accounts.PutAlternateContactInput{
			AlternateContactType: types.AlternateContactTypeSecurity, Name: aws.String("Li"), Title: aws.String("CISO"),
			EmailAddress: aws.String("security@example.com"), PhoneNumber: aws.String("+49 30 1234567"),
		})
		if err != nil {
			t.Fatal(err)
		}
		return "SECURITY"
	}
	other := func(*testing.T, kindtest.World, string) string {
		return `{"name":"Ann","title":"CTO","email":"ann@example.com","phone":"+49 30 7654321"}`
	}
	gone := func(*testing.T, kindtest.World, string) string { return "" }
	for name, before := range map[string]func(*testing.T, kindtest.World, string) string{"another": other, "none": gone} {
		t.Run(name, func(t *testing.T) {
			kindtest.Run(t, kindtest.Case[contactReader, contactWriter]{
				Spec: alternateContactSpec, Region: fact.Global, Setup: set,
				Before: map[string]func(*testing.T, kindtest.World, string) string{"set-contact": before},
			})
		})
	}
	// What was not set is not set again by undo.
	t.Run("first", func(t *testing.T) {
		spec := alternateContactSpec
		kindtest.Run(t, kindtest.Case[contactReader, contactWriter]{
			Spec: spec, Region: fact.Global, Setup: func(*testing.T, kindtest.World) string { return "BILLING" },
			Before: map[string]func(*testing.T, kindtest.World, string) string{"set-contact": other},
		})
	})
}

func TestRecallContact(t *testing.T) {
	for request, want := range map[string]string{
		`{"alternateContactType":"SECURITY","name":"Li","title":"CISO","emailAddress":"a@example.com","phoneNumber":"+1"}`: `{"name":"Li","title":"CISO","email":"a@example.com","phone":"+1"}`,
		`{"name":"HIDDEN_DUE_TO_SECURITY_REASONS","title":"CISO","emailAddress":"a@example.com","phoneNumber":"+1"}`:       "",
		`{"alternateContactType":"SECURITY"}`: "",
		`no`:                                  "",
	} {
		got, ok := recallContact("PutAlternateContact", json.RawMessage(request), nil)
		if got != want || ok != (want != "") {
			t.Errorf("%s: %q, %t", request, got, ok)
		}
	}
	if got, ok := recallContact("DeleteAlternateContact", nil, nil); got != "" || !ok {
		t.Errorf("deleted: %q, %t", got, ok)
	}
}

func TestContactInformation(t *testing.T) {
	kindtest.Run(t, kindtest.Case[addressReader, addressWriter]{
		Spec: contactInformationSpec, Region: fact.Global,
		Setup: func(t *testing.T, w kindtest.World) string {
			t.Helper()
			_, err := accounts.NewFromConfig(w.Config(fact.Global)).PutContactInformation(t.Context(), &accounts.PutContactInformationInput{
				ContactInformation: &types.ContactInformation{
					FullName: aws.String("Li"), AddressLine1: aws.String("Ring 1"), City: aws.String("Berlin"), PostalCode: aws.String("10115"),
					CountryCode: aws.String("DE"), PhoneNumber: aws.String("+49301234567"), CompanyName: aws.String("Tidemark"),
				},
			})
			if err != nil {
				t.Fatal(err)
			}
			return "primary"
		},
		Before: map[string]func(*testing.T, kindtest.World, string) string{"set-contact-information": func(*testing.T, kindtest.World, string) string {
			return `{"name":"Ann","line_1":"Quai 2","city":"Paris","postcode":"75001","country":"FR","phone":"+33123456789"}`
		}},
	})
}
