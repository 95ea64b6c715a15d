package kinds

import (
	"strings"
	"time"

	"cordon/internal/fact"
)

// cloudTypes are what few accounts have and an intruder may make in any: it
// computes, carries data out, or runs code. Their properties are all that can be
// kept of them: what has data besides is not deleted. Their permissions are those of the
// handlers in each type's schema. AWS answers TypeNotFoundException where a
// region lacks the type.
var cloudTypes = []cloudType{
	{
		Name: "imagebuilder.pipeline", Type: "AWS::ImageBuilder::ImagePipeline", Covers: []string{"B6", "D6"}, Named: true, Recreates: true, State: "Status",
		Bare: "the images that it made stay",
		List: []string{"imagebuilder:ListImagePipelines"}, Read: []string{"imagebuilder:GetImagePipeline"},
		Delete: []string{"imagebuilder:GetImagePipeline", "imagebuilder:DeleteImagePipeline", "imagebuilder:UntagResource"},
	},
	{
		Name: "imagebuilder.recipe", Type: "AWS::ImageBuilder::ImageRecipe", Covers: []string{"B6"}, Named: true,
		Bare: "a text, all of which is in its properties",
		List: []string{"imagebuilder:ListImageRecipes"}, Read: []string{"imagebuilder:GetImageRecipe"},
		Delete: []string{"imagebuilder:GetImageRecipe", "imagebuilder:DeleteImageRecipe", "imagebuilder:UntagResource"},
	},
	{
		Name: "gamelift.fleet", Type: "AWS::GameLift::Fleet", Covers: []string{"B6"}, Recreates: true, Role: "InstanceRoleARN", Takes: 30 * time.Minute,
		Bare: "its machines start from the build; what they write is gone when they stop",
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
		Data: "the program that was uploaded, which AWS does not give out again",
		List: []string{"gamelift:ListBuilds"}, Read: []string{"gamelift:DescribeBuild"},
	},
	{
		Name: "workspaces.workspace", Type: "AWS::WorkSpaces::Workspace", Covers: []string{"B6"},
		Data: "the disks of a person’s machine",
		List: []string{"workspaces:DescribeWorkspaces", "workspaces:DescribeTags"}, Read: []string{"workspaces:DescribeWorkspaces", "workspaces:DescribeTags"},
	},
	{
		Name: "cloud9.environment", Type: "AWS::Cloud9::EnvironmentEC2", Covers: []string{"B6"},
		Data: "the disk of its instance",
		List: []string{"cloud9:ListEnvironments"}, Read: []string{"cloud9:DescribeEnvironments", "cloud9:ListTagsForResource"},
	},
	{
		Name: "codecommit.repository", Type: "AWS::CodeCommit::Repository", Covers: []string{"B6"},
		Data: "the code and its history",
		List: []string{"codecommit:ListRepositories"},
		Read: []string{"codecommit:ListRepositories", "codecommit:GetRepository", "codecommit:GetRepositoryTriggers", "codecommit:ListTagsForResource"},
	},
	{
		Name: "codepipeline.pipeline", Type: "AWS::CodePipeline::Pipeline", Covers: []string{"B6", "D6"}, Named: true, Recreates: true, Role: "RoleArn",
		Bare:   "what passes through it lies in its bucket",
		List:   []string{"codepipeline:ListPipelines"},
		Read:   []string{"codepipeline:GetPipeline", "codepipeline:GetPipelineState", "codepipeline:ListTagsForResource"},
		Delete: []string{"codepipeline:GetPipeline", "codepipeline:DeletePipeline"},
	},
	{
		Name: "codestar.connection", Type: "AWS::CodeStarConnections::Connection", Covers: []string{"A15"}, State: "ConnectionStatus",
		Bare:   "a permission at another provider",
		List:   []string{"codestar-connections:ListConnections", "codestar-connections:ListTagsForResource"},
		Read:   []string{"codestar-connections:GetConnection", "codestar-connections:ListTagsForResource"},
		Delete: []string{"codestar-connections:DeleteConnection"},
	},
	{
		Name: "mediapackage.channel", Type: "AWS::MediaPackage::Channel", Covers: []string{"B6"}, Named: true,
		Bare: "what it packages lies elsewhere",
		List: []string{"mediapackage:ListChannels"}, Read: []string{"mediapackage:DescribeChannel"}, Delete: []string{"mediapackage:DeleteChannel"},
	},
	{
		Name: "appstream.fleet", Type: "AWS::AppStream::Fleet", Covers: []string{"B6"}, Named: true, Role: "IamRoleArn", Takes: 30 * time.Minute,
		Bare: "the image stays, and the people’s files lie in a bucket",
		List: []string{"appstream:DescribeFleets"}, Read: []string{"appstream:DescribeFleets", "appstream:ListTagsForResource"},
		Delete: []string{"appstream:StopFleet", "appstream:DescribeFleets", "appstream:DeleteFleet"},
	},
	{
		Name: "datasync.agent", Type: "AWS::DataSync::Agent", Covers: []string{"C10"},
		Bare: "the data lies at both ends",
		List: []string{"datasync:ListAgents"}, Read: []string{"datasync:DescribeAgent", "datasync:ListTagsForResource"}, Delete: []string{"datasync:DeleteAgent"},
	},
	{
		Name: "datasync.task", Type: "AWS::DataSync::Task", Covers: []string{"C10"}, Recreates: true, State: "Status",
		Bare: "the data lies at both ends",
		List: []string{"datasync:ListTasks"}, Read: []string{"datasync:DescribeTask", "datasync:ListTagsForResource"}, Delete: []string{
			"datasync:DeleteTask", "ec2:DescribeNetworkInterfaces", "ec2:DeleteNetworkInterface", "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets",
			"fsx:DescribeFileSystems", "elasticfilesystem:DescribeFileSystems", "elasticfilesystem:DescribeMountTargets", "iam:GetRole",
		},
	},
	{
		Name: "kinesis.stream", Type: "AWS::Kinesis::Stream", Covers: []string{"C10"}, Named: true,
		Data: "up to a year of records",
		List: []string{"kinesis:ListStreams"}, Read: []string{"kinesis:DescribeStreamSummary", "kinesis:ListTagsForStream", "kinesis:ListTagsForResource"},
	},
	{
		Name: "firehose.delivery-stream", Type: "AWS::KinesisFirehose::DeliveryStream", Covers: []string{"C10"}, Named: true,
		Bare: "it keeps nothing longer than it needs for delivering",
		List: []string{"firehose:ListDeliveryStreams"}, Read: []string{"firehose:DescribeDeliveryStream", "firehose:ListTagsForDeliveryStream"},
		Delete: []string{"firehose:DeleteDeliveryStream", "firehose:DescribeDeliveryStream", "kms:RevokeGrant", "kms:DescribeKey"},
	},
	{
		Name: "msk.cluster", Type: "AWS::MSK::Cluster", Covers: []string{"B6"},
		Data: "the topics",
		List: []string{"kafka:ListClusters"}, Read: []string{"kafka:DescribeCluster"},
	},
	{
		Name: "mwaa.environment", Type: "AWS::MWAA::Environment", Covers: []string{"B6"}, Named: true, Recreates: true, Role: "ExecutionRoleArn", Takes: 60 * time.Minute,
		Bare: "the workflows lie in a bucket; its own database has runs and settings only",
		List: []string{"airflow:ListEnvironments"}, Read: []string{"airflow:GetEnvironment"}, Delete: []string{"airflow:DeleteEnvironment", "airflow:GetEnvironment"},
	},
	{
		Name: "elasticache.cluster", Type: "AWS::ElastiCache::CacheCluster", Covers: []string{"B6"}, Named: true,
		Data: "what Redis or Valkey holds may be nowhere else",
		List: []string{"elasticache:DescribeCacheClusters"},
		Read: []string{"elasticache:DescribeCacheClusters", "elasticache:ListTagsForResource", "logs:GetLogDelivery", "logs:DescribeLogGroups"},
	},
	{
		Name: "memorydb.cluster", Type: "AWS::MemoryDB::Cluster", Covers: []string{"B6"}, Named: true, State: "Status",
		Data: "a database that lasts",
		List: []string{"memorydb:DescribeClusters"}, Read: []string{"memorydb:DescribeClusters", "memorydb:ListTags"},
	},
	{
		Name: "appsync.api", Type: "AWS::AppSync::GraphQLApi", Covers: []string{"A14"}, Key: lastPart,
		Bare:   "the data lies in its sources; the schema is in the evidence",
		List:   []string{"appsync:ListGraphqlApis"},
		Read:   []string{"appsync:GetGraphqlApi", "appsync:GetGraphqlApiEnvironmentVariables", "appsync:ListTagsForResource"},
		Delete: []string{"appsync:DeleteGraphqlApi"},
	},
	{
		Name: "athena.workgroup", Type: "AWS::Athena::WorkGroup", Covers: []string{"C4"}, Named: true, Created: "CreationTime", State: "State",
		Bare: "results lie in a bucket",
		List: []string{"athena:ListWorkGroups"}, Read: []string{"athena:GetWorkGroup", "athena:ListTagsForResource"},
		Delete: []string{"athena:DeleteWorkGroup", "athena:UntagResource"},
	},
	{
		Name: "network-firewall.firewall", Type: "AWS::NetworkFirewall::Firewall", Covers: []string{"B6"}, Named: true, Takes: 30 * time.Minute,
		Bare: "the rules are resources of their own",
		List: []string{"network-firewall:ListFirewalls"},
		Read: []string{"network-firewall:ListTagsForResource", "network-firewall:DescribeFirewall"},
		Delete: []string{
			"network-firewall:DeleteFirewall", "network-firewall:UntagResource", "ec2:DeleteVpcEndpoints", "ec2:DescribeRouteTables",
			"logs:DescribeLogGroups", "logs:DescribeResourcePolicies", "logs:GetLogDelivery", "logs:ListLogDeliveries",
		},
	},
	{
		Name: "wafv2.web-acl", Type: "AWS::WAFv2::WebACL", Covers: []string{"D3"}, Key: middlePart, Model: `{"Scope":"REGIONAL"}`,
		Bare: "rules, all of which are in its properties",
		List: []string{"wafv2:ListWebACLs"}, Read: []string{"wafv2:GetWebACL", "wafv2:ListTagsForResource"}, Delete: []string{"wafv2:DeleteWebACL", "wafv2:GetWebACL"},
	},
	{
		Name: "iot.rule", Type: "AWS::IoT::TopicRule", Covers: []string{"A14", "D6"}, Named: true, Recreates: true,
		Bare: "a rule, all of which is in its properties",
		List: []string{"iot:ListTopicRules"}, Read: []string{"iot:GetTopicRule", "iot:ListTagsForResource"}, Delete: []string{"iot:GetTopicRule", "iot:DeleteTopicRule"},
	},
	{
		Name: "redshift-serverless.workgroup", Type: "AWS::RedshiftServerless::Workgroup", Covers: []string{"B6"}, Named: true, Takes: 30 * time.Minute,
		Bare: "the data is the namespace’s, which stays",
		List: append([]string{"redshift-serverless:ListWorkgroups", "redshift-serverless:ListTagsForResource"}, redshiftNetwork...),
		Read: append([]string{"redshift-serverless:GetWorkgroup", "redshift-serverless:ListTagsForResource"}, redshiftNetwork...),
		Delete: append([]string{
			"redshift-serverless:GetWorkgroup", "redshift-serverless:GetNamespace", "redshift-serverless:DeleteWorkgroup", "redshift-serverless:UntagResource",
		}, redshiftNetwork...),
	},
	{
		Name: "emr-serverless.application", Type: "AWS::EMRServerless::Application", Covers: []string{"B6"}, State: "State",
		Bare: "it reads from buckets and writes to them",
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
