// Package detect finds in events what intruders do: behaviours, not lists of
// names. Each is one declaration with its ATT&CK techniques, its severity and
// samples that it must and must not match; its words are in the catalogues.
// Pure.
package detect

import (
	"iter"
	"time"

	"cordon/internal/event"
	"cordon/internal/finding"
)

// Attempted and Done say whether what was tried worked.
const (
	Attempted = "attempted"
	Done      = "done"
)

// A Hit is one detection in one event, or in a burst of them.
type Hit struct {
	Detection  string // id
	Status     string // Attempted or Done
	Severity   finding.Severity
	Confidence finding.Confidence
	Attack     []string // ATT&CK ids, v19
	At         time.Time
	EventIDs   []string // in the order of time; of a burst those that count
	Principal  string   // as trail.Call has it
	Credential string
	Address    string
	Agent      string
	Region     string
	Account    string
	// Args are for the words: what was granted, to whom, how many.
	Args map[string]string
	// Rule names a Sigma rule and its author, where the hit is one's.
	Rule, Author string
}

// History is what the account is known to have done before. Known is false
// where the record does not reach back far enough to tell.
type History interface {
	// First is when the principal first did this: what is "region", "service",
	// "address", "agent" or "call" ("iam:CreateUser").
	First(principal, what, value string) (at time.Time, known bool)
}

// Calls lists the calls whose whole record detections need ("iam:CreateUser",
// names without API version) and those of which columns are enough.
func Calls() (whole, columns []string) { panic("to be written") }

// Run looks at events in the order of time. Of the events that Calls lists
// under columns, Request and Response may be missing.
func Run(events iter.Seq[event.Event], past History) []Hit { panic("to be written") }
