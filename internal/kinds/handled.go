package kinds

import (
	"strings"

	"cordon/internal/fact"
)

// handled says by ARN which kind shows a resource: service, then what the
// resource part begins with; nothing is a bare name, as of a bucket. The first
// line that fits counts. What fits none is shown by account.other.
var handled = []struct {
	service, resource string
	kind              fact.Kind
}{
	{"iam", "user/", "iam.user"},
	{"iam", "group/", "iam.group"},
	{"iam", "role/", "iam.role"},
	{"iam", "policy/", "iam.policy"},
	{"iam", "mfa/", "iam.mfa-device"},
	{"iam", "u2f/", "iam.mfa-device"},
	{"iam", "saml-provider/", "iam.saml-provider"},
	{"iam", "oidc-provider/", "iam.oidc-provider"},
	{"iam", "server-certificate/", "iam.server-certificate"},
	{"ec2", "instance/", "ec2.instance"},
	{"ec2", "image/", "ec2.image"},
	{"ec2", "volume/", "ec2.volume"},
	{"ec2", "snapshot/", "ec2.snapshot"},
	{"ec2", "key-pair/", "ec2.key-pair"},
	{"ec2", "security-group/", "ec2.security-group"},
	{"lambda", "function:", "lambda.function"},
	{"lambda", "layer:", "lambda.layer"},
	{"lambda", "event-source-mapping:", "lambda.event-source"},
	{"cloudtrail", "trail/", "cloudtrail.trail"},
	{"cloudtrail", "eventdatastore/", "cloudtrail.event-data-store"},
	{"guardduty", "detector/", "guardduty.detector"},

	{"iam", "instance-profile/", "iam.instance-profile"},
	{"rolesanywhere", "trust-anchor/", "rolesanywhere.trust-anchor"},
	{"rolesanywhere", "profile/", "rolesanywhere.profile"},
	{"organizations", "account/", "organizations.account"},
	{"organizations", "policy/", "organizations.policy"},
	{"organizations", "handshake/", "organizations.handshake"},
	{"sso", "instance/", "sso.instance"},
	{"sso", "permissionSet/", "sso.permission-set"},
	{"identitystore", "user/", "identitystore.user"},
	{"identitystore", "group/", "identitystore.group"},

	{"route53", "hostedzone/", "route53.zone"},
	{"route53domains", "domain/", "route53domains.domain"},
	{"cloudfront", "distribution/", "cloudfront.distribution"},
	{"cognito-idp", "userpool/", "cognito.user-pool"},

	{"autoscaling", "autoScalingGroup:", "autoscaling.group"},
	{"autoscaling", "launchConfiguration:", "autoscaling.launch-configuration"},
	{"ec2", "fleet/", "ec2.fleet"},
	{"ec2", "spot-fleet-request/", "ec2.spot-fleet"},
	{"ec2", "spot-instances-request/", "ec2.spot-request"},
	{"ec2", "launch-template/", "ec2.launch-template"},
	{"ec2", "capacity-reservation/", "ec2.capacity-reservation"},
	{"ec2", "reserved-instances/", "ec2.reserved-instances"},

	{"elasticloadbalancing", "loadbalancer/app/", "elbv2.load-balancer"},
	{"elasticloadbalancing", "loadbalancer/net/", "elbv2.load-balancer"},
	{"elasticloadbalancing", "loadbalancer/gwy/", "elbv2.load-balancer"},
	{"elasticloadbalancing", "loadbalancer/", "elb.load-balancer"},
	{"elasticloadbalancing", "targetgroup/", "elbv2.target-group"},
	{"ec2", "vpc-endpoint/", "ec2.vpc-endpoint"},
	{"ec2", "natgateway/", "ec2.nat-gateway"},
	{"ec2", "network-interface/", "ec2.network-interface"},
	{"ec2", "elastic-ip/", "ec2.elastic-ip"},
	{"ec2", "route-table/", "ec2.route-table"},
	{"ec2", "network-acl/", "ec2.network-acl"},
	{"ec2", "vpc-peering-connection/", "ec2.vpc-peering"},
	{"ec2", "vpn-connection/", "ec2.vpn-connection"},
	{"ec2", "internet-gateway/", "ec2.internet-gateway"},
	{"ec2", "vpc-flow-log/", "ec2.flow-log"},
	{"ec2", "subnet/", "ec2.subnet"},
	{"ec2", "vpc/", "ec2.vpc"},

	{"events", "rule/", "events.rule"},
	{"events", "event-bus/", "events.bus"},
	{"scheduler", "schedule/", "scheduler.schedule"},
	{"states", "stateMachine:", "sfn.state-machine"},
	{"apigateway", "/restapis/", "apigateway.rest-api"},
	{"apigateway", "/apis/", "apigatewayv2.api"},

	{"ecs", "service/", "ecs.service"},
	{"ecs", "task/", "ecs.task"},
	{"ecs", "cluster/", "ecs.cluster"},
	{"ecs", "task-definition/", "ecs.task-definition"},
	{"eks", "nodegroup/", "eks.nodegroup"},
	{"eks", "access-entry/", "eks.access-entry"},
	{"eks", "cluster/", "eks.cluster"},
	{"batch", "compute-environment/", "batch.compute-environment"},
	{"batch", "job-queue/", "batch.job-queue"},
	{"batch", "job/", "batch.job"},
	{"batch", "job-definition/", "batch.job-definition"},
	{"ecr", "repository/", "ecr.repository"},

	{"sagemaker", "notebook-instance/", "sagemaker.notebook"},
	{"sagemaker", "notebook-instance-lifecycle-config/", "sagemaker.lifecycle-config"},
	{"sagemaker", "training-job/", "sagemaker.training-job"},
	{"sagemaker", "processing-job/", "sagemaker.processing-job"},
	{"sagemaker", "endpoint/", "sagemaker.endpoint"},
	{"sagemaker", "endpoint-config/", "sagemaker.endpoint-config"},
	{"sagemaker", "model/", "sagemaker.model"},
	{"sagemaker", "domain/", "sagemaker.domain"},
	{"lightsail", "Instance/", "lightsail.instance"},
	{"lightsail", "ContainerService/", "lightsail.container-service"},
	{"lightsail", "KeyPair/", "lightsail.key-pair"},
	{"lightsail", "StaticIp/", "lightsail.static-ip"},
	{"lightsail", "InstanceSnapshot/", "lightsail.snapshot"},
	{"bedrock", "provisioned-model/", "bedrock.provisioned-throughput"},
	{"bedrock", "custom-model/", "bedrock.custom-model"},
	{"bedrock", "model-invocation-job/", "bedrock.invocation-job"},
	{"bedrock", "agent/", "bedrock.agent"},

	{"ses", "identity/", "ses.identity"},
	{"ses", "configuration-set/", "ses.configuration-set"},
	{"sns", "", "sns.topic"},
	{"sqs", "", "sqs.queue"},
	{"sms-voice", "phone-number/", "sms.number"},
	{"sms-voice", "pool/", "sms.phone-pool"},
	{"workmail", "organization/", "workmail.organization"},

	{"s3", "", "s3.bucket"},
	{"rds", "db:", "rds.instance"},
	{"rds", "cluster:", "rds.cluster"},
	{"rds", "snapshot:", "rds.snapshot"},
	{"rds", "cluster-snapshot:", "rds.cluster-snapshot"},
	{"dynamodb", "table/", "dynamodb.table"},
	{"elasticfilesystem", "file-system/", "efs.file-system"},
	{"redshift", "cluster:", "redshift.cluster"},
	{"es", "domain/", "opensearch.domain"},

	{"kms", "key/", "kms.key"},
	{"secretsmanager", "secret:", "secretsmanager.secret"},
	{"ssm", "document/", "ssm.document"},
	{"ssm", "association/", "ssm.association"},
	{"ssm", "activation/", "ssm.activation"},
	{"ssm", "parameter/", "ssm.parameter"},
	{"ssm", "session/", "ssm.session"},
	{"backup", "backup-vault:", "backup.vault"},
	{"backup", "backup-plan:", "backup.plan"},
	{"rbin", "rule/", "rbin.rule"},
	{"logs", "log-group:", "logs.log-group"},

	{"config", "configuration-recorder/", "config.recorder"},
	{"securityhub", "hub/", "securityhub.hub"},
	{"access-analyzer", "analyzer/", "accessanalyzer.analyzer"},
	{"cloudwatch", "alarm:", "cloudwatch.alarm"},

	{"cloudformation", "stack/", "cloudformation.stack"},
	{"cloudformation", "stackset/", "cloudformation.stack-set"},
	{"codebuild", "project/", "codebuild.project"},
	{"codebuild", "build/", "codebuild.build"},
	{"codebuild", "token/", "codebuild.source-credential"},
	{"amplify", "apps/", "amplify.app"},
	{"apprunner", "service/", "apprunner.service"},
	{"glue", "job/", "glue.job"},
	{"glue", "trigger/", "glue.trigger"},
	{"glue", "crawler/", "glue.crawler"},
	{"glue", "devEndpoint/", "glue.dev-endpoint"},
	{"elasticmapreduce", "cluster/", "emr.cluster"},
	{"elasticbeanstalk", "application/", "beanstalk.application"},
	{"elasticbeanstalk", "environment/", "beanstalk.environment"},

	{"imagebuilder", "image-pipeline/", "imagebuilder.pipeline"},
	{"imagebuilder", "image-recipe/", "imagebuilder.recipe"},
	{"gamelift", "fleet/", "gamelift.fleet"},
	{"gamelift", "build/", "gamelift.build"},
	{"workspaces", "workspace/", "workspaces.workspace"},
	{"cloud9", "environment:", "cloud9.environment"},
	{"codecommit", "", "codecommit.repository"},
	{"codepipeline", "", "codepipeline.pipeline"},
	{"codestar-connections", "connection/", "codestar.connection"},
	{"codeconnections", "connection/", "codestar.connection"},
	{"mediapackage", "channels/", "mediapackage.channel"},
	{"appstream", "fleet/", "appstream.fleet"},
	{"datasync", "agent/", "datasync.agent"},
	{"datasync", "task/", "datasync.task"},
	{"transfer", "server/", "transfer.server"},
	{"kinesis", "stream/", "kinesis.stream"},
	{"firehose", "deliverystream/", "firehose.delivery-stream"},
	{"kafka", "cluster/", "msk.cluster"},
	{"airflow", "environment/", "mwaa.environment"},
	{"elasticache", "cluster:", "elasticache.cluster"},
	{"memorydb", "cluster/", "memorydb.cluster"},
	{"appsync", "apis/", "appsync.api"},
	{"athena", "workgroup/", "athena.workgroup"},
	{"network-firewall", "firewall/", "network-firewall.firewall"},
	{"wafv2", "regional/webacl/", "wafv2.web-acl"},
	{"iot", "rule/", "iot.rule"},
	{"redshift-serverless", "workgroup/", "redshift-serverless.workgroup"},
	{"emr-serverless", "/applications/", "emr-serverless.application"},
}

// unnamed are the kinds whose resources have no ARN that these sources give:
// they are credentials, settings, or parts of a resource that has one.
var unnamed = []fact.Kind{
	"iam.root", "iam.access-key", "iam.login-profile", "iam.service-credential", "iam.ssh-key", "iam.signing-certificate",
	"iam.account-password-policy", "s3.account", "ec2.account-settings", "ses.account", "ses.receipt-rule-set", "sns.sms",
	"bedrock.logging", "bedrock.model-access", "config.delivery-channel", "servicequotas.request", "rds.export-task",
	"sso.assignment", "sns.subscription", "kms.grant", "guardduty.filter", "guardduty.ip-set", "accessanalyzer.archive-rule",
	"account.other", "account.indexed",
}

// handledBy is the kind that shows the resource with this ARN, or "".
func handledBy(arn string) fact.Kind {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 {
		return ""
	}
	for _, h := range handled {
		fits := strings.HasPrefix(parts[5], h.resource)
		if h.resource == "" {
			fits = !strings.ContainsAny(parts[5], ":/")
		}
		if fits && h.service == parts[2] {
			return h.kind
		}
	}
	return ""
}
