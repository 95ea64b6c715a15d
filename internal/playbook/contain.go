package playbook

import (
	"maps"
	"slices"
	"strings"

	"cordon/internal/fact"
	"cordon/internal/plan"
	"cordon/internal/policy"
)

// answers is the table: what a check asks for under Answer, and what it comes
// to for one target.
var answers = map[string]func(*book, fact.Resource){
	"cut-user":             cutPrincipal,
	"cut-principal":        cutPrincipal,
	"cut-credential":       cutCredential,
	"cut-console":          cutConsole,
	"revoke-role":          cutSessions,
	"stop":                 stop,
	"close":                closeChanged,
	"start-logging":        startLogging,
	"person-root-keys":     person("delete-root-keys"),
	"person-root-mfa":      person("enable-root-mfa"),
	"person-root-password": person("change-root-password"),
}

// byKind is the answer to "this is not mine".
func byKind(b *book, r fact.Resource) {
	switch r.Kind {
	case "iam.user", "iam.role", "iam.group", "iam.root":
		cutPrincipal(b, r)
	case "iam.access-key", "iam.service-credential", "iam.ssh-key", "iam.signing-certificate":
		cutCredential(b, r)
	case "iam.login-profile", "iam.mfa-device":
		cutConsole(b, r)
	default:
		stop(b, r)
	}
}

func lane(r fact.Resource) string {
	if owner, known := fact.Owner.Get(r); known && owner != "" {
		return "iam.user/" + owner
	}
	return string(r.Kind) + "/" + r.ID
}

// cutPrincipal stops everything a user or role can do. The deny comes first:
// it also ends sessions that switching a key off leaves alive. The keys follow
// so that nothing is left when the deny is one day removed.
func cutPrincipal(b *book, r fact.Resource) {
	switch r.Kind {
	case "iam.user":
		b.do(r, "deny-all", plan.Disruptive, lane(fact.Resource{Ref: r.Ref}), true)
		for _, k := range []fact.Kind{"iam.access-key", "iam.service-credential", "iam.ssh-key", "iam.signing-certificate"} {
			for c := range b.Snapshot.Of(k) {
				if fact.Owner.Or(c, "") == r.ID && fact.Active.Or(c, true) && !b.spared(c) {
					b.do(c, "deactivate", plan.Disruptive, "iam.user/"+r.ID, true)
				}
			}
		}
	case "iam.role":
		if !isMade(r) && b.because != byOwner {
			openedRole(b, r)
			return
		}
		b.do(r, "deny-all", plan.Disruptive, lane(r), true)
		closeTrust(b, r)
	case "iam.root":
		cutRoot(b, r)
	case "iam.group":
		// A group does nothing by itself, and a marker that anybody can attach
		// must not deny all its members: only the owner's word does.
		if b.because == byOwner {
			b.do(r, "deny-all", plan.Disruptive, lane(r), true)
		}
	}
}

func isMade(r fact.Resource) bool { d, made := fact.Made.Get(r); return made && d.Sure }

// openedRole gives a role of the owner's back: nobody from outside may assume
// it, and who already did is out. The owner's own use of it goes on with new
// sessions.
func openedRole(b *book, r fact.Resource) {
	closeTrust(b, r)
	revokeRole(b, r)
}

func closeTrust(b *book, r fact.Resource) {
	doc, known := fact.Trust.Get(r)
	if !known {
		return
	}
	drop := b.hisProviders()
	if _, changed, err := policy.CloseTrustTo(doc, b.Snapshot.Account, drop); err != nil || !changed {
		return
	}
	if len(drop) > 0 {
		r.Facts = maps.Clone(r.Facts)
		fact.Distrust.Set(&r, drop)
	}
	id := b.do(r, "close-trust", plan.Disruptive, lane(r), true)
	// Sessions issued until the trust is shut must fall under the revocation;
	// if it cannot be shut, those that there are must fall all the same.
	b.behind(id, plan.ActionID(r.Ref, "revoke-sessions", false))
}

// hisProviders are the identity providers that the intruder made or changed,
// or that the owner disowned: who holds one signs whatever token he likes.
func (b *book) hisProviders() (arns []string) {
	for _, k := range []fact.Kind{"iam.oidc-provider", "iam.saml-provider"} {
		for r := range b.Snapshot.Of(k) {
			if !b.spared(r) && (b.Marks[r.Ref] == NotMine || sure(r)) {
				arns = append(arns, r.ID)
			}
		}
	}
	return arns
}

// distrust closes every role that takes a provider's tokens.
func distrust(b *book, provider fact.Resource) {
	for role := range b.Snapshot.Of("iam.role") {
		doc, err := policy.Parse(fact.Trust.Or(role, ""))
		if err == nil && slices.Contains(policy.Federated(doc), provider.ID) && !b.spared(role) {
			openedRole(b, role)
		}
	}
}

func revokeRole(b *book, r fact.Resource) {
	b.do(r, "revoke-sessions", plan.Disruptive, lane(r), true)
}

// cutCredential switches one credential off, and ends the temporary sessions
// of its user that it may have been used to mint: they outlive the key.
func cutCredential(b *book, r fact.Resource) {
	if fact.Active.Or(r, true) {
		b.do(r, "deactivate", plan.Disruptive, lane(r), true)
	}
	owner := fact.Owner.Or(r, "")
	for u := range b.Snapshot.Of("iam.user") {
		if u.ID == owner && r.Kind == "iam.access-key" && !b.spared(u) {
			b.do(u, "revoke-sessions", plan.Reversible, lane(r), true)
		}
	}
}

// cutConsole answers a password or MFA device that the intruder set. AWS has
// no way to switch a password off and back on; but everything a sign-in leads
// to are temporary credentials, and denying those leaves the user's own keys,
// and the programs that use them, alone.
func cutConsole(b *book, r fact.Resource) {
	owner := fact.Owner.Or(r, "")
	for u := range b.Snapshot.Of("iam.user") {
		if u.ID != owner || b.spared(u) {
			continue
		}
		if _, suspect := fact.Suspect.Get(u); suspect || b.Marks[u.Ref] == NotMine {
			cutPrincipal(b, u)
			continue
		}
		b.do(u, "deny-sessions", plan.Disruptive, lane(r), true)
	}
}

// stop halts what the intruder made.
func stop(b *book, r fact.Resource) {
	switch r.Kind {
	case "ec2.instance":
		stopInstance(b, r)
	case "lambda.function":
		b.do(r, "throttle", plan.Disruptive, lane(r), true)
	case "ec2.snapshot", "ec2.image", "lambda.layer":
		unshare(b, r)
	case "iam.oidc-provider", "iam.saml-provider":
		distrust(b, r)
	case "ec2.security-group":
		if len(fact.Openings.Or(r, nil)) > 0 {
			b.do(r, "close-openings", plan.Disruptive, lane(r), true)
		}
	default:
		b.halt(r)
	}
}

// halt stops what a resource of any other kind makes or runs by itself, and
// shuts it to outsiders. What only costs money is stopped when asked for.
func (b *book) halt(r fact.Resource) {
	if b.SpendToo || b.traits(r.Kind).Recreates {
		for _, a := range b.can(r, disables) {
			b.do(r, a.Verb, a.Class, lane(r), true)
		}
	}
	if fact.Public.Or(r, false) || len(fact.SharedWith.Or(r, nil)) > 0 {
		for _, a := range b.can(r, closes) {
			b.do(r, a.Verb, a.Class, lane(r), true)
		}
	}
}

// shut takes back at once what the intruder opened on a resource of any other
// kind, and what destroys something while it stands, where that needs no
// knowledge of how it was.
func (b *book) shut(r fact.Resource) {
	for _, d := range fact.Changed.Or(r, nil) {
		for _, a := range b.traits(r.Kind).Abilities {
			quick := a.Purpose == closes || a.Purpose == disables || a.Purpose == restores && !a.FromBefore
			if d.Sure && quick && slices.Contains(a.Mends, d.Call) {
				b.do(r, a.Verb, a.Class, lane(r), a.Purpose == closes)
			}
		}
	}
}

func stopInstance(b *book, r fact.Resource) {
	switch state := fact.RunState.Or(r, ""); state {
	case "terminated", "shutting-down", "stopped", "stopping":
		return
	}
	suspended, free := b.freed(r)
	if !free {
		// What stops an instance of an Auto Scaling group or a fleet makes the
		// group terminate it, disk and all, and start another.
		b.do(r, "suspend-group", plan.Person, "", false)
		return
	}
	isolate := b.do(r, "isolate", plan.Disruptive, lane(r), true)
	for _, id := range suspended {
		b.order(id, isolate)
	}
	if role, ok := b.roleOf(r); ok && !b.spared(role) {
		// Revoked while the instance still talks to its metadata service, the
		// role's sessions would only be handed out afresh.
		b.do(role, "revoke-sessions", plan.Disruptive, lane(role), true)
		b.behind(isolate, plan.ActionID(role.Ref, "revoke-sessions", false))
	}
	if fact.Spot.Or(r, false) {
		return // a one-time Spot instance cannot be stopped, only terminated
	}
	stop := b.do(r, "stop", plan.Disruptive, lane(r), true)
	for _, p := range fact.Protections.Or(r, nil) {
		if p == "stop" {
			b.order(b.do(r, "allow-stop", plan.Reversible, lane(r), true), stop)
		}
	}
	b.behind(isolate, stop) // an instance that cannot be isolated is stopped all the same
}

// freed suspends the intruder's groups that would replace an instance, and says
// whether nothing else would.
func (b *book) freed(r fact.Resource) (suspended []string, free bool) {
	if fact.ManagedBy.Or(r, "") == "" {
		return nil, true
	}
	for _, ref := range fact.PartOf.Or(r, nil) {
		group, listed := b.Snapshot.Find(ref)
		whose, _ := fact.Judgement.Get(group)
		if !listed || whose.Whose != "intruder" || !b.traits(ref.Kind).Recreates {
			continue
		}
		for _, a := range b.can(group, disables) {
			suspended, free = append(suspended, b.do(group, a.Verb, a.Class, lane(group), true)), true
		}
	}
	return suspended, free
}

// roleOf finds the role behind an instance's profile.
func (b *book) roleOf(r fact.Resource) (fact.Resource, bool) {
	arn := fact.Profile.Or(r, "")
	for role := range b.Snapshot.Of("iam.role") {
		if arn != "" && slices.Contains(fact.Profiles.Or(role, nil), arn) {
			return role, true
		}
	}
	return fact.Resource{}, false
}

func unshare(b *book, r fact.Resource) {
	if fact.Public.Or(r, false) || len(fact.SharedWith.Or(r, nil)) > 0 {
		b.do(r, "unshare", plan.Reversible, lane(r), true)
	}
}

// closeChanged shuts what the intruder opened on something of the owner's.
// What else he changed is put back when eradicating, from the evidence.
func closeChanged(b *book, r fact.Resource) {
	switch r.Kind {
	case "iam.role":
		// Other changes of a role give its owner's programs more than they
		// need; they let nobody in, and cutting the role would stop them.
		if slices.ContainsFunc(fact.Changed.Or(r, nil), func(d fact.Deed) bool { return d.Sure && d.Call == "UpdateAssumeRolePolicy" }) {
			openedRole(b, r)
		}
	case "ec2.snapshot", "ec2.image", "lambda.layer":
		unshare(b, r)
	case "ec2.security-group", "iam.oidc-provider", "iam.saml-provider":
		stop(b, r)
	case "lambda.function":
		b.do(r, "throttle", plan.Disruptive, lane(r), true)
	case "cloudtrail.trail":
		startLogging(b, r)
	case "guardduty.detector":
		if !fact.Active.Or(r, true) {
			b.do(r, "enable", plan.Reversible, lane(r), false)
		}
	default:
		if !strings.HasPrefix(string(r.Kind), "iam.") {
			b.shut(r)
		}
	}
}

func startLogging(b *book, r fact.Resource) {
	if on, known := fact.Logging.Get(r); known && !on {
		b.do(r, "start", plan.Reversible, lane(r), false)
	}
}

func person(step string) func(*book, fact.Resource) {
	return func(b *book, r fact.Resource) { b.do(r, step, plan.Person, "", false) }
}
