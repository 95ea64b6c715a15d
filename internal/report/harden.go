package report

import "time"

// Hardening is how the account stands against what can be set up so that it does
// not happen again. Nothing of it is on by default.
type Hardening struct {
	AsOf   time.Time    `json:"prices_as_of"`
	Chosen bool         `json:"chosen"`       // the items are those that somebody chose
	Used   []string     `json:"used_regions"` // for what is set in regions that are used
	Items  []HardenItem `json:"items"`
}

// Type implements Message.
func (Hardening) Type() string { return "hardening" }

// HardenItem is one of them.
type HardenItem struct {
	ID       string   `json:"id"`
	State    string   `json:"state"` // on, off, part, unread
	Free     bool     `json:"free"`
	On       []string `json:"on,omitempty"` // regions or names
	Off      []string `json:"off,omitempty"`
	Unread   []string `json:"unread,omitempty"`   // "where: why"
	Wants    string   `json:"wants,omitempty"`    // the option without which nothing is planned
	Actions  int      `json:"actions"`            // that a plan of it would have
	Person   bool     `json:"person,omitempty"`   // a person does it, or part of it
	Proposal bool     `json:"proposal,omitempty"` // a text to decide on: nothing is applied
}
