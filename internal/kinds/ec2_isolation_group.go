package kinds

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"cordon/internal/awsapi"
	"cordon/internal/kind"
)

type securityGroupLister interface {
	DescribeSecurityGroups(context.Context, *ec2.DescribeSecurityGroupsInput, ...func(*ec2.Options)) (*ec2.DescribeSecurityGroupsOutput, error)
}

// isolationNames is how many names are tried in a VPC: whoever knows cordon may
// have taken the first ones.
const isolationNames = 20

// isolationName is the nth name for the group without rules in a VPC. Names
// are unique in a VPC.
func isolationName(vpc string, n int) string {
	if n == 1 {
		return "cordon-isolate-" + vpc
	}
	return fmt.Sprintf("cordon-isolate-%s-%d", vpc, n)
}

// isolationMark is the description by which a case knows its own groups: it
// cannot be changed. A group of that name without it is somebody else's, and
// nothing is done to it. It is not adopted, for then two instances of a VPC
// could not be isolated: the first would change what the second was planned on.
func isolationMark(j kind.Job) string { return "cordon " + j.Case + ": lets nothing in or out" }

// isolationGroups finds the case's own groups in a VPC.
func isolationGroups(ctx context.Context, api securityGroupLister, j kind.Job, vpc string) ([]types.SecurityGroup, error) {
	return groupsWhere(ctx, api, vpc, "description", isolationMark(j))
}

func groupsWhere(ctx context.Context, api securityGroupLister, vpc, filter, value string) ([]types.SecurityGroup, error) {
	out, err := api.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{Filters: []types.Filter{
		{Name: aws.String("vpc-id"), Values: []string{vpc}},
		{Name: &filter, Values: []string{value}},
	}})
	if err != nil {
		return nil, fmt.Errorf("cannot look up the isolation group: %w", err)
	}
	return out.SecurityGroups, nil
}

// emptyGroup returns the case's isolation group of a VPC, made when there is
// none and emptied when it has rules: fresh ones have a rule that lets
// everything out, and an intruder may have filled it.
func emptyGroup(ctx context.Context, api isolationWriter, j kind.Job, vpc string) (id string, err error) {
	for n := 1; n <= isolationNames; n++ {
		group, ours, err := makeGroup(ctx, api, j, vpc, isolationName(vpc, n))
		if err != nil {
			return "", fmt.Errorf("cannot create the isolation group: %w", err)
		}
		if ours {
			return aws.ToString(group.GroupId), untilSeen(ctx, func() error { return stripGroup(ctx, api, group) })
		}
	}
	return "", fmt.Errorf("cannot create the isolation group: %d groups of others have its names", isolationNames)
}

// makeGroup creates the group of that name, or finds the one that has it.
func makeGroup(ctx context.Context, api isolationWriter, j kind.Job, vpc, name string) (g types.SecurityGroup, ours bool, err error) {
	out, err := api.CreateSecurityGroup(ctx, &ec2.CreateSecurityGroupInput{GroupName: &name, Description: aws.String(isolationMark(j)), VpcId: &vpc})
	if err == nil {
		return types.SecurityGroup{GroupId: out.GroupId, IpPermissionsEgress: everythingOut()}, true, nil
	}
	if awsapi.Code(err) != "InvalidGroup.Duplicate" {
		return g, false, err
	}
	err = untilSeen(ctx, func() error {
		found, err := groupsWhere(ctx, api, vpc, "group-name", name)
		if err == nil && len(found) == 0 {
			err = fmt.Errorf("cannot find %s, which AWS says exists: %w", name, errUnseen)
		}
		if err == nil {
			g = found[0]
		}
		return err
	})
	return g, aws.ToString(g.Description) == isolationMark(j), err
}

// errUnseen reports what must be there and does not show yet.
var errUnseen = errors.New("it does not show yet")

// untilSeen makes a call again while what was made just before does not show:
// EC2 answers InvalidGroup.NotFound, or lists nothing, until a new id "has
// propagated through the system" (EC2 API Reference, "Error codes"; Developer
// Guide, "Eventual consistency"). It waits 10 s in all.
func untilSeen(ctx context.Context, call func() error) error {
	for wait := 320 * time.Millisecond; ; wait *= 2 {
		err := call()
		if !errors.Is(err, errUnseen) && awsapi.Code(err) != "InvalidGroup.NotFound" || wait > 6*time.Second {
			return err
		}
		if err := pause(ctx, wait); err != nil {
			return err
		}
	}
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

// dropGroups deletes the case's groups in a VPC that no other instance needs.
func dropGroups(ctx context.Context, api isolationWriter, j kind.Job, vpc string) error {
	groups, err := isolationGroups(ctx, api, j, vpc)
	for _, g := range groups {
		_, err := api.DeleteSecurityGroup(ctx, &ec2.DeleteSecurityGroupInput{GroupId: g.GroupId})
		switch awsapi.Code(err) {
		case "DependencyViolation", "InvalidGroup.InUse", "InvalidGroup.NotFound":
		default:
			if err != nil {
				return err
			}
		}
	}
	return err
}
