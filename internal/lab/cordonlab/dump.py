"""A picture of the account that does not go through its API.

It is taken from moto's backends themselves, so that a test can compare an
account before and after without trusting the calls that it tests. Every
resource is one entry, "kind/name" or "region/kind/name"; what changes of itself
(dates of last use) is left out, secrets are shown as digests.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import sys
from typing import Any, Callable, Iterator

from . import state

_SERVICES: dict[str, Callable[[str], dict[str, Any]]] = {}


def services(asked: list[str]) -> dict[str, dict[str, Any]]:
    """The picture of the named services (all, if none is named)."""
    unknown = [name for name in asked if name not in _SERVICES]
    if unknown:
        raise ValueError(
            f"there is no dump of {', '.join(unknown)}, only of {', '.join(sorted(_SERVICES))}"
        )
    return {
        name: _canonical(_SERVICES[name](state.DEFAULT_ACCOUNT))
        for name in asked or sorted(_SERVICES)
    }


def _service(name: str) -> Callable:
    def register(function: Callable) -> Callable:
        _SERVICES[name] = function
        return function

    return register


#: for modules that mend other services: @dump.service("name")
service = _service


def _canonical(value: Any) -> Any:
    """Plain JSON whose order is always the same."""
    if isinstance(value, dict):
        return {str(k): _canonical(value[k]) for k in sorted(value, key=str)}
    if isinstance(value, (set, frozenset)):
        return sorted((_canonical(v) for v in value), key=_key)
    if isinstance(value, (list, tuple)):
        return [_canonical(v) for v in value]
    if isinstance(value, (dt.datetime, dt.date)):
        return value.isoformat()
    if isinstance(value, (bytes, bytearray)):
        return _digest(value)
    if isinstance(value, (str, int, float, bool, type(None))):
        return value
    return str(value)


def _key(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)


def _ordered(values: Any) -> list[Any]:
    """A list whose order means nothing, in a fixed one."""
    return sorted((_canonical(v) for v in values), key=_key)


def _digest(value: Any) -> str:
    raw = value if isinstance(value, (bytes, bytearray)) else str(value).encode()
    return "sha256:" + hashlib.sha256(raw).hexdigest()


def _document(text: Any) -> Any:
    """A policy document as JSON, so that spelling does not matter."""
    if not isinstance(text, str):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def _sets(document: Any) -> Any:
    """A trust policy with its lists of names as the sets that they are to IAM.

    IAM gives the same document with them in another order from call to call
    (hashicorp/terraform-provider-aws#30870, boto/boto3#1178). The order of
    statements stays.
    """
    if isinstance(document, dict):
        return {key: _sets(value) for key, value in document.items()}
    if isinstance(document, list):
        if any(isinstance(value, (dict, list)) for value in document):
            return [_sets(value) for value in document]
        return _ordered(document)
    return document


def _backends(module: str, name: str, account: str) -> Iterator[tuple[str, Any]]:
    """(region, backend) of those that were ever touched: looking makes none."""
    loaded = sys.modules.get(module)
    if loaded is None:
        return
    every = getattr(loaded, name)
    if account not in every:
        return
    for region in sorted(every[account]):
        yield region, every[account][region]


# -- IAM --------------------------------------------------------------------


@_service("iam")
def _iam(account: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for region, backend in _backends("moto.iam.models", "iam_backends", account):
        if region == "aws":
            found.update(_iam_principals(backend))
            found.update(_iam_rest(backend))
    return found


def _iam_principals(backend: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for user in list(backend.users.values()):
        found[f"user/{user.name}"] = _user(user, backend)
    for role in list(backend.roles.values()):
        found[f"role/{role.name}"] = {
            "id": role.id,
            "arn": role.arn,
            "description": role.description,
            "trust": _sets(_document(role.assume_role_policy_document)),
            "inline": {n: _document(d) for n, d in role.policies.items()},
            "attached": sorted(role.managed_policies),
            "boundary": role.permissions_boundary_arn,
            "max_session": role.max_session_duration,
            "tags": role.tags,
        }
    for group in list(backend.groups.values()):
        found[f"group/{group.name}"] = {
            "arn": group.arn,
            "members": sorted(user.name for user in group.users),
            "inline": {n: _document(d) for n, d in group.policies.items()},
            "attached": sorted(group.managed_policies),
        }
    return found


def _user(user: Any, backend: Any) -> dict[str, Any]:
    groups = [g.name for g in backend.groups.values() if user in g.users]
    credentials = getattr(user, "service_credentials", {})
    return {
        "id": user.id,
        "arn": user.arn,
        "password": _digest(user.password) if user.password else None,
        "password_reset_required": bool(user.password and user.password_reset_required),
        "access_keys": {k.access_key_id: k.status for k in user.access_keys},
        "mfa_devices": sorted(user.mfa_devices),
        "groups": sorted(groups),
        "inline": {n: _document(d) for n, d in user.policies.items()},
        "attached": sorted(user.managed_policies),
        "boundary": getattr(user, "permissions_boundary_arn", None),
        "ssh_keys": {k.ssh_public_key_id: k.status for k in user.ssh_public_keys},
        "signing_certificates": {k: c.status for k, c in user.signing_certificates.items()},
        "service_credentials": {k: c.get("Status") for k, c in credentials.items()},
        "tags": {t["Key"]: t["Value"] for t in backend.tagger.list_tags_for_resource(user.arn)["Tags"]},
    }


def _iam_rest(backend: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for policy in list(backend.managed_policies.values()):
        if policy.arn.startswith("arn:aws:iam::aws:"):
            continue
        found[f"policy/{policy.arn.split(':policy', 1)[-1].lstrip('/')}"] = {
            "arn": policy.arn,
            "default": policy.default_version_id,
            "versions": {v.version_id: _document(v.document) for v in policy.versions},
            "attachments": policy.attachment_count,
            "tags": policy.tags,
        }
    for profile in list(backend.instance_profiles.values()):
        roles = [getattr(role, "name", role) for role in profile.roles]
        found[f"instance-profile/{profile.name}"] = {"roles": roles}
    for arn, provider in list(backend.saml_providers.items()):
        found[f"saml-provider/{arn}"] = {"metadata": _digest(provider.saml_metadata_document)}
    for arn, provider in list(backend.open_id_providers.items()):
        found[f"oidc-provider/{arn}"] = {
            "url": provider.url,
            "clients": sorted(provider.client_id_list or []),
            "thumbprints": sorted(provider.thumbprint_list or []),
        }
    for serial, device in list(backend.virtual_mfa_devices.items()):
        found[f"mfa/{serial}"] = {"enabled": bool(getattr(device, "enable_date", None))}
    for certificate in list(backend.certificates.values()):
        body = _digest(certificate.cert_body)
        found[f"server-certificate/{certificate.cert_name}"] = {"body": body}
    policy = backend.account_password_policy
    if policy is not None:
        found["password-policy"] = {
            k: v for k, v in vars(policy).items() if not k.startswith("_")
        }
    found["account"] = {"aliases": sorted(backend.account_aliases)}
    return found


# -- EC2 --------------------------------------------------------------------


@_service("ec2")
def _ec2(account: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for region, backend in _backends("moto.ec2.models", "ec2_backends", account):
        for kind, name, value in _ec2_resources(backend, account):
            value["tags"] = dict(backend.tags.get(name, {}))
            found[f"{region}/{kind}/{name}"] = value
    return found


def _ec2_resources(backend: Any, account: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for reservation in list(backend.reservations.values()):
        for instance in reservation.instances:
            yield "instance", instance.id, _instance(instance)
    for groups in list(backend.groups.values()):
        for group in groups.values():
            yield "security-group", group.id, {
                "name": group.name,
                "vpc": group.vpc_id,
                "ingress": _ordered(_rule(rule) for rule in group.ingress_rules),
                "egress": _ordered(_rule(rule) for rule in group.egress_rules),
            }
    for snapshot in list(backend.snapshots.values()):
        yield "snapshot", snapshot.id, {
            "volume": getattr(snapshot.volume, "id", None),
            "description": snapshot.description,
            "users": set(snapshot.create_volume_permission_userids),
            "groups": set(snapshot.create_volume_permission_groups),
        }
    for image in list(backend.amis.values()):
        if image.owner_id == account:
            yield "image", image.id, {
                "name": image.name,
                "permissions": _ordered(image.launch_permissions),
                "snapshot": getattr(image.ebs_snapshot, "id", None),
            }
    for volume in list(backend.volumes.values()):
        attached = volume.attachment.instance.id if volume.attachment else None
        yield "volume", volume.id, {"size": volume.size, "attached": attached}
    for name, pair in list(backend.key_pairs.items()):
        yield "key-pair", name, {"fingerprint": pair.key_fingerprint, "id": pair.id}
    for vpc in list(backend.vpcs.values()):
        yield "vpc", vpc.id, {"cidr": vpc.cidr_block}


def _instance(instance: Any) -> dict[str, Any]:
    profile = instance.iam_instance_profile
    # To AWS the groups of an instance are those of its first interface; moto
    # keeps a list of its own, empty when it was launched without groups.
    groups = next((nic.group_set for nic in instance.nics.values()), instance.security_groups)
    return {
        "state": instance._state.name,
        "type": instance.instance_type,
        "image": instance.image_id,
        "key": instance.key_name,
        "launched": instance.launch_time,
        "security_groups": sorted({g.id for g in groups}),
        "interfaces": _ordered(
            {"id": nic.id, "security_groups": sorted({g.id for g in nic.group_set})}
            for nic in instance.nics.values()
        ),
        "profile": getattr(profile, "arn", profile),
        "user_data": _digest(instance.user_data) if instance.user_data else None,
        "termination_protected": _flag(instance.disable_api_termination),
        "stop_protected": _flag(instance.disable_api_stop),
        "shutdown": instance.instance_initiated_shutdown_behavior,
        "metadata_options": _plain(instance.metadata_options),
        "source_dest_check": _flag(instance.source_dest_check),
    }


def _plain(value: Any) -> Any:
    """An object of moto's as what it holds."""
    if value is None or isinstance(value, (dict, str)):
        return value
    return {k: v for k, v in vars(value).items() if not k.startswith("_")}


def _flag(value: Any) -> bool:
    """moto keeps some flags as text."""
    return str(value).lower() == "true"


def _rule(rule: Any) -> dict[str, Any]:
    return {
        "protocol": rule.ip_protocol,
        "from": rule.from_port,
        "to": rule.to_port,
        "range": rule.ip_range,
        "group": rule.source_group,
        "prefix_list": rule.prefix_list_id,
    }


# -- Lambda -----------------------------------------------------------------


def _lambda_backends(account: str) -> Iterator[tuple[str, Any]]:
    """moto keeps functions elsewhere when it is told to run them without Docker."""
    return _backends("moto.awslambda_simple.models", "lambda_simple_backends", account)


@_service("lambda")
def _lambda(account: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for region, backend in _lambda_backends(account):
        for name, versions in list(backend._lambdas._functions.items()):
            latest = versions["latest"]
            if latest is not None:
                found[f"{region}/function/{name}"] = _function(latest, versions["versions"])
                aliases = backend._lambdas._aliases.get(latest.function_arn, {})
                for alias, target in aliases.items():
                    value = {"version": target.function_version, "routing": target.routing_config}
                    found[f"{region}/alias/{name}:{alias}"] = value
        for layer in list(backend._layers._layers.values()):
            for version, content in layer.layer_versions.items():
                found[f"{region}/layer/{layer.name}:{version}"] = {
                    "code": content.code_sha_256,
                    "policy": _statements(content.policy),
                }
        for mapping in list(backend._event_source_mappings.values()):
            found[f"{region}/event-source/{mapping.uuid}"] = {
                "function": mapping.function_arn,
                "source": mapping.event_source_arn,
                "enabled": mapping.enabled,
            }
    return found


def _function(function: Any, versions: list[Any]) -> dict[str, Any]:
    url = function.url_config
    return {
        "code": function.code_sha_256,
        "role": function.role,
        "runtime": function.run_time,
        "handler": function.handler,
        "environment": function.environment_vars,
        "timeout": function.timeout,
        "memory": function.memory_size,
        "layers": [getattr(layer, "arn", layer) for layer in function.layers],
        "concurrency": function.reserved_concurrency,
        "policy": _statements(function.policy),
        "url": {k: v for k, v in url.to_dict().items() if k != "LastModifiedTime"} if url else None,
        "versions": {str(v.version): v.code_sha_256 for v in versions},
        "tags": function.tags,
    }


def _statements(policy: Any) -> list[Any]:
    return _ordered(getattr(policy, "statements", []) or [])


# -- CloudTrail, GuardDuty -----------------------------------------------------


@_service("cloudtrail")
def _cloudtrail(account: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    backends = _backends("moto.cloudtrail.models", "cloudtrail_backends", account)
    for region, backend in backends:
        for name, trail in list(backend.trails.items()):
            found[f"{region}/trail/{name}"] = {
                "bucket": trail.bucket_name,
                "prefix": trail.s3_key_prefix,
                "multi_region": trail.is_multi_region,
                "global_events": trail.include_global_service_events,
                "validation": trail.log_validation,
                "key": trail.kms_key_id,
                "logging": trail.status.is_logging,
                "selectors": trail.event_selectors,
                "advanced_selectors": trail.advanced_event_selectors,
            }
    return found


@_service("guardduty")
def _guardduty(account: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for region, backend in _backends("moto.guardduty.models", "guardduty_backends", account):
        for name, detector in list(backend.detectors.items()):
            found[f"{region}/detector/{name}"] = {
                "enabled": _flag(detector.enabled),
                "frequency": detector.finding_publish_freq,
                "features": _ordered(detector.features or []),
                "filters": {k: vars(v) for k, v in detector.filters.items()},
                "tags": detector.tags,
            }
    return found


# -- the account ------------------------------------------------------------


def _alternates(account: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for _, backend in _backends("moto.account.models", "account_backends", account):
        found.update({sort: vars(contact) for sort, contact in backend._alternate_contacts.items()})
    return found


@_service("account")
def _account(account: str) -> dict[str, Any]:
    return {
        "contact": state.seeded(account).get("contact"),
        "name": state.seeded(account).get("account_name"),
        "alternate-contacts": _alternates(account),
        "root": state.seeded(account).get("root"),
        "disabled-regions": sorted(state.setting("disabled_regions")),
    }
