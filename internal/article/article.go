// Package article is AWS's article on unauthorised activity, line by line: what
// each line asks for in our own words, which command, check and verb carry it,
// which story shows it, and what a case says of it. docs/ref/article.md is made
// of the table. It is pure.
package article

import (
	"time"

	"cordon/internal/fact"
	"cordon/internal/finding"
	"cordon/internal/playbook"
	"cordon/internal/rotate"
)

// A State says how far one line has been followed.
type State string

// The states. Where the case has no record of a line it is Open or Unchecked,
// never Done: what nobody wrote down did not happen.
const (
	Done      State = "done"       // by a record, or by what was read
	NotNeeded State = "not-needed" // what was read has nothing that it would be done to
	Open      State = "open"       // somebody has to do it
	Unchecked State = "unchecked"  // it could not be checked, or not all of it
)

// States lists them in the order in which a reader needs them.
func States() []State { return []State{Open, Unchecked, Done, NotNeeded} }

// Who does what is open: words under "article.who.".
const (
	Responder = "responder" // whoever runs cordon
	Owner     = "owner"     // whoever can tell what is his
	RootUser  = "root"      // whoever can sign in as the root user
)

// An Item is one line as a case has it.
type Item struct {
	Line    string `json:"line"`    // its text is "article.line.<Line>"
	Section string `json:"section"` // "article.section.<Section>"
	State   State  `json:"state"`
	Why     string `json:"why"` // "article.why.<Why>", said with N and Names
	N       int    `json:"n"`
	// Names are what is open, or what was done, by the ids that people know.
	Names []string  `json:"names"`
	Who   string    `json:"who,omitempty"`
	Due   time.Time `json:"due,omitzero"` // AWS's deadline, of what is open
	At    time.Time `json:"at,omitzero"`  // when that was read or done which it rests on
	Do    string    `json:"do,omitempty"` // the command that comes next
}

// A Deed is one change that the journal has.
type Deed struct {
	Ref   fact.Ref
	Owner string // the user of a key or password
	Verb  string
	// Sort is what it comes to: keys-off, keys-gone, keys-new, passwords, mfa,
	// identities, removed, kept and the other sorts of a letter.
	Sort string
	At   time.Time
	// Verified is false for what was begun and never seen to hold.
	Verified bool
}

// A Notice is what AWS wrote.
type Notice struct{ Due, Answered time.Time }

// A Look is what a command found that looks at something outside a triage, and
// left in the case.
type Look struct {
	At     time.Time
	Found  int // things that somebody has to see to
	Unseen int // things that it could not look at
}

// The looks.
const (
	LookBill    = "bill"
	LookAccount = "account"
	LookSecrets = "secrets"
)

// A Record is what a case holds, and all that its checklist is made of.
type Record struct {
	Looked   time.Time // the last triage; zero: there was none
	Narrowed bool      // it left Regions out
	Began    time.Time // of the incident; zero: not known
	Snapshot fact.Snapshot
	Findings []finding.Finding
	Marks    map[fact.Ref]playbook.Mark

	Deeds     []Deed // that stand
	TakenBack []Deed
	Rotations []rotate.Rotation
	// Kept are the resources of which there is evidence; Copies are the kinds
	// that AWS can make a copy of.
	Kept   map[fact.Ref]bool
	Copies map[fact.Kind]bool

	Notice *Notice // nil: the case has none
	Looks  map[string]Look
}

// Checklist says of every line how far the case has followed it.
func Checklist(r Record) []Item {
	out := make([]Item, 0, len(lines))
	for _, l := range lines {
		item := l.judge(r)
		item.Line, item.Section = l.ID, l.Section
		item.Names = append([]string{}, item.Names...)
		if item.N == 0 {
			item.N = len(item.Names)
		}
		if item.State == Open {
			if item.Who == "" {
				item.Who = Responder
			}
			if r.Notice != nil && r.Notice.Answered.IsZero() {
				item.Due = r.Notice.Due
			}
		}
		if item.Do == "" && (item.State == Open || item.State == Unchecked) && len(l.Commands) > 0 {
			item.Do = l.Commands[0]
		}
		if item.State == Done || item.State == NotNeeded {
			item.Who, item.Do = "", ""
		}
		out = append(out, item)
	}
	return out
}
