package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"cordon/internal/fact"
	"cordon/internal/journal"
	"cordon/internal/kind"
	"cordon/internal/plan"
)

const (
	mfaKind  = fact.Kind("iam.mfa-device")
	enrolMFA = "enrol-mfa"
	// MFASink is what a plan names as the place of a device's seed.
	MFASink = "screen"
)

// A Scan shows the seed of a new device to a person, once, and asks for the codes
// of it. Nothing keeps the seed.
type Scan struct {
	Show func(ctx context.Context, device, user string, seed []byte) error
	Ask  func(ctx context.Context, why string) (first, second string, err error)

	user string
}

// Put implements kind.Sink.
func (s *Scan) Put(ctx context.Context, id string, seed []byte) error {
	return s.Show(ctx, id, s.user, seed)
}

// Has implements kind.Sink: a screen keeps nothing.
func (*Scan) Has(context.Context, string) (bool, error) { return false, nil }

// Codes is asked for by the verb that enrols.
func (s *Scan) Codes(ctx context.Context, why string) (first, second string, err error) {
	return s.Ask(ctx, why)
}

// Scanning makes a session's sink of a person at the terminal.
func Scanning(s *Scan) func(context.Context, plan.Action) (kind.Sink, error) {
	return func(_ context.Context, a plan.Action) (kind.Sink, error) {
		if a.Verb != enrolMFA || a.Sink != MFASink {
			return nil, nil
		}
		s.user = fact.Owner.Or(a.Target, "")
		return s, nil
	}
}

// An MFAUser is one who can sign in, and with what.
type MFAUser struct {
	User    string   `json:"user"` // "" in a device that is nobody's; "root" is the root user
	Console bool     `json:"console"`
	Known   bool     `json:"known"` // whether there is a device could be read
	Devices []string `json:"devices"`
	Orphan  bool     `json:"orphan"` // a device that is nobody's
}

// ListMFA lists the users with their devices, live, and the devices that are
// nobody's. It is complete or an error.
func (s *Session) ListMFA(ctx context.Context) ([]MFAUser, error) {
	if err := s.fits(); err != nil {
		return nil, err
	}
	ctx = kind.WithShared(ctx)
	users, err := s.listAll(ctx, "iam.user")
	if err != nil {
		return nil, err
	}
	devices, err := s.listAll(ctx, mfaKind)
	if err != nil {
		return nil, err
	}
	root, err := s.listAll(ctx, "iam.root")
	if err != nil {
		return nil, err
	}
	of, orphans := map[string][]string{}, []MFAUser(nil)
	for _, d := range devices {
		switch owner := fact.Owner.Or(d, ""); owner {
		case "":
			orphans = append(orphans, MFAUser{Known: true, Orphan: true, Devices: []string{d.ID}})
		case "<root_account>":
			of["root"] = append(of["root"], d.ID)
		default:
			of[owner] = append(of[owner], d.ID)
		}
	}
	out := []MFAUser{}
	for _, r := range root {
		has, known := fact.MFA.Get(r)
		u := MFAUser{User: "root", Console: true, Known: known, Devices: append([]string{}, of["root"]...)}
		if has && len(u.Devices) == 0 {
			u.Devices = []string{"-"} // hardware: AWS tells only that there is one
		}
		out = append(out, u)
	}
	for _, r := range users {
		out = append(out, MFAUser{User: r.ID, Console: fact.Console.Or(r, false), Known: true, Devices: append([]string{}, of[r.ID]...)})
	}
	return append(out, orphans...), nil
}

// listAll lists one global kind now.
func (s *Session) listAll(ctx context.Context, name fact.Kind) (all []fact.Resource, err error) {
	k, ok := s.kind(name)
	if !ok {
		return nil, fmt.Errorf("cannot list %s: there is no such kind", name)
	}
	at := fact.Place{Account: s.Account.Caller.Account, Region: fact.Global}
	err = k.List(ctx, s.read(at, k.Needs()), at, func(r fact.Resource) { all = append(all, r) })
	return all, err
}

// PlanEnrol makes the plan that gives a user a virtual MFA device.
func (s *Session) PlanEnrol(ctx context.Context, user string) (plan.Plan, error) {
	if err := s.fits(); err != nil {
		return plan.Plan{}, err
	}
	free, err := s.lock("mfa enrol")
	if err != nil {
		return plan.Plan{}, err
	}
	defer free()
	all, err := s.ListMFA(ctx)
	if err != nil {
		return plan.Plan{}, err
	}
	if !slices.ContainsFunc(all, func(u MFAUser) bool { return u.User == user && user != "root" && !u.Orphan }) {
		return plan.Plan{}, refuse("no-user", fmt.Errorf("cannot enrol a device: there is no user %q", user), "name", user)
	}
	_, past, err := journal.Open(ctx, journalStore(s.Case.Journal()), s.now)
	if err != nil {
		return plan.Plan{}, err
	}
	t, _, err := triaged(s.Case)
	if err != nil {
		return plan.Plan{}, err
	}
	p := s.newPlan("mfa", t)
	if p.Ward, err = s.ward(ctx, admins(t.Snapshot, nil)); err != nil {
		return plan.Plan{}, err
	}
	a := plan.Act(s.newDevice(user, all, past), enrolMFA, plan.Reversible)
	a.Sink = MFASink
	p.Actions, p.Refused = plan.Guard([]plan.Action{a}, p.Ward)
	if err := s.readPlanned(ctx, &p); err != nil {
		return plan.Plan{}, err
	}
	if len(p.Actions) == 0 {
		return p, refuse("nothing-to-do", nil)
	}
	return p, savePlan(s.Case, p)
}

// newDevice names the device: as the user is called, which the policy that lets
// users manage their own device asks for (IAM User Guide), or with a number when
// the name is taken. A device that an enrolment of ours left behind when it died
// is taken again: it is deleted and made anew.
func (s *Session) newDevice(user string, all []MFAUser, past []journal.Record) fact.Resource {
	taken := map[string]bool{}
	for _, u := range all {
		for _, d := range u.Devices {
			taken[d] = true
		}
	}
	c := s.Account.Caller
	for n := 1; ; n++ {
		name := user
		if n > 1 {
			name = fmt.Sprintf("%s-%d", user, n)
		}
		r := fact.Resource{Ref: fact.Ref{
			Kind: mfaKind, Place: fact.Place{Account: c.Account, Region: fact.Global},
			ID: fmt.Sprintf("arn:%s:iam::%s:mfa/%s", c.Partition, c.Account, name),
		}}
		r.ARN = r.ID
		fact.Owner.Set(&r, user)
		orphan := slices.ContainsFunc(all, func(u MFAUser) bool { return u.Orphan && u.Devices[0] == r.ID })
		if !taken[r.ID] || orphan && begunEnrol(past, r.Ref) {
			return r
		}
	}
}

// begunEnrol says whether an enrolment of this device was begun and not ended by
// a verified one.
func begunEnrol(past []journal.Record, ref fact.Ref) (begun bool) {
	id := plan.ActionID(ref, enrolMFA, false)
	for _, r := range past {
		if r.Action == id {
			begun = r.Step == journal.Doing || begun && r.Step != journal.Verified
		}
	}
	return begun
}

// EnrolPlan finds a plan of this user's that was approved before.
func (s *Session) EnrolPlan(digest, user string) (plan.Plan, error) {
	p, err := LoadPlan(s.Case, strings.TrimPrefix(digest, "sha256:"))
	if err != nil {
		return p, err
	}
	if p.Type != "mfa" || len(p.Actions) != 1 || fact.Owner.Or(p.Actions[0].Target, "") != user {
		return p, refuse("no-plan", errors.New("cannot enrol: the plan is for something else"), "name", digest)
	}
	return p, nil
}
