package detect

import (
	"strings"

	"cordon/internal/finding"
	"cordon/internal/policy"
)

// trusts are ways opened into the account: who may become a role, and which
// identity providers vouch for people.
var trusts = []Detection{
	{
		ID: "iam.trust-opened", Severity: finding.High, Attack: []string{"T1098.003", "T1484.002"}, Args: []string{"role", "who"},
		On: on("iam:CreateRole UpdateAssumeRolePolicy"),
		Match: func(l *look) bool {
			d, ok := l.policyAt("assumeRolePolicyDocument", "policyDocument")
			l.arg("role", l.one("roleName"))
			switch {
			case !ok:
				return false
			case policy.Public(d, l.account()):
				l.severity(finding.Critical)
				return l.names("who", "*")
			}
			return l.foreign(d) || anyToken(l, d)
		},
	},
	{
		ID: "iam.identity-provider", Severity: finding.Medium, Attack: []string{"T1484.002"}, Args: []string{"provider"},
		On: on("iam:CreateSAMLProvider UpdateSAMLProvider CreateOpenIDConnectProvider AddClientIDToOpenIDConnectProvider UpdateOpenIDConnectProviderThumbprint"),
		Match: func(l *look) bool {
			return l.names("provider", l.one("name", "url", "sAMLProviderArn", "openIDConnectProviderArn"))
		},
	},
	{
		ID: "rolesanywhere.anchor", Severity: finding.High, Attack: []string{"T1098.001", "T1556"}, Args: []string{"what"},
		On:    on("rolesanywhere:CreateTrustAnchor UpdateTrustAnchor EnableTrustAnchor CreateProfile UpdateProfile EnableProfile"),
		Match: func(l *look) bool { return l.names("what", l.one("name", "trustAnchorId", "profileId")) },
	},
	{
		ID: "sso.access-given", Severity: finding.Medium, Attack: []string{"T1098.003", "T1136.003"}, Args: []string{"who", "call"}, Habit: "call",
		On: on("sso:CreateAccountAssignment AttachManagedPolicyToPermissionSet PutInlinePolicyToPermissionSet",
			"sso-directory:CreateUser CreateGroup AddMemberToGroup", "identitystore:CreateUser CreateGroup CreateGroupMembership"),
		Match: func(l *look) bool {
			if l.Service() != "sso" {
				l.severity(finding.Low)
			}
			if arn := l.one("managedPolicyArn"); arn != "" && l.judge("", arn).Level == policy.Limited {
				return false
			}
			return l.names("call", l.Name) && l.names("who", l.one("principalId", "permissionSetArn", "userName", "displayName", "groupName", "groupId"))
		},
	},
	{
		// What it is set to is not in the record: every change of it counts.
		ID: "sso.sign-in-changed", Severity: finding.High, Attack: []string{"T1556.006"},
		On: on("sso:UpdateSsoConfiguration StartSSO AssociateDirectory DisassociateDirectory",
			"sso-directory:DisableExternalIdPConfigurationForDirectory UpdateMfaDeviceManagementForDirectory"),
	},
	{
		ID: "eks.cluster-access", Severity: finding.Medium, Attack: []string{"T1098.003"}, Args: []string{"cluster", "who"}, Habit: "call",
		On: on("eks:CreateAccessEntry AssociateAccessPolicy"),
		Match: func(l *look) bool {
			admin := strings.Contains(l.one("policyArn"), "Admin")
			for _, group := range l.req("kubernetesGroups[]") {
				admin = admin || group == "system:masters"
			}
			return l.names("cluster", l.one("name", "clusterName")) && l.names("who", l.one("principalArn")) && admin
		},
	},
}

// anyToken says whether the role believes every token of a provider, of any
// repository or user, and names the provider.
func anyToken(l *look, d policy.Document) bool {
	for _, t := range policy.TrustOf(d, l.account()) {
		if t.Kind == policy.KindFederated && strings.Contains(t.Principal, "oidc-provider/") && (t.Sub == "" || t.Sub == "*") {
			l.severity(finding.Medium)
			return l.names("who", t.Principal)
		}
	}
	return false
}

// policyAt reads the first document that the request has under one of these
// names. What cannot be read is none: AWS refused it too.
func (l *look) policyAt(paths ...string) (policy.Document, bool) {
	text := l.raw(paths...)
	if text == "" {
		return policy.Document{}, false
	}
	d, err := policy.Parse(text)
	return d, err == nil
}

// foreign says whether a document lets in somebody from outside, and names
// them.
func (l *look) foreign(d policy.Document) bool {
	account := l.account()
	if account == "" {
		return false
	}
	var who []string
	for _, id := range policy.Foreign(d, account) {
		if !awsOwn(id) {
			who = append(who, id)
		}
	}
	l.arg("who", strings.Join(who, ", "))
	return len(who) > 0
}

// awsOwn recognises accounts in which AWS runs load balancers' log delivery and
// the like: policies that AWS's own guides ask for name them.
func awsOwn(id string) bool {
	account := accountIn(id)
	return account != "" && strings.Contains(elbAccounts, account)
}

// elbAccounts deliver access logs of load balancers, by region, as the service's
// guide lists them.
const elbAccounts = "127311923021 033677994240 027434742980 797873946194 098369216593 754344448648 718504428378 383597477331 600734575887 " +
	"114774131450 783225319266 582318560864 985666609251 054676820928 156460612806 652711504416 635631232127 009996457667 897822967062 " +
	"076674570225 507241528517 048591011584"

// accountIn is the account that an ARN or a bare account id names, or empty.
func accountIn(id string) string {
	if len(id) == 12 && strings.Trim(id, "0123456789") == "" {
		return id
	}
	if f := strings.SplitN(id, ":", 6); len(f) == 6 && f[0] == "arn" {
		return f[4]
	}
	return ""
}
