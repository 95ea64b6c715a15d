package kinds

import (
	"strings"

	"cordon/internal/fact"
)

// handled says by ARN which kind shows a resource: service, then what the
// resource part begins with. The first line that fits counts. What fits none is
// shown by account.other.
var handled = []struct {
	service, resource string
	kind              fact.Kind
}{
	{"iam", "user/", "iam.user"},
	{"iam", "group/", "iam.group"},
	{"iam", "role/", "iam.role"},
	{"iam", "policy/", "iam.policy"},
	{"iam", "mfa/", "iam.mfa-device"},
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
	{"cloudtrail", "trail/", "cloudtrail.trail"},
	{"guardduty", "detector/", "guardduty.detector"},

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
// they are credentials, or parts of a resource that has one.
var unnamed = []fact.Kind{
	"iam.root", "iam.access-key", "iam.login-profile", "iam.service-credential", "iam.ssh-key", "iam.signing-certificate",
	"account.other", "account.indexed",
}

// handledBy is the kind that shows the resource with this ARN, or "".
func handledBy(arn string) fact.Kind {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 {
		return ""
	}
	for _, h := range handled {
		if h.service == parts[2] && strings.HasPrefix(parts[5], h.resource) {
			return h.kind
		}
	}
	return ""
}
