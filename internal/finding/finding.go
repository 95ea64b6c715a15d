// Package finding turns a snapshot into findings. It is pure: no context, no
// client, no clock.
package finding

import (
	"cmp"
	"maps"
	"slices"

	"cordon/internal/fact"
)

// A Severity orders findings for the reader.
type Severity int

// The severities.
const (
	Info Severity = iota
	Low
	Medium
	High
	Critical
)

var severityNames = []string{"info", "low", "medium", "high", "critical"}

func (s Severity) String() string { return severityNames[s] }

// MarshalText writes the name.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads a name.
func (s *Severity) UnmarshalText(b []byte) error {
	i := slices.Index(severityNames, string(b))
	if i < 0 {
		return &UnknownSeverity{string(b)}
	}
	*s = Severity(i)
	return nil
}

// An UnknownSeverity names a word that is not a severity.
type UnknownSeverity struct{ Word string }

func (e *UnknownSeverity) Error() string {
	return "cannot read the severity: " + e.Word + " is not one of info, low, medium, high, critical"
}

// Confidence says how sure a finding is that this is the intruder's work.
type Confidence string

// The confidences. Ask is for what only the owner can tell.
const (
	Sure     Confidence = "high"
	Probable Confidence = "medium"
	Ask      Confidence = "low"
)

// A Check is one declaration. Its words live in the catalogues under
// "check.<ID>.title", ".saw", ".why", ".else" and ".do"; the code has none.
type Check struct {
	ID         string
	Severity   Severity
	Confidence Confidence
	Attack     []string    // MITRE ATT&CK technique ids
	Needs      []fact.Kind // a gap in any of these makes "nothing found" mean Unknown
	Wide       bool        // it needs every kind that the snapshot should have
	Answer     string      // the playbook that answers it; "" when none
	Find       func(*Look)
}

// A Look is what a check looks through, and where it puts what it saw.
type Look struct {
	fact.Snapshot
	hits []Hit
	gaps []fact.Reading
}

// Hit records one target.
func (l *Look) Hit(r fact.Resource, evidence ...Evidence) {
	l.hits = append(l.hits, Hit{Target: Target{r.Ref, r.ARN}, Evidence: evidence})
}

// Blind records that a fact the check needs was not read for this resource.
func (l *Look) Blind(r fact.Resource, what string) {
	l.gaps = append(l.gaps, fact.Reading{Kind: r.Kind, Place: r.Place, State: fact.Failed, Why: what + " of " + r.ID + " was not read"})
}

// Known gets a fact for a check; when it was not read, the check is blind on
// this resource and cannot end as clear.
func Known[T any](l *Look, r fact.Resource, k fact.Key[T]) (T, bool) {
	v, known := k.Get(r)
	if !known {
		l.Blind(r, string(k))
	}
	return v, known
}

// Evidence is one reason: a fact with its value, or a recorded event.
type Evidence struct {
	Fact    string `json:"fact,omitempty"`
	Value   string `json:"value,omitempty"`
	EventID string `json:"event_id,omitempty"`
}

// A Target is a resource a finding is about.
type Target struct {
	fact.Ref
	ARN string `json:"arn,omitempty"`
}

// A Hit is one target with its reasons.
type Hit struct {
	Target
	Evidence []Evidence `json:"evidence,omitempty"`
}

// An Outcome is what a check can honestly say.
type Outcome string

// The outcomes.
const (
	Clear   Outcome = "clear" // everything needed was read, nothing found
	Found   Outcome = "found"
	Unknown Outcome = "unknown" // nothing found, but not everything was read
)

// A Finding is one check's answer.
type Finding struct {
	Number     int            `json:"number,omitempty"` // for people; stable within one triage
	Check      string         `json:"check"`
	Outcome    Outcome        `json:"outcome"`
	Severity   Severity       `json:"severity"`
	Confidence Confidence     `json:"confidence"`
	Attack     []string       `json:"attack,omitempty"`
	Answer     string         `json:"answer,omitempty"`
	Hits       []Hit          `json:"hits,omitempty"`
	Gaps       []fact.Reading `json:"gaps,omitempty"`
}

// Run evaluates every check and returns the answers, gravest found first, then
// unknown, then clear. Only Run may say Clear.
func Run(s fact.Snapshot, checks []Check) []Finding {
	out := make([]Finding, 0, len(checks))
	for _, c := range checks {
		l := &Look{Snapshot: s}
		c.Find(l)
		needs := c.Needs
		if c.Wide {
			needs = slices.Clone(needs)
			for _, k := range slices.Sorted(maps.Keys(s.Expected)) {
				if !slices.Contains(needs, k) {
					needs = append(needs, k)
				}
			}
		}
		f := Finding{
			Check: c.ID, Severity: c.Severity, Confidence: c.Confidence, Attack: c.Attack, Answer: c.Answer,
			Hits: l.hits, Gaps: append(s.Gaps(needs...), l.gaps...),
		}
		switch {
		case len(f.Hits) > 0:
			f.Outcome = Found
		case len(f.Gaps) > 0:
			f.Outcome = Unknown
		default:
			f.Outcome = Clear
		}
		out = append(out, f)
	}
	slices.SortStableFunc(out, func(a, b Finding) int {
		if a.Outcome == Found && b.Outcome == Found {
			return cmp.Compare(b.Severity, a.Severity)
		}
		return cmp.Compare(rank[a.Outcome], rank[b.Outcome])
	})
	for i := range out {
		out[i].Number = i + 1
	}
	return out
}

var rank = map[Outcome]int{Found: 0, Unknown: 1, Clear: 2}
