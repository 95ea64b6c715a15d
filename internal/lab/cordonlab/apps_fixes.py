"""Building and applications: CodeBuild, Amplify, App Runner, Elastic Beanstalk, Glue, EMR and stacks.

moto 5.2.1 knows no Amplify and no App Runner, keeps no webhook, source credential or build image of CodeBuild, cannot
end an Elastic Beanstalk environment, and ignores the termination protection of a stack.
"""
import uuid

from . import apps_codebuild  # noqa: F401  (its answers register themselves)
from . import apps_beanstalk  # noqa: F401
from . import apps_cloudcontrol  # noqa: F401
from . import dump, registry, wire
from .apps_store import arn, now, page, store
from .registry import AwsError


# -- Amplify ------------------------------------------------------------------


def _app(call, account):
    found = store(account, call.region, "amplify").get(call.params["appId"])
    if found is None:
        raise AwsError(404, "NotFoundException", f"App {call.params['appId']} not found.")
    return found


@registry.answers("amplify:CreateApp")
def create_app(call, account):
    app_id = "d" + uuid.uuid4().hex[:13]
    given = {k: v for k, v in call.params.items() if k not in ("accessToken", "oauthToken")}
    app = {"description": "", "repository": "", "platform": "WEB", "environmentVariables": {}, "enableBasicAuth": False,
           "enableBranchAutoBuild": False, **given, "appId": app_id, "createTime": now(), "updateTime": now(),
           "appArn": arn("amplify", call.region, account, f"apps/{app_id}"), "defaultDomain": f"{app_id}.amplifyapp.com"}
    store(account, call.region, "amplify")[app_id] = {"app": app, "branches": {}}
    return {"app": app}


@registry.answers("amplify:ListApps")
def list_apps(call, account):
    apps = [entry["app"] for entry in store(account, call.region, "amplify").values()]
    return page(call, apps, "apps", int(call.params.get("maxResults") or 10), "nextToken")


@registry.answers("amplify:GetApp")
def get_app(call, account):
    return {"app": _app(call, account)["app"]}


@registry.answers("amplify:DeleteApp")
def delete_app(call, account):
    entry = _app(call, account)
    del store(account, call.region, "amplify")[call.params["appId"]]
    return {"app": entry["app"]}


@registry.answers("amplify:CreateBranch")
def create_branch(call, account):
    entry, name = _app(call, account), call.params["branchName"]
    branch = {"branchName": name, "branchArn": entry["app"]["appArn"] + f"/branches/{name}", "description": "", "stage": "NONE",
              "displayName": name, "enableNotification": False, "createTime": now(), "updateTime": now(), "customDomains": [],
              "environmentVariables": {}, "enableAutoBuild": True, "framework": "", "activeJobId": "", "totalNumberOfJobs": "0",
              "enableBasicAuth": False, "ttl": "5", "enablePullRequestPreview": False}
    entry["branches"][name] = branch
    return {"branch": branch}


@registry.answers("amplify:ListBranches")
def list_branches(call, account):
    return page(call, list(_app(call, account)["branches"].values()), "branches", int(call.params.get("maxResults") or 10), "nextToken")


# -- App Runner ---------------------------------------------------------------


def _service(call, account):
    found = store(account, call.region, "apprunner").get(call.params["ServiceArn"])
    if found is None:
        raise AwsError(400, "ResourceNotFoundException", "Service with the provided ARN does not exist.")
    return found


def _operate(call, account, wanted, becomes, kind):
    """AWS (PauseService): "Pause an active App Runner service"; another status is an InvalidStateException. Here each
    operation is over at once."""
    service = _service(call, account)
    if service["Status"] not in wanted:
        raise AwsError(400, "InvalidStateException", f"Service cannot be acted on in status {service['Status']}.")
    service["Status"] = becomes
    service["UpdatedAt"] = now()
    operation = {"Id": uuid.uuid4().hex, "Type": kind, "Status": "SUCCEEDED", "TargetArn": service["ServiceArn"],
                 "StartedAt": now(), "EndedAt": now(), "UpdatedAt": now()}
    store(account, call.region, "apprunner-operations").setdefault(service["ServiceArn"], []).insert(0, operation)
    return {"Service": service, "OperationId": operation["Id"]}


@registry.answers("apprunner:CreateService")
def create_service(call, account):
    name, service_id = call.params["ServiceName"], uuid.uuid4().hex
    service = {"ServiceName": name, "ServiceId": service_id, "CreatedAt": now(), "UpdatedAt": now(), "Status": "RUNNING",
               "ServiceArn": arn("apprunner", call.region, account, f"service/{name}/{service_id}"),
               "ServiceUrl": f"{service_id[:10]}.{call.region}.awsapprunner.com", "SourceConfiguration": call.params["SourceConfiguration"],
               "InstanceConfiguration": {"Cpu": "1024", "Memory": "2048", **(call.params.get("InstanceConfiguration") or {})},
               "AutoScalingConfigurationSummary": {"AutoScalingConfigurationName": "DefaultConfiguration"},
               "NetworkConfiguration": {"EgressConfiguration": {"EgressType": "DEFAULT"},
                                        "IngressConfiguration": {"IsPubliclyAccessible": True}}}
    store(account, call.region, "apprunner")[service["ServiceArn"]] = service
    return {"Service": service, "OperationId": uuid.uuid4().hex}


@registry.answers("apprunner:ListServices")
def list_services(call, account):
    keys = ("ServiceName", "ServiceId", "ServiceArn", "ServiceUrl", "CreatedAt", "UpdatedAt", "Status")
    shown = [{k: s[k] for k in keys} for s in store(account, call.region, "apprunner").values() if s["Status"] != "DELETED"]
    return page(call, shown, "ServiceSummaryList", int(call.params.get("MaxResults") or 20), "NextToken")


@registry.answers("apprunner:DescribeService")
def describe_service(call, account):
    """AWS keeps a deleted service visible: "DELETED – The service was deleted successfully"."""
    return {"Service": _service(call, account)}


@registry.answers("apprunner:PauseService")
def pause_service(call, account):
    return _operate(call, account, ("RUNNING",), "PAUSED", "PAUSE_SERVICE")


@registry.answers("apprunner:ResumeService")
def resume_service(call, account):
    return _operate(call, account, ("PAUSED",), "RUNNING", "RESUME_SERVICE")


@registry.answers("apprunner:DeleteService")
def delete_service(call, account):
    if _service(call, account)["Status"] == "DELETED":
        raise AwsError(400, "ResourceNotFoundException", "Service with the provided ARN does not exist.")
    return _operate(call, account, ("RUNNING", "PAUSED", "CREATE_FAILED"), "DELETED", "DELETE_SERVICE")


@registry.answers("apprunner:ListOperations")
def list_operations(call, account):
    service = _service(call, account)
    return {"OperationSummaryList": store(account, call.region, "apprunner-operations").get(service["ServiceArn"], [])}


# -- Glue -----------------------------------------------------------------------


def _glue(account, region):
    from moto.glue.models import glue_backends
    return glue_backends[account][region]


@registry.answers("glue:BatchStopJobRun")
def batch_stop_job_run(call, account):
    job = _glue(account, call.region).jobs.get(call.params["JobName"])
    runs = {run.job_run_id: run for run in getattr(job, "job_runs", [])}
    done, errors = [], []
    for run_id in call.params["JobRunIds"]:
        if run_id in runs:
            runs[run_id].status = "STOPPED"
            done.append({"JobName": call.params["JobName"], "JobRunId": run_id})
        else:
            errors.append({"JobName": call.params["JobName"], "JobRunId": run_id,
                           "ErrorDetail": {"ErrorCode": "EntityNotFoundException", "ErrorMessage": "Job run not found"}})
    return {"SuccessfulSubmissions": done, "Errors": errors}


def _crawler(call, account, key):
    crawler = _glue(account, call.region).crawlers.get(call.params[key])
    if crawler is None:
        raise AwsError(400, "EntityNotFoundException", f"Crawler entry with name {call.params[key]} does not exist")
    return crawler


@registry.answers("glue:StopCrawlerSchedule")
def stop_crawler_schedule(call, account):
    crawler = _crawler(call, account, "CrawlerName")
    if not crawler.schedule or getattr(crawler, "paused", False):
        raise AwsError(400, "SchedulerNotRunningException", "The crawler's schedule is not running")
    crawler.paused = True
    return {}


@registry.answers("glue:StartCrawlerSchedule")
def start_crawler_schedule(call, account):
    crawler = _crawler(call, account, "CrawlerName")
    if not crawler.schedule:
        raise AwsError(400, "NoScheduleException", "There is no applicable schedule.")
    if not getattr(crawler, "paused", False):
        raise AwsError(400, "SchedulerRunningException", "The crawler's schedule is already running")
    crawler.paused = False
    return {}


# -- stacks and clusters -------------------------------------------------------------


def _stacks(account, region):
    from moto.cloudformation.models import cloudformation_backends
    return cloudformation_backends[account][region]


def _stack(account, region, name):
    for stack in _stacks(account, region).stacks.values():
        if name in (stack.name, stack.stack_id):
            return stack
    return None


@registry.answers("cloudformation:UpdateTerminationProtection")
def update_termination_protection(call, account):
    """AWS: "If a user attempts to delete a stack with termination protection enabled, the operation fails and the stack
    remains unchanged"; a nested stack's cannot be changed."""
    stack = _stack(account, call.region, call.params["StackName"])
    if stack is None:
        raise AwsError(400, "ValidationError", f"Stack [{call.params['StackName']}] does not exist")
    stack.enable_termination_protection = bool(call.params["EnableTerminationProtection"])
    return {"StackId": stack.stack_id}


@registry.installer
def install():
    from moto.cloudformation import models

    wire.SIGNING_NAMES.setdefault("elasticmapreduce", ["emr"])
    from moto.glue import models as glue

    delete = models.CloudFormationBackend.delete_stack

    def delete_stack(self, name_or_stack_id):
        """The refusal's words are AWS's: "Stack [name] cannot be deleted while TerminationProtection is enabled"."""
        for stack in self.stacks.values():
            if name_or_stack_id in (stack.name, stack.stack_id) and stack.enable_termination_protection:
                raise AwsError(400, "ValidationError",
                               f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled")
        return delete(self, name_or_stack_id)

    models.CloudFormationBackend.delete_stack = delete_stack
    described = glue.FakeCrawler.as_dict

    def as_dict(self):
        data = described(self)
        if getattr(self, "paused", False) and data.get("Schedule"):
            data["Schedule"]["State"] = "NOT_SCHEDULED"
        return data

    glue.FakeCrawler.as_dict = as_dict


@registry.after("cloudformation:ListStackSets")
def list_stack_sets(call, account, result):
    """moto shows deleted sets whatever Status asks for."""
    wanted = call.params.get("Status")
    result["Summaries"] = [s for s in result.get("Summaries") or [] if not wanted or s.get("Status") == wanted]
    return result


# -- pictures -------------------------------------------------------------------------


@dump.service("cloudformation")
def picture_of_stacks(account):
    found = {}
    for region, backend in dump._backends("moto.cloudformation.models", "cloudformation_backends", account):
        for stack in list(backend.stacks.values()):
            found[f"{region}/stack/{stack.name}"] = {"id": stack.stack_id, "status": stack.status,
                                                     "protected": bool(stack.enable_termination_protection)}
        for stackset in list(backend.stacksets.values()):
            found[f"{region}/stack-set/{stackset.name}"] = {"status": stackset.status}
    return found


@dump.service("glue")
def picture_of_glue(account):
    found = {}
    for region, backend in dump._backends("moto.glue.models", "glue_backends", account):
        for name, job in list(backend.jobs.items()):
            found[f"{region}/job/{name}"] = {"role": job.role}
        for name, trigger in list(backend.triggers.items()):
            found[f"{region}/trigger/{name}"] = {"state": trigger.state, "schedule": trigger.schedule}
        for name, crawler in list(backend.crawlers.items()):
            found[f"{region}/crawler/{name}"] = {"schedule": crawler.schedule, "paused": getattr(crawler, "paused", False)}
        for name in list(backend.dev_endpoints):
            found[f"{region}/dev-endpoint/{name}"] = {}
    return found


@dump.service("emr")
def picture_of_emr(account):
    return {f"{region}/cluster/{key}": {"state": cluster.state, "protected": cluster.termination_protected}
            for region, backend in dump._backends("moto.emr.models", "emr_backends", account)
            for key, cluster in list(backend.clusters.items())}


@dump.service("apprunner")
def picture_of_apprunner(account):
    """Without the date of the last operation, which no undo takes back."""
    from .apps_store import every
    return {f"{region}/{key}": {k: v for k, v in entry.items() if k != "UpdatedAt"}
            for region, key, entry in every(account, "apprunner")}
