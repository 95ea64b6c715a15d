package lineage

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"cordon/internal/event"
)

// A Closure grows what is the intruder's, from seeds to a fix point:
//
//	c := lineage.New(seeds, since)
//	for qs := c.Next(); len(qs) > 0; qs = c.Next() {
//		for _, q := range qs { c.Add(q, lookUp(q)) }
//	}
//
// It is a function of the seeds and the set of events alone: order and
// repetition of events change nothing. Events that nobody asked for may be
// added too, such as a whole trail.
type Closure struct {
	seeds []Suspect
	keyed map[string]int // seeds by their credential, the first of each
	since time.Time

	asked   map[Query]bool
	reaches map[Query]Reach
	events  map[string]*reading // by event id
	sorted  []*reading          // nil: to be sorted again
	homes   map[string]bool     // the accounts whose events are here
	shared  map[string][]*reading
	known   Known
	habit   habits

	friends Friends
	self    map[string]bool // nil: to be read again

	suspects map[string]*Suspect // nil: to be grown again
	by       index
	run      running
	acts     []Act
	places   map[place][]time.Time // of the sure acts
	edgeList []edge                // all that the suspects came by, in the order of time
	held     map[string]Lane       // nil: to be worked out

	history *Record // nil: to be read again
	book    *book   // nil: to be read again
	splits  map[string]map[origin]*verdict
}

// A By says what events are to be looked up by.
type By string

// What LookupEvents is asked by.
const (
	ByAccessKey By = "access-key" // AccessKeyId
	ByUser      By = "user"       // Username
	ByRole      By = "role"       // ResourceName; role names and ARNs
	ByEventName By = "event-name" // EventName
)

// A Query is one look-up that the closure needs.
type Query struct {
	By    By
	Value string
}

// An Act is one event of the intruder's.
type Act struct {
	Event      event.Event
	By         string // name of the suspect
	Confidence string
}

// New starts a closure. A seed's own At goes before since; zero means always,
// and then what a leaked key did is held with Low confidence, since its owner
// used it too. What a seed did before is looked at only to learn its owner's
// habits.
func New(seeds []Suspect, since time.Time) *Closure {
	c := &Closure{since: since, asked: map[Query]bool{}, reaches: map[Query]Reach{}, events: map[string]*reading{}, keyed: map[string]int{}}
	for _, s := range seeds {
		s = s.withScope()
		if s.At.IsZero() {
			s.At = since
		}
		s.Depth, s.By, s.Confidence = 0, "", High
		if _, there := c.keyed[s.Credential]; s.Scope == OfCredential && s.Reason != Marked && !there {
			c.keyed[s.Credential] = len(c.seeds)
		}
		c.seeds = append(c.seeds, s)
	}
	return c
}

// Add gives the closure the answer to a query. The events are its own from then
// on: they must not be changed. Of an event that comes twice, as its columns and
// whole, the whole one counts.
func (c *Closure) Add(q Query, events []event.Event) {
	c.asked[q] = true
	for i := range events {
		e := &events[i]
		key := e.ID
		if key == "" {
			key = strings.Join([]string{e.Time.String(), e.Source, e.Name, e.Region, e.Credential, e.Address, string(e.Request)}, "\x00")
		}
		if have := c.events[key]; have != nil && (have.bodied() || e.Request == nil && e.Response == nil) {
			continue
		}
		c.events[key] = newReading(e)
		c.sorted, c.suspects, c.book, c.history, c.self = nil, nil, nil, nil, nil
	}
}

// Next lists what must be looked up before the closure is complete, sorted.
// Empty means that the fix point is reached.
func (c *Closure) Next() []Query {
	c.grow()
	return slices.SortedFunc(maps.Keys(c.wanted()), func(a, b Query) int {
		return cmp.Or(cmp.Compare(a.By, b.By), cmp.Compare(a.Value, b.Value))
	})
}

// queries are the look-ups that find what a suspect did.
func (c *Closure) queries(s Suspect) []Query {
	switch s.Scope {
	case OfCredential:
		switch s.Kind {
		case ServiceCredential, SSHKey, Certificate, MFADevice, LoginProfile:
			return nil // no event carries their ids
		}
		if s.Credential == "" || !c.atHome(s.Principal.Account) {
			return nil // another account's events are not in our trail
		}
		if session := lastPart(s.ARN); s.Reason == HandedTo && c.run.named[session] != nil {
			return []Query{{ByUser, session}} // all that it has begun, each with a key of its own
		}
		return []Query{{ByAccessKey, s.Credential}}
	case OfConsole:
		qs := []Query{{ByUser, s.Principal.ID}}
		if s.Reason == PasswordSet {
			qs = append(qs, settings(loginProfile)...)
		}
		return qs
	}
	if s.Principal.Kind == role {
		arn := s.ARN
		if arn == "" { // the trail names the path only when the role is created
			arn = "arn:" + c.partition() + ":iam::" + s.Principal.Account + ":role/" + s.Principal.ID
		}
		return []Query{{ByRole, s.Principal.ID}, {ByRole, arn}}
	}
	return []Query{{ByUser, s.Principal.ID}}
}

// atHome says whether an account's events reach us. Before any event is known
// every account may be home.
func (c *Closure) atHome(account string) bool {
	if account == "" {
		return true
	}
	return len(c.homes) == 0 || c.homes[account]
}

func (c *Closure) partition() string {
	for _, r := range c.sorted {
		if f := strings.SplitN(r.Principal.ARN, ":", 3); len(f) == 3 && f[0] == "arn" {
			return f[1]
		}
	}
	return "aws"
}

// An edge says that an event of parent's made child a suspect.
type edge struct {
	parent, child string
	at            time.Time
	eventID       string
	confidence    string
	suspect       Suspect
	cause         string // the parent's own call, where eventID is not one
}

// grow finds the fix point. Suspects are only ever added and only ever begin
// earlier, so that it ends, however the events refer to each other.
func (c *Closure) grow() {
	if c.suspects != nil {
		return
	}
	c.sort()
	c.suspects = map[string]*Suspect{}
	for _, s := range c.seeds {
		c.admit(s)
	}
	habits := c.habits()
	c.habit = habits
	edges := map[edge]bool{}
	for changed := true; changed; {
		changed = false
		by := c.index()
		his, carried, in := c.federation(by), c.carried(by), c.entrances(by)
		c.run = c.compute(by, habits)
		for _, r := range c.sorted {
			all := c.edges(r, by, his, habits)
			all = append(append(all, c.run.edges(r, habits)...), carried.edges(r, by, habits)...)
			all = append(all, in.edges(r, habits)...)
			for _, e := range all {
				edges[e] = true
				if c.admit(e.suspect) {
					changed = true
				}
			}
		}
	}
	c.explain(edges)
	c.record(habits)
}

func (c *Closure) sort() {
	if c.sorted != nil {
		return
	}
	c.sorted = slices.SortedFunc(maps.Values(c.events), func(a, b *reading) int {
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.ID, b.ID))
	})
	c.homes, c.shared = map[string]bool{}, map[string][]*reading{}
	for _, r := range c.sorted {
		if r.SharedID != "" {
			c.shared[r.SharedID] = append(c.shared[r.SharedID], r)
		}
		if r.Account != "" {
			c.homes[r.Account] = true
		}
	}
}

// admit adds a suspect, or lets one that is there begin earlier, and says
// whether anything changed. Seeds keep their beginning: that is what since is.
func (c *Closure) admit(s Suspect) bool {
	name := s.Name()
	have := c.suspects[name]
	switch {
	case have == nil:
		c.suspects[name] = &s
		return true
	case have.Reason == Seed || have.Reason == Marked || !s.At.Before(have.At):
		return false
	}
	have.At = s.At
	return true
}

// edges says which suspects an event makes, and through whom.
func (c *Closure) edges(r *reading, by index, his federation, habits habits) (all []edge) {
	own := r // the record that names the caller
	add := func(parent *Suspect, child Suspect) {
		child = child.withScope()
		if child.Name() == parent.Name() || c.isSelf(child.Credential, parent.Scope == OfRole) {
			return
		}
		all = append(all, edge{parent.Name(), child.Name(), r.Time, r.ID, habits.confidence(parent, own), child, own.ID})
	}
	owners := by.owners(r)
	for _, twin := range c.twins(r) {
		if len(owners) == 0 && !r.aws {
			if owners = by.owners(twin); len(owners) > 0 {
				own = twin
			}
		}
	}
	for _, owner := range owners {
		for _, s := range brings(r) {
			add(owner, s)
		}
		// A console session's later calls carry a key that no event issued.
		if owner.Scope != OfCredential && r.Credential != "" && isTemporary(r.Credential) {
			add(owner, Suspect{Credential: r.Credential, Kind: kindOfSession(*r.Event), Principal: speaker(*r.Event), ARN: r.Principal.ARN, Reason: Issued})
		}
	}
	own = r
	for _, m := range r.minted {
		for _, opened := range by.principal[m.Principal] {
			// Of a role that is wholly his, also what AWS hands to its instances
			// and functions.
			whole := m.Kind == RoleSession && !r.Time.Before(opened.At) && (opened.Scope == OfPrincipal && !r.aws ||
				r.Principal.Type == "AWSService" && (opened.Scope == OfPrincipal || opened.made(m)))
			if m.ID != "" && (whole || !r.aws && (opened.lets(*r.Event, m) || his.lets(opened, r, m))) {
				add(opened, credential(m))
			}
		}
	}
	return all
}

func kindOfSession(e event.Event) CredentialKind {
	if isConsole(e) {
		return Console
	}
	if roleName(e.Principal) != "" {
		return RoleSession
	}
	return Session
}

func isTemporary(id string) bool { return strings.HasPrefix(id, "ASIA") }

func credential(m Credential) Suspect {
	return Suspect{Credential: m.ID, Kind: m.Kind, Principal: m.Principal, UniqueID: m.UniqueID, ARN: m.ARN, Reason: Issued, Scope: OfCredential}
}

// brings lists the suspects that a suspect's event makes.
func brings(r *reading) (all []Suspect) {
	if r.Failed() {
		return nil
	}
	for _, m := range r.minted {
		switch {
		case m.Kind == LoginProfile && m.Principal.ID != "":
			all = append(all, Suspect{Principal: m.Principal, Kind: LoginProfile, Scope: OfConsole, Reason: PasswordSet, At: r.Time})
		case m.Kind != LoginProfile && m.ID != "":
			all = append(all, credential(m))
		}
	}
	for _, d := range r.made {
		switch {
		case d.Ref.ID == "":
		case d.Ref.Kind == user && d.Change == Created:
			all = append(all, Suspect{Principal: d.Ref, UniqueID: d.UniqueID, ARN: findOne(*r.Event, "r:user.arn"), Scope: OfPrincipal, Reason: CreatedBy, At: r.Time})
		case d.Ref.Kind == role && d.Change == Created && r.Name == "CreateRole":
			all = append(all, Suspect{Principal: d.Ref, UniqueID: d.UniqueID, ARN: findOne(*r.Event, "r:role.arn"), Scope: OfRole, Reason: CreatedBy, At: r.Time})
		case d.Call == "UpdateAssumeRolePolicy":
			all = append(all, Suspect{Principal: d.Ref, Scope: OfRole, Reason: Opened, At: r.Time})
		}
	}
	return all
}
