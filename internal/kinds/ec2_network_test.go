package kinds

import (
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
	"cordon/internal/kind/kindtest"
)

func makeVPC(t *testing.T, w kindtest.World) string {
	t.Helper()
	out := must[*ec2.CreateVpcOutput](t)(ec2In(w).CreateVpc(t.Context(), &ec2.CreateVpcInput{CidrBlock: aws.String("10.9.0.0/16")}))
	return aws.ToString(out.Vpc.VpcId)
}

func makeSubnet(t *testing.T, w kindtest.World) string {
	t.Helper()
	out := must[*ec2.CreateSubnetOutput](t)(ec2In(w).CreateSubnet(t.Context(), &ec2.CreateSubnetInput{VpcId: aws.String(makeVPC(t, w)), CidrBlock: aws.String("10.9.1.0/24")}))
	return aws.ToString(out.Subnet.SubnetId)
}

func subnetVPC(t *testing.T, w kindtest.World, id string) string {
	t.Helper()
	out := must[*ec2.DescribeSubnetsOutput](t)(ec2In(w).DescribeSubnets(t.Context(), &ec2.DescribeSubnetsInput{SubnetIds: []string{id}}))
	return aws.ToString(out.Subnets[0].VpcId)
}

func makeGateway(t *testing.T, w kindtest.World) string {
	t.Helper()
	out := must[*ec2.CreateInternetGatewayOutput](t)(ec2In(w).CreateInternetGateway(t.Context(), &ec2.CreateInternetGatewayInput{}))
	must[*ec2.AttachInternetGatewayOutput](t)(ec2In(w).AttachInternetGateway(t.Context(), &ec2.AttachInternetGatewayInput{
		InternetGatewayId: out.InternetGateway.InternetGatewayId, VpcId: aws.String(makeVPC(t, w)),
	}))
	return aws.ToString(out.InternetGateway.InternetGatewayId)
}

func makeAddress(t *testing.T, w kindtest.World) string {
	t.Helper()
	out := must[*ec2.AllocateAddressOutput](t)(ec2In(w).AllocateAddress(t.Context(), &ec2.AllocateAddressInput{Domain: types.DomainTypeVpc}))
	return aws.ToString(out.AllocationId)
}

func makeNAT(t *testing.T, w kindtest.World) string {
	t.Helper()
	out := must[*ec2.CreateNatGatewayOutput](t)(ec2In(w).CreateNatGateway(t.Context(), &ec2.CreateNatGatewayInput{
		SubnetId: aws.String(makeSubnet(t, w)), AllocationId: aws.String(makeAddress(t, w)),
	}))
	return aws.ToString(out.NatGateway.NatGatewayId)
}

func makeVPN(t *testing.T, w kindtest.World) string {
	t.Helper()
	far := must[*ec2.CreateCustomerGatewayOutput](t)(ec2In(w).CreateCustomerGateway(t.Context(), &ec2.CreateCustomerGatewayInput{
		Type: types.GatewayTypeIpsec1, PublicIp: aws.String("203.0.113.9"), BgpAsn: aws.Int32(65000),
	}))
	near := must[*ec2.CreateVpnGatewayOutput](t)(ec2In(w).CreateVpnGateway(t.Context(), &ec2.CreateVpnGatewayInput{Type: types.GatewayTypeIpsec1}))
	out := must[*ec2.CreateVpnConnectionOutput](t)(ec2In(w).CreateVpnConnection(t.Context(), &ec2.CreateVpnConnectionInput{
		Type: aws.String("ipsec.1"), CustomerGatewayId: far.CustomerGateway.CustomerGatewayId, VpnGatewayId: near.VpnGateway.VpnGatewayId,
	}))
	return aws.ToString(out.VpnConnection.VpnConnectionId)
}

func makeRouteTable(t *testing.T, w kindtest.World) string {
	t.Helper()
	subnet := makeSubnet(t, w)
	out := must[*ec2.CreateRouteTableOutput](t)(ec2In(w).CreateRouteTable(t.Context(), &ec2.CreateRouteTableInput{VpcId: aws.String(subnetVPC(t, w, subnet))}))
	must[*ec2.AssociateRouteTableOutput](t)(ec2In(w).AssociateRouteTable(t.Context(), &ec2.AssociateRouteTableInput{RouteTableId: out.RouteTable.RouteTableId, SubnetId: &subnet}))
	return aws.ToString(out.RouteTable.RouteTableId)
}

func makeACL(t *testing.T, w kindtest.World) string {
	t.Helper()
	api, subnet := ec2In(w), makeSubnet(t, w)
	vpc := subnetVPC(t, w, subnet)
	out := must[*ec2.CreateNetworkAclOutput](t)(api.CreateNetworkAcl(t.Context(), &ec2.CreateNetworkAclInput{VpcId: &vpc}))
	for n, cidr := range map[int32]string{100: "0.0.0.0/0", 200: "10.0.0.0/8"} {
		must[*ec2.CreateNetworkAclEntryOutput](t)(api.CreateNetworkAclEntry(t.Context(), &ec2.CreateNetworkAclEntryInput{
			NetworkAclId: out.NetworkAcl.NetworkAclId, RuleNumber: &n, CidrBlock: &cidr, Egress: aws.Bool(false), Protocol: aws.String("6"),
			RuleAction: types.RuleActionAllow, PortRange: &types.PortRange{From: aws.Int32(22), To: aws.Int32(22)},
		}))
	}
	found := must[*ec2.DescribeNetworkAclsOutput](t)(api.DescribeNetworkAcls(t.Context(), &ec2.DescribeNetworkAclsInput{Filters: []types.Filter{
		{Name: aws.String("association.subnet-id"), Values: []string{subnet}},
	}}))
	for _, a := range found.NetworkAcls[0].Associations {
		if aws.ToString(a.SubnetId) == subnet {
			must[*ec2.ReplaceNetworkAclAssociationOutput](t)(api.ReplaceNetworkAclAssociation(t.Context(), &ec2.ReplaceNetworkAclAssociationInput{
				AssociationId: a.NetworkAclAssociationId, NetworkAclId: out.NetworkAcl.NetworkAclId,
			}))
		}
	}
	return aws.ToString(out.NetworkAcl.NetworkAclId)
}

func makeEndpoint(t *testing.T, w kindtest.World) string {
	t.Helper()
	out := must[*ec2.CreateVpcEndpointOutput](t)(ec2In(w).CreateVpcEndpoint(t.Context(), &ec2.CreateVpcEndpointInput{
		VpcId: aws.String(makeVPC(t, w)), ServiceName: aws.String("com.amazonaws." + here + ".s3"), VpcEndpointType: types.VpcEndpointTypeGateway,
	}))
	return aws.ToString(out.VpcEndpoint.VpcEndpointId)
}

func makeInterface(t *testing.T, w kindtest.World) string {
	t.Helper()
	out := must[*ec2.CreateNetworkInterfaceOutput](t)(ec2In(w).CreateNetworkInterface(t.Context(), &ec2.CreateNetworkInterfaceInput{SubnetId: aws.String(makeSubnet(t, w))}))
	return aws.ToString(out.NetworkInterface.NetworkInterfaceId)
}

func makePeering(t *testing.T, w kindtest.World) string {
	t.Helper()
	out := must[*ec2.CreateVpcPeeringConnectionOutput](t)(ec2In(w).CreateVpcPeeringConnection(t.Context(), &ec2.CreateVpcPeeringConnectionInput{
		VpcId: aws.String(makeVPC(t, w)), PeerVpcId: aws.String(makeVPC(t, w)),
	}))
	return aws.ToString(out.VpcPeeringConnection.VpcPeeringConnectionId)
}

func makeFlowLog(t *testing.T, w kindtest.World) string {
	t.Helper()
	out := must[*ec2.CreateFlowLogsOutput](t)(ec2In(w).CreateFlowLogs(t.Context(), &ec2.CreateFlowLogsInput{
		ResourceIds: []string{makeVPC(t, w)}, ResourceType: types.FlowLogsResourceTypeVpc, TrafficType: types.TrafficTypeAll, LogGroupName: aws.String("flows"),
		DeliverLogsPermissionArn: aws.String("arn:aws:iam::" + kindtest.Account + ":role/flows"),
	}))
	if len(out.FlowLogIds) != 1 {
		t.Fatalf("%+v", out.Unsuccessful)
	}
	return out.FlowLogIds[0]
}

func TestNetworkKinds(t *testing.T) {
	networkCase(t, "vpc", vpcSpec, makeVPC)
	networkCase(t, "subnet", subnetSpec, makeSubnet)
	networkCase(t, "internet gateway", internetGatewaySpec, makeGateway)
	networkCase(t, "nat gateway", natGatewaySpec, makeNAT)
	networkCase(t, "route table", routeTableSpec, makeRouteTable)
	networkCase(t, "endpoint", vpcEndpointSpec, makeEndpoint)
	networkCase(t, "elastic ip", elasticIPSpec, makeAddress)
	networkCase(t, "interface", networkInterfaceSpec, makeInterface)
	networkCase(t, "peering", vpcPeeringSpec, makePeering)
	networkCase(t, "vpn", vpnConnectionSpec, makeVPN)
}

func networkCase[R, W any](t *testing.T, name string, spec kind.Spec[R, W], setup func(*testing.T, kindtest.World) string) {
	t.Run(name, func(t *testing.T) {
		kindtest.Run(t, kindtest.Case[R, W]{Spec: spec, Region: here, Setup: setup})
	})
}

func TestFlowLog(t *testing.T) {
	kindtest.Run(t, kindtest.Case[flowLogReader, flowLogWriter]{
		Spec: flowLogSpec, Region: here, Setup: makeFlowLog,
		Before: map[string]func(*testing.T, kindtest.World, string) string{
			"recreate-flow-log": func(t *testing.T, w kindtest.World, _ string) string {
				return must[string](t)(flowConfig{Resource: makeVPC(t, w), Traffic: types.TrafficTypeReject, Destination: "refused", Role: "arn:aws:iam::" + kindtest.Account + ":role/flows"}.text())
			},
		},
	})
}

// A flow log that is gone comes back as it was, from the record of its making.
func TestALostFlowLogIsMadeAgain(t *testing.T) {
	w := kindtest.NewWorld(t)
	id := makeFlowLog(t, w)
	r := listed(t, w, flowLog, id)
	was, ok := recallFlowLog("CreateFlowLogs", recordedAt(t, w, "CreateFlowLogs"), nil)
	if !ok || !sameText(was, fact.Aspects.Or(r, nil)[flowLogAspect]) {
		t.Fatalf("recalled %s, it is %s", was, fact.Aspects.Or(r, nil)[flowLogAspect])
	}
	must[*ec2.DeleteFlowLogsOutput](t)(ec2In(w).DeleteFlowLogs(t.Context(), &ec2.DeleteFlowLogsInput{FlowLogIds: []string{id}}))
	lost := fact.Resource{Ref: r.Ref}
	fact.Before.Set(&lost, map[string]string{flowLogAspect: was})
	v, _ := flowLog.Verb("recreate-flow-log")
	job := kind.Job{Resource: lost, Case: "C-1"}
	before, err := v.Prior(t.Context(), w.Config(here), lost)
	for range 2 { // twice is once
		if err == nil {
			err = v.Do(t.Context(), w.Config(here), job, before)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	all := must[*ec2.DescribeFlowLogsOutput](t)(ec2In(w).DescribeFlowLogs(t.Context(), &ec2.DescribeFlowLogsInput{})).FlowLogs
	if done, err := v.Done(t.Context(), w.Config(here), job); !done || err != nil || len(all) != 1 || aws.ToString(all[0].LogGroupName) != "flows" {
		t.Errorf("%v, %v: %+v", done, err, all)
	}
	if err := v.Undo(t.Context(), w.Config(here), job, before); err != nil {
		t.Error(err)
	}
	if all := must[*ec2.DescribeFlowLogsOutput](t)(ec2In(w).DescribeFlowLogs(t.Context(), &ec2.DescribeFlowLogsInput{})).FlowLogs; len(all) > 0 {
		t.Errorf("undo left %+v", all)
	}
}

// Records of EC2 have many forms.
func TestRecallFlowLog(t *testing.T) {
	want, err := flowConfig{Resource: "vpc-1", Traffic: "ALL", To: "s3", Destination: "arn:aws:s3:::b/x"}.text()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		request string
		ok      bool
	}{
		"newer":     {`{"CreateFlowLogsRequest":{"ResourceId":{"content":"vpc-1","tag":1},"ResourceType":"VPC","TrafficType":"ALL","LogDestinationType":"s3","LogDestination":"arn:aws:s3:::b/x","MaxAggregationInterval":600}}`, true},
		"a list":    {`{"CreateFlowLogsRequest":{"ResourceId":[{"content":"vpc-1","tag":1}],"TrafficType":"ALL","LogDestinationType":"s3","LogDestination":"arn:aws:s3:::b/x"}}`, true},
		"older":     {`{"resourceIds":{"items":[{"resourceId":"vpc-1"}]},"trafficType":"ALL","logDestinationType":"s3","logDestination":"arn:aws:s3:::b/x"}`, true},
		"of two":    {`{"CreateFlowLogsRequest":{"ResourceId":[{"content":"vpc-1"},{"content":"vpc-2"}],"TrafficType":"ALL"}}`, false},
		"options":   {`{"CreateFlowLogsRequest":{"ResourceId":{"content":"vpc-1"},"DestinationOptions":{"FileFormat":"parquet"}}}`, false},
		"of nobody": {`{}`, false},
	} {
		got, ok := recallFlowLog("CreateFlowLogs", []byte(c.request), nil)
		if ok != c.ok || ok && got != want {
			t.Errorf("%s: %s, %v", name, got, ok)
		}
	}
}

func TestNetworkACL(t *testing.T) {
	kindtest.Run(t, kindtest.Case[networkACLReader, networkACLWriter]{
		Spec: networkACLSpec, Region: here, Setup: makeACL,
		Before: map[string]func(*testing.T, kindtest.World, string) string{
			// One entry changed, one gone, one new.
			"restore-acl-entries": func(*testing.T, kindtest.World, string) string {
				return `[{"number":100,"protocol":"6","action":"deny","cidr":"0.0.0.0/0","from":22,"to":22},{"number":300,"protocol":"6","action":"allow","cidr":"10.1.0.0/16","from":443,"to":443}]`
			},
		},
	})
}

// The default network is marked, and what goes with a network is part of it.
func TestDefaults(t *testing.T) {
	w := kindtest.NewWorld(t)
	at := fact.Place{Account: kindtest.Account, Region: here}
	home := func(k kind.Kind) (all []fact.Resource) {
		t.Helper()
		if err := k.List(t.Context(), w.Config(here), at, func(r fact.Resource) {
			if fact.Default.Or(r, false) && fact.Detail.Or(r, "") == "default" {
				all = append(all, r)
			}
		}); err != nil {
			t.Fatal(err)
		}
		return all
	}
	mine := makeVPC(t, w)
	if vpcs := home(vpc); len(vpcs) != 1 || vpcs[0].ID == mine {
		t.Errorf("default VPCs %v", vpcs)
	}
	if len(home(subnet)) == 0 {
		t.Error("no default subnets")
	}
	for _, k := range []kind.Kind{routeTable, networkACL, securityGroup} {
		if !slices.ContainsFunc(home(k), func(r fact.Resource) bool {
			return slices.Contains(fact.PartOf.Or(r, nil), fact.Ref{Kind: "ec2.vpc", Place: at, ID: mine})
		}) {
			t.Errorf("no %s goes with %s", k.Name(), mine)
		}
	}
}

func TestNetworkHolds(t *testing.T) {
	w := kindtest.NewWorld(t)
	nat := listed(t, w, natGateway, makeNAT(t, w))
	kinds := map[fact.Kind]string{}
	for _, held := range natGateway.Holds(nat) {
		kinds[held.Kind] = held.ID
	}
	for _, want := range []fact.Kind{"ec2.subnet", "ec2.vpc", "ec2.elastic-ip", "ec2.network-interface"} {
		if kinds[want] == "" {
			t.Errorf("a NAT gateway holds no %s: %v", want, kinds)
		}
	}
	// AWS refuses what is held, and takes it once the holder is gone.
	address := listed(t, w, elasticIP, kinds["ec2.elastic-ip"])
	release, _ := elasticIP.Verb("release-address")
	if err := release.Do(t.Context(), w.Config(here), kind.Job{Resource: address}, nil); err == nil {
		t.Error("an address is taken from under a NAT gateway")
	}
}

func TestPeeringWithStrangers(t *testing.T) {
	at := fact.Place{Account: kindtest.Account, Region: here}
	r := vpcPeerings.of(at, types.VpcPeeringConnection{
		VpcPeeringConnectionId: aws.String("pcx-1"), RequesterVpcInfo: &types.VpcPeeringConnectionVpcInfo{OwnerId: aws.String(kindtest.Account), VpcId: aws.String("vpc-1"), Region: aws.String(here)},
		AccepterVpcInfo: &types.VpcPeeringConnectionVpcInfo{OwnerId: aws.String(stranger), VpcId: aws.String("vpc-2"), Region: aws.String(here)},
	})
	if with := fact.SharedWith.Or(r, nil); !slices.Equal(with, []string{stranger}) {
		t.Errorf("shared with %v", with)
	}
	if held := vpcPeering.Holds(r); !slices.Equal(held, []fact.Ref{{Kind: "ec2.vpc", Place: at, ID: "vpc-1"}}) {
		t.Errorf("holds %v", held)
	}
}

func TestRequesterOfInterfaces(t *testing.T) {
	at := fact.Place{Account: "1", Region: here}
	for description, want := range map[string]string{
		"Interface for NAT Gateway nat-1": "nat-1", "VPC Endpoint Interface vpce-1": "vpce-1", "ELB classic": "classic",
		"ELB app/web/50dc": "arn:aws:elasticloadbalancing:eu-west-1:1:loadbalancer/app/web/50dc", "Primary": "",
	} {
		for _, managed := range []bool{true, false} {
			r := networkInterfaces.of(at, types.NetworkInterface{NetworkInterfaceId: aws.String("eni-1"), Description: &description, RequesterManaged: &managed})
			got := ""
			for _, p := range fact.PartOf.Or(r, nil) {
				got = p.ID
			}
			if managed && got != want || !managed && got != "" {
				t.Errorf("%q, managed %v: part of %q", description, managed, got)
			}
		}
	}
}

// AWS deletes no interface that is attached: what goes with its instance is not
// removed on its own, what outlives it is removed once it is gone.
func TestInterfacesGoWithTheirInstance(t *testing.T) {
	at := fact.Place{Account: "1", Region: here}
	machine := fact.Ref{Kind: "ec2.instance", Place: at, ID: "i-1"}
	for _, c := range []struct {
		why  string
		is   *types.NetworkInterfaceAttachment
		goes bool
	}{
		{"not attached", nil, false},
		{"made at the launch", &types.NetworkInterfaceAttachment{InstanceId: &machine.ID, DeviceIndex: aws.Int32(0), DeleteOnTermination: aws.Bool(true)}, true},
		{"a second one", &types.NetworkInterfaceAttachment{InstanceId: &machine.ID, DeviceIndex: aws.Int32(1), DeleteOnTermination: aws.Bool(true)}, true},
		{"attached later", &types.NetworkInterfaceAttachment{InstanceId: &machine.ID, DeviceIndex: aws.Int32(1), DeleteOnTermination: aws.Bool(false)}, false},
		{"told to outlive it", &types.NetworkInterfaceAttachment{InstanceId: &machine.ID, DeviceIndex: aws.Int32(0), DeleteOnTermination: aws.Bool(false)}, false},
		{"primary, and no more is said", &types.NetworkInterfaceAttachment{InstanceId: &machine.ID, DeviceIndex: aws.Int32(0)}, true},
		{"second card, and no more is said", &types.NetworkInterfaceAttachment{InstanceId: &machine.ID, DeviceIndex: aws.Int32(0), NetworkCardIndex: aws.Int32(1)}, false},
		{"a service's own", &types.NetworkInterfaceAttachment{DeviceIndex: aws.Int32(1), DeleteOnTermination: aws.Bool(true)}, false},
	} {
		r := networkInterfaces.of(at, types.NetworkInterface{NetworkInterfaceId: aws.String("eni-1"), Attachment: c.is})
		if got := slices.Contains(fact.PartOf.Or(r, nil), machine); got != c.goes || len(fact.PartOf.Or(r, nil)) > 1 {
			t.Errorf("%s: part of %v", c.why, fact.PartOf.Or(r, nil))
		}
	}
	for _, k := range []kind.Kind{instance, natGateway, vpcEndpoint, loadBalancer, classicBalancer} {
		if !k.Owns() {
			t.Errorf("%s does not take its interfaces along", k.Name())
		}
	}
}

// Two groups that let each other in are deleted one after the other.
func TestSecurityGroupsThatReferToEachOther(t *testing.T) {
	w, ctx := kindtest.NewWorld(t), t.Context()
	api := ec2In(w)
	var ids []string
	for _, name := range []string{"a", "b"} {
		ids = append(ids, aws.ToString(must[*ec2.CreateSecurityGroupOutput](t)(api.CreateSecurityGroup(ctx, &ec2.CreateSecurityGroupInput{GroupName: &name, Description: &name})).GroupId))
	}
	for i, id := range ids {
		must[*ec2.AuthorizeSecurityGroupIngressOutput](t)(api.AuthorizeSecurityGroupIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{
			GroupId: &id, IpPermissions: []types.IpPermission{{
				IpProtocol: aws.String("tcp"), FromPort: aws.Int32(22), ToPort: aws.Int32(22), UserIdGroupPairs: []types.UserIdGroupPair{{GroupId: &ids[1-i]}},
			}},
		}))
	}
	a, b := listed(t, w, securityGroup, ids[0]), listed(t, w, securityGroup, ids[1])
	if !slices.Contains(securityGroup.Holds(a), b.Ref) {
		t.Errorf("holds %v", securityGroup.Holds(a))
	}
	drop, _ := securityGroup.Verb("delete")
	if err := drop.Do(ctx, w.Config(here), kind.Job{Resource: a}, nil); err == nil {
		t.Error("a group that another one refers to is deleted")
	}
	for _, r := range []fact.Resource{b, a} {
		if err := drop.Do(ctx, w.Config(here), kind.Job{Resource: r}, nil); err != nil {
			t.Errorf("%s: %v", r.ID, err)
		}
	}
}
