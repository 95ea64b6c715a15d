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
            found[f"{region}/cluster/{name}"] = {"status": cluster.status, "settings": cluster.settings, "tags": cluster.tags}
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
