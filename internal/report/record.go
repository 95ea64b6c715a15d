package report

import "encoding/json"

// Error is how a command failed: the last record of its output. The message
// is English in every language; Exit is the exit code.
type Error struct {
	Message string `json:"message"`
	Reason  string `json:"reason"`         // a stable word, such as "not-approved"
	Code    string `json:"code,omitempty"` // AWS's error code
	Exit    int    `json:"exit"`
	Fix     string `json:"fix,omitempty"` // the command that answers it
}

// Type implements Message.
func (Error) Type() string { return "error" }

// An Item is a record of a face's own, such as one line of a list of cases:
// Name is its type and Data its fields. It must encode to an object.
type Item struct {
	Name string
	Data any
}

// Type implements Message.
func (i Item) Type() string { return i.Name }

// MarshalJSON writes the fields.
func (i Item) MarshalJSON() ([]byte, error) { return json.Marshal(i.Data) }

// Tee passes every message to each handler. The first error stops.
func Tee(hs ...Handler) Handler { return tee(hs) }

type tee []Handler

func (t tee) Handle(m Message) error {
	for _, h := range t {
		if err := h.Handle(m); err != nil {
			return err
		}
	}
	return nil
}

func (t tee) End() error {
	var first error
	for _, h := range t {
		if err := h.End(); err != nil && first == nil {
			first = err
		}
	}
	return first
}
