package lineage

import (
	"cmp"
	"slices"
	"time"
)

// near is how long before the first and after the last sure call something
// from the same place is still held to be the same hand.
const near = time.Hour

// A verdict is whose an origin is, as far as its past and its signs tell.
type verdict struct {
	Lane
	first, last time.Time // of the calls from then on
	known       bool      // the address was in regular use before
	oldTool     bool
	agents      map[Agent]bool
}

// separate tells two users of one credential or principal apart, by origin.
// Nobody is blamed for an address and tool that were in regular use before the
// intruder came. What is new and carries signs is the intruder's; what is new
// and shares a sure origin's address, or in the same hour its exact agent, too;
// what is new, with the old tool and the old calls, is the owner who moved; the
// rest is unknown. hint: somebody pointed at this credential, and no signs were
// looked for; then what is new since start is the intruder's, but for that owner.
func (s *subject) separate(start time.Time, hint bool) map[origin]*verdict {
	all := map[origin]*verdict{}
	pools := s.pools(start)
	for o, t := range s.traces {
		all[o] = s.judge(t, start, hint, pools[o.tool])
	}
	sure := newSure()
	for o, v := range all {
		if v.Who == ByIntruder {
			sure.add(o, v)
		}
	}
	sure.merge()
	for _, v := range all { // he has a place of his own: who cleans up after him works from the owner's
		if v.Who == ByIntruder && v.known && len(sure.addresses) > 0 {
			v.Lane = Lane{ByUnknown, Low, v.Why}
		}
	}
	for o, v := range all {
		if v.Who != ByIntruder && !v.known && !s.ofInstance(o) {
			sure.join(o, v)
		}
	}
	return all
}

// ofInstance: the programs of an instance share its address with who comes
// through it, so that the address joins nothing.
func (s *subject) ofInstance(o origin) bool {
	return instanceID.MatchString(sessionName(s.traces[o].readings[0].Principal))
}

func (s *subject) sorted() []origin {
	if s.order != nil {
		return s.order
	}
	list := make([]origin, 0, len(s.traces))
	for o := range s.traces {
		list = append(list, o)
	}
	slices.SortFunc(list, func(a, b origin) int { return cmp.Or(cmp.Compare(a.address, b.address), cmp.Compare(a.tool, b.tool)) })
	s.order = list
	return list
}

// judge looks at one origin by itself; pool is what its tool did from all new
// addresses.
func (s *subject) judge(t *trace, start time.Time, hint bool, pool float64) *verdict {
	o := t.origin
	v := &verdict{agents: t.agents, first: t.readings[0].Time, last: t.readings[len(t.readings)-1].Time}
	v.known, v.oldTool = s.knows(o.address, start), s.uses(o.tool, start)
	score, history := s.tally(t).score, s.hasPast(start)
	familiar, marks := s.compare(t, start)
	switch {
	case v.known:
		v.Lane = oldAddress(v.oldTool, familiar, score)
	case !history:
		v.Lane = noPast(score, hint && !v.first.Before(start))
	default:
		if !v.oldTool && score > 0 {
			score = max(score, pool)
		}
		v.Lane = newAddress(v.oldTool, familiar, score, hint && !v.first.Before(start))
	}
	if history && v.Who != ByOwner {
		v.Why = append(v.Why, marks...)
	}
	return v
}

// knows and uses: the address, or the tool, was in regular use before.
func (s *subject) knows(address string, start time.Time) bool {
	return s.addresses[address].established(start) || s.person.addresses[address].established(start)
}

func (s *subject) uses(tool string, start time.Time) bool {
	return s.tools[tool].established(start) || s.person.tools[tool].established(start)
}

// Words of Lane.Why.
const (
	whyOldAddress = "known-address"
	whyNewAddress = "new-address"
	whyOldAgent   = "known-agent"
	whyNewAgent   = "new-agent"
	whyOldCalls   = "known-calls"
	whyNewCalls   = "new-calls"
	whyNewRegion  = "new-region"
	whyOddHour    = "odd-hour"
	whyDetected   = "detected"
	whyNoSign     = "no-sign"
	whyNoPast     = "no-history"
	whySameOrigin = "same-origin"
	whySameAgent  = "same-agent"
	whyBefore     = "before-intrusion"
	whyIssued     = "issued-by-suspect"
	whyMarked     = "marked"
	whyAWS        = "by-aws"
	whyOurs       = "ours"
	whyOurMark    = "our-mark-only"
	whyShared     = "shared-event"
	whyStranger   = "not-suspect"
)

func oldAddress(oldTool, familiar bool, score float64) Lane {
	switch {
	case oldTool:
		return Lane{ByOwner, High, []string{whyOldAddress, whyOldAgent}}
	case score >= 2*suspicious:
		return Lane{ByIntruder, Medium, []string{whyOldAddress, whyNewAgent, whyDetected}}
	case score >= suspicious:
		return Lane{ByUnknown, Low, []string{whyOldAddress, whyNewAgent, whyDetected}}
	case familiar:
		return Lane{ByOwner, Low, []string{whyOldAddress, whyNewAgent, whyOldCalls}}
	}
	return Lane{ByUnknown, Low, []string{whyOldAddress, whyNewAgent}}
}

func noPast(score float64, hint bool) Lane {
	switch {
	case score >= suspicious:
		return Lane{ByIntruder, High, []string{whyDetected, whyNoPast}}
	case hint:
		return Lane{ByIntruder, Medium, []string{whyNoPast}}
	}
	return Lane{ByUnknown, Low, []string{whyNoPast, whyNoSign}}
}

func newAddress(oldTool, familiar bool, score float64, hint bool) Lane {
	tool := whyNewAgent
	if oldTool {
		tool = whyOldAgent
	}
	owners := oldTool && familiar
	switch {
	case score >= suspicious && !oldTool, score >= 2*suspicious && !familiar:
		return Lane{ByIntruder, High, []string{whyNewAddress, tool, whyDetected}}
	case score >= 2*suspicious, score >= suspicious && !familiar:
		return Lane{ByIntruder, Medium, []string{whyNewAddress, tool, whyDetected}}
	case score >= suspicious:
		return Lane{ByUnknown, Low, []string{whyNewAddress, tool, whyDetected}}
	case owners:
		return Lane{ByOwner, Low, []string{whyNewAddress, tool, whyOldCalls}}
	case hint && !oldTool:
		return Lane{ByIntruder, High, []string{whyNewAddress, tool}}
	case hint:
		return Lane{ByIntruder, Medium, []string{whyNewAddress, tool}}
	}
	return Lane{ByUnknown, Low, []string{whyNewAddress, tool, whyNoSign}}
}

// hasPast says whether anything was in regular use before, to compare with.
func (s *subject) hasPast(start time.Time) bool {
	return start.After(s.settled) || start.After(s.person.settled)
}

// compare says whether four of five calls that the origin made since start
// were known of this subject or its person before, and names what is new.
func (s *subject) compare(t *trace, start time.Time) (familiar bool, marks []string) {
	k := s.tally(t)
	n, old, abroad := k.since(start)
	if n == 0 {
		return false, nil
	}
	if old*5 < n*4 {
		marks = append(marks, whyNewCalls)
	}
	if abroad > 0 {
		marks = append(marks, whyNewRegion)
	}
	odd := 0
	for h, never := range s.asleep(start) {
		if never {
			odd += len(k.hours[h]) - below(k.hours[h], start)
		}
	}
	if odd*2 > n {
		marks = append(marks, whyOddHour)
	}
	return old*5 >= n*4, marks
}

func before(u *use, start time.Time) bool { return u != nil && u.first.Before(start) }

// asleep are the hours of the day in which, and beside which, the subject never
// worked before; none where its past is too short to tell.
func (s *subject) asleep(start time.Time) (never [24]bool) {
	n := 0
	for _, u := range s.hours {
		if before(u, start) {
			n += len(u.days)
		}
	}
	if n < 10 {
		return never
	}
	for h := range never {
		never[h] = !before(s.hours[hours[(h+23)%24]], start) && !before(s.hours[hours[h]], start) && !before(s.hours[hours[(h+1)%24]], start)
	}
	return never
}
