package incident

import (
	"slices"
	"time"
)

// leaksFile keeps what scans of repositories found of AWS's credentials.
const leaksFile = "leaks.jsonl"

// A Leak is one access key that stands in a repository or a file. It holds no
// secret.
type Leak struct {
	Key         string    `json:"key"`         // the access key id
	Fingerprint string    `json:"fingerprint"` // of the id
	Secret      bool      `json:"secret"`      // its secret stands there as well
	Account     string    `json:"account,omitempty"`
	Source      string    `json:"source"` // the repository or folder
	Where       string    `json:"where"`
	Path        string    `json:"path,omitempty"`
	Line        int       `json:"line,omitempty"`
	Commit      string    `json:"commit,omitempty"`
	Author      string    `json:"author,omitempty"`
	Date        time.Time `json:"date,omitzero"`
	InHead      bool      `json:"in_head"`
	Reach       string    `json:"reach,omitempty"`
	By          string    `json:"by"`
	At          time.Time `json:"at"`
}

func (l Leak) same(o Leak) bool {
	return l.Key == o.Key && l.Secret == o.Secret && l.Source == o.Source && l.Where == o.Where && l.Path == o.Path && l.Line == o.Line && l.Commit == o.Commit && l.InHead == o.InHead
}

// AddLeaks keeps what a scan found; what the case has already is not kept twice.
// It says how many were new.
func (c *Case) AddLeaks(all []Leak) (fresh int, err error) {
	have, err := c.Leaks()
	if err != nil {
		return 0, err
	}
	for _, l := range all {
		if slices.ContainsFunc(have, l.same) {
			continue
		}
		if err := add(c.Path(leaksFile), l); err != nil {
			return fresh, err
		}
		have = append(have, l)
		fresh++
	}
	return fresh, nil
}

// Leaks are all that scans found, in the order in which they were kept.
func (c *Case) Leaks() ([]Leak, error) { return read[Leak](c.Path(leaksFile)) }
