package kinds

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type classicBalancerReader interface {
	DescribeLoadBalancers(context.Context, *elb.DescribeLoadBalancersInput, ...func(*elb.Options)) (*elb.DescribeLoadBalancersOutput, error)
	DescribeTags(context.Context, *elb.DescribeTagsInput, ...func(*elb.Options)) (*elb.DescribeTagsOutput, error)
	DescribeLoadBalancerAttributes(context.Context, *elb.DescribeLoadBalancerAttributesInput, ...func(*elb.Options)) (*elb.DescribeLoadBalancerAttributesOutput, error)
}

type classicBalancerWriter interface {
	DeleteLoadBalancer(context.Context, *elb.DeleteLoadBalancerInput, ...func(*elb.Options)) (*elb.DeleteLoadBalancerOutput, error)
}

var classicBalancer = kind.Of(classicBalancerSpec)

var classicBalancerSpec = kind.Spec[classicBalancerReader, classicBalancerWriter]{
	Name:   "elb.load-balancer",
	Reader: func(c aws.Config) classicBalancerReader { return elb.NewFromConfig(c) },
	Writer: func(c aws.Config) classicBalancerWriter { return elb.NewFromConfig(c) },
	Needs: []string{
		"elasticloadbalancing:DescribeLoadBalancers", "elasticloadbalancing:DescribeTags", "elasticloadbalancing:DescribeLoadBalancerAttributes",
	},
	Cost:   kind.Cost{Fixed: 2, Page: tagPage - 1}, // the tags of 20 a call
	Covers: []string{"B1"},
	Named:  true,
	Owns:   true, // the interfaces that AWS made for it
	List:   listClassicBalancers,
	Holds:  holding,
	Keep: func(ctx context.Context, api classicBalancerReader, r fact.Resource, put func(string, []byte) error) error {
		if err := classicBalancers.keep(ctx, api, r, put); err != nil {
			return err
		}
		out, err := api.DescribeLoadBalancerAttributes(ctx, &elb.DescribeLoadBalancerAttributesInput{LoadBalancerName: &r.ID})
		if err != nil {
			return gone(err)
		}
		return putJSON(put, "attributes.json", out.LoadBalancerAttributes)
	},
	Verbs: []kind.Verb[classicBalancerReader, classicBalancerWriter]{
		remove(kind.Verb[classicBalancerReader, classicBalancerWriter]{
			Name: "delete", Needs: []string{"elasticloadbalancing:DeleteLoadBalancer"},
		}, classicBalancers.look, func(ctx context.Context, api classicBalancerWriter, j kind.Job) error {
			_, err := api.DeleteLoadBalancer(ctx, &elb.DeleteLoadBalancerInput{LoadBalancerName: &j.ID})
			return err
		}),
	},
}

var classicBalancers = shown[classicBalancerReader, types.LoadBalancerDescription]{
	what: "classic load balancers", file: "load-balancer.json",
	ask: func(ctx context.Context, api classicBalancerReader, names []string) iter.Seq2[[]types.LoadBalancerDescription, error] {
		return asked(ctx, elb.NewDescribeLoadBalancersPaginator(api, &elb.DescribeLoadBalancersInput{LoadBalancerNames: names, PageSize: most(names, 400)}),
			func(o *elb.DescribeLoadBalancersOutput) []types.LoadBalancerDescription {
				return o.LoadBalancerDescriptions
			})
	},
	of: func(at fact.Place, b types.LoadBalancerDescription) fact.Resource {
		name := aws.ToString(b.LoadBalancerName)
		r := fact.Resource{
			Ref: fact.Ref{Kind: "elb.load-balancer", Place: at, ID: name}, ARN: arn(at, "elasticloadbalancing", "loadbalancer/"+name),
			Created: aws.ToTime(b.CreatedTime),
		}
		fact.Name.Set(&r, name)
		fact.Detail.Set(&r, aws.ToString(b.DNSName))
		fact.VPC.Set(&r, aws.ToString(b.VPCId))
		fact.SecurityGroups.Set(&r, append([]string{}, b.SecurityGroups...))
		fact.Count.Set(&r, len(b.Instances))
		holds(&r, "ec2.security-group", b.SecurityGroups...)
		holds(&r, "ec2.subnet", b.Subnets...)
		holds(&r, "ec2.vpc", aws.ToString(b.VPCId))
		return r
	},
}

// tagPage is how many load balancers or target groups AWS takes in one
// question about tags.
const tagPage = 20

func listClassicBalancers(ctx context.Context, api classicBalancerReader, at fact.Place, put func(fact.Resource)) error {
	drafts, err := classicBalancers.drafts(ctx, api, at)
	if err != nil {
		return err
	}
	return withTags(drafts, func(page []fact.Resource) (map[string]map[string]string, error) {
		names := make([]string, len(page))
		for i, r := range page {
			names[i] = r.ID
		}
		out, err := api.DescribeTags(ctx, &elb.DescribeTagsInput{LoadBalancerNames: names})
		if err != nil {
			return nil, err
		}
		found := map[string]map[string]string{}
		for _, d := range out.TagDescriptions {
			tags := map[string]string{}
			for _, t := range d.Tags {
				tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
			}
			found[aws.ToString(d.LoadBalancerName)] = tags
		}
		return found, nil
	}, classicBalancers.what, put)
}

// withTags asks for the tags of each page of drafts and puts them. Where one
// of the page vanished AWS refuses the whole question, so each is asked for
// by itself then, and what vanished is left out.
func withTags(drafts []fact.Resource, ask func([]fact.Resource) (map[string]map[string]string, error), what string, put func(fact.Resource)) error {
	for page := range slices.Chunk(drafts, tagPage) {
		tags, err := ask(page)
		if errors.Is(gone(err), kind.ErrGone) && len(page) > 1 {
			for _, r := range page {
				if err := withTags([]fact.Resource{r}, ask, what, put); err != nil {
					return err
				}
			}
			continue
		}
		if errors.Is(gone(err), kind.ErrGone) {
			continue
		}
		if err != nil {
			return fmt.Errorf("cannot list %s: %w", what, err)
		}
		for _, r := range page {
			name := fact.Name.Or(r, "")
			all := tags[r.ID]
			if all == nil {
				all = map[string]string{}
			}
			setTagMap(&r, all)
			fact.Name.Set(&r, name) // its own, whatever the tag says
			put(r)
		}
	}
	return nil
}
