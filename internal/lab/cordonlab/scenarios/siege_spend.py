"""What costs money: machines, groups, containers, notebooks, databases, mail."""

from __future__ import annotations

import base64
import json
from typing import Any

from . import names
from .company import volumes_of
from .estate import STACK, service_trust
from .night import USER_DATA

IMAGE = "ami-0d5a7b1e93c46f208"
TASK_IMAGE = "images.render.example/node:4.2"


def user_data() -> str:
    return base64.b64encode(USER_DATA.encode()).decode()


class Spending:
    """Acts of the siege; see siege.Siege."""

    def miners(self, region: str) -> None:
        """A group of GPUs from a template, a Spot request and a lone machine, in a region nobody uses."""
        ec2 = self.at("ec2", region)
        key = ec2.import_key_pair(KeyName=names.NEW_KEY_PAIR, PublicKeyMaterial=self.public_key())["KeyPairId"]
        self.plant("ec2.key-pair", region, key, "A17", "imported key pair", 3)
        template = ec2.create_launch_template(LaunchTemplateName="render", LaunchTemplateData={
            "ImageId": IMAGE, "InstanceType": "g5.12xlarge", "KeyName": names.NEW_KEY_PAIR, "UserData": user_data()})["LaunchTemplate"]["LaunchTemplateId"]
        self.plant("ec2.launch-template", region, template, "B1", "template of the group")
        subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
        groups = self.at("autoscaling", region)
        groups.create_auto_scaling_group(AutoScalingGroupName="render", LaunchTemplate={"LaunchTemplateId": template, "Version": "$Latest"},
                                         MinSize=2, MaxSize=99, DesiredCapacity=2, VPCZoneIdentifier=subnet)
        self.plant("autoscaling.group", region, "render", "B1", "group that makes machines again", 1)
        made = groups.describe_auto_scaling_groups(AutoScalingGroupNames=["render"])["AutoScalingGroups"][0]
        for instance in (i["InstanceId"] for i in made["Instances"]):
            self.plant("ec2.instance", region, instance, "B1", "machine of the group", 1)
            for volume in volumes_of(ec2, instance):
                self.plant("ec2.volume", region, volume, "B1", f"disk of {instance}", 3)
        lone = ec2.run_instances(ImageId=IMAGE, InstanceType="p3.8xlarge", MinCount=1, MaxCount=1, UserData=user_data(),
                                 DisableApiTermination=True)["Instances"][0]["InstanceId"]
        self.plant("ec2.instance", region, lone, "B1", "p3.8xlarge with termination protection", 1)
        for volume in volumes_of(ec2, lone):
            self.plant("ec2.volume", region, volume, "B1", f"disk of {lone}", 3)

    def public_key(self) -> bytes:
        from .world import ssh_key

        return ssh_key("render").encode()

    def role(self, name: str, service: str) -> str:
        """A role for one of his things, with everything allowed."""
        iam = self.night.admin.iam
        made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=service_trust(service))["Role"]["Arn"]
        iam.attach_role_policy(RoleName=name, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
        self.plant("iam.role", "global", name, "A14", f"role for {service}")
        return made

    def default_network(self, region: str) -> tuple[str, str]:
        """A subnet and a group of the region's default network."""
        ec2 = self.at("ec2", region)
        subnet = ec2.describe_subnets()["Subnets"][0]
        groups = ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [subnet["VpcId"]]}])["SecurityGroups"]
        return subnet["SubnetId"], groups[0]["GroupId"]

    def containers(self, region: str) -> None:
        ecs = self.at("ecs", region)
        for cluster in ("render", "render-2"):
            ecs.create_cluster(clusterName=cluster)
            self.plant("ecs.cluster", region, cluster, "B2", "cluster")
        made = ecs.register_task_definition(family="render", cpu="16384", memory="32768", requiresCompatibilities=["FARGATE"], networkMode="awsvpc",
                                            containerDefinitions=[{"name": "node", "image": TASK_IMAGE, "cpu": 16384, "memory": 32768}])
        self.plant("ecs.task-definition", region, made["taskDefinition"]["taskDefinitionArn"], "B2", "task definition with a public image")
        subnet, group = self.default_network(region)
        ecs.create_service(cluster="render", serviceName="render", taskDefinition="render", desiredCount=10, launchType="FARGATE",
                           networkConfiguration={"awsvpcConfiguration": {"subnets": [subnet], "securityGroups": [group]}})
        self.plant("ecs.service", region, "render/render", "B2", "service of ten tasks", 1)

    def batch(self, region: str) -> None:
        batch, role = self.at("batch", region), self.role("render-batch", "batch.amazonaws.com")
        subnet, group = self.default_network(region)
        batch.create_compute_environment(computeEnvironmentName="render", type="MANAGED", state="ENABLED", serviceRole=role, computeResources={
            "type": "FARGATE", "maxvCpus": 256, "subnets": [subnet], "securityGroupIds": [group]})
        self.plant("batch.compute-environment", region, "render", "B3", "compute environment", 1)
        arn = batch.describe_compute_environments(computeEnvironments=["render"])["computeEnvironments"][0]["computeEnvironmentArn"]
        batch.create_job_queue(jobQueueName="render", state="ENABLED", priority=1, computeEnvironmentOrder=[{"order": 1, "computeEnvironment": arn}])
        self.plant("batch.job-queue", region, "render", "B3", "job queue")

    def notebooks(self, region: str) -> None:
        sage, role = self.at("sagemaker", region), self.role("render-notebook", "sagemaker.amazonaws.com")
        sage.create_notebook_instance_lifecycle_config(NotebookInstanceLifecycleConfigName="on-start", OnStart=[{"Content": user_data()}])
        self.plant("sagemaker.lifecycle-config", region, "on-start", "B4", "script that runs at each start")
        for name in ("render-1", "render-2"):
            sage.create_notebook_instance(NotebookInstanceName=name, InstanceType="ml.p3.8xlarge", RoleArn=role, LifecycleConfigName="on-start")
            self.plant("sagemaker.notebook", region, name, "B4", "notebook with GPUs", 1)

    def network(self, region: str) -> None:
        """A network of his own: what holds what has to be found out."""
        ec2 = self.at("ec2", region)
        vpc = ec2.create_vpc(CidrBlock="10.77.0.0/16")["Vpc"]["VpcId"]
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.77.1.0/24")["Subnet"]["SubnetId"]
        gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
        address = ec2.allocate_address(Domain="vpc")["AllocationId"]
        nat = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address)["NatGateway"]["NatGatewayId"]
        group = ec2.create_security_group(GroupName="render", Description="render", VpcId=vpc)["GroupId"]
        for kind, name in (("ec2.vpc", vpc), ("ec2.subnet", subnet), ("ec2.internet-gateway", gateway), ("ec2.elastic-ip", address),
                           ("ec2.nat-gateway", nat), ("ec2.security-group", group)):
            self.plant(kind, region, name, "B1", "part of a network of his own")
        made = ec2.run_instances(ImageId=IMAGE, InstanceType="c6i.8xlarge", MinCount=2, MaxCount=2, SubnetId=subnet, SecurityGroupIds=[group])
        for instance in (i["InstanceId"] for i in made["Instances"]):
            self.plant("ec2.instance", region, instance, "B1", "machine in his network", 1)
            for volume in volumes_of(ec2, instance):
                self.plant("ec2.volume", region, volume, "B1", f"disk of {instance}", 3)

    def database(self, region: str) -> None:
        self.at("rds", region).create_db_instance(
            DBInstanceIdentifier="staging", DBInstanceClass="db.r6i.4xlarge", Engine="postgres", AllocatedStorage=200, MasterUsername="render",
            MasterUserPassword=self.world.password(), PubliclyAccessible=True, DeletionProtection=True)
        self.plant("rds.instance", region, "staging", "C3", "public database with deletion protection")
        self.at("dynamodb", region).create_table(
            TableName="state", BillingMode="PAY_PER_REQUEST", AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}])
        self.plant("dynamodb.table", region, "state", "C10", "table")

    def stack(self, region: str) -> None:
        """A stack with the owner's names, protected; what is in it comes back while it stands."""
        name = "render-edge"
        body = STACK.replace("render-jobs", "edge-jobs").replace("render-done", "edge-done")
        self.at("cloudformation", region).create_stack(StackName=name, TemplateBody=body, EnableTerminationProtection=True)
        self.plant("cloudformation.stack", region, name, "B6", "stack with termination protection", 1)

    def mail(self, region: str) -> None:
        ses = self.at("sesv2", region)
        for name in ("tidemark-support.example", "billing-tidemark.example"):
            ses.create_email_identity(EmailIdentity=name)
            self.plant("ses.identity", region, name, "B9", "sender of his mail", 1)
        sns = self.at("sns", region)
        topic = sns.create_topic(Name="notify")["TopicArn"]
        self.plant("sns.topic", region, topic, "B11", "topic")

    def site(self) -> None:
        """A look-alike site: a zone with records."""
        zone = self.at("route53", "us-east-1")
        made = zone.create_hosted_zone(Name="tidemark-login.example.", CallerReference="siege")["HostedZone"]["Id"].rsplit("/", 1)[-1]
        zone.change_resource_record_sets(HostedZoneId=made, ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": {
            "Name": "www.tidemark-login.example.", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "203.0.113.47"}]}}]})
        self.plant("route53.zone", "global", made, "B12", "zone of a look-alike domain")

    def builders(self, region: str) -> None:
        build, role = self.at("codebuild", region), self.role("runner", "codebuild.amazonaws.com")
        build.create_project(name="runner", source={"type": "GITHUB", "location": "https://github.com/render-node/runner"},
                             artifacts={"type": "NO_ARTIFACTS"}, serviceRole=role,
                             environment={"type": "LINUX_CONTAINER", "image": "aws/codebuild/standard:7.0", "computeType": "BUILD_GENERAL1_LARGE"})
        self.plant("codebuild.project", region, "runner", "A15", "runner of a stranger's repository")
        glue = self.at("glue", region)
        glue.create_job(Name="collect", Role=role, Command={"Name": "pythonshell", "ScriptLocation": "s3://render/collect.py"})
        self.plant("glue.job", region, "collect", "B6", "job")
        emr: Any = self.at("emr", "us-east-1")
        made = emr.optional("run_job_flow", Name="render", Instances={"MasterInstanceType": "c5.9xlarge", "SlaveInstanceType": "c5.9xlarge", "InstanceCount": 3,
                                                          "KeepJobFlowAliveWhenNoSteps": True, "TerminationProtected": True},
                                JobFlowRole="EMR_EC2_DefaultRole", ServiceRole=role, ReleaseLabel="emr-7.2.0")
        if made:
            self.plant("emr.cluster", "us-east-1", made["JobFlowId"], "B6", "cluster with termination protection", 1)


def policy(statement: dict) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
