package kinds

import (
	"cmp"
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type securityGroupReader interface{ securityGroupLister }

type securityGroupWriter interface {
	RevokeSecurityGroupIngress(context.Context, *ec2.RevokeSecurityGroupIngressInput, ...func(*ec2.Options)) (*ec2.RevokeSecurityGroupIngressOutput, error)
	AuthorizeSecurityGroupIngress(context.Context, *ec2.AuthorizeSecurityGroupIngressInput, ...func(*ec2.Options)) (*ec2.AuthorizeSecurityGroupIngressOutput, error)
}

var securityGroup = kind.Of(securityGroupSpec)

var securityGroupSpec = kind.Spec[securityGroupReader, securityGroupWriter]{
	Name:   "ec2.security-group",
	Reader: func(c aws.Config) securityGroupReader { return ec2.NewFromConfig(c) },
	Writer: func(c aws.Config) securityGroupWriter { return ec2.NewFromConfig(c) },
	Needs:  []string{"ec2:DescribeSecurityGroups"},
	List:   listSecurityGroups,
	Keep: func(ctx context.Context, api securityGroupReader, r fact.Resource, put func(string, []byte) error) error {
		g, err := findSecurityGroup(ctx, api, r.ID)
		if err != nil {
			return err
		}
		return putJSON(put, "security-group.json", g)
	},
	Verbs: []kind.Verb[securityGroupReader, securityGroupWriter]{
		withdraw(kind.Verb[securityGroupReader, securityGroupWriter]{
			Name: "close-openings", Class: kind.Disruptive,
			Needs: []string{"ec2:RevokeSecurityGroupIngress", "ec2:AuthorizeSecurityGroupIngress"},
		}, openRules, revokeRules, authorizeRules),
	},
}

func listSecurityGroups(ctx context.Context, api securityGroupReader, at fact.Place, put func(fact.Resource)) error {
	for page, err := range pages(ctx, ec2.NewDescribeSecurityGroupsPaginator(api, &ec2.DescribeSecurityGroupsInput{MaxResults: aws.Int32(1000)})) {
		if err != nil {
			return fmt.Errorf("cannot list security groups: %w", err)
		}
		for _, g := range page.SecurityGroups {
			put(securityGroupOf(at, g))
		}
	}
	return nil
}

func securityGroupOf(at fact.Place, g types.SecurityGroup) fact.Resource {
	id := aws.ToString(g.GroupId)
	r := fact.Resource{
		Ref: fact.Ref{Kind: "ec2.security-group", Place: at, ID: id},
		ARN: cmp.Or(aws.ToString(g.SecurityGroupArn), arn(at, "ec2", "security-group/"+id)),
	}
	setEC2Tags(&r, g.Tags)
	fact.Name.Set(&r, aws.ToString(g.GroupName))
	fact.VPC.Set(&r, aws.ToString(g.VpcId))
	openings := []fact.Opening{}
	for _, o := range openIn(g.IpPermissions) {
		openings = append(openings, fact.Opening{Protocol: o.Protocol, From: portOr(o.From), To: portOr(o.To), CIDR: o.CIDR})
	}
	fact.Openings.Set(&r, openings)
	fact.PrefixLists.Set(&r, listedIn(g.IpPermissions))
	return r
}

func findSecurityGroup(ctx context.Context, api securityGroupReader, id string) (types.SecurityGroup, error) {
	out, err := api.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{GroupIds: []string{id}})
	var all []types.SecurityGroup
	if err == nil {
		all = out.SecurityGroups
	}
	return only(all, err)
}
