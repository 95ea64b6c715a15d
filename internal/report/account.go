package report

import "time"

// AccountField is one thing that AWS knows of the account's owner: now, in the
// copy that was saved, and who changed it.
type AccountField struct {
	Name string `json:"name"` // account-name, primary-email, contact, security, billing, operations, regions
	// State is same, changed, set (nothing in the copy), removed, unread, or, without
	// a copy to compare with, uncompared.
	State   string          `json:"state"`
	Set     bool            `json:"set"` // AWS has something
	Parts   []AccountPart   `json:"parts"`
	Unread  *Unread         `json:"unread,omitempty"`
	Changes []AccountChange `json:"changes"` // the newest first
}

// Type implements Message.
func (AccountField) Type() string { return "account_field" }

// AccountPart is a part of a field, such as the telephone number: as it is, and
// as it was saved.
type AccountPart struct {
	Name    string `json:"name"`
	Value   string `json:"value"`
	Was     string `json:"was,omitempty"`
	Differs bool   `json:"differs,omitempty"`
}

// AccountChange is one call that changed a field, or was to.
type AccountChange struct {
	At      time.Time `json:"at"`
	Call    string    `json:"call"`
	Detail  string    `json:"detail,omitempty"` // the region that was switched
	Refused bool      `json:"refused"`
	By      Caller    `json:"by"`
}

// AccountChecked ends a check of the account's information.
type AccountChecked struct {
	Account string    `json:"account"`
	At      time.Time `json:"at"`
	State   string    `json:"account_state,omitempty"`
	Opened  time.Time `json:"account_opened,omitzero"`
	Same    int       `json:"same"`
	Differ  int       `json:"differ"`
	Unread  int       `json:"unread"`
	His     int       `json:"changes_by_intruder"`
	Changes int       `json:"changes"`

	Copy   string    `json:"copy,omitempty"` // the file that was compared with
	CopyAt time.Time `json:"copy_saved_at,omitzero"`
	Late   bool      `json:"copy_after_incident,omitempty"` // it may hold what the intruder set
	Saved  string    `json:"saved,omitempty"`

	Since   time.Time `json:"history_since"` // who changed what is known from then on
	Unseen  []string  `json:"history_unread"`
	Lag     int       `json:"trail_lag_minutes"`
	Triaged bool      `json:"triaged"` // without a triage, nobody is held to be the intruder
	// People are steps that only a person can do: what AWS tells nobody by API.
	People []string `json:"person_steps"`
}

// Type implements Message.
func (AccountChecked) Type() string { return "account_checked" }

// ContactWanted is what an alternate contact is, and what a plan makes of it.
type ContactWanted struct {
	Contact string        `json:"contact"`
	Remove  bool          `json:"remove"`
	Parts   []AccountPart `json:"parts"` // Value is what is wanted
}

// Type implements Message.
func (ContactWanted) Type() string { return "contact_wanted" }
