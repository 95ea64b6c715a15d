package lineage

import (
	"strings"
	"sync"

	"cordon/internal/event"
)

// moreUndos are logging, detection, storage and the other services.
var moreUndos = []undo{
	{"cloudtrail", "StopLogging", "StartLogging", "q:name", ""},
	{"cloudtrail", "StartLogging", "StopLogging", "q:name", ""},
	{"cloudtrail", "DeleteTrail", "CreateTrail", "q:name", ""},
	{"cloudtrail", "CreateTrail", "DeleteTrail", "r:trailARN|q:name", ""},
	{"cloudtrail", "UpdateTrail", "UpdateTrail", "r:trailARN|q:name", ""},
	{"cloudtrail", "PutEventSelectors", "PutEventSelectors", "r:trailARN|q:trailName", ""},
	{"cloudtrail", "PutInsightSelectors", "PutInsightSelectors", "r:trailARN|q:trailName", ""},
	{"cloudtrail", "DeleteEventDataStore", "RestoreEventDataStore", "q:eventDataStore", ""},
	{"cloudtrail", "StopEventDataStoreIngestion", "StartEventDataStoreIngestion", "q:eventDataStore", ""},
	{"config", "StopConfigurationRecorder", "StartConfigurationRecorder", "q:configurationRecorderName", ""},
	{"config", "DeleteConfigurationRecorder", "PutConfigurationRecorder", "q:configurationRecorderName", ""},
	{"config", "DeleteDeliveryChannel", "PutDeliveryChannel", "q:deliveryChannelName", ""},
	{"config", "DeleteConfigRule", "PutConfigRule", "q:configRuleName", ""},
	{"guardduty", "CreateDetector", "DeleteDetector", "r:detectorId", ""},
	{"guardduty", "DeleteDetector", "CreateDetector", "q:detectorId", ""},
	{"guardduty", "UpdateDetector", "UpdateDetector", "q:detectorId", ""},
	{"guardduty", "CreateIPSet", "DeleteIPSet", "q:detectorId", "r:ipSetId"},
	{"guardduty", "UpdateIPSet", "UpdateIPSet", "q:detectorId", "q:ipSetId"},
	{"guardduty", "CreateFilter", "DeleteFilter", "q:detectorId", "q:name"},
	{"guardduty", "DeletePublishingDestination", "CreatePublishingDestination", "q:detectorId", ""},
	{"guardduty", "DisassociateFromAdministratorAccount", "AcceptAdministratorInvitation", "q:detectorId", ""},
	{"guardduty", "DisassociateFromMasterAccount", "AcceptAdministratorInvitation", "q:detectorId", ""},
	{"securityhub", "DisableSecurityHub", "EnableSecurityHub", "", ""},
	{"access-analyzer", "DeleteAnalyzer", "CreateAnalyzer", "q:analyzerName", ""},
	{"logs", "DeleteLogGroup", "CreateLogGroup", "q:logGroupName", ""},
	{"logs", "DeleteLogStream", "CreateLogStream", "q:logGroupName", "q:logStreamName"},
	{"logs", "PutRetentionPolicy", "PutRetentionPolicy", "q:logGroupName", ""},
	{"logs", "DeleteSubscriptionFilter", "PutSubscriptionFilter", "q:logGroupName", "q:filterName"},
	{"monitoring", "DeleteAlarms", "PutMetricAlarm", "q:alarmNames", ""},
	{"monitoring", "DisableAlarmActions", "EnableAlarmActions", "q:alarmNames", ""},
	{"events", "PutRule", "DeleteRule", "q:name", ""},
	{"events", "PutTargets", "RemoveTargets", "q:rule", ""},
	{"events", "RemoveTargets", "PutTargets", "q:rule", ""},
	{"events", "DisableRule", "EnableRule", "q:name", ""},
	{"events", "DeleteRule", "PutRule", "q:name", ""},
	{"route53resolver", "DeleteResolverQueryLogConfig", "CreateResolverQueryLogConfig", "q:resolverQueryLogConfigId", ""},
	{"wafv2", "DeleteWebACL", "CreateWebACL", "q:id", "q:name"},

	{"s3", "CreateBucket", "DeleteBucket", "q:bucketName", ""},
	{"s3", "PutBucketPolicy", "PutBucketPolicy", "q:bucketName", ""},
	{"s3", "DeleteBucketPolicy", "PutBucketPolicy", "q:bucketName", ""},
	{"s3", "PutBucketAcl", "PutBucketAcl", "q:bucketName", ""},
	{"s3", "PutBucketPublicAccessBlock", "PutBucketPublicAccessBlock", "q:bucketName", ""},
	{"s3", "DeleteBucketPublicAccessBlock", "PutBucketPublicAccessBlock", "q:bucketName", ""},
	{"s3", "DeletePublicAccessBlock", "PutPublicAccessBlock", "q:bucketName", ""},
	{"s3", "PutBucketVersioning", "PutBucketVersioning", "q:bucketName", ""},
	{"s3", "PutBucketLifecycle", "DeleteBucketLifecycle", "q:bucketName", ""},
	{"s3", "PutBucketLifecycleConfiguration", "DeleteBucketLifecycle", "q:bucketName", ""},
	{"s3", "PutBucketReplication", "DeleteBucketReplication", "q:bucketName", ""},
	{"s3", "PutBucketLogging", "PutBucketLogging", "q:bucketName", ""},
	{"s3", "PutBucketWebsite", "DeleteBucketWebsite", "q:bucketName", ""},
	{"s3", "PutBucketCors", "DeleteBucketCors", "q:bucketName", ""},
	{"s3", "PutBucketNotification", "PutBucketNotification", "q:bucketName", ""},
	{"s3", "PutBucketEncryption", "PutBucketEncryption", "q:bucketName", ""},
	{"kms", "ScheduleKeyDeletion", "CancelKeyDeletion", "r:keyId|q:keyId", ""},
	{"kms", "DisableKey", "EnableKey", "q:keyId", ""},
	{"kms", "PutKeyPolicy", "PutKeyPolicy", "q:keyId", "q:policyName"},
	{"kms", "CreateGrant", "RevokeGrant", "q:keyId", "r:grantId"},
	{"kms", "DisableKeyRotation", "EnableKeyRotation", "q:keyId", ""},
	{"kms", "CreateKey", "ScheduleKeyDeletion", "r:keyMetadata.arn|r:keyMetadata.keyId", ""},
	{"secretsmanager", "DeleteSecret", "RestoreSecret", "r:arn|q:secretId", ""},
	{"secretsmanager", "CreateSecret", "DeleteSecret", "r:arn|q:name", ""},
	{"secretsmanager", "PutResourcePolicy", "DeleteResourcePolicy", "q:secretId", ""},
	{"rds", "CreateDBInstance", "DeleteDBInstance", "r:dBInstanceIdentifier|q:dBInstanceIdentifier", ""},
	{"rds", "CreateDBSnapshot", "DeleteDBSnapshot", "r:dBSnapshotIdentifier|q:dBSnapshotIdentifier", ""},
	{"rds", "ModifyDBSnapshotAttribute", "ModifyDBSnapshotAttribute", "q:dBSnapshotIdentifier", ""},
	{"rds", "ModifyDBInstance", "ModifyDBInstance", "q:dBInstanceIdentifier", ""},
	{"ses", "VerifyEmailIdentity", "DeleteIdentity", "q:emailAddress", ""},
	{"ses", "CreateEmailIdentity", "DeleteEmailIdentity", "q:emailIdentity", ""},
	{"ses", "UpdateAccountSendingEnabled", "UpdateAccountSendingEnabled", "", ""},
	{"sns", "CreateTopic", "DeleteTopic", "r:topicArn", ""},
	{"sns", "Subscribe", "Unsubscribe", "r:subscriptionArn", "q:topicArn"},
	{"sqs", "CreateQueue", "DeleteQueue", "r:queueUrl|q:queueName", ""},
	{"ecs", "CreateCluster", "DeleteCluster", "r:cluster.clusterArn|q:clusterName", ""},
	{"ecs", "CreateService", "DeleteService", "r:service.serviceArn|q:serviceName", "q:cluster"},
	{"ecs", "RegisterTaskDefinition", "DeregisterTaskDefinition", "r:taskDefinition.taskDefinitionArn", ""},
	{"ecs", "RunTask", "StopTask", "r:tasks[].taskArn", "q:cluster"},
	{"ecr", "CreateRepository", "DeleteRepository", "q:repositoryName", ""},
	{"ecr", "SetRepositoryPolicy", "DeleteRepositoryPolicy", "q:repositoryName", ""},
	{"eks", "CreateCluster", "DeleteCluster", "q:name", ""},
	{"eks", "CreateAccessEntry", "DeleteAccessEntry", "q:name|q:clusterName", "q:principalArn"},
	{"lightsail", "CreateInstances", "DeleteInstance", "q:instanceNames", ""},
	{"cloudformation", "CreateStack", "DeleteStack", "r:stackId|q:stackName", ""},
	{"cloudformation", "UpdateStack", "UpdateStack", "q:stackName", ""},
	{"sagemaker", "CreateNotebookInstance", "DeleteNotebookInstance", "q:notebookInstanceName", ""},
	{"glue", "CreateDevEndpoint", "DeleteDevEndpoint", "q:endpointName", ""},
	{"glue", "CreateJob", "DeleteJob", "r:name|q:name", ""},
	{"codebuild", "CreateProject", "DeleteProject", "q:name", ""},
	{"batch", "CreateComputeEnvironment", "DeleteComputeEnvironment", "q:computeEnvironmentName", ""},
	{"apprunner", "CreateService", "DeleteService", "r:service.serviceArn", ""},
	{"ssm", "CreateAssociation", "DeleteAssociation", "r:associationDescription.associationId", ""},
	{"ssm", "CreateDocument", "DeleteDocument", "q:name", ""},
	{"ssm", "ModifyDocumentPermission", "ModifyDocumentPermission", "q:name", ""},
	{"organizations", "LeaveOrganization", "InviteAccountToOrganization", "", ""},
	{"organizations", "DetachPolicy", "AttachPolicy", "q:targetId", "q:policyId"},
	{"ram", "CreateResourceShare", "DeleteResourceShare", "r:resourceShare.resourceShareArn", ""},
	{"route53", "ChangeResourceRecordSets", "ChangeResourceRecordSets", "q:hostedZoneId", ""},
	{"route53domains", "TransferDomainToAnotherAwsAccount", "CancelDomainTransferToAnotherAwsAccount", "q:domainName", ""},
	{"route53domains", "DisableDomainTransferLock", "EnableDomainTransferLock", "q:domainName", ""},
	{"bedrock", "DeleteModelInvocationLoggingConfiguration", "PutModelInvocationLoggingConfiguration", "", ""},
	{"bedrock", "CreateProvisionedModelThroughput", "DeleteProvisionedModelThroughput", "r:provisionedModelArn", ""},
	{"bedrock", "PutFoundationModelEntitlement", "DeleteFoundationModelAgreement", "q:modelId", ""},
	{"account", "EnableRegion", "DisableRegion", "q:regionName", ""},
	{"account", "PutAlternateContact", "PutAlternateContact", "q:alternateContactType", ""},
	{"sso", "CreateAccountAssignment", "DeleteAccountAssignment", "q:principalId", "q:permissionSetArn"},
	{"sso-directory", "CreateUser", "DeleteUser", "r:user.userId", ""},
	{"identitystore", "CreateUser", "DeleteUser", "r:userId", ""},
}

var undoOf = sync.OnceValue(func() map[call]undo {
	index := map[call]undo{}
	for _, list := range [][]undo{undos, moreUndos} {
		for _, u := range list {
			index[call{u.source, u.name}] = u
		}
	}
	return index
})

// TakeBack is the call that reverses what the event did. false: it did nothing
// (a call that failed, or only read), or no call takes it back.
func TakeBack(e event.Event) (Undo, bool) {
	u, ok := undoOf()[call{e.Service(), baseName(e)}]
	if !ok || e.Failed() {
		return Undo{}, false
	}
	out := Undo{Service: u.source, Call: u.call, Resources: find(e, u.resource), Detail: findOne(e, u.detail), EventID: e.ID}
	if u.source == "lambda" {
		for i, id := range out.Resources {
			if strings.Contains(u.resource, "functionName") {
				out.Resources[i] = functionName(id)
			}
		}
	}
	if len(out.Resources) > 0 {
		out.Resource = out.Resources[0]
	}
	return out, true
}
