package trail

import (
	"encoding/binary"
	"iter"
	"math"
	"slices"
	"time"

	"cordon/internal/event"
)

// Reach is how far back the trail has to go before a first time means anything:
// in what it begins with, everything is new.
const Reach = 7 * 24 * time.Hour

// What First and detect.History tell apart.
const (
	DidRegion  = "region"
	DidService = "service" // as event.Event.Service: "iam"
	DidAddress = "address"
	DidAgent   = "agent"
	DidCall    = "call" // "iam:CreateUser", without API version
)

// A deed is what a principal did.
type deed struct{ principal, what, value string }

// First is when a principal first did something; what is "region", "service",
// "address", "agent" or "call". Known is false where the trail does not reach
// back for Reach before that, or where he never did.
func (s *Store) First(principal, what, value string) (at time.Time, known bool) {
	st := s.state()
	st.past.Do(st.remember)
	t, ok := st.firsts[deed{principal, what, value}]
	if !ok {
		return time.Time{}, false
	}
	return moment(t), moment(t).Sub(moment(st.begins)) >= Reach
}

// remember gathers everybody's first times, once for a state.
func (st *state) remember() {
	n := st.names
	st.firsts, st.begins = map[deed]uint32{}, math.MaxUint32
	note := func(principal uint32, what, value string, t uint32) {
		k := deed{n.dicts[dictPrincipal].text(principal), what, value}
		if was, ok := st.firsts[k]; !ok || t < was {
			st.firsts[k] = t
		}
	}
	for _, c := range st.sum(func(seg *segment) cellsAt { return seg.uses }) {
		source, name := n.api(c.b)
		e := event.Event{Source: source, Name: name}
		note(c.a, DidRegion, n.dicts[dictRegion].text(c.c), c.first)
		note(c.a, DidService, e.Service(), c.first)
		note(c.a, DidCall, e.Service()+":"+e.BaseName(), c.first)
		st.begins = min(st.begins, c.first)
	}
	addresses := st.sumAs(func(seg *segment) cellsAt { return seg.addresses }, func(c cell) cell { c.b = 0; return c })
	for _, c := range addresses {
		note(c.a, DidAddress, n.dicts[dictAddress].text(c.c), c.first)
	}
	for _, c := range st.sum(func(seg *segment) cellsAt { return seg.agents }) {
		note(c.a, DidAgent, n.dicts[dictAgent].text(c.b), c.first)
	}
}

// A Seen sums up what somebody, or something, did.
type Seen struct {
	Name      string    `json:"name"`
	Principal string    `json:"principal,omitempty"` // of a credential
	Count     uint64    `json:"count"`
	Failed    uint64    `json:"failed"`
	First     time.Time `json:"first"`
	Last      time.Time `json:"last"`
	Addresses int       `json:"addresses,omitempty"`
}

func (s *Seen) join(c cell) {
	s.Count += uint64(c.count)
	s.Failed += uint64(c.failed)
	if first := moment(c.first); s.First.IsZero() || first.Before(s.First) {
		s.First = first
	}
	if last := moment(c.last); last.After(s.Last) {
		s.Last = last
	}
}

// Principals sums up every principal, by name.
func (s *Store) Principals() []Seen {
	st := s.state()
	cells := st.sumAs(func(seg *segment) cellsAt { return seg.addresses }, func(c cell) cell { c.b = 0; return c })
	return st.seen(st.order(cells, dictPrincipal), func(c cell) (uint32, uint32) { return c.a, 0 }, dictPrincipal)
}

// Credentials sums up every credential of every principal that used it, by name.
func (s *Store) Credentials() []Seen {
	st := s.state()
	cells := st.sumAs(func(seg *segment) cellsAt { return seg.addresses }, func(c cell) cell { c.a, c.b = c.b, c.a; return c })
	cells = slices.DeleteFunc(cells, func(c cell) bool { return c.a == 0 })
	return st.seen(st.order(cells, dictCredential, dictPrincipal), func(c cell) (uint32, uint32) { return c.a, c.b }, dictCredential)
}

// seen adds up cells that stand together by name and principal, each with
// another address.
func (st *state) seen(cells []cell, key func(cell) (name, principal uint32), dict int) (all []Seen) {
	var lastName, lastPrincipal uint32
	for i, c := range cells {
		name, principal := key(c)
		if i == 0 || name != lastName || principal != lastPrincipal {
			all = append(all, Seen{Name: st.names.dicts[dict].text(name), Principal: st.names.dicts[dictPrincipal].text(principal)})
			lastName, lastPrincipal = name, principal
		}
		s := &all[len(all)-1]
		s.join(c)
		if c.c != 0 {
			s.Addresses++
		}
	}
	return all
}

// Hits are the rows that rules matched on import, in the order of the store.
// Missing is how many events no rule set of this name was asked about.
func (s *Store) Hits(rules string) (hits iter.Seq2[Row, int32], missing int) {
	st := s.state()
	for _, seg := range st.segments {
		if seg.rules != rules {
			missing += seg.rows
		}
	}
	return func(yield func(Row, int32) bool) {
		for n, seg := range st.segments {
			if seg.rules != rules {
				continue
			}
			for b := seg.hits; len(b) >= 8; b = b[8:] {
				row := binary.LittleEndian.Uint32(b)
				if int64(row) < int64(seg.rows) && !yield(Row{uint32(n), row}, int32(binary.LittleEndian.Uint32(b[4:]))) {
					return
				}
			}
		}
	}, missing
}
