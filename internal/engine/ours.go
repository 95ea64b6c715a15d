package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"cordon/internal/detect"
	"cordon/internal/event"
	"cordon/internal/fact"
	"cordon/internal/incident"
	"cordon/internal/journal"
	"cordon/internal/kind"
	"cordon/internal/kinds"
	"cordon/internal/lineage"
	"cordon/internal/plan"
	"cordon/internal/report"
	"cordon/internal/trail"
)

// How far the record's time of a call may lie outside the lines of the journal
// that it stands between: CloudTrail tells whole seconds, and so does the date
// that AWS's clock is taken from.
const (
	astray  = 5 * time.Second
	cutLine = time.Minute // of a line that nothing follows: the run died there
)

// An accounted is what a line of the journal accounts for: these calls, about this
// target, by who applied the plan, from when the line was written until the next
// one of its action.
type accounted struct {
	at       fact.Place
	calls    map[string]bool // by name, without version
	names    []string        // of the target
	whole    bool            // of the target there is one, which requests do not name
	who      []plan.Principal
	from, to time.Time // by AWS's clock
}

// own finds the events that record what cordon itself did in this case, and
// takes them out of the hits. Nobody is believed for his word: the mark in an
// agent anybody can write, and who holds the responder's own credentials is not
// the responder. An event is ours when the journal has a line for it and it bears
// our mark.
func (q *Inquiry) own(ctx context.Context) error {
	q.ours, q.ourCalls = map[string]bool{}, map[string]event.Event{}
	all, err := accounts(ctx, q.Case)
	if errors.Is(err, journal.ErrBroken) { // what was altered accounts for nothing
		q.gaps = append(q.gaps, report.RecordGap{Why: "journal-broken", Detail: err.Error()})
		return nil
	}
	if err != nil || len(all) == 0 {
		return err
	}
	rows, err := q.candidatesOfOurs(all)
	if err != nil {
		return err
	}
	mark := appMark(q.Case.ID)
	could := func(e event.Event) bool {
		return strings.Contains(strings.ToLower(e.Agent), mark) && slices.ContainsFunc(all, func(a accounted) bool { return a.could(e) })
	}
	rows = slices.DeleteFunc(rows, func(row trail.Row) bool {
		e, err := q.store.Light(row)
		return err != nil || !could(e)
	})
	events, err := q.whole(ctx, q.store, rows, func(event.Event) bool { return true }, q.lost)
	if err != nil {
		return err
	}
	events = once(events)
	for i := range all {
		all[i].take(events, q.ours)
	}
	for _, e := range events {
		if q.ours[e.ID] {
			q.ourCalls[e.ID] = e
		}
	}
	q.hits = others(q.hits, q.ours)
	return nil
}

// candidatesOfOurs are the rows of those who applied plans, while they did.
func (q *Inquiry) candidatesOfOurs(all []accounted) ([]trail.Row, error) {
	f := trail.Filter{}
	for _, a := range all {
		if f.From.IsZero() || a.from.Before(f.From) {
			f.From = a.from
		}
		if a.to.After(f.To) {
			f.To = a.to
		}
	}
	f.To = f.To.Add(time.Second) // the filter's end is not in it
	for _, p := range q.store.Principals() {
		if slices.ContainsFunc(all, func(a accounted) bool {
			return slices.ContainsFunc(a.who, func(w plan.Principal) bool { return pathless(w.ARN) == pathless(p.Name) })
		}) {
			f.Principals = append(f.Principals, p.Name)
		}
	}
	if len(f.Principals) == 0 {
		return nil, nil
	}
	return q.store.Rows(f)
}

// others are the hits without those events; one that rests on nothing else is
// none.
func others(hits []detect.Hit, ours map[string]bool) []detect.Hit {
	if len(ours) == 0 {
		return hits
	}
	var out []detect.Hit
	for _, h := range hits {
		ids := slices.DeleteFunc(slices.Clone(h.EventIDs), func(id string) bool { return ours[id] })
		if len(ids) == 0 && len(h.EventIDs) > 0 {
			continue
		}
		h.EventIDs = ids
		out = append(out, h)
	}
	return out
}

// accounts reads what the case's journal accounts for. It only reads: a run may
// be writing.
func accounts(ctx context.Context, c *incident.Case) (all []accounted, err error) {
	_, past, err := journal.Open(ctx, peeked(c.Journal()), time.Now)
	if err != nil {
		return nil, err
	}
	who := map[string][]plan.Principal{}
	var ahead time.Duration // of AWS's clock before the journal's
	given := map[string]bool{}
	for i, r := range past {
		if r.Step != journal.Doing && r.Step != journal.Again && r.Step != journal.Undoing {
			continue
		}
		if order := r.Action + r.Ordered.String(); r.Step == journal.Doing && !r.Ordered.IsZero() && !given[order] {
			given[order], ahead = true, r.Ordered.Sub(r.At)
		}
		if _, known := who[r.Plan]; !known {
			if who[r.Plan], err = appliers(c, r.Plan); err != nil {
				return nil, err
			}
		}
		a, ok := accountOf(r, ending(past[i+1:], r))
		if ok && len(who[r.Plan]) > 0 {
			a.who, a.from, a.to = who[r.Plan], a.from.Add(ahead-astray), a.to.Add(ahead+astray)
			all = append(all, a)
		}
	}
	return all, nil
}

// appliers are those who alone can have applied a plan; nobody, where the plan is
// gone or was altered.
func appliers(c *incident.Case, digest string) ([]plan.Principal, error) {
	b, _, err := c.LoadPlan(digest)
	if errors.Is(err, incident.ErrNotThere) || errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read the plan %s: %w", digest, err)
	}
	p, err := readPlan(b, digest)
	if err != nil || p.Digest() != digest {
		return nil, nil
	}
	out := []plan.Principal{p.Caller}
	if p.Org != nil {
		out = append(out, *p.Org)
	}
	return out, nil
}

// ending is the next line of the same action: by then the calls had returned.
func ending(rest []journal.Record, of journal.Record) journal.Record {
	i := slices.IndexFunc(rest, func(r journal.Record) bool { return r.Plan == of.Plan && r.Action == of.Action })
	if i < 0 {
		return journal.Record{At: of.At.Add(cutLine)}
	}
	end := rest[i]
	if end.Step == journal.Doing && end.At.Sub(of.At) > cutLine { // the run died, and another went on later
		end.At = of.At.Add(cutLine)
	}
	return end
}

func accountOf(r, end journal.Record) (accounted, bool) {
	target, err := decode[fact.Resource](r.Target)
	if err != nil {
		return accounted{}, false
	}
	a := accounted{
		at: target.Place, calls: callsOf(target.Kind, r), names: namesIn(target, r.Prior, end.After),
		whole: single[target.Kind] || target.ID == target.Account, from: r.At, to: end.At,
	}
	return a, len(a.calls) > 0
}

// single are kinds of which a place has one: requests do not name it.
var single = map[fact.Kind]bool{
	"account.contact-information": true, "bedrock.logging": true, "bedrock.model-access": true, "ec2.account-settings": true,
	"iam.account-password-policy": true, "securityhub.hub": true, "ses.account": true, "sns.sms": true,
}

// callsOf names the calls that a line announces.
func callsOf(of fact.Kind, r journal.Record) map[string]bool {
	all := slices.Concat(kinds.All(), kinds.Apart())
	i := slices.IndexFunc(all, func(k kind.Kind) bool { return k.Name() == of })
	if i < 0 {
		return nil
	}
	verb, there := all[i].Verb(r.Verb)
	if !there {
		return nil
	}
	calls, known := kinds.Making(of, r.Verb)
	if !known || r.Step == journal.Undoing {
		calls = verb.Needs
	}
	out := map[string]bool{}
	for _, need := range calls {
		call, _, _ := strings.Cut(need, "=")
		_, name, _ := strings.Cut(call, ":")
		if out[name] = true; recordedAs[name] != "" {
			out[recordedAs[name]] = true
		}
	}
	delete(out, "")
	return out
}

// recordedAs is what CloudTrail calls some operations of S3.
var recordedAs = map[string]string{
	"PutPublicAccessBlock": "PutBucketPublicAccessBlock", "DeletePublicAccessBlock": "DeleteBucketPublicAccessBlock",
	"PutBucketLifecycleConfiguration": "PutBucketLifecycle",
}

// idForm is an id that AWS gives and nobody chooses.
var idForm = regexp.MustCompile(`"((?:[a-z]+-[0-9a-f]{8,}|arn:[^"\\]+))"`)

// namesIn is what requests about a target name: itself, whose it is, and what
// AWS's ids say that it consists of.
func namesIn(r fact.Resource, states ...json.RawMessage) []string {
	names := []string{r.ID, r.ARN, r.UniqueID, fact.Owner.Or(r, "")}
	id := r.ID
	if f := strings.SplitN(id, ":", 6); f[0] == "arn" && len(f) == 6 {
		id = f[5]
	}
	for _, part := range strings.FieldsFunc(id, func(c rune) bool { return strings.ContainsRune("/|:", c) }) { // a cluster's service, a version of a layer
		if len(part) > 2 && strings.Trim(part, "0123456789") != "" {
			names = append(names, part)
		}
	}
	facts, err := json.Marshal(r)
	if err != nil {
		facts = nil
	}
	for _, b := range append(states, facts) {
		for _, m := range idForm.FindAllSubmatch(b, -1) {
			names = append(names, string(m[1]))
		}
	}
	return distinct(names)
}

// could says whether an event can be what the line announces, as far as its
// columns tell.
func (a *accounted) could(e event.Event) bool {
	return a.calls[e.BaseName()] && !e.Time.Before(a.from.Truncate(time.Second)) && !e.Time.After(a.to) &&
		(a.at.Region == fact.Global || a.at.Region == "" || e.Region == a.at.Region) &&
		(a.at.Account == "" || e.Account == "" || e.Account == a.at.Account) &&
		slices.ContainsFunc(a.who, func(p plan.Principal) bool { return speaks(e.Principal, p) })
}

// take notes which of these events the line accounts for. What one of them made is
// the target's as well, as the group that isolates an instance; the record's times
// are whole seconds and give no order, so that all are looked at until none is new.
func (a *accounted) take(events []event.Event, ours map[string]bool) {
	taken := map[string]bool{}
	for more := true; more; {
		more = false
		for _, e := range events {
			if taken[e.ID] || !a.could(e) || !a.about(e) {
				continue
			}
			taken[e.ID], ours[e.ID], more = true, true, true
			for _, m := range idForm.FindAllSubmatch(e.Response, -1) {
				a.names = append(a.names, string(m[1]))
			}
		}
	}
}

// about says whether an event names the target.
func (a *accounted) about(e event.Event) bool {
	if a.whole {
		return true
	}
	said := append(stringsIn(e.Request), stringsIn(e.Response)...)
	return slices.ContainsFunc(said, func(s string) bool {
		return slices.ContainsFunc(a.names, func(name string) bool {
			return s == name || strings.HasSuffix(s, "/"+name) || strings.HasPrefix(s, "arn:") && strings.HasSuffix(s, ":"+name)
		})
	})
}

// speaks says whether a caller is this principal, or a session of it. The unique
// id decides where both are known: names are reused.
func speaks(by event.Principal, p plan.Principal) bool {
	arn, unique := by.ARN, by.ID
	if by.Issuer.ARN != "" {
		arn, unique = by.Issuer.ARN, by.Issuer.ID
	}
	unique, _, _ = strings.Cut(unique, ":")
	return arn != "" && pathless(arn) == pathless(p.ARN) && (unique == "" || p.UniqueID == "" || unique == p.UniqueID)
}

// pathless is the ARN of a role without its path, which STS does not tell.
func pathless(arn string) string {
	head, name, ok := strings.Cut(arn, ":role/")
	if !ok {
		return arn
	}
	return head + ":role/" + name[strings.LastIndexByte(name, '/')+1:]
}

// stringsIn are all strings of a JSON value.
func stringsIn(b json.RawMessage) (all []string) {
	var v any
	if len(b) == 0 || json.Unmarshal(b, &v) != nil {
		return nil
	}
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case string:
			all = append(all, v)
		case []any:
			for _, x := range v {
				walk(x)
			}
		case map[string]any:
			for _, x := range v {
				walk(x)
			}
		}
	}
	walk(v)
	return all
}

// laneOfOurs is the lane of what the journal accounts for.
func laneOfOurs() lineage.Lane {
	return lineage.Lane{Who: lineage.ByResponder, Confidence: lineage.High, Why: []string{"ours"}}
}

// A peek is a journal that is only read. What a crash, or a line being written,
// left after the last newline is no line.
type peek struct{ path string }

func peeked(path string) journal.Store { return peek{path} }

func (p peek) Append(context.Context, []byte) error {
	return errors.New("cannot write the journal: it was opened to be read")
}

func (p peek) Lines(context.Context) (lines [][]byte, torn []byte, err error) {
	b, err := os.ReadFile(p.path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, err
	}
	for line := range bytes.Lines(b[:bytes.LastIndexByte(b, '\n')+1]) {
		lines = append(lines, bytes.TrimRight(line, "\n"))
	}
	return lines, nil, nil
}
