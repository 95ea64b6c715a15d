"""CodeBuild whole: moto's has no webhooks, credentials or batches, and forgets what a build ran on.

AWS (DeleteProject): "When you delete a project, its builds are not deleted"; they run on, too. AWS (CreateWebhook): "For an
existing CodeBuild build project that has its source code stored in a GitHub or Bitbucket repository, enables CodeBuild to
start rebuilding the source code every time a code change is pushed".
"""
import uuid

from . import dump, registry
from .apps_store import arn, every, now, page, store
from .registry import AwsError

_TOKENS = {"GITHUB": "token/github", "GITHUB_ENTERPRISE": "token/github_enterprise", "BITBUCKET": "token/bitbucket",
           "GITLAB": "token/gitlab", "GITLAB_SELF_MANAGED": "token/gitlab_self_managed"}


def _missing(what):
    return AwsError(400, "ResourceNotFoundException", f"{what} does not exist")


def _project(call, account, key="projectName"):
    found = store(account, call.region, "codebuild").get(call.params[key])
    if found is None:
        raise _missing(f"Project cannot be found: {call.params[key]}")
    return found


@registry.answers("codebuild:CreateProject")
def create_project(call, account):
    projects, name = store(account, call.region, "codebuild"), call.params["name"]
    if name in projects:
        raise AwsError(400, "ResourceAlreadyExistsException", f"Project already exists: {name}")
    project = {"timeoutInMinutes": 60, "queuedTimeoutInMinutes": 480, "badge": {"badgeEnabled": False}, "cache": {"type": "NO_CACHE"},
               "tags": [], "projectVisibility": "PRIVATE", **call.params, "created": now(), "lastModified": now(),
               "arn": arn("codebuild", call.region, account, f"project/{name}")}
    projects[name] = project
    return {"project": project}


@registry.answers("codebuild:UpdateProject")
def update_project(call, account):
    project = _project(call, account, "name")
    project.update(call.params, lastModified=now())
    return {"project": project}


@registry.answers("codebuild:UpdateProjectVisibility")
def update_visibility(call, account):
    name = call.params["projectArn"].rsplit("/", 1)[-1]
    project = store(account, call.region, "codebuild").get(name)
    if project is None:
        raise _missing(f"Project cannot be found: {name}")
    project["projectVisibility"] = call.params["projectVisibility"]
    return {"projectArn": project["arn"], "projectVisibility": project["projectVisibility"]}


@registry.answers("codebuild:ListProjects")
def list_projects(call, account):
    return page(call, sorted(store(account, call.region, "codebuild")), "projects", 100, "nextToken")


@registry.answers("codebuild:BatchGetProjects")
def batch_get_projects(call, account):
    projects = store(account, call.region, "codebuild")
    names = [name.rsplit("/", 1)[-1] for name in call.params["names"]]
    return {"projects": [projects[n] for n in names if n in projects], "projectsNotFound": [n for n in names if n not in projects]}


@registry.answers("codebuild:DeleteProject")
def delete_project(call, account):
    """Deleting what is not there succeeds, too."""
    store(account, call.region, "codebuild").pop(call.params["name"].rsplit("/", 1)[-1], None)
    return {}


@registry.answers("codebuild:CreateWebhook")
def create_webhook(call, account):
    project = _project(call, account)
    if project.get("webhook"):
        raise AwsError(400, "ResourceAlreadyExistsException", "The webhook already exists")
    hook = {"url": f"https://api.github.com/repos/{uuid.uuid4().hex[:8]}/hooks/1", "payloadUrl": f"https://codebuild.{call.region}.amazonaws.com/webhooks",
            "filterGroups": call.params.get("filterGroups") or [], "buildType": call.params.get("buildType") or "BUILD", "status": "ACTIVE"}
    project["webhook"] = hook
    return {"webhook": {**hook, "secret": uuid.uuid4().hex}}


@registry.answers("codebuild:DeleteWebhook")
def delete_webhook(call, account):
    if not _project(call, account).pop("webhook", None):
        raise _missing("The webhook")
    return {}


@registry.answers("codebuild:ImportSourceCredentials")
def import_credentials(call, account):
    """The token is taken, and never given back."""
    server, key = call.params["serverType"], arn("codebuild", call.region, account, _TOKENS[call.params["serverType"]])
    store(account, call.region, "codebuild-credentials")[key] = {"arn": key, "serverType": server, "authType": call.params["authType"]}
    return {"arn": key}


@registry.answers("codebuild:ListSourceCredentials")
def list_credentials(call, account):
    return {"sourceCredentialsInfos": list(store(account, call.region, "codebuild-credentials").values())}


@registry.answers("codebuild:DeleteSourceCredentials")
def delete_credentials(call, account):
    if store(account, call.region, "codebuild-credentials").pop(call.params["arn"], None) is None:
        raise _missing("The source credentials")
    return {"arn": call.params["arn"]}


@registry.answers("codebuild:StartBuild")
def start_build(call, account):
    project = _project(call, account)
    build_id = f"{project['name']}:{uuid.uuid4()}"
    build = {"id": build_id, "arn": arn("codebuild", call.region, account, f"build/{build_id}"), "startTime": now(), "currentPhase": "BUILD",
             "buildStatus": "IN_PROGRESS", "projectName": project["name"], "source": project["source"], "environment": project["environment"],
             "serviceRole": project["serviceRole"], "buildComplete": False, "initiator": "lab", "timeoutInMinutes": 60, "queuedTimeoutInMinutes": 480}
    store(account, call.region, "codebuild-builds")[build_id] = build
    return {"build": build}


def _builds(call, account, project=None):
    found = [b for b in store(account, call.region, "codebuild-builds").values() if project in (None, b["projectName"])]
    return [b["id"] for b in sorted(found, key=lambda b: b["startTime"], reverse=True)]


@registry.answers("codebuild:ListBuilds")
def list_builds(call, account):
    return page(call, _builds(call, account), "ids", 100, "nextToken")


@registry.answers("codebuild:ListBuildsForProject")
def list_builds_for_project(call, account):
    return page(call, _builds(call, account, _project(call, account)["name"]), "ids", 100, "nextToken")


@registry.answers("codebuild:ListBuildBatchesForProject")
def list_build_batches(call, account):
    return {"ids": []}


@registry.answers("codebuild:BatchGetBuilds")
def batch_get_builds(call, account):
    builds = store(account, call.region, "codebuild-builds")
    return {"builds": [builds[i] for i in call.params["ids"] if i in builds], "buildsNotFound": [i for i in call.params["ids"] if i not in builds]}


@registry.answers("codebuild:StopBuild")
def stop_build(call, account):
    build = store(account, call.region, "codebuild-builds").get(call.params["id"])
    if build is None:
        raise _missing("The build")
    if build["buildStatus"] == "IN_PROGRESS":
        build.update(buildStatus="STOPPED", buildComplete=True, endTime=now(), currentPhase="COMPLETED")
    return {"build": build}


@dump.service("codebuild")
def picture(account):
    return {f"{region}/{service}/{key}": entry for service in ("codebuild", "codebuild-credentials", "codebuild-builds")
            for region, key, entry in every(account, service)}
