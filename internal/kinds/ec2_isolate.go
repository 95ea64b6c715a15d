package kinds

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"cordon/internal/awsapi"
	"cordon/internal/fact"
	"cordon/internal/kind"
)

type isolationReader interface {
	DescribeNetworkInterfaces(context.Context, *ec2.DescribeNetworkInterfacesInput, ...func(*ec2.Options)) (*ec2.DescribeNetworkInterfacesOutput, error)
	securityGroupLister
}

type isolationWriter interface {
	securityGroupLister // a group may be ours from an earlier attempt
	CreateSecurityGroup(context.Context, *ec2.CreateSecurityGroupInput, ...func(*ec2.Options)) (*ec2.CreateSecurityGroupOutput, error)
	RevokeSecurityGroupEgress(context.Context, *ec2.RevokeSecurityGroupEgressInput, ...func(*ec2.Options)) (*ec2.RevokeSecurityGroupEgressOutput, error)
	RevokeSecurityGroupIngress(context.Context, *ec2.RevokeSecurityGroupIngressInput, ...func(*ec2.Options)) (*ec2.RevokeSecurityGroupIngressOutput, error)
	ModifyNetworkInterfaceAttribute(context.Context, *ec2.ModifyNetworkInterfaceAttributeInput, ...func(*ec2.Options)) (*ec2.ModifyNetworkInterfaceAttributeOutput, error)
	DeleteSecurityGroup(context.Context, *ec2.DeleteSecurityGroupInput, ...func(*ec2.Options)) (*ec2.DeleteSecurityGroupOutput, error)
}

// isolate gives every network interface of an instance a security group that
// lets nothing in or out. New connections end at once; AWS lets those that it
// already tracks live on until they time out.
var isolate = kind.Verb[instanceReader, instanceWriter]{
	Name:  "isolate",
	Class: kind.Disruptive,
	Needs: []string{
		"ec2:DescribeNetworkInterfaces", "ec2:DescribeSecurityGroups", "ec2:CreateSecurityGroup", "ec2:RevokeSecurityGroupEgress",
		"ec2:RevokeSecurityGroupIngress", "ec2:ModifyNetworkInterfaceAttribute", "ec2:DeleteSecurityGroup",
	},
	Prior: func(ctx context.Context, api instanceReader, r fact.Resource) (json.RawMessage, error) {
		ports, err := portsOf(ctx, api, r.ID)
		if err == nil && len(ports) == 0 {
			err = unattached(ctx, api, r)
		}
		return prior(ports, err)
	},
	Do: func(ctx context.Context, api instanceWriter, j kind.Job, prior json.RawMessage) error {
		ports, err := read[[]port](prior)
		if err != nil {
			return err
		}
		for vpc, ports := range byVPC(ports) {
			group, err := emptyGroup(ctx, api, j, vpc)
			if err != nil {
				return err
			}
			for _, p := range ports {
				if err := untilSeen(ctx, func() error { return setGroups(ctx, api, p.ID, []string{group}) }); err != nil {
					return err
				}
			}
		}
		return nil
	},
	Done: func(ctx context.Context, api instanceReader, j kind.Job) (bool, error) {
		return isolated(ctx, api, j)
	},
	Tidies: true, // the group that it made
	Undo: func(ctx context.Context, api instanceWriter, j kind.Job, prior json.RawMessage) error {
		ports, err := read[[]port](prior)
		if err != nil {
			return err
		}
		for vpc, ports := range byVPC(ports) {
			for _, p := range ports {
				if err := setGroups(ctx, api, p.ID, p.Groups); err != nil {
					return err
				}
			}
			if err := dropGroups(ctx, api, j, vpc); err != nil {
				return err
			}
		}
		return nil
	},
}

// A port is one network interface of an instance and the groups on it. An
// instance may have interfaces in several VPCs.
type port struct {
	ID     string   `json:"id"`
	VPC    string   `json:"vpc"`
	Groups []string `json:"groups"`
}

func portsOf(ctx context.Context, api isolationReader, instance string) ([]port, error) {
	ports := []port{}
	for page, err := range pages(ctx, ec2.NewDescribeNetworkInterfacesPaginator(api, &ec2.DescribeNetworkInterfacesInput{
		Filters: []types.Filter{{Name: aws.String("attachment.instance-id"), Values: []string{instance}}},
	})) {
		if err != nil {
			return nil, fmt.Errorf("cannot list the network interfaces of %s: %w", instance, err)
		}
		for _, n := range page.NetworkInterfaces {
			p := port{ID: aws.ToString(n.NetworkInterfaceId), VPC: aws.ToString(n.VpcId), Groups: []string{}}
			for _, g := range n.Groups {
				p.Groups = append(p.Groups, aws.ToString(g.GroupId))
			}
			slices.Sort(p.Groups)
			ports = append(ports, p)
		}
	}
	slices.SortFunc(ports, func(a, b port) int { return cmp.Compare(a.ID, b.ID) })
	return ports, nil
}

func byVPC(ports []port) map[string][]port {
	out := map[string][]port{}
	for _, p := range ports {
		out[p.VPC] = append(out[p.VPC], p)
	}
	return out
}

// isolated looks at the groups' rules too: a group that was filled again does
// not isolate.
func isolated(ctx context.Context, api instanceReader, j kind.Job) (bool, error) {
	ports, err := portsOf(ctx, api, j.ID)
	if err != nil {
		return false, err
	}
	if len(ports) == 0 {
		err := unattached(ctx, api, j.Resource)
		if errors.Is(err, errUnseen) {
			return false, nil
		}
		return err == nil, err
	}
	for vpc, ports := range byVPC(ports) {
		groups, err := isolationGroups(ctx, api, j, vpc)
		if err != nil {
			return false, err
		}
		for _, p := range ports {
			if !slices.ContainsFunc(groups, func(g types.SecurityGroup) bool {
				return slices.Equal(p.Groups, []string{aws.ToString(g.GroupId)}) && len(g.IpPermissions)+len(g.IpPermissionsEgress) == 0
			}) {
				return false, nil
			}
		}
	}
	return true, nil
}

// unattached tells an instance that has ended, and so has no network interface
// any more, from one whose interfaces do not show yet: AWS gives every instance
// one when it is launched, and does not take it away before the end.
func unattached(ctx context.Context, api instanceReader, r fact.Resource) error {
	i, err := findInstance(ctx, api, r.ID)
	if err != nil {
		return err
	}
	if i.State != nil && (i.State.Name == types.InstanceStateNameShuttingDown || i.State.Name == types.InstanceStateNameTerminated) {
		return nil
	}
	return fmt.Errorf("cannot list the network interfaces of %s: %w", r.ID, errUnseen)
}

func setGroups(ctx context.Context, api isolationWriter, port string, groups []string) error {
	_, err := api.ModifyNetworkInterfaceAttribute(ctx, &ec2.ModifyNetworkInterfaceAttributeInput{NetworkInterfaceId: &port, Groups: groups})
	if awsapi.Code(err) == "InvalidNetworkInterfaceID.NotFound" {
		return nil // detached and deleted meanwhile
	}
	return err
}
