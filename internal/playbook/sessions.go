package playbook

import (
	"slices"
	"strings"

	"cordon/internal/fact"
	"cordon/internal/plan"
	"cordon/internal/policy"
)

// The steps that a person takes where AWS lets nobody else: what was revoked
// comes back until the way in is shut at its source.
const (
	stepDirectory   = "end-center-sessions" // of an Identity Center user
	stepSAML        = "block-idp-user"
	stepToken       = "block-token-subject" // of an OpenID Connect provider
	stepCertificate = "revoke-certificate"  // of Roles Anywhere
	stepInstance    = "close-instance-leak"
	stepFunction    = "close-function-leak"
	stepTask        = "close-task-leak"
)

// A reserved role is Identity Center's: AWS lets nobody change it.
func reserved(r fact.Resource) bool {
	return strings.Contains(r.ARN, ":role/aws-reserved/sso.amazonaws.com/") || strings.HasPrefix(fact.Path.Or(r, ""), "/aws-reserved/sso.amazonaws.com/")
}

// cutSessions ends the sessions of a role that the intruder has, and shuts the
// way on which he gets the next one. Where that way is outside the account, or
// is a hole in something of the owner's that runs, it is a person's step.
func cutSessions(b *book, r fact.Resource) {
	if reserved(r) {
		b.do(r, stepDirectory, plan.Person, "", false)
		unassign(b, r)
		return
	}
	revokeRole(b, r)
	for _, d := range fact.Sessions.Or(r, nil) {
		if d.Sure && d.Reason != "minted" && d.Reason != "carried" { // those come from a suspect that is cut himself
			sourceOf(b, r, d)
		}
	}
}

// sourceOf plans what shuts the way by which a session came. The session's name
// tells compute of AWS's; else the role's trust tells who may ask for sessions.
func sourceOf(b *book, role fact.Resource, d fact.Deed) {
	_, name, _ := strings.Cut(d.Session, ":")
	switch of, sort := b.computeOf(name); {
	case sort == "":
	case b.theirs(of):
		stop(b, of)
		return
	case of.ID == "": // not listed: the role stands for it
		b.do(role, sort, plan.Person, "", false)
		return
	default:
		if !b.spared(of) {
			b.do(of, sort, plan.Person, "", false)
		}
		return
	}
	doc, err := policy.Parse(fact.Trust.Or(role, ""))
	if err != nil {
		return
	}
	his := b.hisProviders()
	for _, provider := range policy.Federated(doc) {
		if slices.Contains(his, provider) {
			continue // closeTrust takes it out
		}
		step := stepToken
		if strings.Contains(provider, ":saml-provider/") {
			step = stepSAML
		}
		b.do(role, step, plan.Person, "", false)
	}
	for _, t := range policy.TrustOf(doc, b.Snapshot.Account) {
		if t.Kind == policy.KindService && strings.HasPrefix(t.Principal, "rolesanywhere.") {
			b.do(role, stepCertificate, plan.Person, "", false)
		}
	}
}

// computeOf finds the machine, function or task of AWS's that a session is named
// after, and the step that shuts the hole in it. What is not listed has no
// resource; "" is no such name.
func (b *book) computeOf(session string) (of fact.Resource, step string) {
	if strings.HasPrefix(session, "i-") && hexadecimal(session[2:]) {
		for r := range b.Snapshot.Of("ec2.instance") {
			if r.ID == session {
				of = r
			}
		}
		return of, stepInstance
	}
	for r := range b.Snapshot.Of("lambda.function") {
		if session != "" && r.ID == session {
			return r, stepFunction
		}
	}
	if len(session) != 32 || !hexadecimal(session) {
		return of, ""
	}
	for r := range b.Snapshot.Of("ecs.task") {
		if strings.HasSuffix(r.ID, "/"+session) {
			of = r
		}
	}
	return of, stepTask
}

func hexadecimal(s string) bool {
	return len(s) >= 8 && strings.Trim(s, "0123456789abcdef") == ""
}

// unassign takes from an Identity Center user, where the directory is listed,
// what gives him the role in this account: he opens no further session.
func unassign(b *book, role fact.Resource) {
	for _, d := range fact.Sessions.Or(role, nil) {
		_, name, ok := strings.Cut(d.Session, ":")
		if !d.Sure || !ok {
			continue
		}
		for u := range b.Snapshot.Of("identitystore.user") {
			if !strings.EqualFold(fact.Name.Or(u, ""), name) || b.spared(u) {
				continue
			}
			for a := range b.Snapshot.Of("sso.assignment") {
				if !strings.HasSuffix(a.ID, "|USER|"+u.ID) || b.spared(a) {
					continue
				}
				for _, can := range b.can(a, disables) {
					b.do(a, can.Verb, can.Class, lane(a), true)
				}
			}
		}
	}
}

// cutRoot answers root in the intruder's hands: no policy of the account binds
// it, and only who is signed in as root changes its credentials.
func cutRoot(b *book, r fact.Resource) {
	b.do(r, "change-root-password", plan.Person, "", false)
	b.do(r, "enable-root-mfa", plan.Person, "", false)
	if fact.RootKeys.Or(r, true) {
		b.do(r, "delete-root-keys", plan.Person, "", false)
	}
}
