// Package permit makes the IAM policies that a part of the work needs, from
// what kinds and verbs declare. It is pure.
package permit

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// MostChars is what IAM takes of one managed policy, white space not counted
// (IAM User Guide, "IAM and AWS STS quotas").
const MostChars = 6144

// A Grant allows one action on some resources.
type Grant struct {
	Action string
	On     []string // ARNs; none is every resource
	Writes bool
}

// A Statement is one of a policy, as IAM has it.
type Statement struct {
	Sid      string
	Effect   string
	Action   []string
	Resource []string
}

// A Document is a whole policy, as IAM has it.
type Document struct {
	Version   string
	Statement []Statement
}

// A Policy is a document that fits into one managed policy.
type Policy struct {
	Name     string   `json:"name"`
	Size     int      `json:"size"` // as IAM counts
	Document Document `json:"document"`
}

// Size is the document's length as IAM counts it.
func (d Document) Size() int {
	b, err := json.Marshal(d)
	if err != nil {
		panic("internal error: permit: " + err.Error()) // strings always encode
	}
	return utf8.RuneCount(b)
}

// The names of statements: what looks, and what changes.
const (
	looks = "CordonLooks"
	acts  = "CordonActs"
)

// Whole puts all grants into one document, however long it is.
func Whole(grants []Grant) Document {
	return Document{"2012-10-17", named(statements(grants))}
}

// Split puts the grants into as many policies as IAM's limit asks for, named
// "name-1" and so on.
func Split(name string, grants []Grant) []Policy {
	var documents [][]Statement
	var last []Statement
	fits := func(all []Statement) bool { return Document{"2012-10-17", named(all)}.Size() <= MostChars }
	for _, whole := range statements(grants) {
		for _, st := range pieces(whole) {
			for _, action := range st.Action {
				grown := with(last, st, action)
				if len(last) > 0 && !fits(grown) {
					documents = append(documents, last)
					grown = with(nil, st, action)
				}
				last = grown
			}
		}
	}
	if len(last) > 0 {
		documents = append(documents, last)
	}
	var out []Policy
	for i, all := range documents {
		d := Document{"2012-10-17", named(all)}
		out = append(out, Policy{Name: fmt.Sprintf("%s-%d", name, i+1), Size: d.Size(), Document: d})
	}
	return out
}

// with adds one action of a statement to the last of all, or begins it there.
func with(all []Statement, st Statement, action string) []Statement {
	out := slices.Clone(all)
	if n := len(out) - 1; n >= 0 && out[n].Sid == st.Sid && slices.Equal(out[n].Resource, st.Resource) {
		out[n].Action = append(slices.Clone(out[n].Action), action)
		return out
	}
	st.Action = []string{action}
	return append(out, st)
}

// pieces cuts a statement about many resources into several, each with room for
// actions beside them.
func pieces(st Statement) (out []Statement) {
	for rest := st.Resource; len(rest) > 0; {
		n, size := 0, 0
		for n < len(rest) && (n == 0 || size+len(rest[n])+3 <= MostChars/2) {
			size += len(rest[n]) + 3
			n++
		}
		part := st
		part.Resource, rest = rest[:n:n], rest[n:]
		out = append(out, part)
	}
	return out
}

// statements gathers grants: what may be done to the same resources stands
// together, looks before acts, what is not narrowed before what is.
func statements(grants []Grant) []Statement {
	type group struct {
		writes bool
		on     string
	}
	found := map[group]*Statement{}
	var order []group
	for _, g := range merged(grants) {
		if len(g.On) == 0 {
			g.On = []string{"*"}
		}
		key := group{g.Writes, strings.Join(g.On, " ")}
		if found[key] == nil {
			sid := looks
			if g.Writes {
				sid = acts
			}
			found[key] = &Statement{Sid: sid, Effect: "Allow", Resource: g.On}
			order = append(order, key)
		}
		found[key].Action = append(found[key].Action, g.Action)
	}
	slices.SortFunc(order, func(a, b group) int {
		return cmp.Or(cmp.Compare(found[b].Sid, found[a].Sid), cmp.Compare(a.on, b.on))
	})
	var out []Statement
	for _, key := range order {
		out = append(out, *found[key])
	}
	return out
}

// merged has every action once, with all that it is for. An action that is a
// look to one and an act to another is an act.
func merged(grants []Grant) []Grant {
	at := map[string]*Grant{}
	for _, g := range grants {
		was := at[g.Action]
		switch {
		case was == nil:
			g.On = slices.Clone(g.On)
			at[g.Action] = &g
			continue
		case len(was.On) == 0 || len(g.On) == 0:
			was.On = nil
		default:
			was.On = append(was.On, g.On...)
		}
		was.Writes = was.Writes || g.Writes
	}
	var out []Grant
	for _, g := range at {
		slices.Sort(g.On)
		g.On = slices.Compact(g.On)
		out = append(out, *g)
	}
	slices.SortFunc(out, func(a, b Grant) int { return cmp.Compare(a.Action, b.Action) })
	return out
}

// named numbers the statements where several have one name: IAM wants them
// different within a policy.
func named(all []Statement) []Statement {
	out := slices.Clone(all)
	count := map[string]int{}
	for i := range out {
		count[out[i].Sid]++
		if n := count[out[i].Sid]; n > 1 {
			out[i].Sid = fmt.Sprint(out[i].Sid, n)
		}
	}
	return out
}

// A Set is what one part of the work needs, as grants and as policies that IAM
// takes.
type Set struct {
	Name     string
	Grants   []Grant
	Policies []Policy
	// Inexact names verbs, "kind verb", whose calls are not known one by one.
	Inexact []string
}

// NewSet splits grants into policies.
func NewSet(name string, grants []Grant) Set {
	grants = merged(grants)
	return Set{Name: name, Grants: grants, Policies: Split(name, grants)}
}
