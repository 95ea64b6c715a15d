"""Domains, distributions, user pools and Transfer Family: what moto 5.2.1 lacks or does wrong."""
import copy
import uuid

from . import dump, registry
from .keys_fixes import missing, now, store, stored

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
                {"name": r.name, "type": r.type, "ttl": str(r.ttl), "values": list(r.records or []), "id": r.set_identifier} for r in zone.rrsets)}
    return found


# -- CloudFront -------------------------------------------------------------------


def _distribution(call, account):
    found = store("distribution", account, "aws").get(call.params["Id"])
    if found is None:
        raise missing("NoSuchDistribution", "The specified distribution does not exist.", 404)
    return found


def _shown(one):
    return {"Id": one["Id"], "ARN": one["ARN"], "Status": "Deployed", "LastModifiedTime": one["changed"], "InProgressInvalidationBatches": 0,
            "DomainName": one["Id"].lower() + ".cloudfront.net", "DistributionConfig": one["config"]}


@registry.answers("cloudfront:CreateDistribution")
def create_distribution(call, account):
    """Kept as it was given: moto fills a configuration in and shows it otherwise than CloudFront. What CloudFront carries
    to its edges in some minutes ("InProgress") is there at once."""
    name = "E" + uuid.uuid4().hex[:13].upper()
    one = {"Id": name, "ARN": f"arn:aws:cloudfront::{account}:distribution/{name}", "etag": uuid.uuid4().hex[:14].upper(), "changed": now(),
           "config": copy.deepcopy(call.params["DistributionConfig"])}
    store("distribution", account, "aws")[name] = one
    return {"Distribution": _shown(one), "ETag": one["etag"], "Location": "https://cloudfront.amazonaws.com/2020-05-31/distribution/" + name}


@registry.answers("cloudfront:GetDistribution")
def get_distribution(call, account):
    one = _distribution(call, account)
    return {"Distribution": _shown(one), "ETag": one["etag"]}


@registry.answers("cloudfront:GetDistributionConfig")
def get_distribution_config(call, account):
    one = _distribution(call, account)
    return {"DistributionConfig": one["config"], "ETag": one["etag"]}


def _matched(call, account):
    """AWS: IfMatch is the version that was read: PreconditionFailed when it is another by now."""
    one = _distribution(call, account)
    if call.params.get("IfMatch") != one["etag"]:
        raise missing("PreconditionFailed", "The request failed because it didn't meet the preconditions.", 412)
    return one


@registry.answers("cloudfront:UpdateDistribution")
def update_distribution(call, account):
    one = _matched(call, account)
    one.update(config=copy.deepcopy(call.params["DistributionConfig"]), etag=uuid.uuid4().hex[:14].upper(), changed=now())
    return {"Distribution": _shown(one), "ETag": one["etag"]}


@registry.answers("cloudfront:DeleteDistribution")
def delete_distribution(call, account):
    """AWS: DistributionNotDisabled, 409, for one that still answers."""
    one = _matched(call, account)
    if one["config"].get("Enabled"):
        raise missing("DistributionNotDisabled", "The distribution you are trying to delete has not been disabled.", 409)
    del store("distribution", account, "aws")[one["Id"]]
    return {}


@registry.answers("cloudfront:ListDistributions")
def list_distributions(call, account):
    every, names = [], ("Aliases", "Origins", "DefaultCacheBehavior", "CacheBehaviors", "CustomErrorResponses", "Comment", "PriceClass", "Enabled",
                        "ViewerCertificate", "Restrictions", "WebACLId", "HttpVersion", "IsIPV6Enabled", "Staging")
    for one in store("distribution", account, "aws").values():
        item = {k: v for k, v in _shown(one).items() if k not in ("DistributionConfig", "InProgressInvalidationBatches")}
        every.append(item | {k: one["config"][k] for k in names if k in one["config"]})
    return {"DistributionList": {"Marker": "", "MaxItems": 100, "IsTruncated": False, "Quantity": len(every), "Items": every}}


@dump.service("cloudfront")
def dump_distributions(account):
    return {f"distribution/{name}": one["config"] for _, all_ in stored("distribution", account) for name, one in all_.items()}


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


@registry.installer
def _unknown_servers():
    """AWS: ResourceNotFoundException; moto breaks."""
    from moto.transfer.exceptions import ServerNotFound
    from moto.transfer.models import TransferBackend

    def known(old):
        def method(self, server_id):
            if server_id not in self.servers:
                raise ServerNotFound(server_id=server_id)
            return old(self, server_id)

        return method

    TransferBackend.describe_server = known(TransferBackend.describe_server)
    TransferBackend.delete_server = known(TransferBackend.delete_server)


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
