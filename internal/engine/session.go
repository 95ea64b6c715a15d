// Package engine holds the use-cases: look, plan, approve, apply, undo. It
// tells what happens to a report.Handler and prints nothing.
package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"cordon/internal/awsapi"
	"cordon/internal/evidence"
	"cordon/internal/fact"
	"cordon/internal/gate"
	"cordon/internal/incident"
	"cordon/internal/kind"
	"cordon/internal/kinds"
	"cordon/internal/plan"
	"cordon/internal/report"
)

// A Session is one account, one case and one listener.
type Session struct {
	Account *awsapi.Account
	// Write gives configurations that change the account; nil in a session
	// that only looks.
	Write func(region string, needs []string) aws.Config
	// Org is the organisation's management account, or its delegated
	// administrator, where credentials of it are at hand: what is denied from
	// above is done there, and nothing else. WriteOrg goes with it as Write does
	// with Account.
	Org      *awsapi.Account
	WriteOrg func(region string, needs []string) aws.Config
	Case     *incident.Case
	Kinds    []kind.Kind // nil: every kind there is
	Out      report.Handler
	Who      string // the operating system's user, for logs
	// Version is cordon's own, for the records.
	Version string
	// Patience is how long an apply waits for what AWS is working on; 0 is the
	// gate's own.
	Patience time.Duration
	// Sink takes the secrets of actions whose sink is no file and no service, such
	// as what a person takes over at the terminal. It returns nil for others; it may
	// be nil itself.
	Sink func(context.Context, plan.Action) (kind.Sink, error)
	// Now is the local clock; nil is time.Now. AWS's clock is the account's.
	Now func() time.Time
	// Wait sleeps, or returns early with the context's error; nil is a timer.
	Wait func(context.Context, time.Duration) error
}

func (s *Session) kinds() []kind.Kind {
	if s.Kinds == nil {
		return kinds.All()
	}
	return s.Kinds
}

func (s *Session) kind(name fact.Kind) (kind.Kind, bool) {
	all := slices.Concat(s.kinds(), kinds.Apart())
	i := slices.IndexFunc(all, func(k kind.Kind) bool { return k.Name() == name })
	if i < 0 {
		return nil, false
	}
	return all[i], true
}

func (s *Session) now() time.Time {
	if s.Now == nil {
		return time.Now().UTC()
	}
	return s.Now().UTC()
}

func (s *Session) wait(ctx context.Context, d time.Duration) error {
	if s.Wait != nil {
		return s.Wait(ctx, d)
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

func (s *Session) read(at fact.Place, needs []string) aws.Config {
	if s.inOrg(at) {
		return s.Org.Read(at.Region, needs)
	}
	return s.Account.Read(at.Region, needs)
}

// write gives the writing configuration of a place's account: the gate's.
func (s *Session) write(at fact.Place, needs []string) aws.Config {
	if s.inOrg(at) {
		return s.WriteOrg(at.Region, needs)
	}
	return s.Write(at.Region, needs)
}

// A Refused is a use-case that was not begun, with the catalogue's word for
// why: "refused.<Reason>".
type Refused struct {
	Reason string
	Args   []any // for the words
	Err    error
}

func (r *Refused) Error() string {
	if r.Err != nil {
		return r.Err.Error()
	}
	return "cannot go on: " + r.Reason
}

func (r *Refused) Unwrap() error { return r.Err }

func refuse(reason string, err error, args ...any) error {
	return &Refused{Reason: reason, Err: err, Args: args}
}

// fits refuses a case that was opened for another account or endpoint.
func (s *Session) fits() error {
	c := s.Account.Caller
	if err := s.Case.Fits(c.Account, c.Partition, s.Account.Endpoint); err != nil {
		return refuse("case", err)
	}
	return nil
}

func (s *Session) evidence(readOnly bool) (*evidence.Store, error) {
	opts := evidence.Options{Who: s.Who, ReadOnly: readOnly, Now: s.Now}
	if s.Case.Recipient != "" {
		opts.Recipients = []string{s.Case.Recipient}
	}
	store, err := evidence.Open(s.Case.Evidence(), opts)
	if err != nil {
		return nil, fmt.Errorf("cannot open the evidence: %w", err)
	}
	return store, nil
}

// lock takes the case for this process.
func (s *Session) lock(command string) (func(), error) {
	if s.Case.HasLock() {
		return func() {}, nil
	}
	if err := s.Case.Lock(command, s.now()); err != nil {
		var held *incident.Locked
		if errors.As(err, &held) {
			return nil, refuse("lock-held", err)
		}
		return nil, err
	}
	return func() { _ = s.Case.Unlock() }, nil
}

// principal is the caller as plans name it.
func (s *Session) principal() plan.Principal {
	return plan.Principal{ARN: s.Account.Caller.Binding(), UniqueID: s.Account.Caller.UniqueID}
}

// ward reads what must survive: the caller's chain and its groups now, and
// what the case protects.
func (s *Session) ward(ctx context.Context, admins []string) (plan.Ward, error) {
	caller := s.Account.Caller
	w := plan.Ward{BreakGlass: slices.Clone(s.Case.Protected), Admins: admins}
	users := []string{}
	add := func(kind awsapi.CallerKind, arn, name, account, partition, unique, key string) {
		k := plan.Keeper{ARN: arn, UniqueID: unique}
		switch kind {
		case awsapi.KindRole:
			k.ARN = fmt.Sprintf("arn:%s:iam::%s:role/%s", partition, account, name)
		case awsapi.KindUser:
			users = append(users, name)
			if strings.HasPrefix(key, "AKIA") {
				k.KeyID = key
			}
		case awsapi.KindFederated: // its rights are those of a user that STS does not name
			k.ARN = fmt.Sprintf("arn:%s:iam::%s:user/%s", partition, account, name)
		}
		w.Chain = append(w.Chain, k)
	}
	add(caller.Kind, caller.ARN, caller.Name, caller.Account, caller.Partition, caller.UniqueID, caller.AccessKeyID)
	behind := caller.Chain
	if s.Org != nil { // a role of the management account that is assumed from this one
		behind = slices.Concat(behind, s.Org.Caller.Chain)
	}
	for _, p := range behind {
		if p.Kind == awsapi.KindUnknown || p.ARN == "" {
			w.Unsure = true
		}
		if p.Account == caller.Account {
			add(p.Kind, p.ARN, p.Name, p.Account, p.Partition, p.UniqueID, p.AccessKeyID)
		}
	}
	for _, u := range users {
		groups, err := s.groupsOf(ctx, u)
		if err != nil {
			return plan.Ward{}, fmt.Errorf("cannot read the groups of %s, who runs this: %w", u, err)
		}
		w.Groups = append(w.Groups, groups...)
	}
	slices.Sort(w.Groups)
	w.Groups = slices.Compact(w.Groups)
	return w, nil
}

func (s *Session) groupsOf(ctx context.Context, user string) (names []string, err error) {
	api := iam.NewFromConfig(s.Account.Read(fact.Global, groupNeeds))
	pages := iam.NewListGroupsForUserPaginator(api, &iam.ListGroupsForUserInput{UserName: &user})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, g := range page.Groups {
			names = append(names, aws.ToString(g.GroupName))
		}
	}
	return names, nil
}

// live is what the gate compares a plan with.
func (s *Session) live(ctx context.Context, admins []string) (gate.Live, error) {
	w, err := s.ward(ctx, admins)
	if err != nil {
		return gate.Live{}, err
	}
	c := s.Account.Caller
	return gate.Live{
		Account: c.Account, Partition: c.Partition, Endpoint: s.Account.Endpoint, Case: s.Case.ID,
		Mixed: s.mixed(), Caller: s.principal(), Org: s.orgPrincipal(), Ward: w,
	}, nil
}

func decode[T any](b []byte) (T, error) {
	var v T
	err := json.Unmarshal(b, &v)
	return v, err
}
