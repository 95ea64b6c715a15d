"""Loading moto with our account number and our clock, and then the modules that mend it."""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any

from . import clock, faults, quicker, registry, seeding, state, trail

#: The modules that mend moto, in the order in which they are loaded.
MODULES = [
    "lookup",
    "account",
    "identity",
    "sts_calls",
    "iam_users",
    "iam_service_credentials",
    "iam_policies",
    "iam_reports",
    "iam_certs",
    "ec2_fixes",
    "lambda_fixes",
    "lambda_code",
    "trail_fixes",
    "digests",
    "delivery",
    "paging",
    "dates",
    "tagging_fixes",

    # compute
    "compute_fixes",

    # network
    "network_fixes",

    # containers
    "containers_fixes",

    # machine learning
    "ml_fixes",

    # messaging
    "messaging_fixes",
    "lightsail_fixes",

    # building and applications
    "apps_fixes",

    # serverless
    "serverless_fixes",

    # storage and databases
    "storage_fixes",
    "storage_lake_fixes",

    # keys, secrets and backups

    "copies_fixes",
    "keys_fixes",
    "ssm_fixes",

    # watching

    "watching_fixes",

    # directory, domains and the rest
    "identity_fixes",
    "identity_anywhere",
    "identity_sso",
    "identity_org",

    "edge_fixes",

    # where evidence is copied to
    "depot_fixes",

    # letters
    "support_fixes",

    # so that it does not happen again
    "harden_fixes",
    # the bill
    "bill_fixes",
]


def load() -> Any:
    """Load moto with our account number and our clock, then the modules."""
    os.environ.setdefault("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")
    os.environ.setdefault("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
    os.environ["MOTO_DISABLE_GLOBAL_CORS"] = "true"
    os.environ.pop("MOTO_ACCOUNT_ID", None)  # it would be every caller's account
    os.environ.pop("INITIAL_NO_AUTH_ACTION_COUNT", None)
    _set_account()
    clock.install()
    from moto.core.config import default_user_config
    from moto.moto_server.werkzeug_app import create_backend_app

    default_user_config["lambda"]["use_docker"] = False
    default_user_config["batch"]["use_docker"] = False
    for name in MODULES:
        importlib.import_module(f"{__package__}.{name}")
    for install in registry.INSTALLERS:
        install()
    quicker.install()
    return quicker.dispatcher(create_backend_app)


def _set_account() -> None:
    """Make moto's default account ours.

    moto has it as a constant, which each module imports by name: it must be
    replaced before any backend is loaded.
    """
    import moto.core
    import moto.core.models

    old = moto.core.models.DEFAULT_ACCOUNT_ID
    for module in list(sys.modules.values()):
        if getattr(module, "__name__", "").startswith("moto"):
            if getattr(module, "DEFAULT_ACCOUNT_ID", None) == old:
                module.DEFAULT_ACCOUNT_ID = state.DEFAULT_ACCOUNT


def reset() -> None:
    """An empty account: moto's backends, the trail, faults, settings."""
    from moto.moto_api._internal.models import moto_api_backend

    moto_api_backend.reset()
    state.reset()
    trail.reset()
    faults.clear()
    seeding.reset()
    for function in registry.RESETTERS:
        function()
