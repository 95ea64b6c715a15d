"""Networks and load balancers: what AWS refuses to take away while it is in use, and moto does not.

moto 5.2.1 releases an Elastic IP under a NAT gateway, detaches an internet gateway under public addresses, keeps the
address of a deleted NAT gateway and the default network ACL of a deleted VPC, and deletes a protected load balancer.
"""
from . import dump, registry
from .refusals import inside


def _patch_addresses():
    from moto.ec2.models.elastic_ip_addresses import ElasticAddressBackend
    from moto.ec2.models.internet_gateways import InternetGatewayBackend
    release, detach = ElasticAddressBackend.release_address, InternetGatewayBackend.detach_internet_gateway
    disassociate = ElasticAddressBackend.disassociate_address

    def release_address(self, address=None, allocation_id=None):
        """AWS: "InvalidIPAddress.InUse: The specified Elastic IP address is in use"; and for a VPC's address:
        "you must disassociate it before you can release it"."""
        for eip in list(self.addresses):
            if eip.allocation_id != allocation_id and (not address or eip.public_ip != address):
                continue
            if eip.association_id:
                raise inside("ec2", "InvalidIPAddress.InUse", f"Address {eip.public_ip} is in use.")
        return release(self, address, allocation_id)

    def detach_internet_gateway(self, internet_gateway_id, vpc_id):
        """AWS: "The VPC must not contain any running instances with Elastic IP addresses or public IPv4
        addresses"."""
        for eip in list(self.addresses):
            if eip.eni is not None and eip.eni.subnet is not None and eip.eni.subnet.vpc_id == vpc_id:
                raise _dependency(f"Network {vpc_id} has some mapped public address(es). Please unmap those public "
                                  "address(es) before detaching the gateway.")
        return detach(self, internet_gateway_id, vpc_id)

    def disassociate_address(self, address=None, association_id=None):
        """A NAT gateway keeps its address until it is deleted."""
        for eip in list(self.addresses):
            if (association_id and eip.association_id == association_id) and _of_nat(self, eip):
                raise inside("ec2", "AuthFailure", "You do not have permission to access the specified resource.")
        return disassociate(self, address, association_id)

    ElasticAddressBackend.release_address = release_address
    ElasticAddressBackend.disassociate_address = disassociate_address
    InternetGatewayBackend.detach_internet_gateway = detach_internet_gateway


def _dependency(message):
    return inside("ec2", "DependencyViolation", message)


def _of_nat(ec2, eip):
    return eip.eni is not None and any(nat._eni is eip.eni and nat.state != "deleted"
                                       for nat in list(ec2.nat_gateways.values()))


def _patch_nat():
    from moto.ec2.models.nat_gateways import NatGatewayBackend
    delete = NatGatewayBackend.delete_nat_gateway

    def delete_nat_gateway(self, nat_gateway_id):
        """AWS: "Deleting a public NAT gateway disassociates its Elastic IP address, but does not release the address
        from your account"; its network interface goes with it."""
        gateway = delete(self, nat_gateway_id)
        for eip in list(self.addresses):
            if eip.eni is gateway._eni:
                self.disassociate_address(association_id=eip.association_id)
        self.enis.pop(gateway._eni.id, None)
        return gateway

    NatGatewayBackend.delete_nat_gateway = delete_nat_gateway


def _patch_acls():
    from moto.ec2.models.network_acls import NetworkAclBackend
    from moto.ec2.models.vpcs import VPCBackend
    delete, delete_vpc = NetworkAclBackend.delete_network_acl, VPCBackend.delete_vpc

    def delete_network_acl(self, network_acl_id):
        """AWS: "You can't delete the default network ACL"."""
        acl = self.network_acls.get(network_acl_id)
        if acl is not None and str(acl.default).lower() == "true":
            raise inside("ec2", "InvalidParameterValue", f"Cannot delete default network ACL {network_acl_id}")
        return delete(self, network_acl_id)

    def gone_with_it(self, vpc_id):
        """AWS deletes the default ACL of a VPC with the VPC, and none while another ACL stands in it."""
        acls = [acl for acl in list(self.network_acls.values()) if acl.vpc_id == vpc_id]
        if any(str(acl.default).lower() != "true" for acl in acls):
            raise _dependency(f"The vpc '{vpc_id}' has dependencies and cannot be deleted.")
        answer = delete_vpc(self, vpc_id)
        for acl in acls:
            self.network_acls.pop(acl.id, None)
        return answer

    NetworkAclBackend.delete_network_acl, VPCBackend.delete_vpc = delete_network_acl, gone_with_it


def _patch_balancers():
    from moto.elbv2.models import ELBv2Backend
    delete = ELBv2Backend.delete_load_balancer

    def delete_load_balancer(self, arn):
        """AWS: "You can't delete a load balancer if deletion protection is enabled"."""
        balancer = self.load_balancers.get(arn)
        if balancer is not None and balancer.attrs.get("deletion_protection.enabled") == "true":
            raise inside("elbv2", "OperationNotPermitted",
                         f"Load balancer '{arn}' cannot be deleted because deletion protection is enabled")
        return delete(self, arn)

    ELBv2Backend.delete_load_balancer = delete_load_balancer


@registry.installer
def install():
    _patch_addresses()
    _patch_nat()
    _patch_acls()
    _patch_balancers()


# ---- pictures -------------------------------------------------------------------------------------------------------

@dump.service("ec2-network")
def _dump_network(account):
    from moto.ec2.models import ec2_backends
    found = {}
    for region, ec2 in ec2_backends[account].items():
        for acl in list(ec2.network_acls.values()):
            found[f"{region}/network-acl/{acl.id}"] = {
                "vpc": acl.vpc_id, "default": str(acl.default).lower(),
                "subnets": sorted(a.subnet_id for a in acl.associations),
                "entries": sorted([str(e.rule_number), str(e.egress).lower(), str(e.protocol), e.rule_action,
                                   str(e.cidr_block), str(e.port_range_from), str(e.port_range_to)]
                                  for e in acl.network_acl_entries)}
        for subnet in [one for zone in list(ec2.subnets.values()) for one in zone.values()]:
            found[f"{region}/subnet/{subnet.id}"] = {"vpc": subnet.vpc_id, "cidr": subnet.cidr_block}
        for table in list(ec2.route_tables.values()):
            found[f"{region}/route-table/{table.id}"] = {
                "vpc": table.vpc_id, "subnets": sorted(str(s) for s in table.association_subnets)
                if hasattr(table, "association_subnets") else [], "routes": len(table.routes)}
        for gateway in list(ec2.internet_gateways.values()):
            found[f"{region}/internet-gateway/{gateway.id}"] = {"vpc": gateway.vpc.id if gateway.vpc else None}
        for tunnel in list(ec2.vpn_connections.values()):
            found[f"{region}/vpn-connection/{tunnel.id}"] = {"state": tunnel.state, "far": tunnel.customer_gateway_id}
        for address in list(ec2.addresses):
            found[f"{region}/address/{address.allocation_id}"] = {"ip": address.public_ip}
    return found


@dump.service("elbv2")
def _dump_balancers(account):
    from moto.elbv2.models import elbv2_backends
    found = {}
    for region, elb in elbv2_backends[account].items():
        for arn, balancer in list(elb.load_balancers.items()):
            found[f"{region}/load-balancer/{arn}"] = {"attributes": dict(balancer.attrs)}
        for arn, group in list(elb.target_groups.items()):
            found[f"{region}/target-group/{arn}"] = {"name": group.name}
    return found


@dump.service("elb")
def _dump_classic(account):
    from moto.elb.models import elb_backends
    return {f"{region}/load-balancer/{name}": {"subnets": sorted(balancer.subnets)}
            for region, elb in elb_backends[account].items()
            for name, balancer in list(elb.load_balancers.items())}


# ---- an interface that is attached ----------------------------------------------------------------------------------

@registry.installer
def attached_interfaces():
    """AWS: "You must detach the network interface before you can delete it" (DeleteNetworkInterface)."""
    from moto.ec2.responses.elastic_network_interfaces import ElasticNetworkInterfaces
    delete = ElasticNetworkInterfaces.delete_network_interface

    def checked(self):
        interface = self.ec2_backend.enis.get(self._get_param("NetworkInterfaceId"))
        if interface is not None and interface.instance is not None and interface.attachment_id:
            raise inside("ec2", "InvalidParameterValue", f"Network interface '{interface.id}' is currently in use.")
        return delete(self)

    ElasticNetworkInterfaces.delete_network_interface = checked
