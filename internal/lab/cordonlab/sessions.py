"""Temporary credentials: what was issued, to whom, until when, with which session policies.

moto keeps AssumeRole's sessions but forgets their policies and when they were issued, and answers GetSessionToken and
GetFederationToken with the constant example keys of the documentation. AWS: both "survive" the deactivation of the key
that made them, and carry "the permissions of the IAM user", evaluated at each request.
"""
import base64
import datetime as dt
import os
import threading
from dataclasses import dataclass, field

from . import registry

ROLE, USER, FEDERATED = "role", "session", "federated"


@dataclass
class Session:
    """One set of temporary credentials. subject is the user's name or the role's ARN, subject_id its AIDA/AROA id."""
    kind: str
    account: str
    key_id: str
    secret: str
    token: str
    issued: dt.datetime
    expires: dt.datetime
    subject: str
    subject_id: str
    name: str = ""
    policies: list | None = None
    mfa: bool = False
    chained: bool = False
    root: bool = False
    tags: dict = field(default_factory=dict)


_LOCK = threading.RLock()
_SESSIONS = {}


def now():
    """The clock of the call (moto's, which follows the lab's)."""
    import moto.core.utils
    moment = moto.core.utils.utcnow()
    return moment.astimezone(dt.timezone.utc).replace(tzinfo=None) if moment.tzinfo else moment


def iso(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def get(key_id):
    """The session of an ASIA key, or None."""
    with _LOCK:
        return _SESSIONS.get(key_id)


def put(session):
    with _LOCK:
        _SESSIONS[session.key_id] = session
    return session


def issue(kind, account, subject, subject_id, seconds, **more):
    """New credentials with unique key, secret and token. moto learns the key too: it finds the account by it."""
    from moto.sts.utils import random_session_token
    from . import authview
    key = authview.backend(account).create_temp_access_key()
    issued = now()
    return put(Session(kind, account, key.access_key_id, key.secret_access_key, random_session_token(), issued,
                       issued + dt.timedelta(seconds=seconds), subject, subject_id, **more))


def credentials(session):
    """The Credentials member of an STS answer."""
    return {"AccessKeyId": session.key_id, "SecretAccessKey": session.secret, "SessionToken": session.token,
            "Expiration": session.expires}


def _adopt(assumed):
    """Remember a session that moto's STS made (AssumeRole, with SAML, with web identity)."""
    from . import authview
    role = authview.Live().role(assumed.role_arn)
    put(Session(ROLE, assumed.account_id, assumed.access_key_id, assumed.secret_access_key, assumed.session_token,
                now(), assumed.expiration, assumed.role_arn, role.id if role else "", assumed.session_name,
                [assumed.policy] if assumed.policy else None))


@registry.installer
def install():
    """Every AssumedRole that moto makes becomes a session of ours, whatever the operation."""
    from moto.sts.models import AssumedRole
    original = AssumedRole.__init__

    def __init__(self, *args, **kwargs):
        original(self, *args, **kwargs)
        _adopt(self)

    AssumedRole.__init__ = __init__


@registry.resetter
def reset():
    with _LOCK:
        _SESSIONS.clear()


def packed_size(policies):
    """PackedPolicySize: "a percentage value that indicates the packed size of the session policies"."""
    total = sum(len(policy) for policy in policies or [])
    return min(100, total * 100 // 2048) if total else None


def random_text(size):
    return base64.b32encode(os.urandom(size)).decode().strip("=")
