package lineage

import (
	"slices"

	"cordon/internal/event"
	"cordon/internal/fact"
)

// What a call that creates a resource does where that is there already, while
// its record looks the same.
const (
	Finds      = "finds"      // answers as if it had made it
	Overwrites = "overwrites" // changes it
)

// repeatable are the calls named after a creation that succeed on what is there
// already, by the API references of their services; of Glue, Identity Center and
// sns:ConfirmSubscription by what is known of them. All others fail then.
var repeatable = map[call]string{
	{"events", "PutRule"}:                          Overwrites, // "Creates or updates the specified rule"
	{"bedrock", "PutUseCaseForModelAccess"}:        Overwrites,
	{"codebuild", "ImportSourceCredentials"}:       Overwrites, // shouldOverwrite is true where it is not given
	{"s3", "CreateBucket"}:                         Overwrites, // in us-east-1 only, and resets the ACL
	{"sns", "CreateTopic"}:                         Finds,      // also the usual way to a topic's ARN
	{"sns", "Subscribe"}:                           Finds,
	{"sns", "ConfirmSubscription"}:                 Finds,
	{"sqs", "CreateQueue"}:                         Finds,
	{"ecs", "CreateCluster"}:                       Finds,
	{"ecs", "CreateService"}:                       Finds,
	{"ses", "VerifyEmailIdentity"}:                 Finds,
	{"ses", "VerifyEmailAddress"}:                  Finds,
	{"ses", "VerifyDomainIdentity"}:                Finds,
	{"states", "CreateStateMachine"}:               Finds,
	{"elasticloadbalancing", "CreateLoadBalancer"}: Finds,
	{"elasticloadbalancing", "CreateTargetGroup"}:  Finds,
	{"kms", "CreateGrant"}:                         Finds, // one with a name
	{"backup", "CreateBackupPlan"}:                 Finds, // by its CreatorRequestId
	{"glue", "CreateJob"}:                          Finds,
	{"glue", "CreateTrigger"}:                      Finds,
	{"glue", "CreateDevEndpoint"}:                  Finds,
	{"sso", "CreateAccountAssignment"}:             Finds,
}

// usEast1 is where S3 was first: there alone a bucket may be created again.
const usEast1 = "us-east-1"

// repeats writes into a creation whether it may have been none.
func (r rule) repeats(e event.Event, d *Deed) {
	if d.Wanted != Created {
		return
	}
	d.Again = repeatable[call{r.source, r.name}]
	switch {
	case d.Ref.Kind == "s3.bucket" && d.Ref.Region != usEast1, d.Ref.Kind == kmsGrant && findOne(e, "q:name") == "":
		d.Again = ""
	case d.Again != "":
		d.Stood = answersOld(e)
	}
}

// answersOld says that the answer describes something that is in use already.
func answersOld(e event.Event) bool {
	for _, count := range []string{"runningTasksCount", "pendingTasksCount", "activeServicesCount", "registeredContainerInstancesCount"} {
		if n := findOne(e, "r:cluster."+count); n != "" && n != "0" {
			return true
		}
	}
	return find(e, "r:targetGroups[].loadBalancerArns[]|r:targetGroups[].loadBalancerArns.items[]") != nil
}

// Naming are the calls of the tables that name a resource of a kind, as
// CloudTrail records them.
func Naming(kind fact.Kind, changes ...Change) (calls []string) {
	for _, r := range slices.Concat(tables...) {
		if r.kind == kind && (len(changes) == 0 || slices.Contains(changes, r.change)) {
			calls = append(calls, RecordedAs(r.name)...)
		}
	}
	slices.Sort(calls)
	return slices.Compact(calls)
}

// Sources are the event sources whose calls name a resource of a kind.
func Sources(kind fact.Kind) (all []string) {
	for _, r := range slices.Concat(tables...) {
		if r.kind == kind && !slices.Contains(all, r.source) {
			all = append(all, r.source)
		}
	}
	return all
}
