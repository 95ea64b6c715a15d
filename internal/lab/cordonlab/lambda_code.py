"""What Lambda gives out by a link: the code of functions and layers.

AWS (GetFunction): "The function's deployment package ... a presigned URL that you
can use to download the deployment package. The URL is valid for 10 minutes." moto
gives a plain S3 link to nothing.
"""

from __future__ import annotations

import base64
import datetime as dt
import secrets
from typing import Optional

from . import clock, registry
from .lambda_fixes import backend

_VALID = dt.timedelta(minutes=10)
_PREFIX = "/snapshots/"

#: signature -> (until when, the package)
_LINKS: dict[str, tuple[dt.datetime, bytes]] = {}


@registry.resetter
def reset() -> None:
    """No link outlives a reset."""
    _LINKS.clear()


def _link(call, account: str, name: str, package: bytes) -> str:
    """A link to AWS's bucket for code, or to this server when the caller came straight to it."""
    signature = secrets.token_hex(16)
    _LINKS[signature] = (clock.real_utcnow() + _VALID, package)
    host = call.host.lower()
    base = f"https://awslambda-{call.region}-tasks.s3.{call.region}.amazonaws.com"
    if not host.endswith((".amazonaws.com", ".api.aws")):
        base = f"http://{host}"
    return f"{base}{_PREFIX}{account}/{name}?X-Amz-Expires=600&X-Amz-Signature={signature}"


def download(path: str, query: dict[str, str]) -> Optional[bytes]:
    """The package behind a link, or None when it is no valid link of ours."""
    if not path.startswith(_PREFIX):
        return None
    until, package = _LINKS.get(query.get("X-Amz-Signature", ""), (None, b""))
    return package if until and clock.real_utcnow() < until else None


@registry.after("lambda:GetLayerVersion")
def get_layer_version(call, account, result):
    """A layer's package comes by a link as well."""
    found = backend(account, call.region).get_layer_version(
        call.params["LayerName"], str(call.params["VersionNumber"])
    )
    package = getattr(found, "code_bytes", None) or base64.b64decode(found.content.get("ZipFile") or "")
    result.setdefault("Content", {})["Location"] = _link(call, account, "layer", package)
    return result


def function_link(call, account: str, function) -> str:
    """Code.Location of a function."""
    return _link(call, account, "function", function.code_bytes or b"")
