"""A lab inside the test's own process, and boto3 clients that speak to it without a socket."""

from __future__ import annotations

import io
import json
import os
from typing import Any, Optional
from urllib.parse import unquote, urlsplit

TOKEN = "token-of-the-tests-0123456789"
ROOT = ("AKIATESTSROOTKEY0001", "secret-of-the-root-user-0123456789abcdef")
os.environ["CORDON_LAB_ROOT_KEY"], os.environ["CORDON_LAB_ROOT_SECRET"] = ROOT
os.environ["AWS_CONFIG_FILE"] = os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull

import boto3  # noqa: E402
from botocore.awsrequest import AWSResponse  # noqa: E402
from botocore.config import Config  # noqa: E402

from cordonlab import faults, loading, server  # noqa: E402
from cordonlab.wire import Answer  # noqa: E402

LAB = server.Lab(TOKEN)
LAB.port = 4999
_SESSION = boto3.session.Session(region_name="us-east-1")


def fresh() -> None:
    """An empty account."""
    loading.reset()
    server.MISSING.clear()


def environ(
    method: str = "GET",
    path: str = "/",
    headers: Optional[dict[str, str]] = None,
    body: bytes = b"",
    host: str = "127.0.0.1:4999",
) -> dict[str, Any]:
    """What the HTTP server makes of a request."""
    parts = urlsplit(path)
    made = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote(parts.path),
        "QUERY_STRING": parts.query,
        "RAW_URI": path,
        "REQUEST_URI": path,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "4999",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": host,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
        "wsgi.url_scheme": "http",
        "wsgi.errors": io.StringIO(),
    }
    for name, value in (headers or {}).items():
        key = name.upper().replace("-", "_")
        if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            key = "HTTP_" + key
        made[key] = value.decode() if isinstance(value, bytes) else str(value)
    return made


def control(method: str, path: str, given: Any = None, token: str = TOKEN) -> tuple[int, Any]:
    """Ask the control interface; status and answer."""
    body = json.dumps(given).encode() if given is not None else b""
    headers = {"X-Lab-Token": token} if token else {}
    answer = LAB.handle(environ(method, "/_lab" + path, headers, body))
    try:
        return answer.status, json.loads(answer.body)
    except ValueError:
        return answer.status, answer.body.decode()


def client(service: str, region: str = "us-east-1", key: Any = ROOT, **stage: str) -> Any:
    """A boto3 client; stage has the lab's own headers (time, ip, agent) and host."""
    made = _SESSION.client(
        service,
        region_name=region,
        aws_access_key_id=key[0],
        aws_secret_access_key=key[1],
        aws_session_token=key[2] if len(key) > 2 else None,
        config=Config(retries={"total_max_attempts": 1}),
    )
    names = {"time": "X-Lab-Time", "ip": "X-Lab-Source-Ip", "agent": "X-Lab-User-Agent"}
    extra = {names[k]: v for k, v in stage.items() if k in names}
    if stage.get("token", TOKEN):
        extra["X-Lab-Token"] = TOKEN

    def send(request: Any, **_: Any) -> AWSResponse:
        parts = urlsplit(request.url)
        path = parts.path or "/"
        path += "?" + parts.query if parts.query else ""
        headers = {**dict(request.headers), **extra}
        body = request.body or b""
        if hasattr(body, "read"):
            body = body.read()
        body = body.encode() if isinstance(body, str) else body
        try:
            answer = LAB.handle(environ(request.method, path, headers, body, parts.netloc))
        except faults.DropConnection:
            raise ConnectionError("dropped") from None
        return _response(request.url, answer)

    made.meta.events.register("before-send", send)
    return made


class _Raw(io.BytesIO):
    def stream(self, **_: Any):
        yield self.read()


def _response(url: str, answer: Answer) -> AWSResponse:
    return AWSResponse(url, answer.status, answer.headers, _Raw(answer.body))
