"""CloudTrail's trails and GuardDuty's detectors: dates by the clock, and in UTC.

moto computes CloudTrail's times with time.mktime, that is in the machine's own zone, and GuardDuty's with
datetime.now(), which knows no other clock.
"""
import calendar
import datetime as dt

from . import registry, sessions


def _epoch(moment):
    return calendar.timegm(moment.timetuple())


@registry.installer
def install():
    from moto.cloudtrail import models as cloudtrail
    cloudtrail.datetime2int = _epoch
    _home_region(cloudtrail)
    _date_detectors()


_TRAIL_WRITES = ("start_logging", "stop_logging", "delete_trail", "update_trail", "put_event_selectors")


def _home_region(models):
    """moto knows trails here by name only, and breaks on an ARN or an unknown name. AWS: TrailNotFoundException "when
    the trail with the given name is not found", InvalidHomeRegionException "when an operation is called on a trail from
    a Region other than the Region in which the trail was created"."""
    backend = models.CloudTrailBackend
    for name in _TRAIL_WRITES:
        setattr(backend, name, _by_name(getattr(backend, name), models))


def _by_name(original, models):
    def method(self, name=None, *args, **kwargs):
        keyword = next((key for key in ("name", "trail_name") if key in kwargs), None)
        name = kwargs.pop(keyword) if keyword else name
        return original(self, _known(self, name, models), *args, **kwargs)
    return method


def _known(self, name, models):
    """The name of a trail of this region, from its name or its ARN."""
    from moto.cloudtrail.exceptions import TrailNotFoundException
    from moto.core.exceptions import JsonRESTError
    for trail in list(self.trails.values()):
        if name in (trail.trail_name, trail.arn):
            return trail.trail_name
    shadows = [trail for trail in self.describe_trails(True) if name in (trail.trail_name, trail.arn)]
    if shadows or name.startswith("arn:") and name.split(":")[3] != self.region_name:
        raise JsonRESTError("InvalidHomeRegionException", f"Trail {name} has another home region.")
    raise TrailNotFoundException(account_id=self.account_id, name=name)


def _date_detectors():
    from moto.guardduty.models import Detector, GuardDutyBackend
    create, update = GuardDutyBackend.create_detector, Detector.update

    def create_detector(self, *args, **kwargs):
        detector_id = create(self, *args, **kwargs)
        detector = self.detectors[detector_id]
        detector.created_at = detector.updated_at = sessions.now()
        return detector_id

    def updated(self, *args, **kwargs):
        outcome = update(self, *args, **kwargs)
        self.updated_at = sessions.now()
        return outcome

    GuardDutyBackend.create_detector, Detector.update = create_detector, updated


def _stamp(moment):
    """GuardDuty writes its dates as text."""
    if not isinstance(moment, dt.datetime):
        return moment
    return moment.isoformat(timespec="milliseconds").partition("+")[0] + "Z"


@registry.after("guardduty:GetDetector")
def get_detector(call, account, result):
    """AWS: CreatedAt and UpdatedAt are "timestamps" in text; Status is ENABLED or DISABLED."""
    from moto.guardduty.models import guardduty_backends
    detector = guardduty_backends[account][call.region].get_detector(call.params["DetectorId"])
    result["CreatedAt"] = _stamp(detector.created_at)
    result["UpdatedAt"] = _stamp(getattr(detector, "updated_at", None) or detector.created_at)
    return result


@registry.after("cloudtrail:GetEventSelectors")
def get_event_selectors(call, account, result):
    """AWS gives the default selector (all management events, no data events) when none was put."""
    if not result.get("EventSelectors") and not result.get("AdvancedEventSelectors"):
        result["EventSelectors"] = [{"ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": [],
                                     "ExcludeManagementEventSources": []}]
    return result
