"""Compute: what moto lacks of key pairs, images, settings, reservations and Auto Scaling groups.

moto 5.2.1 deletes key pairs by name only, knows no protection of images, no serial console, no capacity reservations
and no Reserved Instances, and deletes an Auto Scaling group that has instances or is protected.
"""
import datetime as dt
import uuid

from . import dump, registry
from .ec2_fixes import _settings, backend
from .refusals import inside
from .registry import AwsError


def _now():
    from moto.core.utils import utcnow
    return utcnow().replace(microsecond=0, tzinfo=dt.timezone.utc)


# ---- key pairs ------------------------------------------------------------------------------------------------------

@registry.answers("ec2:DeleteKeyPair")
def delete_key_pair(call, account):
    """AWS takes KeyName or KeyPairId, and answers true for a key pair that is not there."""
    ec2, wanted = backend(account, call.region), call.params
    for name, pair in list(ec2.key_pairs.items()):
        if name == wanted.get("KeyName") or pair.id == wanted.get("KeyPairId"):
            del ec2.key_pairs[name]
            return {"Return": True, "KeyPairId": pair.id}
    return {"Return": True}


# ---- protection of images -------------------------------------------------------------------------------------------

def _image(call, account):
    wanted = call.params.get("ImageId")
    image = backend(account, call.region).amis.get(wanted)
    if image is None or image.owner_id != account:
        raise AwsError(400, "InvalidAMIID.NotFound", f"The image id '[{wanted}]' does not exist")
    return image


@registry.answers("ec2:EnableImageDeregistrationProtection")
def protect_image(call, account):
    """AWS: "When deregistration protection is enabled, the AMI can't be deregistered"."""
    with_cooldown = call.params.get("WithCooldown")
    image = _image(call, account)
    image.cordon_protection = "enabled-with-cooldown" if with_cooldown else "enabled-without-cooldown"
    return {"Return": image.cordon_protection}


@registry.answers("ec2:DisableImageDeregistrationProtection")
def unprotect_image(call, account):
    _image(call, account).cordon_protection = "disabled"
    return {"Return": "disabled"}


@registry.after("ec2:DescribeImages")
def describe_images(call, account, result):
    amis = backend(account, call.region).amis
    for item in result.get("Images") or []:
        image = amis.get(item.get("ImageId"))
        if image is not None and image.owner_id == account:
            item["DeregistrationProtection"] = getattr(image, "cordon_protection", "disabled")
    return result


def _patch_images():
    from moto.ec2.models.amis import AmiBackend
    deregister = AmiBackend.deregister_image

    def deregister_image(self, ami_id):
        image = self.amis.get(ami_id)
        if image is not None and getattr(image, "cordon_protection", "disabled") != "disabled":
            raise inside("ec2", "OperationNotPermitted", f"The image '{ami_id}' has deregistration protection enabled.")
        return deregister(self, ami_id)

    AmiBackend.deregister_image = deregister_image


# ---- serial console -------------------------------------------------------------------------------------------------

def _console(call, account):
    return {"SerialConsoleAccessEnabled": _settings(account, call.region).get("serial_console", False)}


@registry.answers("ec2:GetSerialConsoleAccessStatus")
def get_console(call, account):
    """AWS: "By default, access is disabled for your account"."""
    return _console(call, account)


@registry.answers("ec2:EnableSerialConsoleAccess", "ec2:DisableSerialConsoleAccess")
def set_console(call, account):
    _settings(account, call.region)["serial_console"] = call.op.startswith("Enable")
    return _console(call, account)


# ---- reservations ---------------------------------------------------------------------------------------------------

def _reserved(call, account, what):
    return _settings(account, call.region).setdefault(what, {})


def _chosen(store, ids, code):
    for wanted in ids or []:
        if wanted not in store:
            raise AwsError(400, code, f"The id '{wanted}' does not exist")
    return [value for key, value in store.items() if not ids or key in ids]


@registry.answers("ec2:CreateCapacityReservation")
def create_capacity(call, account):
    p, made = call.params, "cr-" + uuid.uuid4().hex[:17]
    item = {"CapacityReservationId": made, "OwnerId": account, "State": "active", "CreateDate": _now(),
            "CapacityReservationArn": f"arn:aws:ec2:{call.region}:{account}:capacity-reservation/{made}",
            "InstanceType": p.get("InstanceType"), "InstancePlatform": p.get("InstancePlatform"),
            "AvailabilityZone": p.get("AvailabilityZone"), "TotalInstanceCount": p.get("InstanceCount"),
            "AvailableInstanceCount": p.get("InstanceCount")}
    _reserved(call, account, "capacity")[made] = item
    return {"CapacityReservation": item}


@registry.answers("ec2:DescribeCapacityReservations")
def describe_capacity(call, account):
    """A cancelled reservation shows as cancelled for a while."""
    store = _reserved(call, account, "capacity")
    return {"CapacityReservations": _chosen(store, call.params.get("CapacityReservationIds"),
                                            "InvalidCapacityReservationId.NotFound")}


@registry.answers("ec2:CancelCapacityReservation")
def cancel_capacity(call, account):
    [item] = _chosen(_reserved(call, account, "capacity"), [call.params.get("CapacityReservationId")],
                     "InvalidCapacityReservationId.NotFound")
    item.update(State="cancelled", AvailableInstanceCount=0)
    return {"Return": True}


@registry.answers("ec2:PurchaseReservedInstancesOffering")
def purchase(call, account):
    """The offering is taken as it is asked for: there is no price list here."""
    made = str(uuid.uuid4())
    _reserved(call, account, "purchases")[made] = {
        "ReservedInstancesId": made, "InstanceCount": call.params.get("InstanceCount"), "InstanceType": "m5.large",
        "State": "active", "Start": _now(), "OfferingType": "All Upfront", "OfferingClass": "standard",
        "Duration": 31536000, "ProductDescription": "Linux/UNIX", "Scope": "Region"}
    return {"ReservedInstancesId": made}


@registry.answers("ec2:DescribeReservedInstances")
def describe_reserved(call, account):
    store = _reserved(call, account, "purchases")
    return {"ReservedInstances": _chosen(store, call.params.get("ReservedInstancesIds"),
                                         "InvalidReservedInstancesId.NotFound")}


# ---- Spot -----------------------------------------------------------------------------------------------------------

@registry.answers("ec2:CancelSpotInstanceRequests")
def cancel_spot(call, account):
    """AWS shows a cancelled request for a while; moto forgets it. "Canceling a Spot Instance request does not terminate
    running Spot Instances"."""
    store, wanted = backend(account, call.region).spot_instance_requests, call.params["SpotInstanceRequestIds"]
    for one in wanted:
        if one not in store:
            raise AwsError(400, "InvalidSpotInstanceRequestID.NotFound",
                           f"The spot instance request ID '{one}' does not exist")
    for one in wanted:
        store[one].state = "cancelled"
    return {"CancelledSpotInstanceRequests": [{"SpotInstanceRequestId": one, "State": "cancelled"} for one in wanted]}


# ---- Auto Scaling ---------------------------------------------------------------------------------------------------

def _groups(account, region):
    from moto.autoscaling.models import autoscaling_backends
    return autoscaling_backends[account][region].autoscaling_groups


@registry.after("autoscaling:CreateAutoScalingGroup", "autoscaling:UpdateAutoScalingGroup")
def protect_group(call, account, result):
    """AWS: DeletionProtection is none | prevent-force-deletion | prevent-all-deletion."""
    wanted = call.params.get("DeletionProtection")
    if wanted:
        _groups(account, call.region)[call.params["AutoScalingGroupName"]].cordon_protection = wanted
    return result


@registry.after("autoscaling:DescribeAutoScalingGroups")
def describe_groups(call, account, result):
    groups = _groups(account, call.region)
    for item in result.get("AutoScalingGroups") or []:
        group = groups.get(item["AutoScalingGroupName"])
        item["DeletionProtection"] = getattr(group, "cordon_protection", "none")
        item["SuspendedProcesses"] = sorted(item.get("SuspendedProcesses") or [], key=lambda p: p["ProcessName"])
    return result


@registry.answers("autoscaling:DeleteAutoScalingGroup")
def delete_group(call, account):
    """AWS: "If the group has instances or scaling activities in progress, you must specify the option to force the
    deletion"; with it the instances are terminated too. Deletion protection prevents the one or both."""
    from moto.autoscaling.models import autoscaling_backends
    name, force = call.params.get("AutoScalingGroupName"), bool(call.params.get("ForceDelete"))
    group = _groups(account, call.region).get(name)
    if group is None:
        raise AwsError(400, "ValidationError", f"AutoScalingGroup name not found - AutoScalingGroup '{name}' not found")
    protection = getattr(group, "cordon_protection", "none")
    if protection == "prevent-all-deletion" or protection == "prevent-force-deletion" and force:
        raise AwsError(400, "ValidationError", f"AutoScalingGroup {name} is protected from deletion ({protection}).")
    if group.instance_states and not force:
        raise AwsError(400, "ResourceInUse", "You cannot delete an AutoScalingGroup while there are instances or "
                                             "pending Spot instance request(s) still in the group.")
    autoscaling_backends[account][call.region].delete_auto_scaling_group(name)
    return {}


@registry.installer
def install():
    _patch_images()


# ---- pictures -------------------------------------------------------------------------------------------------------

@dump.service("autoscaling")
def _dump(account):
    from moto.autoscaling.models import autoscaling_backends
    found = {}
    for region, scaling in autoscaling_backends[account].items():
        for name, group in list(scaling.autoscaling_groups.items()):
            found[f"{region}/group/{name}"] = {
                "size": [group.min_size, group.desired_capacity, group.max_size],
                "suspended": sorted(p["ProcessName"] for p in group.suspended_processes),
                "protection": getattr(group, "cordon_protection", "none"),
                "instances": sorted(state.instance.id for state in group.instance_states)}
        for name, config in list(scaling.launch_configurations.items()):
            found[f"{region}/launch-configuration/{name}"] = {"image": config.image_id, "type": config.instance_type}
    return found


@dump.service("ec2-compute")
def _dump_compute(account):
    from moto.ec2.models import ec2_backends
    found = {}
    for region, ec2 in ec2_backends[account].items():
        found[f"{region}/settings"] = {
            **{k: v for k, v in _settings(account, region).items() if v not in (False, "unblocked")},
            "encryption": ec2.ebs_encryption_by_default}
        for image in list(ec2.amis.values()):
            if image.owner_id == account:
                found[f"{region}/image/{image.id}"] = {"protection": getattr(image, "cordon_protection", "disabled")}
        for template in list(ec2.launch_templates.values()):
            found[f"{region}/launch-template/{template.id}"] = {
                "name": template.name, "default": template.default_version_number, "versions": len(template.versions)}
        for request in list(ec2.spot_instance_requests.values()):
            found[f"{region}/spot-request/{request.id}"] = {"state": request.state}
        for fleet in list(ec2.spot_fleet_requests.values()):
            found[f"{region}/spot-fleet/{fleet.id}"] = {"state": fleet.state}
        for fleet in list(ec2.fleets.values()):
            found[f"{region}/fleet/{fleet.id}"] = {"state": fleet.state}
    return found
