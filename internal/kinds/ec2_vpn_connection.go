package kinds

import (
	"context"
	"iter"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type vpnConnectionReader interface {
	DescribeVpnConnections(context.Context, *ec2.DescribeVpnConnectionsInput, ...func(*ec2.Options)) (*ec2.DescribeVpnConnectionsOutput, error)
}

type vpnConnectionWriter interface {
	DeleteVpnConnection(context.Context, *ec2.DeleteVpnConnectionInput, ...func(*ec2.Options)) (*ec2.DeleteVpnConnectionOutput, error)
}

var vpnConnection = kind.Of(vpnConnectionSpec)

// A Site-to-Site VPN is a way into a VPC from any address, which no security
// group of the perimeter sees. Its configuration holds the tunnels' keys: it is
// kept as evidence and never a fact.
var vpnConnectionSpec = kind.Spec[vpnConnectionReader, vpnConnectionWriter]{
	Name:   "ec2.vpn-connection",
	Reader: func(c aws.Config) vpnConnectionReader { return ec2.NewFromConfig(c) },
	Writer: func(c aws.Config) vpnConnectionWriter { return ec2.NewFromConfig(c) },
	Needs:  []string{"ec2:DescribeVpnConnections"},
	Cost:   kind.Cost{Fixed: 1}, // AWS gives all in one answer
	List:   vpnConnections.list,
	Holds:  holding,
	Keep:   vpnConnections.keep,
	Verbs: []kind.Verb[vpnConnectionReader, vpnConnectionWriter]{
		remove(kind.Verb[vpnConnectionReader, vpnConnectionWriter]{
			Name: "delete", Needs: []string{"ec2:DeleteVpnConnection"}, Takes: 15 * time.Minute,
		}, vpnConnections.look, func(ctx context.Context, api vpnConnectionWriter, j kind.Job) error {
			_, err := api.DeleteVpnConnection(ctx, &ec2.DeleteVpnConnectionInput{VpnConnectionId: &j.ID})
			return err
		}),
	},
}

var vpnConnections = shown[vpnConnectionReader, types.VpnConnection]{
	what: "VPN connections", file: "vpn-connection.json",
	ask: func(ctx context.Context, api vpnConnectionReader, ids []string) iter.Seq2[[]types.VpnConnection, error] {
		out, err := api.DescribeVpnConnections(ctx, &ec2.DescribeVpnConnectionsInput{VpnConnectionIds: ids})
		return answered(out, err, func(o *ec2.DescribeVpnConnectionsOutput) []types.VpnConnection { return o.VpnConnections })
	},
	over: func(t types.VpnConnection) bool { return t.State == types.VpnStateDeleted }, // AWS shows it for a while
	of: func(at fact.Place, t types.VpnConnection) fact.Resource {
		id := aws.ToString(t.VpnConnectionId)
		r := fact.Resource{Ref: fact.Ref{Kind: "ec2.vpn-connection", Place: at, ID: id}, ARN: arn(at, "ec2", "vpn-connection/"+id)}
		setEC2Tags(&r, t.Tags)
		fact.Status.Set(&r, string(t.State))
		fact.Detail.Set(&r, aws.ToString(t.CustomerGatewayId))
		return r
	},
}
