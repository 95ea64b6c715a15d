"""What hardening an account sets that moto 5.2.1 does not know: defaults of instance metadata, analyzers that go away."""
from . import registry
from .ec2_fixes import _settings
from .keys_fixes import missing, store
from .registry import AwsError

TOKENS = ("optional", "required", "no-preference")


# ---- EC2: defaults of instance metadata -----------------------------------------------------------------------------

@registry.answers("ec2:GetInstanceMetadataDefaults")
def metadata_defaults(call, account):
    """AWS: AccountLevel has what was set; HttpTokens is absent where there is no preference."""
    found = _settings(account, call.region).get("metadata", {})
    return {"AccountLevel": {**found, "ManagedBy": "account"}} if found else {"AccountLevel": {"ManagedBy": "account"}}


@registry.answers("ec2:ModifyInstanceMetadataDefaults")
def modify_metadata_defaults(call, account):
    """AWS: "If you specify a value of no-preference, the account-level setting is removed"; what is not named stays."""
    tokens = call.params.get("HttpTokens")
    if tokens is not None and tokens not in TOKENS:
        raise AwsError(400, "InvalidParameterValue", f"Value ({tokens}) for parameter httpTokens is invalid.")
    settings = _settings(account, call.region)
    kept = dict(settings.get("metadata", {}))
    if tokens == "no-preference":
        kept.pop("HttpTokens", None)
    elif tokens is not None:
        kept["HttpTokens"] = tokens
    settings.pop("metadata", None)
    if kept:
        settings["metadata"] = kept
    return {"Return": True}


# ---- Access Analyzer ------------------------------------------------------------------------------------------------

@registry.answers("accessanalyzer:DeleteAnalyzer")
def delete_analyzer(call, account):
    """AWS: its archive rules and findings go with it."""
    name, analyzers = call.params["analyzerName"], store("analyzer", account, call.region)
    if name not in analyzers:
        raise missing("ResourceNotFoundException", "Analyzer not found", 404)
    del analyzers[name]
    store("archive-rule/" + name, account, call.region).clear()
    return {}
