package detect

import (
	"strings"

	"cordon/internal/finding"
	"cordon/internal/policy"
)

// grants are rights given: what a policy says is judged by evaluating it, and
// to whom it goes by who calls and who was just made.
var grants = []Detection{
	{
		ID: "iam.self-grant", Severity: finding.Critical, Confidence: finding.Sure, Attack: []string{"T1098.003"}, Args: []string{"who", "what"},
		On:    on("iam:PutUserPolicy AttachUserPolicy PutRolePolicy AttachRolePolicy"),
		Match: func(l *look) bool { return l.admin() && l.isSelf(l.target()) },
	},
	{
		ID: "iam.new-admin", Severity: finding.High, Attack: []string{"T1098.003", "T1136.003"}, Args: []string{"who", "what"},
		On:    on("iam:PutUserPolicy AttachUserPolicy PutRolePolicy AttachRolePolicy PutGroupPolicy AttachGroupPolicy"),
		Match: func(l *look) bool { return l.admin() && !l.isSelf(l.target()) && l.targetIsNew() },
	},
	{
		ID: "iam.admin-grant", Severity: finding.Medium, Attack: []string{"T1098.003"}, Args: []string{"who", "what"},
		On:    on("iam:PutUserPolicy AttachUserPolicy PutRolePolicy AttachRolePolicy PutGroupPolicy AttachGroupPolicy"),
		Habit: "call",
		Match: func(l *look) bool { return l.admin() && !l.isSelf(l.target()) && !l.targetIsNew() },
	},
	{
		// What an attached policy says changes for all who have it, at once when
		// the new version is in force. A policy that nobody has yet gives nothing.
		ID: "iam.admin-policy", Severity: finding.High, Attack: []string{"T1098.003"}, Args: []string{"who", "what"},
		On: on("iam:CreatePolicyVersion SetDefaultPolicyVersion CreatePolicy"),
		Match: func(l *look) bool {
			l.arg("who", l.one("policyArn", "policyName"))
			switch {
			case l.Name == "SetDefaultPolicyVersion":
				l.severity(finding.Medium)
				return l.names("what", l.one("versionId"))
			case l.Name == "CreatePolicy":
				l.severity(finding.Low)
			case l.one("setAsDefault") != "true":
				l.severity(finding.Medium)
			}
			return l.grantsAll(l.raw("policyDocument"))
		},
	},
	{
		ID: "iam.group-joined", Severity: finding.Medium, Attack: []string{"T1098.003"}, Args: []string{"who", "group"},
		On: on("iam:AddUserToGroup"),
		Match: func(l *look) bool {
			user := l.one("userName")
			_, fresh := l.justMade("user", user)
			if l.isSelf("user", user) {
				l.severity(finding.High)
			}
			return l.names("who", user) && l.names("group", l.one("groupName")) && (fresh || l.isSelf("user", user))
		},
	},
	{
		// AWS puts its quarantine on with the user's own name on the record; it
		// never takes it off.
		ID: "iam.quarantine-removed", Severity: finding.Critical, Confidence: finding.Sure, Attack: []string{"T1685"}, Args: []string{"who"},
		On: on("iam:DetachUserPolicy DetachRolePolicy DetachGroupPolicy DeleteUserPolicy"),
		Match: func(l *look) bool {
			name := l.one("policyArn", "policyName")
			return l.names("who", l.one("userName", "roleName", "groupName")) &&
				(strings.Contains(name, "AWSCompromisedKeyQuarantine") || name == "AWSExposedCredentialPolicy_DO_NOT_REMOVE")
		},
	},
	{
		// Rights only fall by it, unless the policy denied something.
		ID: "iam.limit-removed", Severity: finding.Low, Confidence: finding.Ask, Attack: []string{"T1098.003", "T1685"}, Args: []string{"who", "what"}, Habit: "call",
		On: on("iam:DeleteUserPolicy DeleteGroupPolicy DeleteRolePolicy DetachUserPolicy DetachGroupPolicy DetachRolePolicy DeleteUserPermissionsBoundary DeleteRolePermissionsBoundary"),
		Match: func(l *look) bool {
			kind, who := l.target()
			what := l.one("policyName", "policyArn")
			switch {
			case strings.HasSuffix(l.Name, "Boundary"):
				l.severity(finding.High)
				what = l.Name
			case l.isSelf(kind, who):
				l.severity(finding.Medium)
			}
			return l.names("who", who) && l.names("what", what)
		},
	},
	{
		ID: "ec2.profile-swapped", Severity: finding.Medium, Attack: []string{"T1098.003", "T1578"}, Args: []string{"instance", "profile"}, Habit: "call",
		On: on("ec2:ReplaceIamInstanceProfileAssociation AssociateIamInstanceProfile"),
		Match: func(l *look) bool {
			const request = "AssociateIamInstanceProfileRequest."
			l.arg("instance", l.one("instanceId", request+"InstanceId", "ReplaceIamInstanceProfileAssociationRequest.AssociationId", "associationId"))
			profile := l.one("iamInstanceProfile.name", "iamInstanceProfile.arn", request+"IamInstanceProfile.Name", request+"IamInstanceProfile.Arn",
				"ReplaceIamInstanceProfileAssociationRequest.IamInstanceProfile.Name", "ReplaceIamInstanceProfileAssociationRequest.IamInstanceProfile.Arn")
			return l.names("profile", profile)
		},
	},
}

// target is whom a policy is put on.
func (l *look) target() (kind, name string) {
	for _, kind := range []string{"user", "role", "group"} {
		if name := l.one(kind + "Name"); name != "" {
			return kind, name
		}
	}
	return "", ""
}

func (l *look) targetIsNew() bool {
	_, yes := l.justMade(l.target())
	return yes
}

// admin says whether the policy in the request gives everything, or the means
// to take it, and names it.
func (l *look) admin() bool {
	_, who := l.target()
	l.arg("who", who)
	if arn := l.one("policyArn"); arn != "" {
		l.arg("what", arn)
		return l.judge("", arn).Level != policy.Limited
	}
	return l.grantsAll(l.raw("policyDocument"))
}

// grantsAll judges a document and says in "what" by which rights.
func (l *look) grantsAll(document string) bool {
	power := l.judge(document, "")
	if power.Level == policy.Limited {
		return false
	}
	const shown = 3
	l.arg("what", strings.Join(power.Reasons[:min(shown, len(power.Reasons))], ", "))
	return true
}

// judge evaluates a document, or a managed policy by its ARN, once per event.
// Of the account's own policies it knows those whose writing it has seen.
func (l *look) judge(document, arn string) policy.Power {
	if document+arn == "" {
		return policy.Power{Level: policy.Limited}
	}
	if power, seen := l.seen.admins.get(accountIn(arn) + "/" + lastPart(arn)); seen && arn != "" {
		return power
	}
	power, done := l.judged[document+arn]
	if !done {
		g := policy.Grants{Account: l.account()}
		if arn != "" {
			g.Managed = []string{arn}
		} else {
			g.Inline = []string{document}
		}
		power = policy.Judge(g)
		if l.judged == nil {
			l.judged = map[string]policy.Power{}
		}
		l.judged[document+arn] = power
	}
	return power
}
