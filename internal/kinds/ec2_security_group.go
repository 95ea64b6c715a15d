package kinds

import (
	"cmp"
	"context"
	"fmt"
	"slices"

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
	RevokeSecurityGroupEgress(context.Context, *ec2.RevokeSecurityGroupEgressInput, ...func(*ec2.Options)) (*ec2.RevokeSecurityGroupEgressOutput, error)
	DeleteSecurityGroup(context.Context, *ec2.DeleteSecurityGroupInput, ...func(*ec2.Options)) (*ec2.DeleteSecurityGroupOutput, error)
	securityGroupLister
}

var securityGroup = kind.Of(securityGroupSpec)

var securityGroupSpec = kind.Spec[securityGroupReader, securityGroupWriter]{
	Name:   "ec2.security-group",
	Reader: func(c aws.Config) securityGroupReader { return ec2.NewFromConfig(c) },
	Writer: func(c aws.Config) securityGroupWriter { return ec2.NewFromConfig(c) },
	Needs:  []string{"ec2:DescribeSecurityGroups"},
	Cost:   kind.Cost{Fixed: 1, Page: 1000},
	Covers: []string{"B1"},
	List:   listSecurityGroups,
	Holds:  holding,
	Keep: func(ctx context.Context, api securityGroupReader, r fact.Resource, put func(string, []byte) error) error {
		g, err := findSecurityGroup(ctx, api, r.ID)
		if err != nil {
			return err
		}
		return putJSON(put, "security-group.json", g)
	},
	Verbs: []kind.Verb[securityGroupReader, securityGroupWriter]{
		withdraw(kind.Verb[securityGroupReader, securityGroupWriter]{
			Name: "close-openings", Class: kind.Disruptive, For: kind.Close,
			Mends: []string{"AuthorizeSecurityGroupIngress", "ModifySecurityGroupRules"},
			Needs: []string{"ec2:RevokeSecurityGroupIngress", "ec2:AuthorizeSecurityGroupIngress"},
		}, openRules, revokeRules, authorizeRules),
		remove(kind.Verb[securityGroupReader, securityGroupWriter]{
			Name: "delete", Needs: []string{"ec2:RevokeSecurityGroupIngress", "ec2:RevokeSecurityGroupEgress", "ec2:DeleteSecurityGroup"},
		}, func(ctx context.Context, api securityGroupReader, r fact.Resource) (any, error) {
			g, err := findSecurityGroup(ctx, api, r.ID)
			return identity{ID: aws.ToString(g.GroupId)}, err
		}, deleteSecurityGroup),
	},
}

// deleteSecurityGroup takes out the group's own rules for other groups first:
// of two groups that let each other in AWS deletes neither.
func deleteSecurityGroup(ctx context.Context, api securityGroupWriter, j kind.Job) error {
	g, err := findSecurityGroup(ctx, api, j.ID)
	if err != nil {
		return err
	}
	if in := forGroups(g.IpPermissions); len(in) > 0 {
		_, err = api.RevokeSecurityGroupIngress(ctx, &ec2.RevokeSecurityGroupIngressInput{GroupId: &j.ID, IpPermissions: in})
		if err != nil && !noSuchRule(err) {
			return err
		}
	}
	if out := forGroups(g.IpPermissionsEgress); len(out) > 0 {
		_, err = api.RevokeSecurityGroupEgress(ctx, &ec2.RevokeSecurityGroupEgressInput{GroupId: &j.ID, IpPermissions: out})
		if err != nil && !noSuchRule(err) {
			return err
		}
	}
	_, err = api.DeleteSecurityGroup(ctx, &ec2.DeleteSecurityGroupInput{GroupId: &j.ID})
	return err
}

// forGroups are the rules as far as they let groups through.
func forGroups(all []types.IpPermission) (out []types.IpPermission) {
	for _, p := range all {
		if len(p.UserIdGroupPairs) > 0 {
			out = append(out, types.IpPermission{IpProtocol: p.IpProtocol, FromPort: p.FromPort, ToPort: p.ToPort, UserIdGroupPairs: p.UserIdGroupPairs})
		}
	}
	return out
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
	holds(&r, "ec2.vpc", aws.ToString(g.VpcId))
	for _, p := range slices.Concat(g.IpPermissions, g.IpPermissionsEgress) {
		for _, other := range p.UserIdGroupPairs {
			if peer := aws.ToString(other.GroupId); peer != id {
				holds(&r, "ec2.security-group", peer)
			}
		}
	}
	// The default group goes with its network, and not before.
	if setDefault(&r, aws.ToString(g.GroupName) == "default"); fact.Default.Or(r, false) {
		partOf(&r, "ec2.vpc", aws.ToString(g.VpcId))
	}
	return r
}

func findSecurityGroup(ctx context.Context, api securityGroupLister, id string) (types.SecurityGroup, error) {
	out, err := api.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{GroupIds: []string{id}})
	var all []types.SecurityGroup
	if err == nil {
		all = out.SecurityGroups
	}
	return only(all, err)
}
