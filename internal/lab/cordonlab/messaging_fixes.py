"""SES, SNS, SQS, text messages, Lightsail and WorkMail, where moto lacks them or answers otherwise than AWS.

Lightsail, WorkMail and the text messages of "pinpoint-sms-voice-v2" are not in moto at all: they live on the shelf.
"""
import json
import re

from . import clock, dump, registry, state, wire
from .ml_fixes import arn, find, page, pictured, shelf
from .registry import AwsError

wire.SIGNING_NAMES.setdefault("sms-voice", ["pinpoint-sms-voice-v2"])


@registry.installer
def install():
    """SES's API of 2026 lists with POST to paths of their own; botocore's model, and so moto, knows the GETs only."""
    for path, name in (("/v2/email/list-identities", "ListEmailIdentities"),
                       ("/v2/email/list-configuration-sets", "ListConfigurationSets")):
        wire.routes("sesv2").append(("POST", re.compile(f"^{path}/?$"), {}, name))


# ---- SES ------------------------------------------------------------------------------------------------------------

def ses(account, region):
    from moto.ses.models import ses_backends
    return ses_backends[account][region]


def _asked(call):
    """The parameters of a listing: in the query, or in the body of the newer calls."""
    if call.method != "POST":
        return
    try:
        call.params = json.loads(call.body or b"{}")
    except ValueError:
        raise AwsError(400, "BadRequestException", "The body is no JSON.") from None


@registry.answers("sesv2:ListEmailIdentities")
def list_identities(call, account):
    _asked(call)
    found = [{"IdentityType": i.identity_type, "IdentityName": i.email_identity, "SendingEnabled": i.sending_enabled,
              "VerificationStatus": i.verification_status}
             for i in sorted(ses(account, call.region).email_identities.values(), key=lambda i: i.email_identity)]
    return page(call, found, "EmailIdentities", "PageSize", "NextToken")


@registry.answers("sesv2:ListConfigurationSets")
def list_configuration_sets(call, account):
    _asked(call)
    return page(call, sorted(ses(account, call.region).config_sets), "ConfigurationSets", "PageSize", "NextToken")


@registry.answers("sesv2:GetConfigurationSetEventDestinations")
def get_event_destinations(call, account):
    if call.params["ConfigurationSetName"] not in ses(account, call.region).config_sets:
        raise AwsError(404, "NotFoundException", "Configuration set does not exist.")
    return {"EventDestinations": []}


@registry.answers("sesv2:GetConfigurationSet")
def get_configuration_set(call, account):
    """moto answers in shapes that the SDKs do not read."""
    name = call.params["ConfigurationSetName"]
    if name not in ses(account, call.region).config_sets:
        raise AwsError(404, "NotFoundException", f"Configuration set <{name}> does not exist.")
    return {"ConfigurationSetName": name, "SendingOptions": {"SendingEnabled": True},
            "ReputationOptions": {"ReputationMetricsEnabled": False}, "DeliveryOptions": {"TlsPolicy": "OPTIONAL"}}


@registry.answers("sesv2:CreateEmailIdentityPolicy", "sesv2:UpdateEmailIdentityPolicy")
def write_policy(call, account):
    """AWS: to create one that is there is AlreadyExistsException, to update one that is not NotFoundException."""
    identity = ses(account, call.region).email_identities.get(call.params["EmailIdentity"])
    name, making = call.params["PolicyName"], call.op.startswith("Create")
    if identity is None or not making and name not in identity.policies:
        raise AwsError(404, "NotFoundException", "The identity or its policy does not exist.")
    if making and name in identity.policies:
        raise AwsError(400, "AlreadyExistsException", f"Policy {name} exists already.")
    identity.policies[name] = call.params["Policy"]
    return {}


def _sending(account, region):
    return shelf(account, region, "ses.account").get("sending", True)


@registry.answers("sesv2:GetAccount")
def get_account(call, account):
    """AWS: an account begins in the sandbox, where sending is enabled: 200 messages a day to verified addresses."""
    facts = state.seeded(account).get("ses", {})
    production = bool(facts.get("production"))
    return {"SendingEnabled": _sending(account, call.region), "ProductionAccessEnabled": production,
            "EnforcementStatus": facts.get("enforcement", "HEALTHY"), "DedicatedIpAutoWarmupEnabled": True,
            "SendQuota": {"Max24HourSend": 50000.0 if production else 200.0, "MaxSendRate": 14.0 if production else 1.0,
                          "SentLast24Hours": float(facts.get("sent", 0))}}


@registry.answers("sesv2:PutAccountSendingAttributes")
def put_sending(call, account):
    """AWS: SendingEnabled left out is false."""
    shelf(account, call.region, "ses.account")["sending"] = bool(call.params.get("SendingEnabled"))
    return {}


@registry.answers("ses:UpdateAccountSendingEnabled")
def update_sending(call, account):
    shelf(account, call.region, "ses.account")["sending"] = bool(call.params.get("Enabled"))
    return {}


@registry.answers("ses:GetAccountSendingEnabled")
def get_sending(call, account):
    return {"Enabled": _sending(account, call.region)}


@registry.answers("ses:DescribeActiveReceiptRuleSet")
def active_rules(call, account):
    """AWS answers nothing where no set is active."""
    backend = ses(account, call.region)
    active = backend.describe_active_receipt_rule_set()
    return _rules(active) if active else {}


@registry.answers("ses:DescribeReceiptRuleSet")
def rules(call, account):
    found = ses(account, call.region).receipt_rule_set.get(call.params["RuleSetName"])
    if found is None:
        raise AwsError(400, "RuleSetDoesNotExist", f"Rule set does not exist: {call.params['RuleSetName']}")
    return _rules(found)


def _rules(found):
    return {"Metadata": {"Name": found.name, "CreatedTimestamp": found.created_timestamp},
            "Rules": [{"Name": r["Name"], "Enabled": bool(r.get("Enabled"))} for r in map(_plain, found.rules)]}


def _plain(rule):
    return rule if isinstance(rule, dict) else {"Name": getattr(rule, "name", ""), "Enabled": getattr(rule, "enabled", False)}


@dump.service("ses")
def picture_ses(account):
    found = {f"{region}/account": {"sending": have.get("sending", True)} for region, have in
             state.seeded(account).get("shelf", {}).get("ses.account", {}).items()}
    for region, backend in dump._backends("moto.ses.models", "ses_backends", account):
        for name, identity in list(backend.email_identities.items()):
            found[f"{region}/identity/{name}"] = {k: dump._document(v) for k, v in identity.policies.items()}
        for name, rule_set in list(backend.receipt_rule_set.items()):
            found[f"{region}/receipt-rule-set/{name}"] = {"active": rule_set.is_active}
        for name in list(backend.config_sets):
            found[f"{region}/configuration-set/{name}"] = {}
    return found


# ---- SNS ------------------------------------------------------------------------------------------------------------

@registry.answers("sns:GetSMSSandboxAccountStatus")
def sandbox(call, account):
    """AWS: "When you start using Amazon SNS to send SMS messages, your account is in the SMS sandbox"."""
    return {"IsInSandbox": not state.seeded(account).get("sns", {}).get("production", False)}


@registry.answers("sns:SetSMSAttributes")
def set_sms(call, account):
    """AWS keeps what is set and leaves out what was set to nothing; moto keeps that too."""
    from moto.sns.models import sns_backends
    kept = sns_backends[account][call.region].sms_attributes
    for key, value in (call.params.get("attributes") or {}).items():
        if value == "":
            kept.pop(key, None)
        else:
            kept[key] = value
    return {}


@dump.service("sns")
def picture_sns(account):
    found = {}
    for region, backend in dump._backends("moto.sns.models", "sns_backends", account):
        for name, topic in list(backend.topics.items()):
            found[f"{region}/topic/{name}"] = {"policy": dump._document(topic.policy), "tags": topic._tags}
        for name, subscription in list(backend.subscriptions.items()):
            found[f"{region}/subscription/{name}"] = {"endpoint": subscription.endpoint}
        found[f"{region}/sms"] = dict(backend.sms_attributes)
    return found


@registry.after("sqs:GetQueueAttributes")
def whole_seconds(call, account, result):
    """AWS writes the dates of a queue as whole seconds."""
    for key, value in (result.get("Attributes") or {}).items():
        if key.endswith("Timestamp"):
            result["Attributes"][key] = str(int(float(value)))
    return result


@dump.service("sqs")
def picture_sqs(account):
    return {f"{region}/queue/{name}": {"policy": dump._document(queue.policy), "tags": queue.tags}
            for region, backend in dump._backends("moto.sqs.models", "sqs_backends", account)
            for name, queue in list(backend.queues.items())}


# ---- Lightsail ------------------------------------------------------------------------------------------------------

def _lightsail(call, account, name, key):
    return find(call, account, name, key, "NotFoundException", f"The resource does not exist: {key}", 400)


def _tags(call):
    return [dict(tag) for tag in call.params.get("tags") or []]


def _made(call, account, sort, name, **more):
    """AWS: a name stands for one resource in an account and region."""
    have = shelf(account, call.region, f"lightsail.{sort}")
    if name in have:
        raise AwsError(400, "InvalidInputException", f"Some names are already in use: {name}")
    made = arn(call, account, "lightsail", f"{sort}/{abs(hash((sort, name))) % 10**12:012d}")
    have[name] = {"arn": made, "createdAt": clock.utcnow(), **more}
    return have[name]


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


# ---- WorkMail -------------------------------------------------------------------------------------------------------

def _organization(call, account):
    return find(call, account, "workmail", call.params["OrganizationId"], "OrganizationNotFoundException", None, 400)


@registry.answers("workmail:CreateOrganization")
def create_organization(call, account):
    alias = call.params["Alias"]
    made = f"m-{abs(hash(alias)) % 16**32:032x}"
    shelf(account, call.region, "workmail")[made] = {
        "OrganizationId": made, "Alias": alias, "State": "Active", "DefaultMailDomain": f"{alias}.awsapps.com",
        "CompletedDate": clock.utcnow(), "ARN": arn(call, account, "workmail", f"organization/{made}")}
    return {"OrganizationId": made}


@registry.answers("workmail:ListOrganizations")
def list_organizations(call, account):
    found = [{k: o[k] for k in ("OrganizationId", "Alias", "State", "DefaultMailDomain")}
             for o in shelf(account, call.region, "workmail").values()]
    return page(call, found, "OrganizationSummaries", "MaxResults", "NextToken")


@registry.answers("workmail:DescribeOrganization")
def describe_organization(call, account):
    return _organization(call, account)


@registry.answers("workmail:ListUsers", "workmail:ListMailDomains")
def list_in_organization(call, account):
    found = _organization(call, account)
    if call.op == "ListUsers":
        return {"Users": [{"Id": "u-1", "Name": "admin", "Email": f"admin@{found['DefaultMailDomain']}"}]}
    return {"MailDomains": [{"DomainName": found["DefaultMailDomain"], "DefaultDomain": True}]}


@registry.answers("workmail:DeleteOrganization")
def delete_organization(call, account):
    """AWS shows what was deleted as Deleted for a while."""
    found = _organization(call, account)
    if found["State"] != "Active":
        raise AwsError(400, "OrganizationStateException", f"The organization is {found['State']}.")
    found["State"] = "Deleted"
    return {"OrganizationId": found["OrganizationId"], "State": "Deleting"}


# ---- text messages --------------------------------------------------------------------------------------------------

def _wanted(call, account, name, ids):
    if ids:
        return [find(call, account, name, one, "ResourceNotFoundException", None, 400) for one in ids]
    return list(shelf(account, call.region, name).values())


def _unprotected(found):
    if found["DeletionProtectionEnabled"]:
        raise AwsError(400, "ConflictException", "Deletion protection is enabled.")


@registry.answers("pinpoint-sms-voice-v2:RequestPhoneNumber")
def request_number(call, account):
    have = shelf(account, call.region, "sms.number")
    made = f"phone-{len(have) + 1:032x}"
    have[made] = {"PhoneNumberId": made, "PhoneNumberArn": arn(call, account, "sms-voice", f"phone-number/{made}"),
                  "PhoneNumber": "+12065550100", "Status": "ACTIVE", "IsoCountryCode": call.params["IsoCountryCode"],
                  "MessageType": call.params["MessageType"], "NumberCapabilities": call.params["NumberCapabilities"],
                  "NumberType": call.params["NumberType"], "MonthlyLeasingPrice": "2.00", "TwoWayEnabled": False,
                  "SelfManagedOptOutsEnabled": False, "OptOutListName": "Default", "CreatedTimestamp": clock.utcnow(),
                  "DeletionProtectionEnabled": bool(call.params.get("DeletionProtectionEnabled"))}
    return have[made]


@registry.answers("pinpoint-sms-voice-v2:DescribePhoneNumbers")
def describe_numbers(call, account):
    return page(call, _wanted(call, account, "sms.number", call.params.get("PhoneNumberIds")), "PhoneNumbers",
                "MaxResults", "NextToken")


@registry.answers("pinpoint-sms-voice-v2:UpdatePhoneNumber")
def update_number(call, account):
    found = _wanted(call, account, "sms.number", [call.params["PhoneNumberId"]])[0]
    found["DeletionProtectionEnabled"] = bool(call.params.get("DeletionProtectionEnabled"))
    return found


@registry.answers("pinpoint-sms-voice-v2:ReleasePhoneNumber")
def release_number(call, account):
    """AWS: ConflictException for a number that is protected or in a pool."""
    found = _wanted(call, account, "sms.number", [call.params["PhoneNumberId"]])[0]
    _unprotected(found)
    if found.get("PoolId"):
        raise AwsError(400, "ConflictException", "The phone number is associated to a pool.")
    found["Status"] = "DELETED"
    return found


@registry.answers("pinpoint-sms-voice-v2:CreatePool")
def create_pool(call, account):
    number = _wanted(call, account, "sms.number", [call.params["OriginationIdentity"]])[0]
    have = shelf(account, call.region, "sms.pool")
    made = f"pool-{len(have) + 1:032x}"
    have[made] = {"PoolId": made, "PoolArn": arn(call, account, "sms-voice", f"pool/{made}"), "Status": "ACTIVE",
                  "MessageType": call.params["MessageType"], "TwoWayEnabled": False, "SelfManagedOptOutsEnabled": False,
                  "OptOutListName": "Default", "SharedRoutesEnabled": False, "CreatedTimestamp": clock.utcnow(),
                  "DeletionProtectionEnabled": bool(call.params.get("DeletionProtectionEnabled"))}
    number["PoolId"] = made
    return have[made]


@registry.answers("pinpoint-sms-voice-v2:DescribePools")
def describe_pools(call, account):
    return page(call, _wanted(call, account, "sms.pool", call.params.get("PoolIds")), "Pools", "MaxResults", "NextToken")


@registry.answers("pinpoint-sms-voice-v2:UpdatePool")
def update_pool(call, account):
    found = _wanted(call, account, "sms.pool", [call.params["PoolId"]])[0]
    found["DeletionProtectionEnabled"] = bool(call.params.get("DeletionProtectionEnabled"))
    return found


@registry.answers("pinpoint-sms-voice-v2:DeletePool")
def delete_pool(call, account):
    found = _wanted(call, account, "sms.pool", [call.params["PoolId"]])[0]
    _unprotected(found)
    for number in shelf(account, call.region, "sms.number").values():
        if number.get("PoolId") == found["PoolId"]:
            del number["PoolId"]
    return shelf(account, call.region, "sms.pool").pop(found["PoolId"])


pictured("messaging", "workmail", "sms.number", "sms.pool")
