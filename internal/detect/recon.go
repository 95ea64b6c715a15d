package detect

import (
	"time"

	"cordon/internal/finding"
)

// recon is looking around. The console does it for everybody who opens it;
// what counts is breadth and haste of a program.
var recon = []Detection{
	{
		ID: "recon.wide", Severity: finding.Medium, Attack: []string{"T1580", "T1526", "T1087.004"}, Args: []string{"count"}, Columns: true, Habit: "agent",
		On:    surveys,
		Match: func(l *look) bool { return !hosted(l.Agent) },
		Burst: &burst{Within: 10 * time.Minute, Count: 12, Of: byCall},
	},
	{
		ID: "recon.regions", Severity: finding.Medium, Attack: []string{"T1580", "T1535"}, Args: []string{"count"}, Columns: true, Habit: "agent",
		On:    surveys,
		Match: func(l *look) bool { return !hosted(l.Agent) },
		Burst: &burst{Within: 10 * time.Minute, Count: 8, Of: byRegion},
	},
	{
		ID: "recon.refused", Severity: finding.Medium, Attack: []string{"T1580", "T1087.004"}, Args: []string{"count"},
		Match: func(l *look) bool { return refused(l.Error.Code) },
		Burst: &burst{Within: 10 * time.Minute, Count: 8, Of: byCall},
	},
	{
		ID: "recon.endpoint-refused", Severity: finding.Medium, Attack: []string{"T1599", "T1526"}, Args: []string{"call"},
		Match: func(l *look) bool { return l.names("call", l.Call) && l.Error.Code == "VpceAccessDenied" },
	},
	{
		// What an intruder can resell is asked for before anything is taken.
		ID: "recon.resale", Severity: finding.Low, Confidence: finding.Ask, Attack: []string{"T1526"}, Args: []string{"call"}, Columns: true, Habit: "call", Script: true,
		On: on("ses:GetSendQuota GetAccount GetAccountSendingEnabled ListIdentities ListEmailIdentities GetIdentityVerificationAttributes GetSendStatistics",
			"sns:GetSMSAttributes GetSMSSandboxAccountStatus ListSMSSandboxPhoneNumbers ListOriginationNumbers",
			"bedrock:GetFoundationModelAvailability ListFoundationModelAgreementOffers GetModelInvocationLoggingConfiguration GetUseCaseForModelAccess"),
		Match: func(l *look) bool { return l.names("call", l.Call) && !hosted(l.Agent) },
	},
	{
		ID: "recon.own-rights", Severity: finding.Low, Confidence: finding.Ask, Attack: []string{"T1087.004", "T1069.003"}, Args: []string{"call"}, Columns: true, Habit: "call", Script: true,
		On:    on("iam:SimulatePrincipalPolicy SimulateCustomPolicy GetAccountAuthorizationDetails"),
		Match: func(l *look) bool { return l.names("call", l.Name) && !hosted(l.Agent) },
	},
	{
		ID: "recon.key-tried", Severity: finding.Low, Confidence: finding.Ask, Attack: []string{"T1087.004", "T1078.004"}, Columns: true,
		On: on("sts:GetCallerIdentity"),
		Match: func(l *look) bool {
			first, known := l.novel("address")
			return longTerm(l.Credential) && !hosted(l.Agent) && (known && first || offInstance(l.Agent) && !known)
		},
	},
	{
		ID: "recon.others-snapshots", Severity: finding.Low, Attack: []string{"T1580", "T1619"}, Args: []string{"call"}, Habit: "call", Script: true,
		On: on("rds:DescribeDBSnapshots DescribeDBClusterSnapshots"),
		Match: func(l *look) bool {
			return l.names("call", l.Name) && (l.one("includePublic") == "true" || l.one("includeShared") == "true" || l.one("snapshotType") == "public")
		},
	},
}

// surveys are the questions that intruders were seen to ask at first, by name:
// whoever asks a dozen different ones of several services is taking stock.
var surveys = on(
	"sts:GetCallerIdentity",
	"iam:ListUsers ListRoles ListGroups ListPolicies ListAccessKeys ListAttachedUserPolicies ListUserPolicies ListGroupsForUser ListAttachedRolePolicies ListRolePolicies ListAccountAliases "+
		"ListInstanceProfiles ListSAMLProviders ListOpenIDConnectProviders ListMFADevices ListSSHPublicKeys ListServiceSpecificCredentials ListSigningCertificates GetUser GetAccountSummary "+
		"GetAccountAuthorizationDetails GetAccountPasswordPolicy GetLoginProfile",
	"s3:ListBuckets GetBucketAcl GetBucketPolicy GetBucketLocation GetBucketVersioning GetBucketReplication GetBucketLogging GetBucketLifecycle GetBucketPublicAccessBlock",
	"ec2:DescribeInstances DescribeRegions DescribeSnapshots DescribeVolumes DescribeImages DescribeVpcs DescribeSubnets DescribeSecurityGroups DescribeKeyPairs DescribeAccountAttributes "+
		"DescribeAvailabilityZones DescribeInstanceTypes DescribeLaunchTemplates DescribeNetworkInterfaces DescribeRouteTables DescribeFlowLogs DescribeTags DescribeAddresses GetEbsEncryptionByDefault",
	"lambda:ListFunctions GetFunction", "rds:DescribeDBInstances DescribeDBClusters DescribeDBSnapshots", "secretsmanager:ListSecrets",
	"ssm:DescribeInstanceInformation DescribeParameters",
	"ecs:ListClusters", "eks:ListClusters", "ecr:DescribeRepositories GetAuthorizationToken", "dynamodb:ListTables", "kms:ListKeys", "logs:DescribeLogGroups",
	"cloudtrail:DescribeTrails GetTrailStatus LookupEvents GetEventSelectors", "guardduty:ListDetectors GetDetector ListFindings GetFindings", "config:DescribeConfigurationRecorders",
	"organizations:DescribeOrganization ListAccounts ListOrganizationalUnitsForParent DescribeAccount", "ce:GetCostAndUsage GetCostForecast",
	"servicequotas:ListServiceQuotas GetServiceQuota",
	"ses:GetSendQuota GetAccount ListIdentities ListEmailIdentities GetAccountSendingEnabled", "sns:GetSMSAttributes ListTopics GetSMSSandboxAccountStatus",
	"bedrock:ListFoundationModels GetFoundationModelAvailability GetModelInvocationLoggingConfiguration ListCustomModels ListAgents ListKnowledgeBases ListInferenceProfiles",
	"sagemaker:ListModels ListEndpoints ListTrainingJobs", "resource-explorer-2:Search", "support:DescribeCases", "account:GetContactInformation GetAlternateContact ListRegions",
	"billingconsole:GetContactInformation GetAlternateContact",
)
