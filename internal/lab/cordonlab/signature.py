"""Signature Version 4, checked with the secret that the lab gave out.

The canonical request is built from what arrived. A path may have been decoded on its way through WSGI, so every
spelling it can have had is tried: a wrong secret matches none of them.
"""
import hashlib
import hmac
import re
from urllib.parse import parse_qsl, quote

_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256\s+Credential=([^,\s]+),\s*SignedHeaders=([^,\s]+),\s*Signature=([0-9a-f]+)")
_SAFE = "-_.~"


def _header(call, name):
    for key, value in dict(call.headers or {}).items():
        if key.lower() == name:
            return str(value)
    return ""


def _query(text):
    pairs = [(quote(k, safe=_SAFE), quote(v, safe=_SAFE)) for k, v in parse_qsl(text, keep_blank_values=True)]
    return "&".join(f"{k}={v}" for k, v in sorted(pairs))


def _paths(call):
    """The spellings of a path: as sent (S3), encoded once more (all others), or anew from what WSGI decoded."""
    path = call.path or "/"
    environ = getattr(call, "environ", None) or {}
    raw = (environ.get("RAW_URI") or path).partition("?")[0]
    once = quote(path, safe="/" + _SAFE)
    whole = quote(path, safe="/" + _SAFE + ":@!$&'()*+,;=")
    strict = "/".join(quote(part, safe=_SAFE) for part in path.split("/"))
    twice = [quote(spelling, safe="/" + _SAFE) for spelling in (raw, once, whole, strict)]
    spellings = [raw, path, once, whole, strict, *twice]
    return list(dict.fromkeys(spellings))


def _sign(secret, scope, text):
    key = ("AWS4" + secret).encode()
    for part in scope:
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def _headers(call, names):
    lines = []
    for name in names:
        value = " ".join(_header(call, name).split())
        if name == "content-length" and not value:
            value = str(len(call.body or b""))
        lines.append(f"{name}:{value}\n")
    return "".join(lines)


def matches(call, secret):
    """True or False; None when the request is not signed in a header (presigned or anonymous): not checked."""
    found = _AUTHORIZATION.match(_header(call, "authorization"))
    if not found:
        return None
    credential, names, given = found.groups()
    key_id, *scope = credential.split("/")
    if len(scope) != 4:
        return False
    names = names.split(";")
    payload = _header(call, "x-amz-content-sha256") or hashlib.sha256(call.body or b"").hexdigest()
    date = _header(call, "x-amz-date")
    query = _query(getattr(call, "query", "") or "")
    for path in _paths(call):
        canonical = "\n".join([call.method, path, query, _headers(call, names), ";".join(names), payload])
        text = "\n".join(["AWS4-HMAC-SHA256", date, "/".join(scope),
                          hashlib.sha256(canonical.encode()).hexdigest()])
        if hmac.compare_digest(_sign(secret, scope, text), given):
            return True
    return False
