package lineage

import "strings"

const (
	kmsKey      = "kms.key"
	kmsGrant    = "kms.grant"
	secretKind  = "secretsmanager.secret"
	ssmDocument = "ssm.document"
	association = "ssm.association"
	vaultKind   = "backup.vault"
	backupPlan  = "backup.plan"
	binRule     = "rbin.rule"
	logGroup    = "logs.log-group"
)

// secretName finds the name in what Secrets Manager accepts: a name, or an ARN
// that ends in the name, "-" and six characters.
func secretName(id string) string {
	_, name, ok := strings.Cut(id, ":secret:")
	if !ok {
		return id
	}
	if i := len(name) - 7; i > 0 && name[i] == '-' {
		name = name[:i]
	}
	return name
}

// keysRules are the kinds of keys, secrets and backups. A key called by its
// alias is named in the response where there is one. PutParameter writes a
// parameter anew or over another: the first version is a creation.
var keysRules = []rule{
	does("kms", "CreateKey", Created, kmsKey, "r:keyMetadata.keyId"),
	does("kms", "DisableKey", Changed, kmsKey, "r:keyId|q:keyId").as(after("/")),
	does("kms", "EnableKey", Changed, kmsKey, "r:keyId|q:keyId").as(after("/")),
	does("kms", "ScheduleKeyDeletion", Deleted, kmsKey, "r:keyId|q:keyId").as(after("/")),
	does("kms", "CancelKeyDeletion", Changed, kmsKey, "r:keyId|q:keyId").as(after("/")),
	does("kms", "PutKeyPolicy", Changed, kmsKey, "r:keyId|q:keyId").as(after("/")).granting(),
	does("kms", "DeleteImportedKeyMaterial", Changed, kmsKey, "r:keyId|q:keyId").as(after("/")),
	does("kms", "ImportKeyMaterial", Changed, kmsKey, "r:keyId|q:keyId").as(after("/")),
	does("kms", "DisableKeyRotation", Changed, kmsKey, "r:keyId|q:keyId").as(after("/")),
	does("kms", "UpdateAlias", Changed, kmsKey, "q:targetKeyId").as(after("/")),
	does("kms", "CreateGrant", Created, kmsGrant, "r:grantId").granting(),
	does("kms", "CreateGrant", Shared, kmsKey, "r:keyId|q:keyId").as(after("/")).granting(),
	does("kms", "RevokeGrant", Deleted, kmsGrant, "q:grantId"),
	does("kms", "RetireGrant", Deleted, kmsGrant, "q:grantId|r:grantId"),

	does("secretsmanager", "CreateSecret", Created, secretKind, "r:name|q:name|r:arn|r:aRN").as(secretName),
	does("secretsmanager", "UpdateSecret", Changed, secretKind, "r:name|q:secretId").as(secretName),
	does("secretsmanager", "PutSecretValue", Changed, secretKind, "r:name|q:secretId").as(secretName),
	does("secretsmanager", "RotateSecret", Changed, secretKind, "r:name|q:secretId").as(secretName),
	does("secretsmanager", "CancelRotateSecret", Changed, secretKind, "r:name|q:secretId").as(secretName),
	does("secretsmanager", "PutResourcePolicy", Shared, secretKind, "r:name|q:secretId").as(secretName).granting(),
	does("secretsmanager", "DeleteResourcePolicy", Changed, secretKind, "r:name|q:secretId").as(secretName),
	does("secretsmanager", "ReplicateSecretToRegions", Changed, secretKind, "q:secretId").as(secretName),
	does("secretsmanager", "RemoveRegionsFromReplication", Changed, secretKind, "q:secretId").as(secretName),
	does("secretsmanager", "RestoreSecret", Changed, secretKind, "r:name|q:secretId").as(secretName),
	does("secretsmanager", "DeleteSecret", Deleted, secretKind, "r:name|q:secretId").as(secretName),

	does("ssm", "CreateDocument", Created, ssmDocument, "r:documentDescription.name|q:name"),
	does("ssm", "UpdateDocument", Changed, ssmDocument, "q:name"),
	does("ssm", "UpdateDocumentDefaultVersion", Changed, ssmDocument, "q:name"),
	does("ssm", "ModifyDocumentPermission", Shared, ssmDocument, "q:name"),
	does("ssm", "DeleteDocument", Deleted, ssmDocument, "q:name"),
	does("ssm", "CreateAssociation", Created, association, "r:associationDescription.associationId"),
	does("ssm", "CreateAssociationBatch", Created, association, "r:successful[].associationId"),
	does("ssm", "UpdateAssociation", Changed, association, "q:associationId"),
	does("ssm", "UpdateAssociationStatus", Changed, association, "r:associationDescription.associationId"),
	does("ssm", "DeleteAssociation", Deleted, association, "q:associationId"),
	does("ssm", "CreateActivation", Created, "ssm.activation", "r:activationId"),
	does("ssm", "DeleteActivation", Deleted, "ssm.activation", "q:activationId"),
	does("ssm", "PutParameter", Changed, "ssm.parameter", "q:name"),
	does("ssm", "DeleteParameter", Deleted, "ssm.parameter", "q:name"),
	does("ssm", "DeleteParameters", Deleted, "ssm.parameter", "q:names[]"),
	does("ssm", "StartSession", Created, "ssm.session", "r:sessionId"),
	does("ssm", "ResumeSession", Changed, "ssm.session", "q:sessionId"),
	does("ssm", "TerminateSession", Deleted, "ssm.session", "q:sessionId"),

	does("backup", "CreateBackupVault", Created, vaultKind, "q:backupVaultName|r:backupVaultName"),
	does("backup", "CreateLogicallyAirGappedBackupVault", Created, vaultKind, "q:backupVaultName|r:backupVaultName"),
	does("backup", "PutBackupVaultAccessPolicy", Shared, vaultKind, "q:backupVaultName").granting(),
	does("backup", "DeleteBackupVaultAccessPolicy", Changed, vaultKind, "q:backupVaultName"),
	does("backup", "PutBackupVaultLockConfiguration", Changed, vaultKind, "q:backupVaultName"),
	does("backup", "DeleteBackupVaultLockConfiguration", Changed, vaultKind, "q:backupVaultName"),
	does("backup", "DeleteRecoveryPoint", Changed, vaultKind, "q:backupVaultName"),
	does("backup", "DisassociateRecoveryPoint", Changed, vaultKind, "q:backupVaultName"),
	does("backup", "UpdateRecoveryPointLifecycle", Changed, vaultKind, "q:backupVaultName"),
	does("backup", "DeleteBackupVault", Deleted, vaultKind, "q:backupVaultName"),
	does("backup", "CreateBackupPlan", Created, backupPlan, "r:backupPlanId"),
	does("backup", "UpdateBackupPlan", Changed, backupPlan, "q:backupPlanId"),
	does("backup", "CreateBackupSelection", Changed, backupPlan, "q:backupPlanId"),
	does("backup", "DeleteBackupSelection", Changed, backupPlan, "q:backupPlanId"),
	does("backup", "DeleteBackupPlan", Deleted, backupPlan, "q:backupPlanId"),
	does("rbin", "CreateRule", Created, binRule, "r:identifier"),
	does("rbin", "UpdateRule", Changed, binRule, "q:identifier"),
	does("rbin", "LockRule", Changed, binRule, "q:identifier"),
	does("rbin", "UnlockRule", Changed, binRule, "q:identifier"),
	does("rbin", "DeleteRule", Deleted, binRule, "q:identifier"),

	does("logs", "CreateLogGroup", Created, logGroup, "q:logGroupName"),
	does("logs", "PutRetentionPolicy", Changed, logGroup, "q:logGroupName"),
	does("logs", "DeleteRetentionPolicy", Changed, logGroup, "q:logGroupName"),
	does("logs", "PutLogGroupDeletionProtection", Changed, logGroup, "q:logGroupIdentifier").as(after(":")),
	does("logs", "PutSubscriptionFilter", Shared, logGroup, "q:logGroupName"),
	does("logs", "DeleteSubscriptionFilter", Changed, logGroup, "q:logGroupName"),
	does("logs", "DeleteMetricFilter", Changed, logGroup, "q:logGroupName"),
	does("logs", "DeleteLogStream", Changed, logGroup, "q:logGroupName"),
	does("logs", "AssociateKmsKey", Changed, logGroup, "q:logGroupName"),
	does("logs", "DeleteLogGroup", Deleted, logGroup, "q:logGroupName"),
}
