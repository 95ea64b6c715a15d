package detect

import (
	"slices"
	"strings"

	"cordon/internal/finding"
	"cordon/internal/policy"
)

// sharing is data handed outside: to another account, or to everybody.
var sharing = []Detection{
	{
		ID: "share.outside", Severity: finding.High, Attack: []string{"T1537"}, Args: []string{"what", "who"},
		On: on("ec2:ModifySnapshotAttribute ModifyImageAttribute", "rds:ModifyDBSnapshotAttribute ModifyDBClusterSnapshotAttribute", "ssm:ModifyDocumentPermission",
			"lambda:AddLayerVersionPermission", "ram:CreateResourceShare AssociateResourceShare", "s3:PutBucketReplication"),
		Match: func(l *look) bool {
			l.arg("what", l.one("snapshotId", "dBSnapshotIdentifier", "dBClusterSnapshotIdentifier", "imageId", "name", "layerName", "resourceShareArn", "bucketName"))
			const snapshot, image, rule = "createVolumePermission.add.items[].", "launchPermission.add.items[].", "ReplicationConfiguration.Rule"
			ids := each(snapshot+"userId", "valuesToAdd[]", image+"userId", image+"organizationArn", image+"organizationalUnitArn",
				"accountIdsToAdd[]", "principal", "principals[]", rule+"[].Destination.Account", rule+"s[].Destination.Account")(l)
			return l.shared(ids, each(snapshot+"group", image+"group", "accountIdsToAdd[]", "principal")(l))
		},
	},
	{
		// What was shared was taken: AWS tells it, but not by whom.
		ID: "share.taken", Severity: finding.Critical, Attack: []string{"T1537"}, Args: []string{"call"}, Columns: true,
		On: on("ec2:SharedSnapshotCopyInitiated SharedSnapshotVolumeCreated"), Match: func(l *look) bool { return l.names("call", l.Name) },
	},
	{
		ID: "resource.public", Severity: finding.High, Attack: []string{"T1537", "T1530"}, Args: []string{"what"},
		On: append(on("s3:PutBucketAcl PutObjectAcl CreateBucket", "rds:ModifyDBInstance ModifyDBCluster RestoreDBInstanceFromDBSnapshot RestoreDBInstanceToPointInTime", "redshift:ModifyCluster"), policyCalls...),
		Match: func(l *look) bool {
			l.arg("what", resource(l))
			if l.one("publiclyAccessible") == "true" || publicACL(l) {
				return true
			}
			d, ok := l.policyAt(policyPaths...)
			return ok && policy.Public(d, l.account())
		},
	},
	{
		ID: "resource.foreign", Severity: finding.Medium, Attack: []string{"T1537"}, Args: []string{"what", "who"}, Habit: "call",
		On: append(on("sqs:AddPermission", "sns:AddPermission", "kms:CreateGrant"), policyCalls...),
		Match: func(l *look) bool {
			l.arg("what", resource(l))
			if d, ok := l.policyAt(policyPaths...); ok {
				return !policy.Public(d, l.account()) && l.foreign(d)
			}
			who := each("aWSAccountIds[]", "aWSAccountId[]", "principal", "granteePrincipal")(l)
			return l.shared(who, who)
		},
	},
	{
		ID: "s3.guard-off", Severity: finding.Medium, Attack: []string{"T1530", "T1685"}, Args: []string{"what"}, Habit: "call",
		On: on("s3:PutBucketPublicAccessBlock DeleteBucketPublicAccessBlock PutAccountPublicAccessBlock DeleteAccountPublicAccessBlock",
			"ec2:DisableSnapshotBlockPublicAccess DisableImageBlockPublicAccess DisableEbsEncryptionByDefault"),
		Match: func(l *look) bool {
			if strings.Contains(l.Name, "Account") || l.Service() == "ec2" {
				l.severity(finding.High)
			}
			what := l.one("bucketName")
			if what == "" {
				what = l.Name
			}
			off := false
			for _, path := range []string{"BlockPublicPolicy", "RestrictPublicBuckets", "BlockPublicAcls", "IgnorePublicAcls"} {
				off = off || l.one("PublicAccessBlockConfiguration."+path) == "false"
			}
			return l.names("what", what) && (off || !strings.HasPrefix(l.Name, "Put"))
		},
	},
	{
		ID: "data.copy-made", Severity: finding.Low, Confidence: finding.Ask, Attack: []string{"T1578.001", "T1537"}, Args: []string{"what"}, Habit: "call",
		On: on("ec2:CreateImage CreateSnapshot CreateSnapshots CopySnapshot CopyImage CreateStoreImageTask", "rds:CreateDBSnapshot CreateDBClusterSnapshot CopyDBSnapshot"),
		Match: func(l *look) bool {
			return l.names("what", l.one("instanceId", "volumeId", "CreateSnapshotsRequest.InstanceSpecification.InstanceId", "sourceSnapshotId",
				"sourceImageId", "imageId", "dBInstanceIdentifier", "dBClusterIdentifier", "sourceDBSnapshotIdentifier")) && !hosted(l.Agent)
		},
	},
	{
		ID: "data.exported", Severity: finding.Medium, Attack: []string{"T1537", "T1530"}, Args: []string{"what", "bucket"}, Habit: "call",
		On: on("rds:StartExportTask", "dynamodb:ExportTableToPointInTime", "ec2:CreateInstanceExportTask ExportImage", "backup:StartCopyJob"),
		Match: func(l *look) bool {
			l.arg("what", lastPart(l.one("sourceArn", "tableArn", "instanceId", "imageId", "recoveryPointArn")))
			return l.names("bucket", l.one("s3BucketName", "s3Bucket", "exportToS3.s3Bucket", "destinationBackupVaultArn"))
		},
	},
	{
		ID: "database.password", Severity: finding.High, Attack: []string{"T1098", "T1530"}, Args: []string{"what"}, Habit: "call",
		On:    on("rds:ModifyDBInstance ModifyDBCluster", "redshift:ModifyCluster"),
		Match: func(l *look) bool { return l.names("what", databaseName(l)) && l.has("masterUserPassword") },
	},
	{
		ID: "transfer.server", Severity: finding.Medium, Attack: []string{"T1537", "T1567.002"}, Args: []string{"what"}, Habit: "service",
		On: on("transfer:CreateServer CreateUser ImportSshPublicKey", "datasync:CreateTask CreateLocationS3"),
		Match: func(l *look) bool {
			return l.names("what", l.one("userName", "serverId", "name", "s3BucketArn")+" ("+l.Name+")")
		},
	},
}

// policyCalls put a document on a resource, and policyPaths is where it stands.
var (
	policyCalls = on("s3:PutBucketPolicy PutAccessPointPolicy", "kms:PutKeyPolicy CreateKey", "sns:SetTopicAttributes CreateTopic", "sqs:SetQueueAttributes CreateQueue",
		"ecr:SetRepositoryPolicy PutRegistryPolicy", "secretsmanager:PutResourcePolicy", "es:CreateElasticsearchDomain UpdateElasticsearchDomainConfig CreateDomain UpdateDomainConfig",
		"glacier:SetVaultAccessPolicy", "backup:PutBackupVaultAccessPolicy", "elasticfilesystem:PutFileSystemPolicy", "events:PutPermission",
		"dynamodb:PutResourcePolicy", "codeartifact:PutDomainPermissionsPolicy",
		"lambda:PutResourcePolicy", "logs:PutResourcePolicy", "glue:PutResourcePolicy", "apigateway:UpdateRestApiPolicy")
	policyPaths = []string{"bucketPolicy", "attributes.Policy", "policyText", "resourcePolicy", "accessPolicies", "policyDocument", "policy", "policyInJson", "attributeValue"}
)

// resource names what a policy was put on.
func resource(l *look) string {
	return l.one("bucketName", "keyId", "topicArn", "queueUrl", "queueName", "repositoryName", "secretId", "domainName", "vaultName", "fileSystemId",
		"eventBusName", "resourceArn", "backupVaultName", "dBInstanceIdentifier", "dBClusterIdentifier", "clusterIdentifier", "name")
}

func databaseName(l *look) string {
	return l.one("dBInstanceIdentifier", "dBClusterIdentifier", "clusterIdentifier")
}

// publicACL says whether a list of the old kind lets everybody in.
func publicACL(l *look) bool {
	grants := each("x-amz-acl[]", "AccessControlPolicy.AccessControlList.Grant[].Grantee.URI", "x-amz-grant-read[]", "x-amz-grant-full-control[]", "x-amz-grant-write[]")(l)
	return slices.ContainsFunc(grants, func(g string) bool {
		return strings.HasPrefix(g, "public-read") || g == "authenticated-read" || strings.Contains(g, "global/AllUsers") || strings.Contains(g, "global/AuthenticatedUsers")
	})
}

// shared says whether somebody outside is among those that were let in, and
// names them; a group "all", or "*", is everybody.
func (l *look) shared(ids, groups []string) bool {
	var who []string
	for _, group := range groups {
		if strings.EqualFold(group, "all") || group == "*" {
			who = append(who, "*")
			l.severity(finding.Critical)
		}
	}
	for _, id := range ids {
		outside := strings.HasPrefix(id, "arn:aws:organizations") || strings.EqualFold(id, "all") || accountIn(id) != "" && accountIn(id) != l.account()
		if outside && !slices.Contains(who, id) && !slices.Contains(who, "*") {
			if id == "all" {
				l.severity(finding.Critical)
			}
			who = append(who, id)
		}
	}
	l.arg("who", strings.Join(who, ", "))
	return len(who) > 0
}
