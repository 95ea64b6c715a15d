package lineage

// networkRules: classic load balancers and the others share their event source
// and the names of calls. The classic ones go by name, the others by ARN.
var networkRules = []rule{
	does("ec2", "CreateVpc", Created, "ec2.vpc", "r:vpc.vpcId"),
	does("ec2", "CreateDefaultVpc", Created, "ec2.vpc", answered("CreateDefaultVpc", "vpc.vpcId")),
	does("ec2", "ModifyVpcAttribute", Changed, "ec2.vpc", "q:vpcId"),
	does("ec2", "AssociateVpcCidrBlock", Changed, "ec2.vpc", "q:vpcId"),
	does("ec2", "DeleteVpc", Deleted, "ec2.vpc", "q:vpcId"),

	does("ec2", "CreateSubnet", Created, "ec2.subnet", "r:subnet.subnetId"),
	does("ec2", "CreateDefaultSubnet", Created, "ec2.subnet", answered("CreateDefaultSubnet", "subnet.subnetId")),
	does("ec2", "ModifySubnetAttribute", Changed, "ec2.subnet", "q:subnetId"),
	does("ec2", "DeleteSubnet", Deleted, "ec2.subnet", "q:subnetId"),

	does("ec2", "CreateInternetGateway", Created, "ec2.internet-gateway", "r:internetGateway.internetGatewayId"),
	does("ec2", "AttachInternetGateway", Changed, "ec2.internet-gateway", "q:internetGatewayId"),
	does("ec2", "DetachInternetGateway", Changed, "ec2.internet-gateway", "q:internetGatewayId"),
	does("ec2", "DeleteInternetGateway", Deleted, "ec2.internet-gateway", "q:internetGatewayId"),

	does("ec2", "CreateNatGateway", Created, "ec2.nat-gateway", answered("CreateNatGateway", "natGateway.natGatewayId")),
	does("ec2", "DeleteNatGateway", Deleted, "ec2.nat-gateway", asked("DeleteNatGateway", "NatGatewayId")),

	// DisassociateRouteTable and DisassociateAddress name an association only.
	does("ec2", "CreateRouteTable", Created, "ec2.route-table", "r:routeTable.routeTableId"),
	does("ec2", "CreateRoute", Changed, "ec2.route-table", "q:routeTableId"),
	does("ec2", "ReplaceRoute", Changed, "ec2.route-table", "q:routeTableId"),
	does("ec2", "DeleteRoute", Changed, "ec2.route-table", "q:routeTableId"),
	does("ec2", "AssociateRouteTable", Changed, "ec2.route-table", "q:routeTableId"),
	does("ec2", "ReplaceRouteTableAssociation", Changed, "ec2.route-table", "q:routeTableId"),
	does("ec2", "DisassociateRouteTable", Changed, "ec2.route-table", "q:routeTableId"),
	does("ec2", "DeleteRouteTable", Deleted, "ec2.route-table", "q:routeTableId"),

	does("ec2", "CreateNetworkAcl", Created, "ec2.network-acl", "r:networkAcl.networkAclId"),
	does("ec2", "CreateNetworkAclEntry", Changed, "ec2.network-acl", "q:networkAclId"),
	does("ec2", "ReplaceNetworkAclEntry", Changed, "ec2.network-acl", "q:networkAclId"),
	does("ec2", "DeleteNetworkAclEntry", Changed, "ec2.network-acl", "q:networkAclId"),
	does("ec2", "ReplaceNetworkAclAssociation", Changed, "ec2.network-acl", "q:networkAclId"),
	does("ec2", "DeleteNetworkAcl", Deleted, "ec2.network-acl", "q:networkAclId"),

	does("ec2", "CreateVpcEndpoint", Created, "ec2.vpc-endpoint", answered("CreateVpcEndpoint", "vpcEndpoint.vpcEndpointId")),
	does("ec2", "ModifyVpcEndpoint", Changed, "ec2.vpc-endpoint", asked("ModifyVpcEndpoint", "VpcEndpointId")),
	does("ec2", "DeleteVpcEndpoints", Deleted, "ec2.vpc-endpoint", asked("DeleteVpcEndpoints", "VpcEndpointId")+"|q:vpcEndpointIdSet.items[].vpcEndpointId"),

	does("ec2", "AllocateAddress", Created, "ec2.elastic-ip", "r:allocationId"),
	does("ec2", "AssociateAddress", Changed, "ec2.elastic-ip", "q:allocationId"),
	does("ec2", "DisassociateAddress", Changed, "ec2.elastic-ip", "q:allocationId"),
	does("ec2", "ReleaseAddress", Deleted, "ec2.elastic-ip", "q:allocationId"),

	does("ec2", "CreateNetworkInterface", Created, "ec2.network-interface", "r:networkInterface.networkInterfaceId"),
	does("ec2", "AttachNetworkInterface", Changed, "ec2.network-interface", "q:networkInterfaceId"),
	does("ec2", "ModifyNetworkInterfaceAttribute", Changed, "ec2.network-interface", "q:networkInterfaceId"),
	does("ec2", "CreateNetworkInterfacePermission", Shared, "ec2.network-interface", asked("CreateNetworkInterfacePermission", "NetworkInterfaceId")),
	does("ec2", "DeleteNetworkInterface", Deleted, "ec2.network-interface", "q:networkInterfaceId"),

	does("ec2", "CreateVpcPeeringConnection", Created, "ec2.vpc-peering", "r:vpcPeeringConnection.vpcPeeringConnectionId"),
	does("ec2", "AcceptVpcPeeringConnection", Shared, "ec2.vpc-peering", "q:vpcPeeringConnectionId|r:vpcPeeringConnection.vpcPeeringConnectionId"),
	does("ec2", "ModifyVpcPeeringConnectionOptions", Changed, "ec2.vpc-peering", asked("ModifyVpcPeeringConnectionOptions", "VpcPeeringConnectionId")),
	does("ec2", "RejectVpcPeeringConnection", Deleted, "ec2.vpc-peering", "q:vpcPeeringConnectionId"),
	does("ec2", "CreateVpnConnection", Created, "ec2.vpn-connection", "r:vpnConnection.vpnConnectionId"),
	does("ec2", "ModifyVpnConnection", Changed, "ec2.vpn-connection", "q:vpnConnectionId"),
	does("ec2", "DeleteVpnConnection", Deleted, "ec2.vpn-connection", "q:vpnConnectionId"),
	does("ec2", "DeleteVpcPeeringConnection", Deleted, "ec2.vpc-peering", "q:vpcPeeringConnectionId"),

	does("ec2", "CreateFlowLogs", Created, "ec2.flow-log", "r:CreateFlowLogsResponse.flowLogIdSet.item[]|r:flowLogIdSet.item[]|r:flowLogIdSet.items[].flowLogId|r:flowLogIdSet.items[]"),
	does("ec2", "DeleteFlowLogs", Deleted, "ec2.flow-log", asked("DeleteFlowLogs", "FlowLogId")+"|q:flowLogIdSet.items[].flowLogId"),

	does("elasticloadbalancing", "CreateLoadBalancer", Created, "elbv2.load-balancer", "r:loadBalancers[].loadBalancerArn"),
	does("elasticloadbalancing", "CreateLoadBalancer", Created, "elb.load-balancer", "q:loadBalancerName"),
	does("elasticloadbalancing", "ModifyLoadBalancerAttributes", Changed, "elbv2.load-balancer", "q:loadBalancerArn"),
	does("elasticloadbalancing", "ModifyLoadBalancerAttributes", Changed, "elb.load-balancer", "q:loadBalancerName"),
	does("elasticloadbalancing", "DeleteLoadBalancer", Deleted, "elbv2.load-balancer", "q:loadBalancerArn"),
	does("elasticloadbalancing", "DeleteLoadBalancer", Deleted, "elb.load-balancer", "q:loadBalancerName"),
	does("elasticloadbalancing", "CreateListener", Changed, "elbv2.load-balancer", "q:loadBalancerArn"),
	does("elasticloadbalancing", "ModifyListener", Changed, "elbv2.load-balancer", "r:listeners[].loadBalancerArn"),
	does("elasticloadbalancing", "SetSecurityGroups", Changed, "elbv2.load-balancer", "q:loadBalancerArn"),
	does("elasticloadbalancing", "SetSubnets", Changed, "elbv2.load-balancer", "q:loadBalancerArn"),
	does("elasticloadbalancing", "SetIpAddressType", Changed, "elbv2.load-balancer", "q:loadBalancerArn"),
	does("elasticloadbalancing", "CreateLoadBalancerListeners", Changed, "elb.load-balancer", "q:loadBalancerName"),
	does("elasticloadbalancing", "DeleteLoadBalancerListeners", Changed, "elb.load-balancer", "q:loadBalancerName"),
	does("elasticloadbalancing", "RegisterInstancesWithLoadBalancer", Changed, "elb.load-balancer", "q:loadBalancerName"),
	does("elasticloadbalancing", "DeregisterInstancesFromLoadBalancer", Changed, "elb.load-balancer", "q:loadBalancerName"),
	does("elasticloadbalancing", "ApplySecurityGroupsToLoadBalancer", Changed, "elb.load-balancer", "q:loadBalancerName"),
	does("elasticloadbalancing", "SetLoadBalancerListenerSSLCertificate", Changed, "elb.load-balancer", "q:loadBalancerName"),
	does("elasticloadbalancing", "CreateTargetGroup", Created, "elbv2.target-group", "r:targetGroups[].targetGroupArn"),
	does("elasticloadbalancing", "ModifyTargetGroup", Changed, "elbv2.target-group", "q:targetGroupArn"),
	does("elasticloadbalancing", "ModifyTargetGroupAttributes", Changed, "elbv2.target-group", "q:targetGroupArn"),
	does("elasticloadbalancing", "RegisterTargets", Changed, "elbv2.target-group", "q:targetGroupArn"),
	does("elasticloadbalancing", "DeregisterTargets", Changed, "elbv2.target-group", "q:targetGroupArn"),
	does("elasticloadbalancing", "DeleteTargetGroup", Deleted, "elbv2.target-group", "q:targetGroupArn"),
}
