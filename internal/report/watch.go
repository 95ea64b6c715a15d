package report

import "time"

// Watch is what the event history tells of the intruder since the account was
// contained: one look at it. Calls that were refused break the silence as others do,
// and do not mean that he is back in.
type Watch struct {
	Round     int           `json:"round"`
	State     string        `json:"state"` // watching, quiet, active, unseen, stopped
	At        time.Time     `json:"at"`
	Contained time.Time     `json:"contained"`       // the last change of a contain plan that was verified
	Delivered time.Time     `json:"delivered_until"` // what happened before has been delivered, as far as AWS says
	Lag       time.Duration `json:"trail_lag_ns"`
	Quiet     time.Duration `json:"quiet_ns"`  // without a call, counted up to delivered_until
	Wanted    time.Duration `json:"wanted_ns"` // that ends the watch
	Calls     int           `json:"calls"`     // of the intruder's since, that AWS let through
	Refused   int           `json:"refused"`   // and that it refused, or that everybody may make
	Unsure    int           `json:"unsure"`    // by a leaked key, that the owner's own program may have made
	Last      *WatchedCall  `json:"last,omitempty"`
	New       []NewIdentity `json:"new"`    // credentials and principals made since, by anybody but cordon
	Unseen    []string      `json:"unseen"` // regions whose history was not read this time
	Every     time.Duration `json:"every_ns"`
}

// Type implements Message.
func (Watch) Type() string { return "watch" }

// A WatchedCall is the intruder's latest call since the account was contained.
type WatchedCall struct {
	At      time.Time `json:"at"`
	Call    string    `json:"call"` // "iam.amazonaws.com CreateUser"
	By      string    `json:"by"`
	Region  string    `json:"region"`
	Refused string    `json:"refused,omitempty"` // AWS's error code
}

// A NewIdentity is something that lets somebody in and was made since.
type NewIdentity struct {
	At     time.Time `json:"at"`
	Call   string    `json:"call"` // CreateUser, CreateAccessKey …
	What   string    `json:"what"` // its name or id
	By     string    `json:"by"`
	Theirs bool      `json:"theirs"` // the intruder made it
}
