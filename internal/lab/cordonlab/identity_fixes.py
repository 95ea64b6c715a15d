"""Who can act: IAM's groups, AWS's answers where moto is laxer than IAM."""

from __future__ import annotations

from . import registry


@registry.installer
def install():
    """AWS: AddUserToGroup of a member changes nothing; moto makes it a member twice."""
    from moto.iam.models import IAMBackend

    add = IAMBackend.add_user_to_group

    def add_user_to_group(self, group_name, user_name):
        if any(member.name == user_name for member in self.get_group(group_name).users):
            return
        add(self, group_name, user_name)

    IAMBackend.add_user_to_group = add_user_to_group
