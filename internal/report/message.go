// Package report turns what the engine tells into what people and programs
// read: text in three languages, JSON, JSON Lines. It renders and decides
// nothing. docs/json-output.md is the contract of the machine forms.
package report

import (
	"encoding/json"
	"time"

	"cordon/internal/fact"
	"cordon/internal/finding"
	"cordon/internal/plan"
)

// A Message is one thing the engine tells. Its type name is the record's
// "type" in machine output.
type Message interface{ Type() string }

// A Handler receives messages in order. Losing Progress changes nothing else.
type Handler interface {
	Handle(Message) error
	// End is called once, when nothing more will come.
	End() error
}

// Case says who looks at what.
type Case struct {
	Case      string     `json:"case"`
	Account   string     `json:"account"`
	Partition string     `json:"partition"`
	Endpoint  string     `json:"endpoint,omitempty"`
	Caller    string     `json:"caller"`
	Source    string     `json:"credentials_from,omitempty"`
	Regions   []string   `json:"regions"`          // that are looked at
	Narrowed  bool       `json:"narrowed"`         // --regions left some out
	AllCount  int        `json:"region_count"`     // that the account has
	Closed    []string   `json:"disabled_regions"` // that cannot be looked at
	Since     time.Time  `json:"since,omitzero"`
	SinceFrom string     `json:"since_from,omitempty"` // "flag", "case", "quarantine", "none"
	Deadline  *time.Time `json:"deadline,omitempty"`
}

// Type implements Message.
func (Case) Type() string { return "case" }

// Progress is how far a long step has got. It is not part of the data.
type Progress struct {
	Step   string `json:"step"` // "listing", "history", "judging", "keeping"
	Done   int    `json:"done"`
	Total  int    `json:"total"`
	What   string `json:"what,omitempty"`
	Region string `json:"region,omitempty"`
	// Slow is set when AWS asks to slow down: the service.
	Slow string        `json:"slow,omitempty"`
	Wait time.Duration `json:"wait_ns,omitempty"`
	// At is set where a step has no end: the time until which all is told.
	At time.Time `json:"at,omitzero"`
}

// Type implements Message.
func (Progress) Type() string { return "progress" }

// Gap is something that could not be seen.
type Gap struct {
	Kind       fact.Kind  `json:"kind"`
	Account    string     `json:"account"`
	Region     string     `json:"region"`
	State      fact.State `json:"state"`
	Why        string     `json:"why,omitempty"`
	Permission string     `json:"permission,omitempty"`
}

// Type implements Message.
func (Gap) Type() string { return "gap" }

// NewGap makes a Gap of a reading.
func NewGap(r fact.Reading) Gap {
	return Gap{r.Kind, r.Account, r.Region, r.State, r.Why, r.Permission}
}

// Finding is one check's answer.
type Finding struct {
	finding.Finding
	Marks map[string]string `json:"marks,omitempty"` // target → mine | not-mine | unsure
}

// Type implements Message.
func (Finding) Type() string { return "finding" }

// MarshalJSON writes the flat form of the contract.
func (f Finding) MarshalJSON() ([]byte, error) {
	type evidence struct {
		Target string `json:"target"`
		finding.Evidence
	}
	out := struct {
		Number     int                `json:"number"`
		Check      string             `json:"check"`
		Outcome    finding.Outcome    `json:"outcome"`
		Severity   finding.Severity   `json:"severity"`
		Confidence finding.Confidence `json:"confidence"`
		Title      string             `json:"title"`
		Targets    []finding.Target   `json:"targets"`
		Evidence   []evidence         `json:"evidence"`
		Attack     []string           `json:"attack"`
		Answer     string             `json:"answer,omitempty"`
		Gaps       int                `json:"gaps"`
		Marks      map[string]string  `json:"marks,omitempty"`
	}{
		f.Number, f.Check, f.Outcome, f.Severity, f.Confidence, title(f.Check),
		[]finding.Target{}, []evidence{}, append([]string{}, f.Attack...), f.Answer, len(f.Gaps), f.Marks,
	}
	for _, h := range f.Hits {
		out.Targets = append(out.Targets, h.Target)
		for _, e := range h.Evidence {
			out.Evidence = append(out.Evidence, evidence{h.ID, e})
		}
	}
	return json.Marshal(out)
}

// Plan heads a plan; its actions follow as Action messages.
type Plan struct {
	Digest   string         `json:"digest"`
	Code     string         `json:"code"`
	Kind     string         `json:"plan"` // contain, undo
	Case     string         `json:"case"`
	Account  string         `json:"account"`
	MadeAt   time.Time      `json:"made_at"`
	Expires  time.Time      `json:"expires"`
	Counts   map[string]int `json:"counts"` // by class
	File     string         `json:"file"`
	Refused  int            `json:"refused"`
	Evidence int            `json:"evidence"`       // blobs kept before
	Unkept   []string       `json:"unkept"`         // targets of which none could be kept, and why
	Open     []string       `json:"open,omitempty"` // the intruder's ways that it leaves open
	Stale    string         `json:"stale,omitempty"`
	Protects []string       `json:"protects"` // ARNs never touched
}

// Type implements Message.
func (Plan) Type() string { return "plan" }

// Action is one line of a plan.
type Action struct {
	ID      string         `json:"id"`
	Number  int            `json:"number"`
	Verb    string         `json:"verb"`
	Class   plan.Class     `json:"class"`
	Target  finding.Target `json:"target"`
	Because []string       `json:"because"`
	After   []string       `json:"after"`
	Closes  []string       `json:"closes,omitempty"` // the intruder's ways that this closes
	Cut     bool           `json:"cut,omitempty"`    // of the smallest set that closes all of them
	Undoes  bool           `json:"undoes,omitempty"`
	Exposed bool           `json:"exposed,omitempty"`
	Sink    string         `json:"sink,omitempty"`    // where the secret goes that it makes
	Refused string         `json:"refused,omitempty"` // the guard's reason
	Owner   string         `json:"owner,omitempty"`
	LastUse *time.Time     `json:"last_used,omitempty"`
}

// Type implements Message.
func (Action) Type() string { return "action" }

// Step is one step of an action while a plan is applied: type
// "action_start", "action_done", "action_verified" and so on.
type Step struct {
	ID     string         `json:"id"`
	Number int            `json:"number"`
	Of     int            `json:"of"`
	Verb   string         `json:"verb"`
	Target finding.Target `json:"target"`
	Step   string         `json:"step"`
	Undoes bool           `json:"undoes,omitempty"`
	Reason string         `json:"reason,omitempty"` // a word of the catalogue, "skip.<reason>"
	Code   string         `json:"code,omitempty"`   // AWS's error code
	Err    string         `json:"error,omitempty"`
	// Permission is the IAM action that was missing.
	Permission string `json:"permission,omitempty"`
	ElapsedMS  int64  `json:"elapsed_ms"`
}

// Type implements Message.
func (s Step) Type() string { return "action_" + s.Step }

// Applied sums up one apply or undo.
type Applied struct {
	Digest    string `json:"digest"`
	Kind      string `json:"plan"`
	Verified  int    `json:"verified"`
	Undone    int    `json:"undone"`
	Skipped   int    `json:"skipped"`
	Failed    int    `json:"failed"`
	Untouched int    `json:"untouched"`
	Reapplied int    `json:"reapplied"`
	// Waiting are changes that AWS is still working on; the same plan, applied
	// again, looks whether they have ended.
	Waiting     int            `json:"waiting"`
	Chain       int            `json:"longest_chain"` // dependent calls from approval to the last verified cut
	ElapsedMS   int64          `json:"elapsed_ms"`
	Interrupted bool           `json:"interrupted"`
	JournalHead string         `json:"journal_head"`
	JournalSeq  int            `json:"journal_records"`
	Journal     string         `json:"journal"`
	People      int            `json:"person_steps"`
	Calls       map[string]int `json:"calls"`
	Held        []Held         `json:"held,omitempty"`
}

// Held is a resource that was put back to what it was, and that an earlier
// action of the case keeps from running until it is undone.
type Held struct {
	Action string         `json:"action"`
	Verb   string         `json:"verb"`
	Target finding.Target `json:"target"`
}

// Type implements Message.
func (Applied) Type() string { return "applied" }

// Summary ends a triage.
type Summary struct {
	Calls      map[string]int `json:"calls"`
	Retries    int            `json:"retries"`
	ElapsedMS  int64          `json:"elapsed_ms"`
	Regions    int            `json:"regions"`
	Found      int            `json:"found"`
	Clear      int            `json:"clear"`
	Unknown    int            `json:"unknown"`
	Resources  int            `json:"resources"`
	Gaps       int            `json:"gaps"`
	Suspects   int            `json:"suspects"`
	SinceFrom  string         `json:"since_from,omitempty"` // flag, case, quarantine, none
	LastSeen   *time.Time     `json:"last_seen,omitempty"`  // of the intruder
	FirstSeen  *time.Time     `json:"first_seen,omitempty"`
	Running    int            `json:"running_instances"` // made by the intruder and running
	RunningIn  int            `json:"running_regions"`
	Snapshot   string         `json:"snapshot"`
	NotChecked []string       `json:"not_checked"` // rows of the catalogue that AWS shows in part only, or not at all
	// TrailLag is how many minutes back the event history may lack calls; 0: it
	// was not searched.
	TrailLag int `json:"trail_lag_minutes,omitempty"`
}

// Type implements Message.
func (Summary) Type() string { return "summary" }

// Check is one line of the doctor: state is ok, warn, fail or unknown; the
// words are under "doctor.<name>.<state>" with Args.
type Check struct {
	Name  string `json:"name"`
	State string `json:"state"`
	Args  []any  `json:"args"`
}

// Type implements Message.
func (Check) Type() string { return "check" }
