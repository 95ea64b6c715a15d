package kinds

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/workmail"
	"github.com/aws/aws-sdk-go-v2/service/workmail/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type workmailReader interface {
	ListOrganizations(context.Context, *workmail.ListOrganizationsInput, ...func(*workmail.Options)) (*workmail.ListOrganizationsOutput, error)
	DescribeOrganization(context.Context, *workmail.DescribeOrganizationInput, ...func(*workmail.Options)) (*workmail.DescribeOrganizationOutput, error)
	ListUsers(context.Context, *workmail.ListUsersInput, ...func(*workmail.Options)) (*workmail.ListUsersOutput, error)
	ListMailDomains(context.Context, *workmail.ListMailDomainsInput, ...func(*workmail.Options)) (*workmail.ListMailDomainsOutput, error)
}

type workmailWriter interface {
	workmailReader // an organisation that is being deleted refuses to be deleted
	DeleteOrganization(context.Context, *workmail.DeleteOrganizationInput, ...func(*workmail.Options)) (*workmail.DeleteOrganizationOutput, error)
}

var mailOrganization = kind.Of(workmailSpec)

// WorkMail gives whoever holds a key mailboxes on an address that passes every
// check. AWS offers it in three regions.
var workmailSpec = kind.Spec[workmailReader, workmailWriter]{
	Name:   "workmail.organization",
	Reader: func(c aws.Config) workmailReader { return workmail.NewFromConfig(c) },
	Writer: func(c aws.Config) workmailWriter { return workmail.NewFromConfig(c) },
	Needs:  []string{"workmail:ListOrganizations", "workmail:DescribeOrganization", "workmail:ListUsers", "workmail:ListMailDomains"},
	Cost:   kind.Cost{Fixed: 1, Page: 100, Each: 1},
	Carry:  []string{string(fact.Made)},
	Covers: []string{"B10"},
	List:   listMailOrganizations,
	Keep:   keepMailOrganization,
	Verbs: []kind.Verb[workmailReader, workmailWriter]{
		// With its users, their mail and its directory: AWS has no copy, so that one in
		// which people have mailboxes is deleted only when the intruder made it.
		remove(kind.Verb[workmailReader, workmailWriter]{
			Name: "delete", Takes: 2 * time.Hour, Kept: mailKept,
			Needs: []string{"workmail:DeleteOrganization", "=ds:DeleteDirectory", "=ds:UnauthorizeApplication"},
		}, func(ctx context.Context, api workmailReader, r fact.Resource) (any, error) {
			o, err := findMailOrganization(ctx, api, r)
			if err != nil {
				return nil, err
			}
			return uniquely(o.ARN, o.CompletedDate), nil
		}, func(ctx context.Context, api workmailWriter, j kind.Job) error {
			o, err := findMailOrganization(ctx, api, j.Resource)
			if err != nil || aws.ToString(o.State) == "Deleting" {
				return err
			}
			_, err = api.DeleteOrganization(ctx, &workmail.DeleteOrganizationInput{OrganizationId: &j.ID, DeleteDirectory: true, ForceDelete: true})
			return err
		}),
	},
}

func listMailOrganizations(ctx context.Context, api workmailReader, at fact.Place, put func(fact.Resource)) error {
	var drafts []fact.Resource
	for page, err := range pages(ctx, workmail.NewListOrganizationsPaginator(api, &workmail.ListOrganizationsInput{MaxResults: aws.Int32(100)})) {
		if err != nil {
			return fmt.Errorf("cannot list WorkMail organizations: %w", err)
		}
		for _, o := range page.OrganizationSummaries {
			r := named("workmail.organization", at, o.OrganizationId, nil, nil)
			fact.Name.Set(&r, aws.ToString(o.Alias))
			fact.Status.Set(&r, aws.ToString(o.State))
			fact.Detail.Set(&r, aws.ToString(o.DefaultMailDomain))
			drafts = append(drafts, r)
		}
	}
	// The listing tells no date, and may still have what was deleted.
	err := complete(ctx, drafts, func(ctx context.Context, r *fact.Resource) error {
		o, err := findMailOrganization(ctx, api, *r)
		if err != nil {
			return err
		}
		r.ARN, r.Created = aws.ToString(o.ARN), aws.ToTime(o.CompletedDate).UTC()
		return nil
	}, put)
	if err != nil {
		return fmt.Errorf("cannot list WorkMail organizations: %w", err)
	}
	return nil
}

func findMailOrganization(ctx context.Context, api workmailReader, r fact.Resource) (*workmail.DescribeOrganizationOutput, error) {
	out, err := api.DescribeOrganization(ctx, &workmail.DescribeOrganizationInput{OrganizationId: &r.ID})
	if err != nil {
		return nil, gone(err)
	}
	if aws.ToString(out.State) == "Deleted" {
		return nil, kind.ErrGone
	}
	return out, nil
}

func mailUsers(ctx context.Context, api workmailReader, id string) ([]types.User, error) {
	users, err := whole(ctx, workmail.NewListUsersPaginator(api, &workmail.ListUsersInput{OrganizationId: &id}),
		func(page *workmail.ListUsersOutput) []types.User { return page.Users })
	return users, gone(err)
}

func mailKept(ctx context.Context, api workmailReader, j kind.Job) error {
	users, err := mailUsers(ctx, api, j.ID)
	if err != nil || his(j.Resource) {
		return err
	}
	for _, u := range users {
		if u.State == types.EntityStateEnabled {
			return fmt.Errorf("cannot delete %s: %s has a mailbox in it, of which there is no copy: %w", j.Ref, aws.ToString(u.Email), kind.ErrUnkept)
		}
	}
	return nil
}

func keepMailOrganization(ctx context.Context, api workmailReader, r fact.Resource, put func(string, []byte) error) error {
	o, err := findMailOrganization(ctx, api, r)
	if err != nil {
		return err
	}
	if err := putJSON(put, "organization.json", o); err != nil {
		return err
	}
	users, err := mailUsers(ctx, api, r.ID)
	if err != nil {
		return err
	}
	if err := putJSON(put, "users.json", users); err != nil {
		return err
	}
	var domains []types.MailDomainSummary
	for page, err := range pages(ctx, workmail.NewListMailDomainsPaginator(api, &workmail.ListMailDomainsInput{OrganizationId: &r.ID})) {
		if err != nil {
			return gone(err)
		}
		domains = append(domains, page.MailDomains...)
	}
	return putJSON(put, "mail-domains.json", domains)
}
