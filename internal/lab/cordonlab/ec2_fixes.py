"""EC2: protection flags, dependency violations, block-public-access settings, snapshot sharing.

moto 5.2.1 ignores DisableApiTermination at launch, deletes security groups, subnets and VPCs that are in use, and does
not know the account's public-access blocks for snapshots and images.
"""
from . import registry, state
from .refusals import inside
from .registry import AwsError


def backend(account, region):
    from moto.ec2.models import ec2_backends
    return ec2_backends[account][region]


def _settings(account, region):
    """The account's settings of one region; reset together with the seeded facts."""
    return state.seeded(account).setdefault("ec2", {}).setdefault(region, {})


# ---- instances ------------------------------------------------------------------------------------------------------

@registry.after("ec2:RunInstances")
def run_instances(call, account, result):
    """AWS: DisableApiTermination "Indicates whether an instance is enabled for termination protection"."""
    ec2 = backend(account, call.region)
    for item in result.get("Instances") or []:
        instance = ec2.get_instance(item["InstanceId"])
        if call.params.get("DisableApiTermination"):
            instance.disable_api_termination = True
        if call.params.get("DisableApiStop"):
            instance.disable_api_stop = True
    return result


def _instances(ec2):
    return [instance for reservation in list(ec2.reservations.values()) for instance in reservation.instances
            if instance._state.name not in ("terminated", "shutting-down")]


def _patch_protection(models):
    instances = models.instances.InstanceBackend
    terminate, stop, run = instances.terminate_instances, instances.stop_instances, instances.run_instances

    def run_instances(self, *args, **kwargs):
        """AWS deletes the interfaces that a launch made when the instance ends; moto keeps them, and their groups."""
        reservation = run(self, *args, **kwargs)
        kept = {nic.get("NetworkInterfaceId") for nic in kwargs.get("nics") or []
                if nic.get("NetworkInterfaceId") or nic.get("DeleteOnTermination") is False}
        for interface in [eni for instance in reservation.instances for eni in instance.nics.values()]:
            if not kept:
                interface.delete_on_termination = True
        return reservation

    def terminate_instances(self, instance_ids):
        """AWS: "If you specify multiple instances and the request fails (for example, because of a single incorrect
        instance ID), none of the instances are terminated"."""
        for instance in self.get_multi_instances_by_id(instance_ids):
            if _flag(instance.disable_api_termination):
                raise _protected(instance.id, "terminated", "disableApiTermination")
        return terminate(self, instance_ids)

    def stop_instances(self, instance_ids):
        for instance in self.get_multi_instances_by_id(instance_ids):
            if _flag(instance.disable_api_stop):
                raise _protected(instance.id, "stopped", "disableApiStop")
        return stop(self, instance_ids)

    instances.terminate_instances, instances.stop_instances = terminate_instances, stop_instances
    instances.run_instances = run_instances


def _flag(value):
    """moto keeps some attributes as the text "true"."""
    return str(value).lower() == "true"


def _protected(instance_id, verb, attribute):
    return inside("ec2", "OperationNotPermitted", f"The instance '{instance_id}' may not be {verb}. Modify its "
                                                  f"'{attribute}' instance attribute and try again.")


# ---- dependencies ---------------------------------------------------------------------------------------------------

def _dependency(message):
    return inside("ec2", "DependencyViolation", message)


def _group_used(ec2, group_id):
    """AWS (DeleteSecurityGroup): "If you attempt to delete a security group that is associated with an instance or
    network interface, is referenced by another security group in the same VPC ... the operation fails with
    DependencyViolation"."""
    if any(group_id in [group.id for group in instance.security_groups] for instance in _instances(ec2)):
        return True
    if any(group_id in [group.id for group in eni.group_set] for eni in list(ec2.enis.values())):
        return True
    for groups in list(ec2.groups.values()):
        for group in list(groups.values()):
            if group.id != group_id and _references(group, group_id):
                return True
    return False


def _references(group, group_id):
    rules = list(group.ingress_rules) + list(group.egress_rules)
    return any((rule.source_group or {}).get("GroupId") == group_id for rule in rules)


def _subnet_used(ec2, subnet_id):
    if any(instance.subnet_id == subnet_id for instance in _instances(ec2)):
        return True
    if any(eni.subnet.id == subnet_id for eni in list(ec2.enis.values()) if eni.subnet):
        return True
    return any(gateway.subnet_id == subnet_id and gateway.state != "deleted"
               for gateway in list(ec2.nat_gateways.values()))


def _vpc_used(ec2, vpc_id):
    if any(instance.vpc_id == vpc_id for instance in _instances(ec2)):
        return True
    if any(group.vpc_id == vpc_id and group.name != "default"
           for groups in list(ec2.groups.values()) for group in list(groups.values())):
        return True
    gateways = list(ec2.internet_gateways.values())
    return any(gateway.vpc is not None and gateway.vpc.id == vpc_id for gateway in gateways)


def _patch_dependencies():
    from moto.ec2.models.security_groups import SecurityGroupBackend
    from moto.ec2.models.subnets import SubnetBackend
    from moto.ec2.models.vpcs import VPCBackend
    delete_group, delete_subnet = SecurityGroupBackend.delete_security_group, SubnetBackend.delete_subnet
    delete_vpc = VPCBackend.delete_vpc

    def checked_group(self, name=None, group_id=None):
        group = self.get_security_group_by_name_or_id(group_id or name)
        if group is not None and not getattr(self, "deleting_vpc", False):
            if group.name == "default":
                raise inside("ec2", "CannotDelete", f"the specified group: \"{group.id}\" name: \"default\" cannot be "
                                                    "deleted by a user")
            if _group_used(self, group.id):
                raise _dependency(f"resource {group.id} has a dependent object")
        return delete_group(self, name, group_id)

    def checked_subnet(self, subnet_id):
        if _subnet_used(self, subnet_id):
            raise _dependency(f"The subnet '{subnet_id}' has dependencies and cannot be deleted.")
        return delete_subnet(self, subnet_id)

    def checked_vpc(self, vpc_id):
        if _vpc_used(self, vpc_id):
            raise _dependency(f"The vpc '{vpc_id}' has dependencies and cannot be deleted.")
        self.deleting_vpc = True  # it deletes the default group itself
        try:
            return delete_vpc(self, vpc_id)
        finally:
            self.deleting_vpc = False

    SecurityGroupBackend.delete_security_group = checked_group
    SubnetBackend.delete_subnet, VPCBackend.delete_vpc = checked_subnet, checked_vpc


def _patch_groups(models):
    """AWS: an instance's groups are those of its primary interface, and a change replaces them. moto keeps two lists
    and shows both, so that a quarantined instance still has its old group."""
    from moto.ec2.models.elastic_network_interfaces import NetworkInterface, NetworkInterfaceBackend
    instances = models.instances.InstanceBackend
    of_instance = instances.modify_instance_security_groups
    of_interface = NetworkInterfaceBackend.modify_network_interface_attribute

    def group_set(self):
        return self._group_set or (self.instance.security_groups if self.instance else [])

    def known(self, group_ids):
        for group_id in group_ids or []:
            if self.get_security_group_from_id(group_id) is None:
                raise inside("ec2", "InvalidGroup.NotFound", f"The security group '{group_id}' does not exist")

    def modify_instance_security_groups(self, instance_id, new_group_id_list):
        known(self, new_group_id_list)
        instance = of_instance(self, instance_id, new_group_id_list)
        for interface in list(instance.nics.values())[:1]:
            interface._group_set = list(instance.security_groups)
        return instance

    def modify_network_interface_attribute(self, eni_id, group_ids, *args, **kwargs):
        known(self, group_ids)
        of_interface(self, eni_id, group_ids, *args, **kwargs)
        interface = self.get_network_interface(eni_id)
        if group_ids and interface.instance and interface in list(interface.instance.nics.values())[:1]:
            interface.instance.security_groups = list(interface._group_set)

    NetworkInterface.group_set = property(group_set)
    instances.modify_instance_security_groups = modify_instance_security_groups
    NetworkInterfaceBackend.modify_network_interface_attribute = modify_network_interface_attribute


@registry.installer
def install():
    import moto.ec2.models as models
    import moto.ec2.models.instances  # noqa: F401 (binds models.instances)
    _patch_protection(models)
    _patch_dependencies()
    _patch_groups(models)


# ---- snapshots and images -------------------------------------------------------------------------------------------

def _snapshot(call, account):
    ec2, wanted = backend(account, call.region), call.params.get("SnapshotId")
    if wanted not in ec2.snapshots:
        raise AwsError(400, "InvalidSnapshot.NotFound", f"The snapshot '{wanted}' does not exist.")
    return ec2.snapshots[wanted]


@registry.answers("ec2:ResetSnapshotAttribute")
def reset_snapshot(call, account):
    """AWS: "Resets permission settings for the specified snapshot"."""
    snapshot = _snapshot(call, account)
    snapshot.create_volume_permission_groups = set()
    snapshot.create_volume_permission_userids = set()
    return {}


@registry.answers("ec2:ResetImageAttribute")
def reset_image(call, account):
    """AWS: "Resets an attribute of an AMI to its default value" (launchPermission only)."""
    ec2, wanted = backend(account, call.region), call.params.get("ImageId")
    if wanted not in ec2.amis:
        raise AwsError(400, "InvalidAMIID.NotFound", f"The image id '[{wanted}]' does not exist")
    image = ec2.amis[wanted]
    image.launch_permissions = []
    return {}


def _permissions(call, member, groups, users):
    """The permissions to add and to remove: as a structure, or as an OperationType with lists."""
    params = call.params
    given = params.get(member) or {}
    add, remove = list(given.get("Add") or []), list(given.get("Remove") or [])
    flat = [{"Group": g} for g in params.get(groups) or []] + [{"UserId": u} for u in params.get(users) or []]
    if params.get("OperationType") == "add":
        add += flat
    elif params.get("OperationType") == "remove":
        remove += flat
    return add, remove


def _public(permissions):
    return any(item.get("Group") == "all" for item in permissions)


@registry.answers("ec2:ModifySnapshotAttribute")
def modify_snapshot(call, account):
    """moto ignores the structure CreateVolumePermission. AWS: while public sharing is blocked, making a snapshot public
    fails."""
    snapshot = _snapshot(call, account)
    add, remove = _permissions(call, "CreateVolumePermission", "GroupNames", "UserIds")
    if _public(add) and _settings(account, call.region).get("snapshot_block", "unblocked") != "unblocked":
        raise AwsError(400, "OperationNotPermitted", "Snapshot public sharing is blocked in this Region.")
    for item in add:
        snapshot.create_volume_permission_groups.update({item["Group"]} if item.get("Group") else ())
        snapshot.create_volume_permission_userids.update({item["UserId"]} if item.get("UserId") else ())
    for item in remove:
        snapshot.create_volume_permission_groups.discard(item.get("Group"))
        snapshot.create_volume_permission_userids.discard(item.get("UserId"))
    return {}


@registry.answers("ec2:ModifyImageAttribute")
def modify_image(call, account):
    """AWS: with block public access an AMI can't be made public; sharing with accounts still works."""
    ec2, wanted = backend(account, call.region), call.params.get("ImageId")
    if wanted not in ec2.amis:
        raise AwsError(400, "InvalidAMIID.NotFound", f"The image id '[{wanted}]' does not exist")
    add, remove = _permissions(call, "LaunchPermission", "UserGroups", "UserIds")
    if _public(add) and _settings(account, call.region).get("image_block", "unblocked") != "unblocked":
        raise AwsError(400, "OperationNotPermitted", "You can't publicly share this image because block public access "
                                                     "for AMIs is enabled in this Region.")
    image = ec2.amis[wanted]
    image.launch_permissions.extend(item for item in add if item not in image.launch_permissions)
    image.launch_permissions[:] = [item for item in image.launch_permissions if item not in remove]
    description = call.params.get("Description")
    if description:
        image.description = description.get("Value") if isinstance(description, dict) else description
    return {}


# ---- the account's settings of a region -----------------------------------------------------------------------------

@registry.answers("ec2:GetSnapshotBlockPublicAccessState")
def get_snapshot_block(call, account):
    """AWS: block-all-sharing | block-new-sharing | unblocked."""
    return {"State": _settings(account, call.region).get("snapshot_block", "unblocked"), "ManagedBy": "account"}


@registry.answers("ec2:EnableSnapshotBlockPublicAccess")
def enable_snapshot_block(call, account):
    wanted = call.params.get("State")
    if wanted not in ("block-all-sharing", "block-new-sharing"):
        raise AwsError(400, "InvalidParameterValue", f"Value ({wanted}) for parameter State is invalid.")
    _settings(account, call.region)["snapshot_block"] = wanted
    return {"State": wanted}


@registry.answers("ec2:DisableSnapshotBlockPublicAccess")
def disable_snapshot_block(call, account):
    _settings(account, call.region)["snapshot_block"] = "unblocked"
    return {"State": "unblocked"}


@registry.answers("ec2:GetImageBlockPublicAccessState")
def get_image_block(call, account):
    """AWS enables it for accounts "that had no public AMIs" in 2023; the lab's account begins without it."""
    found = _settings(account, call.region).get("image_block", "unblocked")
    return {"ImageBlockPublicAccessState": found, "ManagedBy": "account"}


@registry.answers("ec2:EnableImageBlockPublicAccess")
def enable_image_block(call, account):
    _settings(account, call.region)["image_block"] = "block-new-sharing"
    return {"ImageBlockPublicAccessState": "block-new-sharing"}


@registry.answers("ec2:DisableImageBlockPublicAccess")
def disable_image_block(call, account):
    _settings(account, call.region)["image_block"] = "unblocked"
    return {"ImageBlockPublicAccessState": "unblocked"}
