package lineage

import (
	"cmp"
	"strings"

	"cordon/internal/event"
)

// containersRules are the calls on containers: ECS, ECR, EKS and Batch. IDs are
// those of the kinds, cut out of ARNs where the record has them.
var containersRules = []rule{
	does("ecs", "CreateCluster", Created, "ecs.cluster", "r:cluster.clusterName|q:clusterName"),
	does("ecs", "UpdateCluster", Changed, "ecs.cluster", "r:cluster.clusterName|q:cluster").as(after("/")),
	does("ecs", "UpdateClusterSettings", Changed, "ecs.cluster", "r:cluster.clusterName|q:cluster").as(after("/")),
	does("ecs", "PutClusterCapacityProviders", Changed, "ecs.cluster", "r:cluster.clusterName|q:cluster").as(after("/")),
	does("ecs", "RegisterContainerInstance", Changed, "ecs.cluster", "q:cluster").as(after("/")),
	does("ecs", "DeleteCluster", Deleted, "ecs.cluster", "r:cluster.clusterName|q:cluster").as(after("/")),
	does("ecs", "CreateService", Created, "ecs.service", "r:service.serviceArn").as(beyond(":service/")),
	does("ecs", "UpdateService", Changed, "ecs.service", "r:service.serviceArn").as(beyond(":service/")),
	does("ecs", "CreateTaskSet", Changed, "ecs.service", "r:taskSet.serviceArn").as(beyond(":service/")),
	does("ecs", "UpdateTaskSet", Changed, "ecs.service", "r:taskSet.serviceArn").as(beyond(":service/")),
	does("ecs", "DeleteTaskSet", Changed, "ecs.service", "r:taskSet.serviceArn").as(beyond(":service/")),
	does("ecs", "UpdateServicePrimaryTaskSet", Changed, "ecs.service", "r:taskSet.serviceArn").as(beyond(":service/")),
	does("ecs", "DeleteService", Deleted, "ecs.service", "r:service.serviceArn").as(beyond(":service/")),
	does("ecs", "RunTask", Created, "ecs.task", "r:tasks[].taskArn").as(beyond(":task/")),
	does("ecs", "StartTask", Created, "ecs.task", "r:tasks[].taskArn").as(beyond(":task/")),
	does("ecs", "ExecuteCommand", Changed, "ecs.task", "r:taskArn|q:task").as(beyond(":task/")),
	does("ecs", "UpdateTaskProtection", Changed, "ecs.task", "r:protectedTasks[].taskArn|q:tasks[]").as(beyond(":task/")),
	does("ecs", "StopTask", Deleted, "ecs.task", "r:task.taskArn|q:task").as(beyond(":task/")),
	does("ecs", "RegisterTaskDefinition", Created, "ecs.task-definition", "r:taskDefinition.taskDefinitionArn").as(beyond(":task-definition/")),
	does("ecs", "DeregisterTaskDefinition", Changed, "ecs.task-definition", "r:taskDefinition.taskDefinitionArn|q:taskDefinition").as(beyond(":task-definition/")),
	does("ecs", "DeleteTaskDefinitions", Deleted, "ecs.task-definition", "q:taskDefinitions[]").as(beyond(":task-definition/")),

	does("ecr", "CreateRepository", Created, "ecr.repository", "r:repository.repositoryName|q:repositoryName"),
	does("ecr", "PutImage", Changed, "ecr.repository", "q:repositoryName"),
	does("ecr", "BatchDeleteImage", Changed, "ecr.repository", "q:repositoryName"),
	does("ecr", "PutImageTagMutability", Changed, "ecr.repository", "q:repositoryName"),
	does("ecr", "PutImageScanningConfiguration", Changed, "ecr.repository", "q:repositoryName"),
	does("ecr", "PutLifecyclePolicy", Changed, "ecr.repository", "q:repositoryName"),
	does("ecr", "DeleteLifecyclePolicy", Changed, "ecr.repository", "q:repositoryName"),
	does("ecr", "SetRepositoryPolicy", Shared, "ecr.repository", "q:repositoryName").granting(),
	does("ecr", "DeleteRepositoryPolicy", Changed, "ecr.repository", "q:repositoryName"),
	does("ecr", "DeleteRepository", Deleted, "ecr.repository", "q:repositoryName"),

	does("eks", "CreateCluster", Created, "eks.cluster", "r:cluster.name|q:name"),
	does("eks", "UpdateClusterConfig", Changed, "eks.cluster", "q:name"),
	does("eks", "UpdateClusterVersion", Changed, "eks.cluster", "q:name"),
	does("eks", "CreateAddon", Changed, "eks.cluster", "q:clusterName|q:name"),
	does("eks", "CreateFargateProfile", Changed, "eks.cluster", "q:clusterName|q:name"),
	does("eks", "CreatePodIdentityAssociation", Changed, "eks.cluster", "q:clusterName|q:name").granting(),
	does("eks", "AssociateIdentityProviderConfig", Changed, "eks.cluster", "q:clusterName|q:name").granting(),
	does("eks", "DeleteCluster", Deleted, "eks.cluster", "q:name"),
	does("eks", "CreateNodegroup", Created, nodegroupKind, "r:nodegroup.nodegroupName|q:nodegroupName"),
	does("eks", "UpdateNodegroupConfig", Changed, nodegroupKind, "q:nodegroupName"),
	does("eks", "UpdateNodegroupVersion", Changed, nodegroupKind, "q:nodegroupName"),
	does("eks", "DeleteNodegroup", Deleted, nodegroupKind, "q:nodegroupName"),
	does("eks", "CreateAccessEntry", Created, accessEntryKind, "r:accessEntry.principalArn|q:principalArn").granting(),
	does("eks", "UpdateAccessEntry", Changed, accessEntryKind, "q:principalArn").granting(),
	does("eks", "AssociateAccessPolicy", Changed, accessEntryKind, "q:principalArn").granting(),
	does("eks", "DisassociateAccessPolicy", Changed, accessEntryKind, "q:principalArn"),
	does("eks", "DeleteAccessEntry", Deleted, accessEntryKind, "q:principalArn"),

	does("batch", "CreateComputeEnvironment", Created, "batch.compute-environment", "r:computeEnvironmentName|q:computeEnvironmentName"),
	does("batch", "UpdateComputeEnvironment", Changed, "batch.compute-environment", "q:computeEnvironment").as(after("/")),
	does("batch", "DeleteComputeEnvironment", Deleted, "batch.compute-environment", "q:computeEnvironment").as(after("/")),
	does("batch", "CreateJobQueue", Created, "batch.job-queue", "r:jobQueueName|q:jobQueueName"),
	does("batch", "UpdateJobQueue", Changed, "batch.job-queue", "q:jobQueue").as(after("/")),
	does("batch", "DeleteJobQueue", Deleted, "batch.job-queue", "q:jobQueue").as(after("/")),
	does("batch", "SubmitJob", Created, "batch.job", "r:jobId"),
	does("batch", "CancelJob", Deleted, "batch.job", "q:jobId"),
	does("batch", "TerminateJob", Deleted, "batch.job", "q:jobId"),
	does("batch", "RegisterJobDefinition", Created, "batch.job-definition", "r:jobDefinitionArn").as(after("/")),
	does("batch", "DeregisterJobDefinition", Deleted, "batch.job-definition", "q:jobDefinition").as(after("/")),
}

// ecsDeed puts the cluster before the name of a service or task, where the
// record does not: ARNs of accounts that kept the short form leave it out
// (ECS Developer Guide, "Amazon Resource Names (ARNs) and IDs").
func ecsDeed(e event.Event, d *Deed) {
	if d.Ref.ID == "" || strings.Contains(d.Ref.ID, "/") {
		return
	}
	cluster := findOne(e, "r:service.clusterArn|r:tasks[].clusterArn|r:task.clusterArn|r:taskSet.clusterArn|r:clusterArn|q:cluster")
	d.Ref.ID = cmp.Or(after("/")(cluster), "default") + "/" + d.Ref.ID
}
