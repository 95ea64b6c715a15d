"""Copies take time: moto's EBS snapshots are complete at once.

AWS: a snapshot is "pending" until all of the modified blocks are in Amazon S3 ("How EBS snapshots work"); "error" and
"completed" are its ends. How long that takes here is the setting snapshot_ms.
"""
import copy
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

    made = Snapshot.__init__

    def init(self, *args, **kwargs):
        """AWS (CreateSnapshot): "Snapshots of encrypted volumes are automatically encrypted", with the volume's key."""
        made(self, *args, **kwargs)
        if self.encrypted and not self.kms_key_id:
            self.kms_key_id = self.volume.kms_key_id

    Snapshot.status, Snapshot.__init__ = property(status, settle), init


@registry.after("ec2:CopySnapshot")
def of_no_volume(call, account, result):
    """AWS (CopySnapshot): "Snapshots created by copying another snapshot have an arbitrary volume ID that you should not use for any
    purpose": vol-ffffffff."""
    snapshot = backend(account, call.region).snapshots[result["SnapshotId"]]
    snapshot.volume = copy.copy(snapshot.volume)
    snapshot.volume.id = "vol-ffffffff"
    return result


@registry.after("ec2:CreateImage")
def snapshot_of_its_disk(call, account, result):
    """AWS (CreateImage): the snapshots behind an image are of the instance's volumes; moto makes one of a volume of its own,
    which it deletes."""
    ec2 = backend(account, call.region)
    image = ec2.amis[result["ImageId"]]
    machine = next(one for group in list(ec2.reservations.values()) for one in list(group.instances) if one.id == call.params["InstanceId"])
    device = machine.block_device_mapping.get(machine.root_device_name)
    if device is not None and device.volume_id in ec2.volumes:
        image.ebs_snapshot.volume = ec2.volumes[device.volume_id]
    return result


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
