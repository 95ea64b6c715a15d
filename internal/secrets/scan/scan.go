// Package scan looks for leaked credentials where people leave them: in every
// object of a repository, in its index and work tree, in folders, files and
// streams. It says of each where it came in, by what it is still kept, and what
// of all this could not be read. Values never leave it: a finding has the public
// id, the last four characters and a keyed fingerprint.
package scan

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"

	"cordon/internal/secrets/leak"
)

// Where a credential stands.
const (
	InBlob    = "blob"           // the content of a file, in the history
	InLink    = "symlink"        // the target of a symbolic link
	InCommit  = "commit-message" //
	InTag     = "tag-message"    //
	InNote    = "note"           // git notes
	InName    = "name"           // the name of a file or folder
	InRef     = "ref-name"       // the name of a branch, tag or other ref
	InGitDir  = "git-dir"        // a file of .git that is no object: config, hooks
	InIndex   = "index"          // staged, in no commit
	InTree    = "work-tree"      // a file that differs from what is staged, or is not tracked
	InFile    = "file"           // outside of any repository
	InStdin   = "stdin"          //
	InMessage = "message"        // a commit message that is being written
)

// A Place is where a credential stands, and since when.
type Place struct {
	Source   string    `json:"source"` // the repository, folder or file, as it was given
	Where    string    `json:"where"`
	Path     string    `json:"path,omitempty"`
	Line     int       `json:"line"`
	Column   int       `json:"column"`
	Through  []string  `json:"through,omitempty"` // what had to be decoded, outermost first
	Object   string    `json:"object,omitempty"`
	Commit   string    `json:"commit,omitempty"` // that brought it in
	Author   string    `json:"author,omitempty"`
	Email    string    `json:"email,omitempty"`
	Date     time.Time `json:"date,omitzero"`
	InHead   bool      `json:"in_head"`
	InIndex  bool      `json:"in_index"`
	Reach    string    `json:"reach,omitempty"` // ref, notes, stash, reflog, index, nothing
	Refs     []string  `json:"refs,omitempty"`  // the first few
	RefCount int       `json:"ref_count"`
}

// A Finding is one credential with all its places, the oldest first.
type Finding struct {
	Number      int             `json:"number"`
	Rule        string          `json:"rule"`
	Name        string          `json:"name"`
	Vendor      string          `json:"vendor"`
	Class       leak.Class      `json:"class"`
	Confidence  leak.Confidence `json:"confidence"`
	ID          string          `json:"id,omitempty"`
	Last4       string          `json:"last4"`
	Fingerprint string          `json:"fingerprint"`
	Account     string          `json:"account,omitempty"`
	Canary      string          `json:"canary,omitempty"`
	Allowed     string          `json:"allowed,omitempty"` // comment, gitallowed, baseline
	Pair        string          `json:"pair,omitempty"`    // the fingerprint of the other half
	Distance    int             `json:"distance"`          // lines between the halves; -1: in two files
	Places      []Place         `json:"places"`
	PlaceCount  int             `json:"place_count"`
	Verified    string          `json:"verified,omitempty"` // active, refused, canary, unknown
	Identity    string          `json:"identity,omitempty"` // the ARN that AWS answered
	Why         string          `json:"why,omitempty"`      // nobody knows whether it is active

	reveal func() string
	length int
}

// A Gap is what was not read, so that nobody can say it is clean.
type Gap struct {
	Source string `json:"source"`
	Where  string `json:"where,omitempty"` // a path or an object
	Offset int64  `json:"offset,omitempty"`
	// Why is a word: missing, shallow, corrupt, unreadable, too-large, too-deep,
	// too-many, broken, encrypted, format, pattern.
	Why    string `json:"why"`
	Detail string `json:"detail,omitempty"`
}

// Options say what is looked at.
type Options struct {
	Key         []byte // of the fingerprints
	Cache       string // a folder, "" keeps nothing
	Identifiers bool
	NoHistory   bool
	NoWorkTree  bool
	Ignored     bool // also files that git ignores
	NoArchives  bool
	Values      bool // of secrets are needed: to ask AWS, or for a baseline
	Baseline    *Baseline
	Gaps        []Gap               // that were there before the scan began
	Env         func(string) string // of git's own variables; nil: none
}

func (o Options) leak() leak.Options {
	l := leak.Options{Key: o.Key, Identifiers: o.Identifiers}
	if o.NoArchives {
		l.Depth = -1
	}
	return l
}

// A Result is what one scan found.
type Result struct {
	Findings []Finding
	Gaps     []Gap
	Objects  int
	Cached   int
	Files    int
	Bytes    int64
	Sources  int
}

// A sighting is one credential at one place.
type sighting struct {
	*leak.Found
	place Place
}

// A Scan gathers what is seen. Its methods may be called one after the other,
// and a Result taken at the end.
type Scan struct {
	o      Options
	res    Result
	mu     sync.Mutex
	seen   [][]sighting
	detect *leak.Detector
	match  *leak.Matcher
	been   map[string]bool // what was looked at already: one repository can be met in several ways
}

// New begins a scan.
func New(o Options) *Scan {
	if o.Env == nil {
		o.Env = func(string) string { return "" }
	}
	return &Scan{o: o, res: Result{Gaps: slices.Clone(o.Gaps)}, detect: leak.New(o.leak()), match: o.leak().Matcher(), been: map[string]bool{}}
}

func (s *Scan) gap(g Gap) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.res.Gaps = append(s.res.Gaps, g)
}

func (s *Scan) note(list []sighting) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(list) > 0 {
		s.seen = append(s.seen, list)
	}
}

// content holds one body against the rules, and notes what stands there.
func (s *Scan) content(d *leak.Detector, body []byte, at Place, allowed *allowed) {
	found, gaps := d.File(body)
	for _, g := range gaps {
		where := cmp.Or(at.Path, at.Object)
		s.gap(Gap{Source: at.Source, Where: strings.Join(append([]string{where}, g.Through...), " › "), Why: g.Why, Detail: g.Detail})
	}
	s.note(allowed.sightings(found, body, at))
}

// Result ends the scan: one finding for each credential, wherever it stands.
func (s *Scan) Result() Result {
	s.mu.Lock()
	defer s.mu.Unlock()
	res := s.res
	res.Findings = s.group()
	slices.SortStableFunc(res.Gaps, func(a, b Gap) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Where, b.Where), cmp.Compare(a.Offset, b.Offset))
	})
	res.Gaps = slices.Compact(res.Gaps)
	s.redact(&res)
	return res
}

// Counts says whether a finding counts: nobody allowed it, and it opens
// something.
func (f *Finding) Counts(least leak.Confidence) bool {
	return f.Allowed == "" && (f.Class == leak.Secret || f.Class == leak.KeyID) && grade(f.Confidence) >= grade(least)
}

func grade(c leak.Confidence) int {
	return slices.Index([]leak.Confidence{leak.Low, leak.Medium, leak.High}, c)
}
