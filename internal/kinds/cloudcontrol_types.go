package kinds

import (
	"strings"
	"time"

	"cordon/internal/fact"
)

// cloudTypes are what few accounts have and an intruder may make in any: it
// computes, carries data out, or runs code. Their permissions are those of the
// handlers in each type's schema. AWS answers TypeNotFoundException where a
// region lacks the type.
var cloudTypes = []cloudType{
	{
		Name: "imagebuilder.pipeline", Type: "AWS::ImageBuilder::ImagePipeline", Covers: []string{"B6", "D6"}, Named: true, Recreates: true, State: "Status",
		List: []string{"imagebuilder:ListImagePipelines"}, Read: []string{"imagebuilder:GetImagePipeline"},
		Delete: []string{"imagebuilder:GetImagePipeline", "imagebuilder:DeleteImagePipeline", "imagebuilder:UntagResource"},
	},
	{
		Name: "imagebuilder.recipe", Type: "AWS::ImageBuilder::ImageRecipe", Covers: []string{"B6"}, Named: true,
		List: []string{"imagebuilder:ListImageRecipes"}, Read: []string{"imagebuilder:GetImageRecipe"},
		Delete: []string{"imagebuilder:GetImageRecipe", "imagebuilder:DeleteImageRecipe", "imagebuilder:UntagResource"},
	},
	{
		Name: "gamelift.fleet", Type: "AWS::GameLift::Fleet", Covers: []string{"B6"}, Recreates: true, Role: "InstanceRoleARN", Takes: 30 * time.Minute,
		List: []string{"gamelift:ListFleets"},
		Read: []string{
			"gamelift:DescribeFleetAttributes", "gamelift:DescribeFleetLocationAttributes", "gamelift:DescribeFleetLocationCapacity",
			"gamelift:DescribeFleetCapacity", "gamelift:DescribeFleetPortSettings", "gamelift:DescribeRuntimeConfiguration",
			"gamelift:DescribeScalingPolicies", "gamelift:ListTagsForResource",
		},
		Delete: []string{
			"gamelift:DeleteFleet", "gamelift:DescribeFleetLocationCapacity", "gamelift:DescribeFleetAttributes", "gamelift:DescribeFleetCapacity",
			"gamelift:UpdateFleetCapacity", "gamelift:DescribeScalingPolicies", "gamelift:DeleteScalingPolicy",
		},
	},
	{
		Name: "gamelift.build", Type: "AWS::GameLift::Build", Covers: []string{"B6"},
		List: []string{"gamelift:ListBuilds"}, Read: []string{"gamelift:DescribeBuild"}, Delete: []string{"gamelift:DescribeBuild", "gamelift:DeleteBuild"},
	},
	{
		Name: "workspaces.workspace", Type: "AWS::WorkSpaces::Workspace", Covers: []string{"B6"}, Takes: 30 * time.Minute,
		List: []string{"workspaces:DescribeWorkspaces", "workspaces:DescribeTags"}, Read: []string{"workspaces:DescribeWorkspaces", "workspaces:DescribeTags"},
		Delete: []string{"workspaces:DescribeWorkspaces", "workspaces:TerminateWorkspaces"},
	},
	{
		Name: "cloud9.environment", Type: "AWS::Cloud9::EnvironmentEC2", Covers: []string{"B6"},
		List: []string{"cloud9:ListEnvironments"}, Read: []string{"cloud9:DescribeEnvironments", "cloud9:ListTagsForResource"},
		Delete: []string{"cloud9:DeleteEnvironment", "cloud9:DescribeEnvironments", "ec2:DescribeInstances", "ec2:TerminateInstances", "ec2:DeleteSecurityGroup"},
	},
	{
		Name: "codecommit.repository", Type: "AWS::CodeCommit::Repository", Covers: []string{"B6"},
		List:   []string{"codecommit:ListRepositories"},
		Read:   []string{"codecommit:ListRepositories", "codecommit:GetRepository", "codecommit:GetRepositoryTriggers", "codecommit:ListTagsForResource"},
		Delete: []string{"codecommit:ListRepositories", "codecommit:DeleteRepository"},
	},
	{
		Name: "codepipeline.pipeline", Type: "AWS::CodePipeline::Pipeline", Covers: []string{"B6", "D6"}, Named: true, Recreates: true, Role: "RoleArn",
		List:   []string{"codepipeline:ListPipelines"},
		Read:   []string{"codepipeline:GetPipeline", "codepipeline:GetPipelineState", "codepipeline:ListTagsForResource"},
		Delete: []string{"codepipeline:GetPipeline", "codepipeline:DeletePipeline"},
	},
	{
		Name: "codestar.connection", Type: "AWS::CodeStarConnections::Connection", Covers: []string{"A15"}, State: "ConnectionStatus",
		List:   []string{"codestar-connections:ListConnections", "codestar-connections:ListTagsForResource"},
		Read:   []string{"codestar-connections:GetConnection", "codestar-connections:ListTagsForResource"},
		Delete: []string{"codestar-connections:DeleteConnection"},
	},
	{
		Name: "mediapackage.channel", Type: "AWS::MediaPackage::Channel", Covers: []string{"B6"}, Named: true,
		List: []string{"mediapackage:ListChannels"}, Read: []string{"mediapackage:DescribeChannel"}, Delete: []string{"mediapackage:DeleteChannel"},
	},
	{
		Name: "appstream.fleet", Type: "AWS::AppStream::Fleet", Covers: []string{"B6"}, Named: true, Role: "IamRoleArn", Takes: 30 * time.Minute,
		List: []string{"appstream:DescribeFleets"}, Read: []string{"appstream:DescribeFleets", "appstream:ListTagsForResource"},
		Delete: []string{"appstream:StopFleet", "appstream:DescribeFleets", "appstream:DeleteFleet"},
	},
	{
		Name: "datasync.agent", Type: "AWS::DataSync::Agent", Covers: []string{"C10"},
		List: []string{"datasync:ListAgents"}, Read: []string{"datasync:DescribeAgent", "datasync:ListTagsForResource"}, Delete: []string{"datasync:DeleteAgent"},
	},
	{
		Name: "datasync.task", Type: "AWS::DataSync::Task", Covers: []string{"C10"}, Recreates: true, State: "Status",
		List: []string{"datasync:ListTasks"}, Read: []string{"datasync:DescribeTask", "datasync:ListTagsForResource"}, Delete: []string{
			"datasync:DeleteTask", "ec2:DescribeNetworkInterfaces", "ec2:DeleteNetworkInterface", "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets",
			"fsx:DescribeFileSystems", "elasticfilesystem:DescribeFileSystems", "elasticfilesystem:DescribeMountTargets", "iam:GetRole",
		},
	},
	{
		Name: "kinesis.stream", Type: "AWS::Kinesis::Stream", Covers: []string{"C10"}, Named: true,
		List: []string{"kinesis:ListStreams"}, Read: []string{"kinesis:DescribeStreamSummary", "kinesis:ListTagsForStream", "kinesis:ListTagsForResource"},
		Delete: []string{"kinesis:DescribeStreamSummary", "kinesis:DeleteStream", "kinesis:RemoveTagsFromStream", "kinesis:UntagResource"},
	},
	{
		Name: "firehose.delivery-stream", Type: "AWS::KinesisFirehose::DeliveryStream", Covers: []string{"C10"}, Named: true,
		List: []string{"firehose:ListDeliveryStreams"}, Read: []string{"firehose:DescribeDeliveryStream", "firehose:ListTagsForDeliveryStream"},
		Delete: []string{"firehose:DeleteDeliveryStream", "firehose:DescribeDeliveryStream", "kms:RevokeGrant", "kms:DescribeKey"},
	},
	{
		Name: "msk.cluster", Type: "AWS::MSK::Cluster", Covers: []string{"B6"}, Takes: 30 * time.Minute,
		List: []string{"kafka:ListClusters"}, Read: []string{"kafka:DescribeCluster"}, Delete: []string{"kafka:DeleteCluster", "kafka:DescribeCluster"},
	},
	{
		Name: "mwaa.environment", Type: "AWS::MWAA::Environment", Covers: []string{"B6"}, Named: true, Recreates: true, Role: "ExecutionRoleArn", Takes: 60 * time.Minute,
		List: []string{"airflow:ListEnvironments"}, Read: []string{"airflow:GetEnvironment"}, Delete: []string{"airflow:DeleteEnvironment", "airflow:GetEnvironment"},
	},
	{
		Name: "elasticache.cluster", Type: "AWS::ElastiCache::CacheCluster", Covers: []string{"B6"}, Named: true, Takes: 30 * time.Minute,
		List:   []string{"elasticache:DescribeCacheClusters"},
		Read:   []string{"elasticache:DescribeCacheClusters", "elasticache:ListTagsForResource", "logs:GetLogDelivery", "logs:DescribeLogGroups"},
		Delete: []string{"elasticache:DescribeCacheClusters", "elasticache:DeleteCacheCluster", "elasticache:CreateSnapshot"},
	},
	{
		Name: "memorydb.cluster", Type: "AWS::MemoryDB::Cluster", Covers: []string{"B6"}, Named: true, Takes: 30 * time.Minute, State: "Status",
		List: []string{"memorydb:DescribeClusters"}, Read: []string{"memorydb:DescribeClusters", "memorydb:ListTags"},
		Delete: []string{"memorydb:DeleteCluster", "memorydb:DescribeClusters"},
	},
	{
		Name: "appsync.api", Type: "AWS::AppSync::GraphQLApi", Covers: []string{"A14"}, Key: lastPart,
		List:   []string{"appsync:ListGraphqlApis"},
		Read:   []string{"appsync:GetGraphqlApi", "appsync:GetGraphqlApiEnvironmentVariables", "appsync:ListTagsForResource"},
		Delete: []string{"appsync:DeleteGraphqlApi"},
	},
	{
		Name: "athena.workgroup", Type: "AWS::Athena::WorkGroup", Covers: []string{"C4"}, Named: true, Created: "CreationTime", State: "State",
		List: []string{"athena:ListWorkGroups"}, Read: []string{"athena:GetWorkGroup", "athena:ListTagsForResource"},
		Delete: []string{"athena:DeleteWorkGroup", "athena:UntagResource"},
	},
	{
		Name: "network-firewall.firewall", Type: "AWS::NetworkFirewall::Firewall", Covers: []string{"B6"}, Named: true, Takes: 30 * time.Minute,
		List: []string{"network-firewall:ListFirewalls"},
		Read: []string{"network-firewall:ListTagsForResource", "network-firewall:DescribeFirewall"},
		Delete: []string{
			"network-firewall:DeleteFirewall", "network-firewall:UntagResource", "ec2:DeleteVpcEndpoints", "ec2:DescribeRouteTables",
			"logs:DescribeLogGroups", "logs:DescribeResourcePolicies", "logs:GetLogDelivery", "logs:ListLogDeliveries",
		},
	},
	{
		Name: "wafv2.web-acl", Type: "AWS::WAFv2::WebACL", Covers: []string{"D3"}, Key: middlePart, Model: `{"Scope":"REGIONAL"}`,
		List: []string{"wafv2:ListWebACLs"}, Read: []string{"wafv2:GetWebACL", "wafv2:ListTagsForResource"}, Delete: []string{"wafv2:DeleteWebACL", "wafv2:GetWebACL"},
	},
	{
		Name: "iot.rule", Type: "AWS::IoT::TopicRule", Covers: []string{"A14", "D6"}, Named: true, Recreates: true,
		List: []string{"iot:ListTopicRules"}, Read: []string{"iot:GetTopicRule", "iot:ListTagsForResource"}, Delete: []string{"iot:GetTopicRule", "iot:DeleteTopicRule"},
	},
	{
		Name: "redshift-serverless.workgroup", Type: "AWS::RedshiftServerless::Workgroup", Covers: []string{"B6"}, Named: true, Takes: 30 * time.Minute,
		List: append([]string{"redshift-serverless:ListWorkgroups", "redshift-serverless:ListTagsForResource"}, redshiftNetwork...),
		Read: append([]string{"redshift-serverless:GetWorkgroup", "redshift-serverless:ListTagsForResource"}, redshiftNetwork...),
		Delete: append([]string{
			"redshift-serverless:GetWorkgroup", "redshift-serverless:GetNamespace", "redshift-serverless:DeleteWorkgroup", "redshift-serverless:UntagResource",
		}, redshiftNetwork...),
	},
	{
		Name: "emr-serverless.application", Type: "AWS::EMRServerless::Application", Covers: []string{"B6"}, State: "State",
		List: []string{"emr-serverless:ListApplications"}, Read: []string{"emr-serverless:GetApplication"},
		Delete: []string{"emr-serverless:DeleteApplication", "emr-serverless:GetApplication"},
	},
}

// redshiftNetwork is what each of the workgroup's handlers looks at.
var redshiftNetwork = []string{
	"ec2:DescribeVpcAttribute", "ec2:DescribeSecurityGroups", "ec2:DescribeAddresses", "ec2:DescribeInternetGateways",
	"ec2:DescribeSubnets", "ec2:DescribeAccountAttributes", "ec2:DescribeAvailabilityZones",
}

// The kinds of cloudTypes, each by its name in the table.
var (
	imagePipeline      = cloudKind(cloudTypeOf("imagebuilder.pipeline"))
	imageRecipe        = cloudKind(cloudTypeOf("imagebuilder.recipe"))
	gameFleet          = cloudKind(cloudTypeOf("gamelift.fleet"))
	gameBuild          = cloudKind(cloudTypeOf("gamelift.build"))
	workspace          = cloudKind(cloudTypeOf("workspaces.workspace"))
	cloud9Environment  = cloudKind(cloudTypeOf("cloud9.environment"))
	codeRepository     = cloudKind(cloudTypeOf("codecommit.repository"))
	codePipeline       = cloudKind(cloudTypeOf("codepipeline.pipeline"))
	codeConnection     = cloudKind(cloudTypeOf("codestar.connection"))
	mediaChannel       = cloudKind(cloudTypeOf("mediapackage.channel"))
	appStreamFleet     = cloudKind(cloudTypeOf("appstream.fleet"))
	syncAgent          = cloudKind(cloudTypeOf("datasync.agent"))
	syncTask           = cloudKind(cloudTypeOf("datasync.task"))
	dataStream         = cloudKind(cloudTypeOf("kinesis.stream"))
	deliveryStream     = cloudKind(cloudTypeOf("firehose.delivery-stream"))
	kafkaCluster       = cloudKind(cloudTypeOf("msk.cluster"))
	airflowEnvironment = cloudKind(cloudTypeOf("mwaa.environment"))
	cacheCluster       = cloudKind(cloudTypeOf("elasticache.cluster"))
	memoryCluster      = cloudKind(cloudTypeOf("memorydb.cluster"))
	graphAPI           = cloudKind(cloudTypeOf("appsync.api"))
	queryWorkgroup     = cloudKind(cloudTypeOf("athena.workgroup"))
	networkFirewall    = cloudKind(cloudTypeOf("network-firewall.firewall"))
	webACL             = cloudKind(cloudTypeOf("wafv2.web-acl"))
	iotRule            = cloudKind(cloudTypeOf("iot.rule"))
	redshiftWorkgroup  = cloudKind(cloudTypeOf("redshift-serverless.workgroup"))
	sparkApplication   = cloudKind(cloudTypeOf("emr-serverless.application"))
)

func cloudTypeOf(name fact.Kind) cloudType {
	for _, t := range cloudTypes {
		if t.Name == name {
			return t
		}
	}
	panic("kind " + string(name) + " is not in the table of Cloud Control")
}

// lastPart is the id at the end of an ARN.
func lastPart(identifier string) string { return identifier[strings.LastIndexByte(identifier, '/')+1:] }

// middlePart is ID of NAME|ID|SCOPE.
func middlePart(identifier string) string {
	if parts := strings.Split(identifier, "|"); len(parts) == 3 {
		return parts[1]
	}
	return identifier
}
