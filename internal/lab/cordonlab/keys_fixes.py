"""KMS, Secrets Manager, Systems Manager, Backup, the Recycle Bin, CloudWatch Logs: what moto 5.2.1 lacks or does wrong.

What it has no backend for is kept in small stores of this module, by account and region.
"""
import copy
import json
import uuid

from . import clock, dump, registry, state
from .registry import AwsError

_STORES: dict = {}


def store(name, account, region):
    """The things of one sort in one account and region, by id."""
    with state.LOCK:
        return _STORES.setdefault((name, account, region), {})


def stored(name, account):
    """(region, things) of one sort, for a dump."""
    with state.LOCK:
        return [(r, dict(v)) for (n, a, r), v in sorted(_STORES.items(), key=str) if n == name and a == account]


@registry.resetter
def reset():
    with state.LOCK:
        _STORES.clear()


def now():
    """The story's time, in whole seconds as these services tell it."""
    return clock.utcnow().replace(microsecond=0)


def missing(code, message, status=400):
    return AwsError(status, code, message)


def taken(things, key, code, message="It does not exist.", status=400):
    """The thing of this id; AWS's own error when there is none."""
    if key not in things:
        raise missing(code, message, status)
    return things[key]


# -- KMS ----------------------------------------------------------------------


def _key(call, account):
    from moto.kms.models import kms_backends

    backend = kms_backends[account][call.region]
    name = str(call.params.get("KeyId", ""))
    found = backend.keys.get(name.split("/")[-1])
    if found is None:
        raise missing("NotFoundException", f"Key 'arn:aws:kms:{call.region}:{account}:key/{name}' does not exist")
    return found


def _wrong_state(key, words):
    return missing("KMSInvalidStateException", f"{key.arn} {words}")


@registry.answers("kms:CancelKeyDeletion")
def cancel_deletion(call, account):
    """AWS (key states): "CancelKeyDeletion" of a key that waits for nothing fails; afterwards the key is Disabled."""
    key = _key(call, account)
    if key.key_state != "PendingDeletion":
        raise _wrong_state(key, "is not pending deletion.")
    key.key_state, key.enabled, key.deletion_date = "Disabled", False, None
    return {"KeyId": key.arn}


@registry.answers("kms:ScheduleKeyDeletion")
def schedule_deletion(call, account):
    """AWS: a waiting period of 7 to 30 days, 30 by default; a key that waits already is refused."""
    import datetime as dt

    key, days = _key(call, account), int(call.params.get("PendingWindowInDays") or 30)
    if key.key_state == "PendingDeletion":
        raise _wrong_state(key, "is pending deletion.")
    if not 7 <= days <= 30:
        raise missing("ValidationException", "PendingWindowInDays must be between 7 and 30")
    key.key_state, key.enabled = "PendingDeletion", False
    key.deletion_date = clock.utcnow().replace(tzinfo=None) + dt.timedelta(days=days)
    return {"KeyId": key.arn, "DeletionDate": key.deletion_date, "KeyState": "PendingDeletion", "PendingWindowInDays": days}


def _switch(call, account, on):
    key = _key(call, account)
    if key.key_state == "PendingDeletion":
        raise _wrong_state(key, "is pending deletion.")
    key.enabled, key.key_state = on, "Enabled" if on else "Disabled"
    return {}


@registry.answers("kms:EnableKey")
def enable_key(call, account):
    """AWS: neither EnableKey nor DisableKey is allowed while a key is pending deletion; moto lets both pass."""
    return _switch(call, account, True)


@registry.answers("kms:DisableKey")
def disable_key(call, account):
    return _switch(call, account, False)


@registry.after("kms:CreateGrant")
def date_grant(call, account, result):
    _key(call, account).grants[result["GrantId"]].made = now()
    return result


@registry.after("kms:ListGrants")
def dated_grants(call, account, result):
    """AWS tells when a grant was made, and by which account; moto does not."""
    key = _key(call, account)
    for grant in result.get("Grants", []):
        grant["CreationDate"] = getattr(key.grants[grant["GrantId"]], "made", now())
        grant["IssuingAccount"] = f"arn:aws:iam::{account}:root"
        grant["KeyId"] = key.arn
        for name in ("Name", "RetiringPrincipal", "Constraints"):
            if grant.get(name) is None:
                grant.pop(name, None)
    return result


@dump.service("kms")
def dump_kms(account):
    """Without the day of a deletion: one that is put back waits anew."""
    found = {}
    for region, backend in dump._backends("moto.kms.models", "kms_backends", account):
        for key in list(backend.keys.values()):
            found[f"{region}/key/{key.id}"] = {
                "state": key.key_state, "policy": dump._document(key.policy), "rotation": key.key_rotation_status,
                "grants": {g.id: g.to_json() for g in key.grants.values()},
            }
    return found


# -- Secrets Manager ------------------------------------------------------------


@registry.after("secretsmanager:ListSecrets")
def used_secrets(call, account, result):
    """AWS: LastAccessedDate, "the date that the secret was last accessed", is truncated to midnight; moto has none."""
    for secret in result.get("SecretList", []):
        seen = store("secret-reads", account, call.region).get(secret["Name"])
        if seen:
            secret["LastAccessedDate"] = seen
    return result


@registry.after("secretsmanager:GetSecretValue")
def secret_read(call, account, result):
    store("secret-reads", account, call.region)[result["Name"]] = now().replace(hour=0, minute=0, second=0)
    return result


@registry.installer
def _quiet_delete():
    """AWS answers DeleteSecret of a secret that waits for its end already as if it had just been ordered: the date stays.
    RestoreSecret of one that stands does nothing. moto refuses the first."""
    from moto.secretsmanager.models import SecretsManagerBackend

    old = SecretsManagerBackend.delete_secret

    def delete_secret(self, secret_id, recovery_window_in_days, force_delete_without_recovery):
        if secret_id in self.secrets and not force_delete_without_recovery:
            secret = self.secrets[secret_id]
            if getattr(secret, "deleted_date", None):
                return secret.arn, secret.name, secret.deleted_date
        return old(self, secret_id, recovery_window_in_days, force_delete_without_recovery)

    SecretsManagerBackend.delete_secret = delete_secret


@dump.service("secretsmanager")
def dump_secrets(account):
    found = {}
    for region, backend in dump._backends("moto.secretsmanager.models", "secretsmanager_backends", account):
        for secret in list(backend.secrets.values()):
            found[f"{region}/secret/{secret.name}"] = {
                "deleted": bool(getattr(secret, "deleted_date", None)), "policy": dump._document(getattr(secret, "policy", None)),
                "arn": secret.arn,
            }
    return found


# -- the Recycle Bin ------------------------------------------------------------


def _rule(call, account):
    return taken(store("rbin", account, call.region), call.params.get("Identifier"), "ResourceNotFoundException", "Rule not found", 404)


@registry.answers("rbin:CreateRule")
def create_rule(call, account):
    rule = {k: copy.deepcopy(v) for k, v in call.params.items() if k not in ("Tags", "LockConfiguration")}
    rule["Identifier"] = uuid.uuid4().hex[:11]
    rule["RuleArn"] = f"arn:aws:rbin:{call.region}:{account}:rule/{rule['Identifier']}"
    rule["Status"], rule["LockState"] = "available", "locked" if call.params.get("LockConfiguration") else "unlocked"
    store("rbin", account, call.region)[rule["Identifier"]] = rule
    return rule


@registry.answers("rbin:GetRule")
def get_rule(call, account):
    return copy.deepcopy(_rule(call, account))


@registry.answers("rbin:UpdateRule")
def update_rule(call, account):
    """AWS: a locked rule cannot be modified (ConflictException)."""
    rule = _rule(call, account)
    if rule["LockState"] == "locked":
        raise missing("ConflictException", "The rule is locked.", 409)
    rule.update({k: copy.deepcopy(v) for k, v in call.params.items() if k in ("RetentionPeriod", "Description")})
    return copy.deepcopy(rule)


@registry.answers("rbin:ListRules")
def list_rules(call, account):
    names = ("Identifier", "Description", "RetentionPeriod", "LockState", "RuleArn")
    rules = [r for r in store("rbin", account, call.region).values() if r["ResourceType"] == call.params["ResourceType"]]
    return {"Rules": [{k: r[k] for k in names if k in r} for r in rules]}


# -- Backup -----------------------------------------------------------------------


def _vault(call, account):
    from moto.backup.models import backup_backends

    name = call.params["BackupVaultName"]
    return taken(backup_backends[account][call.region].vaults, name, "ResourceNotFoundException", f"Backup vault {name} not found.")


@registry.answers("backup:PutBackupVaultAccessPolicy")
def put_vault_policy(call, account):
    _vault(call, account).policy = call.params["Policy"]
    return {}


@registry.answers("backup:DeleteBackupVaultAccessPolicy")
def delete_vault_policy(call, account):
    _vault(call, account).policy = None
    return {}


@registry.answers("backup:GetBackupVaultAccessPolicy")
def get_vault_policy(call, account):
    """AWS: ResourceNotFoundException for a vault that has no policy."""
    vault = _vault(call, account)
    if not getattr(vault, "policy", None):
        raise missing("ResourceNotFoundException", f"Vault {vault.backup_vault_name} has no access policy associated with it.")
    return {"BackupVaultName": vault.backup_vault_name, "BackupVaultArn": vault.backup_vault_arn, "Policy": vault.policy}


def _selections(call, account):
    return store("backup-selections/" + call.params["BackupPlanId"], account, call.region)


@registry.answers("backup:CreateBackupSelection")
def create_selection(call, account):
    one = {"SelectionId": str(uuid.uuid4()), "BackupPlanId": call.params["BackupPlanId"], "CreationDate": now(),
           "BackupSelection": copy.deepcopy(call.params["BackupSelection"])}
    _selections(call, account)[one["SelectionId"]] = one
    return {k: one[k] for k in ("SelectionId", "BackupPlanId", "CreationDate")}


@registry.answers("backup:ListBackupSelections")
def list_selections(call, account):
    return {"BackupSelectionsList": [
        {"SelectionId": s["SelectionId"], "SelectionName": s["BackupSelection"]["SelectionName"], "BackupPlanId": s["BackupPlanId"],
         "CreationDate": s["CreationDate"], "IamRoleArn": s["BackupSelection"]["IamRoleArn"]}
        for s in _selections(call, account).values()]}


@registry.answers("backup:GetBackupSelection")
def get_selection(call, account):
    return copy.deepcopy(taken(_selections(call, account), call.params["SelectionId"], "ResourceNotFoundException"))


@registry.answers("backup:DeleteBackupSelection")
def delete_selection(call, account):
    taken(_selections(call, account), call.params["SelectionId"], "ResourceNotFoundException")
    del _selections(call, account)[call.params["SelectionId"]]
    return {}


@registry.installer
def _plans_in_use():
    """AWS: "Backup plan ... can't be deleted": its selections go first (InvalidRequestException)."""
    from moto.backup.exceptions import InvalidRequestException
    from moto.backup.models import BackupBackend

    old = BackupBackend.delete_backup_plan

    def delete_backup_plan(self, backup_plan_id):
        if store("backup-selections/" + backup_plan_id, self.account_id, self.region_name):
            raise InvalidRequestException(msg="Related backup plan selections must be deleted prior to backup plan deletion")
        return old(self, backup_plan_id)

    BackupBackend.delete_backup_plan = delete_backup_plan


@dump.service("backup")
def dump_backup(account):
    found = {}
    for region, backend in dump._backends("moto.backup.models", "backup_backends", account):
        for vault in list(backend.vaults.values()):
            policy = getattr(vault, "policy", None)
            found[f"{region}/vault/{vault.backup_vault_name}"] = {"locked": vault.locked, "policy": dump._document(policy)}
        for plan in list(backend.plans.values()):
            found[f"{region}/plan/{plan.backup_plan_id}"] = {"plan": plan.backup_plan}
    for region, rules in stored("rbin", account):
        found.update({f"{region}/bin-rule/{name}": rule for name, rule in rules.items()})
    return found


# -- CloudWatch Logs --------------------------------------------------------------


def _groups(account, region):
    from moto.logs.models import logs_backends

    return logs_backends[account][region].groups


@registry.answers("logs:PutLogGroupDeletionProtection")
def protect_group(call, account):
    name = str(call.params["logGroupIdentifier"]).split(":log-group:")[-1]
    group = taken(_groups(account, call.region), name, "ResourceNotFoundException", "The specified log group does not exist.")
    group.protected = bool(call.params["deletionProtectionEnabled"])
    return {}


@registry.after("logs:DescribeLogGroups")
def protected_groups(call, account, result):
    groups = _groups(account, call.region)
    for group in result.get("logGroups", []):
        group["deletionProtectionEnabled"] = bool(getattr(groups.get(group["logGroupName"]), "protected", False))
    return result


@registry.installer
def _guarded_groups():
    """AWS: a protected log group is not deleted: "ValidationException"."""
    from moto.logs.exceptions import LogsClientError
    from moto.logs.models import LogsBackend

    old = LogsBackend.delete_log_group

    def delete_log_group(self, log_group_name):
        if getattr(self.groups.get(log_group_name), "protected", False):
            raise LogsClientError("ValidationException", "Log group has deletion protection enabled")
        return old(self, log_group_name)

    LogsBackend.delete_log_group = delete_log_group


@registry.installer
def _foreign_destinations():
    """A logs destination of another account takes logs when its policy lets us: the lab believes that it does. moto
    looks for every destination in our own account."""
    from moto.logs.models import LogsBackend

    old = LogsBackend.put_subscription_filter

    def put_subscription_filter(self, log_group_name, filter_name, filter_pattern, destination_arn, role_arn):
        parts = destination_arn.split(":")
        group = self.groups.get(log_group_name)
        if group is None or parts[2] != "logs" or parts[4] == self.account_id:
            return old(self, log_group_name, filter_name, filter_pattern, destination_arn, role_arn)
        return group.put_subscription_filter(filter_name, filter_pattern, destination_arn, role_arn)

    LogsBackend.put_subscription_filter = put_subscription_filter


@dump.service("logs")
def dump_logs(account):
    found = {}
    for region, backend in dump._backends("moto.logs.models", "logs_backends", account):
        for group in list(backend.groups.values()):
            filters = [json.loads(json.dumps(f.to_json(), default=str)) for f in group.subscription_filters.values()]
            for one in filters:
                one.pop("creationTime", None)
            found[f"{region}/log-group/{group.name}"] = {
                "retention": group.retention_in_days, "protected": bool(getattr(group, "protected", False)), "filters": dump._ordered(filters),
            }
    return found
