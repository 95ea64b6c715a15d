"""SES, SNS, SQS, text messages and WorkMail, where moto lacks them or answers otherwise than AWS.

WorkMail and the text messages of "pinpoint-sms-voice-v2" are not in moto at all: they live on the shelf.
"""
import json
import re

from . import clock, dump, registry, state, trail, wire
from .ml_fixes import arn, digits, find, page, pictured, shelf
from .registry import AwsError

trail.EVENT_SOURCES.setdefault("pinpoint-sms-voice-v2", "sms-voice")
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


@registry.answers("sesv2:DeleteConfigurationSet")
def delete_configuration_set(call, account):
    name = call.params["ConfigurationSetName"]
    if ses(account, call.region).config_sets.pop(name, None) is None:
        raise AwsError(404, "NotFoundException", f"Configuration set <{name}> does not exist.")
    return {}


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


# ---- WorkMail -------------------------------------------------------------------------------------------------------

def _organization(call, account):
    return find(call, account, "workmail", call.params["OrganizationId"], "OrganizationNotFoundException", None, 400)


@registry.answers("workmail:CreateOrganization")
def create_organization(call, account):
    alias = call.params["Alias"]
    made = f"m-{digits(alias)}"
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
        return {"Users": [{"Id": "u-1", "Name": "admin", "Email": f"admin@{found['DefaultMailDomain']}", "State": "ENABLED"}]}
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
