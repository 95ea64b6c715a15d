package kinds

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type distributionReader interface {
	ListDistributions(context.Context, *cloudfront.ListDistributionsInput, ...func(*cloudfront.Options)) (*cloudfront.ListDistributionsOutput, error)
	GetDistribution(context.Context, *cloudfront.GetDistributionInput, ...func(*cloudfront.Options)) (*cloudfront.GetDistributionOutput, error)
}

// distributionWriter reads the configuration and its version: CloudFront takes
// a change only with both.
type distributionWriter interface {
	GetDistributionConfig(context.Context, *cloudfront.GetDistributionConfigInput, ...func(*cloudfront.Options)) (*cloudfront.GetDistributionConfigOutput, error)
	UpdateDistribution(context.Context, *cloudfront.UpdateDistributionInput, ...func(*cloudfront.Options)) (*cloudfront.UpdateDistributionOutput, error)
	DeleteDistribution(context.Context, *cloudfront.DeleteDistributionInput, ...func(*cloudfront.Options)) (*cloudfront.DeleteDistributionOutput, error)
}

type distributionVerb = kind.Verb[distributionReader, distributionWriter]

var distribution = kind.Of(distributionSpec)

// distributionSpec removes a distribution only once it is disabled everywhere:
// the plan disables it first and waits.
var distributionSpec = kind.Spec[distributionReader, distributionWriter]{
	Name:   "cloudfront.distribution",
	Global: true,
	Reader: func(c aws.Config) distributionReader { return cloudfront.NewFromConfig(c) },
	Writer: func(c aws.Config) distributionWriter { return cloudfront.NewFromConfig(c) },
	Needs:  []string{"cloudfront:ListDistributions", "cloudfront:GetDistribution"},
	Carry:  []string{string(fact.EdgeFunctions)},
	Cost:   kind.Cost{Fixed: 1, Page: 100},
	Covers: []string{"B12"},
	List: func(ctx context.Context, api distributionReader, at fact.Place, put func(fact.Resource)) error {
		for page, err := range pages(ctx, cloudfront.NewListDistributionsPaginator(api, &cloudfront.ListDistributionsInput{MaxItems: aws.Int32(100)})) {
			if err != nil {
				return fmt.Errorf("cannot list distributions: %w", err)
			}
			for _, d := range page.DistributionList.Items {
				put(distributionOf(at, d))
			}
		}
		return nil
	},
	// A function that answers at the edge cannot be deleted while one names it.
	Holds: func(r fact.Resource) (all []fact.Ref) {
		for _, f := range fact.EdgeFunctions.Or(r, nil) {
			if parts := strings.Split(f, ":"); len(parts) >= 7 && parts[2] == "lambda" {
				all = append(all, fact.Ref{Kind: "lambda.function", Place: fact.Place{Account: r.Account, Region: parts[3]}, ID: parts[6]})
			}
		}
		return all
	},
	Keep: func(ctx context.Context, api distributionReader, r fact.Resource, put func(string, []byte) error) error {
		d, err := findDistribution(ctx, api, r)
		if err != nil {
			return err
		}
		return putJSON(put, "distribution.json", d)
	},
	Verbs: []distributionVerb{
		disableDistribution(),
		remove(distributionVerb{
			Name: "delete", Needs: []string{"cloudfront:GetDistributionConfig", "cloudfront:DeleteDistribution"},
		},
			func(ctx context.Context, api distributionReader, r fact.Resource) (any, error) {
				d, err := findDistribution(ctx, api, r)
				if err != nil {
					return nil, err
				}
				return aws.ToString(d.ARN), nil
			},
			func(ctx context.Context, api distributionWriter, j kind.Job) error {
				now, err := api.GetDistributionConfig(ctx, &cloudfront.GetDistributionConfigInput{Id: &j.ID})
				if err != nil {
					return err
				}
				_, err = api.DeleteDistribution(ctx, &cloudfront.DeleteDistributionInput{Id: &j.ID, IfMatch: now.ETag})
				return err
			}),
	},
}

// disableDistribution is done when CloudFront has carried it everywhere.
func disableDistribution() distributionVerb {
	v := flip(distributionVerb{
		Name: "disable", Class: kind.Disruptive, For: kind.Disable, Takes: 20 * time.Minute,
		Needs: []string{"cloudfront:GetDistributionConfig", "cloudfront:UpdateDistribution"},
	}, false, func(ctx context.Context, api distributionReader, r fact.Resource) (bool, error) {
		d, err := findDistribution(ctx, api, r)
		return err == nil && aws.ToBool(d.DistributionConfig.Enabled), err
	}, func(ctx context.Context, api distributionWriter, j kind.Job, on bool) error {
		now, err := api.GetDistributionConfig(ctx, &cloudfront.GetDistributionConfigInput{Id: &j.ID})
		if err != nil || aws.ToBool(now.DistributionConfig.Enabled) == on {
			return err // each update is carried to every edge anew
		}
		now.DistributionConfig.Enabled = &on
		_, err = api.UpdateDistribution(ctx, &cloudfront.UpdateDistributionInput{Id: &j.ID, IfMatch: now.ETag, DistributionConfig: now.DistributionConfig})
		return err
	})
	v.Done = func(ctx context.Context, api distributionReader, j kind.Job) (bool, error) {
		d, err := findDistribution(ctx, api, j.Resource)
		return err == nil && !aws.ToBool(d.DistributionConfig.Enabled) && aws.ToString(d.Status) == "Deployed", err
	}
	return v
}

func distributionOf(at fact.Place, d types.DistributionSummary) fact.Resource {
	r := fact.Resource{Ref: fact.Ref{Kind: "cloudfront.distribution", Place: at, ID: aws.ToString(d.Id)}, ARN: aws.ToString(d.ARN)}
	when(fact.Modified, &r, d.LastModifiedTime) // AWS does not tell when it was made
	fact.Status.Set(&r, aws.ToString(d.Status))
	fact.Active.Set(&r, aws.ToBool(d.Enabled))
	fact.Public.Set(&r, true) // whatever it answers, anybody may ask it
	names := []string{aws.ToString(d.DomainName)}
	if d.Aliases != nil {
		names = append(slices.Clone(d.Aliases.Items), names...)
	}
	fact.Name.Set(&r, names[0])
	origins := []string{}
	if d.Origins != nil {
		for _, o := range d.Origins.Items {
			origins = append(origins, aws.ToString(o.DomainName))
		}
	}
	fact.Detail.Set(&r, strings.Join(origins, " "))
	fact.EdgeFunctions.Set(&r, edgeFunctions(d))
	return r
}

// edgeFunctions are the functions of all behaviours, Lambda's and CloudFront's.
func edgeFunctions(d types.DistributionSummary) []string {
	all := []string{}
	add := func(lambda *types.LambdaFunctionAssociations, own *types.FunctionAssociations) {
		if lambda != nil {
			for _, f := range lambda.Items {
				all = append(all, aws.ToString(f.LambdaFunctionARN))
			}
		}
		if own != nil {
			for _, f := range own.Items {
				all = append(all, aws.ToString(f.FunctionARN))
			}
		}
	}
	if b := d.DefaultCacheBehavior; b != nil {
		add(b.LambdaFunctionAssociations, b.FunctionAssociations)
	}
	if d.CacheBehaviors != nil {
		for _, b := range d.CacheBehaviors.Items {
			add(b.LambdaFunctionAssociations, b.FunctionAssociations)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func findDistribution(ctx context.Context, api distributionReader, r fact.Resource) (*types.Distribution, error) {
	out, err := api.GetDistribution(ctx, &cloudfront.GetDistributionInput{Id: &r.ID})
	if err != nil {
		return nil, gone(err)
	}
	return out.Distribution, nil
}
