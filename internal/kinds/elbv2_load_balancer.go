package kinds

import (
	"context"
	"fmt"
	"iter"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type loadBalancerReader interface {
	DescribeLoadBalancers(context.Context, *elbv2.DescribeLoadBalancersInput, ...func(*elbv2.Options)) (*elbv2.DescribeLoadBalancersOutput, error)
	DescribeLoadBalancerAttributes(context.Context, *elbv2.DescribeLoadBalancerAttributesInput, ...func(*elbv2.Options)) (*elbv2.DescribeLoadBalancerAttributesOutput, error)
	DescribeListeners(context.Context, *elbv2.DescribeListenersInput, ...func(*elbv2.Options)) (*elbv2.DescribeListenersOutput, error)
	DescribeRules(context.Context, *elbv2.DescribeRulesInput, ...func(*elbv2.Options)) (*elbv2.DescribeRulesOutput, error)
	targetGroupLister
	balancerTags
}

type balancerTags interface {
	DescribeTags(context.Context, *elbv2.DescribeTagsInput, ...func(*elbv2.Options)) (*elbv2.DescribeTagsOutput, error)
}

type loadBalancerWriter interface {
	ModifyLoadBalancerAttributes(context.Context, *elbv2.ModifyLoadBalancerAttributesInput, ...func(*elbv2.Options)) (*elbv2.ModifyLoadBalancerAttributesOutput, error)
	DeleteLoadBalancer(context.Context, *elbv2.DeleteLoadBalancerInput, ...func(*elbv2.Options)) (*elbv2.DeleteLoadBalancerOutput, error)
}

var loadBalancer = kind.Of(loadBalancerSpec)

var loadBalancerSpec = kind.Spec[loadBalancerReader, loadBalancerWriter]{
	Name:   "elbv2.load-balancer",
	Reader: func(c aws.Config) loadBalancerReader { return elbv2.NewFromConfig(c) },
	Writer: func(c aws.Config) loadBalancerWriter { return elbv2.NewFromConfig(c) },
	Needs: []string{
		"elasticloadbalancingv2:DescribeLoadBalancers", "elasticloadbalancingv2:DescribeLoadBalancerAttributes", "elasticloadbalancingv2:DescribeTags",
		"elasticloadbalancingv2:DescribeTargetGroups", "elasticloadbalancingv2:DescribeListeners", "elasticloadbalancingv2:DescribeRules",
	},
	// The target groups, 400 a call, are not counted by load balancers: an
	// account has 3,000 at most.
	Cost:   kind.Cost{Fixed: 10, Page: tagPage - 1, Each: 1},
	Covers: []string{"B1", "D5"},
	Owns:   true, // the interfaces that AWS made for it
	List:   listLoadBalancers,
	Holds:  holding,
	Keep:   keepLoadBalancer,
	Verbs: []kind.Verb[loadBalancerReader, loadBalancerWriter]{
		flip(kind.Verb[loadBalancerReader, loadBalancerWriter]{
			Name: "unprotect", Class: kind.Reversible, For: kind.Lift, Of: "deletion",
			Needs: []string{"elasticloadbalancingv2:ModifyLoadBalancerAttributes"},
		}, false, balancerProtected, func(ctx context.Context, api loadBalancerWriter, j kind.Job, on bool) error {
			_, err := api.ModifyLoadBalancerAttributes(ctx, &elbv2.ModifyLoadBalancerAttributesInput{
				LoadBalancerArn: &j.ID, Attributes: []types.LoadBalancerAttribute{{Key: aws.String(deletionProtection), Value: aws.String(strconv.FormatBool(on))}},
			})
			return err
		}),
		remove(kind.Verb[loadBalancerReader, loadBalancerWriter]{
			Name: "delete", Needs: []string{"elasticloadbalancingv2:DeleteLoadBalancer"},
		}, loadBalancers.look, func(ctx context.Context, api loadBalancerWriter, j kind.Job) error {
			_, err := api.DeleteLoadBalancer(ctx, &elbv2.DeleteLoadBalancerInput{LoadBalancerArn: &j.ID})
			return err
		}),
	},
}

var loadBalancers = shown[loadBalancerReader, types.LoadBalancer]{
	what: "load balancers", file: "load-balancer.json",
	ask: func(ctx context.Context, api loadBalancerReader, arns []string) iter.Seq2[[]types.LoadBalancer, error] {
		return asked(ctx, elbv2.NewDescribeLoadBalancersPaginator(api, &elbv2.DescribeLoadBalancersInput{LoadBalancerArns: arns, PageSize: most(arns, 400)}),
			func(o *elbv2.DescribeLoadBalancersOutput) []types.LoadBalancer { return o.LoadBalancers })
	},
	of: func(at fact.Place, b types.LoadBalancer) fact.Resource {
		id := aws.ToString(b.LoadBalancerArn)
		r := fact.Resource{Ref: fact.Ref{Kind: "elbv2.load-balancer", Place: at, ID: id}, ARN: id, Created: aws.ToTime(b.CreatedTime)}
		fact.Name.Set(&r, aws.ToString(b.LoadBalancerName))
		fact.Detail.Set(&r, aws.ToString(b.DNSName))
		fact.VPC.Set(&r, aws.ToString(b.VpcId))
		fact.SecurityGroups.Set(&r, append([]string{}, b.SecurityGroups...))
		if b.State != nil {
			fact.Status.Set(&r, string(b.State.Code))
		}
		holds(&r, "ec2.security-group", b.SecurityGroups...)
		holds(&r, "ec2.vpc", aws.ToString(b.VpcId))
		for _, z := range b.AvailabilityZones {
			holds(&r, "ec2.subnet", aws.ToString(z.SubnetId))
			for _, a := range z.LoadBalancerAddresses {
				holds(&r, "ec2.elastic-ip", aws.ToString(a.AllocationId))
			}
		}
		return r
	},
}

func listLoadBalancers(ctx context.Context, api loadBalancerReader, at fact.Place, put func(fact.Resource)) error {
	drafts, err := loadBalancers.drafts(ctx, api, at)
	if err != nil || len(drafts) == 0 {
		return err
	}
	groups, err := allTargetGroups(ctx, api, at)
	if err != nil {
		return err
	}
	for i, r := range drafts {
		for _, g := range groups {
			for _, id := range g.LoadBalancerArns {
				if id == r.ID {
					holds(&drafts[i], "elbv2.target-group", aws.ToString(g.TargetGroupArn))
				}
			}
		}
	}
	var tagged []fact.Resource
	if err := withTags(drafts, tagsOfARNs(ctx, api), loadBalancers.what, func(r fact.Resource) { tagged = append(tagged, r) }); err != nil {
		return err
	}
	err = complete(ctx, tagged, func(ctx context.Context, r *fact.Resource) error {
		on, err := balancerProtected(ctx, api, *r)
		protections := []string{}
		if on {
			protections = append(protections, "deletion")
		}
		fact.Protections.Set(r, protections)
		return err
	}, put)
	if err != nil {
		return fmt.Errorf("cannot list load balancers: %w", err)
	}
	return nil
}

// tagsOfARNs asks for the tags of one page.
func tagsOfARNs(ctx context.Context, api balancerTags) func([]fact.Resource) (map[string]map[string]string, error) {
	return func(page []fact.Resource) (map[string]map[string]string, error) {
		arns := make([]string, len(page))
		for i, r := range page {
			arns[i] = r.ID
		}
		out, err := api.DescribeTags(ctx, &elbv2.DescribeTagsInput{ResourceArns: arns})
		if err != nil {
			return nil, err
		}
		found := map[string]map[string]string{}
		for _, d := range out.TagDescriptions {
			tags := map[string]string{}
			for _, t := range d.Tags {
				tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
			}
			found[aws.ToString(d.ResourceArn)] = tags
		}
		return found, nil
	}
}

const deletionProtection = "deletion_protection.enabled"

func balancerProtected(ctx context.Context, api loadBalancerReader, r fact.Resource) (bool, error) {
	out, err := api.DescribeLoadBalancerAttributes(ctx, &elbv2.DescribeLoadBalancerAttributesInput{LoadBalancerArn: &r.ID})
	if err != nil {
		return false, gone(err)
	}
	for _, a := range out.Attributes {
		if aws.ToString(a.Key) == deletionProtection {
			return aws.ToString(a.Value) == "true", nil
		}
	}
	return false, nil
}

func keepLoadBalancer(ctx context.Context, api loadBalancerReader, r fact.Resource, put func(string, []byte) error) error {
	if err := loadBalancers.keep(ctx, api, r, put); err != nil {
		return err
	}
	attributes, err := api.DescribeLoadBalancerAttributes(ctx, &elbv2.DescribeLoadBalancerAttributesInput{LoadBalancerArn: &r.ID})
	if err != nil {
		return gone(err)
	}
	if err := putJSON(put, "attributes.json", attributes.Attributes); err != nil {
		return err
	}
	var listeners []types.Listener
	rules := map[string][]types.Rule{}
	for page, err := range pages(ctx, elbv2.NewDescribeListenersPaginator(api, &elbv2.DescribeListenersInput{LoadBalancerArn: &r.ID})) {
		if err != nil {
			return gone(err)
		}
		listeners = append(listeners, page.Listeners...)
	}
	for _, l := range listeners {
		for page, err := range pages(ctx, elbv2.NewDescribeRulesPaginator(api, &elbv2.DescribeRulesInput{ListenerArn: l.ListenerArn})) {
			if err != nil {
				return gone(err)
			}
			rules[aws.ToString(l.ListenerArn)] = append(rules[aws.ToString(l.ListenerArn)], page.Rules...)
		}
	}
	if err := putJSON(put, "listeners.json", listeners); err != nil {
		return err
	}
	return putJSON(put, "rules.json", rules)
}
