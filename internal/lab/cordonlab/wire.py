"""What goes over the wire: raw requests in, answers and errors out.

Requests are understood and answers written with botocore's models (through
moto's parsers and serialisers), so that one small engine speaks every
protocol of AWS.
"""

from __future__ import annotations

import functools
import io
import json
import re
import uuid
from typing import Any, Optional
from urllib.parse import parse_qsl, unquote
from xml.sax.saxutils import escape

from botocore import parsers
from werkzeug.datastructures import Headers, MultiDict

#: Name in the credential scope -> names of botocore's models, tried in order.
SIGNING_NAMES = {
    "email": ["sesv2", "ses"],
    "ses": ["sesv2", "ses"],
    "monitoring": ["cloudwatch"],
    "states": ["stepfunctions"],
    "s3": ["s3"],
    "elasticloadbalancing": ["elbv2", "elb"],
    "tagging": ["resourcegroupstaggingapi"],
    "servicequotas": ["service-quotas"],
    "sso": ["sso-admin"],
    "cloudcontrolapi": ["cloudcontrol"],
    "access-analyzer": ["accessanalyzer"],
    "elasticfilesystem": ["efs"],
    "bedrock": ["bedrock", "bedrock-agent", "bedrock-runtime"],
}

#: Calls that AWS takes without a signature, because what they carry is a token.
UNSIGNED_ACTIONS = {
    "AssumeRoleWithSAML": "sts",
    "AssumeRoleWithWebIdentity": "sts",
}

#: The largest body read: Lambda takes 50 MB of code, in base64.
MAX_BODY = 96 * 1024 * 1024


class BadRequest(Exception):
    """A request that is not even HTTP as AWS speaks it."""


@functools.lru_cache(None)
def model(service: str):
    """botocore's model of one service; raises if there is none."""
    from moto.core.utils import get_service_model

    return get_service_model(service)


@functools.lru_cache(None)
def has_model(service: str) -> bool:
    """Whether botocore knows the service."""
    from botocore.exceptions import UnknownServiceError

    try:
        model(service)
    except (UnknownServiceError, ValueError):
        return False
    return True


@functools.lru_cache(None)
def routes(service: str) -> list[tuple]:
    """The REST routes of a service, most specific first.

    Each is (method, regular expression of the path, query literals, operation).
    """
    found = []
    for name in model(service).operation_names:
        http = model(service).operation_model(name).http
        path, _, query = http.get("requestUri", "/").partition("?")
        literals = dict(pair.partition("=")[::2] for pair in query.split("&")) if query else {}
        elements = path.split("/")
        fixed = sum(1 for element in elements if not element.startswith("{"))
        greedy = sum(1 for element in elements if element.endswith("+}"))
        rank = (len(literals), fixed, -greedy)
        found.append((rank, http.get("method", "POST"), _path_regex(elements), literals, name))
    found.sort(key=lambda route: route[0], reverse=True)
    return [route[1:] for route in found]


def _path_regex(elements: list[str]) -> re.Pattern:
    parts = []
    for element in elements:
        if element.startswith("{") and element.endswith("}"):
            name = re.sub(r"\W", "_", element.strip("{}+"))
            parts.append(f"(?P<{name}>.+)" if element.endswith("+}") else f"(?P<{name}>[^/]+)")
        else:
            parts.append(re.escape(element))
    path = "/".join(parts).rstrip("/")
    return re.compile("^" + path + "/?$")


#: calls that share their address with an older one, under whose name they are recorded, and have a larger body
_BODIES = {
    ("s3", "PutBucketLifecycle"): "PutBucketLifecycleConfiguration",
    ("s3", "PutBucketNotification"): "PutBucketNotificationConfiguration",
}


class Call:
    """One request to AWS, understood as far as it can be.

    service and op are None where no model knows the request; params is None
    where the body does not fit the model.
    """

    def __init__(self, environ: dict[str, Any], trusted: bool = False):
        self.environ = environ
        self.method = environ["REQUEST_METHOD"]
        self.path = environ.get("PATH_INFO", "/")
        self.query = environ.get("QUERY_STRING", "")
        self.host = environ.get("HTTP_HOST", "")
        self.headers = _headers(environ)
        self.body = _body(environ)
        self.request_id = str(uuid.uuid4())
        self.identity = None
        self.uri_params: dict[str, str] = {}
        self.service: Optional[str] = None
        self.op: Optional[str] = None
        self.params: Optional[dict[str, Any]] = None
        self.source_ip = environ.get("REMOTE_ADDR", "127.0.0.1")
        self.user_agent = self.headers.get("User-Agent", "")
        if not trusted:
            self.headers.remove("X-Moto-Account-Id")  # moto would believe it
        else:
            self.source_ip = self.headers.get("X-Lab-Source-Ip") or self.source_ip
            self.user_agent = self.headers.get("X-Lab-User-Agent") or self.user_agent
        self._read_credentials()
        self._resolve()

    # -- reading ----------------------------------------------------------

    def _read_credentials(self) -> None:
        """The credential scope, from the header or from a presigned URL."""
        query = dict(parse_qsl(self.query))
        found = re.search(r"Credential=([^,\s]+)", self.headers.get("Authorization", ""))
        scope = (found.group(1) if found else query.get("X-Amz-Credential", "")).split("/")
        self.signed = len(scope) == 5 and scope[4] == "aws4_request"
        self.access_key_id = scope[0] if self.signed else ""
        self.region = scope[2] if self.signed else "us-east-1"
        self.signing_name = scope[3].lower() if self.signed else ""
        self.token = self.headers.get("X-Amz-Security-Token") or query.get("X-Amz-Security-Token")

    def _resolve(self) -> None:
        form = self._form()
        action = form.get("Action") or dict(parse_qsl(self.query)).get("Action")
        if not self.signed:
            self.signing_name = UNSIGNED_ACTIONS.get(action or "", "")
            if not self.signing_name:
                return
        for name in self._candidates():
            if not has_model(name):
                continue
            operation = self._operation(name, action)
            if operation in model(name).operation_names:
                self.service, self.op = name, operation
                break
        if self.service:
            self.params = self._parse(form)

    def _form(self) -> dict[str, str]:
        if not self.headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded"):
            return {}
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))

    def _candidates(self) -> list[str]:
        if self.signing_name == "s3" and self.path.startswith("/v20180820/"):
            return ["s3control"]
        if self.signing_name in ("ses", "email"):
            return ["sesv2"] if self.path.startswith("/v2/") else ["ses"]
        if self.signing_name == "elasticloadbalancing" and self._form().get("Version") == "2012-06-01":
            return ["elb"]  # calls of one name in both APIs
        if self.signing_name == "apigateway" and self.path.startswith("/v2/"):
            return ["apigatewayv2"]
        return SIGNING_NAMES.get(self.signing_name, [self.signing_name])

    def _operation(self, service: str, action: Optional[str]) -> Optional[str]:
        target = self.headers.get("X-Amz-Target")
        if target:
            return target.split(".")[-1]
        if action and model(service).protocol in ("query", "ec2"):
            return action
        return self._route(service)

    def _route(self, service: str) -> Optional[str]:
        present = dict(parse_qsl(self.query, keep_blank_values=True))
        path = self._rest_path()
        for method, regex, literals, name in routes(service):
            found = regex.match(path) if method == self.method else None
            if not found:
                continue
            if any(k not in present or (v and present[k] != v) for k, v in literals.items()):
                continue
            if service == "s3" and not self._fits_s3(name, present):
                continue
            self.uri_params = {k: unquote(v) for k, v in found.groupdict().items()}
            return name
        return None

    def _rest_path(self) -> str:
        """The path, with the bucket of a virtual-hosted S3 address in front.

        It is still encoded but for S3: a slash in a name is no slash of the path.
        """
        if self.signing_name != "s3" or "s3-control" in self.host:
            raw = str(self.environ.get("RAW_URI") or "").partition("?")[0]
            return raw if raw.startswith("/") and unquote(raw) == self.path else self.path
        found = re.match(r"^(.+)\.s3[.-][a-z0-9.-]*amazonaws\.com", self.host)
        if not found:
            return self.path
        return "/" + found.group(1) + (self.path if self.path != "/" else "")

    def _fits_s3(self, name: str, present: dict[str, str]) -> bool:
        """S3 tells some operations apart by a header or a parameter alone."""
        copying = "X-Amz-Copy-Source" in self.headers
        if name in ("CopyObject", "UploadPartCopy") and not copying:
            return False
        if name in ("PutObject", "UploadPart") and copying:
            return False
        multipart = ("UploadPart", "UploadPartCopy", "AbortMultipartUpload", "ListParts",
                     "CompleteMultipartUpload")
        if name in multipart and "uploadId" not in present:
            return False
        return not (name == "ListObjects" and present.get("list-type") == "2")

    def _parse(self, form: dict[str, str]) -> Optional[dict[str, Any]]:
        from moto.core.parse import PROTOCOL_PARSERS

        operation = model(self.service).operation_model(_BODIES.get((self.service, self.op), self.op))
        if self.service == "s3" and self.op in ("PutObject", "UploadPart"):
            return dict(self.uri_params)  # the body is the object itself
        source = self.body.decode("utf-8", "replace") if form else self.query
        values = MultiDict(parse_qsl(source, keep_blank_values=True))
        request = {
            "method": self.method,
            "values": values,
            "headers": self.headers,
            "body": self.body,
            "url_path": self.path,
            "url_params": self.uri_params,
        }
        try:
            return PROTOCOL_PARSERS[self.protocol()](operation).parse(request) or {}
        except Exception:  # a hostile body may break the parser in any way
            return None

    # -- writing ----------------------------------------------------------

    def protocol(self) -> str:
        """The protocol spoken: that of the model, or what the body says."""
        if not self.service:
            if self.headers.get("X-Amz-Target"):
                return "json"
            return "query" if self._form() else "rest-json"
        declared = model(self.service).protocol
        content = self.headers.get("Content-Type", "")
        if declared in ("rest-json", "rest-xml"):
            return declared
        if content.startswith("application/x-amz-json"):
            return "json"
        if content.startswith("application/x-www-form-urlencoded"):
            return "ec2" if declared == "ec2" else "query"
        return declared

    def answer(self, result: Optional[dict[str, Any]]) -> "Answer":
        """A result in botocore's output shape, written in the call's protocol."""
        from moto.core.serialize import SerializationContext, get_serializer_class

        operation = model(self.service).operation_model(self.op)
        serializer = get_serializer_class(self.service, self.protocol())
        context = SerializationContext(request_id=self.request_id)
        written = serializer(operation, context=context).serialize(result or {})
        body = written["body"]
        raw = body if isinstance(body, bytes) else str(body).encode()
        return Answer(written["status_code"], dict(written["headers"]), raw)

    def error(self, status: int, code: str, message: str) -> "Answer":
        """An error in the shape of the call's protocol."""
        headers = {"x-amzn-RequestId": self.request_id}
        protocol = self.protocol()
        xml_code, xml_message = escape(code), escape(message)
        if protocol == "ec2":
            body = (
                f"<Response><Errors><Error><Code>{xml_code}</Code><Message>{xml_message}"
                f"</Message></Error></Errors><RequestID>{self.request_id}</RequestID></Response>"
            )
        elif self.signing_name == "s3":
            body = (
                f"<Error><Code>{xml_code}</Code><Message>{xml_message}</Message>"
                f"<RequestId>{self.request_id}</RequestId></Error>"
            )
        elif protocol in ("query", "rest-xml"):
            fault = "Sender" if status < 500 else "Receiver"
            body = (
                f"<ErrorResponse><Error><Type>{fault}</Type><Code>{xml_code}</Code>"
                f"<Message>{xml_message}</Message></Error>"
                f"<RequestId>{self.request_id}</RequestId></ErrorResponse>"
            )
        else:
            headers["x-amzn-errortype"] = code
            headers["Content-Type"] = "application/x-amz-json-1.1"
            body = json.dumps({"__type": code, "message": message, "Message": message})
        headers.setdefault("Content-Type", "text/xml")
        return Answer(status, headers, body.encode(), code, message)

    def decode(self, answer: "Answer") -> dict[str, Any]:
        """An answer read as an SDK reads it, without botocore's own metadata."""
        operation = model(self.service).operation_model(self.op)
        parser = parsers.create_parser(self.protocol())
        response = {
            "status_code": answer.status,
            "headers": answer.headers,
            "body": answer.body,
            "context": {"operation_name": self.op},
        }
        result = parser.parse(response, operation.output_shape)
        result.pop("ResponseMetadata", None)
        return result


class Answer:
    """Status, headers and body of an answer; code and message if an error."""

    def __init__(self, status, headers, body, code=None, message=None):
        self.status = status
        self.headers = headers
        self.body = body
        self.code = code
        self.message = message

    def read_error(self, call: Call) -> None:
        """Fill in code and message of an error that moto wrote."""
        if self.status < 400 or self.code or not call.service:
            return
        try:
            error = call.decode(self).get("Error", {})
        except Exception:  # not the shape of any error: say so, and go on
            error = {}
        self.code = error.get("Code") or "InternalFailure"
        self.message = error.get("Message") or ""


def _headers(environ: dict[str, Any]) -> Headers:
    headers = Headers(
        [(k[5:].replace("_", "-"), v) for k, v in environ.items() if k.startswith("HTTP_")]
    )
    for key in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        if environ.get(key):
            headers.set(key.replace("_", "-"), environ[key])
    return headers


def _body(environ: dict[str, Any]) -> bytes:
    """Read the body once, and leave it readable for moto."""
    try:
        length = int(environ.get("CONTENT_LENGTH") or -1)
    except ValueError:
        raise BadRequest("the Content-Length is no number") from None
    if length > MAX_BODY:
        raise BadRequest("the body is too large")
    if length < 0 and environ.get("wsgi.input_terminated"):  # sent in chunks
        length = MAX_BODY + 1
    try:
        body = environ["wsgi.input"].read(length) if length > 0 else b""
    except OSError as error:
        raise BadRequest(f"the body is broken off or malformed ({error})") from None
    if len(body) > MAX_BODY:
        raise BadRequest("the body is too large")
    environ["wsgi.input"] = io.BytesIO(body)
    environ["CONTENT_LENGTH"] = str(len(body))
    environ.pop("HTTP_TRANSFER_ENCODING", None)
    environ.pop("wsgi.input_terminated", None)
    return body
