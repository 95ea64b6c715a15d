"""Cloud Control API, Resource Explorer: an in-memory store per type.

AWS (ListResources): "Returns information about the specified resources. ... Some resources, though, require extra parameters";
the properties in a listing are often the identifier alone. AWS (DeleteResource): "returns a ProgressEvent", and the same
ClientToken gives the same event again. TypeNotFoundException: "The specified extension doesn't exist in the CloudFormation
registry" – of that region.
"""
import json
import uuid

from . import dump, registry
from .apps_store import arn, every, now, page, store
from .registry import AwsError

#: type -> (property that identifies it, how that is made: of account, region, name and an id)
TYPES = {
    "AWS::ImageBuilder::ImagePipeline": ("Arn", "arn:aws:imagebuilder:{r}:{a}:image-pipeline/{name}"),
    "AWS::ImageBuilder::ImageRecipe": ("Arn", "arn:aws:imagebuilder:{r}:{a}:image-recipe/{name}/1.0.0"),
    "AWS::GameLift::Fleet": ("FleetId", "fleet-{id}"),
    "AWS::GameLift::Build": ("BuildId", "build-{id}"),
    "AWS::WorkSpaces::Workspace": ("WorkspaceId", "ws-{id}"),
    "AWS::Cloud9::EnvironmentEC2": ("EnvironmentId", "{id}"),
    "AWS::CodeCommit::Repository": ("RepositoryId", "{id}"),
    "AWS::CodePipeline::Pipeline": ("Name", "{name}"),
    "AWS::CodeStarConnections::Connection": ("ConnectionArn", "arn:aws:codestar-connections:{r}:{a}:connection/{id}"),
    "AWS::MediaPackage::Channel": ("Id", "{name}"),
    "AWS::AppStream::Fleet": ("Name", "{name}"),
    "AWS::DataSync::Agent": ("AgentArn", "arn:aws:datasync:{r}:{a}:agent/agent-{id}"),
    "AWS::DataSync::Task": ("TaskArn", "arn:aws:datasync:{r}:{a}:task/task-{id}"),
    "AWS::Transfer::Server": ("Arn", "arn:aws:transfer:{r}:{a}:server/s-{id}"),
    "AWS::Kinesis::Stream": ("Name", "{name}"),
    "AWS::KinesisFirehose::DeliveryStream": ("DeliveryStreamName", "{name}"),
    "AWS::MSK::Cluster": ("Arn", "arn:aws:kafka:{r}:{a}:cluster/{name}/{id}-1"),
    "AWS::MWAA::Environment": ("Name", "{name}"),
    "AWS::ElastiCache::CacheCluster": ("ClusterName", "{name}"),
    "AWS::MemoryDB::Cluster": ("ClusterName", "{name}"),
    "AWS::AppSync::GraphQLApi": ("ApiId", "{id}"),
    "AWS::Athena::WorkGroup": ("Name", "{name}"),
    "AWS::NetworkFirewall::Firewall": ("FirewallArn", "arn:aws:network-firewall:{r}:{a}:firewall/{name}"),
    "AWS::WAFv2::WebACL": ("Id", "{name}|{id}|REGIONAL"),
    "AWS::IoT::TopicRule": ("RuleName", "{name}"),
    "AWS::RedshiftServerless::Workgroup": ("WorkgroupName", "{name}"),
    "AWS::EMRServerless::Application": ("ApplicationId", "{id}"),
}

#: where a type cannot be listed without more
MODELS = {"AWS::WAFv2::WebACL": "Scope"}

#: regions whose registry lacks the type
LACKING = {"AWS::WorkSpaces::Workspace": ("eu-north-1", "us-west-1"), "AWS::MediaPackage::Channel": ("ca-west-1",)}

_NAMES = ("Name", "RepositoryName", "ConnectionName", "ClusterName", "DeliveryStreamName", "WorkgroupName", "RuleName", "FirewallName", "Id")


def _type(call):
    name = call.params["TypeName"]
    if name not in TYPES or call.region in LACKING.get(name, ()):
        raise AwsError(400, "TypeNotFoundException", f"The type '{name}' cannot be found.")
    return name


def _held(call, account):
    return store(account, call.region, "cloudcontrol:" + _type(call))


def _event(call, operation, identifier):
    return {"TypeName": call.params["TypeName"], "Identifier": identifier, "RequestToken": str(uuid.uuid4()), "Operation": operation,
            "OperationStatus": "SUCCESS", "EventTime": now()}


@registry.answers("cloudcontrol:CreateResource")
def create_resource(call, account):
    name, wanted = _type(call), json.loads(call.params["DesiredState"])
    key, form = TYPES[name]
    called = next((wanted[n] for n in _NAMES if isinstance(wanted.get(n), str)), "unnamed")
    identifier = form.format(a=account, r=call.region, name=called, id=uuid.uuid4().hex[:12])
    held = _held(call, account)
    if identifier in held:
        raise AwsError(400, "AlreadyExistsException", f"Resource of type '{name}' with identifier '{identifier}' already exists.")
    parts = identifier.split("|")
    held[identifier] = {**wanted, key: parts[1] if len(parts) == 3 else identifier}
    event = _event(call, "CREATE", identifier)
    store(account, call.region, "cloudcontrol-requests")[event["RequestToken"]] = event
    return {"ProgressEvent": event}


@registry.answers("cloudcontrol:ListResources")
def list_resources(call, account):
    name = _type(call)
    needed = MODELS.get(name)
    if needed and needed not in json.loads(call.params.get("ResourceModel") or "{}"):
        raise AwsError(400, "InvalidRequestException", f"Missing Or Invalid ResourceModel property in {name} list handler request input. Required property: [{needed}]")
    described = [{"Identifier": i, "Properties": json.dumps(p)} for i, p in sorted(_held(call, account).items())]
    return {"TypeName": name, **page(call, described, "ResourceDescriptions", int(call.params.get("MaxResults") or 20), "NextToken")}


def _found(call, account):
    identifier, held = call.params["Identifier"], _held(call, account)
    if identifier not in held:
        raise AwsError(400, "ResourceNotFoundException", f"Resource of type '{call.params['TypeName']}' with identifier '{identifier}' was not found.")
    return identifier, held


@registry.answers("cloudcontrol:GetResource")
def get_resource(call, account):
    identifier, held = _found(call, account)
    return {"TypeName": call.params["TypeName"], "ResourceDescription": {"Identifier": identifier, "Properties": json.dumps(held[identifier])}}


@registry.answers("cloudcontrol:DeleteResource")
def delete_resource(call, account):
    """A server keeps its users' and a channel its endpoints' name: what the property HeldBy of the lab's own names is in use,
    and then the request fails later, as a handler's does."""
    requests = store(account, call.region, "cloudcontrol-requests")
    token = call.params.get("ClientToken")
    for event in requests.values():
        if token and event.get("ClientToken") == token:
            return {"ProgressEvent": {k: v for k, v in event.items() if k != "ClientToken"}}
    identifier, held = _found(call, account)
    event = {**_event(call, "DELETE", identifier), "ClientToken": token}
    holder = held[identifier].get("HeldBy")
    if holder:
        event.update(OperationStatus="FAILED", ErrorCode="ResourceConflict", StatusMessage=f"It is in use by {holder}")
    else:
        del held[identifier]
    requests[event["RequestToken"]] = event
    shown = {k: v for k, v in event.items() if k not in ("ClientToken", "ErrorCode", "StatusMessage")}
    return {"ProgressEvent": {**shown, "OperationStatus": "IN_PROGRESS"}}


@registry.answers("cloudcontrol:GetResourceRequestStatus")
def get_request_status(call, account):
    event = store(account, call.region, "cloudcontrol-requests").get(call.params["RequestToken"])
    if event is None:
        raise AwsError(400, "RequestTokenNotFoundException", "The request token was not found.")
    return {"ProgressEvent": {k: v for k, v in event.items() if k != "ClientToken"}}


# -- Resource Explorer ------------------------------------------------------------


@registry.answers("resource-explorer-2:CreateIndex")
def create_index(call, account):
    key = arn("resource-explorer-2", call.region, account, f"index/{uuid.uuid4()}")
    store(account, call.region, "resource-explorer-2")["index"] = {"Arn": key, "Region": call.region, "Type": "LOCAL"}
    return {"Arn": key, "State": "ACTIVE", "CreatedAt": now()}


@registry.answers("resource-explorer-2:ListIndexes")
def list_indexes(call, account):
    wanted = call.params.get("Regions")
    return {"Indexes": [entry for region, key, entry in every(account, "resource-explorer-2")
                        if key == "index" and (not wanted or region in wanted)]}


@registry.answers("resource-explorer-2:ListResources", "resource-explorer-2:Search")
def list_indexed(call, account):
    """AWS (Search): "If the Region doesn't have a default view, then you receive the error UnauthorizedException"; that is
    so without an index. The index here has what Cloud Control's store holds and what scenarios put under "arns"."""
    explorer = store(account, call.region, "resource-explorer-2")
    if "index" not in explorer:
        raise AwsError(401, "UnauthorizedException", "Unauthorized: no default view in this Region.")
    found = [{"Arn": i, "OwningAccountId": account, "Region": call.region, "Service": i.split(":")[2],
              "ResourceType": ":".join([i.split(":")[2], i.split(":")[5].split("/")[0]])}
             for key in list(TYPES) for i in store(account, call.region, "cloudcontrol:" + key) if i.startswith("arn:")]
    found += _networks(account, call.region)
    return page(call, found, "Resources", 1000, "NextToken")


def _networks(account, region):
    """Every region has a default VPC with its DHCP options: untagged resources that the tagging API does not know."""
    from moto.ec2.models import ec2_backends
    vpcs = ec2_backends[account][region].vpcs
    keys = [("vpc", key) for key in vpcs] + [("dhcp-options", "dopt-" + key.removeprefix("vpc-")) for key in vpcs]
    return [{"Arn": arn("ec2", region, account, f"{sort}/{key}"), "OwningAccountId": account, "Region": region, "Service": "ec2",
             "ResourceType": f"ec2:{sort}"} for sort, key in keys]


@dump.service("cloudcontrol")
def picture(account):
    return {f"{region}/{name}/{key}": entry for name in TYPES for region, key, entry in every(account, "cloudcontrol:" + name)}
