package engine

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"cordon/internal/fact"
	"cordon/internal/incident"
	"cordon/internal/journal"
	"cordon/internal/kind"
	"cordon/internal/plan"
	"cordon/internal/report"
	"cordon/internal/rotate"
)

// Recovering tells, from the last triage, what nobody used for long and what is
// known of the root user. It needs no credentials.
func Recovering(c *incident.Case, out report.Handler) error {
	t, err := LoadTriage(c)
	if err != nil {
		return err
	}
	if err := tellUnused(t.Snapshot, out); err != nil {
		return err
	}
	for r := range t.Snapshot.Of("iam.root") {
		if err := out.Handle(rootState(r, t.Snapshot)); err != nil {
			return err
		}
	}
	return nil
}

// tellUnused tells the keys that are on and the passwords that nobody used for 90
// days before the triage, and the users that have used neither. What is the
// intruder's is in other lists.
func tellUnused(snap fact.Snapshot, out report.Handler) error {
	idle := func(last, made time.Time) bool {
		if last.IsZero() {
			last = made
		}
		return !last.IsZero() && snap.At.Sub(last) >= rotate.Idle
	}
	busy := map[string]bool{}
	var all []report.Unused
	add := func(r fact.Resource, owner string, last time.Time) {
		u := report.Unused{Kind: string(r.Kind), ID: r.ID, Owner: owner, Made: r.Created}
		if !last.IsZero() {
			u.Last = &last
		}
		all = append(all, u)
	}
	for k := range snap.Of("iam.access-key") {
		last, owner := fact.LastUsed.Or(k, time.Time{}), fact.Owner.Or(k, "")
		switch {
		case !idle(last, k.Created):
			busy[owner] = true
		case fact.Status.Or(k, "") == "Active" && !theirs(k):
			add(k, owner, last)
		}
	}
	for p := range snap.Of("iam.login-profile") {
		last, owner := fact.PasswordLastUsed.Or(p, time.Time{}), fact.Owner.Or(p, "")
		switch {
		case !idle(last, p.Created):
			busy[owner] = true
		case !theirs(p):
			add(p, owner, last)
		}
	}
	for u := range snap.Of("iam.user") {
		if !busy[u.ID] && idle(fact.PasswordLastUsed.Or(u, time.Time{}), u.Created) && !theirs(u) {
			add(u, "", fact.PasswordLastUsed.Or(u, time.Time{}))
		}
	}
	for _, u := range all {
		if err := out.Handle(u); err != nil {
			return err
		}
	}
	return nil
}

// theirs says whether the intruder made it.
func theirs(r fact.Resource) bool {
	d, known := fact.Made.Get(r)
	return known && d.Sure
}

func rootState(r fact.Resource, snap fact.Snapshot) report.RootState {
	m := report.RootState{Since: snap.Since}
	if v, known := fact.MFA.Get(r); known {
		m.MFA = &v
	}
	if v, known := fact.RootKeys.Get(r); known {
		m.Keys = &v
	}
	if v, known := fact.RootPassword.Get(r); known {
		m.Used = &v
	}
	if v, known := fact.RootChanged.Get(r); known {
		m.Changed = &v
	}
	if v, known := fact.ReportAge.Get(r); known {
		m.Report = &v
	}
	for range snap.Of("iam.login-profile") {
		m.Passwords++
	}
	return m
}

// PlanRecover makes the plan that gives every user with a console password a new
// one, into one file, and that has the steps only a person can do: root's password
// and MFA, one's own password, those of break-glass users. It reads the account
// now, not the last triage.
func (s *Session) PlanRecover(ctx context.Context, file string, o PlanOptions) (plan.Plan, error) {
	if err := s.fits(); err != nil {
		return plan.Plan{}, err
	}
	free, err := s.lock("plan recover")
	if err != nil {
		return plan.Plan{}, err
	}
	defer free()
	t, err := LoadTriage(s.Case)
	if err != nil {
		return plan.Plan{}, err
	}
	sink, err := rotate.ParseSink(file, "", "")
	if err != nil || sink.Kind != rotate.SinkFile {
		return plan.Plan{}, refuse("recover-file", err, "sink", file)
	}
	if _, err := os.Lstat(sink.Name); err == nil {
		return plan.Plan{}, refuse("rotate-file-there", nil, "file", sink.Name)
	}
	live, err := s.readKinds(ctx, "iam.login-profile", "iam.root")
	if err != nil {
		return plan.Plan{}, err
	}
	live.Since = t.Snapshot.Since
	done, err := s.alreadySet(ctx)
	if err != nil {
		return plan.Plan{}, err
	}
	for r := range live.Of("iam.root") {
		m := rootState(r, live)
		m.Already = leftOut(live, t.Snapshot, done)
		if err := s.Out.Handle(m); err != nil {
			return plan.Plan{}, err
		}
	}
	p := s.newPlan(plan.Recover, t)
	if p.Ward, err = s.ward(ctx, admins(t.Snapshot, nil)); err != nil {
		return plan.Plan{}, err
	}
	actions := recoverActions(live, t.Snapshot, p.Ward, sink.String(), done)
	if actions, err = pick(actions, o); err != nil {
		return plan.Plan{}, err
	}
	p.Actions, p.Refused = plan.Guard(actions, p.Ward)
	if err := s.readPlanned(ctx, &p); err != nil {
		return plan.Plan{}, err
	}
	if err := s.keepEach(ctx, live, &p); err != nil {
		return plan.Plan{}, err
	}
	if len(p.Actions) == 0 {
		return p, refuse("nothing-to-do", nil)
	}
	return p, savePlan(s.Case, p)
}

// recoverActions are the new passwords, users in order, and then what a person
// does: one's own password and those of break-glass users come last.
func recoverActions(live, triaged fact.Snapshot, w plan.Ward, sink string, done map[string]time.Time) []plan.Action {
	var set, people []plan.Action
	for r := range live.Of("iam.login-profile") {
		owner := fact.Owner.Or(r, "")
		u, _ := triaged.Find(fact.Ref{Kind: "iam.user", Place: r.Place, ID: owner})
		step := ""
		switch {
		case theirs(u) || stillSet(r, triaged, done) || hisPassword(triaged, r.Ref):
			continue
		case slices.ContainsFunc(w.Chain, func(k plan.Keeper) bool { return isUserARN(k.ARN, owner) }):
			step = "change-own-password"
		case slices.ContainsFunc(w.BreakGlass, func(arn string) bool { return isUserARN(arn, owner) }):
			step = "change-break-glass-password"
		}
		if step != "" {
			people = append(people, plan.Act(r, step, plan.Person))
			continue
		}
		a := plan.Act(r, "set-password", plan.Permanent, "recover")
		a.Sink, a.Lane = sink, "iam.user/"+owner
		set = append(set, a)
	}
	for r := range live.Of("iam.root") {
		people = append(people, plan.Act(r, "change-root-password", plan.Person))
		if on, known := fact.MFA.Get(r); !known || !on {
			people = append(people, plan.Act(r, "enable-root-mfa", plan.Person))
		}
		if there, known := fact.RootKeys.Get(r); !known || there {
			people = append(people, plan.Act(r, "delete-root-keys", plan.Person))
		}
	}
	return append(set, people...)
}

// stillSet says that a password was set in this case, and that nobody else is known to
// have made or changed it since.
func stillSet(r fact.Resource, triaged fact.Snapshot, done map[string]time.Time) bool {
	at, set := done[fact.Owner.Or(r, "")]
	seen, _ := triaged.Find(r.Ref)
	later := slices.ContainsFunc(fact.Changed.Or(seen, nil), func(d fact.Deed) bool { return d.At.After(at) })
	return set && !later && !r.Created.After(at)
}

// leftOut are the users whose password stays as it was set in this case.
func leftOut(live, triaged fact.Snapshot, done map[string]time.Time) (out []string) {
	for r := range live.Of("iam.login-profile") {
		if stillSet(r, triaged, done) {
			out = append(out, fact.Owner.Or(r, ""))
		}
	}
	return out
}

// hisPassword reports a password that the intruder made: it is removed, not changed.
func hisPassword(triaged fact.Snapshot, ref fact.Ref) bool {
	r, listed := triaged.Find(ref)
	return listed && theirs(r)
}

func isUserARN(arn, user string) bool {
	_, name, ok := strings.Cut(arn, ":user/")
	return ok && name[strings.LastIndexByte(name, '/')+1:] == user
}

// alreadySet are the users whose password was set in this case already, and when: a
// second plan goes on where the first was cut short.
func (s *Session) alreadySet(ctx context.Context) (map[string]time.Time, error) {
	_, past, err := journal.Open(ctx, journalStore(s.Case.Journal()), s.now)
	if err != nil {
		return nil, err
	}
	set := map[string]time.Time{}
	for _, rec := range past {
		if rec.Verb == "set-password" && rec.Step == journal.Verified && len(rec.Target) > 0 {
			target, err := decode[fact.Resource](rec.Target)
			if err != nil {
				return nil, fmt.Errorf("cannot read the journal: the target of line %d: %w", rec.Seq+1, err)
			}
			set[target.ID] = rec.At
		}
	}
	return set, nil
}

// readKinds lists global kinds now. What cannot be listed is an error.
func (s *Session) readKinds(ctx context.Context, names ...fact.Kind) (fact.Snapshot, error) {
	at := fact.Place{Account: s.Account.Caller.Account, Region: fact.Global}
	snap := fact.Snapshot{Account: at.Account, At: s.Account.Clock()}
	ctx = kind.WithShared(ctx)
	for _, name := range names {
		k, ok := s.kind(name)
		if !ok {
			return snap, fmt.Errorf("cannot plan: this version of cordon has no kind %q", name)
		}
		if err := k.List(ctx, s.read(at, k.Needs()), at, func(r fact.Resource) { snap.Resources = append(snap.Resources, r) }); err != nil {
			return snap, err
		}
	}
	return snap, nil
}
