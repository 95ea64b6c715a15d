package lineage

import (
	"maps"
	"slices"
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
	made         = true
)

// handings is every call known to need iam:PassRole or to run under a role that
// is already there.
var handings = []handing{
	{"ec2", "RunInstances", profileOfRun, "r:instancesSet.items[].instanceId", instance, made},
	{"ec2", "AssociateIamInstanceProfile", "q:AssociateIamInstanceProfileRequest.IamInstanceProfile.Name|q:AssociateIamInstanceProfileRequest.IamInstanceProfile.Arn|q:iamInstanceProfile.name|q:iamInstanceProfile.arn", "q:AssociateIamInstanceProfileRequest.InstanceId|q:instanceId", instance, false},
	{"ec2", "ReplaceIamInstanceProfileAssociation", "q:ReplaceIamInstanceProfileAssociationRequest.IamInstanceProfile.Name|q:ReplaceIamInstanceProfileAssociationRequest.IamInstanceProfile.Arn", "r:ReplaceIamInstanceProfileAssociationResponse.iamInstanceProfileAssociation.instanceId", instance, false},
	{"ssm", "SendCommand", "", "q:instanceIds", instance, false},
	{"ec2-instance-connect", "SendSSHPublicKey", "", "q:instanceId", instance, false},
	{"lambda", "CreateFunction", "q:role", "r:functionName|q:functionName", function, made},
	{"lambda", "UpdateFunctionConfiguration", "q:role", "r:functionName|q:functionName", function, false},
	{"lambda", "UpdateFunctionCode", "", "r:functionName|q:functionName", function, false},
	{"ecs", "RunTask", "q:overrides.taskRoleArn", "r:tasks[].taskArn", "ecs.task", made},
	{"ecs", "RegisterTaskDefinition", "q:taskRoleArn", "r:taskDefinition.taskDefinitionArn", "ecs.task-definition", made},
	{"sagemaker", "CreateNotebookInstance", "q:roleArn", "q:notebookInstanceName", "sagemaker.notebook", made},
	{"sagemaker", "CreateProcessingJob", "q:roleArn", "q:processingJobName", "sagemaker.job", made},
	{"sagemaker", "CreateTrainingJob", "q:roleArn", "q:trainingJobName", "sagemaker.job", made},
	{"glue", "CreateDevEndpoint", "q:roleArn", "q:endpointName", "glue.endpoint", made},
	{"glue", "UpdateDevEndpoint", "", "q:endpointName", "glue.endpoint", false},
	{"glue", "CreateJob", "q:role", "r:name|q:name", "glue.job", made},
	{"glue", "UpdateJob", "q:jobUpdate.role", "q:jobName", "glue.job", false},
	{"cloudformation", "CreateStack", "q:roleARN", "r:stackId|q:stackName", "cloudformation.stack", made},
	{"cloudformation", "UpdateStack", "q:roleARN", "r:stackId|q:stackName", "cloudformation.stack", false},
	{"codebuild", "CreateProject", "q:serviceRole", "q:name", "codebuild.project", made},
	{"codebuild", "UpdateProject", "q:serviceRole", "q:name", "codebuild.project", false},
	{"datapipeline", "PutPipelineDefinition", "", "q:pipelineId", "datapipeline.pipeline", false},
	{"states", "CreateStateMachine", "q:roleArn", "r:stateMachineArn", "states.machine", made},
	{"states", "UpdateStateMachine", "q:roleArn", "q:stateMachineArn", "states.machine", false},
	{"scheduler", "CreateSchedule", "q:target.roleArn", "r:scheduleArn|q:name", "scheduler.schedule", made},
	{"batch", "RegisterJobDefinition", "q:containerProperties.jobRoleArn", "r:jobDefinitionArn", "batch.job-definition", made},
	{"elasticmapreduce", "RunJobFlow", "q:serviceRole", "r:jobFlowId", "emr.cluster", made},
	{"autoscaling", "CreateLaunchConfiguration", "q:iamInstanceProfile", "q:launchConfigurationName", "autoscaling.launch-configuration", made},
	{"ec2", "CreateLaunchTemplate", "q:CreateLaunchTemplateRequest.LaunchTemplateData.IamInstanceProfile.Arn|q:CreateLaunchTemplateRequest.LaunchTemplateData.IamInstanceProfile.Name", "r:CreateLaunchTemplateResponse.launchTemplate.launchTemplateId", "ec2.launch-template", made},
	{"apprunner", "CreateService", "q:instanceConfiguration.instanceRoleArn", "r:service.serviceArn", "apprunner.service", made},
	{"bedrock", "CreateAgent", "q:agentResourceRoleArn", "r:agent.agentId", "bedrock.agent", made},
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
	h, ok := handingOf()[call{e.Service(), baseName(e)}]
	if !ok || e.Failed() {
		return nil
	}
	one := Handing{
		Role: findOne(e, h.role), Kind: h.kind, Made: h.made, Call: baseName(e),
		EventID: e.ID, At: e.Time, By: e.Credential,
	}
	one.Profile = h.kind == instance || strings.Contains(one.Role, ":instance-profile/")
	if h.role != "" && one.Role == "" {
		return nil // no role was given
	}
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
		}
		one.To = id
		all = append(all, one)
	}
	return all
}

// A running knows the compute that acts for suspects, as far as one round of
// growing has found them.
type running struct {
	on bool
	by map[string][]hand // by the compute
}

type hand struct {
	owner *Suspect
	r     *reading
	Handing
}

func (c *Closure) compute(by index) running {
	run := running{c.known.Compute, map[string][]hand{}}
	if !run.on {
		return run
	}
	for _, r := range c.sorted {
		if len(r.handed) == 0 {
			continue
		}
		for _, owner := range by.owners(r) {
			for _, h := range r.handed {
				if h.To != "" {
					run.by[h.To] = append(run.by[h.To], hand{owner, r, h})
				}
			}
		}
	}
	return run
}

// edges are the sessions that AWS gives to compute of his. A role session of a
// service bears the compute's name: an instance's id, a function's name, a
// task's id. Of compute that he did not create the owner's own code runs on
// too: Low.
func (run running) edges(r *reading, habits habits) (all []edge) {
	if !run.on || r.Principal.Type != "AWSService" {
		return nil
	}
	session := findOne(*r.Event, "q:roleSessionName")
	for _, m := range r.minted {
		if session == "" || m.Kind != RoleSession || m.ID == "" {
			continue
		}
		for _, h := range run.by[session] {
			if r.Time.Before(h.At) || h.Role != "" && !h.Profile && lastPart(h.Role) != m.Principal.ID {
				continue
			}
			confidence := habits.confidence(h.owner, h.r)
			if !h.Made {
				confidence = Low
			}
			child := credential(m)
			child.Reason = HandedTo
			if child.Name() != h.owner.Name() {
				all = append(all, edge{h.owner.Name(), child.Name(), r.Time, r.ID, confidence, child, h.EventID})
			}
		}
	}
	return all
}

// computeQueries ask for the sessions of roles that were handed over.
func (c *Closure) computeQueries() []Query {
	if !c.known.Compute {
		return nil
	}
	want := map[Query]bool{}
	for _, a := range c.acts {
		for _, h := range Handed(a.Event) {
			if name := lastPart(h.Role); name != "" {
				want[Query{ByRole, name}] = true
			}
		}
	}
	return slices.Collect(maps.Keys(want))
}

// A carrying knows the source identities that suspects' sessions began with. A
// source identity cannot be changed or dropped as one role leads to the next,
// so that it tells of a session whose issue was not recorded.
type carrying map[string]*carrier

type carrier struct {
	owner *Suspect
	r     *reading
	// others: it was in use before, or is used by somebody else.
	others bool
}

func (c *Closure) carried(by index) carrying {
	all := carrying{}
	for _, r := range c.sorted {
		if len(r.minted) == 0 || r.aws {
			continue
		}
		id := findOne(*r.Event, "q:sourceIdentity")
		if id == "" {
			continue
		}
		owners := by.owners(r)
		switch have := all[id]; {
		case len(owners) == 0 && have != nil:
			have.others = true
		case len(owners) == 0:
			all[id] = &carrier{others: true}
		case have == nil:
			all[id] = &carrier{owner: owners[0], r: r}
		case have.owner == nil:
			have.owner, have.r = owners[0], r
		}
	}
	for _, r := range c.sorted {
		if have := all[r.Principal.SourceIdentity]; have != nil && have.r != nil && r.Time.Before(have.r.Time) && len(by.owners(r)) == 0 {
			have.others = true
		}
	}
	return all
}

func (c carrying) edges(r *reading, by index, habits habits) []edge {
	from := c[r.Principal.SourceIdentity]
	if from == nil || from.owner == nil || r.aws || !isTemporary(r.Credential) || len(by.owners(r)) > 0 {
		return nil
	}
	begun := r.Principal.SessionCreated
	if begun.IsZero() {
		begun = r.Time
	}
	if begun.Before(from.r.Time.Truncate(time.Second)) {
		return nil
	}
	confidence := habits.confidence(from.owner, from.r)
	if from.others {
		confidence = Low
	}
	child := Suspect{Credential: r.Credential, Kind: kindOfSession(*r.Event), Principal: speaker(*r.Event), ARN: r.Principal.ARN, Reason: Carried}.withScope()
	return []edge{{from.owner.Name(), child.Name(), r.Time, r.ID, confidence, child, from.r.ID}}
}
