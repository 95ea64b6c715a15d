"""CloudWatch's CBOR, Access Analyzer, Service Quotas: what moto 5.2.1 lacks.

aws-sdk-go-v2 speaks Smithy RPC v2 with CBOR to CloudWatch. A call is rewritten to the JSON protocol, which CloudWatch
speaks too, and its answer to CBOR.
"""
import datetime as dt
import io
import json
import struct
import types
import uuid

from . import dump, registry, wire
from .keys_fixes import missing, now, store, taken

_CBOR = "application/cbor"


def _head(major, n):
    for limit, code, form in ((24, None, None), (256, 24, ">B"), (65536, 25, ">H"), (2**32, 26, ">I"), (2**64, 27, ">Q")):
        if n < limit:
            return bytes([major << 5 | (n if code is None else code)]) + (struct.pack(form, n) if form else b"")
    raise ValueError(n)


def cbor(value):
    """RFC 8949, as much of it as answers need; a time is tag 1 with seconds."""
    if value is None or isinstance(value, bool):
        return {None: b"\xf6", True: b"\xf5", False: b"\xf4"}[value]
    if isinstance(value, int):
        return _head(0, value) if value >= 0 else _head(1, -1 - value)
    if isinstance(value, float):
        return b"\xfb" + struct.pack(">d", value)
    if isinstance(value, dt.datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=dt.timezone.utc)
        return b"\xc1" + cbor(aware.timestamp())
    if isinstance(value, bytes):
        return _head(2, len(value)) + value
    if isinstance(value, str):
        return _head(3, len(value.encode())) + value.encode()
    if isinstance(value, dict):
        return _head(5, len(value)) + b"".join(cbor(str(k)) + cbor(v) for k, v in value.items())
    return _head(4, len(value)) + b"".join(cbor(v) for v in value)


def _decode(body):
    from botocore.parsers import BaseCBORParser

    class Reader(BaseCBORParser):
        def parse(self, response, shape):
            raise NotImplementedError

    return Reader().parse_data_item(io.BufferedReader(io.BytesIO(body))) if body else {}


def _to_json(value):
    return value.timestamp() if isinstance(value, dt.datetime) else value


@registry.installer
def install():
    from . import server, signature

    resolve, carry, matches = wire.Call._resolve, server.Lab._carry, signature.matches

    def _resolve(self):
        self.cbor = self.headers.get("Smithy-Protocol") == "rpc-v2-cbor"
        parts = self.path.strip("/").split("/")  # service/NAME/operation/NAME
        if self.cbor and len(parts) == 4 and parts[0] == "service":
            self.sent = types.SimpleNamespace(
                method=self.method, path=self.path, query=self.query, headers=dict(self.headers), body=self.body, environ=dict(self.environ))
            self.body = json.dumps(_decode(self.body), default=_to_json).encode()
            self.path = "/"
            for name, value in (("X-Amz-Target", f"{parts[1]}.{parts[3]}"), ("Content-Type", "application/x-amz-json-1.0")):
                self.headers.set(name, value)
            self.environ.update({
                "PATH_INFO": "/", "CONTENT_TYPE": "application/x-amz-json-1.0", "CONTENT_LENGTH": str(len(self.body)),
                "HTTP_X_AMZ_TARGET": f"{parts[1]}.{parts[3]}", "wsgi.input": io.BytesIO(self.body),
            })
            for name in ("HTTP_SMITHY_PROTOCOL", "HTTP_ACCEPT"):
                self.environ.pop(name, None)
        resolve(self)

    def _carry(self, call, trusted):
        answer = carry(self, call, trusted)
        return _in_cbor(call, answer) if call.cbor else answer

    def _matches(call, secret):
        """What was signed is what was sent."""
        return matches(getattr(call, "sent", call), secret)

    wire.Call._resolve, server.Lab._carry, signature.matches = _resolve, _carry, _matches


def _in_cbor(call, answer):
    if answer.status < 400 and call.service and call.op:
        body = cbor(call.decode(answer))
    else:
        answer.read_error(call)
        body = cbor({"__type": f"com.amazonaws.cloudwatch#{answer.code}", "message": answer.message or ""})
    headers = {k: v for k, v in answer.headers.items() if k.lower() not in ("content-type", "content-length")}
    headers.update({"Content-Type": _CBOR, "smithy-protocol": "rpc-v2-cbor"})
    return wire.Answer(answer.status, headers, body, answer.code, answer.message)


# -- CloudWatch -------------------------------------------------------------------


def _actions(call, account, on):
    from moto.cloudwatch.models import cloudwatch_backends

    alarms = cloudwatch_backends[account][call.region].alarms
    for name in call.params.get("AlarmNames") or []:
        if name in alarms:
            alarms[name].actions_enabled = on
    return {}


@registry.answers("cloudwatch:EnableAlarmActions")
def enable_actions(call, account):
    """AWS tells nothing about names that are not there."""
    return _actions(call, account, True)


@registry.answers("cloudwatch:DisableAlarmActions")
def disable_actions(call, account):
    return _actions(call, account, False)


@dump.service("cloudwatch")
def dump_alarms(account):
    found = {}
    for region, backend in dump._backends("moto.cloudwatch.models", "cloudwatch_backends", account):
        for name, alarm in list(backend.alarms.items()):
            found[f"{region}/alarm/{name}"] = {"actions": str(alarm.actions_enabled).lower(), "metric": alarm.metric_name}
    return found


@dump.service("config")
def dump_config(account):
    found = {}
    for region, backend in dump._backends("moto.config.models", "config_backends", account):
        for name, recorder in list(backend.recorders.items()):
            found[f"{region}/recorder/{name}"] = {"recording": recorder.status.recording}
        for name, channel in list(backend.delivery_channels.items()):
            found[f"{region}/delivery-channel/{name}"] = channel.to_dict()
    return found


# -- Access Analyzer -----------------------------------------------------------


@registry.answers("accessanalyzer:CreateAnalyzer")
def create_analyzer(call, account):
    name = call.params["analyzerName"]
    arn = f"arn:aws:access-analyzer:{call.region}:{account}:analyzer/{name}"
    store("analyzer", account, call.region)[name] = {
        "name": name, "arn": arn, "type": call.params["type"], "createdAt": now(), "status": "ACTIVE", "tags": call.params.get("tags") or {}}
    return {"arn": arn}


@registry.answers("accessanalyzer:ListAnalyzers")
def list_analyzers(call, account):
    return {"analyzers": [dict(a) for a in store("analyzer", account, call.region).values()]}


@registry.answers("accessanalyzer:GetFindingsStatistics")
def count_findings(call, account):
    """The lab's analyzers find nothing."""
    if call.params["analyzerArn"] not in [a["arn"] for a in store("analyzer", account, call.region).values()]:
        raise missing("ResourceNotFoundException", "Analyzer not found", 404)
    counts = {"totalActiveFindings": 0, "totalArchivedFindings": 0, "totalResolvedFindings": 0}
    return {"findingsStatistics": [{"externalAccessFindingsStatistics": counts}]}


def _archive_rules(call, account):
    name = call.params["analyzerName"]
    taken(store("analyzer", account, call.region), name, "ResourceNotFoundException", "Analyzer not found", 404)
    return store("archive-rule/" + name, account, call.region)


@registry.answers("accessanalyzer:CreateArchiveRule")
def create_archive_rule(call, account):
    name = call.params["ruleName"]
    _archive_rules(call, account)[name] = {"ruleName": name, "filter": call.params["filter"], "createdAt": now(), "updatedAt": now()}
    return {}


@registry.answers("accessanalyzer:ListArchiveRules")
def list_archive_rules(call, account):
    return {"archiveRules": [dict(r) for r in _archive_rules(call, account).values()]}


@registry.answers("accessanalyzer:GetArchiveRule")
def get_archive_rule(call, account):
    return {"archiveRule": dict(taken(_archive_rules(call, account), call.params["ruleName"], "ResourceNotFoundException", "Rule not found", 404))}


@registry.answers("accessanalyzer:DeleteArchiveRule")
def delete_archive_rule(call, account):
    rules = _archive_rules(call, account)
    taken(rules, call.params["ruleName"], "ResourceNotFoundException", "Rule not found", 404)
    del rules[call.params["ruleName"]]
    return {}


# -- Service Quotas -------------------------------------------------------------


@registry.answers("service-quotas:RequestServiceQuotaIncrease")
def raise_quota(call, account):
    by = call.identity.arn if call.identity else f"arn:aws:iam::{account}:root"
    one = {"Id": uuid.uuid4().hex, "ServiceCode": call.params["ServiceCode"], "QuotaCode": call.params["QuotaCode"], "Status": "PENDING",
           "QuotaName": call.params["QuotaCode"], "DesiredValue": call.params["DesiredValue"], "Created": now(), "LastUpdated": now(),
           "Requester": json.dumps({"accountId": account, "callerArn": by}), "GlobalQuota": False,
           "QuotaArn": f"arn:aws:servicequotas:{call.region}:{account}:{call.params['ServiceCode']}/{call.params['QuotaCode']}"}
    store("quota", account, call.region)[one["Id"]] = one
    return {"RequestedQuota": dict(one)}


@registry.answers("service-quotas:ListRequestedServiceQuotaChangeHistory")
def quota_requests(call, account):
    return {"RequestedQuotas": [dict(q) for q in store("quota", account, call.region).values()]}


@registry.answers("service-quotas:GetRequestedServiceQuotaChange")
def quota_request(call, account):
    return {"RequestedQuota": dict(taken(store("quota", account, call.region), call.params["RequestId"], "NoSuchResourceException"))}
