// Package notice reads what AWS writes to the owner of an account in trouble: the
// text of a mail, a mail file, or the JSON of AWS Health and Trusted Advisor. It
// is pure: nothing that a notice names is opened or followed.
package notice

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// The kinds of notice, by what AWS says happened.
const (
	Exposed     = "exposed"     // a key was found in public
	Compromised = "compromised" // somebody else may have used the account
	Irregular   = "irregular"   // activity that AWS finds irregular
	Quarantine  = "quarantine"  // AWS limited what a key may do
	Abuse       = "abuse"       // others complained about what the account does
	Other       = "other"
)

// The sources.
const (
	Mail    = "mail"
	Text    = "text"
	Health  = "health"
	Advisor = "trusted-advisor"
)

// How the deadline was told.
const (
	ByDate     = "date"     // a moment
	ByDay      = "day"      // a day: its beginning, in UTC, counts
	BySpan     = "span"     // days or hours, from the date of the notice
	ByReceipt  = "receipt"  // days or hours, and the notice has no date: from when it was read
	ByReceived = "received" // days or hours, from when the reader says that it came
)

// Signs that a notice may not be AWS's. They are told; nothing is decided.
const (
	SignSender     = "sender"     // the sender's address is not one of AWS's
	SignReplyTo    = "reply-to"   // answers would go to somebody else
	SignFailed     = "failed"     // the receiving server's own checks failed
	SignLink       = "link"       // a link leads elsewhere than to AWS
	SignDisguised  = "disguised"  // a link shows one address and leads to another
	SignAttachment = "attachment" // AWS attaches nothing
	SignSecret     = "secret"     // it asks for a password, a secret key or a card
)

// A Notice is what was read. Every string is as hostile as its sender.
type Notice struct {
	Source  string    `json:"source"`
	Kind    string    `json:"kind"`
	Code    string    `json:"code,omitempty"` // AWS Health's event type
	From    string    `json:"from,omitempty"`
	Subject string    `json:"subject,omitempty"`
	Sent    time.Time `json:"sent,omitzero"`

	Account   string   `json:"account,omitempty"`
	Keys      []string `json:"keys"`
	Users     []string `json:"users"` // IAM users; "root" is the root user
	Locations []string `json:"locations"`
	Resources []string `json:"resources"` // instances and ARNs that it names
	AWSCase   string   `json:"aws_case,omitempty"`

	Deadline     time.Time `json:"deadline,omitzero"`
	DeadlineFrom string    `json:"deadline_from,omitempty"`

	Signs []Sign `json:"signs"`
}

// A Sign is one thing about a notice that AWS's own notices do not have.
type Sign struct {
	What  string `json:"what"`
	Value string `json:"value"`
}

// ErrNone reports a text in which nothing of a notice was found.
var ErrNone = errors.New("it names no access key, no user, no deadline and no event that AWS writes about")

// MaxSize is more than any notice; what is longer is something else.
const MaxSize = 10 << 20

// maxList is how many of a sort are kept.
const maxList = 200

// Options say what the text itself may lack.
type Options struct {
	Now      time.Time // when it is read
	Received time.Time // when it came, if the reader says so
}

// Parse reads one notice. The error wraps ErrNone when there is none in it.
func Parse(raw []byte, o Options) (Notice, error) {
	fail := func(err error) (Notice, error) { return Notice{}, fmt.Errorf("cannot read the notice: %w", err) }
	if len(raw) > MaxSize {
		return fail(fmt.Errorf("it is %d bytes long, %d is the most", len(raw), MaxSize))
	}
	raw = bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf"))
	r := &reader{Options: o}
	var err error
	switch body := bytes.TrimSpace(raw); {
	case len(body) == 0:
		return fail(errors.New("it is empty"))
	case body[0] == '{' || body[0] == '[':
		err = r.json(body, 0)
	default:
		err = r.mail(raw, 0)
	}
	if err != nil {
		return fail(err)
	}
	n := r.done()
	if len(n.Keys)+len(n.Users)+len(n.Locations) == 0 && n.Deadline.IsZero() && n.Kind == Other {
		return fail(ErrNone)
	}
	return n, nil
}

// A reader gathers what the parts of a notice say.
type reader struct {
	Options
	n     Notice
	body  []string // what is read as sentences
	hrefs []link
	spans []span // deadlines as told
}

type link struct{ shown, to string }

func (r *reader) done() Notice {
	text := strings.Join(r.body, "\n")
	r.text(text)
	r.n.Kind = kindOf(r.n.Code, r.n.Subject+"\n"+text)
	r.deadline()
	r.signs(text)
	n := &r.n
	for _, list := range []*[]string{&n.Keys, &n.Users, &n.Locations, &n.Resources} {
		*list = once(*list)
	}
	seen := map[Sign]bool{}
	n.Signs = slices.DeleteFunc(n.Signs, func(s Sign) bool { was := seen[s]; seen[s] = true; return was })
	n.Signs = append([]Sign{}, n.Signs[:min(len(n.Signs), maxList)]...)
	return *n
}

// once keeps the first of equal values, in the order of the notice.
func once(list []string) []string {
	out, seen := []string{}, map[string]bool{}
	for _, s := range list {
		if s = strings.TrimSpace(s); s != "" && !seen[s] && len(out) < maxList {
			seen[s] = true
			out = append(out, s)
		}
	}
	return out
}

// kindOf is what the notice is about: AWS Health's event type where there is
// one, or the sentences that AWS's mails have.
func kindOf(code, text string) string {
	switch {
	case strings.Contains(code, "QUARANTINE"):
		return Quarantine
	case strings.Contains(code, "EXPOS"):
		return Exposed
	case strings.Contains(code, "COMPROMISE"):
		return Compromised
	case strings.HasPrefix(code, "AWS_ABUSE"):
		return Abuse
	}
	text = strings.ToLower(strings.Join(strings.Fields(text), " "))
	for _, k := range []struct{ kind, words string }{
		{Abuse, "abuse report|abuse notice|reported abuse|abusive|denial of service|port scan|intrusion attempt|spam complaint|滥用|signalement d’abus|rapport d’abus"},
		{Irregular, "irregular activity|unusual activity|irregular usage|异常活动|activité inhabituelle|activité irrégulière"},
		{Exposed, "exposed|publicly available|publicly accessible|found online|made public|被公开|已泄露|公开暴露|exposée|accessible publiquement"},
		{Compromised, "inappropriately accessed|may be compromised|has been compromised|may have been compromised|is compromised|unauthorized third|third-party|third party|被盗用|遭到入侵|compromis"},
		{Quarantine, "awscompromisedkeyquarantine|quarantine"},
	} {
		for w := range strings.SplitSeq(k.words, "|") {
			if strings.Contains(text, w) {
				return k.kind
			}
		}
	}
	return Other
}
