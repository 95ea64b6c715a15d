"""The scenario's hands: signed calls to the lab, each at the story's own time.

A client is built once per service and region; who signs, when and from where is
put on just before each call. Building one client per person would cost more
than all the calls of the story.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import io
import random
import re
import struct
import zipfile
from dataclasses import dataclass, field
from typing import Any, Callable, Optional

import botocore.session
from botocore.config import Config
from botocore.credentials import Credentials, ReadOnlyCredentials
from botocore.exceptions import ClientError

HEADER_PREFIX = "X-Lab-"
SEED = 20251

#: errors by which the server says that it has no such operation, and moto's
#: way of saying that it cannot give a layer to a function without Docker
NOT_THERE = ("NotImplemented", "NotImplementedException", "501", "404", "ResourceNotFoundException")


#: what a user of another account is allowed at home
ASSUME_ANY = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:*","Resource":"*"}]}'


@dataclass(frozen=True)
class Keys:
    """One set of credentials. token is empty for long-term keys."""

    id: str
    secret: str
    token: str = ""

    @classmethod
    def of(cls, answer: dict) -> "Keys":
        """From the answer of CreateAccessKey or of any STS call."""
        return cls(answer["AccessKeyId"], answer.get("SecretAccessKey", ""), answer.get("SessionToken", ""))


class _CurrentCredentials(Credentials):
    """Credentials that are whatever the call under way was started with."""

    def __init__(self) -> None:
        super().__init__("none", "none")
        self.now = Keys("none", "none")

    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        return ReadOnlyCredentials(self.now.id, self.now.secret, self.now.token or None)


@dataclass
class Clock:
    """The story's time. It only goes forward: state and history stay in order."""

    now: dt.datetime
    rng: random.Random

    def jump(self, when: dt.datetime) -> None:
        self.now = max(self.now, when)

    def tick(self, low: float, high: float) -> None:
        self.now += dt.timedelta(seconds=self.rng.uniform(low, high))

    def stamp(self) -> str:
        return self.now.strftime("%Y-%m-%dT%H:%M:%SZ")


class Client:
    """A boto3-like client of one caller. attempt() is for calls that may be refused."""

    def __init__(self, world: "World", service: str, region: str, keys: Optional[Keys], ip: str, agent: str,
                 pace: tuple[float, float], account: str = "", at: Optional[dt.datetime] = None):
        self._world, self._service, self._region = world, service, region
        self._caller = (keys or Keys("none", "none"), ip, agent, account)
        self._pace, self._at = pace, at

    def __getattr__(self, operation: str) -> Callable[..., dict]:
        def call(**params: Any) -> dict:
            if self._at is None:
                self._world.clock.tick(*self._pace)
            else:
                self._world.clock.jump(self._at)
            return self._world.send(self._service, self._region, operation, params, self._caller)
        return call

    def attempt(self, operation: str, **params: Any) -> str:
        """Make a call that may fail as part of the story; returns the error code, or ""."""
        try:
            getattr(self, operation)(**params)
        except ClientError as refused:
            return refused.response["Error"]["Code"]
        return ""

    def optional(self, operation: str, **params: Any) -> Optional[dict]:
        """Make a call that some servers do not know; None, and noted in world.skipped, if so."""
        try:
            return getattr(self, operation)(**params)
        except ClientError as refused:
            code = refused.response["Error"]["Code"]
            if code not in NOT_THERE:
                raise
            self._world.skipped.append(f"{self._service}:{operation}")
            return None


@dataclass
class Actor:
    """Somebody with credentials, an address and a program."""

    world: "World"
    keys: Optional[Keys]
    ip: str
    agent: str
    pace: tuple[float, float] = (2, 9)
    account: str = ""

    def at(self, service: str, region: str = "us-east-1") -> Client:
        agent = self.agent.replace("{command}", service)
        return Client(self.world, service, region, self.keys, self.ip, agent, self.pace, self.account)

    @property
    def iam(self) -> Client:
        return self.at("iam")

    @property
    def sts(self) -> Client:
        return self.at("sts")

    def wearing(self, answer: dict) -> "Actor":
        """The same person with the credentials of an STS answer."""
        return Actor(self.world, Keys.of(answer["Credentials"]), self.ip, self.agent, self.pace)


@dataclass
class Ledger:
    """What is whose: the ground truth as it grows."""

    owned: list[tuple[str, str, str]] = field(default_factory=list)
    planted: list[dict] = field(default_factory=list)
    touched: list[dict] = field(default_factory=list)
    owner_credentials: list[dict] = field(default_factory=list)
    intruder_credentials: list[dict] = field(default_factory=list)

    def own(self, kind: str, region: str, name: str) -> str:
        self.owned.append((kind, region, name))
        return name

    def plant(self, kind: str, region: str, name: str, technique: str, what: str, priority: int, state: str = "created") -> str:
        self.planted.append({"kind": kind, "region": region, "id": name, "technique": technique,
                             "what": what, "state": state, "priority": priority})
        return name

    def tamper(self, kind: str, region: str, name: str, technique: str, what: str, priority: int) -> str:
        return self.plant(kind, region, name, technique, what, priority, "tampered")

    def touch(self, kind: str, region: str, name: str, why: str) -> None:
        """Something of the owner's that a cure may have to change, but never remove."""
        self.touched.append({"kind": kind, "region": region, "id": name, "why": why})

    def owner_resources(self) -> list[dict]:
        """The owner's things that the intruder did not touch."""
        gone = {(p["kind"], p["region"], p["id"]) for p in self.planted + self.touched}
        return [{"kind": k, "region": r, "id": i} for k, r, i in self.owned if (k, r, i) not in gone]


def credential(name: str, kind: str, keys: Optional[Keys], principal: str, why: str, **more: Any) -> dict:
    """One entry of owner_credentials or intruder_credentials."""
    keys = keys or Keys("", "")
    return {"name": name, "kind": kind, "access_key_id": keys.id, "secret_access_key": keys.secret,
            "session_token": keys.token, "principal": principal, "why": why, **more}


class World:
    """The lab as the story sees it."""

    def __init__(self, endpoint: str, token: str, root_key: str, root_secret: str, account: str,
                 header_prefix: str = HEADER_PREFIX):
        self.endpoint, self.token, self.account, self.prefix = endpoint, token, account, header_prefix
        self.root_keys = Keys(root_key.partition(":")[0] or "AKIALABROOT000000000", root_secret or "none")
        self.rng = random.Random(SEED)
        self.clock = Clock(dt.datetime(2000, 1, 1), self.rng)
        self.book = Ledger()
        self.skipped: list[str] = []
        self.seeds: dict[str, str] = {}  # serial of a multi-factor device -> its seed
        self._agenda: list[tuple[dt.datetime, int, Callable[[], None]]] = []
        self._clients: dict[tuple[str, str], Any] = {}
        self._credentials = _CurrentCredentials()
        self._headers: dict[str, str] = {}
        self._session = botocore.session.Session()
        self._session._credentials = self._credentials  # the resolver would look into the user's own files

    @classmethod
    def of(cls, lab: Any) -> "World":
        """The world of the server's own client maker (or a World, as it is)."""
        if isinstance(lab, cls):
            return lab
        return cls(f"http://127.0.0.1:{lab.port}", lab.token, lab.root[0], lab.root[1], lab.account)

    # ---- calls ----

    def client(self, service: str, region: str, credentials: Optional[Keys], at: Optional[dt.datetime] = None,
               ip: str = "127.0.0.1", agent: str = "", account: str = "") -> Client:
        """A client whose calls are made by credentials, all of them at the time `at` when given."""
        return Client(self, service, region, credentials, ip, agent, (1, 5), account, at)

    def actor(self, keys: Optional[Keys], ip: str, agent: str, pace: tuple[float, float] = (2, 9)) -> Actor:
        return Actor(self, keys, ip, agent, pace)

    def send(self, service: str, region: str, operation: str, params: dict, caller: tuple[Keys, str, str, str]) -> dict:
        keys, ip, agent, account = caller
        self._credentials.now = keys
        headers = {"Token": self.token, "Time": self.clock.stamp(), "Source-Ip": ip, "User-Agent": agent}
        self._headers = {self.prefix + k: v for k, v in headers.items() if v}
        if account:
            self._headers["X-Moto-Account-Id"] = account
        return getattr(self._raw(service, region), operation)(**params)

    def _raw(self, service: str, region: str) -> Any:
        made = self._clients.get((service, region))
        if made is None:
            config = Config(retries={"total_max_attempts": 1}, parameter_validation=False, read_timeout=60,
                            s3={"addressing_style": "path"}, request_checksum_calculation="when_required",
                            response_checksum_validation="when_required", proxies={})
            made = self._session.create_client(service, region_name=region, endpoint_url=self.endpoint, config=config)
            made.meta.events.register("before-send", self._dress)
            self._clients[(service, region)] = made
        return made

    def _dress(self, request: Any, **_: Any) -> None:
        # after signing: a real client never sends these, so its signature must not need them
        request.headers.pop("Expect", None)
        for name, value in self._headers.items():
            request.headers[name] = value

    # ---- time ----

    def plan(self, when: dt.datetime, act: Callable[..., None], *args: Any) -> None:
        """Put an act on the agenda. Acts run in the order of their times, whoever planned them."""
        self._agenda.append((when, len(self._agenda), lambda: act(*args)))

    def run(self) -> None:
        """Run everything planned so far, also what is planned meanwhile."""
        while self._agenda:
            self._agenda.sort(key=lambda entry: entry[:2])
            when, _, act = self._agenda.pop(0)
            self.clock.jump(when)
            act()

    # ---- small things ----

    def password(self) -> str:
        """A password that meets the company's policy."""
        letters = "".join(self.rng.choice("abcdefghkmnpqrstuvwxyz") for _ in range(9))
        return f"{letters.capitalize()}-{self.rng.randrange(1000, 9999)}!"

    def arn(self, kind: str, name: str) -> str:
        return f"arn:aws:iam::{self.account}:{kind}/{name}"

    def root_facts(self, account: str, **facts: Any) -> None:
        """Put down what no call can make: a root user's factor and keys. Scenarios run inside the server."""
        from .. import state

        with state.LOCK:
            state.seeded(account)["root"] = facts

    def owner_facts(self, account: str, name: str, contact: dict, alternates: dict) -> None:
        """Put down what AWS knew of the account's owner long before the trail begins."""
        from moto.account.models import AlternateContact

        from .. import account as accounts
        from .. import state

        with state.LOCK:
            state.seeded(account).update(account_name=name, contact=contact)
            for sort, parts in alternates.items():
                accounts.alternates(account)[sort] = AlternateContact(sort, **parts)

    def root_of(self, account: str, ip: str, agent: str) -> Actor:
        """The root user of any account. The header says whose root: with the lab's token it is believed."""
        return Actor(self, self.root_keys, ip, agent, account=account)

    def foreign_user(self, account: str, name: str) -> Keys:
        """A user of another account who may assume roles, made by that account's root."""
        iam = self.root_of(account, "192.0.2.250", "Boto3/1.40.31").iam
        iam.create_user(UserName=name)
        iam.put_user_policy(UserName=name, PolicyName="assume", PolicyDocument=ASSUME_ANY)
        return Keys.of(iam.create_access_key(UserName=name)["AccessKey"])

    def enrol(self, actor: Actor, user: str, device: str) -> str:
        """Make a virtual multi-factor device and enable it with two real codes; returns its serial number."""
        made = actor.iam.create_virtual_mfa_device(VirtualMFADeviceName=device)["VirtualMFADevice"]
        serial = made["SerialNumber"]
        self.seeds[serial] = base32_seed(made["Base32StringSeed"])
        actor.iam.enable_mfa_device(UserName=user, SerialNumber=serial,
                                    AuthenticationCode1=self.code(serial, -1), AuthenticationCode2=self.code(serial))
        return serial

    def code(self, serial: str, later: int = 0) -> str:
        """The device's code at the story's time, or some steps later."""
        step = int(self.clock.now.replace(tzinfo=dt.timezone.utc).timestamp()) // 30
        return totp(self.seeds[serial], step + later)


def base32_seed(given: bytes | str) -> str:
    """The seed as base32 text. A server that does not encode the blob, as AWS
    does, has the client decode that very text as base64: undo it."""
    text = given.decode("latin1") if isinstance(given, bytes) else given
    if re.fullmatch(r"[A-Z2-7]+=*", text):
        return text
    return base64.b64encode(text.encode("latin1")).decode()


def totp(seed: str, step: int) -> str:
    """The six digits of RFC 6238 for one 30-second step."""
    digest = hmac.new(base64.b32decode(seed), struct.pack(">Q", step), hashlib.sha1).digest()
    at = digest[-1] & 15
    return "%06d" % ((struct.unpack(">I", digest[at:at + 4])[0] & 0x7FFFFFFF) % 1_000_000)


def package(text: str, name: str = "index.py") -> bytes:
    """A zip with one source file, the same bytes for the same text."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), text)
    return out.getvalue()


def self_signed(name: str, start: dt.datetime) -> tuple[str, str]:
    """A self-signed certificate of two years and its key, both PEM."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    certificate = (x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
                   .serial_number(x509.random_serial_number()).not_valid_before(start)
                   .not_valid_after(start + dt.timedelta(days=730)).sign(key, hashes.SHA256()))
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return certificate.public_bytes(pem).decode(), private.decode()


def ssh_key(comment: str) -> str:
    """A fresh public key in OpenSSH's form."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    public = rsa.generate_private_key(65537, 2048).public_key()
    form = public.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    return f"{form.decode()} {comment}"


def saml_metadata(issuer: str, certificate: str) -> str:
    """The least metadata document that describes an identity provider."""
    body = "".join(line for line in certificate.splitlines() if "-----" not in line)
    return ('<?xml version="1.0"?><EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="' + issuer + '">'
            '<IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><KeyDescriptor use="signing">'
            '<KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>' + body + '</X509Certificate>'
            '</X509Data></KeyInfo></KeyDescriptor><SingleSignOnService Location="' + issuer + '/sso" '
            'Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"/></IDPSSODescriptor></EntityDescriptor>')
