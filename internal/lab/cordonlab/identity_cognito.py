"""Cognito user pools: what is protected, or has a domain, is not deleted."""

from __future__ import annotations

from typing import Any

from . import dump, registry
from .dump import _backends
from .registry import AwsError


def _domain(backend: Any, pool: Any) -> Any:
    return next((d for d in backend.user_pool_domains.values() if d.user_pool_id == pool), None)


def _pool(call, account):
    from moto.cognitoidp.models import cognitoidp_backends
    backend = cognitoidp_backends[account][call.region]
    return backend, backend.user_pools.get(call.params["UserPoolId"])


@registry.answers("cognito-idp:DeleteUserPool")
def delete(call, account):
    """AWS: InvalidParameterException for a pool with deletion protection, and for one with a domain."""
    backend, pool = _pool(call, account)
    if pool is None:
        raise AwsError(400, "ResourceNotFoundException", f"User pool {call.params['UserPoolId']} does not exist.")
    if pool.extended_config.get("DeletionProtection") == "ACTIVE":
        raise AwsError(400, "InvalidParameterException", "The user pool cannot be deleted because deletion protection "
                                                         "is activated. Deletion protection must be inactivated first.")
    if _domain(backend, pool.id):
        raise AwsError(400, "InvalidParameterException", "User pool cannot be deleted. It has a domain configured that "
                                                         "should be deleted first.")
    backend.delete_user_pool(pool.id)
    return {}


def _config(pool: Any) -> dict[str, Any]:
    """The configuration in one spelling: what is false or derived from another setting may be left out of a call."""
    config = {key: value for key, value in pool.extended_config.items() if key != "UserPoolId"}
    create = dict(config.get("AdminCreateUserConfig") or {})
    create.pop("UnusedAccountValidityDays", None)  # AWS: it is TemporaryPasswordValidityDays by an older name
    create.setdefault("AllowAdminCreateUserOnly", False)
    return {**config, "AdminCreateUserConfig": create}


@dump.service("cognito")
def picture(account: str) -> dict[str, Any]:
    found = {}
    for region, backend in _backends("moto.cognitoidp.models", "cognitoidp_backends", account):
        for pool in backend.user_pools.values():
            domain = _domain(backend, pool.id)
            found[f"{region}/pool/{pool.id}"] = {
                "name": pool.name, "config": _config(pool), "users": sorted(pool.users),
                "domain": getattr(domain, "domain", None)}
    return found
