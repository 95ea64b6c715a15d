"""ECS, ECR, EKS and Batch: what moto lacks or does otherwise."""

import datetime as dt
from typing import Any

from . import dump, registry
from .registry import AwsError

# -- ECS --------------------------------------------------------------------------


def _ecs(account: str, region: str) -> Any:
    from moto.ecs.models import ecs_backends
    return ecs_backends[account][region]


def _now() -> dt.datetime:
    from moto.core.utils import utcnow
    return utcnow()


@registry.answers("ecs:DeleteCluster")
def delete_cluster(call: Any, account: str) -> dict[str, Any]:
    """AWS (DeleteCluster): ClusterContainsServicesException, "You can't delete a cluster that contains services. First,
    update the service to reduce its desired task count to 0, and then delete the service"; so too for tasks and for
    container instances. moto refuses nothing. A deleted cluster is INACTIVE."""
    ecs, name = _ecs(account, call.region), call.params["cluster"].split("/")[-1]
    cluster = ecs.clusters.get(name)
    if cluster is None:
        raise AwsError(400, "ClusterNotFoundException", "Cluster not found.")
    if any(s.cluster_name == name and s.status != "INACTIVE" for s in ecs.services.values()):
        raise AwsError(400, "ClusterContainsServicesException",
                       "The Cluster cannot be deleted while Services are active.")
    if any(t.last_status != "STOPPED" for t in ecs.tasks.get(name, {}).values()):
        raise AwsError(400, "ClusterContainsTasksException", "The Cluster cannot be deleted while Tasks are active.")
    if ecs.container_instances.get(name):
        raise AwsError(400, "ClusterContainsContainerInstancesException",
                       "The Cluster cannot be deleted while Container Instances are active or draining.")
    cluster.status = "INACTIVE"
    return {"cluster": {"clusterArn": cluster.arn, "clusterName": name, "status": "INACTIVE"}}


@registry.after("ecs:DescribeTaskDefinition")
def describe_task_definition(call: Any, account: str, result: dict[str, Any]) -> dict[str, Any]:
    """AWS (TaskDefinition): registeredAt, "The Unix timestamp for when the task definition was registered.", and
    registeredBy, "The principal that registered the task definition."."""
    definition = result["taskDefinition"]
    family, revision = definition["family"], int(definition["revision"])
    known = _ecs(account, call.region).task_definitions[family][revision]
    definition.update(registeredAt=known.registered_at, registeredBy=f"arn:aws:iam::{account}:root")
    return result


@registry.after("ecs:DescribeServices")
def describe_services(call: Any, account: str, result: dict[str, Any]) -> dict[str, Any]:
    """AWS (Service): createdAt, "The Unix timestamp for the time when the service was created."."""
    known = {s.arn: s for s in _ecs(account, call.region).services.values()}
    for service in result.get("services") or []:
        service["createdAt"] = known[service["serviceArn"]].made_at
    return result


@registry.installer
def install_ecs() -> None:
    from moto.ecs.models import Container, EC2ContainerServiceBackend, Service, Task, TaskDefinition

    def dated(model: Any, attribute: str) -> None:
        original = model.__init__

        def made(self: Any, *args: Any, **kwargs: Any) -> None:
            original(self, *args, **kwargs)
            setattr(self, attribute, _now())

        model.__init__ = made

    dated(TaskDefinition, "registered_at")
    dated(Service, "made_at")
    container = Container.__init__

    def contained(self: Any, *args: Any, **kwargs: Any) -> None:
        """AWS (Container): cpu and memory are texts; moto gives the numbers of the definition."""
        container(self, *args, **kwargs)
        for name in ("cpu", "memory", "memory_reservation"):
            value = getattr(self, name, None)
            if value is not None:
                setattr(self, name, str(value))

    Container.__init__ = contained
    #: moto lets a task go one step nearer to its end with every look at it.
    Task.advance = lambda self: None
    stop = EC2ContainerServiceBackend.stop_task

    def stop_known(self: Any, cluster_str: str, task_str: str, reason: str) -> Any:
        """AWS: InvalidParameterException, "The referenced task was not found."."""
        cluster, wanted = self._get_cluster(cluster_str), task_str.split("/")[-1]
        if not any(name.endswith(wanted) for name in self.tasks.get(cluster.name, {})):
            raise AwsError(400, "InvalidParameterException", "The referenced task was not found.")
        return stop(self, cluster_str, task_str, reason)

    EC2ContainerServiceBackend.stop_task = stop_known


@dump.service("ecs")
def _dump_ecs(account: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for region, backend in dump._backends("moto.ecs.models", "ecs_backends", account):
        for name, cluster in list(backend.clusters.items()):
            found[f"{region}/cluster/{name}"] = {"status": cluster.status, "settings": cluster.settings, "tags": cluster.tags or []}
        for name, service in list(backend.services.items()):
            found[f"{region}/service/{name}"] = {
                "status": service.status, "desired": service.desired_count, "definition": service.task_definition,
                "launch": service.launch_type, "balancers": service.load_balancers,
            }
        for cluster_name, tasks in list(backend.tasks.items()):
            for task in list(tasks.values()):
                found[f"{region}/task/{cluster_name}/{task.id}"] = {"status": task.last_status, "definition": task.task_definition_arn}
        for family, revisions in list(backend.task_definitions.items()):
            for revision, definition in list(revisions.items()):
                found[f"{region}/definition/{family}:{revision}"] = {"status": definition.status, "containers": definition.container_definitions}
    return found


# -- EKS --------------------------------------------------------------------------


def _eks(account: str, region: str) -> Any:
    from moto.eks.models import eks_backends
    return eks_backends[account][region]


def _eks_cluster(account: str, region: str, name: str) -> Any:
    cluster = _eks(account, region).clusters.get(name)
    if cluster is None:
        raise AwsError(404, "ResourceNotFoundException", f"No cluster found for name: {name}.")
    return cluster


@registry.after("eks:CreateCluster")
def create_eks_cluster(call: Any, account: str, result: dict[str, Any]) -> dict[str, Any]:
    """AWS (CreateCluster): deletionProtection, "Indicates whether to enable deletion protection for the cluster", and
    accessConfig, whose mode is CONFIG_MAP unless told otherwise. moto has neither."""
    cluster = _eks_cluster(account, call.region, call.params["name"])
    cluster.protected = bool(call.params.get("deletionProtection"))
    cluster.mode = (call.params.get("accessConfig") or {}).get("authenticationMode") or "CONFIG_MAP"
    cluster.entries = {}
    return describe_eks_cluster(call, account, result)


@registry.after("eks:DescribeCluster")
def describe_eks_cluster(call: Any, account: str, result: dict[str, Any]) -> dict[str, Any]:
    cluster = _eks_cluster(account, call.region, call.params["name"])
    result["cluster"].update(deletionProtection=cluster.protected, accessConfig={"authenticationMode": cluster.mode})
    return result


@registry.answers("eks:UpdateClusterConfig")
def update_eks_cluster(call: Any, account: str) -> dict[str, Any]:
    params = call.params
    cluster = _eks_cluster(account, call.region, params["name"])
    if params.get("deletionProtection") is not None:
        cluster.protected = bool(params["deletionProtection"])
    for name, attribute in (("resourcesVpcConfig", "resources_vpc_config"), ("logging", "logging")):
        if params.get(name):
            setattr(cluster, attribute, params[name])
    return {"update": {"id": "update", "status": "Successful", "type": "ConfigUpdate"}}


@registry.answers("eks:DeleteCluster")
def delete_eks_cluster(call: Any, account: str) -> dict[str, Any]:
    """AWS (DeleteCluster): "If your cluster has node groups or Fargate profiles, you must delete them before you can
    delete the cluster"; a protected one is refused as an invalid request."""
    name = call.params["name"]
    cluster = _eks_cluster(account, call.region, name)
    if cluster.protected:
        raise AwsError(400, "InvalidRequestException", "Cluster deletion is not allowed because deletion protection is enabled.")
    if cluster.nodegroups:
        raise AwsError(409, "ResourceInUseException", "Cluster has nodegroups attached")
    if cluster.fargate_profiles:
        raise AwsError(409, "ResourceInUseException", "Cluster has Fargate profiles attached")
    _eks(account, call.region).delete_cluster(name)
    return {"cluster": {"name": name, "arn": cluster.arn, "status": "DELETING"}}


@registry.answers("eks:CreateAccessEntry", "eks:DescribeAccessEntry", "eks:DeleteAccessEntry", "eks:ListAccessEntries",
                  "eks:AssociateAccessPolicy", "eks:ListAssociatedAccessPolicies")
def access_entries(call: Any, account: str) -> dict[str, Any]:
    """AWS: who may use the Kubernetes API of a cluster whose mode is API or API_AND_CONFIG_MAP; with CONFIG_MAP each of
    these calls is an invalid request. moto has none of them."""
    params, op = call.params, call.op
    cluster = _eks_cluster(account, call.region, params["clusterName"])
    if cluster.mode == "CONFIG_MAP":
        raise AwsError(400, "InvalidRequestException", "The cluster's authentication mode must be set to one of "
                       "[API, API_AND_CONFIG_MAP] to perform this operation.")
    if op == "ListAccessEntries":
        return {"accessEntries": sorted(cluster.entries)}
    principal = params["principalArn"]
    if op == "CreateAccessEntry":
        if principal in cluster.entries:
            raise AwsError(409, "ResourceInUseException", "The specified access entry resource is already in use on this cluster.")
        arn = f"arn:aws:eks:{call.region}:{account}:access-entry/{cluster.name}/{principal.split(':')[-1]}"
        cluster.entries[principal] = {
            "accessEntryArn": arn, "clusterName": cluster.name, "principalArn": principal, "createdAt": _now(), "modifiedAt": _now(),
            "kubernetesGroups": params.get("kubernetesGroups") or [], "tags": params.get("tags") or {}, "policies": [],
            "type": params.get("type") or "STANDARD", "username": params.get("username") or principal}
    entry = cluster.entries.get(principal)
    if entry is None:
        raise AwsError(404, "ResourceNotFoundException",
                       f"The specified principalArn could not be found. You can view your available access entries: {principal}")
    if op == "DeleteAccessEntry":
        del cluster.entries[principal]
        return {}
    if op == "AssociateAccessPolicy":
        entry["policies"].append({"policyArn": params["policyArn"], "accessScope": params.get("accessScope") or {"type": "cluster"}})
        return {"clusterName": cluster.name, "principalArn": principal, "associatedAccessPolicy": entry["policies"][-1]}
    if op == "ListAssociatedAccessPolicies":
        return {"clusterName": cluster.name, "principalArn": principal, "associatedAccessPolicies": entry["policies"]}
    return {"accessEntry": {k: v for k, v in entry.items() if k != "policies"}}


@dump.service("eks")
def _dump_eks(account: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for region, backend in dump._backends("moto.eks.models", "eks_backends", account):
        for name, cluster in list(backend.clusters.items()):
            found[f"{region}/cluster/{name}"] = {"protected": cluster.protected, "entries": sorted(cluster.entries), "tags": cluster.tags}
            for group_name, group in list(cluster.nodegroups.items()):
                found[f"{region}/node-group/{name}/{group_name}"] = {"scaling": group.scaling_config, "types": group.instance_types}
    return found


# -- Batch ------------------------------------------------------------------------


def _batch(account: str, region: str) -> Any:
    from moto.batch.models import batch_backends
    return batch_backends[account][region]


def _refused(message: str) -> AwsError:
    return AwsError(400, "ClientException", message)


@registry.answers("batch:DeleteComputeEnvironment")
def delete_compute_environment(call: Any, account: str) -> dict[str, Any]:
    """AWS: "Before you can delete a compute environment, you must set its state to DISABLED with the
    UpdateComputeEnvironment API operation and disassociate it from any job queues". moto refuses nothing, and forgets
    the environment at once; what is not there is no error."""
    batch = _batch(account, call.region)
    one = batch.get_compute_environment(call.params["computeEnvironment"])
    if one is None:
        return {}
    if one.state != "DISABLED":
        raise _refused("Cannot delete, state must be DISABLED")
    if any(one in queue.environments for queue in batch._job_queues.values()):
        raise _refused("Cannot delete, found existing JobQueue relationship")
    batch.delete_compute_environment(one.name)
    return {}


@registry.answers("batch:DeleteJobQueue")
def delete_job_queue(call: Any, account: str) -> dict[str, Any]:
    """AWS: "You must first disable submissions for a queue with the UpdateJobQueue operation."."""
    batch = _batch(account, call.region)
    queue = batch.get_job_queue(call.params["jobQueue"])
    if queue is None:
        return {}
    if queue.state != "DISABLED":
        raise _refused("Cannot delete, job queue state must be DISABLED")
    batch.delete_job_queue(queue.name)
    return {}


@registry.answers("batch:DescribeJobDefinitions")
def describe_job_definitions(call: Any, account: str) -> dict[str, Any]:
    """AWS (jobDefinitions): "A list of up to 100 job definitions. Each entry in the list can either be an ARN in the
    format ... or a short version using the form ${JobDefinitionName}:${Revision}". moto knows names alone."""
    params = call.params
    every = [d.describe() for d in _batch(account, call.region)._job_definitions.values()]
    wanted = params.get("jobDefinitions")
    if wanted:
        every = [d for d in every if d["jobDefinitionArn"] in wanted or f"{d['jobDefinitionName']}:{d['revision']}" in wanted]
    elif params.get("jobDefinitionName"):
        every = [d for d in every if d["jobDefinitionName"] == params["jobDefinitionName"]]
    if params.get("status") and not wanted:
        every = [d for d in every if d["status"] == params["status"]]
    return {"jobDefinitions": every}


@registry.after("batch:SubmitJob")
def submit_job(call: Any, account: str, result: dict[str, Any]) -> dict[str, Any]:
    """A job runs until it ends or is terminated; moto, when it runs no containers, has it succeed at once."""
    _batch(account, call.region).get_job_by_id(result["jobId"]).status = "RUNNING"
    return result


@registry.answers("batch:TerminateJob")
def terminate_job(call: Any, account: str) -> dict[str, Any]:
    """AWS: "Jobs that are in the STARTING or RUNNING state are terminated, which causes them to transition to FAILED."."""
    job = _batch(account, call.region).get_job_by_id(call.params["jobId"])
    if job is not None and job.status not in ("SUCCEEDED", "FAILED"):
        job.status, job.status_reason = "FAILED", call.params["reason"]
    return {}


@dump.service("batch")
def _dump_batch(account: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for region, backend in dump._backends("moto.batch.models", "batch_backends", account):
        for one in list(backend._compute_environments.values()):
            found[f"{region}/environment/{one.name}"] = {"state": one.state, "resources": one.compute_resources, "role": one.service_role}
        for queue in list(backend._job_queues.values()):
            found[f"{region}/queue/{queue.name}"] = {"state": queue.state, "environments": [e.name for e in queue.environments]}
        for job in list(backend._jobs.values()):
            found[f"{region}/job/{job.job_id}"] = {"status": job.status}
    return found


# -- ECR --------------------------------------------------------------------------


@dump.service("ecr")
def _dump_ecr(account: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for region, backend in dump._backends("moto.ecr.models", "ecr_backends", account):
        for name, repo in list(backend.repositories.items()):
            images = sorted(str(image.get_image_digest()) for image in repo.images)
            found[f"{region}/repository/{name}"] = {"policy": dump._document(repo.policy), "images": images}
    return found
