"""What happens to a request, from the Host check to the record of the call."""

from __future__ import annotations

import collections
import hmac
import io
import re
import sys
import threading
import time
import traceback
import urllib.parse
from contextlib import contextmanager
from typing import Any, Iterator, Optional

from . import clock, faults, loading, quicker, registry, state, trail, wire
from .registry import AwsError, Identity
from .wire import Answer, Call

#: Names that the SDKs resolve for AWS. Anything else is not meant for us: a
#: page in a browser, say, that was led here by DNS rebinding.
AWS_HOSTS = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws", ".amazonaws.eu")

#: Paths that run code inside the lab, or speak to moto itself.
CONTROL = ("/_lab", "/moto-api")

#: calls that nobody answered, "service:Op" -> how often
MISSING: collections.Counter = collections.Counter()

_UNANSWERED = re.compile(rb"^\s*<!doctype html", re.IGNORECASE)


class Gate:
    """Lets calls run side by side, and a fork or a reset alone."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._running = 0
        self._waiting = 0  # to be alone: new calls let them pass
        self._alone = False

    @contextmanager
    def shared(self) -> Iterator[None]:
        """Hold while a call is being carried out."""
        with self._condition:
            self._condition.wait_for(lambda: not self._alone and not self._waiting)
            self._running += 1
        try:
            yield
        finally:
            with self._condition:
                self._running -= 1
                self._condition.notify_all()

    @contextmanager
    def alone(self, timeout: float = 30) -> Iterator[None]:
        """Hold while nothing else may run; TimeoutError if that does not come about."""
        with self._condition:
            self._waiting += 1
            try:
                free = self._condition.wait_for(
                    lambda: not self._alone and self._running == 0, timeout
                )
                if not free:
                    raise TimeoutError("calls are still running")
                self._alone = True
            finally:
                self._waiting -= 1
                self._condition.notify_all()
        try:
            yield
        finally:
            with self._condition:
                self._alone = False
                self._condition.notify_all()


class Lab:
    """The application: moto with the plug-in around it."""

    def __init__(self, token: str):
        if len(token) < 16:
            raise ValueError("the lab needs a token of at least 16 characters")
        self.token = token
        self.port = 0
        self.gate = Gate()
        self._moto = loading.load()

    def warm(self) -> None:
        """Load, once, what every copy would load for itself."""
        quicker.warm(self._moto)

    # -- the front door ----------------------------------------------------

    def handle(self, environ: dict[str, Any]) -> Answer:
        """Answer one request; faults.DropConnection to close without one."""
        host = environ.get("HTTP_HOST", "")
        if not self.welcome(host):
            return _plain(421, f"The lab does not answer for the host {host[:200]!r}.")
        path = environ.get("PATH_INFO", "/")
        trusted = self._trusted(environ.get("HTTP_X_LAB_TOKEN", ""))
        if path.startswith(CONTROL):
            if not trusted:
                return _plain(403, "This needs the lab's token in the header X-Lab-Token.")
            return self._control(environ, path)
        package = self._download(environ, path)
        if package is not None:
            return package
        try:
            call = Call(environ, trusted)
            when = clock.parse(call.headers["X-Lab-Time"]) if (
                trusted and "X-Lab-Time" in call.headers
            ) else None
        except (wire.BadRequest, ValueError) as error:
            return _plain(400, f"The lab cannot read the request: {error}.")
        with clock.at(when):
            answer = self._carry(call, trusted)
        return _stamped(answer, call)

    def welcome(self, host: str) -> bool:
        """Whether the Host is one of ours or one of AWS's."""
        name = host.lower()
        own = {f"{n}:{self.port}" for n in ("127.0.0.1", "localhost", "[::1]")}
        if name in own:
            return True
        return name.endswith(AWS_HOSTS) or re.sub(r":\d+$", "", name).endswith(AWS_HOSTS)

    @staticmethod
    def _download(environ: dict[str, Any], path: str) -> Optional[Answer]:
        """The code behind one of Lambda's links: the signature in it is the right to it."""
        from . import lambda_code

        query = dict(urllib.parse.parse_qsl(environ.get("QUERY_STRING", "")))
        package = lambda_code.download(path, query) if environ["REQUEST_METHOD"] == "GET" else None
        return None if package is None else Answer(200, {"Content-Type": "application/zip"}, package)

    def _trusted(self, given: str) -> bool:
        return hmac.compare_digest(given.encode("latin1", "replace"), self.token.encode())

    def _control(self, environ: dict[str, Any], path: str) -> Answer:
        from . import control

        if path.startswith("/moto-api"):
            with self.gate.shared():
                return self._run_moto(environ)
        return control.handle(self, environ, path)

    # -- one call to AWS ---------------------------------------------------

    def _carry(self, call: Call, trusted: bool) -> Answer:
        if not call.service or not call.op:
            return self._unknown(call)
        if call.region in state.setting("unreachable_regions"):
            raise faults.DropConnection
        with self.gate.shared():
            struck = faults.strike(call)
        try:
            return self._struck(call, trusted, struck)
        finally:
            faults.over(struck)

    def _struck(self, call: Call, trusted: bool, struck: faults.Outcome) -> Answer:
        faults.settle(struck)
        if struck.delay:
            time.sleep(struck.delay)
        with self.gate.shared():
            identity = identify(call, trusted)
            call.identity = identity
            if struck.before:
                return self._spoil(call, identity, struck.before)
            answer = self._guarded(call, identity, faulted=struck.any)
        if struck.after:
            return faults.spoiled(call, struck.after)
        return answer

    def _spoil(self, call: Call, identity: Identity, rule: dict[str, Any]) -> Answer:
        """A fault in place of the call. A dropped connection reaches no trail."""
        unseen = Answer(0, {}, b"", "Dropped", "the connection was dropped")
        note = {"faulted": True, "carried_out": False}
        try:
            answer = faults.spoiled(call, rule)
        except faults.DropConnection:
            trail.record(call, identity, unseen, visible=False, **note)
            raise
        trail.record(call, identity, answer, **note)
        return answer

    def _guarded(self, call: Call, identity: Identity, faulted: bool) -> Answer:
        """Refuse the call, or carry it out; record it either way."""
        refused, visible = refusal(call, identity)
        if refused:
            answer = call.error(refused.status, refused.code, refused.message)
            note = {"faulted": faulted, "carried_out": False}
            trail.record(call, identity, answer, visible=visible, **note)
            return answer
        answer = self._operate(call, identity.account)
        if answer.status != 501:
            trail.record(call, identity, answer, faulted=faulted)
        if answer.status < 300 and call.service == "iam" and not trail.is_read(call.op):
            for function in registry.MUTATED:
                function(call, identity.account)
        return answer

    def _operate(self, call: Call, account: str) -> Answer:
        key = (call.service, call.op)
        try:
            if key in registry.ANSWERS:
                return call.answer(registry.ANSWERS[key](call, account))
            answer = self._ask_moto(call, account)
            if answer.status < 300 and key in registry.AFTER:
                return self._mend(call, account, answer)
            return answer
        except AwsError as error:
            return call.error(error.status, error.code, error.message)
        except NotImplementedError:
            return self._missing(call)
        except Exception as error:
            # Loud on purpose: a crash of moto must not look like an AWS error.
            print(f"{call.service}:{call.op} broke:", file=sys.stderr)
            traceback.print_exc()
            return self._missing(call, f"broke: {type(error).__name__}: {error}")

    def _mend(self, call: Call, account: str, answer: Answer) -> Answer:
        result = call.decode(answer)
        for function in registry.AFTER[(call.service, call.op)]:
            result = function(call, account, result)
        return call.answer(result)

    def _ask_moto(self, call: Call, account: str) -> Answer:
        call.environ["HTTP_X_MOTO_ACCOUNT_ID"] = account
        answer = self._reading(call) if trail.is_read(call.op) else self._run_moto(call.environ)
        if answer.status in (404, 405) and _UNANSWERED.match(answer.body):
            return self._missing(call)
        return answer

    def _reading(self, call: Call) -> Answer:
        """A read, begun again when another request changed what it was going through: AWS reads as of some moment."""
        for last in (False, False, False, False, True):
            try:
                return self._run_moto(dict(call.environ, **{"wsgi.input": io.BytesIO(call.body)}))
            except RuntimeError as error:
                if last or "changed size during iteration" not in str(error):
                    raise
        raise AssertionError  # the last one returned or raised

    def _run_moto(self, environ: dict[str, Any]) -> Answer:
        kept: dict[str, Any] = {}

        def start(status: str, headers: list, exc_info: Any = None) -> None:
            kept["status"], kept["headers"] = int(status.split()[0]), dict(headers)

        try:
            application = self._moto.get_application(environ)
        except AttributeError:  # moto's way of saying that it has no such service
            raise NotImplementedError from None
        chunks = application(environ, start)
        try:
            body = b"".join(chunks)
        finally:
            if hasattr(chunks, "close"):
                chunks.close()
        headers = {
            k: v
            for k, v in kept["headers"].items()
            if not k.lower().startswith("access-control-")  # no page may read us
        }
        return Answer(kept["status"], headers, body)

    def _missing(self, call: Call, why: str = "is not emulated") -> Answer:
        """501 in the protocol's own shape: an SDK reports it once and stops."""
        name = f"{call.service or call.signing_name}:{call.op or call.method + ' ' + call.path}"
        MISSING[name] += 1
        return call.error(501, "NotImplemented", f"the lab: {name} {why}")

    def _unknown(self, call: Call) -> Answer:
        """A request that fits no model, or that nobody signed."""
        if call.signed:
            return self._missing(call)
        if re.search(r"(^|\.)s3[.-]", call.host):
            call.signing_name = "s3"
            return call.error(403, "AccessDenied", "Access Denied")
        return call.error(
            403, "MissingAuthenticationToken", "Request is missing Authentication Token"
        )


# -- who may do what -------------------------------------------------------


def identify(call: Call, trusted: bool) -> Identity:
    """Who is calling. With the lab's token a call may be made as root of any
    account: scenarios need strangers."""
    account = call.headers.get("X-Moto-Account-Id", "")
    call.environ.pop("HTTP_X_MOTO_ACCOUNT_ID", None)
    if trusted and re.fullmatch(r"\d{12}", account):
        return root_of(account, call.access_key_id)
    if registry.identify:
        return registry.identify(call)
    return root_of(state.DEFAULT_ACCOUNT, call.access_key_id)


def root_of(account: str, key: str) -> Identity:
    """The root user of an account."""
    arn = f"arn:aws:iam::{account}:root"
    user = {
        "type": "Root",
        "principalId": account,
        "arn": arn,
        "accountId": account,
        "accessKeyId": key,
    }
    return Identity(user, account, arn, None, {"kind": "root"})


def refusal(call: Call, identity: Identity) -> tuple[Optional[AwsError], bool]:
    """Why the call is refused, if it is, and whether the trail shows that.

    Calls with credentials that are not good leave no record that LookupEvents
    would find: they belong to nobody.
    """
    mode = state.setting("auth")
    if mode == "off":
        return None, True
    if identity.refusal:
        return _bad_credentials(call, identity.refusal), identity.refusal == "revoked"
    if call.region in state.setting("disabled_regions") and call.service not in trail.GLOBAL:
        return _bad_credentials(call, "unknown"), False
    if mode == "enforce" and registry.authorize:
        return registry.authorize(call, identity), True
    return None, True


def _bad_credentials(call: Call, why: str) -> AwsError:
    from . import refusals

    return refusals.refusal(call.service, why)


def _stamped(answer: Answer, call: Call) -> Answer:
    """Give the answer the request id that the record has.

    moto makes up another; on AWS they are the same, and support asks for it.
    """
    made_up = ""
    for name in list(answer.headers):
        if name.lower() in ("x-amzn-requestid", "x-amz-request-id"):
            made_up = answer.headers.pop(name)
    if made_up and made_up != call.request_id:
        answer.body = answer.body.replace(made_up.encode(), call.request_id.encode())
    answer.headers["x-amzn-RequestId"] = call.request_id
    if call.service == "s3":
        answer.headers["x-amz-request-id"] = call.request_id
    return answer


def _plain(status: int, sentence: str) -> Answer:
    headers = {"Content-Type": "text/plain; charset=utf-8", "Connection": "close"}
    return Answer(status, headers, (sentence + "\n").encode())
