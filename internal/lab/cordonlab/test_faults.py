"""Faults: which calls they take, and what becomes of those."""

from __future__ import annotations

import threading
import unittest
from types import SimpleNamespace

from botocore.exceptions import ClientError

from cordonlab import faults, trail
from cordonlab.test_helpers import client, control, fresh


class Rules(unittest.TestCase):
    def setUp(self):
        fresh()

    def code(self, call) -> str:
        try:
            call()
        except ClientError as error:
            return error.response["Error"]["Code"]
        return ""

    def test_each_protocol_has_its_own_throttling(self):
        faults.add({"throttle": True})
        for service, call, code in (
            ("iam", "list_users", "Throttling"),
            ("ec2", "describe_vpcs", "RequestLimitExceeded"),
            ("s3", "list_buckets", "SlowDown"),
            ("lambda", "list_functions", "TooManyRequestsException"),
            ("cloudtrail", "describe_trails", "ThrottlingException"),
        ):
            self.assertEqual(self.code(getattr(client(service), call)), code)

    def test_skip_times_and_match(self):
        faults.add({"match": {"op": "List.*"}, "skip": 1, "times": 2, "code": "X", "status": 503})
        codes = [self.code(client("iam").list_users) for _ in range(5)]
        self.assertEqual(codes, ["", "X", "X", "", ""])
        self.assertEqual(self.code(client("iam").get_account_summary), "")
        status, rules = control("GET", "/faults")
        self.assertEqual((status, rules[0]["seen"], rules[0]["hits"]), (200, 5, 2))

    def test_what_is_skipped_is_over_before_the_next_is_struck(self):
        faults.add({"skip": 1, "code": "X"})
        call = SimpleNamespace(service="iam", op="ListUsers", region="", access_key_id="", user_agent="")
        skipped, struck = faults.strike(call), faults.strike(call)
        self.assertEqual((skipped.before, struck.before["code"]), (None, "X"))
        order, begun = [], threading.Event()

        def second():
            begun.set()
            faults.settle(struck)
            order.append("second")

        thread = threading.Thread(target=second)
        thread.start()
        begun.wait()
        thread.join(0.1)  # were it not to wait, it would be over by now
        order.append("first")
        faults.over(skipped)
        thread.join()
        self.assertEqual(order, ["first", "second"])

    def test_a_copy_waits_for_no_thread_of_its_parents(self):
        before = (faults._LOCK, faults._OVER)

        def again():
            faults._LOCK, faults._OVER = before

        self.addCleanup(again)
        faults.add({"skip": 1, "code": "X"})
        call = SimpleNamespace(service="iam", op="ListUsers", region="", access_key_id="", user_agent="")
        faults.strike(call)  # under way in the parent, never over in the copy
        with before[0]:  # by a thread that is not in the copy
            done = threading.Event()
            copied = threading.Thread(target=lambda: (faults.forked(), faults.settle(faults.strike(call)), done.set()), daemon=True)
            copied.start()
            self.assertTrue(done.wait(20), "it waits for the parent's thread")

    def test_chances_repeat(self):
        def run():
            faults.clear()
            faults.add({"prob": 0.5, "code": "X"})
            return [self.code(client("iam").list_users) for _ in range(12)]

        first = run()
        self.assertEqual(run(), first)
        self.assertEqual(set(first), {"", "X"})

    def test_after_is_carried_out(self):
        faults.add({"match": {"op": "CreateUser"}, "status": 500, "after": True})
        self.assertEqual(
            self.code(lambda: client("iam").create_user(UserName="alice")), "InternalFailure"
        )
        record = trail.RECORDS[-1]
        self.assertEqual((record.lab["status"], record.lab["faulted"]), (200, True))
        self.assertNotIn("errorCode", record.event)
        faults.clear()
        self.assertEqual(len(client("iam").list_users()["Users"]), 1)

    def test_dropped(self):
        faults.add({"match": {"op": "CreateUser"}, "drop": True})
        with self.assertRaises(ConnectionError):
            client("iam").create_user(UserName="alice")
        record = trail.RECORDS[-1]
        self.assertEqual((record.lab["carried_out"], record.visible), (False, False))

    def test_wrong_rules(self):
        for wrong in (
            [],
            {"match": {"op": "("}},
            {"match": {"colour": "red"}},
            {"match": {"op": 5}},
            {"times": "2"},
            {"times": True},
            {"status": 200},
            {"surprise": 1},
        ):
            self.assertEqual(control("POST", "/faults", wrong)[0], 400, wrong)
        self.assertEqual(control("GET", "/faults"), (200, []))


if __name__ == "__main__":
    unittest.main()
