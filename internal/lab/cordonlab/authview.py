"""What enforcement sees of IAM: keys, users and roles with the policies in force.

AWS: "IAM achieves high availability by replicating data across multiple servers ... changes are eventually
consistent". Measured on AWS, reads show a change at once while enforcement lags some 4 seconds: long enough for an
attacker's script to see a deny policy and remove it. With the setting `iam_settle_ms` above 0 the view that decides is
the one of so many milliseconds ago, kept as snapshots taken at each IAM write; with 0 it is read live from moto.
"""
import threading
import time
from dataclasses import dataclass

from . import registry, state
from .conditions import as_list

PARTITION = "aws"
_HISTORY_LIMIT = 2000


@dataclass(frozen=True)
class Principal:
    """A user or a role with the documents that bear on it. boundary is None when there is none."""
    account: str
    arn: str
    name: str
    id: str
    documents: tuple
    boundary: tuple | None
    tags: tuple = ()
    trust: str = ""
    max_session: int = 3600


@dataclass(frozen=True)
class Key:
    """A long-term access key."""
    id: str
    secret: str
    status: str
    account: str
    user: str


def backend(account):
    """moto's IAM of one account."""
    from moto.iam.models import iam_backends
    return iam_backends[account][PARTITION]


def accounts():
    """Every account that has an IAM in moto; looking a new one up would make it."""
    from moto.iam.models import iam_backends
    return list(iam_backends)


def _text(document):
    """CloudFormation leaves policies as dicts, the API as text; the view holds text (it is hashed for the cache)."""
    import json
    return document if isinstance(document, str) else json.dumps(document, default=str)


def _default_document(policy):
    for version in policy.versions:
        if version.version_id == policy.default_version_id:
            return _text(version.document)
    return _text(policy.versions[0].document) if policy.versions else "{}"


def _own(holder):
    """Inline and attached policies of a user, role or group."""
    inline = [_text(document) for document in list(holder.policies.values())]
    return inline + [_default_document(policy) for policy in list(holder.managed_policies.values())]


def _boundary(iam, arn):
    """A boundary whose policy is gone allows nothing."""
    if not arn:
        return None
    policy = iam.managed_policies.get(arn)
    return (_default_document(policy),) if policy else ()


def _tags(tags):
    return tuple((tag["Key"], tag["Value"]) for tag in as_list(tags))


def user_principal(iam, user):
    """A user with its own and its groups' policies."""
    documents = _own(user)
    for group in list(iam.groups.values()):
        if any(member is user for member in group.users):
            documents += _own(group)
    boundary = _boundary(iam, getattr(user, "permissions_boundary_arn", None))
    return Principal(iam.account_id, user.arn, user.name, user.id, tuple(documents), boundary, _tags(user.tags))


def role_principal(iam, role):
    """A role with its policies, its trust policy and its longest session."""
    return Principal(iam.account_id, role.arn, role.name, role.id, tuple(_own(role)),
                     _boundary(iam, role.permissions_boundary_arn), _tags(role.tags),
                     _text(role.assume_role_policy_document), int(role.max_session_duration or 3600))


class Live:
    """IAM as it is now."""

    def key(self, key_id):
        for account in accounts():
            for user in list(backend(account).users.values()):
                for key in list(user.access_keys):
                    if key.access_key_id == key_id:
                        return Key(key_id, key.secret_access_key, key.status, account, user.name)
        return None

    def user(self, account, name):
        iam = backend(account)
        user = iam.users.get(name)
        return user_principal(iam, user) if user else None

    def role(self, arn):
        account = arn.split(":")[4] if arn.count(":") >= 5 else ""
        if account not in accounts():
            return None
        iam = backend(account)
        for role in list(iam.roles.values()):
            if role.arn == arn:
                return role_principal(iam, role)
        return None


class Frozen:
    """IAM as it was when the snapshot was taken."""

    def __init__(self):
        self._keys, self._users, self._roles = {}, {}, {}
        for account in accounts():
            iam = backend(account)
            for user in list(iam.users.values()):
                self._users[account, user.name] = user_principal(iam, user)
                for key in list(user.access_keys):
                    self._keys[key.access_key_id] = Key(
                        key.access_key_id, key.secret_access_key, key.status, account, user.name)
            for role in list(iam.roles.values()):
                self._roles[role.arn] = role_principal(iam, role)

    def key(self, key_id):
        return self._keys.get(key_id)

    def user(self, account, name):
        return self._users.get((account, name))

    def role(self, arn):
        return self._roles.get(arn)


_LOCK = threading.RLock()
_HISTORY = []
"""(when it was taken, Frozen), oldest first. The first one counts as having always been."""


def settle_seconds():
    """How long a change takes to be enforced."""
    return float(state.SETTINGS.get("iam_settle_ms") or 0) / 1000


def current(now=None):
    """The view that enforcement has now."""
    settle = settle_seconds()
    with _LOCK:
        if settle <= 0:
            _HISTORY.clear()
            return Live()
        now = time.monotonic() if now is None else now
        if not _HISTORY:
            _HISTORY.append((now, Frozen()))
        while len(_HISTORY) > 1 and _HISTORY[1][0] <= now - settle:
            _HISTORY.pop(0)
        return _HISTORY[0][1]


@registry.mutated
def remember(call=None, account=None):
    """Take a snapshot after an IAM write, when enforcement is to lag behind."""
    if settle_seconds() <= 0:
        return
    with _LOCK:
        if len(_HISTORY) < _HISTORY_LIMIT:
            _HISTORY.append((time.monotonic(), Frozen()))
        else:
            _HISTORY[-1] = (time.monotonic(), Frozen())


@registry.resetter
def reset():
    with _LOCK:
        _HISTORY.clear()
