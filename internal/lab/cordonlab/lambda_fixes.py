"""Lambda: reserved concurrency 0 stops a function, layers attach, dates follow changes.

moto 5.2.1 without docker runs nothing and answers every Invoke; no code is run here either, on purpose: the functions
in an incident are the intruder's.
"""
import json

from . import registry
from .pages import token_page
from .registry import AwsError

_ACCOUNT_CONCURRENCY = 1000
_CODE_BYTES = 80530636800


def backend(account, region):
    from moto.awslambda.utils import get_backend
    return get_backend(account, region)


def _function(call, account):
    """moto raises its own ResourceNotFoundException for an unknown name."""
    return backend(account, call.region).get_function(call.params["FunctionName"], call.params.get("Qualifier"))


def _invoke(self, function_name, qualifier, body, headers, response_headers):
    """AWS (PutFunctionConcurrency): "To stop a function from processing events, set reserved concurrency to zero";
    an invocation is then refused: TooManyRequestsException, 429."""
    function = self.get_function(function_name, qualifier)
    if function.reserved_concurrency is not None and int(function.reserved_concurrency) == 0:
        from moto.awslambda.exceptions import LambdaClientError

        class TooManyRequests(LambdaClientError):
            code = 429

        raise TooManyRequests("TooManyRequestsException", "Rate Exceeded.")
    return b"null"


def _found(call, account):
    from moto.core.exceptions import ServiceException
    try:
        return _function(call, account)
    except ServiceException as error:
        raise AwsError(404, "ResourceNotFoundException", str(error.message)) from None
    except Exception as error:
        description = getattr(error, "message", None) or getattr(error, "description", None) or str(error)
        raise AwsError(404, "ResourceNotFoundException", _message(description)) from None


def _message(description):
    try:
        return json.loads(description).get("message") or description
    except (ValueError, TypeError, AttributeError):
        return str(description)


@registry.answers("lambda:GetFunctionConcurrency")
def get_concurrency(call, account):
    """0 is a value, not the lack of one."""
    reserved = _found(call, account).reserved_concurrency
    return {} if reserved is None else {"ReservedConcurrentExecutions": int(reserved)}


@registry.after("lambda:GetFunction")
def get_function(call, account, result):
    """moto leaves a reserved concurrency of 0 out, and its link to the code leads nowhere."""
    from . import lambda_code

    found = _found(call, account)
    reserved = found.reserved_concurrency
    result.setdefault("Code", {})["Location"] = lambda_code.function_link(call, account, found)
    if reserved is not None:
        result["Concurrency"] = {"ReservedConcurrentExecutions": int(reserved)}
    return result


def _add_layer_permission(old):
    """AWS (AddLayerVersionPermission): ResourceConflictException, 409, for a statement id that is there already."""
    def add_layer_version_permission(self, layer_name, version_number, statement):
        from moto.awslambda.exceptions import LambdaClientError

        wanted = json.loads(statement).get("StatementId")
        version = self.get_layer_version(layer_name, str(version_number))
        if any(there.get("Sid") == wanted for there in version.policy.statements):
            class Conflict(LambdaClientError):
                code = 409

            raise Conflict("ResourceConflictException", f"The statement id ({wanted}) provided already exists.")
        return old(self, layer_name, version_number, statement)
    return add_layer_version_permission


@registry.answers("lambda:GetAccountSettings")
def get_account_settings(call, account):
    """AWS: "Retrieves details about your account's limits and usage in an Amazon Web Services Region"."""
    functions = list(backend(account, call.region).list_functions())
    reserved = sum(int(f.reserved_concurrency or 0) for f in functions)
    return {"AccountLimit": {"TotalCodeSize": _CODE_BYTES, "CodeSizeUnzipped": 262144000, "CodeSizeZipped": 52428800,
                             "ConcurrentExecutions": _ACCOUNT_CONCURRENCY,
                             "UnreservedConcurrentExecutions": _ACCOUNT_CONCURRENCY - reserved},
            "AccountUsage": {"TotalCodeSize": sum(int(f.code_size or 0) for f in functions),
                             "FunctionCount": len(functions)}}


@registry.answers("lambda:ListFunctionUrlConfigs")
def list_urls(call, account):
    """moto knows one URL per function and no list."""
    function = _found(call, account)
    url = getattr(function, "url_config", None)
    shapes = [_url_shape(url)] if url else []
    return token_page({"FunctionUrlConfigs": shapes}, "FunctionUrlConfigs", 50, call.params.get("Marker"), "urls",
                      AwsError(400, "InvalidParameterValueException", "The marker is invalid."), "NextMarker")


def _url_shape(url):
    """AWS writes the mode in capitals and ends the URL with a slash."""
    shape = {key: value for key, value in url.to_dict().items() if value is not None}
    shape["InvokeMode"] = str(shape.get("InvokeMode") or "BUFFERED").upper()
    shape["FunctionUrl"] = shape["FunctionUrl"].rstrip("/") + "/"
    return shape


@registry.installer
def install():
    from moto.awslambda import models
    from moto.awslambda_simple.models import LambdaSimpleBackend
    LambdaSimpleBackend.invoke = _invoke
    models.LambdaBackend.add_layer_version_permission = _add_layer_permission(
        models.LambdaBackend.add_layer_version_permission
    )
    models.LambdaFunction._get_layers_data = _layers_data
    models.LambdaFunction.update_configuration = _dated(models.LambdaFunction.update_configuration)
    models.LambdaFunction.update_function_code = _dated(models.LambdaFunction.update_function_code)


def _dated(original):
    """AWS (LastModified): "The date and time that the function was last updated"."""
    def method(self, *args, **kwargs):
        from moto.core.utils import iso_8601_datetime_with_nanoseconds
        self.last_modified = iso_8601_datetime_with_nanoseconds()
        return original(self, *args, **kwargs)
    return method


def _layers_data(self, arns):
    """moto looks for layers in the backend with docker, which is empty here, and only in the own account. AWS lets a
    function use "a layer that's shared with your account": a way to slip foreign code into a function."""
    from moto.awslambda.exceptions import UnknownLayerVersionException
    found = []
    for arn in arns:
        parts = arn.split(":")
        version = backend(parts[4], parts[3]).layers_versions_by_arn(arn) if len(parts) == 8 else None
        if version is None:
            raise UnknownLayerVersionException(arns)
        found.append({"Arn": version.arn, "CodeSize": version.code_size})
    return found
