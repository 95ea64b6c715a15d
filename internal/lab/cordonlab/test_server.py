"""What the server does with requests, from the front door to the record."""

from __future__ import annotations

import threading
import unittest

from botocore.exceptions import ClientError

from cordonlab import server, trail
from cordonlab.test_helpers import LAB, ROOT, TOKEN, client, control, environ, fresh


class FrontDoor(unittest.TestCase):
    def test_hosts(self):
        for host, welcome in {
            "127.0.0.1:4999": True,
            "localhost:4999": True,
            "[::1]:4999": True,
            "iam.amazonaws.com": True,
            "IAM.amazonaws.com": True,
            "ec2.cn-north-1.amazonaws.com.cn": True,
            "bucket.s3.eu-west-1.amazonaws.com:443": True,
            "s3.dualstack.x.api.aws": True,
            "127.0.0.1": False,
            "127.0.0.1:80": False,
            "amazonaws.com": False,
            "evilamazonaws.com": False,
            "iam.amazonaws.com.evil.example": False,
            "iam.amazonaws.com@evil.example": False,
            "": False,
        }.items():
            self.assertEqual(LAB.welcome(host), welcome, host)
            if not welcome:
                self.assertEqual(LAB.handle(environ(host=host)).status, 421)

    def test_control_needs_the_token(self):
        for path in ("/_lab/health", "/_lab/x", "/_labx", "/moto-api/", "/moto-api/reset"):
            for token in (None, "", "no", TOKEN[:-1], TOKEN + "x", "\u00e9"):
                headers = {} if token is None else {"X-Lab-Token": token}
                answer = LAB.handle(environ("POST", path, headers))
                self.assertEqual(answer.status, 403, (path, token))

    def test_a_token_must_be_long(self):
        with self.assertRaises(ValueError):
            server.Lab("short")

    def test_unsigned_calls(self):
        answer = LAB.handle(environ(path="/"))
        self.assertEqual((answer.status, answer.code), (403, "MissingAuthenticationToken"))
        answer = LAB.handle(environ(path="/latest/meta-data/iam/security-credentials/"))
        self.assertEqual(answer.status, 403)
        answer = LAB.handle(environ(path="/key", host="bucket.s3.amazonaws.com"))
        self.assertIn(b"AccessDenied", answer.body)

    def test_hostile_requests_are_answered(self):
        scope = "AWS4-HMAC-SHA256 Credential={}/20260101/us-east-1/{}/aws4_request, Signature=x"
        for service in ("iam", "ec2", "lambda", "cloudtrail", "s3", "nothing", "../iam", "", "\x00"):
            for body, content in (
                (b"Action=ListUsers&Version=2010-05-08", "application/x-www-form-urlencoded"),
                (b"Action=\xff\xfe&&&=&UserName=%zz", "application/x-www-form-urlencoded"),
                (b"{" * 5000, "application/x-amz-json-1.1"),
                (b"\x00" * 100, "application/octet-stream"),
            ):
                headers = {
                    "Authorization": scope.format("AKIA'\"<x>", service),
                    "Content-Type": content,
                    "X-Amz-Target": "a.b" if "json" in content else "",
                }
                answer = LAB.handle(environ("POST", "/", headers, body))
                self.assertGreaterEqual(answer.status, 400, (service, body[:20]))

    def test_wrong_lengths(self):
        for length in ("x", "-5x", str(10**12)):
            made = environ("POST")
            made["CONTENT_LENGTH"] = length
            self.assertEqual(LAB.handle(made).status, 400, length)


class Calls(unittest.TestCase):
    def setUp(self):
        fresh()

    def test_request_ids_agree(self):
        for call in (
            lambda: client("iam").create_user(UserName="alice"),
            lambda: client("ec2").describe_vpcs(),
            lambda: client("lambda").list_functions(),
        ):
            self.assertEqual(
                call()["ResponseMetadata"]["RequestId"], trail.RECORDS[-1].event["requestID"]
            )

    def test_the_account(self):
        self.assertEqual(client("sts").get_caller_identity()["Account"], "111122223333")
        made = client("iam").create_user(UserName="alice")["User"]
        self.assertEqual(made["Arn"], "arn:aws:iam::111122223333:user/alice")

    def test_the_clock(self):
        then = client("iam", time="2026-01-31T12:00:00Z")
        made = then.create_user(UserName="alice")["User"]
        self.assertEqual(made["CreateDate"].isoformat()[:19], "2026-01-31T12:00:00")
        self.assertEqual(trail.RECORDS[-1].event["eventTime"], "2026-01-31T12:00:00Z")

    def test_the_labs_headers_need_the_token(self):
        stranger = client("iam", time="2001-01-01T00:00:00Z", ip="1.2.3.4", agent="x", token="")
        stranger.list_users()
        event = trail.RECORDS[-1].event
        self.assertEqual(event["sourceIPAddress"], "127.0.0.1")
        self.assertNotEqual(event["userAgent"], "x")
        self.assertFalse(event["eventTime"].startswith("2001"))

    def test_other_accounts_need_the_token(self):
        def elsewhere(request, **_):
            request.headers["X-Moto-Account-Id"] = "999988887777"

        for token, account in (("", "111122223333"), (TOKEN, "999988887777")):
            caller = client("sts", token=token)
            caller.meta.events.register_first("before-send", elsewhere)
            self.assertEqual(caller.get_caller_identity()["Account"], account)

    def test_missing_calls_are_counted(self):
        for call in (
            lambda: client("account").get_primary_email(AccountId="111122223333"),
            lambda: client("health").describe_events(),
        ):
            with self.assertRaises(ClientError) as caught:
                call()
            self.assertEqual(caught.exception.response["Error"]["Code"], "NotImplemented")
            self.assertEqual(caught.exception.response["ResponseMetadata"]["HTTPStatusCode"], 501)
        self.assertEqual(
            control("GET", "/missing"),
            (200, {"account:GetPrimaryEmail": 1, "health:DescribeEvents": 1}),
        )

    def test_regions_that_are_not_enabled(self):
        for service, call, code in (
            ("ec2", "describe_vpcs", "AuthFailure"),
            ("sts", "get_caller_identity", "InvalidClientTokenId"),
            ("lambda", "list_functions", "UnrecognizedClientException"),
            ("cloudtrail", "describe_trails", "UnrecognizedClientException"),
        ):
            with self.assertRaises(ClientError) as caught:
                getattr(client(service, "me-south-1"), call)()
            self.assertEqual(caught.exception.response["Error"]["Code"], code)
        self.assertFalse([r for r in trail.RECORDS if r.visible])
        with self.assertRaises(ConnectionError):
            control("POST", "/settings", {"unreachable_regions": ["eu-west-1"]})
            client("ec2", "eu-west-1").describe_vpcs()


class Gates(unittest.TestCase):
    def test_alone_waits_and_excludes(self):
        gate, order = server.Gate(), []
        inside, leave = threading.Event(), threading.Event()

        def call():
            with gate.shared():
                inside.set()
                leave.wait(10)
                order.append("call")

        thread = threading.Thread(target=call)
        thread.start()
        inside.wait(10)
        with self.assertRaises(TimeoutError):
            with gate.alone(timeout=0.01):
                pass
        leave.set()
        with gate.alone(timeout=10):
            order.append("alone")
        thread.join(10)
        self.assertEqual(order, ["call", "alone"])


class Control(unittest.TestCase):
    def setUp(self):
        fresh()

    def test_settings(self):
        status, all_of_them = control("POST", "/settings", {"lookup_rps": 2})
        self.assertEqual((status, all_of_them["lookup_rps"]), (200, 2))
        for wrong in (
            {"nothing": 1},
            {"auth": "maybe"},
            {"lookup_rps": -1},
            {"lookup_rps": True},
            {"lookup_rps": "2"},
            {"disabled_regions": "eu-west-1"},
            [],
        ):
            self.assertEqual(control("POST", "/settings", wrong)[0], 400, wrong)
        self.assertEqual(control("GET", "/settings")[1]["lookup_rps"], 2)
        control("POST", "/reset")
        self.assertEqual(control("GET", "/settings")[1]["lookup_rps"], 0)

    def test_what_is_not_there(self):
        self.assertEqual(control("GET", "/nothing")[0], 404)
        self.assertEqual(control("DELETE", "/health")[0], 404)
        self.assertEqual(control("GET", "/dump?service=nothing")[0], 400)
        for name in ("no_such", "../x", "world.x", "", None, 5):
            self.assertEqual(control("POST", "/seed", {"scenario": name})[0], 400, name)
        self.assertEqual(control("POST", "/seed", {"scenario": "night", "now": "today"})[0], 400)

    def test_events(self):
        client("iam").create_user(UserName="alice")
        client("iam").list_users()
        _, events = control("GET", "/events")
        self.assertEqual([e["eventName"] for e in events], ["CreateUser", "ListUsers"])
        _, events = control("GET", "/events?mutating=1")
        self.assertEqual([e["_lab"]["op"] for e in events], ["CreateUser"])
        self.assertEqual(events[0]["_lab"]["access_key_id"], ROOT[0])
        self.assertEqual(len(control("GET", "/events?n=1")[1]), 1)
        self.assertEqual(control("GET", "/events?n=x")[0], 400)

    def test_dump_is_the_same_twice_and_shows_changes(self):
        client("iam").create_user(UserName="alice")
        _, before = control("GET", "/dump")
        self.assertEqual(control("GET", "/dump")[1], before)
        self.assertNotIn("object at", str(before))
        client("iam").put_user_policy(
            UserName="alice",
            PolicyName="p",
            PolicyDocument='{"Version":"2012-10-17","Statement":'
            '[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}',
        )
        _, after = control("GET", "/dump?service=iam")
        self.assertEqual(list(after["iam"]["user/alice"]["inline"]), ["p"])


if __name__ == "__main__":
    unittest.main()
