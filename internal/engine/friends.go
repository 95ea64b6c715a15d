package engine

import (
	"context"
	"errors"
	"slices"
	"strings"

	"cordon/internal/event"
	"cordon/internal/fact"
	"cordon/internal/journal"
	"cordon/internal/kinds"
	"cordon/internal/lineage"
)

// friends tell a closure which calls are our own and which accounts the owner's.
type friends struct {
	s     *Session
	known lineage.Friends
	lines []accounted
	// asked: the organisation was, which only somebody who came in by a role that
	// was opened makes worth it.
	asked bool
}

// friends reads what the case, the baseline and our own way in tell.
func (s *Session) friends(ctx context.Context, snap *fact.Snapshot) (*friends, error) {
	caller := s.Account.Caller
	f := &friends{s: s, known: lineage.Friends{Self: map[string]bool{caller.AccessKeyID: true}, Accounts: map[string]bool{}, Let: map[fact.Ref][]string{}}}
	var err error
	if f.lines, err = accounts(ctx, s.Case); err != nil && !errors.Is(err, journal.ErrBroken) { // what was altered accounts for nothing
		return nil, err
	}
	for _, p := range caller.Chain {
		f.known.Accounts[p.Account] = true
	}
	if s.Org != nil {
		f.known.Accounts[s.Org.Caller.Account] = true
	}
	delete(f.known.Accounts, "")
	base, err := s.baseline(snap)
	if err != nil || base == nil {
		return f, nil // who judges by it refuses it
	}
	for _, r := range base.Resources {
		if r.Kind == "iam.role" {
			f.known.Let[r.Ref] = lineage.LetIn(fact.Trust.Or(r, ""), snap.Account)
		}
	}
	return f, nil
}

// next is what the closure asks for, once it knows what of its events is ours.
func (f *friends) next(ctx context.Context, grown *lineage.Closure) []lineage.Query {
	f.known.Ours = f.ours(grown.Marked())
	grown.Befriend(f.known)
	if !f.asked && grown.LetSomebodyIn() {
		f.asked, f.known.Management = true, f.management(ctx)
		grown.Befriend(f.known)
	}
	return grown.Next()
}

// ours are the events that the journal accounts for.
func (f *friends) ours(marked []event.Event) map[string]bool {
	mark, all := appMark(f.s.Case.ID), map[string]bool{}
	marked = slices.DeleteFunc(marked, func(e event.Event) bool { return !strings.Contains(strings.ToLower(e.Agent), mark) })
	for _, a := range f.lines {
		a.names = slices.Clone(a.names)
		a.take(marked, all)
	}
	return all
}

// management is the organisation's management account; "" where there is none or
// nobody tells.
func (f *friends) management(ctx context.Context) string {
	at := fact.Place{Account: f.s.Account.Caller.Account, Region: fact.Global}
	id, err := kinds.ManagementAccount(ctx, f.s.read(at, kinds.ManagementNeeds))
	if err != nil {
		return ""
	}
	return id
}
