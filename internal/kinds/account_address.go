package kinds

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	accounts "github.com/aws/aws-sdk-go-v2/service/account"
	"github.com/aws/aws-sdk-go-v2/service/account/types"

	"cordon/internal/awsapi"
	"cordon/internal/fact"
	"cordon/internal/kind"
)

type addressReader interface {
	GetContactInformation(context.Context, *accounts.GetContactInformationInput, ...func(*accounts.Options)) (*accounts.GetContactInformationOutput, error)
}

type addressWriter interface {
	PutContactInformation(context.Context, *accounts.PutContactInformationInput, ...func(*accounts.Options)) (*accounts.PutContactInformationOutput, error)
}

var contactInformation = kind.Of(contactInformationSpec)

// The primary contact: the name, address and telephone number that AWS calls
// to prove whose the account is. AWS has no call that takes it away.
var contactInformationSpec = kind.Spec[addressReader, addressWriter]{
	Name:   "account.contact-information",
	Global: true,
	Reader: func(c aws.Config) addressReader { return accounts.NewFromConfig(c) },
	Writer: func(c aws.Config) addressWriter { return accounts.NewFromConfig(c) },
	Needs:  []string{"account:GetContactInformation"},
	Cost:   kind.Cost{Fixed: 1},
	List: func(ctx context.Context, api addressReader, at fact.Place, put func(fact.Resource)) error {
		r := fact.Resource{Ref: fact.Ref{Kind: "account.contact-information", Place: at, ID: "primary"}}
		text, err := readAddress(ctx, api, r)
		if err != nil {
			return fmt.Errorf("cannot read the contact information: %w", err)
		}
		setAspect(&r, contactAspect, text)
		fact.Active.Set(&r, text != "")
		put(r)
		return nil
	},
	Verbs: []kind.Verb[addressReader, addressWriter]{
		restore(kind.Verb[addressReader, addressWriter]{
			Name: "set-contact-information", Class: kind.Reversible, Of: contactAspect,
			Needs: []string{"account:PutContactInformation"}, Mends: []string{"PutContactInformation"},
		}, readAddress, setAddress),
	},
}

// An Address is the primary contact, by AWS's names of its parts.
type Address struct {
	Name     string `json:"name"`
	Company  string `json:"company,omitempty"`
	Line1    string `json:"line_1"`
	Line2    string `json:"line_2,omitempty"`
	Line3    string `json:"line_3,omitempty"`
	City     string `json:"city"`
	District string `json:"district,omitempty"`
	State    string `json:"state,omitempty"`
	Postcode string `json:"postcode"`
	Country  string `json:"country"`
	Phone    string `json:"phone"`
	Website  string `json:"website,omitempty"`
}

// readAddress is "" where there is none, as in an account that an organisation
// made.
func readAddress(ctx context.Context, api addressReader, _ fact.Resource) (string, error) {
	out, err := api.GetContactInformation(ctx, &accounts.GetContactInformationInput{})
	if awsapi.Classify(err) == awsapi.NotFound {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	c, err := told(out.ContactInformation, "the contact information")
	if err != nil {
		return "", err
	}
	s := aws.ToString
	b, err := json.Marshal(Address{
		Name: s(c.FullName), Company: s(c.CompanyName), Line1: s(c.AddressLine1), Line2: s(c.AddressLine2), Line3: s(c.AddressLine3),
		City: s(c.City), District: s(c.DistrictOrCounty), State: s(c.StateOrRegion), Postcode: s(c.PostalCode), Country: s(c.CountryCode),
		Phone: s(c.PhoneNumber), Website: s(c.WebsiteUrl),
	})
	return string(b), err
}

func setAddress(ctx context.Context, api addressWriter, _ kind.Job, text string) error {
	if text == "" {
		return errors.New("cannot take the contact information away: AWS has no call for it")
	}
	var a Address
	if err := json.Unmarshal([]byte(text), &a); err != nil {
		return fmt.Errorf("cannot read what the contact information is to be: %w", err)
	}
	_, err := api.PutContactInformation(ctx, &accounts.PutContactInformationInput{ContactInformation: &types.ContactInformation{
		FullName: &a.Name, CompanyName: full(a.Company), AddressLine1: &a.Line1, AddressLine2: full(a.Line2), AddressLine3: full(a.Line3),
		City: &a.City, DistrictOrCounty: full(a.District), StateOrRegion: full(a.State), PostalCode: &a.Postcode, CountryCode: &a.Country,
		PhoneNumber: &a.Phone, WebsiteUrl: full(a.Website),
	}})
	return err
}

// full is nil for what AWS is not to be sent empty.
func full(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
