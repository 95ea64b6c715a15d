package lineage

import (
	"maps"
	"slices"
	"strings"
	"time"

	"cordon/internal/fact"
)

// A running knows the compute that acts for suspects, as far as one round of
// growing has found them.
type running struct {
	on     bool
	hands  []hand
	named  map[string][]hand // by the name that the compute's sessions bear
	roles  map[string][]hand // by the role, of compute whose sessions have names of their own
	stacks stacks
	// back are others' calls by which a function of a name became theirs: they
	// made it again, or put their own code there.
	back map[fact.Ref][]back
}

type back struct {
	at  time.Time
	new bool
}

func (run running) taken(r *reading) {
	for _, d := range r.made {
		if again := d.Change == Created || d.Change == Deleted; d.Ref.Kind == function && (again || d.Call == "UpdateFunctionCode") {
			run.back[d.Ref] = append(run.back[d.Ref], back{r.Time, again})
		}
	}
}

// until is how far the handing goes that a session seen in r would come from:
// not to what others made since under the name, and to their code perhaps.
func (run running) until(h hand, r *reading) (mine, sure bool) {
	sure = true
	for _, b := range run.back[h.of(h.r)] {
		if b.at.After(h.At) && b.at.Before(r.Time) {
			if sure = false; b.new {
				return false, false
			}
		}
	}
	return true, sure
}

type hand struct {
	owner *Suspect
	r     *reading
	Handing
}

func (c *Closure) compute(by index, habits habits) running {
	run := running{on: c.known.Compute, named: map[string][]hand{}, roles: map[string][]hand{}, back: map[fact.Ref][]back{}, stacks: stacks{habits: habits, by: by}}
	if !run.on {
		return run
	}
	his := map[fact.Ref]bool{} // what he surely created
	for _, r := range c.sorted {
		if len(r.handed)+len(r.made) == 0 {
			continue
		}
		owners := by.owners(r)
		if len(owners) == 0 {
			run.taken(r)
		}
		for _, owner := range owners {
			sure := habits.confidence(owner, r) == High
			for _, d := range r.made {
				his[d.Ref] = his[d.Ref] || sure && d.Change == Created
			}
			for _, h := range r.handed {
				run.hands = append(run.hands, hand{owner, r, h})
				his[h.of(r)] = his[h.of(r)] || sure && h.Made
			}
		}
	}
	for i := range run.hands {
		h := &run.hands[i]
		again := slices.ContainsFunc(run.back[h.of(h.r)], func(b back) bool { return b.new && b.at.Before(h.At) })
		h.Made = h.Made || his[h.of(h.r)] && !again
	}
	run.stacks.gather(c.sorted, run.hands)
	run.hands = append(run.hands, run.stacks.handed(c.sorted)...)
	for _, h := range run.hands {
		if name := h.named(); name != "" {
			run.named[name] = append(run.named[name], h)
		} else if role := h.role(); role != "" {
			run.roles[role] = append(run.roles[role], h)
		}
	}
	return run
}

// of is the resource; of a build the project, whose code it runs.
func (h Handing) of(r *reading) fact.Ref {
	at := fact.Ref{Kind: h.Kind, Place: fact.Place{Account: r.Account, Region: h.Region}, ID: h.To}
	if h.Kind == build {
		at.Kind = "codebuild.project"
		at.ID, _, _ = strings.Cut(h.To, ":")
	}
	return at
}

// edges are the sessions that AWS gives to compute of his, and the keys of such
// sessions whose issue is not known. Of compute that he did not create the
// owner's own code runs on too: Low.
func (run running) edges(r *reading, habits habits) (all []edge) {
	switch {
	case len(run.hands) == 0:
	case r.aws && r.Principal.Type != "AWSService":
		all = run.stacks.edges(r)
	case r.Principal.Type == "AWSService":
		session, service := findOne(*r.Event, "q:roleSessionName"), serviceOf(r)
		for _, m := range r.minted {
			if m.Kind == RoleSession && m.ID != "" {
				all = append(all, run.begun(r, m, session, service, habits)...)
			}
		}
	case !r.aws && isTemporary(r.Credential) && r.Principal.Type == "AssumedRole":
		who := speaker(*r.Event)
		m := Credential{ID: r.Credential, Kind: RoleSession, Principal: who, UniqueID: uniqueOf(*r.Event), ARN: r.Principal.ARN}
		for _, h := range run.named[sessionName(r.Principal)] {
			// A function's name is anybody's to call a session by.
			if h.Kind != function && h.fits(r, who.ID) {
				all = append(all, h.edge(r, m, h.confidence(habits), h.At)...)
			}
		}
	}
	return all
}

// begun are the edges to a session that a service asked for. One that bears no
// name of his compute may be of the owner's under the same role: Low.
func (run running) begun(r *reading, m Credential, session, service string, habits habits) (all []edge) {
	for _, h := range run.named[session] {
		if h.fits(r, m.Principal.ID) && (service == "" || service == runners[h.Kind].service) && (h.Kind != function || h.Region == r.Region) {
			mine, sure := run.until(h, r)
			if h.Made = h.Made && sure; mine {
				all = append(all, h.edge(r, m, h.confidence(habits), time.Time{})...)
			}
		}
	}
	if len(all) > 0 {
		return all
	}
	for _, h := range run.roles[m.Principal.ID] {
		if service == runners[h.Kind].service && h.fits(r, m.Principal.ID) {
			all = append(all, h.edge(r, m, Low, time.Time{})...)
		}
	}
	return all
}

// fits says whether a session of a role, seen in r, may be the compute's.
func (h hand) fits(r *reading, role string) bool {
	return !r.Time.Before(h.At) && (h.role() == "" || h.role() == role)
}

func (h hand) confidence(habits habits) string {
	if !h.Made {
		return Low
	}
	return habits.confidence(h.owner, h.r)
}

func (h hand) edge(r *reading, m Credential, confidence string, from time.Time) []edge {
	child := credential(m)
	child.Reason, child.At = HandedTo, from
	if child.Name() == h.owner.Name() {
		return nil
	}
	return []edge{{h.owner.Name(), child.Name(), r.Time, r.ID, confidence, child, h.EventID}}
}

// serviceOf names the service that made a call of its own.
func serviceOf(r *reading) string {
	name, _, _ := strings.Cut(r.Principal.InvokedBy, ".amazonaws.com")
	return name
}

// Unfollowed are the handings that a suspect surely made and whose sessions
// nothing tells from others: what was done through them is not seen.
func (c *Closure) Unfollowed() (all []Handing) {
	c.grow()
	seen := map[string]bool{}
	for _, a := range c.acts {
		seen[a.Event.ID] = a.Confidence == High
	}
	for _, h := range c.run.hands {
		if seen[h.EventID] && !h.followed() {
			seen[h.EventID] = false
			all = append(all, h.Handing)
		}
	}
	return all
}

// named gives a handing of a profile the role that its sessions turned out to
// have.
func (c *Closure) named(h Handing) Handing {
	if name := h.named(); h.Profile && name != "" {
		for _, key := range slices.Sorted(maps.Keys(c.suspects)) {
			if s := c.suspects[key]; s.Reason == HandedTo && lastPart(s.ARN) == name {
				h.Role, h.Profile = s.Principal.ID, false
				break
			}
		}
	}
	return h
}

// A Reach is how far a look-up must go; the zero Reach is everywhere, always.
type Reach struct {
	Regions []string // where the compute is; what is global may be recorded elsewhere
	Home    bool     // only where what is global is recorded
	From    time.Time
}

// Reach says how far a look-up that Next asked for must go: the sessions of
// compute are asked for where it is.
func (c *Closure) Reach(q Query) Reach { return c.reaches[q] }

// computeQueries ask for the sessions of what was handed over: by the role, and
// by the name that they bear. AWS lists an AssumeRole under both.
func (c *Closure) computeQueries() map[Query]Reach {
	want, since := map[Query]Reach{}, c.beginning()
	ask := func(by By, value string, h hand) {
		q := Query{by, value}
		if have := want[q]; value != "" && !slices.Contains(have.Regions, h.Region) {
			want[q] = Reach{Regions: append(have.Regions, h.Region), From: since}
		}
	}
	for _, h := range c.run.hands {
		if name := h.named(); name != "" {
			ask(ByRole, name, h)
		}
		ask(ByRole, lastPart(h.Role), h)
		switch {
		case h.named() == "" && h.role() != "":
			ask(ByRole, c.roleARN(h.Role, h.r.Account), h)
		case h.Kind == stack:
			ask(ByUser, userName(h.r.Principal), h)
		}
	}
	return want
}

// beginning is when the first of the seeds may have come into his hands; zero:
// nobody knows.
func (c *Closure) beginning() (at time.Time) {
	for i, s := range c.seeds {
		if i == 0 || s.At.Before(at) {
			at = s.At
		}
	}
	return at
}

// roleARN is what AWS lists an AssumeRole under; a name alone it does not know.
func (c *Closure) roleARN(role, account string) string {
	if strings.HasPrefix(role, "arn:") {
		return role
	}
	return "arn:" + c.partition() + ":iam::" + account + ":role/" + role
}

// wanted are the look-ups that are not made yet, with their reach.
func (c *Closure) wanted() map[Query]bool {
	all := c.computeQueries()
	for _, s := range c.suspects {
		for _, q := range c.queries(*s) {
			have, there := all[q]
			switch {
			case q.Value == "":
			case q.By == ByEventName: // IAM's calls are recorded where it is at home
				all[q] = Reach{Home: true}
			case s.Reason != HandedTo:
				all[q] = Reach{}
			case !there || len(have.Regions) > 0: // what the owner's compute did before is nobody's
				all[q] = Reach{From: c.beginning()}
			}
		}
	}
	for _, q := range c.entranceQueries() {
		if q.Value != "" {
			all[q] = Reach{}
		}
	}
	want := map[Query]bool{}
	for q, reach := range all {
		if have, reached := c.reaches[q]; c.asked[q] && (!reached || have.covers(reach)) {
			continue
		}
		want[q], c.reaches[q] = true, reach
	}
	return want
}

// covers says whether what goes as far as r needs not go again.
func (r Reach) covers(other Reach) bool {
	if !r.From.IsZero() && other.From.Before(r.From) {
		return false
	}
	if r.Home || other.Home {
		return other.Home
	}
	if len(r.Regions) == 0 || len(other.Regions) == 0 {
		return len(r.Regions) == 0
	}
	return !slices.ContainsFunc(other.Regions, func(region string) bool { return !slices.Contains(r.Regions, region) })
}

// made says whether the session is of this role, which a suspect created.
func (s Suspect) made(c Credential) bool {
	return s.Scope == OfRole && s.Reason == CreatedBy && (s.UniqueID == "" || c.UniqueID == "" || s.UniqueID == c.UniqueID)
}
