package incident

import (
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
	if slices.ContainsFunc(have, func(h Received) bool { return h.SHA256 == r.SHA256 && (h.Doubtful == r.Doubtful || r.Doubtful) }) {
		return false, nil
	}
	if err := add(c.Path(noticesFile), r); err != nil || r.Doubtful {
		return true, err
	}
	n := Notice{}
	if c.Notice != nil {
		n = *c.Notice
	}
	for _, key := range r.Keys {
		n.names(&n.Key, &n.Keys, key)
	}
	for _, user := range r.Users {
		if user != "root" && len(r.Keys) == 0 { // of a user whose key is named, the other key is the owner's
			n.names(&n.User, &n.Users, user)
		}
	}
	if !r.Deadline.IsZero() && (n.Deadline.IsZero() || !n.Answered.IsZero() || r.Deadline.Before(n.Deadline)) {
		n.Deadline, n.Answered = r.Deadline, time.Time{}
	}
	c.Notice = &n
	return true, c.Save()
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
