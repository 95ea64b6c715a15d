"""SageMaker and Bedrock: jobs that run until they are stopped, and what moto lacks of both.

It also has the shelf: a small store, by account and region, for services that moto does not know at all.
"""
import re
import zlib

from . import clock, dump, registry, state, trail, wire
from .pages import cut
from .registry import AwsError


#: "Amazon Bedrock ... as events, including calls to Agents": one source for both.
trail.EVENT_SOURCES.setdefault("bedrock-agent", "bedrock")


# ---- the shelf ------------------------------------------------------------------------------------------------------

def shelf(account, region, name):
    """What an account has of one sort in one region, by id; empty again after a reset."""
    with state.LOCK:
        return state.seeded(account).setdefault("shelf", {}).setdefault(name, {}).setdefault(region, {})


def find(call, account, name, key, code="ResourceNotFoundException", message=None, status=404):
    """One of them, or AWS's error."""
    have = shelf(account, call.region, name)
    if key not in have:
        raise AwsError(status, code, message or f"Could not find {key}.")
    return have[key]


def page(call, items, member, size="maxResults", token="nextToken", following=None, default=100):
    """One page of a listing in a fixed order."""
    error = AwsError(400, "ValidationException", "The provided token is invalid.")
    cutting, marker = cut(list(items), int(call.params.get(size) or default), call.params.get(token),
                          f"{call.service}:{call.op}", error)
    return {member: cutting, **({following or token: marker} if marker else {})}


def arn(call, account, service, resource):
    return f"arn:aws:{service}:{call.region}:{account}:{resource}"


def digits(*parts):
    """Twelve digits that are the same for the same name."""
    return f"{zlib.crc32(':'.join(parts).encode()):012d}"


def pictured(service, *names):
    """Dump what lies on these shelves as one service."""
    @dump.service(service)
    def picture(account):
        every = state.seeded(account).get("shelf", {})
        return {f"{region}/{name}/{key}": value for name in names
                for region, have in every.get(name, {}).items() for key, value in have.items()}
    return picture


def by_arn(service, *operations):
    """Let a path name a resource by its ARN, slash and all: what reads requests here has the slash unescaped already,
    and takes what follows for another element of the path."""
    routes = wire.routes(service)
    for name in operations:
        http = wire.model(service).operation_model(name).http
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>.+)", http["requestUri"].rstrip("/"))
        routes.append((http["method"], re.compile(f"^{pattern}/?$"), {}, name))


# ---- SageMaker ------------------------------------------------------------------------------------------------------

def sagemaker(account, region):
    from moto.sagemaker.models import sagemaker_backends
    return sagemaker_backends[account][region]


@registry.answers("sagemaker:ListNotebookInstanceLifecycleConfigs")
def list_lifecycle_configs(call, account):
    found = [{"NotebookInstanceLifecycleConfigName": c.notebook_instance_lifecycle_config_name,
              "NotebookInstanceLifecycleConfigArn": c.arn, "CreationTime": c.creation_time,
              "LastModifiedTime": c.last_modified_time}
             for c in list(sagemaker(account, call.region).notebook_instance_lifecycle_configurations.values())]
    found.sort(key=lambda c: c["NotebookInstanceLifecycleConfigName"])
    return page(call, found, "NotebookInstanceLifecycleConfigs", "MaxResults", "NextToken")


def _job(call, account, kind):
    name = call.params.get(f"{kind.capitalize()}JobName")
    jobs = getattr(sagemaker(account, call.region), f"{kind}_jobs")
    for job in list(jobs.values()):
        if getattr(job, f"{kind}_job_name") == name:
            return job
    raise AwsError(400, "ValidationException", "Requested resource not found.")


@registry.after("sagemaker:CreateTrainingJob", "sagemaker:CreateProcessingJob")
def create_job(call, account, result):
    """AWS: a job is InProgress until its program ends; in moto it is Completed at once."""
    kind = "training" if "Training" in call.op else "processing"
    job = _job(call, account, kind)
    setattr(job, f"{kind}_job_status", "InProgress")
    if kind == "training":
        job.secondary_status = "Training"
    else:
        job.processing_resources = call.params["ProcessingResources"]  # moto forgets them
    return result


@registry.answers("sagemaker:StopTrainingJob", "sagemaker:StopProcessingJob")
def stop_job(call, account):
    """AWS: "the status changes to Stopping; after SageMaker stops the job, it sets the status to Stopped". A job that
    ended is refused. Here the program ends at once."""
    kind = "training" if "Training" in call.op else "processing"
    job = _job(call, account, kind)
    status = getattr(job, f"{kind}_job_status")
    if status not in ("InProgress", "Stopping"):
        raise AwsError(400, "ValidationException", f"The request was rejected because the {kind} job is in status "
                                                   f"{status}.")
    setattr(job, f"{kind}_job_status", "Stopped")
    if kind == "training":
        job.secondary_status = "Stopped"
    return {}


@dump.service("sagemaker")
def picture_sagemaker(account):
    found = {}
    for region, backend in dump._backends("moto.sagemaker.models", "sagemaker_backends", account):
        for name, notebook in list(backend.notebook_instances.items()):
            found[f"{region}/notebook/{name}"] = {"status": notebook.status, "role": notebook.role_arn,
                                                  "type": notebook.instance_type}
        for sort in ("notebook_instance_lifecycle_configurations", "_models", "endpoints", "endpoint_configs", "domains"):
            for name in getattr(backend, sort):
                found[f"{region}/{sort}/{name}"] = {}
        for kind in ("training", "processing"):
            for name, job in list(getattr(backend, f"{kind}_jobs").items()):
                found[f"{region}/{kind}-job/{name}"] = {"status": getattr(job, f"{kind}_job_status")}
    return found


# ---- Bedrock --------------------------------------------------------------------------------------------------------

@registry.installer
def install():
    by_arn("bedrock", "GetProvisionedModelThroughput", "DeleteProvisionedModelThroughput", "GetCustomModel",
           "DeleteCustomModel", "GetModelInvocationJob", "StopModelInvocationJob")


@registry.answers("bedrock:GetModelInvocationLoggingConfiguration")
def get_logging(call, account):
    """AWS leaves loggingConfig out where nothing is configured."""
    found = shelf(account, call.region, "bedrock.logging")
    return {"loggingConfig": found["config"]} if "config" in found else {}


@registry.answers("bedrock:PutModelInvocationLoggingConfiguration")
def put_logging(call, account):
    shelf(account, call.region, "bedrock.logging")["config"] = call.params["loggingConfig"]
    return {}


@registry.answers("bedrock:DeleteModelInvocationLoggingConfiguration")
def delete_logging(call, account):
    shelf(account, call.region, "bedrock.logging").clear()
    return {}


@registry.answers("bedrock:PutUseCaseForModelAccess")
def put_use_case(call, account):
    shelf(account, call.region, "bedrock.use-case")["form"] = call.params["formData"]
    return {}


@registry.answers("bedrock:GetUseCaseForModelAccess")
def get_use_case(call, account):
    """AWS: ResourceNotFoundException until the form was sent."""
    return {"formData": find(call, account, "bedrock.use-case", "form", message="The use case form was not submitted.")}


@registry.answers("bedrock:CreateProvisionedModelThroughput")
def create_throughput(call, account):
    name = call.params["provisionedModelName"]
    target = call.params["modelId"]
    model = target if target.startswith("arn:") else f"arn:aws:bedrock:{call.region}::foundation-model/{target}"
    made = arn(call, account, "bedrock", f"provisioned-model/{digits(name)}")
    now = clock.utcnow()
    shelf(account, call.region, "bedrock.throughput")[made] = {
        "provisionedModelName": name, "provisionedModelArn": made, "modelArn": model, "desiredModelArn": model,
        "foundationModelArn": model, "modelUnits": call.params["modelUnits"],
        "desiredModelUnits": call.params["modelUnits"], "status": "InService", "creationTime": now,
        "lastModifiedTime": now,
        **({"commitmentDuration": call.params["commitmentDuration"]} if call.params.get("commitmentDuration") else {})}
    return {"provisionedModelArn": made}


@registry.answers("bedrock:ListProvisionedModelThroughputs")
def list_throughputs(call, account):
    return page(call, shelf(account, call.region, "bedrock.throughput").values(), "provisionedModelSummaries")


@registry.answers("bedrock:GetProvisionedModelThroughput")
def get_throughput(call, account):
    return find(call, account, "bedrock.throughput", call.params["provisionedModelId"])


@registry.answers("bedrock:DeleteProvisionedModelThroughput")
def delete_throughput(call, account):
    """AWS: "You can't delete a Provisioned Throughput before the commitment term is over"."""
    found = find(call, account, "bedrock.throughput", call.params["provisionedModelId"])
    if found.get("commitmentDuration"):
        raise AwsError(400, "ConflictException", "The commitment term of the provisioned model throughput is not over.")
    del shelf(account, call.region, "bedrock.throughput")[found["provisionedModelArn"]]
    return {}


@registry.after("bedrock:ListCustomModels", "bedrock:GetCustomModel", "bedrock-agent:ListAgents",
                "bedrock-agent:GetAgent", "bedrock-agent:CreateAgent")
def dated(call, account, result):
    """moto writes these dates in a way that the SDKs do not read; written again, they are right."""
    return result


@registry.answers("bedrock:DeleteCustomModel")
def delete_custom_model(call, account):
    """AWS: ConflictException while provisioned throughput stands on the model."""
    from moto.bedrock.models import bedrock_backends
    backend = bedrock_backends[account][call.region]
    wanted = call.params["modelIdentifier"]
    for name, model in list(backend.custom_models.items()):
        if wanted in (name, model.model_arn):
            if any(t["modelArn"] == model.model_arn
                   for t in shelf(account, call.region, "bedrock.throughput").values()):
                raise AwsError(400, "ConflictException", "The custom model is used by a provisioned model throughput.")
            del backend.custom_models[name]
            return {}
    raise AwsError(404, "ResourceNotFoundException", "The provided model identifier is invalid.")


@registry.answers("bedrock:CreateModelInvocationJob")
def create_invocation_job(call, account):
    params = call.params
    made = arn(call, account, "bedrock", f"model-invocation-job/{digits(params['jobName'])}")
    shelf(account, call.region, "bedrock.invocation-job")[made] = {
        "jobArn": made, "jobName": params["jobName"], "modelId": params["modelId"], "roleArn": params["roleArn"],
        "status": "InProgress", "submitTime": clock.utcnow(), "inputDataConfig": params["inputDataConfig"],
        "outputDataConfig": params["outputDataConfig"]}
    return {"jobArn": made}


@registry.answers("bedrock:ListModelInvocationJobs")
def list_invocation_jobs(call, account):
    return page(call, shelf(account, call.region, "bedrock.invocation-job").values(), "invocationJobSummaries")


@registry.answers("bedrock:GetModelInvocationJob")
def get_invocation_job(call, account):
    return find(call, account, "bedrock.invocation-job", call.params["jobIdentifier"])


@registry.answers("bedrock:StopModelInvocationJob")
def stop_invocation_job(call, account):
    """AWS: ConflictException for a job that ended."""
    job = find(call, account, "bedrock.invocation-job", call.params["jobIdentifier"])
    if job["status"] not in ("Submitted", "Validating", "Scheduled", "InProgress"):
        raise AwsError(400, "ConflictException", f"The job is in status {job['status']}.")
    job["status"] = "Stopped"
    return {}


@registry.answers("bedrock-agent:CreateAgentActionGroup")
def create_action_group(call, account):
    params = call.params
    now = clock.utcnow()
    made = {"agentId": params["agentId"], "agentVersion": "DRAFT", "actionGroupId": f"{digits(params['actionGroupName'])}",
            "actionGroupName": params["actionGroupName"], "createdAt": now, "updatedAt": now,
            "actionGroupState": "ENABLED", "actionGroupExecutor": params.get("actionGroupExecutor") or {}}
    shelf(account, call.region, "bedrock.action-group")[f"{made['agentId']}/{made['actionGroupId']}"] = made
    return {"agentActionGroup": made}


@registry.answers("bedrock-agent:ListAgentActionGroups")
def list_action_groups(call, account):
    found = [g for g in shelf(account, call.region, "bedrock.action-group").values()
             if g["agentId"] == call.params["agentId"]]
    return page(call, found, "actionGroupSummaries")


@registry.answers("bedrock-agent:GetAgentActionGroup")
def get_action_group(call, account):
    key = f"{call.params['agentId']}/{call.params['actionGroupId']}"
    return {"agentActionGroup": find(call, account, "bedrock.action-group", key)}


pictured("bedrock", "bedrock.logging", "bedrock.use-case", "bedrock.throughput", "bedrock.invocation-job",
         "bedrock.action-group")
