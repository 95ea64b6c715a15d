"""AWS's refusals, in the words and codes of each protocol.

Credentials that are not good: InvalidClientTokenId (query), UnrecognizedClientException (JSON), AuthFailure 401 (EC2),
InvalidAccessKeyId (S3). A session past its time: ExpiredToken, ExpiredTokenException, RequestExpired. A policy's no:
AccessDenied, AccessDeniedException, UnauthorizedOperation.
"""
from . import registry

QUERY, JSON, REST_JSON, EC2, S3 = "query", "json", "rest-json", "ec2", "s3"
_INVALID = "The security token included in the request is invalid."
_EXPIRED = "The security token included in the request is expired"
_NO_VALID = "AWS was not able to validate the provided access credentials"
_SIGNATURE = ("The request signature we calculated does not match the signature you provided. Check your AWS Secret "
              "Access Key and signing method. Consult the service documentation for details.")


def family(service):
    """The family of error codes that a service speaks."""
    if service in ("s3", "s3control"):
        return S3
    if service == "ec2":
        return EC2
    from moto.core.utils import get_service_model
    try:
        protocol = get_service_model(service).protocol
    except Exception:
        return JSON
    return {"query": QUERY, "rest-xml": QUERY, "rest-json": REST_JSON}.get(protocol, JSON)


_INVALID_KEY = {
    QUERY: (403, "InvalidClientTokenId", _INVALID), JSON: (400, "UnrecognizedClientException", _INVALID),
    REST_JSON: (403, "UnrecognizedClientException", _INVALID), EC2: (401, "AuthFailure", _NO_VALID),
    S3: (403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.")}
_TOO_OLD = {
    QUERY: (403, "ExpiredToken", _EXPIRED), JSON: (400, "ExpiredTokenException", _EXPIRED),
    REST_JSON: (403, "ExpiredTokenException", _EXPIRED), EC2: (400, "RequestExpired", "Request has expired."),
    S3: (400, "ExpiredToken", "The provided token has expired.")}
_BAD_SIGNATURE = {
    QUERY: (403, "SignatureDoesNotMatch", _SIGNATURE), JSON: (400, "InvalidSignatureException", _SIGNATURE),
    REST_JSON: (403, "InvalidSignatureException", _SIGNATURE), EC2: (401, "AuthFailure", _NO_VALID),
    S3: (403, "SignatureDoesNotMatch", _SIGNATURE)}
_DENIED = {QUERY: (403, "AccessDenied"), JSON: (400, "AccessDeniedException"),
           REST_JSON: (403, "AccessDeniedException"), EC2: (403, "UnauthorizedOperation"), S3: (403, "AccessDenied")}
_BY_REASON = {"expired": _TOO_OLD, "bad-signature": _BAD_SIGNATURE}


def refusal(service, reason):
    """The error for credentials that are refused whatever the policies say."""
    return registry.AwsError(*_BY_REASON.get(reason, _INVALID_KEY)[family(service)])


def denied(service, who, action, resource, explicit, kind="identity-based policy"):
    """A policy's refusal, in AWS's sentence."""
    status, code = _DENIED[family(service)]
    text = f"User: {who} is not authorized to perform: {action}"
    if resource and resource != "*":
        text += f" on resource: {resource}"
    text += f" with an explicit deny in {'an' if kind[0] in 'aeiou' else 'a'} {kind}" if explicit else (
        f" because no {kind} allows the {action} action")
    if service == "ec2":
        text = "You are not authorized to perform this operation. " + text
    return registry.AwsError(status, code, text)


def validation(service, message):
    """A parameter that is out of bounds."""
    return registry.AwsError(400, "ValidationError" if family(service) == QUERY else "ValidationException", message)


def inside(service, code, message):
    """An error raised within moto's own code: moto writes it in the service's protocol.

    It finds the service's model by the module of the exception, so it must be the service's own class.
    """
    if service == "ec2":
        from moto.ec2.exceptions import EC2ClientError as error
    else:
        from moto.iam.exceptions import IAMException as error
    return error(code, message)
