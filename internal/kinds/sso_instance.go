package kinds

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type ssoInstanceReader interface {
	ssoadmin.ListInstancesAPIClient
	DescribeInstance(context.Context, *ssoadmin.DescribeInstanceInput, ...func(*ssoadmin.Options)) (*ssoadmin.DescribeInstanceOutput, error)
}

type ssoInstanceWriter interface {
	DeleteInstance(context.Context, *ssoadmin.DeleteInstanceInput, ...func(*ssoadmin.Options)) (*ssoadmin.DeleteInstanceOutput, error)
}

var ssoInstance = kind.Of(ssoInstanceSpec)

// An instance of IAM Identity Center signs people in who are no IAM users. It
// has one home region and goes with its users, groups and permission sets.
// One of the organisation's is seen from its members, and is not theirs.
var ssoInstanceSpec = kind.Spec[ssoInstanceReader, ssoInstanceWriter]{
	Name:   "sso.instance",
	Reader: func(c aws.Config) ssoInstanceReader { return ssoadmin.NewFromConfig(c) },
	Writer: func(c aws.Config) ssoInstanceWriter { return ssoadmin.NewFromConfig(c) },
	Needs:  []string{"ssoadmin:ListInstances", "ssoadmin:DescribeInstance"},
	Cost:   kind.Cost{Fixed: 1, Page: 100},
	Covers: []string{"A13"},
	Owns:   true,
	List: func(ctx context.Context, api ssoInstanceReader, at fact.Place, put func(fact.Resource)) error {
		all, err := ssoInstances(ctx, api, at)
		for _, i := range all {
			r := fact.Resource{
				Ref: fact.Ref{Kind: "sso.instance", Place: at, ID: aws.ToString(i.InstanceArn)},
				ARN: aws.ToString(i.InstanceArn), Created: aws.ToTime(i.CreatedDate),
			}
			fact.Name.Set(&r, aws.ToString(i.Name))
			fact.Status.Set(&r, string(i.Status))
			fact.Detail.Set(&r, aws.ToString(i.IdentityStoreId))
			if owner := aws.ToString(i.OwnerAccountId); owner != "" && owner != at.Account {
				fact.Organization.Set(&r, owner)
			}
			put(r)
		}
		return err
	},
	Keep: func(ctx context.Context, api ssoInstanceReader, r fact.Resource, put func(string, []byte) error) error {
		out, err := readSSOInstance(ctx, api, r)
		if err != nil {
			return err
		}
		return putJSON(put, descriptionFile, out)
	},
	Verbs: []kind.Verb[ssoInstanceReader, ssoInstanceWriter]{
		// AWS deletes instances of one account only; those of an organisation it
		// refuses here (IAM Identity Center API reference, DeleteInstance).
		remove(kind.Verb[ssoInstanceReader, ssoInstanceWriter]{Name: "delete", Needs: []string{"ssoadmin:DeleteInstance"}, Takes: ssoTakes},
			func(ctx context.Context, api ssoInstanceReader, r fact.Resource) (any, error) {
				out, err := readSSOInstance(ctx, api, r)
				if err != nil {
					return nil, err
				}
				return lasting(out.InstanceArn, out.CreatedDate), nil
			},
			func(ctx context.Context, api ssoInstanceWriter, j kind.Job) error {
				_, err := api.DeleteInstance(ctx, &ssoadmin.DeleteInstanceInput{InstanceArn: &j.ID})
				return err
			}),
	},
}

type ssoInstancesOf struct{ fact.Place }

// ssoInstances lists the instances at home in a region, once for all the kinds
// that ask. Most regions, and most accounts, have none.
func ssoInstances(ctx context.Context, api ssoadmin.ListInstancesAPIClient, at fact.Place) ([]types.InstanceMetadata, error) {
	return kind.Shared(ctx, ssoInstancesOf{at}, func() (all []types.InstanceMetadata, err error) {
		for page, err := range pages(ctx, ssoadmin.NewListInstancesPaginator(api, &ssoadmin.ListInstancesInput{})) {
			if err != nil {
				return nil, fmt.Errorf("cannot list instances of Identity Center: %w", err)
			}
			for _, i := range page.Instances {
				if home := aws.ToString(i.PrimaryRegion); home == "" || home == at.Region {
					all = append(all, i)
				}
			}
		}
		return all, nil
	})
}

func readSSOInstance(ctx context.Context, api ssoInstanceReader, r fact.Resource) (*ssoadmin.DescribeInstanceOutput, error) {
	out, err := api.DescribeInstance(ctx, &ssoadmin.DescribeInstanceInput{InstanceArn: &r.ID})
	if err != nil {
		return nil, gone(err)
	}
	return out, nil
}
