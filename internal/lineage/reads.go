package lineage

import (
	"cordon/internal/event"
	"cordon/internal/fact"
	"sync"
)

// readers are the calls that hand out secrets, or what may hold some, and where
// their records name what was read. What is read in data events (objects,
// items) is nowhere in the event history.
var readers = []rule{
	does("secretsmanager", "GetSecretValue", "", "secretsmanager.secret", "q:secretId"),
	does("secretsmanager", "BatchGetSecretValue", "", "secretsmanager.secret", "q:secretIdList[]"),
	does("ssm", "GetParameter", "", "ssm.parameter", "q:name"),
	does("ssm", "GetParameters", "", "ssm.parameter", "q:names[]"),
	does("ssm", "GetParametersByPath", "", "ssm.parameter", "q:path"),
	does("ssm", "GetParameterHistory", "", "ssm.parameter", "q:name"),
	does("lambda", "GetFunction", "", "lambda.function", "q:functionName"),
	does("lambda", "GetFunctionConfiguration", "", "lambda.function", "q:functionName"),
	does("lambda", "ListFunctions", "", "lambda.function", ""),
	does("ec2", "DescribeInstanceAttribute", "", "ec2.instance", "q:instanceId"),
	does("ec2", "GetPasswordData", "", "ec2.instance", "q:instanceId"),
	does("ec2", "DescribeLaunchTemplateVersions", "", "ec2.launch-template", "q:DescribeLaunchTemplateVersionsRequest.LaunchTemplateId|q:launchTemplateId"),
	does("ecs", "DescribeTaskDefinition", "", "ecs.task-definition", "q:taskDefinition"),
	does("codebuild", "BatchGetProjects", "", "codebuild.project", "q:names[]"),
	does("cloudformation", "GetTemplate", "", "cloudformation.stack", "q:stackName"),
	does("ssm", "GetDocument", "", "ssm.document", "q:name"),
}

var readersOf = sync.OnceValue(func() map[call]rule {
	index := map[call]rule{}
	for _, r := range readers {
		index[call{r.source, r.name}] = r
	}
	return index
})

// SecretKinds are the kinds that hold secrets, or text in which people put
// them, with the call that shows it.
var SecretKinds = func() map[fact.Kind]string {
	all := map[fact.Kind]string{}
	for _, r := range readers {
		if _, there := all[r.kind]; !there {
			all[r.kind] = r.source + ":" + r.name
		}
	}
	return all
}()

// A Read says what a recorded call showed the caller. An empty ID is every one
// of the kind in that region; All is a path below which all were read.
type Read struct {
	Ref fact.Ref
	All bool
	Deed
}

// Reads lists what an event showed of secrets.
func Reads(e event.Event) (all []Read) {
	r, ok := readersOf()[call{e.Service(), baseName(e)}]
	if !ok || e.Failed() || r.name == "DescribeInstanceAttribute" && findOne(e, "q:attribute") != "userData" {
		return nil
	}
	place := fact.Place{Account: e.Account, Region: e.Region}
	names := []string{""}
	if r.where != "" {
		names = find(e, r.where)
	}
	for _, id := range names {
		if r.kind == function {
			id = functionName(id)
		}
		all = append(all, Read{Ref: fact.Ref{Kind: r.kind, Place: place, ID: id}, All: r.name == "GetParametersByPath", Deed: by(e)})
	}
	return all
}
