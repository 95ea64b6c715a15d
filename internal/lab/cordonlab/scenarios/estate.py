"""What else the company runs: look-alikes of everything the siege leaves behind.

A protected machine, an open trust to its own security account, an image shared
on purpose, an old stack with the names the intruder likes, queues, topics,
keys, tables. None of it may change.
"""

from __future__ import annotations

import json
from typing import Any

from . import names
from .company import Company, allow, aws_policy, document, trust
from .world import package

SECURITY_ACCOUNT = "777766665555"
HOME = "eu-west-1"
SECOND = "eu-central-1"

STACK = json.dumps({
    "AWSTemplateFormatVersion": "2010-09-09",
    "Resources": {"Jobs": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "render-jobs"}},
                  "Done": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "render-done"}}},
})


def service_trust(service: str) -> str:
    return document(trust({"Service": service}))


def queue_policy(arn: str, principal: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [
        {"Sid": "Partner", "Effect": "Allow", "Principal": principal, "Action": "sqs:SendMessage", "Resource": arn}]})


def topic_policy(arn: str, principal: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [
        {"Sid": "Partner", "Effect": "Allow", "Principal": principal, "Action": "sns:Publish", "Resource": arn}]})


def bucket_policy(bucket: str, principal: Any, sid: str = "Partner") -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [
        {"Sid": sid, "Effect": "Allow", "Principal": principal, "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}]})


def key_policy(account: str, *others: str) -> str:
    statements = [{"Sid": "Own", "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account}:root"}, "Action": "kms:*", "Resource": "*"}]
    for n, other in enumerate(others):
        statements.append({"Sid": f"Partner{n}", "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{other}:root"},
                           "Action": ["kms:Decrypt"], "Resource": "*"})
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


class Estate:
    """The owner's other services, made by his administrator in the weeks before."""

    def __init__(self, company: Company):
        self.company, self.world, self.book, self.ids = company, company.world, company.book, company.ids

    def plan(self) -> None:
        put, day = self.world.plan, self.company.day
        acts = (self.identities, self.messages, self.buckets, self.keys, self.databases, self.machines, self.stack,
                self.containers, self.builders, self.triggers, self.watchers, self.names)
        for ago, act in zip(range(86, 26, -5), acts):
            put(day(ago, 10), act)
        put(day(19, 10), self.release)

    def release(self) -> None:
        """The owner's last release of what the intruder replaces later: Lambda keeps it as a version."""
        functions = self.at("lambda")
        functions.update_function_code(FunctionName="orders-worker", ZipFile=package("def handler(event, context):\n    return {'revision': '1.9.0'}\n"))
        functions.publish_version(FunctionName="orders-worker")

    def at(self, service: str, region: str = HOME) -> Any:
        return self.company.admin.at(service, region)

    def own(self, kind: str, region: str, name: str, key: str = "") -> str:
        if key:
            self.ids[key] = name
        return self.book.own(kind, region, name)

    def identities(self) -> None:
        iam = self.company.admin.iam
        iam.create_role(RoleName="security-audit", AssumeRolePolicyDocument=document(
            trust({"AWS": f"arn:aws:iam::{SECURITY_ACCOUNT}:root"}, StringEquals={"sts:ExternalId": "tmk-sec"})))
        iam.attach_role_policy(RoleName="security-audit", PolicyArn=aws_policy("SecurityAudit"))
        self.own("iam.role", "global", "security-audit")
        for name, service in (("task-exec", "ecs-tasks.amazonaws.com"), ("build-exec", "codebuild.amazonaws.com"),
                              ("states-exec", "states.amazonaws.com"), ("notebook-exec", "sagemaker.amazonaws.com")):
            iam.create_role(RoleName=name, AssumeRolePolicyDocument=service_trust(service))
            iam.put_role_policy(RoleName=name, PolicyName="work", PolicyDocument=document(allow(["logs:*", "s3:GetObject"])))
            self.own("iam.role", "global", name)

    def messages(self) -> None:
        for region in (HOME, SECOND):
            sqs, sns = self.at("sqs", region), self.at("sns", region)
            url = sqs.create_queue(QueueName="orders-in")["QueueUrl"]
            arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
            sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": queue_policy(arn, {"AWS": f"arn:aws:iam::{names.PARTNER_ACCOUNT}:root"})})
            self.ids[f"queue/{region}"], self.ids[f"queue-arn/{region}"] = url, arn
            self.own("sqs.queue", region, url)
            topic = sns.create_topic(Name="orders-events")["TopicArn"]
            sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy",
                                     AttributeValue=topic_policy(topic, {"AWS": f"arn:aws:iam::{names.PARTNER_ACCOUNT}:root"}))
            self.own("sns.topic", region, topic, f"topic/{region}")

    def buckets(self) -> None:
        """The company's buckets get what the intruder will undo."""
        for name, region, *_ in names.BUCKETS:
            s3 = self.at("s3", region)
            s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
            s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration={
                "BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": True})
            s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={
                "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]})
            s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": [
                {"ID": "archive", "Status": "Enabled", "Filter": {"Prefix": "old/"}, "Expiration": {"Days": 730}}]})
        self.at("s3", HOME).put_bucket_policy(Bucket="tidemark-invoices", Policy=bucket_policy(
            "tidemark-invoices", {"AWS": f"arn:aws:iam::{names.PARTNER_ACCOUNT}:root"}))

    def keys(self) -> None:
        for region in (HOME, SECOND):
            kms = self.at("kms", region)
            for alias in ("orders", "archive"):
                key = kms.create_key(Description=f"tidemark {alias}", Policy=key_policy(self.world.account, names.PARTNER_ACCOUNT))
                made = key["KeyMetadata"]["KeyId"]
                kms.create_alias(AliasName=f"alias/tidemark-{alias}", TargetKeyId=made)
                self.own("kms.key", region, made, f"key/{alias}/{region}")
            secrets = self.at("secretsmanager", region)
            arn = secrets.create_secret(Name="orders/database", SecretString="not-a-real-one")["ARN"]
            self.own("secretsmanager.secret", region, arn, f"secret/{region}")
            self.at("ssm", region).put_parameter(Name="/orders/api-token", Type="SecureString", Value="not-a-real-one")
            self.own("ssm.parameter", region, "/orders/api-token")

    def databases(self) -> None:
        rds = self.at("rds")
        rds.create_db_instance(DBInstanceIdentifier="orders", DBInstanceClass="db.m6i.large", Engine="postgres", AllocatedStorage=100,
                               MasterUsername="tidemark", MasterUserPassword=self.world.password(), DeletionProtection=True,
                               BackupRetentionPeriod=14, PubliclyAccessible=False)
        self.own("rds.instance", HOME, "orders")
        rds.create_db_snapshot(DBInstanceIdentifier="orders", DBSnapshotIdentifier="orders-before-13")
        self.own("rds.snapshot", HOME, "orders-before-13")
        table = self.at("dynamodb")
        table.create_table(TableName="carts", BillingMode="PAY_PER_REQUEST", AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
                           KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}], DeletionProtectionEnabled=True)
        self.own("dynamodb.table", HOME, "carts")

    def machines(self) -> None:
        """A machine that is protected against termination on purpose, and a group of the owner's."""
        ec2 = self.at("ec2")
        made = ec2.run_instances(ImageId="ami-0c1f3a8b7d2e45690", InstanceType="r6i.large", MinCount=1, MaxCount=1, DisableApiTermination=True,
                                 TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "ledger"}]}])
        self.own("ec2.instance", HOME, made["Instances"][0]["InstanceId"])
        image = ec2.create_image(InstanceId=made["Instances"][0]["InstanceId"], Name="partner-appliance", NoReboot=True)["ImageId"]
        ec2.modify_image_attribute(ImageId=image, LaunchPermission={"Add": [{"UserId": names.PARTNER_ACCOUNT}]})
        self.own("ec2.image", HOME, image)
        template = ec2.create_launch_template(LaunchTemplateName="web", LaunchTemplateData={
            "ImageId": "ami-0c1f3a8b7d2e45690", "InstanceType": "t3.small"})["LaunchTemplate"]["LaunchTemplateId"]
        self.own("ec2.launch-template", HOME, template)
        subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
        self.at("autoscaling").create_auto_scaling_group(
            AutoScalingGroupName="web", LaunchTemplate={"LaunchTemplateId": template}, MinSize=1, MaxSize=2, DesiredCapacity=1, VPCZoneIdentifier=subnet)
        self.own("autoscaling.group", HOME, "web")
        ec2.enable_ebs_encryption_by_default()

    def stack(self) -> None:
        for region in (HOME, SECOND):
            self.at("cloudformation", region).create_stack(StackName="render", TemplateBody=STACK)
            self.own("cloudformation.stack", region, "render")

    def containers(self) -> None:
        ecs = self.at("ecs")
        ecs.create_cluster(clusterName="web")
        self.own("ecs.cluster", HOME, "web")
        ecs.register_task_definition(family="web", containerDefinitions=[{"name": "web", "image": f"{self.world.account}.dkr.ecr.eu-west-1.amazonaws.com/web:4", "memory": 256}])
        self.own("ecs.task-definition", HOME, "web")
        ecs.create_service(cluster="web", serviceName="web", taskDefinition="web", desiredCount=2)
        self.own("ecs.service", HOME, "web")
        ecr = self.at("ecr")
        ecr.create_repository(repositoryName="web")
        self.own("ecr.repository", HOME, "web")

    def builders(self) -> None:
        build = self.at("codebuild")
        build.create_project(name="web", source={"type": "GITHUB", "location": "https://github.com/tidemark/web"}, artifacts={"type": "NO_ARTIFACTS"},
                             environment={"type": "LINUX_CONTAINER", "image": "aws/codebuild/standard:7.0", "computeType": "BUILD_GENERAL1_SMALL"},
                             serviceRole=self.world.arn("role", "build-exec"))
        self.own("codebuild.project", HOME, "web")
        self.at("stepfunctions").create_state_machine(name="settle", definition='{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}',
                                                      roleArn=self.world.arn("role", "states-exec"))
        self.own("sfn.state-machine", HOME, "settle")
        self.at("sesv2", "us-east-1").create_email_identity(EmailIdentity="tidemark.example")
        self.own("ses.identity", "us-east-1", "tidemark.example")

    def triggers(self) -> None:
        events = self.at("events")
        for rule in ("nightly", "alarms"):
            events.put_rule(Name=rule, ScheduleExpression="rate(1 day)", State="ENABLED")
            events.put_targets(Rule=rule, Targets=[{"Id": "1", "Arn": self.ids[f"queue-arn/{HOME}"]}])
            self.own("events.rule", HOME, rule)

    def watchers(self) -> None:
        self.at("cloudwatch").put_metric_alarm(AlarmName="root-used", MetricName="RootUse", Namespace="Tidemark", Statistic="Sum", Period=300,
                                               EvaluationPeriods=1, Threshold=1, ComparisonOperator="GreaterThanOrEqualToThreshold", ActionsEnabled=True)
        self.own("cloudwatch.alarm", HOME, "root-used")
        logs = self.at("logs")
        for group in ("/tidemark/orders", "/tidemark/audit"):
            logs.create_log_group(logGroupName=group)
            logs.put_retention_policy(logGroupName=group, retentionInDays=365)
            self.own("logs.log-group", HOME, group)
        config = self.at("config")
        config.put_configuration_recorder(ConfigurationRecorder={"name": "default", "roleARN": self.world.arn("role", "states-exec"),
                                                                 "recordingGroup": {"allSupported": True}})
        config.put_delivery_channel(DeliveryChannel={"name": "default", "s3BucketName": "tidemark-audit-logs-eu"})
        config.start_configuration_recorder(ConfigurationRecorderName="default")
        self.own("config.recorder", HOME, "default")

    def names(self) -> None:
        zone = self.at("route53", "us-east-1").create_hosted_zone(Name="tidemark.example.", CallerReference="1")["HostedZone"]["Id"]
        self.own("route53.zone", "global", zone.rsplit("/", 1)[-1], "zone")
