package detect

import (
	"strings"

	"cordon/internal/event"
	"cordon/internal/finding"
)

// identities are users, passwords, keys and second factors made, changed and
// removed, and what root does.
var identities = []Detection{
	{
		ID: "iam.principal-created", Severity: finding.Low, Confidence: finding.Ask, Attack: []string{"T1136.003"}, Args: []string{"who"}, Habit: "call",
		On: on("iam:CreateUser CreateRole"),
		Match: func(l *look) bool {
			if l.Name == "CreateRole" {
				l.severity(finding.Info)
			}
			return l.names("who", l.one("userName", "roleName"))
		},
	},
	{
		ID: "iam.key-for-other", Severity: finding.Medium, Attack: []string{"T1098.001"}, Args: []string{"who"},
		On: on("iam:CreateAccessKey"),
		Match: func(l *look) bool {
			user := l.one("userName")
			if by, fresh := l.justMade("user", user); fresh && by == l.principal && l.principal != "" {
				l.severity(finding.Low) // a new user is given its key: iam.user-created tells
			}
			return l.names("who", user) && l.isOther(user) && !l.Root()
		},
	},
	{
		ID: "iam.password-for-other", Severity: finding.Medium, Attack: []string{"T1098.001"}, Args: []string{"who"},
		On: on("iam:CreateLoginProfile UpdateLoginProfile"),
		Match: func(l *look) bool {
			user := l.one("userName")
			if l.Call == "iam:UpdateLoginProfile" && !l.console {
				l.severity(finding.High) // the owner is locked out
			}
			return l.names("who", user) && l.isOther(user)
		},
	},
	{
		// A program has no use for a password: who gives its own user one by a key
		// wants to come back through the console.
		ID: "iam.own-password", Severity: finding.Medium, Attack: []string{"T1098.001"}, Args: []string{"who"},
		On: on("iam:CreateLoginProfile UpdateLoginProfile ChangePassword"),
		Match: func(l *look) bool {
			_, own := l.self()
			if l.console {
				l.severity(finding.Info)
			}
			user := l.one("userName")
			return l.names("who", own) && (l.Call == "iam:ChangePassword" || own != "" && (user == "" || l.isSelf("user", user)))
		},
	},
	{
		ID: "iam.service-credential", Severity: finding.Medium, Attack: []string{"T1098.001"}, Args: []string{"who", "what"},
		On: on("iam:CreateServiceSpecificCredential ResetServiceSpecificCredential UploadSSHPublicKey UploadSigningCertificate"),
		Match: func(l *look) bool {
			service := l.one("serviceName")
			if strings.HasPrefix(service, "bedrock") {
				l.severity(finding.High)
			}
			if service == "" {
				service = l.Name
			}
			return l.names("who", l.one("userName")) && l.names("what", service)
		},
	},
	{
		// One's own second factor is one's own to set up; taking it off is not.
		ID: "iam.mfa-changed", Severity: finding.Medium, Attack: []string{"T1556.006", "T1098.005"}, Args: []string{"who"},
		On: on("iam:DeactivateMFADevice DeleteVirtualMFADevice EnableMFADevice ResyncMFADevice"),
		Match: func(l *look) bool {
			user := l.one("userName")
			added := l.Name == "EnableMFADevice" || l.Name == "ResyncMFADevice"
			if l.isOther(user) {
				l.severity(finding.High)
			}
			_, fresh := l.justMade("user", user)
			return l.names("who", user+l.serial(user)) && (!added || l.isOther(user) && !fresh) && !l.Root()
		},
	},
	{
		ID: "iam.covered-up", Severity: finding.Medium, Attack: []string{"T1070"}, Args: []string{"who"},
		On: on("iam:DeleteUser DeleteRole DeletePolicy DeleteAccessKey DeleteLoginProfile"),
		Match: func(l *look) bool {
			for kind, name := range map[string]string{
				"iam:DeleteUser": "user/" + l.one("userName"), "iam:DeleteRole": "role/" + l.one("roleName"),
				"iam:DeletePolicy": "policy/" + lastPart(l.one("policyArn")), "iam:DeleteAccessKey": "key/" + l.one("accessKeyId"),
				"iam:DeleteLoginProfile": "password/" + l.one("userName"),
			} {
				what, id, _ := strings.Cut(name, "/")
				if _, fresh := l.justMade(what, id); kind == l.Call && fresh && l.principal != "" {
					return l.names("who", id)
				}
			}
			return false
		},
	},
	{
		ID: "root.key", Severity: finding.Critical, Confidence: finding.Sure, Attack: []string{"T1098.001", "T1078.004"},
		On:    on("iam:CreateAccessKey UpdateAccessKey"),
		Match: func(l *look) bool { return l.Root() && l.one("userName") == "" && l.one("status") != "Inactive" },
	},
	{
		ID: "root.changed", Severity: finding.High, Attack: []string{"T1098", "T1556.006", "T1078.004"}, Args: []string{"call"},
		On: on("iam:DeactivateMFADevice EnableMFADevice CreateLoginProfile ChangePassword DeleteLoginProfile",
			"signin:PasswordUpdated EmailUpdated PasswordRecoveryRequested PasswordRecoveryCompleted"),
		Match: func(l *look) bool {
			recovery := l.Service() == "signin"
			return l.names("call", l.Name) && (recovery || l.Root() && l.one("userName") == "")
		},
	},
	{
		ID: "root.sign-in", Severity: finding.Medium, Attack: []string{"T1078.004", "T1110"}, Args: []string{"mfa"},
		On: on("signin:ConsoleLogin"),
		Match: func(l *look) bool {
			if l.Failed() || !l.Principal.MFA {
				l.severity(finding.High)
			}
			return l.names("mfa", l.mfaWord()) && l.Root()
		},
	},
	{
		// Looking around in the console is no deed, nor is what AWS makes for it.
		ID: "root.use", Severity: finding.Medium, Attack: []string{"T1078.004"}, Args: []string{"call"},
		Match: func(l *look) bool {
			quiet := l.Service() == "signin" || l.Name == "CreateServiceLinkedRole" || reads(&l.Event) && l.console
			if longTerm(l.Credential) {
				l.severity(finding.High)
			}
			return l.names("call", l.Call) && l.Root() && !quiet
		},
	},
	{
		ID: "root.assumed", Severity: finding.High, Attack: []string{"T1078.004", "T1548.005"}, Args: []string{"target"},
		On: on("sts:AssumeRoot"), Match: func(l *look) bool { return l.names("target", l.one("targetPrincipal")) },
	},
}

// Root says whether the account's root user made the call.
func (l *look) Root() bool { return l.Principal.Type == "Root" || isRoot(l.Principal.ARN) }

// isOther says whether a user is not the one that calls. Where the record does
// not say who calls, nobody can tell.
func (l *look) isOther(user string) bool {
	return user != "" && l.principal != "" && !l.isSelf("user", user)
}

// serial names a device that belongs to nobody any more.
func (l *look) serial(user string) string {
	if user != "" {
		return ""
	}
	return l.one("serialNumber")
}

func (l *look) mfaWord() string {
	if l.Principal.MFA {
		return "MFA"
	}
	return "–"
}

// reads says whether the call only reads, by what the record says or else by
// its name.
func reads(e *event.Event) bool {
	if e.ReadOnlyKnown {
		return e.ReadOnly
	}
	for _, verb := range []string{"Get", "List", "Describe", "Head", "Lookup", "Search", "BatchGet", "Check", "Validate", "Generate", "Simulate"} {
		if strings.HasPrefix(e.Name, verb) {
			return true
		}
	}
	return false
}
