"""Storage and databases: what moto 5.2.1 leaves out of S3, RDS, DynamoDB, EFS and Redshift, and their pictures."""
import json
import re

from . import dump, registry, wire
from .pages import token_page
from .registry import AwsError


# ---- S3 -------------------------------------------------------------------------------------------------------------

def _s3(account):
    from moto.s3.models import s3_backends
    return s3_backends[account]["aws"]


@registry.installer
def install():
    """moto cuts ListBuckets at MaxBuckets and gives no token: it is made to give all, and the page is cut below."""
    from moto.s3.models import S3Backend
    whole = S3Backend.list_buckets

    def list_buckets(self, prefix=None, bucket_region=None, max_buckets=None):
        return sorted(whole(self, prefix, bucket_region, None), key=lambda bucket: bucket.name)

    S3Backend.list_buckets = list_buckets


@registry.after("s3:ListBuckets")
def list_buckets(call, account, result):
    """AWS: each bucket has its BucketRegion; MaxBuckets is 10,000 when not given, with ContinuationToken."""
    for bucket in result.get("Buckets") or []:
        bucket["BucketRegion"] = _s3(account).buckets[bucket["Name"]].region_name
    wanted = call.params.get("BucketRegion")
    if wanted and wanted != call.region:
        raise AwsError(400, "InvalidArgument", "Requests made to a Regional endpoint that is different from the "
                                               "bucket-region parameter are not supported.")
    return token_page(result, "Buckets", int(call.params.get("MaxBuckets") or 10000),
                      call.params.get("ContinuationToken"), "s3:ListBuckets",
                      AwsError(400, "InvalidArgument", "The continuation token provided is incorrect"),
                      "ContinuationToken")


@registry.answers("s3:GetBucketPolicyStatus")
def get_bucket_policy_status(call, account):
    """AWS: "A policy is public if it grants access to a principal that is not fixed"; moto's answer is empty."""
    bucket = _s3(account).get_bucket(call.params["Bucket"])
    if not bucket.policy:
        raise AwsError(404, "NoSuchBucketPolicy", "The bucket policy does not exist")
    statements = json.loads(bucket.policy).get("Statement") or []
    open_ = any(s.get("Effect") == "Allow" and s.get("Principal") in ("*", {"AWS": "*"}) and not s.get("Condition")
                for s in ([statements] if isinstance(statements, dict) else statements))
    return {"PolicyStatus": {"IsPublic": open_}}


def _held(value):
    """What an object of moto's holds, all the way down."""
    if isinstance(value, dict):
        return {str(k): _held(v) for k, v in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [_held(v) for v in value]
    return _held(vars(value)) if hasattr(value, "__dict__") else value


#: how S3 names the access logs that it writes by itself: looking at a bucket makes them
_ACCESS_LOG = re.compile(r"\d{4}(-\d\d){5}-[0-9A-F]{16}$")


@dump.service("s3")
def buckets(account):
    found = {}
    for region, backend in dump._backends("moto.s3.models", "s3_backends", account):
        for name, bucket in list(backend.buckets.items()):
            keys = [key for key in bucket.keys if not _ACCESS_LOG.search(key)]
            acl = _held(bucket.acl.grants) if bucket.acl else []
            found[f"bucket/{name}"] = {
                "policy": dump._document((bucket.policy or b"").decode()), "versioning": bucket.versioning_status,
                "acl": dump._ordered(acl), "encryption": bucket.encryption, "block": _held(bucket.public_access_block),
                "rules": _held(bucket.rules), "replication": _held(getattr(bucket, "replication", None)),
                "logging": bucket.logging or {}, "notify": _held(bucket.notification_configuration) or {},
                "objects": {key: [getattr(v, "version_id", None) for v in bucket.keys.getlist(key)] for key in keys},
            }
    return found


# ---- RDS ------------------------------------------------------------------------------------------------------------

def _rds(account, region):
    from moto.rds.models import rds_backends
    return rds_backends[account][region]


@registry.installer
def tell_databases_apart():
    """AWS: DbiResourceId is "The Amazon Web Services Region-unique, immutable identifier for the DB instance", and DbClusterResourceId
    a cluster's, on their snapshots too; moto gives one DbiResourceId to all."""
    import uuid

    from moto.rds.models import DBClusterSnapshot, DBInstance
    instance, snapshot = DBInstance.__init__, DBClusterSnapshot.__init__

    def init(self, *args, **kwargs):
        instance(self, *args, **kwargs)
        self.dbi_resource_id = "db-" + uuid.uuid4().hex[:26].upper()

    def init_snapshot(self, *args, **kwargs):
        snapshot(self, *args, **kwargs)
        self.db_cluster_resource_id = self.cluster.db_cluster_resource_id

    DBInstance.__init__, DBClusterSnapshot.__init__ = init, init_snapshot


@registry.installer
def demand_final_snapshots():
    """AWS: without SkipFinalSnapshot a FinalDBSnapshotIdentifier is required ("InvalidParameterCombination"), but for
    a member of a cluster and a read replica; moto deletes all the same."""
    from moto.rds import exceptions, models
    instance = models.RDSBackend.delete_db_instance

    def delete_db_instance(self, db_instance_identifier, final_db_snapshot_identifier=None, skip_final_snapshot=False,
                           *args, **kwargs):
        one = self.databases.get(db_instance_identifier)
        own = one is not None and not getattr(one, "is_replica", False) and not getattr(one, "db_cluster_identifier", None)
        if own and not skip_final_snapshot and not final_db_snapshot_identifier:
            raise exceptions.InvalidParameterCombination(
                "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.")
        return instance(self, db_instance_identifier, final_db_snapshot_identifier, skip_final_snapshot, *args, **kwargs)

    models.RDSBackend.delete_db_instance = delete_db_instance


@registry.after("rds:StartExportTask")
def start_export(call, account, result):
    """moto's task is complete at once. AWS: STARTING, IN_PROGRESS, COMPLETE, for hours."""
    task = _rds(account, call.region).export_tasks[call.params["ExportTaskIdentifier"]]
    task.status = result["Status"] = "IN_PROGRESS"
    return result


def _once(result, member, listed):
    """AWS's list of who may restore a snapshot is a set; moto adds what is there already."""
    for attribute in (result.get(member) or {}).get(listed) or []:
        attribute["AttributeValues"] = list(dict.fromkeys(attribute.get("AttributeValues") or []))
    return result


@registry.after("rds:ModifyDBSnapshotAttribute")
def modify_snapshot_attribute(call, account, result):
    held = _rds(account, call.region).database_snapshots[call.params["DBSnapshotIdentifier"]].attributes
    for name, values in list(held.items()):
        held[name] = list(dict.fromkeys(values))
    return _once(result, "DBSnapshotAttributesResult", "DBSnapshotAttributes")


@registry.after("rds:ModifyDBClusterSnapshotAttribute")
def modify_cluster_snapshot_attribute(call, account, result):
    held = _rds(account, call.region).cluster_snapshots[call.params["DBClusterSnapshotIdentifier"]].attributes
    for name, values in list(held.items()):
        held[name] = list(dict.fromkeys(values))
    return _once(result, "DBClusterSnapshotAttributesResult", "DBClusterSnapshotAttributes")


def _sorted(attributes):
    return {name: sorted(values) for name, values in attributes.items()}


@dump.service("rds")
def databases(account):
    found = {}
    for region, backend in dump._backends("moto.rds.models", "rds_backends", account):
        for name, one in list(backend.databases.items()):
            found[f"{region}/instance/{name}"] = {
                "status": one.status, "public": one.publicly_accessible, "backup": one.backup_retention_period,
                "protected": one.deletion_protection, "groups": list(one.vpc_security_group_ids or [])}
        for name, one in list(backend.clusters.items()):
            found[f"{region}/cluster/{name}"] = {
                "status": one.status, "backup": one.backup_retention_period, "protected": one.deletion_protection}
        for name, one in list(backend.database_snapshots.items()):
            found[f"{region}/snapshot/{name}"] = {"status": one.status, "shared": _sorted(one.attributes)}
        for name, one in list(backend.cluster_snapshots.items()):
            found[f"{region}/cluster-snapshot/{name}"] = {"status": one.status, "shared": _sorted(one.attributes)}
    return found


# ---- DynamoDB -------------------------------------------------------------------------------------------------------

@registry.answers("dynamodb:DeleteResourcePolicy")
def delete_resource_policy(call, account):
    """AWS: "DeleteResourcePolicy is an idempotent operation; running it multiple times on the same resource doesn't
    result in an error response"; moto says that the table is not there."""
    from moto.dynamodb.models import dynamodb_backends
    backend, wanted = dynamodb_backends[account][call.region], call.params["ResourceArn"]
    if not any(one.table_arn == wanted for one in backend.tables.values()):
        raise AwsError(400, "ResourceNotFoundException", f"Requested resource not found: {wanted}")
    backend.resource_policies.pop(wanted, None)
    return {}


@registry.installer
def tell_tables_apart():
    """AWS: TableId is the "Unique identifier for the table for which the backup was created"; moto has none, of tables neither."""
    import uuid

    from moto.dynamodb.models.table import Backup, Table
    made, described, summed = Table.__init__, Table.describe, Backup.summary.fget

    def init(self, *args, **kwargs):
        made(self, *args, **kwargs)
        self.table_id = str(uuid.uuid4())

    def describe(self, base_key="TableDescription"):
        results = described(self, base_key)
        results[base_key]["TableId"] = self.table_id
        return results

    Table.__init__, Table.describe = init, describe
    Backup.summary = property(lambda self: {**summed(self), "TableId": self.table.table_id})


@dump.service("dynamodb")
def tables(account):
    found = {}
    for region, backend in dump._backends("moto.dynamodb.models", "dynamodb_backends", account):
        for name, one in list(backend.tables.items()):
            found[f"{region}/table/{name}"] = {
                "protected": one.deletion_protection_enabled, "recovery": one.continuous_backups,
                "policy": getattr(backend.resource_policies.get(one.table_arn), "policy_doc", None)
                if hasattr(backend, "resource_policies") else None, "items": len(list(one.all_items()))}
        for arn in list(backend.backups):
            found[f"{region}/backup/{arn}"] = {}
    return found


# ---- EFS ------------------------------------------------------------------------------------------------------------

def _file_system(call, account):
    from moto.efs.models import efs_backends
    wanted = call.params["FileSystemId"]
    found = efs_backends[account][call.region].file_systems_by_id.get(wanted)
    if found is None:
        raise AwsError(404, "FileSystemNotFound", f"File system '{wanted}' does not exist.")
    return found


@registry.answers("efs:DeleteFileSystemPolicy")
def delete_file_system_policy(call, account):
    """AWS: "Deletes the FileSystemPolicy for the specified file system"; the default policy takes effect."""
    _file_system(call, account).file_system_policy = None
    return {}


@dump.service("efs")
def file_systems(account):
    found = {}
    for region, backend in dump._backends("moto.efs.models", "efs_backends", account):
        for name, one in list(backend.file_systems_by_id.items()):
            found[f"{region}/file-system/{name}"] = {"policy": dump._document(one.file_system_policy)}
        for name in list(backend.mount_targets_by_id):
            found[f"{region}/mount-target/{name}"] = {}
    return found


# OpenSearch signs as "es", the name of its older API.
wire.SIGNING_NAMES.setdefault("es", ["opensearch", "es"])


@registry.after("opensearch:UpdateDomainConfig")
def update_domain_config(call, account, result):
    """AWS takes an empty text for no access policy; moto keeps the one before."""
    from moto.opensearch.models import opensearch_backends
    if call.params.get("AccessPolicies") == "":
        opensearch_backends[account][call.region].domains[call.params["DomainName"]].access_policies = ""
    return result


# ---- Redshift, OpenSearch -------------------------------------------------------------------------------------------

@dump.service("redshift")
def warehouses(account):
    found = {}
    for region, backend in dump._backends("moto.redshift.models", "redshift_backends", account):
        for name, one in list(backend.clusters.items()):
            found[f"{region}/cluster/{name}"] = {"status": one.status, "public": one.publicly_accessible}
        for name in list(backend.snapshots):
            found[f"{region}/snapshot/{name}"] = {}
    return found


@dump.service("opensearch")
def domains(account):
    found = {}
    for region, backend in dump._backends("moto.opensearch.models", "opensearch_backends", account):
        for name, one in list(backend.domains.items()):
            found[f"{region}/domain/{name}"] = {"policy": str(one.access_policies)}
    return found
