package lineage

import (
	"strings"
	"time"

	"cordon/internal/event"
	"cordon/internal/fact"
)

// A Reason says why something is held to be the intruder's.
type Reason string

// The reasons.
const (
	Seed        Reason = "seed"         // where the owner or AWS pointed
	Marked      Reason = "marked"       // the owner said: not mine
	Issued      Reason = "minted"       // a credential that a suspect asked for
	CreatedBy   Reason = "created"      // a user or role that a suspect created
	Opened      Reason = "opened"       // a role whose trust a suspect changed
	PasswordSet Reason = "password-set" // a user whose password a suspect set
	HandedTo    Reason = "handed"       // a session of compute that a suspect handed a role to
	Carried     Reason = "carried"      // a session that carries a suspect's source identity
)

// A Scope says how much of the credential or principal is the intruder's.
type Scope string

// The scopes.
const (
	// OfCredential: every call made with this one credential.
	OfCredential Scope = "credential"
	// OfPrincipal: every call of this user, or of every session of this role.
	OfPrincipal Scope = "principal"
	// OfConsole: the console sessions of this user that began after At.
	OfConsole Scope = "console"
	// OfRole: the sessions of this role that foreigners, or tokens of a provider
	// of his, began after At. Those that suspects began are minted ones.
	OfRole Scope = "role"
)

// Confidences. Low: only calls lead there that the owner's own program may have
// made with the same key: from an address that it is used to, or at a time when
// nobody knows since when the intruder has it. See habits.
const (
	High = "high"
	Low  = "low"
)

// A Suspect is one credential or principal held to be the intruder's.
//
// To seed a Closure set either Credential, or Principal with its account; and
// Reason Seed or Marked. At limits it to events from then on; zero means the
// closure's own beginning. Everything else is the closure's to fill in.
type Suspect struct {
	Credential string
	Kind       CredentialKind // of a credential, where known
	Principal  fact.Ref       // the user or role it is or speaks for
	UniqueID   string         // AIDA… or AROA…; names are reused
	ARN        string
	Scope      Scope
	Reason     Reason
	At         time.Time // from when on; zero: always
	EventID    string    // the event that made it one
	Depth      int       // steps from a seed
	By         string    // name of the suspect that made it one
	Confidence string
}

// Name identifies the suspect inside one closure: the credential's id, or
// scope and principal.
func (s Suspect) Name() string {
	switch {
	case s.Credential != "":
		return s.Credential
	case s.Principal.ID == "":
		return string(s.Scope) + ":" + s.ARN
	}
	return string(s.Scope) + ":" + s.Principal.String()
}

func (s Suspect) withScope() Suspect {
	switch {
	case s.Scope != "":
	case s.Credential != "":
		s.Scope = OfCredential
	default:
		s.Scope = OfPrincipal
	}
	if s.Reason == "" {
		s.Reason = Seed
	}
	if s.Principal.Region == "" && s.Principal.ID != "" {
		s.Principal.Region = fact.Global
	}
	return s
}

// covers says whether the event is a deed of this suspect's. AWS's own acts
// were sorted out before.
func (s Suspect) covers(e event.Event) bool {
	if e.Time.Before(s.At) {
		return false
	}
	switch s.Scope {
	case OfCredential:
		return s.Credential != "" && e.Credential == s.Credential
	case OfPrincipal:
		return s.is(e)
	case OfConsole:
		// A failed sign-in is as likely the owner who finds his password changed,
		// and a session that began before is his.
		p := e.Principal
		return isConsole(e) && !(e.Failed() && e.Name == "ConsoleLogin") && s.is(e) &&
			(p.SessionCreated.IsZero() || !p.SessionCreated.Before(s.At))
	}
	return false
}

// is says whether the event's principal is this user, or a session of this
// user or role. A unique id that is known on both sides decides.
func (s Suspect) is(e event.Event) bool {
	p := speaker(e)
	if p != s.Principal {
		return false
	}
	unique := uniqueOf(e)
	return s.UniqueID == "" || unique == "" || !strings.HasPrefix(unique, "A") || s.UniqueID == unique
}

// lets says whether this opened role let a foreigner in by this event.
func (s Suspect) lets(e event.Event, c Credential) bool {
	if s.Scope != OfRole || c.Kind != RoleSession || c.Principal != s.Principal || e.Time.Before(s.At) {
		return false
	}
	return isForeign(e, s.Principal.Account)
}

func isForeign(e event.Event, home string) bool {
	by := e.Principal
	return by.Type != "AWSService" && by.Account != "" && by.Account != home && by.Account != "anonymous"
}
