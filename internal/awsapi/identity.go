package awsapi

import (
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
)

// A CallerKind is what sort of principal signs.
type CallerKind string

const (
	KindUser      CallerKind = "user"
	KindRole      CallerKind = "role"
	KindRoot      CallerKind = "root"
	KindFederated CallerKind = "federated"
	KindUnknown   CallerKind = "unknown"
)

// A Principal is one identity. It holds no secret.
type Principal struct {
	Account     string
	Partition   string
	ARN         string // as STS says it
	UserID      string // as STS says it
	Kind        CallerKind
	Name        string // of the user, role or federated user, without its path
	Path        string // "/" or "/division/"; STS does not tell a role's
	UniqueID    string // AIDA…, AROA…: what a name that was used again cannot fake
	Session     string // of a role
	AccessKeyID string
	Source      string // the credential provider, as the SDK names it
	Profile     string // the configuration profile it came from, where known

	// Why says, for somebody behind the caller, why AWS could not be asked who
	// it is: then Kind may be unknown and the guard must assume the worst.
	Why string
}

// A Caller is who we are in the account. It holds no secret.
type Caller struct {
	Account     string
	Partition   string
	ARN         string
	UserID      string
	AccessKeyID string
	Kind        CallerKind
	Name        string    // of the user, role or federated user, without its path
	Path        string    // "/" or "/division/"; STS does not tell a role's
	UniqueID    string    // AIDA…, AROA…
	Session     string    // of a role
	Source      string    // the credential provider: "SharedConfigCredentials", "AssumeRoleProvider"
	Expires     time.Time // zero if the credentials do not expire

	// Chain is who stands behind the caller, nearest first: the source profile
	// of a role profile, the base identity of our own --role-arn. Cutting any
	// of them cuts us off.
	Chain []Principal
}

// Binding is the ARN that a plan is bound to: the caller's own, or of a session
// the role's, whose sessions may well be named anew each time. STS does not tell
// a role's path, so that it is not in it.
func (c Caller) Binding() string {
	if c.Kind == KindRole {
		return fmt.Sprintf("arn:%s:iam::%s:role/%s", c.Partition, c.Account, c.Name)
	}
	return c.ARN
}

func newCaller(p Principal, expires time.Time, chain []Principal) Caller {
	return Caller{
		Account: p.Account, Partition: p.Partition, ARN: p.ARN, UserID: p.UserID, AccessKeyID: p.AccessKeyID,
		Kind: p.Kind, Name: p.Name, Path: p.Path, UniqueID: p.UniqueID, Session: p.Session,
		Source: p.Source, Expires: expires, Chain: chain,
	}
}

// parse reads the identity that STS reports.
//
//	arn:aws:iam::123456789012:user/division/bob            AIDA…
//	arn:aws:sts::123456789012:assumed-role/Admin/session   AROA…:session
//	arn:aws:sts::123456789012:federated-user/bob           123456789012:bob
//	arn:aws:iam::123456789012:root                         123456789012
//	arn:aws:iam::123456789012:role/path/Admin              (from a profile)
//
// An ARN of another form gives KindUnknown and no name.
func parse(s, userID string) Principal {
	p := Principal{ARN: s, UserID: userID, Kind: KindUnknown}
	a, err := arn.Parse(s)
	if err != nil {
		return p
	}
	p.Account, p.Partition = a.AccountID, a.Partition
	unique, _, _ := strings.Cut(userID, ":")
	kind, rest, _ := strings.Cut(a.Resource, "/")
	if kind != "root" && rest == "" {
		return p
	}
	switch {
	case a.Service == "iam" && a.Resource == "root":
		p.Kind = KindRoot
	case a.Service == "sts" && kind == "assumed-root":
		p.Kind, p.Session = KindRoot, rest
	case a.Service == "iam" && (kind == "user" || kind == "role"):
		p.Kind, p.UniqueID = KindUser, unique
		if kind == "role" {
			p.Kind = KindRole
		}
		i := strings.LastIndexByte(rest, '/')
		p.Path, p.Name = "/"+rest[:i+1], rest[i+1:]
	case a.Service == "sts" && kind == "assumed-role":
		p.Kind, p.UniqueID = KindRole, unique
		// A role name has no slash; neither has a session name.
		p.Name, p.Session, _ = strings.Cut(rest, "/")
	case a.Service == "sts" && kind == "federated-user":
		p.Kind, p.Name = KindFederated, rest
	}
	return p
}

// provider shortens the SDK's name of a credential source, which carries the
// path of the credentials file: "SharedConfigCredentials: /home/…".
func provider(c aws.Credentials) string {
	name, _, _ := strings.Cut(c.Source, ":")
	return name
}
