"""The tagging API: things without tags have none.

moto keeps None for the tags of what was made without any, and GetResources then breaks.
"""
from . import registry

_ECS = ("clusters", "services", "task_definitions")
_SAGEMAKER = ("notebook_instances", "_models", "endpoints", "endpoint_configs")


def _empty(things):
    for thing in things:
        if isinstance(thing, dict):
            _empty(thing.values())
        elif getattr(thing, "tags", ()) is None:
            thing.tags = []


def _patch(models):
    inner = models.ResourceGroupsTaggingAPIBackend.get_resources

    def get_resources(self, *args, **kwargs):
        for name in _ECS:
            _empty(getattr(self.ecs_backend, name, {}).values())
        _empty(t for tasks in self.ecs_backend.tasks.values() for t in tasks.values())
        for name in _SAGEMAKER:
            _empty(getattr(self.sagemaker_backend, name, {}).values())
        return inner(self, *args, **kwargs)

    models.ResourceGroupsTaggingAPIBackend.get_resources = get_resources


def _patch_sagemaker(backend):
    inner = backend.list_tags

    def list_tags(self, arn, *args, **kwargs):
        try:
            return inner(self, arn, *args, **kwargs)
        except AttributeError:  # a kind that moto keeps without tags
            return [], None

    backend.list_tags = list_tags


@registry.installer
def install():
    from moto.resourcegroupstaggingapi import models

    _patch(models)
    _patch_sagemaker(models.SageMakerModelBackend)
