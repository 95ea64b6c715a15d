"""A small company's account: what its owner built in fourteen months, and his days.

Some of it looks odd and is legitimate: an old key, a person without a second
factor, a role for a vendor, a GPU, a stopped machine, a snapshot that a partner
may read. A cure that takes any of it away has done harm.
"""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from . import names
from .names import COMPANY
from .world import Actor, Keys, World, credential, package, saml_metadata, self_signed, ssh_key


def document(*statements: dict) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(actions: Any, resource: Any = "*", **more: Any) -> dict:
    return {"Effect": "Allow", "Action": actions, "Resource": resource, **more}


def trust(principal: dict, action: str = "sts:AssumeRole", **condition: Any) -> dict:
    statement = {"Effect": "Allow", "Principal": principal, "Action": action}
    return {**statement, "Condition": condition} if condition else statement


def aws_policy(name: str) -> str:
    return f"arn:aws:iam::aws:policy/{name}"


class Company:
    """The owner's side of the story. actors and ids are what the night works with."""

    def __init__(self, world: World, now: dt.datetime):
        self.world, self.now, self.book = world, now, world.book
        self.actors: dict[str, Actor] = {}
        self.ids: dict[str, str] = {}
        self.root = world.root_of(world.account, names.OFFICE_IPS[0], names.AGENT_CONSOLE)

    # ---- dates ----

    def day(self, ago: int, hour: int = 9, minute: int = 0) -> dt.datetime:
        """Some working hour, days ago."""
        date = (self.now - dt.timedelta(days=ago)).replace(hour=hour, minute=minute, second=0, microsecond=0)
        return date + dt.timedelta(seconds=self.world.rng.randrange(0, 1800))

    @property
    def admin(self) -> Actor:
        return self.actors[names.ADMIN]

    def plan(self) -> None:
        """Put the company's whole history on the agenda."""
        put, day = self.world.plan, self.day
        put(day(425), self.found)
        put(day(419), self.groups_and_policies)
        for name, ago, *rest in names.USERS:
            put(day(ago, 10), self.hire, name, *rest)
        put(day(415), self.roles)
        put(day(340), self.federation)
        put(day(286, 11), self.mailer_extras)
        for name, region, ago, objects in names.BUCKETS:
            put(day(ago, 12), self.bucket, name, region, objects)
        put(day(299, 13), self.audit)
        for region in names.HOME_REGIONS:
            ago = max(age for where, _, _, age, _ in names.INSTANCES if where == region) + 2
            put(day(ago, 9), self.network, region)
        for region, name, kind, ago, running in names.INSTANCES:
            put(day(ago, 11), self.instance, region, name, kind, running)
        put(day(92, 14), self.storage)
        for region, name, ago in names.LAYERS:
            put(day(ago, 13), self.layer, region, name)
        for region, name, runtime, versions, ago in names.FUNCTIONS:
            put(day(ago, 15), self.function, region, name, runtime, versions)

    # ---- identities ----

    def found(self) -> None:
        """The root user's one day of work: the first administrator."""
        iam = self.root.iam
        iam.update_account_password_policy(MinimumPasswordLength=14, RequireSymbols=True, RequireNumbers=True)
        iam.create_group(GroupName="administrators")
        iam.attach_group_policy(GroupName="administrators", PolicyArn=aws_policy("AdministratorAccess"))
        self.book.own("iam.group", "global", "administrators")
        self.person(self.root, names.ADMIN, ("administrators",), True, True, True)

    def groups_and_policies(self) -> None:
        iam = self.admin.iam
        for name, actions in names.POLICIES.items():
            made = iam.create_policy(PolicyName=name, PolicyDocument=document(allow(actions)),
                                     Tags=[{"Key": "owner", "Value": "platform"}])["Policy"]["Arn"]
            self.ids[name] = self.book.own("iam.policy", "global", made)
        iam.create_policy_version(PolicyArn=self.ids["tidemark-data-read"], SetAsDefault=True,
                                  PolicyDocument=document(allow(names.POLICIES["tidemark-data-read"] + ["s3:GetBucketLocation"])))
        for group, (managed, own) in names.GROUPS.items():
            if group != "administrators":
                iam.create_group(GroupName=group)
                self.book.own("iam.group", "global", group)
                for policy in managed:
                    iam.attach_group_policy(GroupName=group, PolicyArn=aws_policy(policy))
            for policy in own:
                iam.attach_group_policy(GroupName=group, PolicyArn=self.ids[policy])
        iam.put_group_policy(GroupName="developers", PolicyName="own-credentials", PolicyDocument=document(
            allow(["iam:ChangePassword", "iam:ListMFADevices", "iam:GetUser"], self.world.arn("user", "${aws:username}"))))

    def hire(self, name: str, groups: tuple, password: bool, factor: bool, key: bool) -> None:
        self.person(self.admin, name, groups, password, factor, key)

    def person(self, by: Actor, name: str, groups: tuple, password: bool, factor: bool, key: bool) -> None:
        iam, own = by.iam, self.book.own
        team = "services" if name.startswith("svc-") else "staff"
        iam.create_user(UserName=name, Tags=[{"Key": "team", "Value": team}])
        own("iam.user", "global", name)
        for group in groups:
            iam.add_user_to_group(GroupName=group, UserName=name)
        if password:
            iam.create_login_profile(UserName=name, Password=self.world.password(), PasswordResetRequired=False)
            own("iam.login-profile", "global", name)
        if factor:
            own("iam.mfa-device", "global", self.world.enrol(by, name, name.replace(".", "-")))
        if not key:
            return
        keys = Keys.of(iam.create_access_key(UserName=name)["AccessKey"])
        own("iam.access-key", "global", keys.id)
        agent = names.AGENT_APP if name.startswith("svc-") else names.AGENT_CLI
        address = names.SERVICE_IPS.get(name) or names.OFFICE_IPS[len(name) % len(names.OFFICE_IPS)]
        self.actors[name] = self.world.actor(keys, address, agent)
        if name != names.LEAKED_USER:
            self.book.owner_credentials.append(credential(name, "access-key", keys, self.world.arn("user", name), "owner's key"))
        if name == "svc-mailer":
            iam.put_user_policy(UserName=name, PolicyName="send-mail", PolicyDocument=document(allow(["ses:SendEmail", "ses:SendRawEmail"])))

    def roles(self) -> None:
        account = {"AWS": f"arn:aws:iam::{self.world.account}:root"}
        self.role("orders-exec", trust({"Service": "lambda.amazonaws.com"}), ["logs:*", "sqs:*", "dynamodb:*"])
        self.role("edge-exec", trust({"Service": "lambda.amazonaws.com"}), ["logs:*", "s3:GetObject"])
        self.role("web-node", trust({"Service": "ec2.amazonaws.com"}), ["s3:GetObject", "ssm:*", "ec2messages:*"])
        self.role("platform-operations", trust(account), None, "tidemark-operations", 43200)
        self.role("emergency-access", trust(account, Bool={"aws:MultiFactorAuthPresent": "true"}), None, "AdministratorAccess", 3600)
        self.role("vendor-monitoring", trust({"AWS": f"arn:aws:iam::{names.VENDOR_ACCOUNT}:root"}, StringEquals={"sts:ExternalId": "tmk-8841-2025"}),
                  ["cloudwatch:Get*", "cloudwatch:List*", "ec2:Describe*", "lambda:List*", "tag:Get*"], maximum=43200)
        self.role("data-pipeline", trust(account), ["s3:*", "glue:*", "sts:AssumeRole"], maximum=43200)
        self.role("warehouse-export", trust(account), ["s3:GetObject", "s3:ListBucket", "kms:Decrypt"], maximum=43200)
        pipeline = {"AWS": self.world.arn("role", "data-pipeline")}
        self.role("analytics-batch", trust(pipeline), ["s3:*", "athena:*", "ec2:Describe*"], maximum=43200)
        for service, name in (("autoscaling", "AWSServiceRoleForAutoScaling"), ("guardduty", "AWSServiceRoleForAmazonGuardDuty")):
            made = self.admin.iam.create_service_linked_role(AWSServiceName=f"{service}.amazonaws.com")["Role"]["RoleName"]
            self.ids[name] = self.book.own("iam.role", "global", made)
        iam = self.admin.iam
        iam.create_instance_profile(InstanceProfileName="web-node")
        iam.add_role_to_instance_profile(InstanceProfileName="web-node", RoleName="web-node")

    def role(self, name: str, statement: dict, actions: Any, policy: str = "", maximum: int = 3600) -> None:
        """A role with an inline policy of actions, or with a managed policy (the company's own or AWS's)."""
        iam = self.admin.iam
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(statement), MaxSessionDuration=maximum,
                        Tags=[{"Key": "owner", "Value": "platform"}])
        self.book.own("iam.role", "global", name)
        if policy:
            iam.attach_role_policy(RoleName=name, PolicyArn=self.ids.get(policy) or aws_policy(policy))
        else:
            iam.put_role_policy(RoleName=name, PolicyName=f"{name}-access", PolicyDocument=document(allow(actions)))

    def federation(self) -> None:
        """Staff sign in through the company's directory; the build service through tokens."""
        iam = self.admin.iam
        certificate, private = self_signed("login.tidemark.example", self.world.clock.now)
        made = iam.create_saml_provider(Name="tidemark-sso", SAMLMetadataDocument=saml_metadata("https://login.tidemark.example/saml", certificate))
        self.book.own("iam.saml-provider", "global", made["SAMLProviderArn"])
        host = "token.actions.githubusercontent.com"
        made = iam.create_open_id_connect_provider(Url=f"https://{host}", ClientIDList=["sts.amazonaws.com"],
                                                   ThumbprintList=["1c58a3a8518e8759bf075b76b750d4f2df264fcd"])
        provider = self.book.own("iam.oidc-provider", "global", made["OpenIDConnectProviderArn"])
        self.role("ci-deploy", trust({"Federated": provider}, "sts:AssumeRoleWithWebIdentity",
                                     StringEquals={f"{host}:aud": "sts.amazonaws.com"},
                                     StringLike={f"{host}:sub": "repo:tidemark/*:ref:refs/heads/main"}), ["lambda:*", "s3:*", "iam:PassRole"])
        iam.upload_server_certificate(ServerCertificateName="www-tidemark", CertificateBody=certificate, PrivateKey=private)
        self.book.own("iam.server-certificate", "global", "www-tidemark")

    def mailer_extras(self) -> None:
        """The mail service predates roles: it has every kind of credential there is."""
        iam, user, own = self.admin.iam, "svc-mailer", self.book.own
        certificate, _ = self_signed("mailer.tidemark.example", self.world.clock.now)
        made = iam.upload_signing_certificate(UserName=user, CertificateBody=certificate)
        own("iam.signing-certificate", "global", made["Certificate"]["CertificateId"])
        made = iam.upload_ssh_public_key(UserName=user, SSHPublicKeyBody=ssh_key(user))
        own("iam.ssh-key", "global", made["SSHPublicKey"]["SSHPublicKeyId"])
        made = iam.optional("create_service_specific_credential", UserName=user, ServiceName="codecommit.amazonaws.com")
        if made:
            own("iam.service-credential", "global", made["ServiceSpecificCredential"]["ServiceSpecificCredentialId"])

    # ---- buckets, logs ----

    def bucket(self, name: str, region: str, objects: tuple) -> None:
        s3 = self.admin.at("s3", region)
        place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        s3.create_bucket(Bucket=name, **place)
        for key in objects:
            s3.put_object(Bucket=name, Key=key, Body=f"{name}/{key}\n".encode() * 20)
        if name.startswith("tidemark-audit"):
            arn = f"arn:aws:s3:::{name}"
            writer = {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}}
            s3.put_bucket_policy(Bucket=name, Policy=document(
                {**writer, "Action": "s3:GetBucketAcl", "Resource": arn}, {**writer, "Action": "s3:PutObject", "Resource": arn + "/*"}))

    def audit(self) -> None:
        """Two trails and a detector in each home region."""
        for region, name, bucket, everywhere in (("us-east-1", "tidemark-audit", "tidemark-audit-logs", True),
                                                 ("eu-west-1", "tidemark-audit-eu", "tidemark-audit-logs-eu", False)):
            trail = self.admin.at("cloudtrail", region)
            made = trail.create_trail(Name=name, S3BucketName=bucket, IsMultiRegionTrail=everywhere, IncludeGlobalServiceEvents=everywhere)
            trail.start_logging(Name=name)
            self.ids[name] = self.book.own("cloudtrail.trail", region, made["TrailARN"])
        for region in names.HOME_REGIONS:
            made = self.admin.at("guardduty", region).create_detector(Enable=True, FindingPublishingFrequency="FIFTEEN_MINUTES")
            self.ids[f"detector/{region}"] = self.book.own("guardduty.detector", region, made["DetectorId"])

    # ---- compute ----

    def network(self, region: str) -> None:
        """Groups and a key pair in the default network of a home region."""
        ec2, own = self.admin.at("ec2", region), self.book.own
        vpc = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"][0]["VpcId"]
        self.ids[f"vpc/{region}"] = vpc
        for name, port, source in (("web", 443, "0.0.0.0/0"), ("office", 22, "198.51.100.0/24")):
            group = ec2.create_security_group(GroupName=f"{COMPANY}-{name}", Description=f"{name} traffic", VpcId=vpc)["GroupId"]
            ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[
                {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": source, "Description": name}]}])
            self.ids[f"{name}/{region}"] = own("ec2.security-group", region, group)
        own("ec2.key-pair", region, ec2.create_key_pair(KeyName=f"{COMPANY}-ops")["KeyPairId"])

    def instance(self, region: str, name: str, kind: str, running: bool) -> None:
        ec2 = self.admin.at("ec2", region)
        groups = [self.ids[f"web/{region}"], self.ids[f"office/{region}"]]
        profile = {"IamInstanceProfile": {"Name": "web-node"}} if name.startswith("web-") else {}
        made = ec2.run_instances(ImageId="ami-0c1f3a8b7d2e45690", InstanceType=kind, MinCount=1, MaxCount=1, KeyName=f"{COMPANY}-ops",
                                 SecurityGroupIds=groups, **profile, TagSpecifications=[{"ResourceType": "instance", "Tags": [
                                     {"Key": "Name", "Value": name}, {"Key": "owner", "Value": "platform"}]}])["Instances"][0]
        self.ids[name] = self.book.own("ec2.instance", region, made["InstanceId"])
        for volume in volumes_of(ec2, made["InstanceId"]):
            self.ids[f"{name}/disk"] = self.book.own("ec2.volume", region, volume)
        if not running:
            ec2.stop_instances(InstanceIds=[made["InstanceId"]])

    def storage(self) -> None:
        """A data disk, nightly snapshots, one snapshot for the partner, one image."""
        ec2, own = self.admin.at("ec2", "eu-west-1"), self.book.own
        own("ec2.volume", "eu-west-1", ec2.create_volume(AvailabilityZone="eu-west-1a", Size=200, VolumeType="gp3")["VolumeId"])
        for text in ("orders-db weekly", "orders-db nightly"):
            made = ec2.create_snapshot(VolumeId=self.ids["orders-db/disk"], Description=text)
            self.ids[text] = own("ec2.snapshot", "eu-west-1", made["SnapshotId"])
        image = ec2.create_image(InstanceId=self.ids["web-1"], Name="web-golden-2026-08", NoReboot=True)["ImageId"]
        self.ids["image"] = own("ec2.image", "eu-west-1", image)
        for snapshot in snapshots_of(ec2, image):
            own("ec2.snapshot", "eu-west-1", snapshot)
        ec2 = self.admin.at("ec2", "eu-central-1")
        shared = ec2.create_snapshot(VolumeId=self.ids["reports-archive/disk"], Description="archive for partner")["SnapshotId"]
        ec2.modify_snapshot_attribute(SnapshotId=shared, Attribute="createVolumePermission", OperationType="add", UserIds=[names.PARTNER_ACCOUNT])
        own("ec2.snapshot", "eu-central-1", shared)

    def layer(self, region: str, name: str) -> None:
        made = self.admin.at("lambda", region).publish_layer_version(
            LayerName=name, Content={"ZipFile": package(f"# {name}\n", "python/shared.py")}, CompatibleRuntimes=["python3.12"])
        self.ids[f"layer/{name}"] = made["LayerVersionArn"]
        self.book.own("lambda.layer", region, f"{name}:{made['Version']}")

    def function(self, region: str, name: str, runtime: str, versions: int) -> None:
        functions = self.admin.at("lambda", region)
        role = self.world.arn("role", "edge-exec" if region == "us-east-1" else "orders-exec")
        source = (lambda n: package(f"exports.handler = async () => ({{ revision: {n} }});\n", "index.js")) if runtime.startswith("node") else (
            lambda n: package(f"def handler(event, context):\n    return {{'revision': {n}}}\n"))
        functions.create_function(FunctionName=name, Runtime=runtime, Role=role, Handler="index.handler", Code={"ZipFile": source(1)},
                                  Timeout=30, MemorySize=256, Tags={"owner": "platform"})
        functions.publish_version(FunctionName=name)
        for n in range(2, versions + 1):
            functions.update_function_code(FunctionName=name, ZipFile=source(n))
            functions.publish_version(FunctionName=name)
        layer = self.ids.get(f"layer/{names.LAYER_OF.get(name)}")
        if layer:
            functions.optional("update_function_configuration", FunctionName=name, Layers=[layer])
        self.book.own("lambda.function", region, name)


def volumes_of(ec2: Any, instance: str) -> list[str]:
    found = ec2.describe_volumes(Filters=[{"Name": "attachment.instance-id", "Values": [instance]}])
    return [volume["VolumeId"] for volume in found["Volumes"]]


def snapshots_of(ec2: Any, image: str) -> list[str]:
    found = ec2.describe_images(ImageIds=[image])["Images"][0]
    return [m["Ebs"]["SnapshotId"] for m in found.get("BlockDeviceMappings", []) if m.get("Ebs", {}).get("SnapshotId")]


class Days:
    """The company's ordinary days, and what of it goes on during the night.

    The deployment service works with the very key that leaked: cutting the key
    stops the intruder and the owner's own releases, and a tool has to say so.
    """

    def __init__(self, company: Company, night: dt.datetime):
        self.company, self.world, self.night = company, company.world, night

    def plan(self) -> None:
        rng, day = self.world.rng, self.company.day
        for ago in sorted(rng.sample(range(3, 60), 10), reverse=True):
            person = rng.choice((names.ADMIN, names.SECOND_ADMIN, "sofia.lindqvist", "tomas.novak"))
            self.world.plan(day(ago, rng.randrange(8, 17)), self.office, person)
            self.world.plan(day(ago, 2), self.release)
            self.world.plan(day(ago, 3), self.report)
            self.world.plan(day(ago, 4), self.backup)
        for hours in (31, 28, 24, 11, 9):
            self.world.plan(self.company.now - dt.timedelta(hours=hours), self.release)
        self.world.plan(self.company.now - dt.timedelta(hours=27), self.office, names.ADMIN)
        self.world.plan(self.company.now - dt.timedelta(hours=8), self.backup)
        for minute in range(25, 400, 75):
            self.world.plan(self.night + dt.timedelta(minutes=minute), self.release)
        self.world.plan(self.night + dt.timedelta(minutes=130), self.report)
        self.world.plan(self.night + dt.timedelta(minutes=190), self.mail)
        self.world.plan(self.night + dt.timedelta(minutes=245), self.operations)
        self.world.plan(self.night + dt.timedelta(minutes=270), self.vendor)
        self.world.plan(self.company.now - dt.timedelta(minutes=9), self.office, names.ADMIN)

    def office(self, person: str) -> None:
        who = self.company.actors[person]
        who.sts.get_caller_identity()
        who.at("ec2", "eu-west-1").describe_instances()
        who.at("lambda", "eu-west-1").list_functions()
        who.at("cloudtrail", "eu-west-1").describe_trails()

    def release(self) -> None:
        """The deployment service looks for new artifacts and compares what runs."""
        who = self.company.actors["svc-deploy"]
        who.at("lambda", "eu-west-1").list_functions()
        who.at("s3", "eu-west-1").attempt("list_objects_v2", Bucket="tidemark-artifacts")
        who.at("lambda", "eu-west-1").get_function_configuration(FunctionName="orders-api")
        who.at("ec2", "eu-west-1").describe_instances()

    def report(self) -> None:
        self.company.actors["svc-reporting"].at("s3", "eu-central-1").list_buckets()
        self.company.actors["svc-reporting"].at("s3", "eu-central-1").attempt("list_objects_v2", Bucket="tidemark-data-exports")

    def backup(self) -> None:
        ec2 = self.company.actors["svc-backup"].at("ec2", "eu-west-1")
        ec2.describe_volumes()
        ec2.describe_tags()

    def mail(self) -> None:
        self.company.actors["svc-mailer"].sts.get_caller_identity()

    def operations(self) -> None:
        """The second administrator's maintenance session: it has hours to live and must keep working."""
        martin = self.company.actors[names.SECOND_ADMIN]
        role = self.world.arn("role", "platform-operations")
        made = martin.sts.assume_role(RoleArn=role, RoleSessionName=names.SECOND_ADMIN, DurationSeconds=43200)
        martin.wearing(made).at("ec2", "eu-central-1").describe_instances()
        self.world.book.owner_credentials.append(credential(
            "platform-operations/martin.keller", "assumed-role", Keys.of(made["Credentials"]), role, "owner's maintenance session"))

    def vendor(self) -> None:
        """The monitoring vendor comes from its own account, with the agreed ExternalId."""
        keys = self.world.foreign_user(names.VENDOR_ACCOUNT, "collector")
        vendor = self.world.actor(keys, names.VENDOR_IP, names.AGENT_VENDOR)
        role = self.world.arn("role", "vendor-monitoring")
        made = vendor.sts.assume_role(RoleArn=role, RoleSessionName="collector-eu", ExternalId="tmk-8841-2025", DurationSeconds=43200)
        vendor.wearing(made).at("ec2", "eu-west-1").describe_instances()
        self.world.book.owner_credentials.append(credential(
            "vendor-monitoring/collector-eu", "assumed-role", Keys.of(made["Credentials"]), role, "the vendor's monitoring session"))
