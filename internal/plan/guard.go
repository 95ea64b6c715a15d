package plan

import (
	"slices"
	"strings"

	"cordon/internal/fact"
)

// A Ward is what must survive any plan: the caller's own ways in, the
// break-glass role, and somebody who can still administer the account. It
// comes from live reads, the case and the local configuration, never from
// tags or names in the account: an intruder can tag himself.
type Ward struct {
	// Chain is every principal the caller stands on: itself and whoever it
	// assumed its role from.
	Chain []Keeper `json:"chain"`
	// Unsure is set when somebody stands behind the caller whom AWS could not
	// name, such as the role of the machine that a profile takes its
	// credentials from.
	Unsure bool `json:"unsure,omitempty"`
	// Groups are the groups of the users in the chain.
	Groups []string `json:"groups,omitempty"`
	// BreakGlass names protected principals by ARN.
	BreakGlass []string `json:"break_glass,omitempty"`
	// Admins are the ARNs of the administrators that are not held to be the
	// intruder's, found by evaluating policies.
	Admins []string `json:"admins,omitempty"`
}

// A Keeper is one principal of the caller's chain.
type Keeper struct {
	ARN      string `json:"arn"` // of the user or role, not of the session
	UniqueID string `json:"unique_id,omitempty"`
	// KeyID is the access key in use, when it is known to be a long-term one.
	KeyID string `json:"key_id,omitempty"`
}

// Reasons of the guard; the words are under "guard.<reason>".
const (
	OwnPrincipal   = "own-principal"
	OwnKey         = "own-key"
	OwnGroup       = "own-group"
	IsBreakGlass   = "break-glass"
	ServiceLinked  = "service-linked"
	ReservedRole   = "reserved-role"
	LastAdmin      = "last-administrator"
	UnknownCaller  = "unknown-caller"
	UnknownSource  = "unknown-source"
	rolePathLinked = ":role/aws-service-role/"
	rolePathSSO    = ":role/aws-reserved/"
)

// cuts lists the verbs that take a principal's access away.
var cuts = []string{
	"deny-all", "deny-sessions", "revoke-sessions", "close-trust", "delete", "deactivate", "restore-trust", "restore-policies", "remove-grants", "deny-scp",
}

// Guard splits a plan's actions into those that may go and those refused. The
// gate calls it again with the live ward.
func Guard(actions []Action, w Ward) (keep []Action, refused []Refusal) {
	spared := slices.Clone(w.Admins)
	for _, a := range actions {
		reason := w.refuses(a)
		if taken := w.admins(a); reason == "" && len(taken) > 0 {
			left := slices.DeleteFunc(slices.Clone(spared), func(arn string) bool { return slices.Contains(taken, arn) })
			if len(left) == 0 {
				reason = LastAdmin
			} else {
				spared = left
			}
		}
		if reason == "" {
			keep = append(keep, a)
		} else {
			refused = append(refused, Refusal{Action: a, Reason: reason})
		}
	}
	return keep, refused
}

// admins lists the administrators that an action cuts: itself, or the members
// of a group.
func (w Ward) admins(a Action) (taken []string) {
	if a.Undoes != nil || !slices.Contains(cuts, a.Verb) {
		return nil
	}
	for _, arn := range w.Admins {
		switch a.Target.Kind {
		case "iam.user", "iam.role":
			if arn == a.Target.ARN {
				taken = append(taken, arn)
			}
		case "iam.group":
			if isUser(arn) && slices.Contains(fact.Members.Or(a.Target, nil), lastPart(arn)) {
				taken = append(taken, arn)
			}
		case "organizations.account":
			if slices.Contains(fact.DenyPrincipals.Or(a.Target, nil), arn) {
				taken = append(taken, arn)
			}
		}
	}
	return taken
}

func (w Ward) refuses(a Action) string {
	t := a.Target
	switch {
	case a.Class == Person:
		return ""
	case len(w.Chain) == 0:
		return UnknownCaller
	case a.Undoes != nil:
		return "" // it gives back; nobody is locked out by what was there before
	case a.Verb == "add-key":
		return "" // it gives a second key, and takes nothing
	case w.onBreakGlass(t):
		return IsBreakGlass
	case a.Verb == "enrol-mfa":
		return "" // it adds a device, to oneself too
	case strings.Contains(t.ARN, rolePathLinked) || strings.HasPrefix(fact.Path.Or(t, ""), "/aws-service-role/"):
		return ServiceLinked
	case strings.Contains(t.ARN, rolePathSSO):
		return ReservedRole
	case t.Kind == "iam.group" && w.inGroup(t):
		return OwnGroup
	case a.Verb == "deny-scp" && w.denied(t):
		return OwnPrincipal
	case a.Verb == "deny-scp" && w.Unsure && !a.Theirs:
		return UnknownSource
	case w.fromDirectory() && !a.Theirs && (strings.HasPrefix(string(t.Kind), "sso.") || strings.HasPrefix(string(t.Kind), "identitystore.")):
		return UnknownSource
	case w.Unsure && !a.Theirs && strings.HasPrefix(string(t.Kind), "iam.") && slices.Contains(cuts, a.Verb):
		return UnknownSource
	}
	for _, k := range w.Chain {
		if reason := k.refuses(t); reason != "" {
			return reason
		}
	}
	return ""
}

// denied says whether a service control policy would hold for the caller or for
// a break-glass principal.
func (w Ward) denied(t fact.Resource) bool {
	list, known := fact.DenyPrincipals.Get(t)
	return !known || slices.ContainsFunc(list, w.Hits)
}

// Hits says whether denying a principal may deny somebody of the caller's chain
// or a break-glass principal. A principal is an ARN, or what aws:userid says of a
// session: of the chain only the role is known, so that each session of that
// role counts; a session of a federated user has an account and a name. STS does
// not tell a role's path: the name decides.
func (w Ward) Hits(principal string) bool {
	if strings.ContainsAny(principal, "*?") || slices.Contains(w.BreakGlass, principal) {
		return true
	}
	unique, name, _ := strings.Cut(principal, ":")
	federated := unique != "" && strings.Trim(unique, "0123456789") == ""
	return slices.ContainsFunc(w.Chain, func(k Keeper) bool {
		for _, sort := range []string{":user/", ":role/"} {
			if strings.Contains(k.ARN, sort) && strings.Contains(principal, sort) && lastPart(k.ARN) == lastPart(principal) {
				return true
			}
		}
		if federated && isUser(k.ARN) && lastPart(k.ARN) == name {
			return true
		}
		root := strings.HasSuffix(k.ARN, ":root") || strings.Contains(k.ARN, ":assumed-root/")
		return k.ARN == principal || k.UniqueID != "" && k.UniqueID == unique || root && strings.HasSuffix(principal, ":root")
	})
}

// fromDirectory says that somebody of the chain came in through Identity
// Center: AWS does not tell by which of its users and assignments.
func (w Ward) fromDirectory() bool {
	return slices.ContainsFunc(w.Chain, func(k Keeper) bool { return strings.Contains(k.ARN, rolePathSSO) })
}

// inGroup says whether somebody of the chain is in a group, by what was read
// of the chain or of the group. A group whose members are not known counts.
func (w Ward) inGroup(t fact.Resource) bool {
	members, known := fact.Members.Get(t)
	return !known || slices.Contains(w.Groups, t.ID) || slices.ContainsFunc(w.Chain, func(k Keeper) bool {
		return isUser(k.ARN) && slices.Contains(members, lastPart(k.ARN))
	})
}

func (w Ward) onBreakGlass(t fact.Resource) bool {
	if t.ARN != "" && slices.Contains(w.BreakGlass, t.ARN) {
		return true
	}
	owner, members := fact.Owner.Or(t, ""), fact.Members.Or(t, nil)
	return slices.ContainsFunc(w.BreakGlass, func(arn string) bool {
		name := lastPart(arn)
		return isUser(arn) && (owner == name || t.Kind == "iam.group" && slices.Contains(members, name))
	})
}

func isUser(arn string) bool { return strings.Contains(arn, ":user/") }

func lastPart(arn string) string { return arn[strings.LastIndex(arn, "/")+1:] }

// refuses says whether the target is this principal or one of its credentials.
// Another key of the same user may be cut while the one in use is known: an
// intruder adds keys to users that exist.
func (k Keeper) refuses(t fact.Resource) string {
	name, user := lastPart(k.ARN), isUser(k.ARN)
	switch {
	case k.ARN == t.ARN || k.UniqueID != "" && k.UniqueID == t.UniqueID:
		return OwnPrincipal
	case t.Kind == "iam.user" && user && t.ID == name, t.Kind == "iam.role" && strings.Contains(k.ARN, ":role/") && t.ID == name:
		return OwnPrincipal
	case t.Kind == "iam.access-key" && (t.ID == k.KeyID || user && k.KeyID == "" && fact.Owner.Or(t, "") == name):
		return OwnKey
	case user && t.Kind != "iam.access-key" && strings.HasPrefix(string(t.Kind), "iam.") && fact.Owner.Or(t, "") == name:
		return OwnPrincipal
	}
	return ""
}
