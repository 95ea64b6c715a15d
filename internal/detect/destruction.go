package detect

import (
	"slices"
	"strconv"
	"time"

	"cordon/internal/finding"
	"cordon/internal/policy"
)

// destruction is data lost, locked or held for ransom, and what would have
// brought it back.
var destruction = []Detection{
	{
		// The key is the caller's: AWS never stores the one, and asks the other's
		// account for the other.
		ID: "s3.ransom-key", Severity: finding.Critical, Attack: []string{"T1486"}, Args: []string{"bucket"}, Habit: "call",
		On: on("s3:CopyObject PutBucketEncryption"),
		Match: func(l *look) bool {
			const by = ".ApplyServerSideEncryptionByDefault.KMSMasterKeyID"
			account := accountIn(l.one("ServerSideEncryptionConfiguration.Rule"+by, "ServerSideEncryptionConfiguration.Rule[]"+by, "ServerSideEncryptionConfiguration.Rules[]"+by))
			return l.names("bucket", l.one("bucketName")) && (l.has("x-amz-server-side-encryption-customer-algorithm") || account != "" && account != l.account())
		},
	},
	{
		ID: "s3.soon-expired", Severity: finding.High, Attack: []string{"T1485"}, Args: []string{"bucket", "days"},
		On: on("s3:PutBucketLifecycle PutBucketLifecycleConfiguration"),
		Match: func(l *look) bool {
			l.arg("bucket", l.one("bucketName"))
			const rule = "LifecycleConfiguration.Rule"
			for _, days := range slices.Concat(l.req(rule+"[].Expiration.Days"), l.req(rule+"s[].Expiration.Days"), l.req(rule+"[].NoncurrentVersionExpiration.NoncurrentDays")) {
				if n, err := strconv.Atoi(days); err == nil && n <= 7 {
					return l.names("days", days)
				}
			}
			return false
		},
	},
	{
		ID: "s3.safety-off", Severity: finding.High, Attack: []string{"T1490"}, Args: []string{"bucket", "what"},
		On: on("s3:PutBucketVersioning DeleteBucketReplication"),
		Match: func(l *look) bool {
			const c = "VersioningConfiguration."
			status, mfa := l.one(c+"Status"), l.one(c+"MfaDelete", c+"MFADelete")
			if l.Name != "PutBucketVersioning" {
				l.severity(finding.Medium)
			}
			return l.names("bucket", l.one("bucketName")) && l.names("what", l.Name) &&
				(l.Name != "PutBucketVersioning" || status == "Suspended" || status == "Disabled" || mfa == "Disabled")
		},
	},
	{
		ID: "s3.objects-deleted", Severity: finding.High, Attack: []string{"T1485"}, Args: []string{"count"}, Columns: true, Habit: "call",
		On:    on("s3:DeleteObject DeleteObjects DeleteObjectVersion"),
		Burst: &burst{Within: 10 * time.Minute, Count: 100, Console: 300, Of: byEvent},
	},
	{
		ID: "kms.key-lost", Severity: finding.High, Attack: []string{"T1485", "T1490"}, Args: []string{"key"},
		On: on("kms:ScheduleKeyDeletion DisableKey DeleteImportedKeyMaterial DeleteCustomKeyStore PutKeyPolicy"),
		Match: func(l *look) bool {
			l.arg("key", l.one("keyId", "customKeyStoreId"))
			switch l.Name {
			case "DisableKey":
				l.severity(finding.Medium)
			case "PutKeyPolicy":
				return lockedOut(l)
			}
			return true
		},
	},
	{
		ID: "backup.deleted", Severity: finding.Low, Confidence: finding.Ask, Attack: []string{"T1490", "T1485"}, Args: []string{"what"}, Habit: "call",
		On: on("ec2:DeleteSnapshot DeregisterImage", "rds:DeleteDBSnapshot DeleteDBClusterSnapshot DeleteDBInstanceAutomatedBackup", "backup:DeleteRecoveryPoint DeleteBackupVault",
			"dynamodb:DeleteBackup", "redshift:DeleteClusterSnapshot", "elasticache:DeleteSnapshot", "fsx:DeleteBackup"),
		Match: func(l *look) bool {
			what := l.one("snapshotId", "imageId", "dBSnapshotIdentifier", "dBClusterSnapshotIdentifier", "dbiResourceId", "recoveryPointArn", "backupVaultName", "backupArn",
				"snapshotIdentifier", "snapshotName", "backupId")
			many := l.spree(what) >= 5
			if many {
				l.severity(finding.High)
				l.confidence(finding.Probable)
			}
			return l.names("what", what) && !hosted(l.Agent) && (many || !l.console)
		},
	},
	{
		ID: "backup.guard-off", Severity: finding.High, Attack: []string{"T1490"}, Args: []string{"what"},
		On: on("backup:DeleteBackupVaultLockConfiguration DeleteBackupPlan DisassociateRecoveryPoint UpdateRecoveryPointLifecycle", "rbin:DeleteRule UpdateRule UnlockRule",
			"ec2:UnlockSnapshot DisableImageDeregistrationProtection", "rds:ModifyDBInstance ModifyDBCluster"),
		Match: func(l *look) bool {
			if l.Service() == "rds" {
				return l.names("what", databaseName(l)) && l.one("backupRetentionPeriod") == "0"
			}
			return l.names("what", l.one("backupVaultName", "backupPlanId", "identifier", "snapshotId", "imageId"))
		},
	},
	{
		ID: "instances.destroyed", Severity: finding.High, Attack: []string{"T1485", "T1578.003"}, Args: []string{"count"}, Habit: "call",
		On:    on("ec2:TerminateInstances"),
		Burst: &burst{Within: 15 * time.Minute, Count: 10, Console: 20, Of: each("instancesSet.items[].instanceId")},
	},
	{
		ID: "data.deleted", Severity: finding.Low, Confidence: finding.Ask, Attack: []string{"T1485"}, Args: []string{"what"}, Habit: "call",
		On: on("s3:DeleteBucket", "rds:DeleteDBInstance DeleteDBCluster DeleteGlobalCluster", "dynamodb:DeleteTable", "redshift:DeleteCluster", "elasticfilesystem:DeleteFileSystem",
			"sqs:PurgeQueue", "secretsmanager:DeleteSecret"),
		Match: func(l *look) bool {
			final := l.one("skipFinalSnapshot", "skipFinalClusterSnapshot", "forceDeleteWithoutRecovery") == "true"
			if final || l.Service() == "sqs" {
				l.severity(finding.Medium)
			}
			what := l.one("bucketName", "dBInstanceIdentifier", "dBClusterIdentifier", "globalClusterIdentifier", "tableName", "clusterIdentifier", "fileSystemId", "queueUrl", "secretId")
			return l.names("what", lastPart(what)) && (final || l.Service() != "secretsmanager" && !l.console)
		},
	},
}

// lockedOut says whether a key's policy leaves nobody of the account in: only
// AWS Support brings such a key back.
func lockedOut(l *look) bool {
	d, ok := l.policyAt("policy")
	if !ok || l.account() == "" {
		return false
	}
	for _, t := range policy.TrustOf(d, l.account()) {
		if t.Wildcard || accountIn(t.Principal) == l.account() {
			return false
		}
	}
	return true
}
