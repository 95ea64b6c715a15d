package lineage

import (
	"cmp"
	"strings"

	"cordon/internal/event"
	"cordon/internal/fact"
)

// Kinds whose IDs are made of two members of a record.
const (
	ruleKind        fact.Kind = "events.rule"
	scheduleKind    fact.Kind = "scheduler.schedule"
	nodegroupKind   fact.Kind = "eks.nodegroup"
	accessEntryKind fact.Kind = "eks.access-entry"
)

// serverlessRules are the calls on what runs without servers beyond functions:
// what feeds and starts them, and what lets the internet in.
var serverlessRules = []rule{
	does("lambda", "DeleteAlias", Changed, function, "q:functionName"),
	does("lambda", "PutFunctionEventInvokeConfig", Changed, function, "q:functionName"),
	does("lambda", "UpdateFunctionEventInvokeConfig", Changed, function, "q:functionName"),
	does("lambda", "DeleteFunctionEventInvokeConfig", Changed, function, "q:functionName"),
	does("lambda", "DeleteProvisionedConcurrencyConfig", Changed, function, "q:functionName"),
	does("lambda", "DeleteFunctionCodeSigningConfig", Changed, function, "q:functionName"),
	does("lambda", "PutRuntimeManagementConfig", Changed, function, "q:functionName"),
	does("lambda", "CreateEventSourceMapping", Created, "lambda.event-source", "r:uUID"),
	does("lambda", "UpdateEventSourceMapping", Changed, "lambda.event-source", "r:uUID|q:uUID"),
	does("lambda", "DeleteEventSourceMapping", Deleted, "lambda.event-source", "r:uUID|q:uUID"),

	// rules: PutRule makes one, or changes it
	does("events", "PutRule", Created, ruleKind, "r:ruleArn|q:name"),
	does("events", "EnableRule", Changed, ruleKind, "q:name"),
	does("events", "DisableRule", Changed, ruleKind, "q:name"),
	does("events", "PutTargets", Changed, ruleKind, "q:rule"),
	does("events", "RemoveTargets", Changed, ruleKind, "q:rule"),
	does("events", "DeleteRule", Deleted, ruleKind, "q:name"),
	does("events", "CreateEventBus", Created, "events.bus", "q:name"),
	does("events", "UpdateEventBus", Changed, "events.bus", "q:name"),
	does("events", "PutPermission", Shared, "events.bus", "q:eventBusName").granting(),
	does("events", "RemovePermission", Changed, "events.bus", "q:eventBusName"),
	does("events", "DeleteEventBus", Deleted, "events.bus", "q:name"),

	does("scheduler", "CreateSchedule", Created, scheduleKind, "r:scheduleArn|q:name"),
	does("scheduler", "UpdateSchedule", Changed, scheduleKind, "r:scheduleArn|q:name"),
	does("scheduler", "DeleteSchedule", Deleted, scheduleKind, "q:name"),

	does("states", "CreateStateMachine", Created, "sfn.state-machine", "r:stateMachineArn|q:name").as(after(":")),
	does("states", "UpdateStateMachine", Changed, "sfn.state-machine", "q:stateMachineArn").as(after(":")),
	does("states", "DeleteStateMachine", Deleted, "sfn.state-machine", "q:stateMachineArn").as(after(":")),

	// the two generations of API Gateway have one event source
	does("apigateway", "CreateRestApi", Created, "apigateway.rest-api", "r:id"),
	does("apigateway", "ImportRestApi", Created, "apigateway.rest-api", "r:id"),
	does("apigateway", "UpdateRestApi", Changed, "apigateway.rest-api", "q:restApiId"),
	does("apigateway", "PutRestApi", Changed, "apigateway.rest-api", "q:restApiId"),
	does("apigateway", "CreateResource", Changed, "apigateway.rest-api", "q:restApiId"),
	does("apigateway", "PutMethod", Changed, "apigateway.rest-api", "q:restApiId"),
	does("apigateway", "UpdateMethod", Changed, "apigateway.rest-api", "q:restApiId"),
	does("apigateway", "PutIntegration", Changed, "apigateway.rest-api", "q:restApiId"),
	does("apigateway", "UpdateIntegration", Changed, "apigateway.rest-api", "q:restApiId"),
	does("apigateway", "CreateDeployment", Changed, "apigateway.rest-api", "q:restApiId"),
	does("apigateway", "CreateStage", Changed, "apigateway.rest-api", "q:restApiId"),
	does("apigateway", "UpdateStage", Changed, "apigateway.rest-api", "q:restApiId"),
	does("apigateway", "CreateAuthorizer", Changed, "apigateway.rest-api", "q:restApiId"),
	does("apigateway", "UpdateAuthorizer", Changed, "apigateway.rest-api", "q:restApiId"),
	does("apigateway", "DeleteAuthorizer", Changed, "apigateway.rest-api", "q:restApiId"),
	does("apigateway", "DeleteRestApi", Deleted, "apigateway.rest-api", "q:restApiId"),
	does("apigateway", "CreateIntegration", Changed, "apigatewayv2.api", "q:apiId"),
	does("apigateway", "CreateApi", Created, "apigatewayv2.api", "r:apiId"),
	does("apigateway", "ImportApi", Created, "apigatewayv2.api", "r:apiId"),
	does("apigateway", "UpdateApi", Changed, "apigatewayv2.api", "q:apiId"),
	does("apigateway", "ReimportApi", Changed, "apigatewayv2.api", "q:apiId"),
	does("apigateway", "CreateRoute", Changed, "apigatewayv2.api", "q:apiId"),
	does("apigateway", "UpdateRoute", Changed, "apigatewayv2.api", "q:apiId"),
	does("apigateway", "DeleteRoute", Changed, "apigatewayv2.api", "q:apiId"),
	does("apigateway", "DeleteApi", Deleted, "apigatewayv2.api", "q:apiId"),
}

// beyond is what follows the mark in an ARN, or all of what has no such mark.
func beyond(mark string) func(string) string {
	return func(s string) string {
		if _, rest, ok := strings.Cut(s, mark); ok {
			return rest
		}
		return s
	}
}

// apiDeed gives the deed to an API of the second generation where the record
// is of one: some calls have one name in both.
func apiDeed(e event.Event, d *Deed) {
	if id := findOne(e, "q:apiId"); d.Ref.ID == "" && id != "" {
		d.Ref.Kind, d.Ref.ID = "apigatewayv2.api", id
	}
}

// pairedID is the ID of a kind that goes by a name inside another thing: the
// name, or the ARN that has both, is id.
func pairedID(e event.Event, k fact.Kind, id string) string {
	if id == "" {
		return ""
	}
	switch k {
	case ruleKind:
		if strings.HasPrefix(id, "arn:") {
			return beyond(":rule/")(id)
		}
		// A bus may be given by its ARN. The default one is not in the ID.
		if bus := beyond(":event-bus/")(findOne(e, "q:eventBusName")); bus != "" && bus != "default" {
			return bus + "/" + id
		}
	case scheduleKind:
		if strings.HasPrefix(id, "arn:") {
			return beyond(":schedule/")(id)
		}
		return cmp.Or(findOne(e, "q:groupName"), "default") + "/" + id
	case archiveRuleKind:
		return findOne(e, "q:analyzerName") + "/" + id
	case nodegroupKind, accessEntryKind:
		// EKS writes the path's members as they stand in it.
		return cmp.Or(findOne(e, "q:clusterName"), findOne(e, "q:name")) + "/" + id
	}
	return id
}
