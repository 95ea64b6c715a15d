package kinds

import (
	"context"
	"iter"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type networkInterfaceReader interface {
	DescribeNetworkInterfaces(context.Context, *ec2.DescribeNetworkInterfacesInput, ...func(*ec2.Options)) (*ec2.DescribeNetworkInterfacesOutput, error)
}

type networkInterfaceWriter interface {
	DeleteNetworkInterface(context.Context, *ec2.DeleteNetworkInterfaceInput, ...func(*ec2.Options)) (*ec2.DeleteNetworkInterfaceOutput, error)
}

var networkInterface = kind.Of(networkInterfaceSpec)

// What a service made for itself goes away with what it was made for, and AWS
// lets nobody else delete it.
var networkInterfaceSpec = kind.Spec[networkInterfaceReader, networkInterfaceWriter]{
	Name:   "ec2.network-interface",
	Reader: func(c aws.Config) networkInterfaceReader { return ec2.NewFromConfig(c) },
	Writer: func(c aws.Config) networkInterfaceWriter { return ec2.NewFromConfig(c) },
	Needs:  []string{"ec2:DescribeNetworkInterfaces"},
	Cost:   kind.Cost{Fixed: 1, Page: 1000},
	List:   networkInterfaces.list,
	Holds:  holding,
	Keep:   networkInterfaces.keep,
	Verbs: []kind.Verb[networkInterfaceReader, networkInterfaceWriter]{
		remove(kind.Verb[networkInterfaceReader, networkInterfaceWriter]{
			Name: "delete", Needs: []string{"ec2:DeleteNetworkInterface"},
		}, networkInterfaces.look, func(ctx context.Context, api networkInterfaceWriter, j kind.Job) error {
			_, err := api.DeleteNetworkInterface(ctx, &ec2.DeleteNetworkInterfaceInput{NetworkInterfaceId: &j.ID})
			return err
		}),
	},
}

var networkInterfaces = shown[networkInterfaceReader, types.NetworkInterface]{
	what: "network interfaces", file: "network-interface.json",
	ask: func(ctx context.Context, api networkInterfaceReader, ids []string) iter.Seq2[[]types.NetworkInterface, error] {
		return asked(ctx, ec2.NewDescribeNetworkInterfacesPaginator(api, &ec2.DescribeNetworkInterfacesInput{NetworkInterfaceIds: ids, MaxResults: most(ids, 1000)}),
			func(o *ec2.DescribeNetworkInterfacesOutput) []types.NetworkInterface { return o.NetworkInterfaces })
	},
	of: func(at fact.Place, t types.NetworkInterface) fact.Resource {
		id := aws.ToString(t.NetworkInterfaceId)
		r := fact.Resource{Ref: fact.Ref{Kind: "ec2.network-interface", Place: at, ID: id}, ARN: arn(at, "ec2", "network-interface/"+id)}
		setEC2Tags(&r, t.TagSet)
		fact.Status.Set(&r, string(t.Status))
		fact.Detail.Set(&r, string(t.InterfaceType))
		fact.VPC.Set(&r, aws.ToString(t.VpcId))
		fact.SecurityGroups.Set(&r, groupIDs(t.Groups))
		holds(&r, "ec2.subnet", aws.ToString(t.SubnetId))
		holds(&r, "ec2.vpc", aws.ToString(t.VpcId))
		holds(&r, "ec2.security-group", groupIDs(t.Groups)...)
		attached := ""
		if a := t.Attachment; a != nil {
			if attached = aws.ToString(a.InstanceId); goesWithInstance(a) {
				partOf(&r, "ec2.instance", attached)
			}
		}
		fact.AttachedTo.Set(&r, attached)
		if aws.ToBool(t.RequesterManaged) {
			setRequester(&r, aws.ToString(t.Description))
		}
		return r
	},
}

// goesWithInstance says that an interface ends with the instance it is attached
// to. AWS deletes none that is attached, and takes the primary one off no
// instance. One that is told to outlive its instance is held by it: it is
// removed once the instance is gone.
func goesWithInstance(a *types.NetworkInterfaceAttachment) bool {
	if a.DeleteOnTermination != nil {
		return *a.DeleteOnTermination
	}
	return a.DeviceIndex != nil && *a.DeviceIndex == 0 && aws.ToInt32(a.NetworkCardIndex) == 0
}

// setRequester reads for what a service made an interface. Nobody but the
// service can change the description of one that it manages.
func setRequester(r *fact.Resource, description string) {
	if id, ok := strings.CutPrefix(description, "Interface for NAT Gateway "); ok {
		partOf(r, "ec2.nat-gateway", id)
	}
	if id, ok := strings.CutPrefix(description, "VPC Endpoint Interface "); ok {
		partOf(r, "ec2.vpc-endpoint", id)
	}
	switch name, ok := strings.CutPrefix(description, "ELB "); {
	case ok && strings.Contains(name, "/"): // app/name/id, net/name/id, gwy/name/id
		partOf(r, "elbv2.load-balancer", arn(r.Place, "elasticloadbalancing", "loadbalancer/"+name))
	case ok:
		partOf(r, "elb.load-balancer", name)
	}
}
