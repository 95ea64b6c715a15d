package kinds

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	accounts "github.com/aws/aws-sdk-go-v2/service/account"
	"github.com/aws/aws-sdk-go-v2/service/account/types"

	"cordon/internal/awsapi"
	"cordon/internal/fact"
	"cordon/internal/kind"
)

type contactReader interface {
	GetAlternateContact(context.Context, *accounts.GetAlternateContactInput, ...func(*accounts.Options)) (*accounts.GetAlternateContactOutput, error)
}

type contactWriter interface {
	PutAlternateContact(context.Context, *accounts.PutAlternateContactInput, ...func(*accounts.Options)) (*accounts.PutAlternateContactOutput, error)
	DeleteAlternateContact(context.Context, *accounts.DeleteAlternateContactInput, ...func(*accounts.Options)) (*accounts.DeleteAlternateContactOutput, error)
}

var alternateContact = kind.Of(alternateContactSpec)

// The three alternate contacts are there in every account; each is set or not.
// AWS writes to them about the bill, operations and security besides the root
// user's address: an intruder who changes one reads what AWS says about him.
var alternateContactSpec = kind.Spec[contactReader, contactWriter]{
	Name:   "account.alternate-contact",
	Global: true,
	Reader: func(c aws.Config) contactReader { return accounts.NewFromConfig(c) },
	Writer: func(c aws.Config) contactWriter { return accounts.NewFromConfig(c) },
	Needs:  []string{"account:GetAlternateContact"},
	Cost:   kind.Cost{Fixed: 3},
	List: func(ctx context.Context, api contactReader, at fact.Place, put func(fact.Resource)) error {
		for _, sort := range ContactSorts {
			r := fact.Resource{Ref: fact.Ref{Kind: "account.alternate-contact", Place: at, ID: sort}}
			text, err := readContact(ctx, api, r)
			if err != nil {
				return fmt.Errorf("cannot read the alternate contact %s: %w", sort, err)
			}
			setAspect(&r, contactAspect, text)
			fact.Active.Set(&r, text != "")
			put(r)
		}
		return nil
	},
	Verbs: []kind.Verb[contactReader, contactWriter]{
		restore(kind.Verb[contactReader, contactWriter]{
			Name: "set-contact", Class: kind.Reversible, Of: contactAspect,
			Needs:  []string{"account:PutAlternateContact", "account:DeleteAlternateContact"},
			Mends:  []string{"PutAlternateContact", "DeleteAlternateContact"},
			Recall: recallContact,
		}, readContact, setContact),
	},
}

const contactAspect = "contact"

// ContactSorts are the alternate contacts that an account can have, in the
// order in which they matter when it is compromised.
var ContactSorts = []string{"SECURITY", "BILLING", "OPERATIONS"}

// A Contact is one alternate contact. AWS takes none with an empty part.
type Contact struct {
	Name  string `json:"name"`
	Title string `json:"title"`
	Email string `json:"email"`
	Phone string `json:"phone"`
}

// readContact is "" where none is set.
func readContact(ctx context.Context, api contactReader, r fact.Resource) (string, error) {
	out, err := api.GetAlternateContact(ctx, &accounts.GetAlternateContactInput{AlternateContactType: types.AlternateContactType(r.ID)})
	if awsapi.Classify(err) == awsapi.NotFound {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	c, err := told(out.AlternateContact, "the alternate contact")
	if err != nil {
		return "", err
	}
	b, err := json.Marshal(Contact{aws.ToString(c.Name), aws.ToString(c.Title), aws.ToString(c.EmailAddress), aws.ToString(c.PhoneNumber)})
	return string(b), err
}

func setContact(ctx context.Context, api contactWriter, j kind.Job, text string) error {
	sort := types.AlternateContactType(j.ID)
	if text == "" {
		_, err := api.DeleteAlternateContact(ctx, &accounts.DeleteAlternateContactInput{AlternateContactType: sort})
		if awsapi.Classify(err) == awsapi.NotFound {
			return nil
		}
		return err
	}
	var c Contact
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		return fmt.Errorf("cannot read what the contact is to be: %w", err)
	}
	_, err := api.PutAlternateContact(ctx, &accounts.PutAlternateContactInput{
		AlternateContactType: sort, Name: &c.Name, Title: &c.Title, EmailAddress: &c.Email, PhoneNumber: &c.Phone,
	})
	return err
}

// recallContact reads the contact from a record where it stands there in clear:
// CloudTrail hides some of it.
func recallContact(call string, request, _ json.RawMessage) (string, bool) {
	if call == "DeleteAlternateContact" {
		return "", true
	}
	var q struct{ Name, Title, EmailAddress, PhoneNumber string }
	if json.Unmarshal(request, &q) != nil || q.Name == "" || q.Title == "" || q.EmailAddress == "" || q.PhoneNumber == "" {
		return "", false
	}
	for _, part := range []string{q.Name, q.Title, q.EmailAddress, q.PhoneNumber} {
		if part == "***" || part == "HIDDEN_DUE_TO_SECURITY_REASONS" {
			return "", false
		}
	}
	b, err := json.Marshal(Contact{q.Name, q.Title, q.EmailAddress, q.PhoneNumber})
	return string(b), err == nil
}
