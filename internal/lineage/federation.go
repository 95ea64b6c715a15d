package lineage

import (
	"slices"
	"strings"

	"cordon/internal/event"
	"cordon/internal/policy"
)

// provider is the identity provider whose token or assertion began a session,
// as trust policies name it; of OpenID Connect only the issuer, since records
// have that with its ARN or without. Empty: the caller was no such user.
//
// ("CloudTrail userIdentity element": identityProvider is the issuer's name for
// web identities, but a hash for SAML, whose request has the provider's ARN.)
func provider(e event.Event) string {
	switch e.Principal.Type {
	case "WebIdentityUser":
		return issuer(e.Principal.Provider)
	case "SAMLUser":
		return findOne(e, "q:principalArn")
	}
	return ""
}

func issuer(id string) string {
	if _, rest, ok := strings.Cut(id, ":oidc-provider/"); ok {
		id = rest
	}
	return strings.TrimSuffix(strings.TrimPrefix(id, "https://"), "/")
}

// A federation knows the identity providers whose tokens are the intruder's, as
// far as one round of growing has found his suspects.
type federation struct {
	events  []*reading
	by      index
	created map[string]bool    // by suspects
	trusted map[[2]string]bool // role's and provider's names: an answer of opens
}

func (c *Closure) federation(by index) federation {
	f := federation{c.sorted, by, map[string]bool{}, map[[2]string]bool{}}
	for _, r := range c.sorted {
		for _, d := range r.made {
			if (d.Ref.Kind == samlProvider || d.Ref.Kind == oidcProvider) && d.Ref.ID != "" && d.Change == Created && f.his(r) {
				f.created[issuer(d.Ref.ID)] = true
			}
		}
	}
	return f
}

func (f federation) his(r *reading) bool { return len(f.by.owners(r)) > 0 }

// lets says whether this opened role let the intruder in with a token: one of a
// provider that he created, or that the role trusts since he changed it.
func (f federation) lets(opened *Suspect, r *reading, m Credential) bool {
	id := provider(*r.Event)
	if id == "" || opened.Scope != OfRole || m.Kind != RoleSession || m.Principal != opened.Principal || r.Time.Before(opened.At) {
		return false
	}
	key := [2]string{opened.Name(), id}
	if _, known := f.trusted[key]; !known {
		f.trusted[key] = f.created[id] || f.opens(opened, id)
	}
	return f.trusted[key]
}

// opens says whether a suspect created the role, or changed its trust to let in
// a provider that had no part in the role before. One that was named or used
// before is the owner's, also where the change names it again.
func (f federation) opens(opened *Suspect, id string) bool {
	named, old := false, false
	for _, r := range f.events {
		before := r.Time.Before(opened.At)
		for _, d := range r.made {
			if d.Ref != opened.Principal || d.Change == Attempted {
				continue
			}
			if d.Change == Created && f.his(r) {
				return true
			}
			if trusts(*r.Event, id) {
				old = old || before
				named = named || f.his(r)
			}
		}
		old = old || before && provider(*r.Event) == id &&
			slices.ContainsFunc(r.minted, func(m Credential) bool { return m.Principal == opened.Principal })
	}
	return named && !old
}

// trusts says whether the trust policy that a call wrote lets in a provider.
func trusts(e event.Event, id string) bool {
	doc, err := policy.Parse(trustIn(e))
	if err != nil {
		return false
	}
	return slices.ContainsFunc(policy.Federated(doc), func(p string) bool { return p == "*" || issuer(p) == id })
}
