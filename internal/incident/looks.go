package incident

import "time"

// Look is that a command looked at something outside a triage, and what came of
// it: looks.jsonl. What stood there in detail is the command's own output.
type Look struct {
	What   string    `json:"what"` // a word of package article: bill, account, secrets
	By     string    `json:"by"`
	At     time.Time `json:"at"`
	Found  int       `json:"found"`  // things that somebody has to see to
	Unseen int       `json:"unseen"` // things that it could not look at
}

// AddLook writes down that something was looked at; the latest look stands.
func (c *Case) AddLook(l Look) error { return add(c.Path(looksFile), l) }

// Looks returns the look that stands for each thing.
func (c *Case) Looks() (map[string]Look, error) {
	all, err := read[Look](c.Path(looksFile))
	out := map[string]Look{}
	for _, l := range all {
		out[l.What] = l
	}
	return out, err
}
