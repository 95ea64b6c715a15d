package kinds

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type instanceProfileReader interface {
	iam.ListInstanceProfilesAPIClient
	GetInstanceProfile(context.Context, *iam.GetInstanceProfileInput, ...func(*iam.Options)) (*iam.GetInstanceProfileOutput, error)
}

type instanceProfileWriter interface {
	instanceProfileReader
	RemoveRoleFromInstanceProfile(context.Context, *iam.RemoveRoleFromInstanceProfileInput, ...func(*iam.Options)) (*iam.RemoveRoleFromInstanceProfileOutput, error)
	DeleteInstanceProfile(context.Context, *iam.DeleteInstanceProfileInput, ...func(*iam.Options)) (*iam.DeleteInstanceProfileOutput, error)
}

var instanceProfile = kind.Of(instanceProfileSpec)

// An instance profile is how an instance comes by a role's credentials. IAM
// deletes one that instances still use: they lose the role (IAM API reference,
// DeleteInstanceProfile).
var instanceProfileSpec = kind.Spec[instanceProfileReader, instanceProfileWriter]{
	Name:   "iam.instance-profile",
	Global: true,
	Reader: func(c aws.Config) instanceProfileReader { return iam.NewFromConfig(c) },
	Writer: func(c aws.Config) instanceProfileWriter { return iam.NewFromConfig(c) },
	Needs:  []string{"iam:ListInstanceProfiles", "iam:GetInstanceProfile"},
	Cost:   kind.Cost{Fixed: 1, Page: 1000},
	Covers: []string{"A17"},
	Named:  true,
	List:   listInstanceProfiles,
	Identity: func(ctx context.Context, api instanceProfileReader, r fact.Resource) (string, error) {
		p, err := readInstanceProfile(ctx, api, r.ID)
		return aws.ToString(p.InstanceProfileId), err
	},
	Holds: func(r fact.Resource) (held []fact.Ref) {
		for _, arn := range fact.Roles.Or(r, nil) {
			held = append(held, fact.Ref{Kind: "iam.role", Place: r.Place, ID: lastPart(arn)})
		}
		return held
	},
	Keep: func(ctx context.Context, api instanceProfileReader, r fact.Resource, put func(string, []byte) error) error {
		p, err := readInstanceProfile(ctx, api, r.ID)
		if err != nil {
			return err
		}
		return putJSON(put, descriptionFile, p)
	},
	Verbs: []kind.Verb[instanceProfileReader, instanceProfileWriter]{
		remove(kind.Verb[instanceProfileReader, instanceProfileWriter]{
			Name: "delete", Needs: []string{"iam:RemoveRoleFromInstanceProfile", "iam:DeleteInstanceProfile"}, Settle: iamSettle,
		}, func(ctx context.Context, api instanceProfileReader, r fact.Resource) (any, error) {
			p, err := readInstanceProfile(ctx, api, r.ID)
			return lasting(p.InstanceProfileId, p.CreateDate), err
		}, removeInstanceProfile),
	},
}

func listInstanceProfiles(ctx context.Context, api instanceProfileReader, at fact.Place, put func(fact.Resource)) error {
	p := iam.NewListInstanceProfilesPaginator(api, &iam.ListInstanceProfilesInput{MaxItems: aws.Int32(iamPageSize)})
	listed, err := iamPages(ctx, "instance profiles", p, func(o *iam.ListInstanceProfilesOutput) []types.InstanceProfile { return o.InstanceProfiles })
	if err != nil {
		return err
	}
	var all []fact.Resource
	for _, p := range listed {
		r := fact.Resource{
			Ref:      fact.Ref{Kind: "iam.instance-profile", Place: at, ID: aws.ToString(p.InstanceProfileName)},
			ARN:      aws.ToString(p.Arn),
			UniqueID: aws.ToString(p.InstanceProfileId),
			Created:  aws.ToTime(p.CreateDate),
		}
		fact.Path.Set(&r, aws.ToString(p.Path))
		roles := []string{}
		for _, role := range p.Roles {
			roles = append(roles, aws.ToString(role.Arn))
		}
		fact.Roles.Set(&r, roles)
		if len(roles) > 0 { // there is at most one
			fact.Role.Set(&r, roles[0])
		}
		all = append(all, r)
	}
	putSorted(all, put)
	return nil
}

func readInstanceProfile(ctx context.Context, api instanceProfileReader, name string) (types.InstanceProfile, error) {
	out, err := api.GetInstanceProfile(ctx, &iam.GetInstanceProfileInput{InstanceProfileName: &name})
	if err != nil {
		return types.InstanceProfile{}, orGone(err, "instance profile "+name)
	}
	return told(out.InstanceProfile, "instance profile "+name)
}

func removeInstanceProfile(ctx context.Context, api instanceProfileWriter, j kind.Job) error {
	p, err := readInstanceProfile(ctx, api, j.ID)
	if err := takeEach(p.Roles, err, func(role types.Role) error {
		_, err := api.RemoveRoleFromInstanceProfile(ctx, &iam.RemoveRoleFromInstanceProfileInput{InstanceProfileName: &j.ID, RoleName: role.RoleName})
		return err
	}); err != nil {
		return err
	}
	_, err = api.DeleteInstanceProfile(ctx, &iam.DeleteInstanceProfileInput{InstanceProfileName: &j.ID})
	return err
}
