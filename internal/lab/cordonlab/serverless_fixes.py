"""Lambda's permissions, EventBridge, Scheduler, API Gateway and Step Functions: what moto lacks or does otherwise."""

import copy
import json
from typing import Any

from . import dump, registry
from .lambda_fixes import backend as lambda_backend
from .pages import token_page
from .registry import AwsError

# -- Lambda: permissions ------------------------------------------------------
#
# AWS (AddPermission, Qualifier): "Specify a version or alias to add permissions to a published version of the
# function." Each has a policy of its own; moto has one per version, and RemovePermission does not look at the
# qualifier. Here all statements are with the function, and the Resource says which policy one belongs to.


def _missing(message: str) -> AwsError:
    return AwsError(404, "ResourceNotFoundException", message)


def _target(call: Any, account: str) -> tuple[Any, str]:
    """The function, and the ARN that the policy asked for is of."""
    params = call.params
    name = params["FunctionName"].split(":function:")[-1].split(":")[0]
    lambdas = lambda_backend(account, call.region)
    versions = lambdas._lambdas._functions.get(name)
    latest = versions["latest"] if versions else None
    if latest is None:
        raise _missing(f"Function not found: arn:aws:lambda:{call.region}:{account}:function:{name}")
    qualifier = params.get("Qualifier")
    known = {str(v.version) for v in versions["versions"]} | set(lambdas._lambdas._aliases.get(latest.function_arn, {}))
    base = latest.function_arn.removesuffix(":$LATEST")
    if not qualifier or qualifier == "$LATEST":
        return latest, base
    if qualifier not in known:
        raise _missing(f"Function not found: {base}:{qualifier}")
    return latest, f"{base}:{qualifier}"


def _principal(given: str) -> Any:
    """AWS writes an account as its root user, a service as a service."""
    if given.isdigit() and len(given) == 12:
        return {"AWS": f"arn:aws:iam::{given}:root"}
    if given.startswith("arn:"):
        return {"AWS": given}
    return "*" if given == "*" else {"Service": given}


_CONDITIONS = {
    "SourceAccount": ("StringEquals", "AWS:SourceAccount"),
    "SourceArn": ("ArnLike", "AWS:SourceArn"),
    "PrincipalOrgID": ("StringEquals", "aws:PrincipalOrgID"),
    "EventSourceToken": ("StringEquals", "lambda:EventSourceToken"),
    "FunctionUrlAuthType": ("StringEquals", "lambda:FunctionUrlAuthType"),
    "InvokedViaFunctionUrl": ("Bool", "lambda:InvokedViaFunctionUrl"),
}


@registry.answers("lambda:AddPermission")
def add_permission(call: Any, account: str) -> dict[str, Any]:
    function, resource = _target(call, account)
    params, statements = call.params, function.policy.statements
    if any(s["Resource"] == resource and s["Sid"] == params["StatementId"] for s in statements):
        raise AwsError(409, "ResourceConflictException",
                       f"The statement id ({params['StatementId']}) provided already exists. "
                       "Please provide a new statement id, or remove the existing statement.")
    statement = {"Sid": params["StatementId"], "Effect": "Allow", "Principal": _principal(params["Principal"]),
                 "Action": params["Action"], "Resource": resource}
    for member, (operator, key) in _CONDITIONS.items():
        value = params.get(member)
        if value is not None:
            text = str(value).lower() if isinstance(value, bool) else value
            statement.setdefault("Condition", {}).setdefault(operator, {})[key] = text
    statements.append(statement)
    return {"Statement": json.dumps(statement)}


@registry.answers("lambda:RemovePermission")
def remove_permission(call: Any, account: str) -> dict[str, Any]:
    function, resource = _target(call, account)
    for statement in function.policy.statements:
        if statement["Resource"] == resource and statement["Sid"] == call.params["StatementId"]:
            function.policy.statements.remove(statement)
            return {}
    raise _missing(f"Statement {call.params['StatementId']} is not found in resource policy.")


@registry.answers("lambda:GetPolicy")
def get_policy(call: Any, account: str) -> dict[str, Any]:
    function, resource = _target(call, account)
    statements = [copy.deepcopy(s) for s in function.policy.statements if s["Resource"] == resource]
    if not statements:
        raise _missing("The resource you requested does not exist.")
    body = {"Version": "2012-10-17", "Id": "default", "Statement": statements}
    return {"Policy": json.dumps(body), "RevisionId": function.policy.revision}


@registry.answers("lambda:GetEventSourceMapping", "lambda:DeleteEventSourceMapping", "lambda:UpdateEventSourceMapping")
def event_source(call: Any, account: str) -> dict[str, Any]:
    """moto answers what is not there with a page of HTML, or with none."""
    lambdas, params = lambda_backend(account, call.region), call.params
    mapping = lambdas.get_event_source_mapping(params["UUID"])
    if mapping is None:
        raise _missing("The resource you requested does not exist.")
    if call.op == "DeleteEventSourceMapping":
        lambdas.delete_event_source_mapping(mapping.uuid)
        return {**_given(mapping.get_configuration()), "State": "Deleting"}
    if call.op == "UpdateEventSourceMapping":
        lambdas.update_event_source_mapping(mapping.uuid, {k: v for k, v in params.items() if k != "UUID"})
    return _given(mapping.get_configuration())


def _given(values: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in values.items() if v is not None}


# -- EventBridge -----------------------------------------------------------------


def _events(account: str, region: str) -> Any:
    from moto.events.models import events_backends
    return events_backends[account][region]


@registry.after("events:ListEventBuses")
def list_buses(call: Any, account: str, result: dict[str, Any]) -> dict[str, Any]:
    """AWS (EventBus): CreationTime, "The time the event bus was created", and LastModifiedTime."""
    buses = _events(account, call.region).event_buses
    for bus in result.get("EventBuses") or []:
        known = buses[bus["Name"]]
        bus["CreationTime"], bus["LastModifiedTime"] = known.creation_time, known.last_modified_time
    return result


@registry.answers("events:DeleteEventBus")
def delete_bus(call: Any, account: str) -> dict[str, Any]:
    """AWS: "All rules associated with this event bus need to be deleted. You can't delete your account's default event
    bus." moto lets the rules go with it."""
    buses, name = _events(account, call.region), call.params["Name"]
    if name == "default":
        raise AwsError(400, "ValidationException", "Cannot delete event bus default.")
    bus = buses.event_buses.get(name)
    if bus is not None and bus.rules:
        raise AwsError(400, "ValidationException", f"Event bus {name} cannot be deleted since it has rules.")
    buses.delete_event_bus(name)
    return {}


@registry.answers("events:ListTargetsByRule")
def list_targets(call: Any, account: str) -> dict[str, Any]:
    """moto's refusals have no type of content, and read as a page of HTML."""
    params = call.params
    bus = (params.get("EventBusName") or "default").split("/")[-1] or "default"
    known = _events(account, call.region).event_buses.get(bus)
    rule = known.rules.get(params["Rule"]) if known else None
    if rule is None:
        raise AwsError(400, "ResourceNotFoundException", f"Rule {params['Rule']} does not exist on EventBus {bus}.")
    return token_page({"Targets": list(rule.targets)}, "Targets", int(params.get("Limit") or 100), params.get("NextToken"),
                      "targets", AwsError(400, "ValidationException", "The token is invalid."))


@registry.installer
def install_events() -> None:
    """AWS (PutPermission, Policy): "A JSON string that describes the permission policy statement. You can include a
    Policy parameter in the request instead of using the StatementId, Action, Principal, or Condition parameters": the
    bus then has that policy and no other statement. moto adds to those that were there."""
    from moto.events.models import EventsBackend

    def put_policy(event_bus: Any, policy: str) -> None:
        try:
            document = json.loads(policy)
        except ValueError:
            raise AwsError(400, "ValidationException", "This policy contains invalid Json") from None
        event_bus.remove_statements()
        statements = document.get("Statement") or []
        event_bus.add_policy({**document, "Statement": statements if isinstance(statements, list) else [statements]})

    EventsBackend._put_permission_from_policy = staticmethod(put_policy)


@dump.service("events")
def _dump_events(account: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for region, backend in dump._backends("moto.events.models", "events_backends", account):
        for name, bus in list(backend.event_buses.items()):
            found[f"{region}/bus/{name}"] = {"policy": json.loads(bus.policy) if bus.policy else None, "description": bus.description}
            for rule in list(bus.rules.values()):
                shown = {k: v for k, v in rule.describe().items() if v is not None}
                found[f"{region}/rule/{name}/{rule.name}"] = {**shown, "targets": sorted(rule.targets, key=lambda t: t["Id"])}
    return found


@dump.service("scheduler")
def _dump_scheduler(account: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for region, backend in dump._backends("moto.scheduler.models", "scheduler_backends", account):
        for group in list(backend.schedule_groups.values()):
            for one in list(group.schedules.values()):
                values = {k: v for k, v in one.to_dict().items() if k != "LastModificationDate"}
                found[f"{region}/schedule/{group.name}/{one.name}"] = values
    return found


# -- API Gateway, Step Functions ---------------------------------------------------


@registry.answers("apigateway:DeleteRestApi")
def delete_rest_api(call: Any, account: str) -> dict[str, Any]:
    """AWS: NotFoundException, "Invalid API identifier specified"; moto fails by a KeyError."""
    from moto.apigateway.models import apigateway_backends
    apis, name = apigateway_backends[account][call.region].apis, call.params["restApiId"]
    if apis.pop(name, None) is None:
        raise AwsError(404, "NotFoundException", f"Invalid API identifier specified {account}:{name}")
    return {}


@registry.answers("apigatewayv2:DeleteApi")
def delete_api(call: Any, account: str) -> dict[str, Any]:
    """AWS: NotFoundException; moto takes it for done."""
    from moto.apigatewayv2.models import apigatewayv2_backends
    apis, name = apigatewayv2_backends[account][call.region].apis, call.params["ApiId"]
    if apis.pop(name, None) is None:
        raise AwsError(404, "NotFoundException", f"Invalid API identifier specified {account}:{name}")
    return {}
