"""The night, seeded into a real lab: is the truth complete, and is it true?

Run from the folder above the package: python -m unittest cordonlab.scenarios.test_scenario
"""

from __future__ import annotations

import datetime as dt
import importlib.util
import json
import os
import pathlib
import re
import secrets
import subprocess
import sys
import unittest
import urllib.request

from botocore.exceptions import ClientError

from . import names
from .world import Keys, World

PACKAGE_ROOT = pathlib.Path(__file__).resolve().parents[2]
TIME = "%Y-%m-%dT%H:%M:%SZ"

#: kinds whose ids are names that people choose; all other ids are moto's
NAMED = {"iam.user", "iam.group", "iam.role", "iam.policy", "iam.login-profile", "iam.mfa-device", "iam.saml-provider",
         "iam.oidc-provider", "iam.server-certificate", "lambda.function", "lambda.layer", "cloudtrail.trail"}

KINDS = NAMED | {"iam.access-key", "iam.service-credential", "iam.ssh-key", "iam.signing-certificate", "ec2.instance",
                 "ec2.image", "ec2.volume", "ec2.snapshot", "ec2.key-pair", "ec2.security-group", "guardduty.detector"}


class Lab:
    """A lab of our own, for as long as the tests take."""

    def __init__(self) -> None:
        self.token = secrets.token_hex(16)
        environment = {**os.environ, "CORDON_LAB_TOKEN": self.token, "PYTHONDONTWRITEBYTECODE": "1"}
        self.process = subprocess.Popen([sys.executable, "-m", "cordonlab", "--watch-stdin"], cwd=PACKAGE_ROOT, env=environment,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.endpoint = f"http://127.0.0.1:{json.loads(self.process.stdout.readline())['port']}"

    def ask(self, method: str, path: str, body: dict | None = None) -> dict:
        data = json.dumps(body or {}).encode() if method == "POST" else None
        request = urllib.request.Request(f"{self.endpoint}/_lab{path}", data, {"X-Lab-Token": self.token}, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=120) as answer:
            return json.load(answer)

    def seed(self, now: dt.datetime) -> dict:
        """The night in an empty account whose policies are enforced."""
        self.ask("POST", "/reset")
        self.ask("POST", "/settings", {"auth": "enforce"})
        return self.ask("POST", "/seed", {"scenario": "night", "now": now.strftime(TIME)})

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


@unittest.skipUnless(importlib.util.find_spec("moto"), "needs moto")
class NightTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.lab = Lab()
        cls.addClassCleanup(cls.lab.close)
        cls.now = dt.datetime.now(dt.timezone.utc).replace(tzinfo=None, microsecond=0)
        cls.first = cls.lab.seed(cls.now)
        cls.first_story = cls.story()
        cls.truth = cls.lab.seed(cls.now)  # the second build is the one that the tests look at
        cls.world = World(cls.lab.endpoint, cls.lab.token, "", "", cls.truth["account"])

    @classmethod
    def story(cls) -> list[tuple]:
        """What was done, when, from where: everything of the history but the random ids."""
        return [(e["eventTime"], e["awsRegion"], e["eventName"], e.get("errorCode"), e["sourceIPAddress"], e["userIdentity"].get("arn"))
                for e in cls.lab.ask("GET", "/events")]

    def caller(self, service: str, region: str = "us-east-1"):
        return self.world.client(service, region, keys_of(self.truth["caller"]), at=self.now)

    def whoami(self, entry: dict) -> str:
        return self.world.client("sts", "us-east-1", keys_of(entry), at=self.now).get_caller_identity()["Arn"]

    def test_truth_is_complete(self) -> None:
        for name in ("account", "caller", "breakglass_role", "since", "leaked_key", "home_regions", "foreign_account",
                     "owner_credentials", "intruder_credentials", "planted", "owner_resources"):
            self.assertTrue(self.truth[name], name)
        self.assertEqual(self.truth["account"], "111122223333")
        planted = {p["kind"] for p in self.truth["planted"]}
        self.assertLessEqual(planted, KINDS)
        self.assertLessEqual({"iam.user", "iam.access-key", "iam.login-profile", "iam.mfa-device", "iam.group", "iam.role", "iam.policy",
                              "iam.ssh-key", "iam.saml-provider", "iam.oidc-provider", "ec2.instance", "ec2.image", "ec2.volume",
                              "ec2.snapshot", "ec2.key-pair", "ec2.security-group", "lambda.function", "lambda.layer",
                              "cloudtrail.trail", "guardduty.detector"}, planted)
        self.assertLessEqual({r["kind"] for r in self.truth["owner_resources"]}, KINDS)
        kinds = {c["kind"] for c in self.truth["intruder_credentials"]}
        self.assertEqual(kinds, {"access-key", "session-token", "federation-token", "assumed-role", "login-profile"})

    def test_sides_do_not_overlap(self) -> None:
        mine = [(r["kind"], r["region"], r["id"]) for r in self.truth["owner_resources"]]
        theirs = [(p["kind"], p["region"], p["id"]) for p in self.truth["planted"]]
        self.assertEqual(len(mine), len(set(mine)))
        self.assertEqual(len(theirs), len(set(theirs)))
        self.assertFalse(set(mine) & set(theirs))

    def test_intruder_credentials_work(self) -> None:
        for entry in self.truth["intruder_credentials"]:
            with self.subTest(entry["name"], kind=entry["kind"]):
                if entry["kind"] == "login-profile":
                    user = entry["principal"].rsplit("/", 1)[-1]
                    self.assertEqual(self.caller("iam").get_login_profile(UserName=user)["LoginProfile"]["UserName"], user)
                    continue
                self.assertIn(f":{self.truth['account']}:", self.whoami(entry))

    def test_owner_credentials_work(self) -> None:
        self.assertEqual(self.whoami(self.truth["caller"]), self.truth["caller"]["arn"])
        for entry in self.truth["owner_credentials"]:
            with self.subTest(entry["name"]):
                self.assertIn(f":{self.truth['account']}:", self.whoami(entry))

    def test_emergency_role_wants_a_code(self) -> None:
        caller, role = self.truth["caller"], {"RoleArn": self.truth["breakglass_role"], "RoleSessionName": "claire"}
        with self.assertRaises(ClientError):
            self.caller("sts").assume_role(**role)
        self.world.seeds[caller["mfa_serial"]] = caller["mfa_seed"]
        self.world.clock.jump(self.now)
        code = self.world.code(caller["mfa_serial"])
        self.caller("sts").assume_role(**role, SerialNumber=caller["mfa_serial"], TokenCode=code)

    def test_history_is_back_dated(self) -> None:
        since = dt.datetime.strptime(self.truth["since"], TIME).replace(tzinfo=dt.timezone.utc)
        until = self.now.replace(tzinfo=dt.timezone.utc) - dt.timedelta(minutes=35)
        expected = {self.truth["leaked_key"]: {"CreateUser", "CreateLoginProfile", "GetFederationToken", "RunInstances"}}
        admin = next(c for c in self.truth["intruder_credentials"] if c["name"] == names.NEW_ADMIN)
        expected[admin["access_key_id"]] = {"UpdateAssumeRolePolicy", "CreateRole", "PutUserPolicy", "SetDefaultPolicyVersion"}
        for key, wanted in expected.items():
            attribute = [{"AttributeKey": "AccessKeyId", "AttributeValue": key}]
            found = self.caller("cloudtrail").lookup_events(LookupAttributes=attribute, StartTime=since)["Events"]
            intruder = [e for e in found if json.loads(e["CloudTrailEvent"])["sourceIPAddress"].startswith("203.0.113.")]
            self.assertLessEqual(wanted, {e["EventName"] for e in intruder})
            for event in intruder:
                self.assertTrue(since <= event["EventTime"] <= until, event["EventTime"])

    def test_gpus_are_protected_and_names_tell_nothing(self) -> None:
        texts = [f"{p['kind']} {p['id']}" for p in self.truth["planted"] if p["kind"] in NAMED]
        for region in names.UNUSED_REGIONS:
            ec2 = self.caller("ec2", region)
            ids = [p["id"] for p in self.truth["planted"] if p["kind"] == "ec2.instance" and p["region"] == region]
            self.assertEqual(len(ids), 2)
            texts.append(json.dumps(ec2.describe_instances(InstanceIds=ids)["Reservations"], default=str))
            texts.append(json.dumps(ec2.describe_security_groups()["SecurityGroups"], default=str))
            for each in ids:
                flag = ec2.describe_instance_attribute(InstanceId=each, Attribute="disableApiTermination")
                self.assertTrue(flag["DisableApiTermination"]["Value"], f"{region} {each}")
        for name in ("NEW_ADMIN", "NEW_ROLE", "NEW_FUNCTION", "NEW_LAYER", "NEW_KEY_PAIR", "NEW_SAML", "NEW_OIDC_URL"):
            texts.append(getattr(names, name))
        texts.append(json.dumps(self.caller("iam").get_role(RoleName=names.NEW_ROLE), default=str))
        for text in texts:
            for word in names.GIVEAWAYS:
                self.assertIsNone(re.search(word, without_status(text), re.IGNORECASE), f"{word} in {text[:120]}")

    def test_planted_things_are_there(self) -> None:
        look = {"iam.user": ("iam", "get_user", "UserName"), "iam.role": ("iam", "get_role", "RoleName"),
                "lambda.function": ("lambda", "get_function", "FunctionName"), "ec2.snapshot": ("ec2", "describe_snapshots", "SnapshotIds"),
                "ec2.image": ("ec2", "describe_images", "ImageIds"), "ec2.security-group": ("ec2", "describe_security_groups", "GroupIds"),
                "ec2.volume": ("ec2", "describe_volumes", "VolumeIds"), "guardduty.detector": ("guardduty", "get_detector", "DetectorId")}
        for entry in self.truth["planted"] + self.truth["owner_resources"]:
            if entry["kind"] in look:
                service, operation, name = look[entry["kind"]]
                region = "us-east-1" if entry["region"] == "global" else entry["region"]
                value = [entry["id"]] if name.endswith("Ids") else entry["id"]
                with self.subTest(entry["kind"], id=entry["id"]):
                    getattr(self.caller(service, region), operation)(**{name: value})
        for entry in self.truth["vanished"]:
            with self.assertRaises(ClientError):
                self.caller("iam").get_user(UserName=entry["id"])

    def test_trail_is_stopped_and_key_quarantined(self) -> None:
        status = self.caller("cloudtrail", "eu-west-1").get_trail_status(Name="tidemark-audit-eu")
        self.assertFalse(status["IsLogging"])
        self.assertTrue(self.caller("cloudtrail").get_trail_status(Name="tidemark-audit")["IsLogging"])
        attached = self.caller("iam").list_attached_user_policies(UserName=self.truth["quarantine"]["user"])
        self.assertEqual([p["PolicyArn"] for p in attached["AttachedPolicies"]], [self.truth["quarantine"]["policy"]])

    def test_same_now_same_story(self) -> None:
        self.maxDiff = 2000
        self.assertEqual(outline(self.first), outline(self.truth))
        self.assertEqual(self.first_story, self.story()[:len(self.first_story)])


def keys_of(entry: dict) -> Keys:
    return Keys(entry["access_key_id"], entry["secret_access_key"], entry.get("session_token", ""))


def without_status(text: str) -> str:
    """The answers' own vocabulary ("PlatformDetails", "Tests") is not the story's: only look at what people choose."""
    chosen = re.findall(r'"(?:GroupName|Description|KeyName|Value|RoleName)": "([^"]*)"', text)
    return " ".join(chosen) if text.startswith(("[", "{")) else text


def outline(truth: dict) -> dict:
    """The truth without what is random by nature."""
    def thing(entry: dict) -> tuple:
        what = re.sub(r"\b(ami|i|sg|snap|vol)-[0-9a-f]+", "-", entry.get("what", ""))
        return (entry["kind"], entry["region"], entry["id"] if entry["kind"] in NAMED else "-", what, entry.get("technique"))
    return {
        "things": {side: sorted(thing(e) for e in truth[side]) for side in ("planted", "owner_resources", "touched")},
        "credentials": {side: [(c["name"], c["kind"], c["principal"], c.get("password")) for c in truth[side]]
                        for side in ("owner_credentials", "intruder_credentials")},
        "rest": {k: truth[k] for k in ("account", "since", "home_regions", "foreign_account", "breakglass_role")},
    }


if __name__ == "__main__":
    unittest.main()
