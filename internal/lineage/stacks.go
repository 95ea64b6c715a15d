package lineage

import (
	"slices"
	"strings"
	"time"

	"cordon/internal/event"
)

// How long CloudFormation works on a stack: mostly some minutes; a wait condition
// lets it wait twelve hours.
const (
	stackTakes = time.Hour
	stackWaits = 12 * time.Hour
)

// stacks knows the calls of suspects after which CloudFormation works with the
// rights of the caller: what it does then is recorded as the caller's, through
// the service and with a key that nobody issued.
type stacks struct {
	habits habits
	by     index
	begun  map[string][]hand      // by the caller's ARN, in the order of time
	others map[string][]time.Time // by the caller's ARN: calls on stacks that are not surely his own
}

func (s *stacks) gather(sorted []*reading, hands []hand) {
	s.begun, s.others = map[string][]hand{}, map[string][]time.Time{}
	his := map[*reading]bool{}
	for _, h := range hands {
		if h.Kind == stack && h.role() == "" && h.r.Principal.ARN != "" {
			s.begun[h.r.Principal.ARN] = append(s.begun[h.r.Principal.ARN], h)
			his[h.r] = his[h.r] || h.confidence(s.habits) == High
		}
	}
	if len(s.begun) == 0 {
		return
	}
	for _, r := range sorted {
		if arn := r.Principal.ARN; !r.aws && len(r.handed) > 0 && r.handed[0].Kind == stack && s.begun[arn] != nil && !his[r] {
			s.others[arn] = append(s.others[arn], r.Time)
		}
	}
}

// behind is the suspect's call after which CloudFormation did this, and how sure
// that is: of a stack that he created himself, while none of the owner's is
// worked on in the same name.
func (s *stacks) behind(r *reading) (all []hand, confidence string) {
	if !strings.HasPrefix(OnBehalf(*r.Event), "cloudformation.") {
		return nil, ""
	}
	arn, confidence := r.Principal.ARN, Low
	for _, h := range s.begun[arn] {
		if after := r.Time.Sub(h.At); after >= 0 && after <= stackWaits {
			all = append(all, h)
			if after <= stackTakes && h.confidence(s.habits) == High {
				confidence = High
			}
		}
	}
	if slices.ContainsFunc(s.others[arn], func(at time.Time) bool { return !at.After(r.Time) && r.Time.Sub(at) <= stackTakes }) {
		confidence = Low
	}
	return all, confidence
}

// edges are the users, roles and credentials that a stack of his brought; and
// those of a stack with a role, by the session that he handed to CloudFormation.
func (s *stacks) edges(r *reading) (all []edge) {
	if len(r.minted)+len(r.made) == 0 {
		return nil
	}
	add := func(parent *Suspect, confidence, cause string) {
		for _, child := range brings(r) {
			child = child.withScope()
			if child.Name() != parent.Name() {
				all = append(all, edge{parent.Name(), child.Name(), r.Time, r.ID, confidence, child, cause})
			}
		}
	}
	behind, confidence := s.behind(r)
	for _, h := range behind {
		add(h.owner, confidence, h.EventID)
	}
	if session := s.by.credential[r.Credential]; session != nil && lastPart(session.ARN) == "AWSCloudFormation" && OnBehalf(*r.Event) != "" && !r.Time.Before(session.At) {
		add(session, High, r.ID)
	}
	return all
}

// handed is what a stack of his handed roles to.
func (s *stacks) handed(sorted []*reading) (all []hand) {
	if len(s.begun) == 0 {
		return nil
	}
	for _, r := range sorted {
		if !r.aws || len(r.handed) == 0 {
			continue
		}
		behind, confidence := s.behind(r)
		for _, h := range behind {
			for _, to := range r.handed {
				to.EventID, to.Made = h.EventID, to.Made && confidence == High
				all = append(all, hand{h.owner, h.r, to})
			}
		}
	}
	return all
}

// userName is what AWS lists a principal's calls under, also those of services in
// its name.
func userName(p event.Principal) string {
	switch {
	case p.Type == "Root":
		return "root"
	case p.User != "":
		return p.User
	}
	return lastPart(p.ARN)
}
