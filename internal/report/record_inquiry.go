package report

import (
	"fmt"
	"slices"
)

// Type implements Message: gaps that are known before the events of a timeline
// are told first, so that a screen can draw them where they are.
func (RecordGap) Type() string { return "record_gap" }

// key tells gaps apart.
func (g RecordGap) key() string {
	return fmt.Sprint(g.Why, "\x00", g.Account, "\x00", g.Region, "\x00", g.From.UnixNano(), "\x00", g.To.UnixNano(), "\x00", g.EventID, "\x00", g.Detail)
}

// filled is s, or an empty list where s is nil.
func filled[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

// wholeInquiry is whole for what investigations tell.
func wholeInquiry(m Message) Message {
	switch m := m.(type) {
	case Imported:
		if m.Shapes == nil {
			m.Shapes = map[string]int{}
		}
		m.Damaged, m.Skipped = filled(m.Damaged), filled(m.Skipped)
		return m
	case TrailStatus:
		m.Places, m.Damaged, m.Gaps = filled(m.Places), filled(m.Damaged), filled(m.Gaps)
		return m
	case Verdict:
		return m.whole()
	case Event:
		m.Why = filled(m.Why)
		return m
	case Creator:
		m.Chain = filled(m.Chain)
		return m
	case Subject:
		return m.whole()
	case Edge:
		m.EventIDs = filled(m.EventIDs)
		return m
	case Cut:
		m.Closes = filled(m.Closes)
		return m
	case Impact:
		m.Services = filled(m.Services)
		return m
	case Cost:
		m.EventIDs = filled(m.EventIDs)
		return m
	case Detection:
		m.Attack, m.EventIDs = filled(m.Attack), filled(m.EventIDs)
		return m
	case Answer:
		m.Columns, m.Rows = filled(m.Columns), slices.Clone(filled(m.Rows))
		for i := range m.Rows {
			m.Rows[i] = filled(m.Rows[i])
		}
		return m
	case AthenaTable:
		m.Accounts, m.Regions = filled(m.Accounts), filled(m.Regions)
		return m
	case Inquiry:
		if m.Lanes == nil {
			m.Lanes = map[string]int{}
		}
		m.Gaps = filled(m.Gaps)
		return m
	}
	return m
}

func (v Verdict) whole() Verdict {
	v.Addresses, v.Agents, v.Regions = filled(v.Addresses), filled(v.Agents), filled(v.Regions)
	v.Issued, v.Made, v.Undo, v.Gaps = filled(v.Issued), filled(v.Made), filled(v.Undo), filled(v.Gaps)
	v.Techniques, v.Why = slices.Clone(filled(v.Techniques)), slices.Clone(filled(v.Why))
	for i := range v.Techniques {
		v.Techniques[i].EventIDs = filled(v.Techniques[i].EventIDs)
	}
	for i := range v.Why {
		v.Why[i].EventIDs = filled(v.Why[i].EventIDs)
	}
	return v
}

func (s Subject) whole() Subject {
	for _, list := range []*[]Tally{&s.Lanes, &s.Services, &s.Calls, &s.Regions, &s.Addresses, &s.Agents, &s.Keys} {
		*list = filled(*list)
	}
	s.Chain, s.Hours, s.Gaps = filled(s.Chain), filled(s.Hours), filled(s.Gaps)
	return s
}
