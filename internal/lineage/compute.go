package lineage

import (
	"strings"
	"sync"
	"time"

	"cordon/internal/event"
	"cordon/internal/fact"
)

// A Handing says that a call gave a role to compute, or put its own code where
// a role is at hand: whoever made the call acts with the role from then on,
// without ever asking for its credentials.
type Handing struct {
	Role    string // name or ARN, or an instance profile's; empty: the role that is there
	Profile bool   // Role names an instance profile
	To      string // the compute: instance id, function name, task id, stack …; empty: not recorded
	Kind    fact.Kind
	Made    bool // the call created the compute; false: it may be the owner's
	Call    string
	EventID string
	At      time.Time
	Region  string
	By      string // credential
}

type handing struct {
	source, name string
	role, to     string
	kind         fact.Kind
	made         bool
}

const (
	profileOfRun = "q:iamInstanceProfile.arn|q:iamInstanceProfile.name|r:instancesSet.items[].iamInstanceProfile.arn"
	profileOfSet = "q:AssociateIamInstanceProfileRequest.IamInstanceProfile.Name|q:AssociateIamInstanceProfileRequest.IamInstanceProfile.Arn|q:iamInstanceProfile.name|q:iamInstanceProfile.arn"
	profileOfNew = "q:ReplaceIamInstanceProfileAssociationRequest.IamInstanceProfile.Name|q:ReplaceIamInstanceProfileAssociationRequest.IamInstanceProfile.Arn"
	instanceOf   = "r:ReplaceIamInstanceProfileAssociationResponse.iamInstanceProfileAssociation.instanceId"
	roleOfCode   = "q:role|r:role"
	made         = true
)

// handings is every call known to need iam:PassRole or to run under a role that
// is already there. A service of ECS runs what a task definition says, and hands
// nothing over that the definition did not.
var handings = []handing{
	{"ec2", "RunInstances", profileOfRun, "r:instancesSet.items[].instanceId", instance, made},
	{"ec2", "AssociateIamInstanceProfile", profileOfSet, "q:AssociateIamInstanceProfileRequest.InstanceId|q:instanceId", instance, false},
	{"ec2", "ReplaceIamInstanceProfileAssociation", profileOfNew, instanceOf, instance, false},
	{"ssm", "SendCommand", "", "q:instanceIds|r:command.instanceIds", instance, false},
	{"ec2-instance-connect", "SendSSHPublicKey", "", "q:instanceId", instance, false},
	{"ec2-instance-connect", "SendSerialConsoleSSHPublicKey", "", "q:instanceId", instance, false},
	{"ssm", "StartSession", "", "q:target", instance, false},
	{"ssm", "StartAutomationExecution", "q:parameters.AutomationAssumeRole[]", "r:automationExecutionId", "ssm.automation", made},
	{"ec2", "ModifyInstanceAttribute", "", "q:instanceId", instance, false},
	{"ec2", "RequestSpotInstances", "q:launchSpecification.iamInstanceProfile.name|q:launchSpecification.iamInstanceProfile.arn", "", instance, made},
	{"lambda", "CreateFunction", roleOfCode, "r:functionName|q:functionName", function, made},
	{"lambda", "UpdateFunctionConfiguration", roleOfCode, "r:functionName|q:functionName", function, false},
	{"lambda", "UpdateFunctionCode", roleOfCode, "r:functionName|q:functionName", function, false},
	{"ecs", "RunTask", "q:overrides.taskRoleArn", "r:tasks[].taskArn", "ecs.task", made},
	{"ecs", "StartTask", "q:overrides.taskRoleArn", "r:tasks[].taskArn", "ecs.task", made},
	{"ecs", "ExecuteCommand", "", "q:task", "ecs.task", false},
	{"ecs", "RegisterTaskDefinition", "q:taskRoleArn", "r:taskDefinition.taskDefinitionArn", "ecs.task-definition", made},
	{"sagemaker", "CreateNotebookInstance", "q:roleArn", "q:notebookInstanceName", "sagemaker.notebook", made},
	{"sagemaker", "CreateProcessingJob", "q:roleArn", "q:processingJobName", "sagemaker.job", made},
	{"sagemaker", "CreateTrainingJob", "q:roleArn", "q:trainingJobName", "sagemaker.job", made},
	{"sagemaker", "UpdateNotebookInstance", "q:roleArn", "q:notebookInstanceName", "sagemaker.notebook", false},
	{"sagemaker", "CreatePresignedNotebookInstanceUrl", "", "q:notebookInstanceName", "sagemaker.notebook", false},
	{"glue", "CreateDevEndpoint", "q:roleArn", "q:endpointName", "glue.endpoint", made},
	{"glue", "UpdateDevEndpoint", "", "q:endpointName", "glue.endpoint", false},
	{"glue", "CreateJob", "q:role", "r:name|q:name", "glue.job", made},
	{"glue", "UpdateJob", "q:jobUpdate.role", "q:jobName", "glue.job", false},
	{"cloudformation", "CreateStack", "q:roleARN", "r:stackId|q:stackName", stack, made},
	{"cloudformation", "UpdateStack", "q:roleARN", "r:stackId|q:stackName", stack, false},
	{"cloudformation", "CreateChangeSet", "q:roleARN", "r:stackId|q:stackName", stack, false},
	{"cloudformation", "ExecuteChangeSet", "", "q:stackName", stack, false},
	{"codebuild", "CreateProject", "q:serviceRole", "q:name", "codebuild.project", made},
	{"codebuild", "UpdateProject", "q:serviceRole|r:project.serviceRole", "q:name", "codebuild.project", false},
	{"codebuild", "StartBuild", "q:serviceRoleOverride|r:build.serviceRole", "r:build.id", build, false},
	{"datapipeline", "PutPipelineDefinition", "", "q:pipelineId", "datapipeline.pipeline", false},
	{"states", "CreateStateMachine", "q:roleArn", "r:stateMachineArn", "states.machine", made},
	{"states", "UpdateStateMachine", "q:roleArn", "q:stateMachineArn", "states.machine", false},
	{"scheduler", "CreateSchedule", "q:target.roleArn", "r:scheduleArn|q:name", "scheduler.schedule", made},
	{"batch", "RegisterJobDefinition", "q:containerProperties.jobRoleArn", "r:jobDefinitionArn", "batch.job-definition", made},
	{"batch", "SubmitJob", "", "r:jobId", "batch.job", false},
	{"elasticmapreduce", "RunJobFlow", "q:serviceRole", "r:jobFlowId", "emr.cluster", made},
	{"elasticmapreduce", "AddJobFlowSteps", "", "q:jobFlowId", "emr.cluster", false},
	{"autoscaling", "CreateLaunchConfiguration", "q:iamInstanceProfile", "q:launchConfigurationName", "autoscaling.launch-configuration", made},
	{"ec2", "CreateLaunchTemplate", "q:CreateLaunchTemplateRequest.LaunchTemplateData.IamInstanceProfile.Arn|q:CreateLaunchTemplateRequest.LaunchTemplateData.IamInstanceProfile.Name", "r:CreateLaunchTemplateResponse.launchTemplate.launchTemplateId", "ec2.launch-template", made},
	{"ec2", "CreateLaunchTemplateVersion", "q:CreateLaunchTemplateVersionRequest.LaunchTemplateData.IamInstanceProfile.Arn|q:CreateLaunchTemplateVersionRequest.LaunchTemplateData.IamInstanceProfile.Name", "q:CreateLaunchTemplateVersionRequest.LaunchTemplateId", "ec2.launch-template", false},
	{"apprunner", "CreateService", "q:instanceConfiguration.instanceRoleArn", "r:service.serviceArn", "apprunner.service", made},
	{"bedrock", "CreateAgent", "q:agentResourceRoleArn", "r:agent.agentId", "bedrock.agent", made},
}

// keeps are calls that may name no role: then it is the one that is there.
var keeps = map[call]bool{
	{"lambda", "UpdateFunctionConfiguration"}: true, {"lambda", "UpdateFunctionCode"}: true, {"cloudformation", "CreateStack"}: true,
	{"cloudformation", "UpdateStack"}: true, {"cloudformation", "CreateChangeSet"}: true, {"ecs", "RunTask"}: true, {"ecs", "StartTask"}: true,
	{"glue", "UpdateJob"}: true, {"codebuild", "UpdateProject"}: true, {"codebuild", "StartBuild"}: true, {"states", "UpdateStateMachine"}: true,
}

// onlyWith: a call of these hands something over only with what is named here.
var onlyWith = map[call]string{
	{"ec2", "ModifyInstanceAttribute"}: "q:userData",
	{"batch", "SubmitJob"}:             "q:containerOverrides.command[]",
}

const (
	stack fact.Kind = "cloudformation.stack"
	build fact.Kind = "codebuild.build"
)

// A runner is the service that asks for the sessions of a sort of compute. Named:
// they bear the compute's own name, an instance's id or a task's.
type runner struct {
	service string
	named   bool
}

var runners = map[fact.Kind]runner{
	instance: {"ec2", true}, function: {"lambda", true}, "ecs.task": {"ecs-tasks", true}, build: {"codebuild", true},
	"ecs.task-definition": {"ecs-tasks", false}, "batch.job-definition": {"ecs-tasks", false},
	"sagemaker.notebook": {"sagemaker", false}, "sagemaker.job": {"sagemaker", false},
	"glue.endpoint": {"glue", false}, "glue.job": {"glue", false}, stack: {"cloudformation", false},
	"codebuild.project": {"codebuild", false}, "states.machine": {"states", false}, "scheduler.schedule": {"scheduler", false},
	"emr.cluster": {"elasticmapreduce", false}, "apprunner.service": {"tasks.apprunner", false},
	"bedrock.agent": {"bedrock", false}, "ssm.automation": {"ssm", false},
}

// named is the name that the compute's sessions bear; empty where they have
// names of their own.
func (h Handing) named() string {
	if !runners[h.Kind].named {
		return ""
	}
	if h.Kind == build && h.To != "" {
		_, id, _ := strings.Cut(h.To, ":")
		return "AWSCodeBuild-" + id
	}
	return h.To
}

// role is the name of the role; empty where none or only a profile is known.
func (h Handing) role() string {
	if h.Profile {
		return ""
	}
	return lastPart(h.Role)
}

// followed says whether the sessions of the compute can be told from others.
// What a stack does without a role of its own, it does in its caller's name.
func (h Handing) followed() bool {
	return h.named() != "" || h.role() != "" && runners[h.Kind].service != "" || h.Kind == stack
}

var handingOf = sync.OnceValue(func() map[call]handing {
	index := map[call]handing{}
	for _, h := range handings {
		index[call{h.source, h.name}] = h
	}
	return index
})

// Handed lists what the event gave a role to, one line for each compute. A call
// that hands nothing over, or failed, yields none.
func Handed(e event.Event) (all []Handing) {
	name := call{e.Service(), baseName(e)}
	h, ok := handingOf()[name]
	if only := onlyWith[name]; !ok || e.Failed() || only != "" && findOne(e, only) == "" {
		return nil
	}
	one := Handing{
		Role: findOne(e, h.role), Kind: h.kind, Made: h.made, Call: baseName(e),
		EventID: e.ID, At: e.Time, Region: e.Region, By: e.Credential,
	}
	switch {
	case h.role != "" && !keeps[name] && one.Role == "":
		return nil // no role was given
	case name.name == "CreateChangeSet":
		one.Made = findOne(e, "q:changeSetType") == "CREATE"
	case h.kind == build: // of the owner's own project it runs the owner's code
		one.Made = findOne(e, "q:buildspecOverride|q:sourceLocationOverride|q:imageOverride") != ""
	}
	one.Profile = profiled[h.kind] || strings.Contains(one.Role, ":instance-profile/")
	to := find(e, h.to)
	if len(to) == 0 {
		to = []string{""}
	}
	for _, id := range to {
		switch h.kind {
		case function:
			id = functionName(id)
		case "ecs.task":
			id = lastPart(id)
		case stack:
			id = stackName(id)
		}
		one.To = id
		all = append(all, one)
	}
	return all
}

// profiled are given an instance profile, whose name need not be its role's.
var profiled = map[fact.Kind]bool{instance: true, "autoscaling.launch-configuration": true, "ec2.launch-template": true}
