"""Who is calling, sessions, signatures, settling and pages: with moto in this process, without a server."""
import datetime as dt
import json
import os
import unittest
from types import SimpleNamespace
from unittest import mock

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from cordonlab import authview, identity, pages, refusals, registry, sessions, signature, state, sts_calls, totp

ACCOUNT = state.DEFAULT_ACCOUNT
EVERYTHING = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
NOTHING = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]})


def call(key_id, service="iam", op="ListUsers", token=None, **params):
    return SimpleNamespace(service=service, op=op, params=params, region="us-east-1", access_key_id=key_id, token=token,
                           source_ip="203.0.113.7", headers={}, method="POST", path="/", query="", body=b"")


class Case(unittest.TestCase):
    """A fresh IAM with one user, alice, who may do everything."""

    def setUp(self):
        from moto.iam.models import iam_backends
        from moto.sts.models import sts_backends
        iam_backends.reset()
        sts_backends.reset()
        for function in registry.RESETTERS:
            function()
        state.SETTINGS.update(iam_settle_ms=0, auth="enforce", page_size=0)
        self.iam = authview.backend(ACCOUNT)
        self.user = self.iam.create_user("us-east-1", "alice")
        self.user.put_policy("own", EVERYTHING)
        self.key = self.iam.create_access_key("alice")

    def tearDown(self):
        state.SETTINGS.update(iam_settle_ms=0, page_size=0)

    def long_term(self, **more):
        return call(self.key.access_key_id, **more)

    def allowed(self, request):
        return identity.authorize(request, identity.identify(request))

    def sts(self, function, op, by=None, **params):
        request = by or self.long_term(service="sts", op=op)
        request.op, request.service, request.params = op, "sts", params
        return function(request, ACCOUNT)

    def session_call(self, credentials, **more):
        return call(credentials["AccessKeyId"], token=credentials["SessionToken"], **more)


class Callers(Case):
    def test_user(self):
        who = identity.identify(self.long_term())
        self.assertEqual((None, ACCOUNT, "IAMUser", "alice"), (
            who.refusal, who.account, who.user_identity["type"], who.user_identity["userName"]))
        self.assertNotIn("sessionContext", who.user_identity)

    def test_root(self):
        with mock.patch.dict(os.environ, {"CORDON_LAB_ROOT_KEY": "AKIAROOT", "CORDON_LAB_ROOT_SECRET": "s"}):
            who = identity.identify(call("AKIAROOT"))
        self.assertEqual("Root", who.user_identity["type"])
        self.assertIsNone(identity.authorize(call("AKIAROOT"), who))

    def test_refusals(self):
        self.assertEqual("unknown", identity.identify(call("AKIANOBODY")).refusal)
        self.assertEqual("unknown", identity.identify(call(self.key.access_key_id, token="t")).refusal)
        self.key.status = "Inactive"
        self.assertEqual("inactive", identity.identify(self.long_term()).refusal)
        self.user.access_keys.remove(self.key)
        gone = identity.identify(self.long_term())
        self.assertEqual(("deleted", "alice"), (gone.refusal, gone.user_identity["userName"]))

    def test_group_policies_and_deny(self):
        self.user.policies.clear()
        self.assertIsNotNone(self.allowed(self.long_term()))
        group = self.iam.create_group("admins")
        group.put_policy("all", EVERYTHING)
        self.iam.add_user_to_group("admins", "alice")
        self.assertIsNone(self.allowed(self.long_term()))
        self.user.put_policy("no", NOTHING)
        self.assertIn("explicit deny", self.allowed(self.long_term()).message)

    def test_nobody_is_refused_the_question_who_am_i(self):
        self.user.put_policy("no", NOTHING)
        self.assertIsNone(self.allowed(self.long_term(service="sts", op="GetCallerIdentity")))

    def test_words_of_each_protocol(self):
        for service, code in (("iam", "InvalidClientTokenId"), ("ec2", "AuthFailure"), ("s3", "InvalidAccessKeyId"),
                              ("lambda", "UnrecognizedClientException"), ("ecs", "UnrecognizedClientException")):
            self.assertEqual(code, refusals.refusal(service, "inactive").code)
        for service, code in (("sts", "ExpiredToken"), ("ec2", "RequestExpired"), ("lambda", "ExpiredTokenException")):
            self.assertEqual(code, refusals.refusal(service, "expired").code)
        self.assertEqual(("UnauthorizedOperation", 403), (lambda e: (e.code, e.status))(
            refusals.denied("ec2", "x", "ec2:Y", "*", False)))


class Sessions(Case):
    def token(self, **params):
        return self.sts(sts_calls.get_session_token, "GetSessionToken", **params)["Credentials"]

    def test_session_token_is_the_users(self):
        got = self.token()
        request = self.session_call(got, service="ec2", op="DescribeVpcs")
        who = identity.identify(request)
        self.assertEqual(("alice", "false"), (who.user_identity["userName"], who.user_identity["sessionContext"][
            "attributes"]["mfaAuthenticated"]))
        self.assertIsNone(self.allowed(request))
        self.key.status = "Inactive"
        self.assertIsNone(self.allowed(request))
        self.user.put_policy("no", NOTHING)
        self.assertIsNotNone(self.allowed(request))

    def test_session_token_limits(self):
        got = self.token()
        self.assertEqual("InvalidClientTokenId", self.allowed(self.session_call(got)).code)
        self.assertEqual("AccessDenied", self.allowed(self.session_call(got, service="sts", op="GetSessionToken")).code)
        self.assertIsNone(self.allowed(self.session_call(got, service="sts", op="AssumeRole")))

    def test_wrong_token_expiry_and_deleted_user(self):
        got = self.token()
        self.assertEqual("unknown", identity.identify(call(got["AccessKeyId"], token="other")).refusal)
        session = sessions.get(got["AccessKeyId"])
        session.expires = sessions.now() - dt.timedelta(seconds=1)
        self.assertEqual("expired", identity.identify(self.session_call(got)).refusal)
        del self.iam.users["alice"]
        self.assertEqual("deleted", identity.identify(self.session_call(got)).refusal)

    def test_durations(self):
        for seconds in (899, 129601):
            with self.assertRaises(registry.AwsError):
                self.token(DurationSeconds=seconds)

    def test_federation(self):
        bare = self.sts(sts_calls.get_federation_token, "GetFederationToken", Name="guest")["Credentials"]
        self.assertIsNotNone(self.allowed(self.session_call(bare, service="ec2", op="DescribeVpcs")))
        full = self.sts(sts_calls.get_federation_token, "GetFederationToken", Name="guest", Policy=EVERYTHING)
        request = self.session_call(full["Credentials"], service="ec2", op="DescribeVpcs")
        self.assertIsNone(self.allowed(request))
        self.assertIsNotNone(self.allowed(self.session_call(full["Credentials"])), "IAM is closed to federated users")
        who = identity.identify(request).user_identity
        self.assertEqual(("FederatedUser", "IAMUser"), (who["type"], who["sessionContext"]["sessionIssuer"]["type"]))


class Roles(Case):
    def role(self, principal, **statement):
        trust = {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal, **statement}]}
        role = self.iam.create_role("worker", json.dumps(trust), "/", None, "", [], "3600")
        role.put_policy("own", EVERYTHING)
        return role

    def assume(self, role, by=None, **params):
        return self.sts(sts_calls.assume_role, "AssumeRole", by=by, RoleArn=role.arn, RoleSessionName="session",
                        **params)["Credentials"]

    def test_session(self):
        got = self.assume(self.role({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}))
        who = identity.identify(self.session_call(got))
        issuer = who.user_identity["sessionContext"]["sessionIssuer"]
        self.assertEqual(("AssumedRole", "Role", "worker"), (who.user_identity["type"], issuer["type"],
                                                             issuer["userName"]))
        self.assertIsNone(self.allowed(self.session_call(got)))
        facts = identity.context(self.session_call(got), who)
        self.assertIn("aws:TokenIssueTime", facts)
        self.assertTrue(facts["aws:PrincipalArn"].endswith(":role/worker"))

    def test_last_use(self):
        role = self.role({"AWS": "*"})
        got = self.assume(role)
        self.assertIsNone(role.last_used, "assuming a role is not using it")
        self.assertEqual("sts", self.key.last_used.service)
        identity.identify(self.session_call(got))
        self.assertEqual("us-east-1", role.last_used_region)

    def test_identity_providers(self):
        federated = dict(service="sts", op="AssumeRoleWithWebIdentity")
        role = self.role({"Federated": "arn:aws:iam::1:oidc-provider/idp"}, Action="sts:AssumeRoleWithWebIdentity")
        self.assertIsNone(self.allowed(call("", RoleArn=role.arn, **federated)))
        self.assertIsNotNone(self.allowed(call("", RoleArn=role.arn + "x", **federated)))
        role.assume_role_policy_document = EVERYTHING
        self.assertIsNotNone(self.allowed(call("", RoleArn=role.arn, **federated)))

    def test_long_term_keys_have_no_issue_time(self):
        facts = identity.context(self.long_term(), identity.identify(self.long_term()))
        self.assertFalse({"aws:TokenIssueTime", "aws:MultiFactorAuthPresent"} & set(facts))

    def test_account_principal_needs_an_own_permission(self):
        role = self.role({"AWS": f"arn:aws:iam::{ACCOUNT}:root"})
        self.user.policies.clear()
        with self.assertRaises(registry.AwsError):
            self.assume(role)

    def test_named_principal_needs_none(self):
        role = self.role({"AWS": self.user.arn})
        self.user.policies.clear()
        self.assume(role)
        self.user.put_policy("no", NOTHING)
        with self.assertRaises(registry.AwsError):
            self.assume(role)

    def test_chaining_is_an_hour(self):
        role = self.role({"AWS": "*"})
        role.max_session_duration = "7200"
        got = self.assume(role, DurationSeconds=7200)
        with self.assertRaisesRegex(registry.AwsError, "role chaining"):
            self.assume(role, by=self.session_call(got), DurationSeconds=7200)

    def test_recreated_role_does_not_revive_sessions(self):
        role = self.role({"AWS": "*"})
        got = self.assume(role)
        del self.iam.roles[role.id]
        self.assertEqual("deleted", identity.identify(self.session_call(got)).refusal)
        self.role({"AWS": "*"})
        self.assertEqual("deleted", identity.identify(self.session_call(got)).refusal)

    def test_session_policy(self):
        got = self.assume(self.role({"AWS": "*"}), Policy=NOTHING)
        self.assertIn("session policy", self.allowed(self.session_call(got)).message)


class Settling(Case):
    def test_enforcement_lags(self):
        state.SETTINGS["iam_settle_ms"] = 1000
        before = authview.current(now=10)
        self.user.put_policy("no", NOTHING)
        with mock.patch("time.monotonic", return_value=11):
            authview.remember()
        self.assertIs(before, authview.current(now=11.5))
        self.assertEqual(2, len(authview.current(now=12.1).user(ACCOUNT, "alice").documents))

    def test_without_delay_it_is_live(self):
        self.assertIsInstance(authview.current(), authview.Live)


class Signatures(unittest.TestCase):
    def signed(self, secret, path="/", service="iam"):
        request = AWSRequest("POST", f"https://iam.amazonaws.com{path}?b=2&a=1%202", data=b"body",
                             headers={"Host": "iam.amazonaws.com", "Content-Type": "text/plain"})
        SigV4Auth(Credentials("AKIA1", secret), service, "us-east-1").add_auth(request)
        return SimpleNamespace(headers=dict(request.headers), method="POST", path=path, query="b=2&a=1%202",
                               body=b"body", environ={})

    def test_right_and_wrong(self):
        for path in ("/", "/2015-03-31/functions/arn:aws:x"):
            self.assertTrue(signature.matches(self.signed("right", path), "right"))
            self.assertFalse(signature.matches(self.signed("wrong", path), "right"))

    def test_unsigned(self):
        request = self.signed("x")
        request.headers = {}
        self.assertIsNone(signature.matches(request, "x"))


class Codes(unittest.TestCase):
    def test_rfc_6238(self):
        """The RFC's test vector for SHA-1 at 59 seconds, its last six digits."""
        self.assertEqual("287082", totp.code("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", 1))

    def test_consecutive(self):
        seed, now = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", dt.datetime(2026, 11, 21)
        step = list(totp.steps(now))[totp.WINDOW]
        self.assertTrue(totp.consecutive(seed, totp.code(seed, step - 1), totp.code(seed, step), now))
        self.assertFalse(totp.consecutive(seed, totp.code(seed, step), totp.code(seed, step), now))


class Pages(unittest.TestCase):
    ERROR = registry.AwsError(400, "ValidationError", "no")

    def test_all_pages_give_all(self):
        seen, marker = [], None
        while True:
            page, marker = pages.cut(list(range(5)), 2, marker, "x", self.ERROR)
            seen += page
            if not marker:
                break
        self.assertEqual(list(range(5)), seen)

    def test_full_last_page_has_no_marker(self):
        self.assertEqual(([1, 2], None), pages.cut([1, 2], 2, None, "x", self.ERROR))

    def test_foreign_markers(self):
        _, marker = pages.cut([1, 2], 1, None, "x", self.ERROR)
        for wrong in ("made up", "W10=", "é", marker[:-3], pages.encode(-1, "y")):
            with self.assertRaises(registry.AwsError):
                pages.cut([1, 2], 1, wrong, "y", self.ERROR)

    def test_limits(self):
        for size in (0, 1001):
            with self.assertRaises(registry.AwsError):
                pages.iam_size({"MaxItems": size})


if __name__ == "__main__":
    unittest.main()
