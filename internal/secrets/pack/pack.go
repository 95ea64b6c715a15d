// Package pack reads every object of a git repository: packs in the order of
// their deltas, loose objects, those of alternates, of SHA-1 and of SHA-256
// repositories, and says for an object where in the history it stands.
//
// What lies in a repository is hostile: whatever the bytes are, nothing panics,
// memory is bounded, and what cannot be read is a Gap while the rest is read.
//
// A pack is read once from its first byte to its last. Deltas form trees; each
// is walked from its root with one buffer per branch, so that every stream is
// inflated once and every object put together by copying. Of a text that is a
// delta only the lines are looked at that its base does not hold (delta.go has
// the reason why this is exact).
package pack

import (
	"io/fs"
	"time"
)

// A Kind is what an object is, by git's own number.
type Kind uint8

// The kinds of objects.
const (
	Commit Kind = 1 + iota
	Tree
	Blob
	Tag
)

var kindNames = [...]string{Commit: "commit", Tree: "tree", Blob: "blob", Tag: "tag"}

func (k Kind) String() string {
	if k >= Commit && k <= Tag {
		return kindNames[k]
	}
	return "unknown"
}

// A Matcher says what is looked for. Each worker has its own, so that it may
// keep buffers; it must not keep what it is given.
type Matcher interface {
	// Lines gets whole lines (the last one may lack its newline) and appends to
	// hits, for each line worth a closer look, the offset in text at which the hit
	// begins; several for one line are allowed. What it says about a line must
	// depend on that line alone: lines that were seen in an object before are not
	// shown again.
	Lines(text []byte, hits []int) []int
	// Whole gets at most the first 8,000 bytes of a blob and says whether it can
	// only be judged as a whole (UTF-16, archives): Blob is then asked in place of
	// Lines. It must depend on these bytes alone.
	Whole(head []byte) bool
	// Blob says whether there is anything in such a blob. Its Hit has no offsets.
	Blob(body []byte) bool
	// Name says whether a name in a tree is worth a closer look.
	Name(name []byte) bool
}

// HeadSize is how much of a blob Matcher.Whole is shown.
const HeadSize = 8000

// Options says how to scan.
type Options struct {
	Matcher func() Matcher // called once per worker
	Rules   string         // a hash of all that the matchers' answers depend on
	Cache   string         // the folder for verdicts, made if missing; "" keeps none
	Workers int            // 0 is one per processor
	NoMemo  bool           // look at every line of every object, for tests and doubts
}

// Scanned is what a scan found. Hits are ordered by id, gaps by pack and offset.
type Scanned struct {
	Hits    []Hit
	Names   []NameHit
	Gaps    []Gap
	Objects int   // different objects that were judged, now or before
	Cached  int   // of them, those judged before
	Bytes   int64 // of objects put together now
	Looked  int64 // of them, bytes shown to matchers
}

// A Hit is an object in which a matcher saw something. Commits and tags are
// judged as text, headers included.
type Hit struct {
	ID   ID
	Kind Kind
	At   []int // ascending offsets; nil for a blob that was judged as a whole
}

// A NameHit is a name in a tree.
type NameHit struct {
	Tree ID
	Name string
	Mode uint32
	ID   ID // what has the name: Places says where
}

// A Gap is what could not be read, and why. Not read is not clean.
type Gap struct {
	ID     ID     // zero where a whole pack is meant
	Pack   string // the file's name, "" for what lies in none
	Offset int64  // in the pack
	Why    string
}

// A Ref is a name for an object. Reflogs are read too: every object that they
// name is a Ref with Reflog set.
type Ref struct {
	Name   string // HEAD, refs/heads/main, refs/stash@{2}, worktrees/x/HEAD
	ID     ID
	Peeled ID // what an annotated tag stands for; else ID
	Reflog bool
}

// An Entry is a file in the index.
type Entry struct {
	Path        string
	Mode        uint32
	ID          ID
	Stage       int  // 1 to 3 in a conflict
	IntentToAdd bool // git add -N: there is no content yet
	Skip        bool // skip-worktree: not checked out

	// The file as it was when it was staged: zero where that is not known.
	Size     uint32 // modulo 2³²
	Modified time.Time
}

// Fresh says that a file is what was staged, by its time and size. written is when
// the index was: what changed at that moment or later may look the same.
func (e *Entry) Fresh(info fs.FileInfo, written time.Time) bool {
	const symbolic = 0o120000
	alike := info.Mode().IsRegular() && e.Mode != symbolic || info.Mode()&fs.ModeSymlink != 0 && e.Mode == symbolic
	return alike && !e.Modified.IsZero() && e.Modified.Before(written) && e.Modified.Equal(info.ModTime()) && e.Size == uint32(info.Size())
}

// A Reach says by what an object is still kept, the strongest first.
type Reach uint8

// What keeps an object.
const (
	ByRef     Reach = iota // a branch, tag, HEAD or any other name
	ByNotes                // only refs/notes
	ByStash                // only the stash
	ByReflog               // only a reflog, or ORIG_HEAD and the like
	ByIndex                // only the index
	ByNothing              // git gc will drop it one day
)

var reachNames = [...]string{"ref", "notes", "stash", "reflog", "index", "nothing"}

func (r Reach) String() string { return reachNames[min(int(r), len(reachNames)-1)] }

// A Place is where an object came into the history. A blob has one for every
// commit and path at which no parent has it: what only a merge brought in has
// the merge. A commit's or tag's own place is itself, with no path. An object
// that no commit holds has one place without a commit.
type Place struct {
	Commit    ID // the zero ID: in no commit
	Path      string
	Author    string // of the commit, or the tagger
	Email     string
	Authored  time.Time
	Committed time.Time
	InHead    bool // HEAD's tree has the object (at whatever path)
	InIndex   bool
	Reach     Reach
	Refs      []string // at most MaxRefs, HEAD first, then branches, tags, others
	RefCount  int      // how many there are
	More      int      // on the last place: how many were left off after MaxPlaces
}

// The most names of a Place, and the most places of an object.
const (
	MaxRefs   = 8
	MaxPlaces = 256
)
