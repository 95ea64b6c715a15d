"""Lightsail, of which moto has nothing: machines, their snapshots, keys, addresses and container services."""
import re

from . import clock, registry
from .ml_fixes import arn, digits, find, page, pictured, shelf
from .registry import AwsError

def _lightsail(call, account, name, key):
    return find(call, account, name, key, "NotFoundException", f"The resource does not exist: {key}", 400)


def _tags(call):
    return [dict(tag) for tag in call.params.get("tags") or []]


def _made(call, account, sort, key, **more):
    """AWS: a name stands for one resource in an account and region."""
    have = shelf(account, call.region, f"lightsail.{sort}")
    if key in have:
        raise AwsError(400, "InvalidInputException", f"Some names are already in use: {key}")
    have[key] = {"arn": arn(call, account, "lightsail", f"{sort}/{digits(sort, key)}"), "createdAt": clock.utcnow(), **more}
    return have[key]


def _listing(call, account, sort, member, token="pageToken"):
    have = shelf(account, call.region, f"lightsail.{sort}")
    return page(call, [have[name] for name in sorted(have)], member, "pageSize", token, "nextPageToken", 20)


def _switched(call, account, wanted, allowed):
    instance = _lightsail(call, account, "lightsail.Instance", call.params["instanceName"])
    if instance["state"]["name"] not in allowed:
        raise AwsError(400, "OperationFailureException", f"The instance is in state {instance['state']['name']}.")
    instance["state"] = {"code": 80 if wanted == "stopped" else 16, "name": wanted}
    return {"operations": []}


@registry.answers("lightsail:CreateInstances")
def create_instances(call, account):
    """AWS opens ports 22 and 80 to everybody."""
    ports = [{"fromPort": n, "toPort": n, "protocol": "tcp", "cidrs": ["0.0.0.0/0"], "ipv6Cidrs": ["::/0"]} for n in (22, 80)]
    for name in call.params["instanceNames"]:
        _made(call, account, "Instance", name, name=name, blueprintId=call.params["blueprintId"],
              bundleId=call.params["bundleId"], state={"code": 16, "name": "running"}, publicIpAddress="203.0.113.10",
              sshKeyName=call.params.get("keyPairName") or "LightsailDefaultKeyPair", tags=_tags(call),
              networking={"ports": ports}, resourceType="Instance")
    return {"operations": []}


@registry.answers("lightsail:GetInstances")
def get_instances(call, account):
    return _listing(call, account, "Instance", "instances")


@registry.answers("lightsail:GetInstance")
def get_instance(call, account):
    return {"instance": _lightsail(call, account, "lightsail.Instance", call.params["instanceName"])}


@registry.answers("lightsail:StopInstance")
def stop_instance(call, account):
    return _switched(call, account, "stopped", ("running",))


@registry.answers("lightsail:StartInstance")
def start_instance(call, account):
    return _switched(call, account, "running", ("stopped",))


@registry.answers("lightsail:CreateInstanceSnapshot")
def create_instance_snapshot(call, account):
    instance = _lightsail(call, account, "lightsail.Instance", call.params["instanceName"])
    name = call.params["instanceSnapshotName"]
    _made(call, account, "InstanceSnapshot", name, name=name, state="available", progress="100", tags=_tags(call),
          fromInstanceName=instance["name"], fromInstanceArn=instance["arn"], resourceType="InstanceSnapshot")
    return {"operations": []}


@registry.answers("lightsail:GetInstanceSnapshots")
def get_instance_snapshots(call, account):
    return _listing(call, account, "InstanceSnapshot", "instanceSnapshots")


@registry.answers("lightsail:CreateKeyPair")
def create_key_pair(call, account):
    name = call.params["keyPairName"]
    return {"keyPair": _made(call, account, "KeyPair", name, name=name, fingerprint="aa:bb:cc", tags=_tags(call))}


@registry.answers("lightsail:GetKeyPairs")
def get_key_pairs(call, account):
    return _listing(call, account, "KeyPair", "keyPairs")


@registry.answers("lightsail:GetKeyPair")
def get_key_pair(call, account):
    return {"keyPair": _lightsail(call, account, "lightsail.KeyPair", call.params["keyPairName"])}


@registry.answers("lightsail:AllocateStaticIp")
def allocate_static_ip(call, account):
    name = call.params["staticIpName"]
    _made(call, account, "StaticIp", name, name=name, ipAddress="203.0.113.20", isAttached=False)
    return {"operations": []}


@registry.answers("lightsail:GetStaticIps")
def get_static_ips(call, account):
    return _listing(call, account, "StaticIp", "staticIps")


@registry.answers("lightsail:GetStaticIp")
def get_static_ip(call, account):
    return {"staticIp": _lightsail(call, account, "lightsail.StaticIp", call.params["staticIpName"])}


@registry.answers("lightsail:CreateContainerService")
def create_container_service(call, account):
    name = call.params["serviceName"]
    return {"containerService": _made(
        call, account, "ContainerService", name, containerServiceName=name, power=call.params["power"],
        scale=call.params["scale"], state="RUNNING", isDisabled=False, url=f"https://{name}.example.com/",
        currentDeployment=call.params.get("deployment") and {"version": 1, "state": "ACTIVE", **call.params["deployment"]},
        tags=_tags(call))}


@registry.answers("lightsail:GetContainerServices")
def get_container_services(call, account):
    name = call.params.get("serviceName")
    if name:
        return {"containerServices": [_lightsail(call, account, "lightsail.ContainerService", name)]}
    have = shelf(account, call.region, "lightsail.ContainerService")
    return {"containerServices": [have[name] for name in sorted(have)]}


@registry.answers("lightsail:GetContainerServiceDeployments")
def get_deployments(call, account):
    service = _lightsail(call, account, "lightsail.ContainerService", call.params["serviceName"])
    return {"deployments": [service["currentDeployment"]] if service.get("currentDeployment") else []}


@registry.answers("lightsail:UpdateContainerService")
def update_container_service(call, account):
    service = _lightsail(call, account, "lightsail.ContainerService", call.params["serviceName"])
    if "isDisabled" in call.params:
        service["isDisabled"] = bool(call.params["isDisabled"])
        service["state"] = "DISABLED" if service["isDisabled"] else "RUNNING"
    return {"containerService": service}


@registry.answers("lightsail:DeleteInstance", "lightsail:DeleteInstanceSnapshot", "lightsail:DeleteKeyPair",
                  "lightsail:ReleaseStaticIp", "lightsail:DeleteContainerService")
def delete_lightsail(call, account):
    sort = re.sub("^(Delete|Release)", "", call.op)
    name = next(v for k, v in call.params.items() if k in ("serviceName", f"{sort[0].lower()}{sort[1:]}Name"))
    _lightsail(call, account, f"lightsail.{sort}", name)
    del shelf(account, call.region, f"lightsail.{sort}")[name]
    return {} if sort == "ContainerService" else {"operations": []}


pictured("lightsail", "lightsail.Instance", "lightsail.InstanceSnapshot", "lightsail.KeyPair", "lightsail.StaticIp",
         "lightsail.ContainerService")
