"""moto without what it does again for every request.

Measured with stack samples while a triage of every kind ran: of the time of all
requests, four fifths went into waiting for the one lock under which moto looks
up who answers a host (by listing its own folder and trying 190 patterns), and
most of the rest into listing botocore's folder of models. None of it changes
while the lab runs, so it is done once.
"""

from __future__ import annotations

import functools
from typing import Any

from . import state

#: What a look at a whole account asks, in moto's words; loaded before a lab is copied.
_SERVICES = (
    "account amp apigateway appconfig athena autoscaling awslambda backup batch bedrock budgets"
    " ce cloudformation cloudfront cloudtrail cloudwatch codebuild codepipeline cognitoidentity"
    " cognitoidp config dynamodb ec2 ecr ecs efs eks elasticache elasticbeanstalk elb elbv2 emr"
    " es events firehose glue guardduty iam identitystore kafka kinesis kms logs organizations"
    " quicksight ram rds redshift resourcegroupstaggingapi route53 route53domains s3 s3control"
    " sagemaker scheduler secretsmanager securityhub servicequotas ses sesv2 sns sqs ssm ssoadmin"
    " stepfunctions sts support transfer wafv2"
).split()

#: moto's own pages, which its dispatcher must see
_OWN = ("/moto-api", "/favicon.ico", "/latest/meta-data/", "/latest/api/")


def install() -> None:
    """Once, before the first request."""
    import botocore.loaders
    import botocore.session
    import moto.backends
    import moto.core.responses
    import moto.core.utils

    # Two of them: an S3 client changes the model that its loader holds.
    for module in (moto.core.utils, botocore.session):
        module.create_loader = _once(botocore.loaders.create_loader)
    modules = tuple(moto.backends.list_of_moto_modules())
    moto.backends.list_of_moto_modules = lambda: modules
    names = functools.lru_cache(None)(moto.core.utils.method_names_from_class)
    moto.core.responses.method_names_from_class = names
    _backends()


def _once(create: Any) -> Any:
    """One loader, which has listed what there is, in place of many."""
    make = functools.lru_cache(None)(create)

    def shared(path: Any = None) -> Any:
        return make(path)

    for models in ("service-2", "paginators-1"):
        shared().list_available_services(models)
    return shared


@functools.cache
def warm(dispatch: Any) -> None:
    """Load what every copy of this lab would load for itself, a second each:
    the services' models and code, and the policies that AWS manages.

    Nothing of it is seen in the account.
    """
    import boto3.session
    from moto.backends import get_backend
    from moto.core.utils import get_service_model

    models = set(boto3.session.Session().get_available_services())
    for service in _SERVICES:
        backends = get_backend(service)
        backends[state.DEFAULT_ACCOUNT]
        if backends.service_name in models:
            get_service_model(backends.service_name)
        with dispatch.lock:
            if service not in dispatch.app_instances:
                dispatch.app_instances[service] = dispatch.create_app(service)
    get_backend("iam")[state.DEFAULT_ACCOUNT]["aws"]


def _backends() -> None:
    """An account's backends without a lock, once they are made."""
    from moto.core.base_backend import BackendDict

    slow = BackendDict.__getitem__

    def quick(self: Any, account: str) -> Any:
        made = self.get(account)
        return slow(self, account) if made is None else made

    BackendDict.__getitem__ = quick


def dispatcher(create_app: Any) -> Any:
    """moto's dispatcher, which asks for the lock only to make an application."""
    from moto.moto_server.werkzeug_app import (
        DEFAULT_SERVICE_REGION,
        DomainDispatcherApplication,
    )

    class Dispatcher(DomainDispatcherApplication):
        def get_application(self, environ: dict[str, Any]) -> Any:
            path = environ.get("PATH_INFO", "")
            if isinstance(path, bytes) or path.startswith(_OWN):
                return super().get_application(environ)
            host = self.infer_service_region_host(environ, path)
            if host is None:
                service, region = DEFAULT_SERVICE_REGION
                host = f"{service}.{region}.amazonaws.com"
            backend = self._backend_of(host)
            app = self.app_instances.get(backend)
            if app is not None:
                return app
            with self.lock:
                if backend not in self.app_instances:
                    self.app_instances[backend] = self.create_app(backend)
                return self.app_instances[backend]

        @functools.lru_cache(4096)
        def _backend_of(self, host: str) -> Any:
            return self.get_backend_for_host(host)

    return Dispatcher(create_app)
