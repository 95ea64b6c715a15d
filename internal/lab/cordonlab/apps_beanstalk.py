"""Elastic Beanstalk whole: in moto an environment has no id and no end.

AWS (DeleteApplication): "You cannot delete an application that has a running environment" unless TerminateEnvByForce.
"""
import uuid

from . import dump, registry
from .apps_store import arn, every, now, store
from .registry import AwsError


def _invalid(message):
    return AwsError(400, "InvalidParameterValue", message)


@registry.answers("elasticbeanstalk:CreateApplication")
def create_application(call, account):
    apps, name = store(account, call.region, "beanstalk"), call.params["ApplicationName"]
    if name in apps:
        raise _invalid(f"Application {name} already exists.")
    apps[name] = {"ApplicationName": name, "ApplicationArn": arn("elasticbeanstalk", call.region, account, f"application/{name}"),
                  "Description": call.params.get("Description") or "", "DateCreated": now(), "DateUpdated": now(), "Versions": [],
                  "ConfigurationTemplates": [], "ResourceLifecycleConfig": call.params.get("ResourceLifecycleConfig") or {}}
    return {"Application": apps[name]}


@registry.answers("elasticbeanstalk:DescribeApplications")
def describe_applications(call, account):
    names = call.params.get("ApplicationNames")
    return {"Applications": [a for a in store(account, call.region, "beanstalk").values() if not names or a["ApplicationName"] in names]}


@registry.answers("elasticbeanstalk:DescribeApplicationVersions")
def describe_versions(call, account):
    return {"ApplicationVersions": []}


@registry.answers("elasticbeanstalk:DeleteApplication")
def delete_application(call, account):
    name = call.params["ApplicationName"]
    running = [e for e in _environments(call, account) if e["ApplicationName"] == name and e["Status"] != "Terminated"]
    if running and not call.params.get("TerminateEnvByForce"):
        raise _invalid(f"Unable to delete application {name} because it has a running environment.")
    for environment in running:
        environment["Status"] = "Terminated"
    store(account, call.region, "beanstalk").pop(name, None)
    return {}


def _environments(call, account):
    return list(store(account, call.region, "beanstalk-environments").values())


@registry.answers("elasticbeanstalk:CreateEnvironment")
def create_environment(call, account):
    app, name = call.params["ApplicationName"], call.params.get("EnvironmentName") or "env"
    if app not in store(account, call.region, "beanstalk"):
        raise _invalid(f"No Application named '{app}' found.")
    env_id = "e-" + uuid.uuid4().hex[:10]
    environment = {"EnvironmentName": name, "EnvironmentId": env_id, "ApplicationName": app, "DateCreated": now(), "DateUpdated": now(),
                   "EnvironmentArn": arn("elasticbeanstalk", call.region, account, f"environment/{app}/{name}"), "Status": "Ready",
                   "Health": "Green", "CNAME": f"{name}.{call.region}.elasticbeanstalk.com", "AbortableOperationInProgress": False,
                   "SolutionStackName": call.params.get("SolutionStackName") or "", "Tier": {"Name": "WebServer", "Type": "Standard", "Version": "1.0"}}
    if call.params.get("OperationsRole"):
        environment["OperationsRole"] = call.params["OperationsRole"]
    store(account, call.region, "beanstalk-environments")[env_id] = environment
    return environment


@registry.answers("elasticbeanstalk:DescribeEnvironments")
def describe_environments(call, account):
    """AWS: IncludeDeleted false leaves terminated ones out; they stay visible for about an hour otherwise."""
    ids, app = call.params.get("EnvironmentIds"), call.params.get("ApplicationName")
    return {"Environments": [e for e in _environments(call, account)
                             if (not ids or e["EnvironmentId"] in ids) and app in (None, e["ApplicationName"])
                             and (call.params.get("IncludeDeleted") or e["Status"] != "Terminated")]}


@registry.answers("elasticbeanstalk:TerminateEnvironment")
def terminate_environment(call, account):
    for environment in _environments(call, account):
        if call.params.get("EnvironmentId") in (None, environment["EnvironmentId"]) and \
                call.params.get("EnvironmentName") in (None, environment["EnvironmentName"]) and environment["Status"] != "Terminated":
            environment["Status"] = "Terminated"
            return environment
    raise _invalid(f"No Environment found for EnvironmentId = '{call.params.get('EnvironmentId')}'.")


@registry.answers("elasticbeanstalk:DescribeConfigurationSettings")
def describe_settings(call, account):
    return {"ConfigurationSettings": [{"ApplicationName": call.params["ApplicationName"], "EnvironmentName": call.params.get("EnvironmentName"),
                                       "OptionSettings": []}]}


@registry.answers("elasticbeanstalk:DescribeEnvironmentResources")
def describe_resources(call, account):
    name = call.params.get("EnvironmentName") or call.params.get("EnvironmentId")
    return {"EnvironmentResources": {"EnvironmentName": name, "AutoScalingGroups": [], "Instances": []}}


@dump.service("beanstalk")
def picture(account):
    return {f"{region}/{service}/{key}": entry for service in ("beanstalk", "beanstalk-environments")
            for region, key, entry in every(account, service)}
