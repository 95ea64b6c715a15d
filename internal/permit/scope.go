package permit

import (
	"regexp"
	"slices"
	"strings"

	"cordon/internal/fact"
)

// onTarget names, per kind, the actions that IAM checks against the resource
// itself, so that they can be narrowed to it (Service Authorization Reference,
// the column "resource types"). An action that stands nowhere is allowed on
// every resource: what AWS would check it against is not known for sure.
var onTarget = map[fact.Kind][]string{
	"ec2.instance":       {"ec2:StopInstances", "ec2:StartInstances", "ec2:TerminateInstances", "ec2:ModifyInstanceAttribute"},
	"ec2.image":          {"ec2:ModifyImageAttribute", "ec2:DeregisterImage"},
	"ec2.snapshot":       {"ec2:ModifySnapshotAttribute", "ec2:DeleteSnapshot"},
	"ec2.security-group": {"ec2:RevokeSecurityGroupIngress", "ec2:RevokeSecurityGroupEgress", "ec2:AuthorizeSecurityGroupIngress", "ec2:AuthorizeSecurityGroupEgress", "ec2:DeleteSecurityGroup"},
	"ec2.volume":         {"ec2:DeleteVolume"},
	"lambda.function": {
		"lambda:PutFunctionConcurrency", "lambda:DeleteFunctionConcurrency", "lambda:GetFunctionConcurrency", "lambda:GetFunction", "lambda:GetPolicy",
		"lambda:AddPermission", "lambda:RemovePermission", "lambda:ListAliases", "lambda:UpdateFunctionConfiguration", "lambda:DeleteFunction",
		"lambda:ListFunctionUrlConfigs", "lambda:UpdateFunctionUrlConfig",
	},
	"cloudtrail.trail": {
		"cloudtrail:StartLogging", "cloudtrail:StopLogging", "cloudtrail:UpdateTrail", "cloudtrail:PutEventSelectors", "cloudtrail:DeleteTrail",
		"cloudtrail:GetTrailStatus", "cloudtrail:GetEventSelectors", "cloudtrail:GetTrail",
	},
	"guardduty.detector":    {"guardduty:UpdateDetector", "guardduty:GetDetector", "guardduty:DeleteDetector"},
	"sns.topic":             {"sns:GetTopicAttributes", "sns:SetTopicAttributes", "sns:DeleteTopic"},
	"kms.key":               {"kms:GetKeyPolicy", "kms:PutKeyPolicy", "kms:EnableKey", "kms:DisableKey", "kms:CancelKeyDeletion", "kms:DescribeKey"},
	"secretsmanager.secret": {"secretsmanager:DescribeSecret", "secretsmanager:GetResourcePolicy", "secretsmanager:PutResourcePolicy", "secretsmanager:DeleteResourcePolicy", "secretsmanager:DeleteSecret", "secretsmanager:RestoreSecret"},
	"dynamodb.table":        {"dynamodb:DescribeTable", "dynamodb:UpdateTable", "dynamodb:DeleteTable", "dynamodb:GetResourcePolicy", "dynamodb:PutResourcePolicy", "dynamodb:DeleteResourcePolicy"},
}

// versioned kinds are checked against an ARN with a version or an alias behind
// it where one is named.
var versioned = []fact.Kind{"lambda.function"}

// bucket matches the actions of S3 that are about a bucket as a whole.
var bucket = regexp.MustCompile(`^s3:(Get|Put|Delete)(Bucket[A-Za-z]*|LifecycleConfiguration|ReplicationConfiguration|EncryptionConfiguration)$`)

// principals matches the actions of IAM on one user, role, group or policy.
var principals = regexp.MustCompile(`^iam:(?:Get|List|ListAttached|Put|Delete|Attach|Detach|Update|Tag|Untag)(User|Role|Group)(?:Policy|Policies|PermissionsBoundary|Tags)?$`)

// more are actions of IAM that are checked against a principal and do not say so
// in their names as the others do.
var more = map[string]string{
	"iam:UpdateAssumeRolePolicy": "Role", "iam:ListGroupsForUser": "User",
	"iam:ListAccessKeys": "User", "iam:UpdateAccessKey": "User", "iam:DeleteAccessKey": "User",
	"iam:GetLoginProfile": "User", "iam:DeleteLoginProfile": "User", "iam:ListMFADevices": "User", "iam:DeactivateMFADevice": "User",
	"iam:UpdateServiceSpecificCredential": "User", "iam:DeleteServiceSpecificCredential": "User",
	"iam:ListSSHPublicKeys": "User", "iam:GetSSHPublicKey": "User", "iam:UpdateSSHPublicKey": "User", "iam:DeleteSSHPublicKey": "User",
	"iam:ListSigningCertificates": "User", "iam:UpdateSigningCertificate": "User", "iam:DeleteSigningCertificate": "User",
}

// ownPolicy are the actions of IAM on a managed policy.
var ownPolicy = []string{
	"iam:GetPolicy", "iam:GetPolicyVersion", "iam:ListPolicyVersions", "iam:SetDefaultPolicyVersion", "iam:DeletePolicyVersion", "iam:DeletePolicy",
}

// plain is a name or an ARN without what a policy would read as a wildcard or a
// variable. Names are somebody's choice: one that is not plain narrows nothing.
var plain = regexp.MustCompile(`^[!#%-)+->@-~]+$`)

// On answers the ARNs that an action on a target is to be narrowed to; none
// where it cannot be, or the ARN is not known.
func On(action string, r fact.Resource, partition string, find Finder) []string {
	if !plain.MatchString(r.ARN) {
		r.ARN = ""
	}
	if sort := more[action]; sort != "" {
		return principal(sort, r, partition, find)
	}
	if m := principals.FindStringSubmatch(action); m != nil {
		return principal(m[1], r, partition, find)
	}
	if r.ARN == "" {
		return nil
	}
	switch {
	case r.Kind == "iam.policy" && slices.Contains(ownPolicy, action),
		r.Kind == "s3.bucket" && bucket.MatchString(action):
		return []string{r.ARN}
	case slices.Contains(onTarget[r.Kind], action) && slices.Contains(versioned, r.Kind):
		return []string{r.ARN, r.ARN + ":*"}
	case slices.Contains(onTarget[r.Kind], action):
		return []string{r.ARN}
	}
	return nil
}

// principal is the user, role or group that an action on a target is about: the
// target itself, or the user whose credential it is. A user's path is part of
// the ARN; where nobody knows it, any path is allowed.
func principal(sort string, r fact.Resource, partition string, find Finder) []string {
	of := fact.Kind("iam." + strings.ToLower(sort))
	if r.Kind == of {
		if r.ARN == "" {
			return nil
		}
		return []string{r.ARN}
	}
	owner, known := fact.Owner.Get(r)
	if !known || sort != "User" || !plain.MatchString(owner) {
		return nil
	}
	if find != nil {
		if arn := find(of, owner); plain.MatchString(arn) {
			return []string{arn}
		}
	}
	stem := "arn:" + partition + ":iam::" + r.Account + ":user/"
	return []string{stem + owner, stem + "*/" + owner}
}
