package report

import (
	"time"

	"cordon/internal/fact"
	"cordon/internal/finding"
)

// Resource is one thing of the account, and whose it is held to be.
type Resource struct {
	finding.Target
	Created time.Time `json:"created,omitzero"`
	Whose   string    `json:"whose"`   // owner, intruder, tampered, unknown
	Reasons []string  `json:"reasons"` // words under "whose."
	Mark    string    `json:"mark,omitempty"`
	PerHour *float64  `json:"usd_per_hour,omitempty"`
}

// Type implements Message.
func (Resource) Type() string { return "resource" }

// Inventory sums a list of resources up.
type Inventory struct {
	Counts map[string]int `json:"counts"` // whose → how many
	Shown  int            `json:"shown"`
	Gaps   int            `json:"gaps"` // listings that did not read, for whatever reason
	// Unread are those that were refused or broke; Closed and LeftOut are Regions.
	Unread  int `json:"unread"`
	Closed  int `json:"disabled_regions"`
	LeftOut int `json:"regions_left_out"`
	Ended   int `json:"ended"` // terminated instances, which AWS shows for an hour: not counted, not shown
}

// Type implements Message.
func (Inventory) Type() string { return "inventory" }

// Spend is what the intruder's resources cost while they run, by a price table
// of a day.
type Spend struct {
	PerHour float64   `json:"usd_per_hour"`
	Running int       `json:"running"`
	Unknown int       `json:"unknown"` // of them without a price in the table
	AsOf    time.Time `json:"as_of"`
}

// Type implements Message.
func (Spend) Type() string { return "spend" }

// Preserved says what a run of preserve kept.
type Preserved struct {
	Resources int      `json:"resources"`
	Pieces    int      `json:"pieces"`
	Unkept    []string `json:"unkept"`
	Dir       string   `json:"dir"`
	Manifest  string   `json:"manifest"` // hash of its last line
}

// Type implements Message.
func (Preserved) Type() string { return "preserved" }

// Evidence is one piece in the store.
type Evidence struct {
	ID     string    `json:"id"` // SHA-256 of what is stored
	Name   string    `json:"name"`
	Kind   string    `json:"kind"`
	Ref    string    `json:"ref,omitempty"`
	Source string    `json:"source"`
	Size   int64     `json:"size"`
	Taken  time.Time `json:"taken"`
	Sealed bool      `json:"encrypted,omitempty"`
	// Members names what the top of a JSON document holds; Lost says that the
	// piece is missing or altered. Only "evidence show" looks.
	Members []string `json:"members,omitempty"`
	Lost    bool     `json:"lost,omitempty"`
}

// Type implements Message.
func (Evidence) Type() string { return "evidence" }

// EvidenceVerified says whether everything that was kept is there, unaltered.
type EvidenceVerified struct {
	Sound    bool     `json:"sound"`
	Entries  int      `json:"entries"`
	Blobs    int      `json:"blobs"`
	Bytes    int64    `json:"bytes"`
	Missing  []string `json:"missing"`
	Altered  []string `json:"altered"`
	Breaks   []string `json:"breaks"`
	Unlisted []string `json:"unlisted"`
	Torn     []string `json:"torn"`
	Manifest string   `json:"manifest"`
	Custody  string   `json:"custody"`
}

// Type implements Message.
func (EvidenceVerified) Type() string { return "evidence_verified" }

// Baseline says that one was saved, or which one a comparison stands on.
type Baseline struct {
	Account   string    `json:"account"`
	At        time.Time `json:"at"`
	By        string    `json:"by"`
	File      string    `json:"file"`
	Digest    string    `json:"digest,omitempty"`
	Resources int       `json:"resources"`
	Gaps      int       `json:"gaps"`
	Saved     bool      `json:"saved"`
}

// Type implements Message.
func (Baseline) Type() string { return "baseline" }

// Difference is one resource that is not as the baseline has it.
type Difference struct {
	finding.Target
	How     string    `json:"how"` // new, gone, changed
	Facts   []string  `json:"facts"`
	Created time.Time `json:"created,omitzero"`
}

// Type implements Message.
func (Difference) Type() string { return "difference" }

// Compared sums a comparison up.
type Compared struct {
	New     int `json:"new"`
	Gone    int `json:"gone"`
	Changed int `json:"changed"`
}

// Type implements Message.
func (Compared) Type() string { return "compared" }

// Secret is one that the intruder read or could read.
type Secret struct {
	finding.Target
	How     string     `json:"how"` // read, could-read, may-have-read
	By      []string   `json:"by"`
	Events  []string   `json:"event_ids"`
	Rotated *time.Time `json:"rotated,omitempty"` // since the incident began
}

// Type implements Message.
func (Secret) Type() string { return "secret" }

// Secrets sums a list of secrets up.
type Secrets struct {
	Read      int         `json:"read"`
	CouldRead int         `json:"could_read"`
	Unknown   int         `json:"unknown"`
	Rotated   int         `json:"rotated"`
	Unseen    []fact.Kind `json:"unseen"` // kinds that hold secrets and were not read
}

// Type implements Message.
func (Secrets) Type() string { return "secrets" }
