"""Domains, distributions, user pools and Transfer Family: what moto 5.2.1 lacks or does wrong."""
from . import dump, registry
from .keys_fixes import missing

# -- domains ------------------------------------------------------------------


def _domain(call, account):
    from moto.route53domains.models import route53domains_backends

    for backend in route53domains_backends[account].values():
        for domain in _domains(backend):
            if domain.domain_name == call.params["DomainName"]:
                return domain
    raise missing("InvalidInput", f"Domain {call.params['DomainName']} not found in the account.")


def _domains(backend):
    """moto keeps them under a private name."""
    for name, value in vars(backend).items():
        if name.endswith("__domains"):
            return list(value.values())
    return []


def _locked(domain):
    """AWS: RegisterDomain locks the domain against transfer where the registry can."""
    return getattr(domain, "locked", True)


def _turn(name, on):
    def turn(call, account):
        setattr(_domain(call, account), name, on)
        return {"OperationId": "00000000-0000-0000-0000-000000000000"} if name == "locked" else {}
    return turn


registry.answers("route53domains:EnableDomainTransferLock")(_turn("locked", True))
registry.answers("route53domains:DisableDomainTransferLock")(_turn("locked", False))
registry.answers("route53domains:EnableDomainAutoRenew")(_turn("auto_renew", True))
registry.answers("route53domains:DisableDomainAutoRenew")(_turn("auto_renew", False))


@registry.after("route53domains:GetDomainDetail")
def lock_in_detail(call, account, result):
    """The lock is the registry's status clientTransferProhibited."""
    domain = _domain(call, account)
    status = [s for s in result.get("StatusList") or [] if s != "clientTransferProhibited"]
    result["StatusList"] = status + (["clientTransferProhibited"] if _locked(domain) else [])
    result["AutoRenew"] = bool(domain.auto_renew)
    return result


@registry.after("route53domains:ListDomains")
def lock_in_list(call, account, result):
    from moto.route53domains.models import route53domains_backends

    locked = {d.domain_name: _locked(d) for b in route53domains_backends[account].values() for d in _domains(b)}
    for domain in result.get("Domains", []):
        domain["TransferLock"] = locked.get(domain["DomainName"], True)
    return result


@dump.service("route53domains")
def dump_domains(account):
    return {f"domain/{d.domain_name}": {"locked": _locked(d), "renews": bool(d.auto_renew)}
            for _, b in dump._backends("moto.route53domains.models", "route53domains_backends", account) for d in _domains(b)}


@dump.service("route53")
def dump_zones(account):
    found = {}
    for _, backend in dump._backends("moto.route53.models", "route53_backends", account):
        for zone in list(backend.zones.values()):
            found[f"zone/{zone.id}"] = {"name": zone.name, "records": dump._ordered(
                {"name": r.name, "type": r.type_, "ttl": str(r.ttl), "values": list(r.records or []), "id": r.set_identifier} for r in zone.rrsets)}
    return found


# -- CloudFront -------------------------------------------------------------------


@dump.service("cloudfront")
def dump_distributions(account):
    found = {}
    for _, backend in dump._backends("moto.cloudfront.models", "cloudfront_backends", account):
        for name, one in list(backend.distributions.items()):
            config = one.distribution_config
            found[f"distribution/{name}"] = {"enabled": dump._flag(config.enabled), "comment": config.comment}
    return found


# -- Cognito ----------------------------------------------------------------------


@dump.service("cognito-idp")
def dump_pools(account):
    found = {}
    for region, backend in dump._backends("moto.cognitoidp.models", "cognitoidp_backends", account):
        for name, pool in list(backend.user_pools.items()):
            settings = {k: v for k, v in pool.extended_config.items() if k not in ("UserPoolId", "PoolName")}
            found[f"{region}/user-pool/{name}"] = {"name": pool.name, "users": sorted(pool.users), "settings": settings}
    return found


# -- Transfer Family --------------------------------------------------------------


def _server(call, account):
    from moto.transfer.models import transfer_backends

    found = transfer_backends[account][call.region].servers.get(call.params["ServerId"])
    if found is None:
        raise missing("ResourceNotFoundException", "Unknown server")
    return found


def _state(to):
    def turn(call, account):
        """AWS goes through STOPPING or STARTING for some minutes; here the end is there at once."""
        _server(call, account).state = to
        return {}
    return turn


registry.answers("transfer:StopServer")(_state("OFFLINE"))
registry.answers("transfer:StartServer")(_state("ONLINE"))


@registry.answers("transfer:ListUsers")
def list_users(call, account):
    server = _server(call, account)
    users = server._users if hasattr(server, "_users") else getattr(server, "users", [])
    return {"ServerId": call.params["ServerId"], "Users": [{"Arn": u.arn, "UserName": u.user_name, "Role": u.role} for u in users]}


@dump.service("transfer")
def dump_servers(account):
    found = {}
    for region, backend in dump._backends("moto.transfer.models", "transfer_backends", account):
        for name, server in list(backend.servers.items()):
            found[f"{region}/server/{name}"] = {"state": server.state}
    return found
