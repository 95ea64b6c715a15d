package kinds

import (
	"context"
	"fmt"
	"iter"

	"github.com/aws/aws-sdk-go-v2/aws"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type targetGroupLister interface {
	DescribeTargetGroups(context.Context, *elbv2.DescribeTargetGroupsInput, ...func(*elbv2.Options)) (*elbv2.DescribeTargetGroupsOutput, error)
}

type targetGroupReader interface {
	targetGroupLister
	balancerTags
	DescribeTargetGroupAttributes(context.Context, *elbv2.DescribeTargetGroupAttributesInput, ...func(*elbv2.Options)) (*elbv2.DescribeTargetGroupAttributesOutput, error)
	DescribeTargetHealth(context.Context, *elbv2.DescribeTargetHealthInput, ...func(*elbv2.Options)) (*elbv2.DescribeTargetHealthOutput, error)
}

type targetGroupWriter interface {
	DeleteTargetGroup(context.Context, *elbv2.DeleteTargetGroupInput, ...func(*elbv2.Options)) (*elbv2.DeleteTargetGroupOutput, error)
}

var targetGroup = kind.Of(targetGroupSpec)

var targetGroupSpec = kind.Spec[targetGroupReader, targetGroupWriter]{
	Name:   "elbv2.target-group",
	Reader: func(c aws.Config) targetGroupReader { return elbv2.NewFromConfig(c) },
	Writer: func(c aws.Config) targetGroupWriter { return elbv2.NewFromConfig(c) },
	Needs: []string{
		"elasticloadbalancingv2:DescribeTargetGroups", "elasticloadbalancingv2:DescribeTags",
		"elasticloadbalancingv2:DescribeTargetGroupAttributes", "elasticloadbalancingv2:DescribeTargetHealth",
	},
	Cost:   kind.Cost{Fixed: 2, Page: tagPage - 1},
	Covers: []string{"B1"},
	List: func(ctx context.Context, api targetGroupReader, at fact.Place, put func(fact.Resource)) error {
		groups, err := allTargetGroups(ctx, api, at)
		if err != nil {
			return err
		}
		drafts := make([]fact.Resource, len(groups))
		for i, g := range groups {
			drafts[i] = targetGroups.of(at, g)
		}
		return withTags(drafts, tagsOfARNs(ctx, api), targetGroups.what, put)
	},
	Holds: holding,
	Keep:  keepTargetGroup,
	Verbs: []kind.Verb[targetGroupReader, targetGroupWriter]{
		remove(kind.Verb[targetGroupReader, targetGroupWriter]{
			Name: "delete", Needs: []string{"elasticloadbalancingv2:DeleteTargetGroup"},
		}, targetGroups.look, func(ctx context.Context, api targetGroupWriter, j kind.Job) error {
			_, err := api.DeleteTargetGroup(ctx, &elbv2.DeleteTargetGroupInput{TargetGroupArn: &j.ID})
			return err
		}),
	},
}

var targetGroups = shown[targetGroupReader, types.TargetGroup]{
	what: "target groups", file: "target-group.json",
	ask: func(ctx context.Context, api targetGroupReader, arns []string) iter.Seq2[[]types.TargetGroup, error] {
		return askTargetGroups(ctx, api, arns)
	},
	of: func(at fact.Place, g types.TargetGroup) fact.Resource {
		id := aws.ToString(g.TargetGroupArn)
		r := fact.Resource{Ref: fact.Ref{Kind: "elbv2.target-group", Place: at, ID: id}, ARN: id}
		fact.Name.Set(&r, aws.ToString(g.TargetGroupName))
		fact.Detail.Set(&r, string(g.TargetType))
		fact.VPC.Set(&r, aws.ToString(g.VpcId))
		holds(&r, "ec2.vpc", aws.ToString(g.VpcId))
		return r
	},
}

func askTargetGroups(ctx context.Context, api targetGroupLister, arns []string) iter.Seq2[[]types.TargetGroup, error] {
	return asked(ctx, elbv2.NewDescribeTargetGroupsPaginator(api, &elbv2.DescribeTargetGroupsInput{TargetGroupArns: arns, PageSize: most(arns, 400)}),
		func(o *elbv2.DescribeTargetGroupsOutput) []types.TargetGroup { return o.TargetGroups })
}

type targetGroupsKey struct{ fact.Place }

// allTargetGroups is one listing for the target groups and for the load
// balancers, which keep them from being deleted.
func allTargetGroups(ctx context.Context, api targetGroupLister, at fact.Place) ([]types.TargetGroup, error) {
	return kind.Shared(ctx, targetGroupsKey{at}, func() (all []types.TargetGroup, err error) {
		for page, err := range askTargetGroups(ctx, api, nil) {
			if err != nil {
				return nil, fmt.Errorf("cannot list target groups: %w", err)
			}
			all = append(all, page...)
		}
		return all, nil
	})
}

func keepTargetGroup(ctx context.Context, api targetGroupReader, r fact.Resource, put func(string, []byte) error) error {
	if err := targetGroups.keep(ctx, api, r, put); err != nil {
		return err
	}
	attributes, err := api.DescribeTargetGroupAttributes(ctx, &elbv2.DescribeTargetGroupAttributesInput{TargetGroupArn: &r.ID})
	if err != nil {
		return gone(err)
	}
	targets, err := api.DescribeTargetHealth(ctx, &elbv2.DescribeTargetHealthInput{TargetGroupArn: &r.ID})
	if err != nil {
		return gone(err)
	}
	if err := putJSON(put, "attributes.json", attributes.Attributes); err != nil {
		return err
	}
	return putJSON(put, "targets.json", targets.TargetHealthDescriptions)
}
