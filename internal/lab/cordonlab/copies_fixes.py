"""Copies take time: moto's EBS snapshots are complete at once.

AWS: a snapshot is "pending" until all of the modified blocks are in Amazon S3 ("How EBS snapshots work"); "error" and
"completed" are its ends. How long that takes here is the setting snapshot_ms.
"""
import datetime as dt

from . import clock, registry, state
from .ec2_fixes import backend


@registry.installer
def install():
    from moto.ec2.models.elastic_block_store import Snapshot

    def status(self):
        taken = clock.utcnow() - clock.naive(self.start_time)
        done = self._status == "completed" and taken >= dt.timedelta(milliseconds=state.setting("snapshot_ms"))
        return "completed" if done else "pending" if self._status == "completed" else self._status

    def settle(self, value):
        self._status = value

    Snapshot.status = property(status, settle)


@registry.after("ec2:DescribeVolumes")
def told_to_go(call, account, result):
    """AWS: an attachment's DeleteOnTermination "Indicates whether the EBS volume is deleted on instance termination"."""
    for volume in result.get("Volumes") or []:
        for attachment in volume.get("Attachments") or []:
            instance = backend(account, call.region).get_instance(attachment["InstanceId"])
            device = instance.block_device_mapping.get(attachment.get("Device"))
            attachment["DeleteOnTermination"] = bool(device is not None and device.delete_on_termination)
    return result
