package lineage

import (
	"slices"
	"strings"
	"time"

	"cordon/internal/event"
	"cordon/internal/fact"
)

// An entrance is what a suspect set that lets in somebody without a credential of
// the account: an identity provider, a trust anchor or a profile of Roles Anywhere,
// a user of Identity Center. Roles that trust it need no change.
type entrance struct {
	owner    *Suspect
	r        *reading
	door     fact.Ref
	made     bool   // it was not there, but perhaps under its name: nobody else comes by it
	audience string // that was added, and is all that was
}

// entering are the calls that set one; true: they create it. A provider of OpenID
// Connect that is new lets nobody in before a role names it: see federation.
var entering = map[call]bool{
	{"iam", "CreateSAMLProvider"}: true, {"iam", "UpdateSAMLProvider"}: false,
	{"iam", "AddClientIDToOpenIDConnectProvider"}: false, {"iam", "UpdateOpenIDConnectProviderThumbprint"}: false,
	{"rolesanywhere", "CreateTrustAnchor"}: true, {"rolesanywhere", "UpdateTrustAnchor"}: false, {"rolesanywhere", "EnableTrustAnchor"}: false,
	{"rolesanywhere", "CreateProfile"}: true, {"rolesanywhere", "UpdateProfile"}: false, {"rolesanywhere", "EnableProfile"}: false,
	{"identitystore", "CreateUser"}: true, {"sso-directory", "CreateUser"}: true, {"sso-directory", "UpdatePassword"}: false,
}

const (
	trustAnchor    fact.Kind = "rolesanywhere.trust-anchor"
	anywhere       fact.Kind = "rolesanywhere.profile"
	directoryUser  fact.Kind = "identitystore.user"
	bySSO                    = "sso:" // before the name of a user of Identity Center
	centerProvider           = ":saml-provider/AWSSSO_"
)

// keyOf is how sessions name an entrance; "" where their records do not.
func keyOf(e event.Event, d Deed) string {
	switch d.Ref.Kind {
	case oidcProvider:
		return issuer(d.Ref.ID)
	case directoryUser: // the name is that of the sessions, and may be hidden
		name := strings.ToLower(findOne(e, "q:userName"))
		if name == "" || strings.HasPrefix(name, "hidden_") || e.Name != "CreateUser" {
			return ""
		}
		return bySSO + name
	}
	return d.Ref.ID
}

// keysOfSession are the entrances that a session's beginning names.
func keysOfSession(r *reading) (keys []string) {
	e := *r.Event
	if r.Service() == "rolesanywhere" {
		return []string{lastPart(findOne(e, "q:trustAnchorArn")), lastPart(findOne(e, "q:profileArn"))}
	}
	id := provider(e)
	if id == "" {
		return nil
	}
	keys = []string{id}
	if strings.Contains(id, centerProvider) {
		keys = append(keys, bySSO+strings.ToLower(findOne(e, "q:roleSessionName")))
	}
	return keys
}

// entrances are those that one round of growing knows, and who came by what when.
type entrances struct {
	of    *Closure
	by    index
	all   map[string][]entrance
	first map[[3]string]time.Time // of an entrance's key, what is told, and who or from where
}

func (c *Closure) entrances(by index) entrances {
	in := entrances{c, by, map[string][]entrance{}, map[[3]string]time.Time{}}
	for _, r := range c.sorted {
		made, enters := entering[call{r.Service(), baseName(*r.Event)}]
		if !enters || r.Failed() {
			continue
		}
		for _, owner := range by.owners(r) {
			for _, d := range r.made {
				if key := keyOf(*r.Event, d); key != "" {
					in.all[key] = append(in.all[key], entrance{owner, r, d.Ref, made, findOne(*r.Event, "q:clientID")})
				}
			}
		}
	}
	if len(in.all) == 0 {
		return in
	}
	for _, r := range c.sorted { // by time
		for _, key := range keysOfSession(r) {
			for what, value := range told(r) {
				at := [3]string{key, what, value}
				if _, known := in.first[at]; !known && !r.Failed() {
					in.first[at] = r.Time
				}
			}
		}
	}
	return in
}

// told is what the beginning of a session says of who came.
func told(r *reading) map[string]string {
	who := r.Principal.User
	if r.Service() == "rolesanywhere" {
		who = findOne(*r.Event, "r:subjectArn")
	}
	return map[string]string{"anybody": "", "who": who, "where": r.origin.address, "audience": findOne(*r.Event, "r:audience")}
}

// edges are the sessions that began by an entrance of his. By one that he only
// changed the owner's people go on coming: of them who is known and comes from a
// known place is nobody's, and who is new is unsure; from his own address he comes.
func (in entrances) edges(r *reading, habits habits) (all []edge) {
	if len(in.all) == 0 || len(r.minted) == 0 {
		return nil
	}
	for _, key := range keysOfSession(r) {
		for _, e := range in.all[key] {
			confidence := in.confidence(key, e, r, habits)
			if confidence == "" || r.Time.Before(e.r.Time) || !in.by.open(e.door, e.r.Time, r.Time) {
				continue
			}
			for _, m := range r.minted {
				child := credential(m)
				if m.Kind == RoleSession && m.ID != "" && m.ID != e.owner.Credential && !in.of.isSelf(m.ID, true) {
					all = append(all, edge{e.owner.Name(), child.Name(), r.Time, r.ID, confidence, child, e.r.ID})
				}
			}
		}
	}
	return all
}

func (in entrances) confidence(key string, e entrance, r *reading, habits habits) string {
	base, before := habits.confidence(e.owner, e.r), e.r.Time
	if since := in.of.since; !since.IsZero() && since.Before(before) {
		before = since
	}
	tells := told(r)
	knew := func(what string) bool {
		first, known := in.first[[3]string{key, what, tells[what]}]
		return known && first.Before(before)
	}
	switch {
	case e.made && !knew("anybody"), in.by.where[r.origin.address]:
		return base
	case e.audience != "" && (tells["audience"] != e.audience || knew("audience")):
		return ""
	case e.audience != "":
		return base
	case knew("who") && knew("where"):
		return ""
	}
	return Low
}

// entranceQueries ask for who came by an entrance of his, where a look-up can.
func (c *Closure) entranceQueries() (qs []Query) {
	for _, a := range c.acts {
		if _, enters := entering[call{a.Event.Service(), baseName(a.Event)}]; !enters || a.Event.Failed() {
			continue
		}
		for _, d := range Made(a.Event) {
			key := keyOf(a.Event, d)
			name, center := strings.CutPrefix(key, bySSO)
			switch {
			case key == "":
			case center:
				qs = append(qs, Query{ByUser, name}, Query{ByUser, findOne(a.Event, "q:userName")})
			case d.Ref.Kind == samlProvider: // the record of AssumeRoleWithSAML lists it
				qs = append(qs, Query{ByRole, d.Ref.ID})
			case d.Ref.Kind == trustAnchor, d.Ref.Kind == anywhere:
				qs = append(qs, Query{ByEventName, "CreateSession"})
			}
		}
	}
	return qs
}

// Untraced lists the intruder's acts by which somebody may come in whom no
// look-up finds: by a provider of OpenID Connect that was there before, which
// records of its sessions do not list, and as a user of Identity Center whose name
// the record hides.
func (c *Closure) Untraced() (all []event.Event) {
	c.grow()
	for _, a := range c.acts {
		if _, enters := entering[call{a.Event.Service(), baseName(a.Event)}]; !enters || a.Event.Failed() {
			continue
		}
		if slices.ContainsFunc(Made(a.Event), func(d Deed) bool {
			return d.Ref.Kind == oidcProvider || d.Ref.Kind == directoryUser && keyOf(a.Event, d) == ""
		}) {
			all = append(all, a.Event)
		}
	}
	return all
}
