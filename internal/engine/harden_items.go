package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"cordon/internal/awsapi"
	"cordon/internal/fact"
	"cordon/internal/kinds"
	"cordon/internal/plan"
)

// A hardItem is one thing that can be set up so that it does not happen again.
// What it costs and may break is said in words, under "harden.<id>.".
type hardItem struct {
	id   string
	free bool
	look func(context.Context, *hardening) (itemState, error)
}

// hardItems are all of them: first who can come in, then what is open, then what
// sees.
var hardItems = []hardItem{
	{"mfa", true, lookMFA},
	{"root-keys", true, lookRootKeys},
	{"administrator", true, lookAdministrator},
	{"passwords", true, ofAccount("iam.account-password-policy", "account", "strengthen-passwords")},
	{"s3-public", true, ofAccount("s3.account", "", "block-public-buckets")},
	{"snapshots-public", true, setting("block-public-snapshots")},
	{"images-public", true, setting("block-public-images")},
	{"disk-encryption", true, setting("encrypt-new-disks")},
	{"imdsv2", true, setting("require-imdsv2")},
	{"trail", false, lookTrail},
	{"guardduty", false, lookDetectors},
	{"access-analyzer", true, lookAnalyzers},
	{"config", false, lookRecorders},
	{"billing-alarm", false, lookBilling},
	{"scp", true, func(context.Context, *hardening) (itemState, error) { return itemState{}, nil }},
}

// rootLately is how recent a use of the root user is told.
const rootLately = 30 * 24 * time.Hour

// unreadable makes a state of what could not be read, and an error only of an end
// of the run.
func unreadable(ctx context.Context, where string, err error) (itemState, error) {
	return itemState{unread: []string{where + ": " + string(awsapi.Classify(err))}}, ctx.Err()
}

// lookMFA names who can sign in without a second factor. Only the person who
// holds the device can enrol it.
func lookMFA(ctx context.Context, h *hardening) (itemState, error) {
	all, err := h.ListMFA(ctx)
	if err != nil {
		return unreadable(ctx, "iam", err)
	}
	var f itemState
	for _, u := range all {
		switch {
		case u.Orphan || !u.Console || h.his(u.User): // whom he made is deleted, not armed
		case !u.Known:
			f.unread = append(f.unread, u.User)
		case len(u.Devices) > 0:
			f.on = append(f.on, u.User)
		default:
			f.off = append(f.off, u.User)
			r, step := fact.Resource{Ref: fact.Ref{Kind: "iam.user", Place: h.at(fact.Global), ID: u.User}}, "enrol-user-mfa"
			if u.User == "root" {
				r.Kind, step = "iam.root", "enable-root-mfa"
			}
			f.actions = append(f.actions, plan.Act(r, step, plan.Person))
		}
	}
	return f, nil
}

// his says whether the last triage holds a user to be made by the intruder.
func (h *hardening) his(user string) bool {
	r, _ := h.t.Snapshot.Find(fact.Ref{Kind: "iam.user", Place: h.at(fact.Global), ID: user})
	return theirs(r)
}

func (h *hardening) root(ctx context.Context) (fact.Resource, error) {
	all, err := h.listIn(ctx, "iam.root", fact.Global)
	if err == nil && len(all) != 1 {
		err = fmt.Errorf("cannot read the root user: %d answers", len(all))
	}
	if err != nil {
		return fact.Resource{}, err
	}
	return all[0], nil
}

func lookRootKeys(ctx context.Context, h *hardening) (itemState, error) {
	r, err := h.root(ctx)
	if err != nil {
		return unreadable(ctx, "root", err)
	}
	there, known := fact.RootKeys.Get(r)
	switch {
	case !known:
		return itemState{unread: []string{"root"}}, nil
	case there:
		return itemState{off: []string{"root"}, actions: []plan.Action{plan.Act(r, "delete-root-keys", plan.Person)}}, nil
	}
	return itemState{on: []string{"root"}}, nil
}

// lookAdministrator asks whether somebody else than root can do the daily work, and
// whether root was used lately. The first is known from a triage only.
func lookAdministrator(ctx context.Context, h *hardening) (itemState, error) {
	r, err := h.root(ctx)
	if err != nil {
		return unreadable(ctx, "root", err)
	}
	step := []plan.Action{plan.Act(r, "use-an-administrator", plan.Person)}
	now := h.Account.Clock()
	for _, used := range []fact.Key[time.Time]{fact.RootPassword, fact.RootKeyUse} {
		if at, known := used.Get(r); known && now.Sub(at) < rootLately {
			return itemState{off: []string{"root " + at.UTC().Format(time.DateOnly)}, actions: step}, nil
		}
	}
	if h.Account.Caller.Kind == awsapi.KindRoot {
		return itemState{off: []string{"root " + now.Format(time.DateOnly)}, actions: step}, nil
	}
	if !h.triaged {
		return itemState{unread: []string{"no-triage"}}, nil
	}
	if len(admins(h.t.Snapshot, nil)) == 0 {
		return itemState{off: []string{"root"}, actions: step}, nil
	}
	if _, known := fact.ReportAge.Get(r); !known { // when root was used nobody knows
		return itemState{unread: []string{"root"}}, nil
	}
	return itemState{on: []string{"root"}}, nil
}

// ofAccount is an item that is set for the whole account. The id "" is the account's.
func ofAccount(k fact.Kind, id, verb string) func(context.Context, *hardening) (itemState, error) {
	return func(ctx context.Context, h *hardening) (itemState, error) {
		r := fact.Resource{Ref: fact.Ref{Kind: k, Place: h.at(fact.Global), ID: id}}
		if id == "" {
			r.ID = r.Account
		}
		f, err := h.byVerb(ctx, r, verb, "account")
		if err != nil {
			return unreadable(ctx, "account", err)
		}
		return f, nil
	}
}

// setting is an item that is set in each region that is used.
func setting(verb string) func(context.Context, *hardening) (itemState, error) {
	return func(ctx context.Context, h *hardening) (itemState, error) {
		return everywhere(ctx, h.used, func(ctx context.Context, region string) (itemState, error) {
			return h.byVerb(ctx, fact.Resource{Ref: fact.Ref{Kind: "ec2.account-settings", Place: h.at(region), ID: "settings"}}, verb, region)
		})
	}
}

// lookTrail asks whether some trail records every region and signs what it writes.
// Where none does, the best that the account has is made to; where there is none, a
// new one. A region that was not read may have it: then nothing is planned.
func lookTrail(ctx context.Context, h *hardening) (itemState, error) {
	var own []fact.Resource
	each, err := everywhere(ctx, h.all, func(ctx context.Context, region string) (f itemState, err error) {
		all, err := h.listIn(ctx, "cloudtrail.trail", region)
		for _, r := range all {
			switch {
			case covers(r):
				f.on = append(f.on, fact.Name.Or(r, r.ID))
			case fact.Organization.Or(r, "") == "":
				a := plan.Act(r, "", "") // carried through in order
				f.actions = append(f.actions, a)
			}
		}
		return f, err
	})
	if err != nil {
		return itemState{}, err
	}
	for _, a := range each.actions {
		own = append(own, a.Target)
	}
	switch f := (itemState{on: each.on, unread: each.unread}); {
	case len(f.on) > 0:
		f.unread = nil // one is enough
		return f, nil
	case len(f.unread) > 0:
		return f, nil
	case len(own) > 0:
		return h.mendTrail(own)
	}
	return h.newTrail()
}

func covers(r fact.Resource) bool {
	return fact.MultiRegion.Or(r, false) && fact.Validation.Or(r, false) && fact.Logging.Or(r, false) && fact.Management.Or(r, false)
}

// mendTrail makes the best of the account's own trails cover everything. One that
// leaves management events out was set up for something else.
func (h *hardening) mendTrail(own []fact.Resource) (itemState, error) {
	score := func(r fact.Resource) (n int) {
		for _, k := range []fact.Key[bool]{fact.Management, fact.MultiRegion, fact.Logging, fact.Validation} {
			n *= 2
			if k.Or(r, false) {
				n++
			}
		}
		return n
	}
	slices.SortStableFunc(own, func(a, b fact.Resource) int { return score(b) - score(a) })
	best := own[0]
	if !fact.Management.Or(best, false) {
		return h.newTrail()
	}
	f := itemState{off: []string{fact.Name.Or(best, best.ID)}}
	cover, _, err := h.act(best, "cover-all-regions")
	if err != nil {
		return f, err
	}
	start, _, err := h.act(best, "start")
	start.Behind = []string{cover.ID}
	f.actions = []plan.Action{cover, start} // of which what shows already is left out
	return f, err
}

// newTrail makes a trail in the home region, into a bucket of its own unless the
// owner names one.
func (h *hardening) newTrail() (itemState, error) {
	at := h.at(h.Account.Home)
	r := fact.Resource{Ref: fact.Ref{Kind: "cloudtrail.trail", Place: at}}
	r.ID = fmt.Sprintf("arn:%s:cloudtrail:%s:%s:trail/%s", h.Account.Caller.Partition, at.Region, at.Account, kinds.NewTrail)
	r.ARN = r.ID
	f := itemState{off: []string{"account"}}
	bucket := fact.Resource{Ref: fact.Ref{Kind: "s3.bucket", Place: at, ID: kinds.TrailBucket(at.Account, at.Region)}}
	to := h.o.Bucket
	if to == "" {
		a, _, err := h.act(bucket, "make-log-bucket")
		if err != nil {
			return f, err
		}
		f.actions, to = append(f.actions, a), bucket.ID
	}
	fact.Bucket.Set(&r, to)
	a, _, err := h.act(r, "create-trail")
	for _, before := range f.actions {
		a.After = append(a.After, before.ID)
	}
	f.actions = append(f.actions, a)
	return f, err
}

func lookDetectors(ctx context.Context, h *hardening) (itemState, error) {
	return everywhere(ctx, h.all, func(ctx context.Context, region string) (itemState, error) {
		all, err := h.listIn(ctx, "guardduty.detector", region)
		if err != nil {
			return itemState{}, err
		}
		if len(all) == 0 {
			return h.byVerb(ctx, fact.Resource{Ref: fact.Ref{Kind: "guardduty.detector", Place: h.at(region), ID: kinds.NewDetector}}, "create-detector", region)
		}
		return h.byVerb(ctx, all[0], "enable", region)
	})
}

// lookAnalyzers wants one analyzer of external access in every region: of the
// account, or of the organisation.
func lookAnalyzers(ctx context.Context, h *hardening) (itemState, error) {
	return everywhere(ctx, h.all, func(ctx context.Context, region string) (itemState, error) {
		all, err := h.listIn(ctx, "accessanalyzer.analyzer", region)
		if err != nil {
			return itemState{}, err
		}
		for _, r := range all {
			if sort := fact.Detail.Or(r, ""); fact.Active.Or(r, false) && (sort == "ACCOUNT" || sort == "ORGANIZATION") {
				return itemState{on: []string{region}}, nil
			}
		}
		return h.byVerb(ctx, fact.Resource{Ref: fact.Ref{Kind: "accessanalyzer.analyzer", Place: h.at(region), ID: kinds.NewAnalyzer}}, "create-analyzer", region)
	})
}

// lookRecorders starts recorders that are there and stopped. Setting Config up where
// it never was takes a role, a bucket and a choice of what is recorded: the console
// asks for all of it at once.
func lookRecorders(ctx context.Context, h *hardening) (itemState, error) {
	f, err := everywhere(ctx, h.used, func(ctx context.Context, region string) (itemState, error) {
		all, err := h.listIn(ctx, "config.recorder", region)
		if err != nil {
			return itemState{}, err
		}
		for _, r := range all {
			if fact.Active.Or(r, false) {
				return itemState{on: []string{region}}, nil
			}
		}
		for _, r := range all {
			if fact.Maker.Or(r, "") == "" { // not one that a service of AWS's runs
				return h.byVerb(ctx, r, "start-recorder", region)
			}
		}
		r := fact.Resource{Ref: fact.Ref{Kind: "config.recorder", Place: h.at(region), ID: "new"}}
		return itemState{off: []string{region}, actions: []plan.Action{plan.Act(r, "set-up-config", plan.Person)}}, nil
	})
	// The clicks are the same everywhere: one step, for the first of the regions.
	first := slices.IndexFunc(f.actions, func(a plan.Action) bool { return a.Class == plan.Person })
	var kept []plan.Action
	for i, a := range f.actions {
		if a.Class != plan.Person || i == first {
			kept = append(kept, a)
		}
	}
	f.actions = kept
	return f, err
}

// lookBilling wants an alarm on what the month costs, whoever made it.
func lookBilling(ctx context.Context, h *hardening) (itemState, error) {
	all, err := h.listIn(ctx, "cloudwatch.alarm", h.home)
	if err != nil {
		return unreadable(ctx, h.home, err)
	}
	for _, r := range all {
		if _, billing := fact.Threshold.Get(r); billing && fact.Active.Or(r, false) {
			return itemState{on: []string{r.ID}}, nil
		}
	}
	f := itemState{off: []string{"account"}}
	switch {
	case h.o.Notify == "":
		f.wants = "--notify"
		return f, nil
	case h.o.Above <= 0:
		f.wants = "--above"
		return f, nil
	}
	topics, err := h.listIn(ctx, "sns.topic", h.home)
	if err != nil {
		return unreadable(ctx, h.home, err)
	}
	if !slices.ContainsFunc(topics, func(r fact.Resource) bool { return r.ARN == h.o.Notify }) {
		return f, refuse("harden-topic", fmt.Errorf("cannot plan: %s has no topic %q", h.home, h.o.Notify), "topic", h.o.Notify, "region", h.home)
	}
	r := fact.Resource{Ref: fact.Ref{Kind: "cloudwatch.alarm", Place: h.at(h.home), ID: kinds.BillingAlarm}}
	r.ARN = strings.Join([]string{"arn", h.Account.Caller.Partition, "cloudwatch", h.home, r.Account, "alarm:" + r.ID}, ":")
	fact.Threshold.Set(&r, h.o.Above)
	fact.Notify.Set(&r, h.o.Notify)
	a, _, err := h.act(r, "create-billing-alarm")
	f.actions = []plan.Action{a}
	return f, err
}
