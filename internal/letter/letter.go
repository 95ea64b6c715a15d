// Package letter writes to AWS for the owner: the answer to a notice, and the
// request to review a bill. What it says are facts of the case. The gate is the
// other half: no text leaves with a secret in it. Both are pure.
package letter

import (
	"fmt"
	"strings"
	"time"

	"cordon/internal/clean"
)

// The letters.
const (
	Reply   = "reply"
	Dispute = "dispute"
)

// A Speaker says sentences in a language; *words.Words does.
type Speaker interface {
	T(key string, args ...any) string
	Has(key string) bool
	Join(items ...string) string
	Number(v any) string
}

// Facts are what a case knows. What is zero is not known, and is not said.
type Facts struct {
	Case    string    `json:"case"`
	Account string    `json:"account"`
	At      time.Time `json:"at"`
	Notice  *Notice   `json:"notice,omitempty"`

	Looked    time.Time `json:"looked,omitzero"` // the last triage
	Regions   int       `json:"regions"`
	FirstSeen time.Time `json:"first_seen,omitzero"` // of the intruder
	LastSeen  time.Time `json:"last_seen,omitzero"`
	Keys      []string  `json:"keys"`  // held to be in the intruder's hands
	Users     []string  `json:"users"` // of those keys
	Made      []Count   `json:"made"`  // what the intruder made, by kind

	Done []Deed `json:"done"`
	Open []Open `json:"open"`

	PerHour  float64 `json:"usd_per_hour,omitempty"` // list prices of what ran when it was looked
	Unpriced int     `json:"unpriced,omitempty"`
	PricesOf string  `json:"prices_of,omitempty"`

	Bill *Bill `json:"bill,omitempty"` // what the bill shows
}

// A Bill is what the charges themselves show, where they were compared with the
// account's past.
type Bill struct {
	At       time.Time `json:"at"`
	Currency string    `json:"currency"`
	Lines    []Charge  `json:"lines"`
	Bought   []Bought  `json:"bought"` // by the intruder
}

// A Charge is one thing that is not usual: new, or beyond its usual.
type Charge struct {
	What   string  `json:"what"` // service, usage type, region
	New    bool    `json:"new"`
	First  string  `json:"first"`
	Last   string  `json:"last"`
	Cost   float64 `json:"cost"`
	Excess float64 `json:"excess"`
	Usual  float64 `json:"usual"`
}

// Bought is a purchase that the intruder made.
type Bought struct {
	What string    `json:"what"`
	At   time.Time `json:"at"`
}

// A Notice is what AWS wrote.
type Notice struct {
	Kind     string    `json:"kind"`
	Sent     time.Time `json:"sent,omitzero"`
	Keys     []string  `json:"keys"`
	Users    []string  `json:"users"`
	Where    []string  `json:"where"`
	AWSCase  string    `json:"aws_case,omitempty"`
	Deadline time.Time `json:"deadline,omitzero"`
}

// A Count is how many resources of a kind there are, and in which Regions.
type Count struct {
	Kind    string   `json:"kind"`
	N       int      `json:"n"`
	Regions []string `json:"regions"`
}

// A Deed is one sort of change that was made and read back: "done.<Sort>".
type Deed struct {
	Sort  string    `json:"sort"`
	Names []string  `json:"names"`
	Last  time.Time `json:"last"`
}

// Open is one sort of thing that is not done or not known: "open.<Sort>".
type Open struct {
	Sort  string   `json:"sort"`
	N     int      `json:"n"`
	Names []string `json:"names,omitempty"`
}

// someNames is how many names a line has: AWS asks for the others if it wants
// them.
const someNames = 8

// Compose writes a letter: the subject and the body. Every line is a sentence of
// the catalogue. extra is what the owner wants to add in his own words.
func Compose(s Speaker, which string, f Facts, extra string) (subject, body string) {
	c := &composer{Speaker: s, f: f}
	subject = s.T("letter."+which+".subject", "account", account(f.Account))
	c.say("letter.hello")
	c.opening(which)
	c.known()
	if which == Dispute {
		c.charges()
	}
	c.done()
	c.open()
	c.asks(which)
	if extra = strings.TrimSpace(extra); extra != "" {
		c.blank()
		c.line(extra)
	}
	c.blank()
	c.say("letter.enclosed", "case", f.Case)
	c.say("letter.secrets")
	c.blank()
	c.say("letter.regards")
	c.say("letter.name")
	return subject, c.b.String()
}

type composer struct {
	Speaker
	f Facts
	b strings.Builder
}

func (c *composer) line(s string)                { c.b.WriteString(s + "\n") }
func (c *composer) blank()                       { c.b.WriteByte('\n') }
func (c *composer) say(key string, args ...any)  { c.line(c.T(key, args...)) }
func (c *composer) item(key string, args ...any) { c.line("- " + c.T(key, args...)) }

// part begins a part of the letter.
func (c *composer) part(key string) {
	c.blank()
	c.say(key)
}

func (c *composer) opening(which string) {
	n := c.f.Notice
	c.blank()
	switch {
	case n == nil:
		c.say("letter."+which+".opening", "account", account(c.f.Account))
	case n.Sent.IsZero():
		c.say("letter."+which+".opening.notice", "account", account(c.f.Account))
	default:
		c.say("letter."+which+".opening.dated", "account", account(c.f.Account), "date", n.Sent.UTC().Format("2006-01-02"))
	}
	if n == nil {
		return
	}
	if n.AWSCase != "" {
		c.say("letter.notice.case", "id", c.name(n.AWSCase))
	}
	if len(n.Keys) > 0 {
		c.say("letter.notice.keys", "n", len(n.Keys), "keys", c.names(n.Keys))
	}
	if len(n.Users) > 0 {
		c.say("letter.notice.users", "n", len(n.Users), "users", c.names(n.Users))
	}
	if len(n.Where) > 0 {
		c.say("letter.notice.where", "where", c.names(n.Where))
	}
}

func (c *composer) known() {
	f := c.f
	if f.Looked.IsZero() {
		return
	}
	c.part("letter.known")
	c.item("letter.known.looked", "n", f.Regions, "at", stamp(f.Looked))
	if !f.FirstSeen.IsZero() {
		c.item("letter.known.seen", "first", stamp(f.FirstSeen), "last", stamp(f.LastSeen))
	} else {
		c.item("letter.known.unseen")
	}
	if len(f.Keys) > 0 {
		c.item("letter.known.keys", "n", len(f.Keys), "keys", c.names(f.Keys))
	}
	for _, m := range f.Made {
		c.item("letter.known.made", "what", c.counted(m), "regions", c.names(m.Regions))
	}
}

// charges say what the account is asked to pay for and did not order.
func (c *composer) charges() {
	f := c.f
	c.part("letter.charges")
	if !f.FirstSeen.IsZero() {
		c.item("letter.charges.period", "from", stamp(f.FirstSeen), "to", stamp(f.LastSeen))
	}
	if len(f.Made) == 0 && f.Bill == nil {
		c.item("letter.charges.none")
	}
	if f.PerHour > 0 {
		c.item("letter.charges.hour", "usd", c.Number(f.PerHour), "at", stamp(f.Looked), "prices", f.PricesOf)
	}
	if f.Unpriced > 0 {
		c.item("letter.charges.unpriced", "n", f.Unpriced)
	}
	c.bill()
}

// someCharges is how many charges a letter names: the bill itself is with AWS.
const someCharges = 10

// bill says what the charges show, the amounts as the bill has them.
func (c *composer) bill() {
	b := c.f.Bill
	if b == nil {
		return
	}
	if len(b.Lines) > 0 {
		c.say("letter.charges.bill", "currency", c.name(b.Currency), "at", stamp(b.At))
	}
	for i, x := range b.Lines {
		if i == someCharges {
			c.item("letter.charges.more", "n", len(b.Lines)-i)
			break
		}
		if x.New {
			c.item("letter.charges.new", "what", c.name(x.What), "cost", c.Number(x.Cost), "first", x.First, "last", x.Last)
		} else {
			c.item("letter.charges.jump", "what", c.name(x.What), "excess", c.Number(x.Excess), "usual", c.Number(x.Usual), "first", x.First, "last", x.Last)
		}
	}
	for _, x := range b.Bought {
		c.item("letter.charges.bought", "what", c.name(x.What), "at", stamp(x.At))
	}
}

func (c *composer) done() {
	c.part("letter.done")
	if len(c.f.Done) == 0 {
		c.item("letter.done.nothing")
		return
	}
	for _, d := range c.f.Done {
		c.item("letter.done."+d.Sort, "n", len(d.Names), "names", c.names(d.Names), "at", stamp(d.Last))
	}
	c.say("letter.done.verified")
}

func (c *composer) open() {
	c.part("letter.open")
	if len(c.f.Open) == 0 {
		c.item("letter.open.nothing")
		return
	}
	for _, o := range c.f.Open {
		c.item("letter.open."+o.Sort, "n", o.N, "names", c.names(o.Names))
	}
}

func (c *composer) asks(which string) {
	c.part("letter.asks")
	for i := 1; c.Has(fmt.Sprintf("letter.%s.ask.%d", which, i)); i++ {
		c.item(fmt.Sprintf("letter.%s.ask.%d", which, i))
	}
}

// counted is "3 EC2 instances".
func (c *composer) counted(m Count) string {
	if key := "kind." + m.Kind + ".n"; c.Has(key) {
		return c.T(key, "n", m.N)
	}
	return c.Number(m.N) + " " + c.name(m.Kind)
}

// name is one name out of the account. Whoever made the resource chose it: what
// the gate would refuse is left out, so that nobody can keep a letter from being
// sent, and addresses cannot be followed by accident.
func (c *composer) name(s string) string {
	s = Shorten(clean.TextCap(s, 100))
	if len(Check(s)) > 0 {
		return c.T("letter.withheld")
	}
	return s
}

func (c *composer) names(all []string) string {
	var out []string
	for _, s := range all[:min(len(all), someNames)] {
		out = append(out, c.name(s))
	}
	if left := len(all) - len(out); left > 0 {
		return c.T("letter.more", "names", strings.Join(out, ", "), "n", left)
	}
	return c.Join(out...)
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04Z") }

func account(s string) string {
	if len(s) != 12 {
		return clean.TextCap(s, 40)
	}
	return s[:4] + "-" + s[4:8] + "-" + s[8:]
}
