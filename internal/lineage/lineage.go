// Package lineage reads from events which credential was minted by which, what
// each call made or changed, and how far what is the intruder's reaches. Pure.
//
// Three tables say what events mean (minted.go, made.go) and whose they are
// (aws.go); Closure grows the intruder's part from his first credential to a
// fix point, asking for the events it still needs.
package lineage

import (
	"strings"

	"cordon/internal/event"
	"cordon/internal/fact"
)

// Kinds of resources that deeds and credentials name.
const (
	user              fact.Kind = "iam.user"
	role              fact.Kind = "iam.role"
	group             fact.Kind = "iam.group"
	policyKind        fact.Kind = "iam.policy"
	accessKey         fact.Kind = "iam.access-key"
	loginProfile      fact.Kind = "iam.login-profile"
	mfaDevice         fact.Kind = "iam.mfa-device"
	serviceCredential fact.Kind = "iam.service-credential"
	sshKey            fact.Kind = "iam.ssh-key"
	signingCert       fact.Kind = "iam.signing-certificate"
	serverCert        fact.Kind = "iam.server-certificate"
	samlProvider      fact.Kind = "iam.saml-provider"
	oidcProvider      fact.Kind = "iam.oidc-provider"
	rootUser          fact.Kind = "iam.root" // its ID is "root"

	instance      fact.Kind = "ec2.instance"
	image         fact.Kind = "ec2.image"
	volume        fact.Kind = "ec2.volume"
	snapshot      fact.Kind = "ec2.snapshot"
	keyPair       fact.Kind = "ec2.key-pair"
	securityGroup fact.Kind = "ec2.security-group"
	function      fact.Kind = "lambda.function"
	layer         fact.Kind = "lambda.layer"
	trail         fact.Kind = "cloudtrail.trail"
	detector      fact.Kind = "guardduty.detector"
)

// baseName is the event's, which only looks for a version where a digit ends
// the name.
func baseName(e event.Event) string {
	if n := len(e.Name); n == 0 || e.Name[n-1] < '0' || e.Name[n-1] > '9' {
		return e.Name
	}
	return e.BaseName()
}

// find digs with one of the notations of the tables. Alternatives are
// separated by "|", and the first that yields something is taken:
//
//	q:PATH  in the request     r:PATH  in the response     self  the calling user
func find(e event.Event, spec string) []string {
	for way := range strings.SplitSeq(spec, "|") {
		var got []string
		if path, ok := strings.CutPrefix(way, "q:"); ok {
			got = event.Path(e.Request, path)
		} else if path, ok := strings.CutPrefix(way, "r:"); ok {
			got = event.Path(e.Response, path)
		} else if way == "self" {
			if p := callingUser(e); p.ID != "" {
				got = []string{p.ID}
			}
		}
		if len(got) > 0 && got[0] != "" {
			return got
		}
	}
	return nil
}

func findOne(e event.Event, spec string) string {
	if all := find(e, spec); len(all) > 0 {
		return all[0]
	}
	return ""
}

// callingUser is the user whose credential made the call: IAM's calls without
// a user name mean him. A session of root's is root.
func callingUser(e event.Event) fact.Ref {
	p, account := e.Principal, e.Principal.Account
	if account == "" {
		account = e.Account
	}
	switch p.Type {
	case "Root":
		return global(rootUser, account, "root")
	case "IAMUser":
		if p.User != "" {
			return global(user, account, p.User)
		}
		return global(user, account, lastPart(p.ARN))
	case "FederatedUser":
		if p.Issuer.Type == "Root" || strings.HasSuffix(p.Issuer.ARN, ":root") {
			return global(rootUser, account, "root")
		}
		if p.Issuer.Name != "" {
			return global(user, account, p.Issuer.Name)
		}
	case "AssumedRole": // only sts:AssumeRoot makes a session without a role
		if strings.HasSuffix(p.ARN, ":root") {
			return global(rootUser, account, "root")
		}
	}
	return fact.Ref{}
}

func global(kind fact.Kind, account, id string) fact.Ref {
	return fact.Ref{Kind: kind, Place: fact.Place{Account: account, Region: fact.Global}, ID: id}
}

func lastPart(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }

// accountIn is the account in an ARN, or empty.
func accountIn(arn string) string {
	if f := strings.SplitN(arn, ":", 6); len(f) == 6 && f[0] == "arn" {
		return f[4]
	}
	return ""
}
