"""The files that trails deliver."""

from __future__ import annotations

import gzip
import hashlib
import json
import unittest

from cordonlab import digests
from cordonlab.test_helpers import client, control, fresh

def at(minute: int) -> str:
    return f"2026-10-30T21:{minute:02d}:00Z"


class Deliveries(unittest.TestCase):
    def setUp(self):
        fresh()
        client("s3", time="2026-10-30T20:00:00Z").create_bucket(Bucket="logs-of-ours")

    def trail(self, name="audit", region="us-east-1", **more):
        api = client("cloudtrail", region, time=at(0))
        api.create_trail(Name=name, S3BucketName="logs-of-ours", **more)
        api.start_logging(Name=name)
        return api

    def deliver(self):
        status, done = control("POST", "/deliver")
        self.assertEqual(status, 200)
        return done["trails"]

    def files(self):
        found = client("s3").list_objects_v2(Bucket="logs-of-ours").get("Contents", [])
        return [o["Key"] for o in found]

    def records(self):
        found = []
        for key in self.files():
            if "/CloudTrail/" in key:
                body = client("s3").get_object(Bucket="logs-of-ours", Key=key)["Body"].read()
                found += json.loads(gzip.decompress(body))["Records"]
        return found

    def names(self):
        return [r["eventName"] for r in self.records()]

    def test_layout_and_once(self):
        self.trail(IsMultiRegionTrail=True, S3KeyPrefix="some/where")
        client("iam", time=at(3)).create_user(UserName="alice")
        client("ec2", "eu-west-1", time=at(7)).describe_instances()
        done = self.deliver()
        self.assertEqual([d["events"] for d in done.values()], [3])
        keys = self.files()
        self.assertEqual(len(keys), 2)
        self.assertRegex(keys[0], r"^some/where/AWSLogs/111122223333/CloudTrail/eu-west-1/2026/10/30/"
                                  r"111122223333_CloudTrail_eu-west-1_20261030T2110Z_[A-Z2-7]{16}\.json\.gz$")
        self.assertEqual(sorted(self.names()), ["CreateUser", "DescribeInstances", "StartLogging"])
        self.assertEqual([d["files"] for d in self.deliver().values()], [0])
        client("iam", time=at(4)).create_user(UserName="bob")
        self.assertEqual([d["files"] for d in self.deliver().values()], [1])
        self.assertEqual(len(set(self.files())), 3)

    def test_only_while_it_logs(self):
        api = self.trail(IsMultiRegionTrail=True)
        client("iam", time=at(1)).create_user(UserName="seen")
        client("cloudtrail", time=at(2)).stop_logging(Name="audit")
        client("iam", time=at(3)).create_user(UserName="unseen")
        client("cloudtrail", time=at(4)).start_logging(Name="audit")
        client("iam", time=at(5)).create_user(UserName="seen-again")
        self.deliver()
        users = [r["requestParameters"]["userName"] for r in self.records() if r["eventName"] == "CreateUser"]
        self.assertEqual(sorted(users), ["seen", "seen-again"])
        self.assertIsNotNone(api)

    def test_one_region(self):
        self.trail(region="eu-west-1", name="audit-eu")
        client("iam", time=at(1)).create_user(UserName="alice")
        client("ec2", "eu-west-1", time=at(2)).describe_instances()
        self.deliver()
        self.assertEqual(sorted(self.names()), ["DescribeInstances", "StartLogging"])

    def test_selectors_of_their_time(self):
        self.trail(IsMultiRegionTrail=True)
        client("ec2", time=at(1)).describe_instances()
        client("cloudtrail", time=at(2)).put_event_selectors(
            TrailName="audit", EventSelectors=[{"ReadWriteType": "WriteOnly", "IncludeManagementEvents": True}])
        client("ec2", time=at(3)).describe_vpcs()
        client("iam", time=at(4)).create_user(UserName="alice")
        self.deliver()
        names = self.names()
        self.assertIn("DescribeInstances", names)
        self.assertNotIn("DescribeVpcs", names)
        self.assertIn("CreateUser", names)

    def test_a_bucket_that_is_gone_is_told_and_nothing_is_lost(self):
        self.trail(IsMultiRegionTrail=True)
        client("s3").delete_bucket(Bucket="logs-of-ours")
        done = list(self.deliver().values())[0]
        self.assertIn("NoSuchBucket", done["error"])
        client("s3", time="2026-10-30T20:00:00Z").create_bucket(Bucket="logs-of-ours")
        self.assertGreater(list(self.deliver().values())[0]["events"], 0)

    def test_digests(self):
        self.trail(IsMultiRegionTrail=True, EnableLogFileValidation=True)
        client("iam", time="2026-10-30T22:30:00Z").create_user(UserName="alice")
        self.assertEqual(list(self.deliver().values())[0]["digests"], 2)
        keys = [k for k in self.files() if "/CloudTrail-Digest/" in k]
        self.assertTrue(keys[1].endswith("_CloudTrail-Digest_us-east-1_audit_us-east-1_20261030T230000Z.json.gz"), keys)
        got = [client("s3").get_object(Bucket="logs-of-ours", Key=k) for k in keys]
        texts = [gzip.decompress(g["Body"].read()) for g in got]
        first, second = (json.loads(t) for t in texts)
        self.assertIsNone(first["previousDigestSignature"])
        self.assertEqual(second["previousDigestHashValue"], hashlib.sha256(texts[0]).hexdigest())
        self.assertEqual(second["previousDigestSignature"], got[0]["Metadata"]["signature"])
        log = client("s3").get_object(Bucket="logs-of-ours", Key=second["logFiles"][0]["s3Object"])["Body"].read()
        self.assertEqual(second["logFiles"][0]["hashValue"], hashlib.sha256(gzip.decompress(log)).hexdigest())
        listed = client("cloudtrail").list_public_keys()["PublicKeyList"]
        self.assertEqual(listed[0]["Fingerprint"], first["digestPublicKeyFingerprint"])
        self.assertEqual(listed[0]["Value"], digests.public_key("us-east-1")["Value"])


if __name__ == "__main__":
    unittest.main()
