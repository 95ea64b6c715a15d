package incident

import (
	"reflect"
	"slices"
	"time"
)

// Received is one notice of AWS's that the owner gave to the case. Its text is
// in the evidence.
type Received struct {
	SHA256    string    `json:"sha256"` // of the text as it was given
	Evidence  string    `json:"evidence,omitempty"`
	By        string    `json:"by"`
	At        time.Time `json:"at"`
	Kind      string    `json:"kind"`
	Source    string    `json:"source"`
	Subject   string    `json:"subject,omitempty"`
	Sent      time.Time `json:"sent,omitzero"`
	Keys      []string  `json:"keys,omitempty"`
	Users     []string  `json:"users,omitempty"`
	Locations []string  `json:"locations,omitempty"`
	AWSCase   string    `json:"aws_case,omitempty"`
	Deadline  time.Time `json:"deadline,omitzero"`
	Doubtful  bool      `json:"doubtful,omitempty"` // it has signs that AWS's own notices do not have
}

// Notices returns what AWS wrote, in the order in which the case got it.
func (c *Case) Notices() ([]Received, error) { return read[Received](c.Path(noticesFile)) }

// AddNotice keeps a notice and makes it the case's: what it names is taken for
// the beginning of the trace, and the earliest deadline that is not answered
// stands. The same text again changes nothing; fresh is false then. A doubtful
// notice is kept, and the case takes nothing from it.
func (c *Case) AddNotice(r Received) (fresh bool, err error) {
	have, err := c.Notices()
	if err != nil {
		return false, err
	}
	i := slices.IndexFunc(have, func(h Received) bool { return h.SHA256 == r.SHA256 && (h.Doubtful == r.Doubtful || r.Doubtful) })
	if fresh = i < 0; !fresh {
		r = have[i] // whoever wrote it may have been killed before the case took it
	} else if err := add(c.Path(noticesFile), r); err != nil {
		return true, err
	}
	if r.Doubtful {
		return fresh, nil
	}
	return fresh, c.take(r, fresh)
}

// take makes what a notice names the case's. Taking it again changes nothing: an
// answer stays one, unless the notice came after it.
func (c *Case) take(r Received, fresh bool) error {
	n := Notice{}
	if c.Notice != nil {
		n = *c.Notice
		n.Keys, n.Users = slices.Clone(n.Keys), slices.Clone(n.Users)
	}
	for _, key := range r.Keys {
		n.names(&n.Key, &n.Keys, key)
	}
	for _, user := range r.Users {
		if user != "root" && len(r.Keys) == 0 { // of a user whose key is named, the other key is the owner's
			n.names(&n.User, &n.Users, user)
		}
	}
	unanswered := n.Answered.IsZero() || fresh || r.At.After(n.Answered)
	if !r.Deadline.IsZero() && unanswered && (n.Deadline.IsZero() || !n.Answered.IsZero() || r.Deadline.Before(n.Deadline)) {
		n.Deadline, n.Answered = r.Deadline, time.Time{}
	}
	if !fresh && c.Notice != nil && reflect.DeepEqual(*c.Notice, n) {
		return nil
	}
	c.Notice = &n
	return c.Save()
}

// names puts a value first, or among the others.
func (n *Notice) names(first *string, more *[]string, value string) {
	switch {
	case *first == "":
		*first = value
	case *first != value && !slices.Contains(*more, value):
		*more = append(*more, value)
	}
}

// AllKeys are the keys that AWS named.
func (n *Notice) AllKeys() []string {
	if n == nil || n.Key == "" {
		return nil
	}
	return append([]string{n.Key}, n.Keys...)
}

// AllUsers are the users that AWS named.
func (n *Notice) AllUsers() []string {
	if n == nil || n.User == "" {
		return nil
	}
	return append([]string{n.User}, n.Users...)
}

// Answer notes that AWS has its answer.
func (c *Case) Answer(at time.Time) error {
	if c.Notice == nil {
		return ErrNotThere
	}
	n := *c.Notice
	n.Answered = at.UTC()
	c.Notice = &n
	return c.Save()
}
