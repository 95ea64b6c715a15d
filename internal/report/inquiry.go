package report

import "time"

// What investigations tell. docs/json-output.md is the contract; verdict,
// event and creator are the records that programs lean on.

// Imported ends an import of the trail.
type Imported struct {
	Files      int            `json:"files"`      // that were found
	New        int            `json:"new"`        // of these, read now
	Known      int            `json:"known"`      // were there already
	Events     int            `json:"events"`     // added
	Duplicates int            `json:"duplicates"` // delivered more than once, left out
	Bytes      int64          `json:"bytes"`      // of the files read, as stored
	Shapes     map[string]int `json:"shapes"`     // files by shape
	Damaged    []Damage       `json:"damaged"`
	Skipped    []Damage       `json:"skipped"` // left out on purpose: no events, or not asked for
	First      time.Time      `json:"first,omitzero"`
	Last       time.Time      `json:"last,omitzero"`
	Rules      int            `json:"rules,omitempty"` // Sigma rules that were run
	RuleHits   int            `json:"rule_hits,omitempty"`
	ElapsedMS  int64          `json:"elapsed_ms"`
}

// Type implements Message.
func (Imported) Type() string { return "trail_imported" }

// Damage is what could not be read of one source.
type Damage struct {
	File   string `json:"file"`
	Offset int64  `json:"offset"`
	Count  int    `json:"count"` // records; 0: not known
	Why    string `json:"why"`
}

// TrailStatus is what the store holds.
type TrailStatus struct {
	Files   int         `json:"files"`
	Events  int         `json:"events"`
	Bytes   int64       `json:"bytes"` // of the store on disk
	First   time.Time   `json:"first,omitzero"`
	Last    time.Time   `json:"last,omitzero"`
	Places  []Reach     `json:"places"` // by account and region
	Damaged []Damage    `json:"damaged"`
	Rules   string      `json:"rules,omitempty"`
	Gaps    []RecordGap `json:"gaps"`
	// Verified is when `trail verify` last ran to its end, and what it found.
	Verified *TrailVerified `json:"verified,omitempty"`
}

// Type implements Message.
func (TrailStatus) Type() string { return "trail_status" }

// Reach is how far the record of one account and region goes.
type Reach struct {
	Account string    `json:"account"`
	Region  string    `json:"region"`
	Events  int       `json:"events"`
	First   time.Time `json:"first,omitzero"`
	Last    time.Time `json:"last,omitzero"`
}

// TrailProblem is one thing that Verify found wrong.
type TrailProblem struct {
	What string `json:"what"` // segment, source, digest
	File string `json:"file"`
	Why  string `json:"why"`
}

// Type implements Message.
func (TrailProblem) Type() string { return "trail_problem" }

// TrailVerified ends a verification.
type TrailVerified struct {
	At          time.Time `json:"at"`
	Segments    int       `json:"segments"`
	Sources     int       `json:"sources"`
	Logs        int       `json:"logs"`         // log files that a digest file names, unchanged
	Uncovered   int       `json:"uncovered"`    // log files that no digest file covers
	Digests     int       `json:"digests"`      // digest files with nothing wrong in them and what they name
	DigestFiles int       `json:"digest_files"` // digest files that are there
	Signatures  int       `json:"signatures"`   // of digest files, that were checked and are good
	Unchecked   int       `json:"unchecked"`    // signatures that could not be checked
	Unsigned    string    `json:"unsigned,omitempty"`
	Problems    int       `json:"problems"`
}

// Whole says whether everything was checked, and agrees.
func (m TrailVerified) Whole() bool {
	return m.Problems == 0 && m.Uncovered == 0 && m.Unchecked == 0 && m.DigestFiles > 0
}

// Type implements Message.
func (TrailVerified) Type() string { return "trail_verified" }

// TrailExported ends an export.
type TrailExported struct {
	Dir     string `json:"dir"`
	Layout  string `json:"layout"`
	Files   int    `json:"files"`
	Events  int    `json:"events"`
	Missing int    `json:"missing"` // events that could not be read again: the export is marked as incomplete
	Bytes   int64  `json:"bytes"`
}

// Type implements Message.
func (TrailExported) Type() string { return "trail_exported" }

// RecordGap is what the record cannot tell: why is a word of the catalogue,
// "recordgap.<why>", such as "no-data-events", "stopped", "no-region",
// "before-record", "source-gone".
type RecordGap struct {
	Why     string    `json:"why"`
	Account string    `json:"account,omitempty"`
	Region  string    `json:"region,omitempty"`
	From    time.Time `json:"from,omitzero"`
	To      time.Time `json:"to,omitzero"`
	EventID string    `json:"event_id,omitempty"`
	Detail  string    `json:"detail,omitempty"`
}

// Verdict is the answer about one intruder.
type Verdict struct {
	Number     int           `json:"number"`
	Credential string        `json:"credential"` // key id; empty for a console or root intruder without one
	Kind       string        `json:"kind"`       // access-key, role-session, federation, console, root …
	Principal  string        `json:"principal"`  // ARN
	Seed       string        `json:"seed"`       // what the search began with
	SeedFrom   string        `json:"seed_from"`  // "given", "found", "case"
	Addresses  []string      `json:"addresses"`
	Agents     []string      `json:"agents"`
	Regions    []string      `json:"regions"`
	First      time.Time     `json:"first"`
	Last       time.Time     `json:"last"`
	Events     int           `json:"events"`    // the intruder's, sure
	Unsure     int           `json:"unsure"`    // may be the owner's
	Attempted  int           `json:"attempted"` // of Events, failed
	Issued     []IssuedCred  `json:"issued"`
	Techniques []Technique   `json:"techniques"`
	Made       []MadeThing   `json:"made"` // resources
	Undo       []UndoCall    `json:"undo"`
	Gaps       []RecordGap   `json:"gaps"`
	Confidence string        `json:"confidence"` // high, medium, low
	Why        []VerdictSign `json:"why"`
}

// Type implements Message.
func (Verdict) Type() string { return "verdict" }

// IssuedCred is a credential that the intruder had issued.
type IssuedCred struct {
	ID        string    `json:"id"`
	Kind      string    `json:"kind"`
	Principal string    `json:"principal,omitempty"`
	By        string    `json:"by"`
	EventID   string    `json:"event_id"`
	At        time.Time `json:"at"`
	Used      bool      `json:"used"`
	Events    int       `json:"events"`
}

// Technique is what the intruder did, or tried to.
type Technique struct {
	Attack   string    `json:"attack"` // ATT&CK id
	Name     string    `json:"name"`   // of the detection, English
	ID       string    `json:"id"`     // of the detection, or of a Sigma rule
	Author   string    `json:"author,omitempty"`
	Severity string    `json:"severity"`
	Status   string    `json:"status"` // done, attempted
	Count    int       `json:"count"`
	First    time.Time `json:"first"`
	EventIDs []string  `json:"event_ids"`
	Args     []any     `json:"-"` // for the words
}

// MadeThing is a resource that the intruder created, changed, shared or deleted.
type MadeThing struct {
	Resource string    `json:"resource"`
	Kind     string    `json:"kind"`
	Region   string    `json:"region"`
	Change   string    `json:"change"` // created, changed, shared, deleted, attempted
	Call     string    `json:"call"`
	At       time.Time `json:"at"`
	EventID  string    `json:"event_id"`
}

// UndoCall is the call that would take one of the intruder's back.
type UndoCall struct {
	Call     string `json:"call"`
	Resource string `json:"resource"`
	EventID  string `json:"event_id"`
}

// VerdictSign is a reason: a word of the catalogue, "sign.<word>", with the
// events that show it.
type VerdictSign struct {
	Word     string   `json:"word"`
	EventIDs []string `json:"event_ids"`
	Detail   string   `json:"detail,omitempty"`
}

// Event is one event with whose it is.
type Event struct {
	ID         string    `json:"event_id"`
	Time       time.Time `json:"time"`
	Name       string    `json:"name"`
	Source     string    `json:"source"`
	Region     string    `json:"region"`
	Account    string    `json:"account"`
	Principal  string    `json:"principal"`
	Credential string    `json:"credential"`
	Address    string    `json:"address"`
	Agent      string    `json:"agent"`
	Error      string    `json:"error,omitempty"`
	ReadOnly   bool      `json:"read_only"`
	Lane       string    `json:"lane"` // intruder, owner, responder, aws, unknown
	Confidence string    `json:"confidence"`
	Why        []string  `json:"why"`               // words of the catalogue, "lane.<word>"
	Verdict    int       `json:"verdict,omitempty"` // number of the verdict it belongs to
	Resource   string    `json:"resource,omitempty"`
	Grants     bool      `json:"grants,omitempty"`
}

// Type implements Message.
func (Event) Type() string { return "event" }

// Creator is who made or changed a resource.
type Creator struct {
	Resource   string    `json:"resource"`
	Change     string    `json:"change"`
	Call       string    `json:"call"`
	By         string    `json:"by"`
	Credential string    `json:"credential"`
	Chain      []Link    `json:"chain"`
	Address    string    `json:"address"`
	Agent      string    `json:"agent"`
	Region     string    `json:"region"`
	At         time.Time `json:"at"`
	EventID    string    `json:"event_id"`
	Lane       string    `json:"lane"`
	Confidence string    `json:"confidence"`
	Error      string    `json:"error,omitempty"`
}

// Type implements Message.
func (Creator) Type() string { return "creator" }

// Link is one step of how a credential came to be, its root first.
type Link struct {
	Credential string    `json:"credential"`
	Principal  string    `json:"principal"`
	Call       string    `json:"call"` // that issued it; empty: issued before the record begins, or a long-term key
	EventID    string    `json:"event_id,omitempty"`
	At         time.Time `json:"at,omitzero"`
	Why        string    `json:"why"` // a word of the catalogue, "step.<why>"
}

// Subject is one page about a key, user, role, session or address.
type Subject struct {
	Kind      string      `json:"kind"`
	ID        string      `json:"id"`
	Principal string      `json:"principal,omitempty"`
	Events    int         `json:"events"`
	Failed    int         `json:"failed"`
	First     time.Time   `json:"first,omitzero"`
	Last      time.Time   `json:"last,omitzero"`
	Lanes     []Tally     `json:"lanes"`
	Services  []Tally     `json:"services"`
	Calls     []Tally     `json:"calls"`
	Regions   []Tally     `json:"regions"`
	Addresses []Tally     `json:"addresses"`
	Agents    []Tally     `json:"agents"`
	Keys      []Tally     `json:"credentials"`
	Chain     []Link      `json:"chain"`
	Hours     []int       `json:"hours"` // events by hour of the day, UTC, 24 of them
	Gaps      []RecordGap `json:"gaps"`
}

// Type implements Message.
func (Subject) Type() string { return "subject" }

// Tally counts one value.
type Tally struct {
	Value  string    `json:"value"`
	Events int       `json:"events"`
	Failed int       `json:"failed"`
	First  time.Time `json:"first"`
	Last   time.Time `json:"last"`
	Lane   string    `json:"lane,omitempty"` // whose most of them are
}

// Edge is one step of the intruder's paths: from made or opened to.
type Edge struct {
	From     string    `json:"from"`
	To       string    `json:"to"`
	What     string    `json:"what"` // a word of the catalogue, "edge.<what>"
	EventIDs []string  `json:"event_ids"`
	At       time.Time `json:"at,omitzero"`
}

// Type implements Message.
func (Edge) Type() string { return "edge" }

// Cut is one credential or trust whose cutting severs paths.
type Cut struct {
	Target string   `json:"target"`
	Kind   string   `json:"kind"` // credential, principal, trust
	Closes []string `json:"closes"`
	Of     int      `json:"of"` // size of the whole cut
	Paths  int      `json:"paths"`
	// Open are ends that no cut of ours can sever, such as a root session.
	Open []string `json:"open,omitempty"`
}

// Type implements Message.
func (Cut) Type() string { return "cut" }

// Impact is one use of a credential or principal that would stop if it were
// disabled.
type Impact struct {
	Subject   string    `json:"subject"`
	Principal string    `json:"principal"`
	Agent     string    `json:"agent"` // family
	Address   string    `json:"address"`
	Services  []string  `json:"services"`
	Events    int       `json:"events"`
	PerHour   float64   `json:"per_hour"` // over the hours in which there were any
	Last      time.Time `json:"last"`
	Lane      string    `json:"lane"`
}

// Type implements Message.
func (Impact) Type() string { return "impact" }

// Cost is one sort of thing that the intruder ran: quantities, and no prices
// where none are known.
type Cost struct {
	Resource string    `json:"resource"` // such as an instance type
	Kind     string    `json:"kind"`
	Region   string    `json:"region"`
	Count    int       `json:"count"`
	Hours    float64   `json:"hours"` // in all, until now where no end is known
	Running  int       `json:"running"`
	From     time.Time `json:"from"`
	EventIDs []string  `json:"event_ids"`
}

// Type implements Message.
func (Cost) Type() string { return "cost" }

// Detection is one group of hits: a detection, a principal, and an hour.
type Detection struct {
	ID         string    `json:"id"`
	Title      string    `json:"title"`
	Severity   string    `json:"severity"`
	Confidence string    `json:"confidence"`
	Status     string    `json:"status"`
	Attack     []string  `json:"attack"`
	Principal  string    `json:"principal"`
	Credential string    `json:"credential"`
	Address    string    `json:"address"`
	Region     string    `json:"region"`
	Count      int       `json:"count"`
	First      time.Time `json:"first"`
	Last       time.Time `json:"last"`
	EventIDs   []string  `json:"event_ids"`
	Rule       string    `json:"rule,omitempty"`
	Author     string    `json:"author,omitempty"`
	Lane       string    `json:"lane"`
	Args       []any     `json:"-"`
}

// Type implements Message.
func (Detection) Type() string { return "detection" }

// Answer is a table: the rows of a standing question, from the store or from
// Athena.
type Answer struct {
	Question string     `json:"question"`
	Engine   string     `json:"engine"` // "store", "athena"
	Columns  []string   `json:"columns"`
	Rows     [][]string `json:"rows"`
	Scanned  int64      `json:"bytes_scanned,omitempty"`
	SQL      string     `json:"sql,omitempty"`
	Cached   bool       `json:"cached,omitempty"`
	AsOf     time.Time  `json:"as_of,omitzero"` // when Athena was asked
	Shown    int        `json:"-"`              // rows that a screen shows; 0: all
}

// Type implements Message.
func (Answer) Type() string { return "answer" }

// Estimate is what a question will read on Athena, told before it is asked.
type Estimate struct {
	Question   string    `json:"question"`
	SQL        string    `json:"sql"`
	Known      bool      `json:"known"`   // false: nobody listed the bucket
	AtMost     bool      `json:"at_most"` // only some columns are read
	Bytes      int64     `json:"bytes"`
	Partitions int       `json:"partitions"`
	Cost       float64   `json:"cost"`
	Currency   string    `json:"currency"`
	PriceAsOf  time.Time `json:"price_as_of"`
}

// Type implements Message.
func (Estimate) Type() string { return "estimate" }

// Span is the time that a person is shown of a timeline when he names none: that
// of the intruders, and some around it. Programs get everything, and no Span.
type Span struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// Type implements Message.
func (Span) Type() string { return "span" }

// AthenaTable is the statement that makes a table in Athena.
type AthenaTable struct {
	Table    string    `json:"table"`
	Over     string    `json:"over"` // "raw", "parquet"
	DDL      string    `json:"ddl"`
	Accounts []string  `json:"accounts"`
	Regions  []string  `json:"regions"` // over "parquet" none: it is not partitioned by them
	Since    time.Time `json:"since"`
}

// Type implements Message.
func (AthenaTable) Type() string { return "athena_table" }

// Inquiry ends an investigation.
type Inquiry struct {
	Question  string         `json:"question"`
	Events    int            `json:"events"` // that the store holds
	Matched   int            `json:"matched"`
	Verdicts  int            `json:"verdicts"`
	Unjudged  int            `json:"unjudged,omitempty"` // records that detections wanted and that could not be read again
	Lanes     map[string]int `json:"lanes"`
	First     time.Time      `json:"first,omitzero"`
	Last      time.Time      `json:"last,omitzero"`
	Gaps      []RecordGap    `json:"gaps"`
	ElapsedMS int64          `json:"elapsed_ms"`
}

// Type implements Message.
func (Inquiry) Type() string { return "inquiry" }
