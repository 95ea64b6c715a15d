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
    # Not get_instance(), which copies every instance and breaks while another call changes one.
    machines = {one.id: one for group in list(backend(account, call.region).reservations.values()) for one in list(group.instances)}
    for volume in result.get("Volumes") or []:
        for attachment in volume.get("Attachments") or []:
            machine = machines.get(attachment["InstanceId"])
            device = machine.block_device_mapping.get(attachment.get("Device")) if machine else None
            attachment["DeleteOnTermination"] = bool(device is not None and device.delete_on_termination)
    return result
