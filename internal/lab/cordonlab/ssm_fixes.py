"""Systems Manager: associations, activations and sessions, for which moto 5.2.1 has no backend."""
import copy
import uuid

from . import dump, registry
from .keys_fixes import missing, now, store, taken


def _many(call, name, account, member, fits=lambda thing: True):
    return {member: [copy.deepcopy(t) for t in store(name, account, call.region).values() if fits(t)]}


@registry.answers("ssm:CreateAssociation")
def create_association(call, account):
    one = {k: copy.deepcopy(v) for k, v in call.params.items() if k != "Tags"}
    one.update(AssociationId=str(uuid.uuid4()), Date=now(), LastUpdateAssociationDate=now(), AssociationVersion="1")
    store("association", account, call.region)[one["AssociationId"]] = one
    return {"AssociationDescription": copy.deepcopy(one)}


@registry.answers("ssm:ListAssociations")
def list_associations(call, account):
    """AWS's list has neither the date nor the parameters."""
    names = ("AssociationId", "AssociationName", "AssociationVersion", "Name", "ScheduleExpression", "Targets", "InstanceId")
    return {"Associations": [{k: a[k] for k in names if k in a} for a in store("association", account, call.region).values()]}


def _association(call, account):
    return taken(store("association", account, call.region), call.params.get("AssociationId"), "AssociationDoesNotExist")


@registry.answers("ssm:DescribeAssociation")
def describe_association(call, account):
    return {"AssociationDescription": copy.deepcopy(_association(call, account))}


@registry.answers("ssm:DeleteAssociation")
def delete_association(call, account):
    del store("association", account, call.region)[_association(call, account)["AssociationId"]]
    return {}


@registry.answers("ssm:CreateActivation")
def create_activation(call, account):
    one = {k: copy.deepcopy(v) for k, v in call.params.items() if k in ("Description", "DefaultInstanceName", "IamRole", "ExpirationDate", "Tags")}
    one.update(ActivationId=str(uuid.uuid4()), CreatedDate=now(), Expired=False, RegistrationsCount=0,
               RegistrationLimit=call.params.get("RegistrationLimit") or 1)
    store("activation", account, call.region)[one["ActivationId"]] = one
    return {"ActivationId": one["ActivationId"], "ActivationCode": uuid.uuid4().hex[:20]}


@registry.answers("ssm:DescribeActivations")
def describe_activations(call, account):
    asked = {f["FilterKey"]: f["FilterValues"] for f in call.params.get("Filters") or []}
    ids = asked.get("ActivationIds")
    return _many(call, "activation", account, "ActivationList", lambda a: ids is None or a["ActivationId"] in ids)


@registry.answers("ssm:DeleteActivation")
def delete_activation(call, account):
    """AWS: InvalidActivation, "The activation isn't valid", for one that is not there."""
    taken(store("activation", account, call.region), call.params["ActivationId"], "InvalidActivation", "The activation is not valid.")
    del store("activation", account, call.region)[call.params["ActivationId"]]
    return {}


@registry.answers("ssm:StartSession")
def start_session(call, account):
    """The session is open, and nothing is at its other end."""
    owner = call.identity.arn if call.identity else f"arn:aws:iam::{account}:root"
    one = {"SessionId": owner.split("/")[-1].split(":")[-1] + "-" + uuid.uuid4().hex[:17], "Target": call.params["Target"], "Status": "Connected",
           "StartDate": now(), "Owner": owner, "DocumentName": call.params.get("DocumentName") or "SSM-SessionManagerRunShell"}
    store("session", account, call.region)[one["SessionId"]] = one
    return {"SessionId": one["SessionId"], "TokenValue": "", "StreamUrl": f"wss://ssmmessages.{call.region}.amazonaws.com/v1/data-channel/{one['SessionId']}"}


@registry.answers("ssm:DescribeSessions")
def describe_sessions(call, account):
    asked = {f["key"]: f["value"] for f in call.params.get("Filters") or []}
    open_ = call.params["State"] == "Active"

    def fits(session):
        return (session["Status"] == "Connected") == open_ and asked.get("SessionId", session["SessionId"]) == session["SessionId"]

    return _many(call, "session", account, "Sessions", fits)


@registry.answers("ssm:TerminateSession")
def end_session(call, account):
    """AWS: a session that ended is no error: "Terminated" sessions stay in the history for 30 days."""
    session = store("session", account, call.region).get(call.params["SessionId"])
    if session is None:
        raise missing("DoesNotExistException", "The specified SessionId does not exist.")
    session.update(Status="Terminated", EndDate=now())
    return {"SessionId": session["SessionId"]}


@registry.after("ssm:ListDocuments")
def dated_documents(call, account, result):
    """AWS's list tells when a document was made; moto's does not."""
    from moto.ssm.models import ssm_backends

    documents = ssm_backends[account][call.region]._documents
    for one in result.get("DocumentIdentifiers", []):
        one["CreatedDate"] = documents[one["Name"]].get_default_version().created_date
    return result


@dump.service("ssm")
def dump_ssm(account):
    found = {}
    for region, backend in dump._backends("moto.ssm.models", "ssm_backends", account):
        for name, documents in list(backend._documents.items()):
            found[f"{region}/document/{name}"] = {"shares": documents.describe_permissions()}
    return found
