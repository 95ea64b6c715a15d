package report

import (
	"time"

	"cordon/internal/rotate"
)

// Rotation is where the replacement of one access key stands.
type Rotation struct {
	ID       string        `json:"id"`
	User     string        `json:"user"`
	Old      string        `json:"old"`
	New      string        `json:"new,omitempty"`
	Sink     string        `json:"sink,omitempty"` // where the new key's secret is
	Retire   bool          `json:"retire,omitempty"`
	GiveUp   string        `json:"give_up,omitempty"` // the key that goes first, to make room
	Theirs   bool          `json:"theirs,omitempty"`  // it is the intruder's
	Exposed  string        `json:"exposed,omitempty"` // why the old key is held to be in somebody else's hands
	Quiet    time.Duration `json:"quiet_ns"`          // that is waited for before a key is deleted
	Begun    time.Time     `json:"begun"`
	Ended    time.Time     `json:"ended,omitzero"`
	Next     rotate.Next   `json:"next"`
	Keys     []rotate.Key  `json:"keys"`
	Off      []rotate.Off  `json:"off,omitempty"`
	Uses     []KeyUse      `json:"uses"` // of the old key, in the event history of the last week
	MoreUses bool          `json:"more_uses,omitempty"`
	Unseen   []string      `json:"unseen"` // regions whose event history was not read
}

// Type implements Message.
func (Rotation) Type() string { return "rotation" }

// KeyUse is one place that a key is used from.
type KeyUse struct {
	Source   string    `json:"source"` // an address
	Agent    string    `json:"agent"`
	Host     string    `json:"host,omitempty"` // ecs, lambda, ec2, github, jenkins, cli: a hint
	Services []string  `json:"services"`
	Regions  []string  `json:"regions"`
	Calls    int       `json:"calls"`
	Refused  int       `json:"refused,omitempty"`
	Last     time.Time `json:"last"`
}

// An Unused is a credential or a user that nobody used for long.
type Unused struct {
	Kind  string     `json:"kind"`
	ID    string     `json:"id"`
	Owner string     `json:"owner,omitempty"`
	Last  *time.Time `json:"last_used,omitempty"` // nil: never
	Made  time.Time  `json:"created,omitzero"`
}

// Type implements Message.
func (Unused) Type() string { return "unused" }

// RootState is what can be known of the root user: its MFA live, its password by
// the credential report.
type RootState struct {
	MFA       *bool      `json:"mfa,omitempty"`
	Keys      *bool      `json:"access_keys,omitempty"`
	Changed   *time.Time `json:"password_last_changed,omitempty"` // AWS tells it of few accounts
	Used      *time.Time `json:"password_last_used,omitempty"`
	Report    *time.Time `json:"report_generated,omitempty"` // nil: there is none
	Since     time.Time  `json:"incident_began,omitzero"`
	Passwords int        `json:"users_with_password"`
	Already   []string   `json:"set_already,omitempty"` // users whose password was set in this case: a plan leaves them out
}

// Type implements Message.
func (RootState) Type() string { return "root_state" }
