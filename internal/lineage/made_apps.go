package lineage

import "strings"

// appsRules are the calls of what builds and of applications, and those of the
// services whose resources are listed through Cloud Control: the handlers make
// the services' own calls, with the caller's rights.
var appsRules = []rule{
	// stacks, by name: a call may have the ARN
	does("cloudformation", "CreateStack", Created, "cloudformation.stack", "q:stackName").as(stackName),
	does("cloudformation", "CreateChangeSet", Changed, "cloudformation.stack", "q:stackName").as(stackName),
	does("cloudformation", "ExecuteChangeSet", Changed, "cloudformation.stack", "q:stackName").as(stackName),
	does("cloudformation", "UpdateStack", Changed, "cloudformation.stack", "q:stackName").as(stackName),
	does("cloudformation", "RollbackStack", Changed, "cloudformation.stack", "q:stackName").as(stackName),
	does("cloudformation", "ContinueUpdateRollback", Changed, "cloudformation.stack", "q:stackName").as(stackName),
	does("cloudformation", "CancelUpdateStack", Changed, "cloudformation.stack", "q:stackName").as(stackName),
	does("cloudformation", "SetStackPolicy", Changed, "cloudformation.stack", "q:stackName").as(stackName),
	does("cloudformation", "UpdateTerminationProtection", Changed, "cloudformation.stack", "q:stackName").as(stackName),
	does("cloudformation", "DeleteStack", Deleted, "cloudformation.stack", "q:stackName").as(stackName),
	does("cloudformation", "CreateStackSet", Created, "cloudformation.stack-set", "q:stackSetName").as(setName),
	does("cloudformation", "UpdateStackSet", Changed, "cloudformation.stack-set", "q:stackSetName").as(setName),
	does("cloudformation", "CreateStackInstances", Changed, "cloudformation.stack-set", "q:stackSetName").as(setName),
	does("cloudformation", "UpdateStackInstances", Changed, "cloudformation.stack-set", "q:stackSetName").as(setName),
	does("cloudformation", "DeleteStackInstances", Changed, "cloudformation.stack-set", "q:stackSetName").as(setName),
	does("cloudformation", "ImportStacksToStackSet", Changed, "cloudformation.stack-set", "q:stackSetName").as(setName),
	does("cloudformation", "DeleteStackSet", Deleted, "cloudformation.stack-set", "q:stackSetName").as(setName),

	// builds: a webhook lets whoever pushes run code with the project's role
	does("codebuild", "CreateProject", Created, "codebuild.project", "r:project.name|q:name"),
	does("codebuild", "UpdateProject", Changed, "codebuild.project", "q:name").as(after("/")),
	does("codebuild", "DeleteProject", Deleted, "codebuild.project", "q:name").as(after("/")),
	does("codebuild", "CreateWebhook", Shared, "codebuild.project", "q:projectName").granting(),
	does("codebuild", "UpdateWebhook", Shared, "codebuild.project", "q:projectName").granting(),
	does("codebuild", "DeleteWebhook", Changed, "codebuild.project", "q:projectName"),
	does("codebuild", "UpdateProjectVisibility", Shared, "codebuild.project", "q:projectArn").as(after("/")),
	does("codebuild", "PutResourcePolicy", Shared, "codebuild.project", "q:resourceArn").as(after("/")),
	does("codebuild", "DeleteResourcePolicy", Changed, "codebuild.project", "q:resourceArn").as(after("/")),
	does("codebuild", "StartBuild", Created, "codebuild.build", "r:build.id"),
	does("codebuild", "StartBuild", Changed, "codebuild.project", "q:projectName").as(after("/")),
	does("codebuild", "RetryBuild", Created, "codebuild.build", "r:build.id"),
	does("codebuild", "StopBuild", Deleted, "codebuild.build", "q:id"),
	does("codebuild", "StartBuildBatch", Changed, "codebuild.project", "q:projectName").as(after("/")),
	does("codebuild", "StartSandbox", Changed, "codebuild.project", "q:projectName").as(after("/")),
	does("codebuild", "ImportSourceCredentials", Created, "codebuild.source-credential", "r:arn"),
	does("codebuild", "DeleteSourceCredentials", Deleted, "codebuild.source-credential", "q:arn"),

	// applications
	does("amplify", "CreateApp", Created, "amplify.app", "r:app.appId"),
	does("amplify", "UpdateApp", Changed, "amplify.app", "q:appId"),
	does("amplify", "CreateBranch", Changed, "amplify.app", "q:appId"),
	does("amplify", "UpdateBranch", Changed, "amplify.app", "q:appId"),
	does("amplify", "CreateBackendEnvironment", Changed, "amplify.app", "q:appId"),
	does("amplify", "CreateDeployment", Changed, "amplify.app", "q:appId"),
	does("amplify", "StartDeployment", Changed, "amplify.app", "q:appId"),
	does("amplify", "StartJob", Changed, "amplify.app", "q:appId"),
	does("amplify", "CreateWebhook", Shared, "amplify.app", "q:appId"),
	does("amplify", "CreateDomainAssociation", Changed, "amplify.app", "q:appId"),
	does("amplify", "DeleteApp", Deleted, "amplify.app", "q:appId"),
	does("apprunner", "CreateService", Created, "apprunner.service", "r:service.serviceArn"),
	does("apprunner", "UpdateService", Changed, "apprunner.service", "q:serviceArn"),
	does("apprunner", "StartDeployment", Changed, "apprunner.service", "q:serviceArn"),
	does("apprunner", "PauseService", Changed, "apprunner.service", "q:serviceArn"),
	does("apprunner", "ResumeService", Changed, "apprunner.service", "q:serviceArn"),
	does("apprunner", "DeleteService", Deleted, "apprunner.service", "q:serviceArn"),
	does("elasticbeanstalk", "CreateApplication", Created, "beanstalk.application", "r:application.applicationName|q:applicationName"),
	does("elasticbeanstalk", "UpdateApplication", Changed, "beanstalk.application", "q:applicationName"),
	does("elasticbeanstalk", "CreateApplicationVersion", Changed, "beanstalk.application", "q:applicationName"),
	does("elasticbeanstalk", "DeleteApplication", Deleted, "beanstalk.application", "q:applicationName"),
	does("elasticbeanstalk", "CreateEnvironment", Created, "beanstalk.environment", "r:environmentId"),
	does("elasticbeanstalk", "UpdateEnvironment", Changed, "beanstalk.environment", "r:environmentId|q:environmentId"),
	does("elasticbeanstalk", "RebuildEnvironment", Changed, "beanstalk.environment", "q:environmentId"),
	does("elasticbeanstalk", "TerminateEnvironment", Deleted, "beanstalk.environment", "r:environmentId|q:environmentId"),

	// data processing
	does("glue", "CreateJob", Created, "glue.job", "r:name|q:name"),
	does("glue", "UpdateJob", Changed, "glue.job", "q:jobName"),
	does("glue", "StartJobRun", Changed, "glue.job", "q:jobName"),
	does("glue", "BatchStopJobRun", Changed, "glue.job", "q:jobName"),
	does("glue", "DeleteJob", Deleted, "glue.job", "q:jobName"),
	does("glue", "CreateTrigger", Created, "glue.trigger", "r:name|q:name"),
	does("glue", "UpdateTrigger", Changed, "glue.trigger", "q:name"),
	does("glue", "StartTrigger", Changed, "glue.trigger", "q:name"),
	does("glue", "StopTrigger", Changed, "glue.trigger", "q:name"),
	does("glue", "DeleteTrigger", Deleted, "glue.trigger", "q:name"),
	does("glue", "CreateCrawler", Created, "glue.crawler", "q:name"),
	does("glue", "UpdateCrawler", Changed, "glue.crawler", "q:name"),
	does("glue", "StartCrawler", Changed, "glue.crawler", "q:name"),
	does("glue", "StartCrawlerSchedule", Changed, "glue.crawler", "q:crawlerName"),
	does("glue", "StopCrawlerSchedule", Changed, "glue.crawler", "q:crawlerName"),
	does("glue", "UpdateCrawlerSchedule", Changed, "glue.crawler", "q:crawlerName"),
	does("glue", "DeleteCrawler", Deleted, "glue.crawler", "q:name"),
	does("glue", "CreateDevEndpoint", Created, "glue.dev-endpoint", "r:endpointName|q:endpointName"),
	does("glue", "UpdateDevEndpoint", Changed, "glue.dev-endpoint", "q:endpointName").granting(), // it adds SSH keys
	does("glue", "DeleteDevEndpoint", Deleted, "glue.dev-endpoint", "q:endpointName"),
	does("elasticmapreduce", "RunJobFlow", Created, "emr.cluster", "r:jobFlowId"),
	does("elasticmapreduce", "AddJobFlowSteps", Changed, "emr.cluster", "q:jobFlowId"),
	does("elasticmapreduce", "AddInstanceGroups", Changed, "emr.cluster", "q:jobFlowId"),
	does("elasticmapreduce", "AddInstanceFleet", Changed, "emr.cluster", "q:clusterId"),
	does("elasticmapreduce", "ModifyCluster", Changed, "emr.cluster", "q:clusterId"),
	does("elasticmapreduce", "ModifyInstanceGroups", Changed, "emr.cluster", "q:clusterId"),
	does("elasticmapreduce", "PutAutoScalingPolicy", Changed, "emr.cluster", "q:clusterId"),
	does("elasticmapreduce", "SetTerminationProtection", Changed, "emr.cluster", "q:jobFlowIds[]"),
	does("elasticmapreduce", "TerminateJobFlows", Deleted, "emr.cluster", "q:jobFlowIds[]"),
}

// stackName is NAME of a name or of arn:…:stack/NAME/UUID.
func stackName(id string) string {
	if _, rest, ok := strings.Cut(id, ":stack/"); ok {
		id, _, _ = strings.Cut(rest, "/")
	}
	return id
}

// setName is NAME of a name, of NAME:UUID or of arn:…:stackset/NAME:UUID.
func setName(id string) string {
	if _, rest, ok := strings.Cut(id, ":stackset/"); ok {
		id = rest
	}
	id, _, _ = strings.Cut(id, ":")
	return id
}
