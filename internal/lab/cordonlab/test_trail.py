"""The records of calls, and LookupEvents over them."""

from __future__ import annotations

import datetime as dt
import json
import unittest

from botocore.exceptions import ClientError

from cordonlab import clock, lookup, trail, trail_shapes
from cordonlab.test_helpers import client, control, fresh

POLICY = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*",'
    '"Action":"s3:GetObject","Resource":"arn:aws:s3:::a-bucket-of-ours/*"}]}'
)


def last() -> dict:
    return trail.RECORDS[-1].event


class Records(unittest.TestCase):
    def setUp(self):
        fresh()

    def test_create_access_key(self):
        client("iam").create_user(UserName="alice")
        key = client("iam", "us-east-1").create_access_key(UserName="alice")["AccessKey"]
        event = last()
        self.assertEqual(event["requestParameters"], {"userName": "alice"})
        made = event["responseElements"]["accessKey"]
        self.assertEqual(made["accessKeyId"], key["AccessKeyId"])
        self.assertRegex(made["createDate"], r"^[A-Z][a-z]{2} \d+, \d{4}, \d+:\d\d:\d\d [AP]M$")
        self.assertNotIn(key["SecretAccessKey"], json.dumps(event))
        self.assertFalse(event["readOnly"])
        self.assertEqual(event["awsRegion"], "us-east-1")

    def test_passwords_are_left_out(self):
        client("iam").create_user(UserName="alice")
        client("iam").create_login_profile(UserName="alice", Password="Very-secret-1234!")
        self.assertNotIn("Very-secret", json.dumps(last()))

    def test_sessions_without_their_secrets(self):
        client("iam").create_user(UserName="alice")
        key = client("iam").create_access_key(UserName="alice")["AccessKey"]
        pair = (key["AccessKeyId"], key["SecretAccessKey"])
        made = client("sts", "eu-west-1", pair).get_session_token()["Credentials"]
        event = last()
        self.assertEqual(
            event["responseElements"]["credentials"]["accessKeyId"], made["AccessKeyId"]
        )
        for secret in ("SecretAccessKey", "SessionToken"):
            self.assertNotIn(made[secret], json.dumps(event))
        self.assertEqual(event["awsRegion"], "eu-west-1")

    def test_a_role_assumed_from_another_account_is_recorded_in_both(self):
        event = {
            "userIdentity": {"type": "IAMUser", "principalId": "AIDAX", "accountId": "999988887777"},
            "requestParameters": {"roleArn": "arn:aws:iam::111122223333:role/open"},
            "recipientAccountId": "999988887777",
            "eventID": "one",
            "sharedEventID": "shared",
        }
        seen = trail._as_seen_by("111122223333", event)
        self.assertEqual(seen["userIdentity"]["type"], "AWSAccount")
        self.assertEqual(seen["userIdentity"]["accountId"], "999988887777")
        self.assertEqual(seen["recipientAccountId"], "111122223333")
        self.assertEqual(seen["sharedEventID"], "shared")
        self.assertNotEqual(seen["eventID"], "one")

    def test_ec2_has_the_shapes_of_its_xml(self):
        ec2 = client("ec2", "eu-west-1")
        run = ec2.run_instances(
            ImageId="ami-1", MinCount=1, MaxCount=1, UserData="secret", InstanceType="t3.micro"
        )
        event = last()
        instance = run["Instances"][0]["InstanceId"]
        parameters = event["requestParameters"]
        item = {"imageId": "ami-1", "minCount": 1, "maxCount": 1}
        self.assertEqual(parameters["instancesSet"], {"items": [item]})
        self.assertEqual(parameters["userData"], trail_shapes.REMOVED)
        made = event["responseElements"]["instancesSet"]["items"][0]
        self.assertEqual(made["instanceId"], instance)
        self.assertEqual(made["instanceState"]["name"], "pending")
        ec2.terminate_instances(InstanceIds=[instance])
        self.assertEqual(
            last()["requestParameters"]["instancesSet"], {"items": [{"instanceId": instance}]}
        )

    def test_security_groups(self):
        ec2 = client("ec2", "eu-west-1")
        group = ec2.create_security_group(GroupName="g", Description="d")["GroupId"]
        self.assertEqual(last()["requestParameters"], {"groupName": "g", "groupDescription": "d"})
        ec2.authorize_security_group_ingress(
            GroupId=group,
            IpPermissions=[
                {
                    "IpProtocol": "tcp",
                    "FromPort": 22,
                    "ToPort": 22,
                    "IpRanges": [{"CidrIp": "0.0.0.0/0"}],
                }
            ],
        )
        item = last()["requestParameters"]["ipPermissions"]["items"][0]
        self.assertEqual(item["ipRanges"], {"items": [{"cidrIp": "0.0.0.0/0"}]})

    def test_sharing_a_snapshot_both_ways(self):
        ec2 = client("ec2", "eu-west-1")
        volume = ec2.create_volume(AvailabilityZone="eu-west-1a", Size=1)["VolumeId"]
        snapshot = ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
        want = {"add": {"items": [{"userId": "999988887777"}]}}
        for parameters in (
            {
                "Attribute": "createVolumePermission",
                "OperationType": "add",
                "UserIds": ["999988887777"],
            },
            {"CreateVolumePermission": {"Add": [{"UserId": "999988887777"}]}},
        ):
            ec2.modify_snapshot_attribute(SnapshotId=snapshot, **parameters)
            written = last()["requestParameters"]
            self.assertEqual(written["createVolumePermission"], want)
            self.assertEqual(written["attributeType"], "CREATE_VOLUME_PERMISSION")

    def test_names_of_lambda(self):
        for op, name in {
            "CreateFunction": "CreateFunction20150331",
            "AddPermission": "AddPermission20150331v2",
            "UpdateFunctionCode": "UpdateFunctionCode20150331v2",
            "DeleteFunction": "DeleteFunction20150331",
            "PutFunctionConcurrency": "PutFunctionConcurrency20171031",
            "CreateFunctionUrlConfig": "CreateFunctionUrlConfig",
        }.items():
            self.assertEqual(trail.event_name("lambda", op), name)

    def test_error_codes(self):
        for call, code in (
            (lambda: client("iam").get_user(UserName="x"), "NoSuchEntityException"),
            (
                lambda: client("ec2").stop_instances(InstanceIds=["i-0123456789abcdef0"]),
                "Client.InvalidInstanceID.NotFound",
            ),
        ):
            with self.assertRaises(ClientError):
                call()
            self.assertEqual(last()["errorCode"], code)
            self.assertIsNone(last()["responseElements"])
            self.assertTrue(last()["errorMessage"])

    def test_the_stage(self):
        client("iam", ip="198.51.100.7", agent="aws-cli/2.0").list_users()
        self.assertEqual(last()["sourceIPAddress"], "198.51.100.7")
        self.assertEqual(last()["userAgent"], "aws-cli/2.0")

    def test_bucket_policy(self):
        s3 = client("s3")
        s3.create_bucket(Bucket="a-bucket-of-ours")
        s3.put_bucket_policy(Bucket="a-bucket-of-ours", Policy=POLICY)
        written = last()["requestParameters"]
        self.assertEqual(written["bucketName"], "a-bucket-of-ours")
        self.assertEqual(written["bucketPolicy"], json.loads(POLICY))
        s3.put_object(Bucket="a-bucket-of-ours", Key="k", Body=b"data")
        self.assertEqual(last()["eventCategory"], "Data")
        self.assertFalse(trail.RECORDS[-1].visible)


class Lookup(unittest.TestCase):
    def setUp(self):
        fresh()

    def look(self, region="us-east-1", **params):
        return client("cloudtrail", region).lookup_events(**params)

    def names(self, **params):
        return [e["EventName"] for e in self.look(**params)["Events"]]

    def by(self, key, value):
        return self.names(LookupAttributes=[{"AttributeKey": key, "AttributeValue": value}])

    def test_order_pages_and_tokens(self):
        for n in range(7):
            client("iam", time=f"2026-01-01T00:0{n}:00Z").create_user(UserName=f"u{n}")
        times = {"StartTime": dt.datetime(2025, 12, 31), "EndTime": dt.datetime(2026, 1, 2)}
        now = {"time": "2026-02-01T00:00:00Z"}
        trails = client("cloudtrail", **now)
        seen, token, pages = [], {}, 0
        while pages < 9:
            page = trails.lookup_events(MaxResults=3, **times, **token)
            seen += [e["CloudTrailEvent"] for e in page["Events"]]
            pages += 1
            client("iam", time="2026-01-01T00:30:00Z").create_user(UserName=f"later{pages}")
            if "NextToken" not in page:
                break
            token = {"NextToken": page["NextToken"]}
        names = [json.loads(e)["requestParameters"]["userName"] for e in seen]
        self.assertEqual(names, [f"u{n}" for n in range(6, -1, -1)])
        with self.assertRaises(ClientError) as caught:
            trails.lookup_events(NextToken=token["NextToken"])
        self.assertEqual(
            caught.exception.response["Error"]["Code"], "InvalidNextTokenException"
        )

    def test_attributes(self):
        client("iam").create_user(UserName="alice")
        client("iam").list_users()
        self.assertEqual(self.by("EventName", "CreateUser"), ["CreateUser"])
        self.assertEqual(self.by("ResourceName", "alice"), ["CreateUser"])
        self.assertEqual(self.by("ResourceType", "AWS::IAM::User"), ["CreateUser"])
        self.assertEqual(self.by("ReadOnly", "false"), ["CreateUser"])
        self.assertEqual(self.by("Username", "root")[-2:], ["ListUsers", "CreateUser"])
        self.assertEqual(self.by("EventSource", "iam.amazonaws.com"), ["ListUsers", "CreateUser"])
        event = trail.RECORDS[0].event["eventID"]
        self.assertEqual(self.by("EventId", event), ["CreateUser"])

    def test_a_record_that_is_told(self):
        trail.tell({
            "eventTime": clock.iso(clock.utcnow()), "eventSource": "sts.amazonaws.com", "eventName": "AssumeRole", "awsRegion": "us-east-1",
            "userIdentity": {"type": "AWSService", "invokedBy": "ec2.amazonaws.com"},
            "requestParameters": {"roleArn": "arn:aws:iam::111122223333:role/web", "roleSessionName": "i-0c0ffee0"},
        })
        self.assertTrue(last()["readOnly"])
        for name in ("i-0c0ffee0", "arn:aws:iam::111122223333:role/web"):
            self.assertEqual(self.by("ResourceName", name), ["AssumeRole"])
        self.assertEqual(self.by("ResourceName", "web"), [])

    def test_ninety_days(self):
        client("iam", time="2026-01-01T00:00:00Z").create_user(UserName="old")
        young = client("cloudtrail", time="2026-03-31T00:00:00Z")
        old = client("cloudtrail", time="2026-04-02T00:00:00Z")
        made = {"AttributeKey": "EventName", "AttributeValue": "CreateUser"}
        for client_then, count in ((young, 1), (old, 0)):
            found = client_then.lookup_events(LookupAttributes=[made])
            self.assertEqual(len(found["Events"]), count)

    def test_delay(self):
        client("iam").create_user(UserName="alice")
        control("POST", "/settings", {"lookup_delay_s": 900})
        self.assertEqual(self.names(), [])

    def test_regions(self):
        client("ec2", "eu-west-1").describe_vpcs()
        self.assertEqual(self.names(), [])
        there = self.look("eu-west-1")["Events"]
        self.assertEqual([e["EventName"] for e in there], ["DescribeVpcs"])

    def test_resources_of_a_hostile_event_end(self):
        value: dict = {}
        value["userName"] = "x"
        deep: dict = value
        for _ in range(200):
            deep["again"] = {"userName": "y"}
            deep = deep["again"]
        event = {"eventSource": "iam.amazonaws.com", "requestParameters": value}
        self.assertEqual(
            lookup.resources(event), [("AWS::IAM::User", "x"), ("AWS::IAM::User", "y")]
        )


class Clocks(unittest.TestCase):
    def test_parse(self):
        want = dt.datetime(2026, 1, 31, 12)
        for text in ("2026-01-31T12:00:00Z", "2026-01-31T13:00:00+01:00"):
            self.assertEqual(clock.parse(text), want)
        for text in ("", "today", "2026-01-31T12:00:00", "2026-13-01T00:00:00Z"):
            with self.assertRaises(ValueError):
                clock.parse(text)

    def test_at(self):
        then = dt.datetime(2026, 1, 1)
        with clock.at(then):
            self.assertEqual(clock.utcnow(), then)
        self.assertNotEqual(clock.utcnow(), then)


if __name__ == "__main__":
    unittest.main()
