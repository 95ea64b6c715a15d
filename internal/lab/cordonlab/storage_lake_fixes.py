"""CloudTrail Lake, and GuardDuty's filters, trusted lists and destinations, of which moto 5.2.1 has little or nothing."""
import uuid

from . import dump, registry, sessions, state
from .registry import AwsError


# ---- CloudTrail -----------------------------------------------------------------------------------------------------

@registry.after("cloudtrail:UpdateTrail")
def update_trail(call, account, result):
    """AWS takes an empty text for a key, a prefix, a topic or a log group for none; moto keeps it."""
    from moto.cloudtrail.models import cloudtrail_backends
    trail = cloudtrail_backends[account][call.region].get_trail(call.params["Name"])
    for name in ("s3_key_prefix", "sns_topic_name", "cw_log_group_arn", "cw_role_arn", "kms_key_id"):
        setattr(trail, name, getattr(trail, name) or None)
    return result


@registry.installer
def install():
    """A trail has selectors of one sort only (PutEventSelectors); moto keeps the advanced ones beside the others."""
    from moto.cloudtrail.models import Trail
    put = Trail.put_event_selectors

    def put_event_selectors(self, event_selectors, advanced_event_selectors):
        if event_selectors:
            self.advanced_event_selectors = []
        return put(self, event_selectors, advanced_event_selectors)

    Trail.put_event_selectors = put_event_selectors


def _stores(account, region):
    return state.seeded(account).setdefault("lake", {}).setdefault(region, {})


def _store(call, account):
    wanted = call.params["EventDataStore"]
    for arn, store in _stores(account, call.region).items():
        if wanted in (arn, arn.rpartition("/")[2]):
            return store
    raise AwsError(400, "EventDataStoreNotFoundException", f"Event data store {wanted} not found.")


def _wants(store, *statuses):
    """Ingestion and deletion fit some states only."""
    if store["Status"] not in statuses:
        raise AwsError(400, "InactiveEventDataStoreException" if store["Status"] == "PENDING_DELETION"
                       else "InvalidEventDataStoreStatusException", f"The event data store is {store['Status']}.")


@registry.answers("cloudtrail:CreateEventDataStore")
def create_store(call, account):
    """AWS: TerminationProtectionEnabled "By default, termination protection is enabled"; ingestion starts by itself."""
    arn = f"arn:aws:cloudtrail:{call.region}:{account}:eventdatastore/{uuid.uuid4()}"
    given = call.params
    _stores(account, call.region)[arn] = store = {
        "EventDataStoreArn": arn, "Name": given["Name"], "Status": "ENABLED",
        "MultiRegionEnabled": given.get("MultiRegionEnabled", True),
        "OrganizationEnabled": given.get("OrganizationEnabled", False),
        "RetentionPeriod": given.get("RetentionPeriod", 2557),
        "TerminationProtectionEnabled": given.get("TerminationProtectionEnabled", True),
        "CreatedTimestamp": sessions.now(), "UpdatedTimestamp": sessions.now()}
    return dict(store)


@registry.answers("cloudtrail:ListEventDataStores")
def list_stores(call, account):
    """AWS gives the name and the ARN; the other members are deprecated in this answer."""
    return {"EventDataStores": [{"EventDataStoreArn": arn, "Name": store["Name"]}
                                for arn, store in sorted(_stores(account, call.region).items())]}


@registry.answers("cloudtrail:GetEventDataStore", "cloudtrail:UpdateEventDataStore")
def get_store(call, account):
    store = _store(call, account)
    if call.op == "UpdateEventDataStore":
        _wants(store, "ENABLED", "STOPPED_INGESTION", "CREATED")
        store.update({k: v for k, v in call.params.items() if k != "EventDataStore"})
    return dict(store)


@registry.answers("cloudtrail:StartEventDataStoreIngestion")
def start_ingestion(call, account):
    store = _store(call, account)
    _wants(store, "STOPPED_INGESTION")
    store["Status"] = "ENABLED"
    return {}


@registry.answers("cloudtrail:StopEventDataStoreIngestion")
def stop_ingestion(call, account):
    store = _store(call, account)
    _wants(store, "ENABLED")
    store["Status"] = "STOPPED_INGESTION"
    return {}


@registry.answers("cloudtrail:DeleteEventDataStore")
def delete_store(call, account):
    """AWS: "After you run DeleteEventDataStore, the event data store enters a PENDING_DELETION state, and is
    automatically deleted after a wait period of seven days. TerminationProtectionEnabled must be set to False"."""
    store = _store(call, account)
    _wants(store, "ENABLED", "STOPPED_INGESTION", "CREATED")
    if store["TerminationProtectionEnabled"]:
        raise AwsError(400, "EventDataStoreTerminationProtectedException", "Termination protection is enabled.")
    store["was"], store["Status"] = store["Status"], "PENDING_DELETION"
    return {}


@registry.answers("cloudtrail:RestoreEventDataStore")
def restore_store(call, account):
    store = _store(call, account)
    if store["Status"] != "PENDING_DELETION":
        raise AwsError(400, "InvalidEventDataStoreStatusException", "The event data store is not pending deletion.")
    store["Status"] = store.pop("was")
    return dict(store)


@dump.service("cloudtrail-lake")
def stores(account):
    return {f"{region}/store/{arn}": {k: v for k, v in store.items() if k != "was"}
            for region, all_ in state.seeded(account).get("lake", {}).items() for arn, store in all_.items()}


# ---- GuardDuty ------------------------------------------------------------------------------------------------------

def _detector(call, account):
    from moto.guardduty.models import guardduty_backends
    wanted = call.params["DetectorId"]
    found = guardduty_backends[account][call.region].detectors.get(wanted)
    if found is None:
        raise AwsError(400, "BadRequestException", "The request is rejected because the input detectorId is not owned "
                                                   "by the current account.")
    return found


_NOT_THERE = AwsError(400, "BadRequestException", "The request is rejected since no such resource found.")


@registry.answers("guardduty:ListFilters")
def list_filters(call, account):
    return {"FilterNames": sorted(_detector(call, account).filters)}


@registry.answers("guardduty:ListPublishingDestinations")
def list_destinations(call, account):
    """moto has none, and no way to make one."""
    _detector(call, account)
    return {"Destinations": []}


def _ip_sets(call, account):
    detector = _detector(call, account)
    if not hasattr(detector, "ip_sets"):
        detector.ip_sets = {}
    return detector.ip_sets


def _ip_set(call, account):
    found = _ip_sets(call, account).get(call.params["IpSetId"])
    if found is None:
        raise _NOT_THERE
    return found


@registry.answers("guardduty:CreateIPSet")
def create_ip_set(call, account):
    """AWS: "GuardDuty doesn't generate findings for IP addresses that are included in IPSets"."""
    wanted = uuid.uuid4().hex
    _ip_sets(call, account)[wanted] = {
        "Name": call.params["Name"], "Format": call.params["Format"], "Location": call.params["Location"],
        "Status": "ACTIVE" if call.params.get("Activate") else "INACTIVE", "Tags": call.params.get("Tags") or {}}
    return {"IpSetId": wanted}


@registry.answers("guardduty:ListIPSets")
def list_ip_sets(call, account):
    return {"IpSetIds": sorted(_ip_sets(call, account))}


@registry.answers("guardduty:GetIPSet")
def get_ip_set(call, account):
    return dict(_ip_set(call, account))


@registry.answers("guardduty:UpdateIPSet")
def update_ip_set(call, account):
    found = _ip_set(call, account)
    for name in ("Name", "Location"):
        found[name] = call.params.get(name) or found[name]
    if call.params.get("Activate") is not None:
        found["Status"] = "ACTIVE" if call.params["Activate"] else "INACTIVE"
    return {}


@registry.answers("guardduty:DeleteIPSet")
def delete_ip_set(call, account):
    _ip_set(call, account)
    del _ip_sets(call, account)[call.params["IpSetId"]]
    return {}


@dump.service("guardduty-lists")
def ip_sets(account):
    return {f"{region}/ip-set/{name}": value
            for region, backend in dump._backends("moto.guardduty.models", "guardduty_backends", account)
            for detector in backend.detectors.values() for name, value in getattr(detector, "ip_sets", {}).items()}
