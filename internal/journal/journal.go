// Package journal is the append-only record of every change: what was about to
// be done, what had been there before, and how it ended. Each line carries the
// hash of the line before it. docs/journal-format.md describes it.
package journal

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"
)

// A Step is how far one action has got.
type Step string

// The steps. An action that has a Doing or Undoing record and no later one may
// or may not have happened: the next run reads the account and decides.
const (
	Opened   Step = "opened"   // a run began: plan, digest, approver
	Doing    Step = "doing"    // written and synced before the call
	Again    Step = "again"    // somebody took the change back; it is being re-applied
	Done     Step = "done"     // the call returned
	Verified Step = "verified" // fresh reads agree on the effect
	Skipped  Step = "skipped"  // nothing was done, and why
	Failed   Step = "failed"
	Undoing  Step = "undoing"
	Undone   Step = "undone" // fresh reads agree that the prior state is back
	Torn     Step = "torn"   // a last line cut short by a crash was set aside
	Ended    Step = "ended"  // a run ended
)

// A Record is one line.
type Record struct {
	Seq    int             `json:"seq"`
	At     time.Time       `json:"at"`
	Step   Step            `json:"step"`
	Plan   string          `json:"plan,omitempty"` // digest
	Action string          `json:"action,omitempty"`
	Verb   string          `json:"verb,omitempty"`
	Class  string          `json:"class,omitempty"`
	Kind   string          `json:"kind,omitempty"`
	Target json.RawMessage `json:"target,omitempty"`
	// Ordered is the time that the verb was given: the same after a crash.
	Ordered time.Time       `json:"ordered,omitzero"`
	Prior   json.RawMessage `json:"prior,omitempty"` // enough to undo
	After   json.RawMessage `json:"after,omitempty"` // as verified
	Exposed bool            `json:"exposed,omitempty"`
	Of      string          `json:"of,omitempty"` // what an undo takes back: "<plan>/<action>"
	By      string          `json:"by,omitempty"`
	Reason  string          `json:"reason,omitempty"` // a word: why it was skipped or failed
	Err     string          `json:"err,omitempty"`
	Refused bool            `json:"refused,omitempty"` // AWS refused the call of a verb that makes a secret: it made nothing
	Prev    string          `json:"prev"`              // hash of the line before
}

// A Store keeps lines. Append returns only when the line is durable. A file
// syncs each one; a bucket writes each under a key that must not exist yet.
type Store interface {
	Append(ctx context.Context, line []byte) error
	// Lines returns the whole lines, and what follows the last newline.
	Lines(ctx context.Context) (lines [][]byte, torn []byte, err error)
}

// A Journal chains records over a store. It is safe for concurrent use.
type Journal struct {
	mu    sync.Mutex
	store Store
	now   func() time.Time
	seq   int
	prev  string
	// failed is the error of an append. Half a line may stand in the store, and
	// a line written after it would break the chain: the next process sets the
	// half aside when it opens the journal.
	failed error
}

// ErrBroken reports a line that does not follow from the one before it.
var ErrBroken = errors.New("the journal does not chain")

// Open reads the whole journal and checks the chain. A torn last line is set
// aside by the store and recorded, never silently dropped.
func Open(ctx context.Context, s Store, now func() time.Time) (*Journal, []Record, error) {
	lines, torn, err := s.Lines(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("cannot read the journal: %w", err)
	}
	j := &Journal{store: s, now: now}
	recs := make([]Record, 0, len(lines))
	for i, l := range lines {
		var r Record
		if err := json.Unmarshal(l, &r); err != nil || r.Seq != i || r.Prev != j.prev {
			return nil, nil, fmt.Errorf("cannot read the journal: %w at line %d", ErrBroken, i+1)
		}
		recs, j.seq, j.prev = append(recs, r), i+1, hash(l)
	}
	if len(torn) > 0 {
		r := Record{Step: Torn, Reason: "torn-line", Err: fmt.Sprintf("%d bytes, sha256 %s", len(torn), hash(torn))}
		if err := j.Write(ctx, r); err != nil {
			return nil, nil, err
		}
		recs = append(recs, r)
	}
	return j, recs, nil
}

func hash(b []byte) string { h := sha256.Sum256(b); return hex.EncodeToString(h[:]) }

// Write appends a record and returns only when it is durable.
func (j *Journal) Write(ctx context.Context, r Record) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.failed != nil {
		return fmt.Errorf("cannot write the journal: an earlier line failed: %w", j.failed)
	}
	r.Seq, r.Prev, r.At = j.seq, j.prev, j.now().UTC()
	line, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("cannot write the journal: %w", err)
	}
	if err := j.store.Append(ctx, line); err != nil {
		j.failed = err
		return fmt.Errorf("cannot write the journal: %w", err)
	}
	j.seq, j.prev = j.seq+1, hash(line)
	return nil
}

// Head is the hash of the last line: who keeps it can later tell whether the
// journal was shortened or altered.
func (j *Journal) Head() (seq int, hash string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.seq, j.prev
}
