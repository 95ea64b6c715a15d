package lineage

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"cordon/internal/fact"
)

// What a Node is.
const (
	NodeIntruder   = "intruder"
	NodeCredential = "credential" // one that he holds
	NodeSessions   = "sessions"   // every session of a user or role: they can only be cut together
	NodeTrust      = "trust"      // who may begin sessions of a role
	NodePrincipal  = "principal"
	NodeResource   = "resource" // compute that acts with a role
)

// A Node is one thing on the intruder's ways.
type Node struct {
	ID   string // unique in the graph
	Kind string
	Name string // a credential's id, or of a user or role its name
	Ref  fact.Ref
	// Cost of cutting it; 0: it cannot be cut, as root's sessions.
	Cost int
	// Target: who reaches it acts with its rights.
	Target bool
}

// A Link says that who has From has To.
type Link struct {
	From, To string
	What     string // "holds", "issued", "signs-in", "assumes", "acts-as", "handed", "lets-in"
	EventIDs []string
}

// A Graph is how the intruder can still act. Start is his own node.
type Graph struct {
	Start string
	Nodes []Node // by ID
	Links []Link // by From, To, What
}

// Live says which suspects still work, by what the account says now; nil: all
// that the time has not ended.
type Live func(Suspect) bool

// Graph draws the ways that are still open at a time: each credential that he
// holds leads to the principal it speaks for, directly where it can be cut by
// itself (a key, a password), through all sessions of the user or role where it
// cannot. A role that one of his credentials assumed, or that he opened, he can
// assume again as long as its trust stands. Compute that he handed a role gets
// its credentials renewed: it is cut by itself. Sessions that root began cannot
// be cut.
func (c *Closure) Graph(at time.Time, live Live) Graph {
	c.grow()
	d := drawing{nodes: map[string]Node{}, links: map[[3]string][]string{}, at: at}
	d.node(Node{ID: NodeIntruder, Kind: NodeIntruder})
	c.drawSuspects(d, live)
	for _, a := range c.acts {
		for _, h := range Handed(a.Event) {
			d.handed(c.named(h), a)
		}
	}
	return d.graph()
}

func (c *Closure) drawSuspects(d drawing, live Live) {
	uses := map[string]fact.Ref{} // seeds may be credentials alone
	for _, r := range c.sorted {
		if who := speaker(*r.Event); r.Credential != "" && who.ID != "" && !r.aws {
			uses[r.Credential] = who
		}
	}
	for _, s := range c.Suspects() {
		if s.Principal.ID == "" {
			s.Principal = uses[s.Credential]
		}
		if by := c.events[s.EventID]; s.At.IsZero() && by != nil {
			s.At = by.Time
		}
		if (live == nil || live(s)) && !c.over(s, d.at) {
			parent := Suspect{}
			if p := c.suspects[s.By]; p != nil {
				if parent = *p; parent.Principal.ID == "" {
					parent.Principal = uses[parent.Credential]
				}
			}
			d.suspect(s, parent)
		}
	}
}

// Speaking fills in whom a seed speaks for that is a credential alone, as its own
// calls say: somebody was shown a session's key, and nothing else of it.
func (c *Closure) Speaking(s Suspect) Suspect {
	if s.Credential == "" || s.Principal.ID != "" {
		return s
	}
	c.sort()
	for _, r := range c.sorted {
		if who := speaker(*r.Event); r.Credential == s.Credential && who.ID != "" && !r.aws {
			s.Principal, s.ARN, s.UniqueID = who, r.Event.Principal.ARN, uniqueOf(*r.Event)
			return s
		}
	}
	return s
}

type drawing struct {
	nodes map[string]Node
	links map[[3]string][]string
	at    time.Time
}

func (d drawing) node(n Node) string {
	have, known := d.nodes[n.ID]
	if known { // what can be cut in one way can be cut
		n.Cost = max(n.Cost, have.Cost)
		n.Target = n.Target || have.Target
		n.Name = cmp.Or(have.Name, n.Name)
	}
	d.nodes[n.ID] = n
	return n.ID
}

func (d drawing) link(from, to, what, eventID string) {
	key := [3]string{from, to, what}
	ids := d.links[key]
	if eventID != "" && !slices.Contains(ids, eventID) {
		ids = append(ids, eventID)
	}
	d.links[key] = ids
}

// sessionLife is the longest that a session lasts: 36 hours of GetSessionToken
// and GetFederationToken, 12 of roles and the console.
func sessionLife(k CredentialKind) time.Duration {
	switch k {
	case Session, Federation:
		return 36 * time.Hour
	}
	return 12 * time.Hour
}

func (d drawing) suspect(s, parent Suspect) {
	if s.Credential == "" {
		d.whole(s)
		return
	}
	credential := Node{ID: "credential:" + s.Credential, Kind: NodeCredential, Name: s.Credential, Ref: s.Principal, Cost: 1}
	principal := d.principal(s.Principal, s.Credential, 0)
	if parent.Reason != "" && s.Kind == RoleSession && s.Principal.Kind == role && s.Reason == Issued && s.Principal != parent.Principal {
		// Who acts as the parent can do it again, as long as the trust stands.
		from := d.principal(parent.Principal, parent.Credential, 0)
		trust := d.node(Node{ID: "trust:" + s.Principal.String(), Kind: NodeTrust, Name: s.Principal.ID, Ref: s.Principal, Cost: 1})
		d.link(from, trust, "assumes", s.EventID)
		d.link(trust, principal, "acts-as", "")
	}
	temporary := isTemporary(s.Credential) || s.Kind == Console
	if temporary && !d.at.IsZero() && !s.At.IsZero() && d.at.Sub(s.At) > sessionLife(s.Kind) {
		return // it has ended by itself
	}
	if !temporary {
		d.node(credential)
		d.link(NodeIntruder, credential.ID, "holds", s.EventID)
		d.link(credential.ID, principal, "acts-as", "")
		return
	}
	credential.Cost = 0
	d.node(credential)
	sessions := Node{ID: "sessions:" + s.Principal.String(), Kind: NodeSessions, Name: s.Principal.ID, Ref: s.Principal, Cost: 1}
	if s.Principal.Kind == rootUser || s.Principal.ID == "" || strings.HasPrefix(s.Principal.ID, "AWSServiceRoleFor") {
		sessions.Cost = 0
	}
	d.node(sessions)
	d.link(NodeIntruder, credential.ID, "holds", s.EventID)
	d.link(credential.ID, sessions.ID, "one-of", "")
	d.link(sessions.ID, principal, "acts-as", "")
}

// whole draws what is his beyond one credential: a user or role that he
// created, a password that he set, a trust that he opened.
func (d drawing) whole(s Suspect) {
	cost := 0
	if s.Scope == OfPrincipal && s.Principal.Kind != rootUser || s.Reason == CreatedBy {
		cost = 1
	}
	principal := d.principal(s.Principal, s.ARN, cost)
	switch {
	case s.Scope == OfRole:
		trust := d.node(Node{ID: "trust:" + s.Principal.String(), Kind: NodeTrust, Name: s.Principal.ID, Ref: s.Principal, Cost: 1})
		d.link(NodeIntruder, trust, "lets-in", s.EventID)
		d.link(trust, principal, "acts-as", "")
	case s.Scope == OfConsole:
		password := d.node(Node{ID: "password:" + s.Principal.String(), Kind: NodeCredential, Name: s.Principal.ID, Ref: s.Principal, Cost: 1})
		d.link(NodeIntruder, password, "signs-in", s.EventID)
		d.link(password, principal, "acts-as", "")
	default:
		d.link(NodeIntruder, principal, "holds", s.EventID)
	}
}

// principal draws whom a credential speaks for. One that is his as a whole can
// be cut itself; the owner's is needed.
func (d drawing) principal(ref fact.Ref, name string, cost int) string {
	n := Node{ID: "principal:" + ref.String(), Kind: NodePrincipal, Name: ref.ID, Ref: ref, Target: true, Cost: cost}
	if ref.ID == "" {
		n.ID, n.Name = "principal:of:"+name, name
	}
	return d.node(n)
}

// handed draws compute that acts with a role for him.
func (d drawing) handed(h Handing, a Act) {
	if !h.Made || h.To == "" || h.Role == "" || a.Confidence == Low {
		return
	}
	x := d.node(Node{ID: "resource:" + string(h.Kind) + "/" + h.To, Kind: NodeResource, Name: h.To,
		Ref: fact.Ref{Kind: h.Kind, Place: fact.Place{Account: a.Event.Account, Region: a.Event.Region}, ID: h.To}, Cost: 1})
	owner := a.Event.Account
	if in := accountIn(h.Role); in != "" {
		owner = in
	}
	principal := d.principal(global(role, owner, lastPart(h.Role)), "", 0)
	d.link(NodeIntruder, x, "handed", h.EventID)
	d.link(x, principal, "acts-as", h.EventID)
}

func (d drawing) graph() Graph {
	g := Graph{Start: NodeIntruder}
	for _, n := range d.nodes {
		g.Nodes = append(g.Nodes, n)
	}
	slices.SortFunc(g.Nodes, func(a, b Node) int { return cmp.Compare(a.ID, b.ID) })
	for key, ids := range d.links {
		if _, there := d.nodes[key[0]]; !there {
			continue // the credential before it has ended
		}
		slices.Sort(ids)
		g.Links = append(g.Links, Link{key[0], key[1], key[2], ids})
	}
	slices.SortFunc(g.Links, func(a, b Link) int {
		return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To), cmp.Compare(a.What, b.What))
	})
	return g
}
