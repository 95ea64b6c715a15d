"""Dates of creation that moto takes from the machine's clock instead of the request's.

A scenario makes last year's things; what moto dates with datetime.now() or time.time() would all be made tonight.
"""
import datetime as dt

from . import clock, registry


def _moment():
    return clock.utcnow().replace(tzinfo=dt.timezone.utc)


@registry.after("autoscaling:CreateAutoScalingGroup")
def group_made(call, account, result):
    from moto.autoscaling.models import autoscaling_backends

    group = autoscaling_backends[account][call.region].autoscaling_groups.get(call.params.get("AutoScalingGroupName"))
    if group is not None:
        group.created_time = _moment()
    return result


@registry.after("s3:CreateBucket")
def bucket_made(call, account, result):
    from moto.s3.models import s3_backends

    for backend in s3_backends[account].values():
        bucket = backend.buckets.get(call.params.get("Bucket"))
        if bucket is not None:
            bucket.creation_date = _moment()
    return result


@registry.after("secretsmanager:CreateSecret")
def secret_made(call, account, result):
    from moto.secretsmanager.models import secretsmanager_backends

    secret = secretsmanager_backends[account][call.region].secrets.get(call.params.get("Name"))
    if secret is not None:
        secret.created_date = secret.last_changed_date = int(_moment().timestamp())
    return result
