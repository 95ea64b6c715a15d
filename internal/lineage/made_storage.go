package lineage

import (
	"strings"

	"cordon/internal/event"
	"cordon/internal/fact"
)

// tableOf is the table in a table's name or in any ARN below it.
func tableOf(id string) string {
	if _, rest, ok := strings.Cut(id, ":table/"); ok {
		id = rest
	}
	name, _, _ := strings.Cut(id, "/")
	return name
}

// refineStorage is what the table cannot say in a line: S3's resources are where
// they are listed, a bucket in its own region, also when it was made from
// another, and the account's setting in none; and taking somebody's right to
// restore a snapshot away is no sharing.
func refineStorage(e event.Event, d *Deed) {
	switch d.Ref.Kind {
	case "s3.bucket":
		at := findOne(e, "q:CreateBucketConfiguration.LocationConstraint|q:createBucketConfiguration.locationConstraint")
		if at == "EU" { // the name that S3 had for it first
			at = "eu-west-1"
		}
		if at != "" {
			d.Ref.Region = at
		}
	case "s3.account":
		d.Ref.Region, d.Ref.ID = fact.Global, e.Account
	case "rds.snapshot", "rds.cluster-snapshot":
		if d.Wanted == Shared && find(e, "q:valuesToAdd[]|q:valuesToAdd") == nil {
			d.Change, d.Wanted = Changed, Changed
		}
	}
}

// storageRules are the calls about storage, databases and what watches. RDS
// keeps identifiers in small letters, however a call writes them.
var storageRules = []rule{
	// buckets, under CloudTrail's names: not all are the API's
	does("s3", "CreateBucket", Created, "s3.bucket", "q:bucketName"),
	does("s3", "DeleteBucket", Deleted, "s3.bucket", "q:bucketName"),
	does("s3", "PutBucketPolicy", Shared, "s3.bucket", "q:bucketName").granting(),
	does("s3", "DeleteBucketPolicy", Changed, "s3.bucket", "q:bucketName").granting(), // it may have denied
	does("s3", "PutBucketAcl", Shared, "s3.bucket", "q:bucketName").granting(),
	does("s3", "PutBucketPublicAccessBlock", Changed, "s3.bucket", "q:bucketName").granting(),
	does("s3", "DeleteBucketPublicAccessBlock", Shared, "s3.bucket", "q:bucketName").granting(),
	does("s3", "PutBucketOwnershipControls", Changed, "s3.bucket", "q:bucketName"),
	does("s3", "PutBucketVersioning", Changed, "s3.bucket", "q:bucketName"),
	does("s3", "PutBucketLifecycle", Changed, "s3.bucket", "q:bucketName"),
	does("s3", "PutBucketLifecycleConfiguration", Changed, "s3.bucket", "q:bucketName"),
	does("s3", "DeleteBucketLifecycle", Changed, "s3.bucket", "q:bucketName"),
	does("s3", "PutBucketReplication", Shared, "s3.bucket", "q:bucketName"),
	does("s3", "DeleteBucketReplication", Changed, "s3.bucket", "q:bucketName"),
	does("s3", "PutBucketEncryption", Changed, "s3.bucket", "q:bucketName"),
	does("s3", "DeleteBucketEncryption", Changed, "s3.bucket", "q:bucketName"),
	does("s3", "PutBucketNotification", Changed, "s3.bucket", "q:bucketName"),
	does("s3", "PutBucketLogging", Changed, "s3.bucket", "q:bucketName"),
	does("s3", "PutBucketWebsite", Changed, "s3.bucket", "q:bucketName"),
	does("s3", "DeleteBucketWebsite", Changed, "s3.bucket", "q:bucketName"),
	does("s3", "PutBucketCors", Changed, "s3.bucket", "q:bucketName"),
	does("s3", "PutBucketTagging", Changed, "s3.bucket", "q:bucketName"),
	does("s3", "PutBucketObjectLockConfiguration", Changed, "s3.bucket", "q:bucketName"),
	does("s3", "PutAccountPublicAccessBlock", Changed, "s3.account", "q:accountId").granting(),
	does("s3", "DeleteAccountPublicAccessBlock", Shared, "s3.account", "q:accountId").granting(),

	// databases
	does("rds", "CreateDBInstance", Created, "rds.instance", "r:dBInstanceIdentifier|q:dBInstanceIdentifier").as(strings.ToLower),
	does("rds", "CreateDBInstanceReadReplica", Created, "rds.instance", "r:dBInstanceIdentifier|q:dBInstanceIdentifier").as(strings.ToLower),
	does("rds", "RestoreDBInstanceFromDBSnapshot", Created, "rds.instance", "r:dBInstanceIdentifier|q:dBInstanceIdentifier").as(strings.ToLower),
	does("rds", "RestoreDBInstanceToPointInTime", Created, "rds.instance", "r:dBInstanceIdentifier|q:targetDBInstanceIdentifier").as(strings.ToLower),
	does("rds", "RestoreDBInstanceFromS3", Created, "rds.instance", "r:dBInstanceIdentifier|q:dBInstanceIdentifier").as(strings.ToLower),
	does("rds", "ModifyDBInstance", Changed, "rds.instance", "q:dBInstanceIdentifier").as(strings.ToLower),
	does("rds", "StopDBInstance", Changed, "rds.instance", "q:dBInstanceIdentifier").as(strings.ToLower),
	does("rds", "StartDBInstance", Changed, "rds.instance", "q:dBInstanceIdentifier").as(strings.ToLower),
	does("rds", "RebootDBInstance", Changed, "rds.instance", "q:dBInstanceIdentifier").as(strings.ToLower),
	does("rds", "AddRoleToDBInstance", Changed, "rds.instance", "q:dBInstanceIdentifier").as(strings.ToLower).granting(),
	does("rds", "DeleteDBInstance", Deleted, "rds.instance", "q:dBInstanceIdentifier").as(strings.ToLower),
	does("rds", "CreateDBCluster", Created, "rds.cluster", "r:dBClusterIdentifier|q:dBClusterIdentifier").as(strings.ToLower),
	does("rds", "RestoreDBClusterFromSnapshot", Created, "rds.cluster", "r:dBClusterIdentifier|q:dBClusterIdentifier").as(strings.ToLower),
	does("rds", "RestoreDBClusterToPointInTime", Created, "rds.cluster", "r:dBClusterIdentifier|q:dBClusterIdentifier").as(strings.ToLower),
	does("rds", "ModifyDBCluster", Changed, "rds.cluster", "q:dBClusterIdentifier").as(strings.ToLower),
	does("rds", "StopDBCluster", Changed, "rds.cluster", "q:dBClusterIdentifier").as(strings.ToLower),
	does("rds", "StartDBCluster", Changed, "rds.cluster", "q:dBClusterIdentifier").as(strings.ToLower),
	does("rds", "AddRoleToDBCluster", Changed, "rds.cluster", "q:dBClusterIdentifier").as(strings.ToLower).granting(),
	does("rds", "DeleteDBCluster", Deleted, "rds.cluster", "q:dBClusterIdentifier").as(strings.ToLower),
	does("rds", "CreateDBSnapshot", Created, "rds.snapshot", "r:dBSnapshotIdentifier|q:dBSnapshotIdentifier").as(strings.ToLower),
	does("rds", "CopyDBSnapshot", Created, "rds.snapshot", "r:dBSnapshotIdentifier|q:targetDBSnapshotIdentifier").as(strings.ToLower),
	does("rds", "ModifyDBSnapshotAttribute", Shared, "rds.snapshot", "q:dBSnapshotIdentifier").as(strings.ToLower),
	does("rds", "ModifyDBSnapshot", Changed, "rds.snapshot", "q:dBSnapshotIdentifier").as(strings.ToLower),
	does("rds", "DeleteDBSnapshot", Deleted, "rds.snapshot", "q:dBSnapshotIdentifier").as(strings.ToLower),
	does("rds", "CreateDBClusterSnapshot", Created, "rds.cluster-snapshot", "r:dBClusterSnapshotIdentifier|q:dBClusterSnapshotIdentifier").as(strings.ToLower),
	does("rds", "CopyDBClusterSnapshot", Created, "rds.cluster-snapshot", "r:dBClusterSnapshotIdentifier|q:targetDBClusterSnapshotIdentifier").as(strings.ToLower),
	does("rds", "ModifyDBClusterSnapshotAttribute", Shared, "rds.cluster-snapshot", "q:dBClusterSnapshotIdentifier").as(strings.ToLower),
	does("rds", "DeleteDBClusterSnapshot", Deleted, "rds.cluster-snapshot", "q:dBClusterSnapshotIdentifier").as(strings.ToLower),
	does("rds", "StartExportTask", Created, "rds.export-task", "r:exportTaskIdentifier|q:exportTaskIdentifier"),
	does("rds", "CancelExportTask", Changed, "rds.export-task", "q:exportTaskIdentifier"),

	// tables: a call may have the name or the ARN
	does("dynamodb", "CreateTable", Created, "dynamodb.table", "q:tableName").as(tableOf),
	does("dynamodb", "RestoreTableFromBackup", Created, "dynamodb.table", "q:targetTableName").as(tableOf),
	does("dynamodb", "RestoreTableToPointInTime", Created, "dynamodb.table", "q:targetTableName").as(tableOf),
	does("dynamodb", "ImportTable", Created, "dynamodb.table", "q:tableCreationParameters.tableName").as(tableOf),
	does("dynamodb", "UpdateTable", Changed, "dynamodb.table", "q:tableName").as(tableOf),
	does("dynamodb", "UpdateContinuousBackups", Changed, "dynamodb.table", "q:tableName").as(tableOf),
	does("dynamodb", "UpdateTimeToLive", Changed, "dynamodb.table", "q:tableName").as(tableOf),
	does("dynamodb", "PutResourcePolicy", Shared, "dynamodb.table", "q:resourceArn").as(tableOf).granting(),
	does("dynamodb", "DeleteResourcePolicy", Changed, "dynamodb.table", "q:resourceArn").as(tableOf),
	does("dynamodb", "ExportTableToPointInTime", Shared, "dynamodb.table", "q:tableArn").as(tableOf),
	does("dynamodb", "EnableKinesisStreamingDestination", Shared, "dynamodb.table", "q:tableName").as(tableOf),
	does("dynamodb", "DeleteTable", Deleted, "dynamodb.table", "q:tableName").as(tableOf),

	// file systems
	does("elasticfilesystem", "CreateFileSystem", Created, "efs.file-system", "r:fileSystemId"),
	does("elasticfilesystem", "UpdateFileSystem", Changed, "efs.file-system", "q:fileSystemId"),
	does("elasticfilesystem", "PutFileSystemPolicy", Shared, "efs.file-system", "q:fileSystemId").granting(),
	does("elasticfilesystem", "DeleteFileSystemPolicy", Shared, "efs.file-system", "q:fileSystemId").granting(), // without one everybody may mount
	does("elasticfilesystem", "CreateMountTarget", Changed, "efs.file-system", "q:fileSystemId"),
	does("elasticfilesystem", "CreateReplicationConfiguration", Shared, "efs.file-system", "q:sourceFileSystemId"),
	does("elasticfilesystem", "PutBackupPolicy", Changed, "efs.file-system", "q:fileSystemId"),
	does("elasticfilesystem", "DeleteFileSystem", Deleted, "efs.file-system", "q:fileSystemId"),

	// warehouses and search
	does("redshift", "CreateCluster", Created, "redshift.cluster", "r:clusterIdentifier|q:clusterIdentifier").as(strings.ToLower),
	does("redshift", "RestoreFromClusterSnapshot", Created, "redshift.cluster", "r:clusterIdentifier|q:clusterIdentifier").as(strings.ToLower),
	does("redshift", "ModifyCluster", Changed, "redshift.cluster", "q:clusterIdentifier").as(strings.ToLower),
	does("redshift", "ModifyClusterIamRoles", Changed, "redshift.cluster", "q:clusterIdentifier").as(strings.ToLower).granting(),
	does("redshift", "PauseCluster", Changed, "redshift.cluster", "q:clusterIdentifier").as(strings.ToLower),
	does("redshift", "DeleteCluster", Deleted, "redshift.cluster", "q:clusterIdentifier").as(strings.ToLower),
	does("es", "CreateDomain", Created, "opensearch.domain", "q:domainName"),
	does("es", "CreateElasticsearchDomain", Created, "opensearch.domain", "q:domainName"),
	does("es", "UpdateDomainConfig", Changed, "opensearch.domain", "q:domainName").granting(),
	does("es", "UpdateElasticsearchDomainConfig", Changed, "opensearch.domain", "q:domainName").granting(),
	does("es", "DeleteDomain", Deleted, "opensearch.domain", "q:domainName"),
	does("es", "DeleteElasticsearchDomain", Deleted, "opensearch.domain", "q:domainName"),

	// what watches
	does("cloudtrail", "CreateEventDataStore", Created, "cloudtrail.event-data-store", "r:eventDataStoreArn"),
	does("cloudtrail", "UpdateEventDataStore", Changed, "cloudtrail.event-data-store", "r:eventDataStoreArn|q:eventDataStore"),
	does("cloudtrail", "StartEventDataStoreIngestion", Changed, "cloudtrail.event-data-store", "q:eventDataStore"),
	does("cloudtrail", "StopEventDataStoreIngestion", Changed, "cloudtrail.event-data-store", "q:eventDataStore"),
	does("cloudtrail", "RestoreEventDataStore", Changed, "cloudtrail.event-data-store", "r:eventDataStoreArn|q:eventDataStore"),
	does("cloudtrail", "DeleteEventDataStore", Deleted, "cloudtrail.event-data-store", "q:eventDataStore"),
	does("guardduty", "CreateFilter", Created, "guardduty.filter", "r:name|q:name"),
	does("guardduty", "UpdateFilter", Changed, "guardduty.filter", "q:filterName"),
	does("guardduty", "DeleteFilter", Deleted, "guardduty.filter", "q:filterName"),
	does("guardduty", "CreateIPSet", Created, "guardduty.ip-set", "r:ipSetId"),
	does("guardduty", "UpdateIPSet", Changed, "guardduty.ip-set", "q:ipSetId"),
	does("guardduty", "DeleteIPSet", Deleted, "guardduty.ip-set", "q:ipSetId"),
	does("guardduty", "CreatePublishingDestination", Changed, detector, "q:detectorId"),
	does("guardduty", "UpdatePublishingDestination", Changed, detector, "q:detectorId"),
	does("guardduty", "AcceptAdministratorInvitation", Changed, detector, "q:detectorId"),
}
