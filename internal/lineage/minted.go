package lineage

import (
	"strings"
	"time"

	"cordon/internal/event"
	"cordon/internal/fact"
)

// A CredentialKind says what sort of credential was minted.
type CredentialKind string

// The kinds of credentials.
const (
	AccessKey         CredentialKind = "access-key"
	Session           CredentialKind = "session"      // GetSessionToken
	Federation        CredentialKind = "federation"   // GetFederationToken
	Console           CredentialKind = "console"      // a sign-in
	RoleSession       CredentialKind = "role-session" // AssumeRole and its kin
	ServiceCredential CredentialKind = "service-credential"
	SSHKey            CredentialKind = "ssh-key"
	Certificate       CredentialKind = "certificate"
	LoginProfile      CredentialKind = "login-profile" // a password
	MFADevice         CredentialKind = "mfa-device"
)

// A Credential is one that an event brought into the world.
type Credential struct {
	ID   string // key id, certificate id, serial …; of a password the user's name; empty: not recorded
	Kind CredentialKind
	// Principal is whom it speaks for; ARN is the session's own, if it is one.
	Principal fact.Ref
	UniqueID  string // AIDA… or AROA… of the principal, where recorded
	ARN       string
	By        string // the credential that asked for it
	EventID   string
	At        time.Time
}

// A mint says where an event tells of a new credential.
type mint struct {
	source, name string
	kind         CredentialKind
	id           string    // where its id is
	of           fact.Kind // user or role
	principal    string    // where the principal's name or ARN is
	arn          string    // where the session's ARN is
	unique       string    // where the principal's unique id is
}

const (
	stsID      = "r:credentials.accessKeyId"
	sessionARN = "r:assumedRoleUser.arn"
	sessionID  = "r:assumedRoleUser.assumedRoleId"
	roleARN    = "q:roleArn|r:assumedRoleUser.arn"
)

// mints is every way to a credential that the trail shows. Not in it are
// eks-auth:AssumeRoleForPodIdentity, whose record has no response and hides the
// token: the key stands in the AssumeRole of pods.eks.amazonaws.com beside it; and
// sso:GetRoleCredentials and cognito-identity:GetCredentialsForIdentity, of which
// no record is known that names the key.
var mints = []mint{
	{"iam", "CreateAccessKey", AccessKey, "r:accessKey.accessKeyId", user, "r:accessKey.userName|q:userName|self", "", ""},
	{"iam", "CreateLoginProfile", LoginProfile, "r:loginProfile.userName|q:userName|self", user, "r:loginProfile.userName|q:userName|self", "", ""},
	{"iam", "UpdateLoginProfile", LoginProfile, "q:userName|self", user, "q:userName|self", "", ""},
	{"iam", "ChangePassword", LoginProfile, "self", user, "self", "", ""},
	{"iam", "CreateServiceSpecificCredential", ServiceCredential, "r:serviceSpecificCredential.serviceSpecificCredentialId", user, "r:serviceSpecificCredential.userName|q:userName|self", "", ""},
	{"iam", "UploadSSHPublicKey", SSHKey, "r:sSHPublicKey.sSHPublicKeyId", user, "r:sSHPublicKey.userName|q:userName|self", "", ""},
	{"iam", "UploadSigningCertificate", Certificate, "r:certificate.certificateId", user, "r:certificate.userName|q:userName|self", "", ""},
	{"iam", "CreateVirtualMFADevice", MFADevice, "r:virtualMFADevice.serialNumber", "", "", "", ""}, // not yet anybody's
	{"iam", "EnableMFADevice", MFADevice, "q:serialNumber", user, "q:userName|self", "", ""},

	{"sts", "AssumeRole", RoleSession, stsID, role, roleARN, sessionARN, sessionID},
	{"sts", "AssumeRoleWithSAML", RoleSession, stsID, role, roleARN, sessionARN, sessionID},
	{"sts", "AssumeRoleWithWebIdentity", RoleSession, stsID, role, roleARN, sessionARN, sessionID},
	{"sts", "AssumeRoot", RoleSession, stsID, rootUser, "q:targetPrincipal", "", ""},
	{"sts", "GetSessionToken", Session, stsID, user, "self", "", ""},
	{"sts", "GetFederationToken", Federation, stsID, user, "self", "r:federatedUser.arn", ""},
	{"rolesanywhere", "CreateSession", RoleSession, "r:credentialSet[].credentials.accessKeyId", role, "q:roleArn|r:credentialSet[].roleArn", "r:credentialSet[].assumedRoleUser.arn", "r:credentialSet[].assumedRoleUser.assumedRoleId"},

	{"signin", "GetSigninToken", Console, stsID, "", "", "", ""},
	{"signin", "ConsoleLogin", Console, stsID, "", "", "", ""},
}

// Unseen says that a credential is used where no record names it: Git by an SSH
// key, a service by a password of its own, SOAP by a certificate.
func (k CredentialKind) Unseen() bool {
	return k == ServiceCredential || k == SSHKey || k == Certificate
}

// Minted lists the credentials that the event brought into the world. A call
// that failed mints nothing.
func Minted(e event.Event) (all []Credential) {
	if e.Failed() {
		return nil
	}
	source, name := e.Service(), baseName(e)
	for _, m := range mints {
		if m.source == source && m.name == name {
			all = append(all, m.read(e))
		}
	}
	return all
}

func (m mint) read(e event.Event) Credential {
	c := Credential{Kind: m.kind, ID: findOne(e, m.id), ARN: findOne(e, m.arn), By: e.Credential, EventID: e.ID, At: e.Time}
	c.UniqueID, _, _ = strings.Cut(findOne(e, m.unique), ":")
	if m.kind == RoleSession && c.ARN == "" {
		c.ARN = sessionARNOf(findOne(e, "q:roleArn"), findOne(e, "q:roleSessionName"))
	}
	switch {
	case m.kind == Console: // the caller signs in as himself
		c.Principal, c.ARN, c.UniqueID = speaker(e), e.Principal.ARN, uniqueOf(e)
	case m.of == "":
	default:
		c.Principal = m.whom(e)
	}
	return c
}

// sessionARNOf is the ARN of a session whose record has the credentials alone, as
// those that services begin.
func sessionARNOf(role, session string) string {
	partition, rest, ok := strings.Cut(role, ":iam::")
	account, _, is := strings.Cut(rest, ":role/")
	if !ok || !is || session == "" {
		return ""
	}
	return partition + ":sts::" + account + ":assumed-role/" + lastPart(role) + "/" + session
}

func (m mint) whom(e event.Event) fact.Ref {
	name := findOne(e, m.principal)
	account := accountIn(name)
	if account == "" {
		account = e.Account
	}
	switch {
	case m.of == rootUser:
		if account = findOne(e, m.principal); strings.Contains(account, ":") {
			account = accountIn(account)
		}
		return global(rootUser, account, "root")
	case m.of == user && name == "":
		return fact.Ref{}
	case m.of == user && strings.EqualFold(name, "root") && callingUser(e).Kind == rootUser, name == "AWS ROOT USER":
		return global(rootUser, account, "root")
	case strings.Contains(name, ":assumed-role/"): // arn:…:assumed-role/ROLE/SESSION
		_, rest, _ := strings.Cut(name, ":assumed-role/")
		name, _, _ = strings.Cut(rest, "/")
	case strings.Contains(name, "/"):
		name = lastPart(name)
	}
	return global(m.of, account, name)
}

// speaker is the user or role that the event's principal is or came from.
func speaker(e event.Event) fact.Ref {
	if ref := callingUser(e); ref.ID != "" {
		return ref
	}
	if name := roleName(e.Principal); name != "" {
		return global(role, e.Principal.Account, name)
	}
	return fact.Ref{}
}

// roleName is the role of a role session, or empty.
func roleName(p event.Principal) string {
	if p.Type != "AssumedRole" {
		return ""
	}
	if p.Issuer.Name != "" {
		return p.Issuer.Name
	}
	if _, rest, ok := strings.Cut(p.ARN, ":assumed-role/"); ok {
		name, _, _ := strings.Cut(rest, "/")
		return name
	}
	return ""
}

func uniqueOf(e event.Event) string {
	if e.Principal.Issuer.ID != "" {
		return e.Principal.Issuer.ID
	}
	id, _, _ := strings.Cut(e.Principal.ID, ":")
	return id
}
