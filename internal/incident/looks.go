package incident

import (
	"slices"
	"time"
)

// Look is that a command looked at something outside a triage, and what came of
// it: looks.jsonl. What stood there in detail is the command's own output.
type Look struct {
	What   string    `json:"what"`         // a word of package article: account, secrets
	Of     string    `json:"of,omitempty"` // which, where there are many: the folders of a scan
	By     string    `json:"by"`
	At     time.Time `json:"at"`
	Found  int       `json:"found"`  // things that somebody has to see to
	Unseen int       `json:"unseen"` // things that it could not look at
}

// AddLook writes down that something was looked at; the latest look at the same
// thing stands.
func (c *Case) AddLook(l Look) error { return add(c.Path(looksFile), l) }

// Looks returns the looks that stand, in the order in which each thing was first
// looked at.
func (c *Case) Looks() (out []Look, err error) {
	all, err := read[Look](c.Path(looksFile))
	for _, l := range all {
		i := slices.IndexFunc(out, func(o Look) bool { return o.What == l.What && o.Of == l.Of })
		if i < 0 {
			out = append(out, l)
		} else {
			out[i] = l
		}
	}
	return out, err
}
