package kinds

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rolesanywhere"
	"github.com/aws/aws-sdk-go-v2/service/rolesanywhere/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type anywhereProfileReader interface {
	ListProfiles(context.Context, *rolesanywhere.ListProfilesInput, ...func(*rolesanywhere.Options)) (*rolesanywhere.ListProfilesOutput, error)
	GetProfile(context.Context, *rolesanywhere.GetProfileInput, ...func(*rolesanywhere.Options)) (*rolesanywhere.GetProfileOutput, error)
}

type anywhereProfileWriter interface {
	EnableProfile(context.Context, *rolesanywhere.EnableProfileInput, ...func(*rolesanywhere.Options)) (*rolesanywhere.EnableProfileOutput, error)
	DisableProfile(context.Context, *rolesanywhere.DisableProfileInput, ...func(*rolesanywhere.Options)) (*rolesanywhere.DisableProfileOutput, error)
	DeleteProfile(context.Context, *rolesanywhere.DeleteProfileInput, ...func(*rolesanywhere.Options)) (*rolesanywhere.DeleteProfileOutput, error)
}

var anywhereProfile = kind.Of(anywhereProfileSpec)

// A profile of Roles Anywhere names the roles that certificates may take.
var anywhereProfileSpec = kind.Spec[anywhereProfileReader, anywhereProfileWriter]{
	Name:   "rolesanywhere.profile",
	Reader: func(c aws.Config) anywhereProfileReader { return rolesanywhere.NewFromConfig(c) },
	Writer: func(c aws.Config) anywhereProfileWriter { return rolesanywhere.NewFromConfig(c) },
	Needs:  []string{"rolesanywhere:ListProfiles", "rolesanywhere:GetProfile"},
	Cost:   kind.Cost{Fixed: 1, Page: 50},
	Covers: []string{"A9"},
	List:   listAnywhereProfiles,
	Keep: func(ctx context.Context, api anywhereProfileReader, r fact.Resource, put func(string, []byte) error) error {
		p, err := readAnywhereProfile(ctx, api, r.ID)
		if err != nil {
			return err
		}
		return putJSON(put, descriptionFile, p)
	},
	Verbs: []kind.Verb[anywhereProfileReader, anywhereProfileWriter]{
		flip(kind.Verb[anywhereProfileReader, anywhereProfileWriter]{
			Name: "disable", Class: kind.Disruptive, For: kind.Disable, Mends: []string{"EnableProfile", "UpdateProfile"},
			Needs: []string{"rolesanywhere:EnableProfile", "rolesanywhere:DisableProfile"},
		}, false, func(ctx context.Context, api anywhereProfileReader, r fact.Resource) (bool, error) {
			p, err := readAnywhereProfile(ctx, api, r.ID)
			return aws.ToBool(p.Enabled), err
		}, func(ctx context.Context, api anywhereProfileWriter, j kind.Job, on bool) (err error) {
			if on {
				_, err = api.EnableProfile(ctx, &rolesanywhere.EnableProfileInput{ProfileId: &j.ID})
			} else {
				_, err = api.DisableProfile(ctx, &rolesanywhere.DisableProfileInput{ProfileId: &j.ID})
			}
			return err
		}),
		remove(kind.Verb[anywhereProfileReader, anywhereProfileWriter]{Name: "delete", Needs: []string{"rolesanywhere:DeleteProfile"}},
			func(ctx context.Context, api anywhereProfileReader, r fact.Resource) (any, error) {
				p, err := readAnywhereProfile(ctx, api, r.ID)
				return lasting(p.ProfileArn, p.CreatedAt), err
			},
			func(ctx context.Context, api anywhereProfileWriter, j kind.Job) error {
				_, err := api.DeleteProfile(ctx, &rolesanywhere.DeleteProfileInput{ProfileId: &j.ID})
				return err
			}),
	},
}

func listAnywhereProfiles(ctx context.Context, api anywhereProfileReader, at fact.Place, put func(fact.Resource)) error {
	for page, err := range pages(ctx, rolesanywhere.NewListProfilesPaginator(api, &rolesanywhere.ListProfilesInput{})) {
		if err != nil {
			return fmt.Errorf("cannot list profiles of Roles Anywhere: %w", err)
		}
		for _, p := range page.Profiles {
			r := fact.Resource{
				Ref: fact.Ref{Kind: "rolesanywhere.profile", Place: at, ID: aws.ToString(p.ProfileId)},
				ARN: aws.ToString(p.ProfileArn), Created: aws.ToTime(p.CreatedAt),
			}
			fact.Name.Set(&r, aws.ToString(p.Name))
			fact.Maker.Set(&r, aws.ToString(p.CreatedBy))
			fact.Roles.Set(&r, append([]string{}, p.RoleArns...))
			if len(p.RoleArns) == 1 {
				fact.Role.Set(&r, p.RoleArns[0])
			}
			if p.Enabled != nil {
				fact.Active.Set(&r, *p.Enabled)
			}
			put(r)
		}
	}
	return nil
}

func readAnywhereProfile(ctx context.Context, api anywhereProfileReader, id string) (types.ProfileDetail, error) {
	out, err := api.GetProfile(ctx, &rolesanywhere.GetProfileInput{ProfileId: &id})
	if err != nil {
		return types.ProfileDetail{}, gone(err)
	}
	return told(out.Profile, "profile "+id)
}
