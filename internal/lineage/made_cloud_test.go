package lineage

import (
	"testing"

	"cordon/internal/event"
	"cordon/internal/fact"
)

// The records of services that the lab does not have, as CloudTrail writes them.
func TestCloudRules(t *testing.T) {
	for _, c := range []struct {
		source, name, request, response string
		change                          Change
		kind                            fact.Kind
		id                              string
	}{
		{"workspaces", "CreateWorkspaces", `{}`, `{"pendingRequests":[{"workspaceId":"ws-1"}]}`, Created, "workspaces.workspace", "ws-1"},
		{"workspaces", "TerminateWorkspaces", `{"terminateWorkspaceRequests":[{"workspaceId":"ws-1"}]}`, `null`, Deleted, "workspaces.workspace", "ws-1"},
		{"codecommit", "CreateRepository", `{"repositoryName":"a"}`, `{"repositoryMetadata":{"repositoryId":"f7"}}`, Created, "codecommit.repository", "f7"},
		{"codecommit", "DeleteRepository", `{"repositoryName":"a"}`, `{"repositoryId":"f7"}`, Deleted, "codecommit.repository", "f7"},
		{"codepipeline", "CreatePipeline", `{"pipeline":{"name":"ship"}}`, `{"pipeline":{"name":"ship"}}`, Created, "codepipeline.pipeline", "ship"},
		{"transfer", "ImportSshPublicKey", `{"serverId":"s-1","userName":"a"}`, `{"serverId":"s-1"}`, Shared, "transfer.server", "s-1"},
		{"kinesis", "DeleteStream", `{"streamARN":"arn:aws:kinesis:eu-west-1:111122223333:stream/out"}`, `null`, Deleted, "kinesis.stream", "out"},
		{"kinesis", "PutResourcePolicy", `{"resourceARN":"arn:aws:kinesis:eu-west-1:111122223333:stream/out/consumer/c:1"}`, `null`, Shared, "kinesis.stream", "out"},
		{"gamelift", "DeleteFleet", `{"fleetId":"arn:aws:gamelift:eu-west-1::fleet/fleet-1"}`, `null`, Deleted, "gamelift.fleet", "fleet-1"},
		{"wafv2", "DeleteWebACL", `{"name":"front","id":"a-1","scope":"REGIONAL"}`, `null`, Deleted, "wafv2.web-acl", "a-1"},
		{"cloudformation", "DeleteStack", `{"stackName":"arn:aws:cloudformation:eu-west-1:111122223333:stack/mining/6f"}`, `null`, Deleted, "cloudformation.stack", "mining"},
		{"cloudformation", "UpdateStackSet", `{"stackSetName":"all:6f"}`, `null`, Changed, "cloudformation.stack-set", "all"},
		{"codebuild", "UpdateProjectVisibility", `{"projectArn":"arn:aws:codebuild:eu-west-1:111122223333:project/runner"}`, `null`, Shared, "codebuild.project", "runner"},
		// Accounts that kept the short form of ECS's ARNs.
		{"ecs", "CreateService", `{"cluster":"web","serviceName":"dig"}`, `{"service":{"serviceArn":"arn:aws:ecs:eu-west-1:111122223333:service/dig","clusterArn":"arn:aws:ecs:eu-west-1:111122223333:cluster/web"}}`, Created, "ecs.service", "web/dig"},
		{"ecs", "RunTask", `{"taskDefinition":"a"}`, `{"tasks":[{"taskArn":"arn:aws:ecs:eu-west-1:111122223333:task/0123","clusterArn":"arn:aws:ecs:eu-west-1:111122223333:cluster/web"}]}`, Created, "ecs.task", "web/0123"},
		{"ecs", "StopTask", `{"task":"0123"}`, `{"task":{"taskArn":"arn:aws:ecs:eu-west-1:111122223333:task/web/0123"}}`, Deleted, "ecs.task", "web/0123"},
		{"ecs", "ExecuteCommand", `{"task":"0123","cluster":"arn:aws:ecs:eu-west-1:111122223333:cluster/web"}`, `null`, Changed, "ecs.task", "web/0123"},
		{"ecs", "UpdateService", `{"service":"dig"}`, `{"service":{"serviceArn":"arn:aws:ecs:eu-west-1:111122223333:service/dig"}}`, Changed, "ecs.service", "default/dig"},
		{"elasticmapreduce", "TerminateJobFlows", `{"jobFlowIds":["j-1"]}`, `null`, Deleted, "emr.cluster", "j-1"},
	} {
		e, err := event.Parse([]byte(`{"eventVersion":"1.11","eventID":"1","eventTime":"2026-01-02T03:04:05Z","awsRegion":"eu-west-1","recipientAccountId":"111122223333",
			"eventSource":"` + c.source + `.amazonaws.com","eventName":"` + c.name + `","userIdentity":{"type":"IAMUser","accountId":"111122223333","userName":"eve","accessKeyId":"AKIAIOSFODNN7EXAMPLE"},
			"requestParameters":` + c.request + `,"responseElements":` + c.response + `}`))
		if err != nil {
			t.Fatal(err)
		}
		all := Made(e)
		want := fact.Ref{Kind: c.kind, Place: fact.Place{Account: "111122223333", Region: "eu-west-1"}, ID: c.id}
		if len(all) != 1 || all[0].Ref != want || all[0].Change != c.change {
			t.Errorf("%s %s: %+v, want %s of %v", c.source, c.name, all, c.change, want)
		}
	}
}
