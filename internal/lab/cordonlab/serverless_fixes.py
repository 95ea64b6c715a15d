"""Lambda's permissions, EventBridge, Scheduler, API Gateway and Step Functions: what moto lacks or does otherwise."""

import copy
import json
from typing import Any

from . import dump, registry
from .lambda_fixes import backend as lambda_backend
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
