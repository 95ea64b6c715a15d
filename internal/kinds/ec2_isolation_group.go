package kinds

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"cordon/internal/awsapi"
	"cordon/internal/kind"
)

type securityGroupLister interface {
	DescribeSecurityGroups(context.Context, *ec2.DescribeSecurityGroupsInput, ...func(*ec2.Options)) (*ec2.DescribeSecurityGroupsOutput, error)
}

// isolationName is the name of the one group without rules in a VPC.
func isolationName(vpc string) string { return "cordon-isolate-" + vpc }

func isolationGroup(ctx context.Context, api securityGroupLister, vpc string) (g types.SecurityGroup, found bool, err error) {
	out, err := api.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{Filters: []types.Filter{
		{Name: aws.String("vpc-id"), Values: []string{vpc}},
		{Name: aws.String("group-name"), Values: []string{isolationName(vpc)}},
	}})
	if err != nil {
		return g, false, fmt.Errorf("cannot look up the isolation group: %w", err)
	}
	if len(out.SecurityGroups) == 0 {
		return g, false, nil
	}
	return out.SecurityGroups[0], true, nil
}

// emptyGroup returns the isolation group of a VPC, made when there is none and
// emptied when it has rules: fresh ones have a rule that lets everything out,
// and an intruder may have filled it or made it first.
func emptyGroup(ctx context.Context, api isolationWriter, j kind.Job, vpc string) (id string, err error) {
	out, err := api.CreateSecurityGroup(ctx, &ec2.CreateSecurityGroupInput{
		GroupName:   aws.String(isolationName(vpc)),
		Description: aws.String("cordon " + j.Case + ": lets nothing in or out"),
		VpcId:       &vpc,
	})
	var group types.SecurityGroup
	switch {
	case err == nil:
		group = types.SecurityGroup{GroupId: out.GroupId, IpPermissionsEgress: everythingOut()}
	case awsapi.Code(err) == "InvalidGroup.Duplicate":
		var found bool
		if group, found, err = isolationGroup(ctx, api, vpc); err != nil {
			return "", err
		} else if !found {
			return "", fmt.Errorf("cannot find %s, which AWS says exists", isolationName(vpc))
		}
	default:
		return "", fmt.Errorf("cannot create the isolation group: %w", err)
	}
	return aws.ToString(group.GroupId), stripGroup(ctx, api, group)
}

// everythingOut are the rules that AWS puts into a fresh group; the second
// only where the VPC has IPv6.
func everythingOut() []types.IpPermission {
	return []types.IpPermission{
		{IpProtocol: aws.String("-1"), IpRanges: []types.IpRange{{CidrIp: aws.String("0.0.0.0/0")}}},
		{IpProtocol: aws.String("-1"), Ipv6Ranges: []types.Ipv6Range{{CidrIpv6: aws.String("::/0")}}},
	}
}

// stripGroup revokes the rules one by one: one that is gone already would
// make AWS refuse all that are named with it.
func stripGroup(ctx context.Context, api isolationWriter, g types.SecurityGroup) error {
	for _, rule := range g.IpPermissionsEgress {
		_, err := api.RevokeSecurityGroupEgress(ctx, &ec2.RevokeSecurityGroupEgressInput{GroupId: g.GroupId, IpPermissions: []types.IpPermission{rule}})
		if err != nil && !noSuchRule(err) {
			return fmt.Errorf("cannot empty the isolation group: %w", err)
		}
	}
	for _, rule := range g.IpPermissions {
		_, err := api.RevokeSecurityGroupIngress(ctx, &ec2.RevokeSecurityGroupIngressInput{GroupId: g.GroupId, IpPermissions: []types.IpPermission{rule}})
		if err != nil && !noSuchRule(err) {
			return fmt.Errorf("cannot empty the isolation group: %w", err)
		}
	}
	return nil
}

func noSuchRule(err error) bool { return awsapi.Code(err) == "InvalidPermission.NotFound" }

// dropEmptyGroup deletes the isolation group of a VPC unless another instance
// still needs it.
func dropEmptyGroup(ctx context.Context, api isolationWriter, vpc string) error {
	group, found, err := isolationGroup(ctx, api, vpc)
	if err != nil || !found {
		return err
	}
	_, err = api.DeleteSecurityGroup(ctx, &ec2.DeleteSecurityGroupInput{GroupId: group.GroupId})
	switch awsapi.Code(err) {
	case "DependencyViolation", "InvalidGroup.InUse", "InvalidGroup.NotFound":
		return nil
	}
	return err
}
