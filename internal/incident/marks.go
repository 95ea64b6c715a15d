package incident

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"time"

	"cordon/internal/durable"
)

// The marks that an owner puts on a resource.
const (
	Mine    = "mine"
	NotMine = "not-mine"
	Unsure  = "unsure"
)

// Mark is what somebody said about one resource.
type Mark struct {
	Ref  string    `json:"ref"`
	Mark string    `json:"mark"` // mine, not-mine, unsure
	By   string    `json:"by"`
	At   time.Time `json:"at"`
	Why  string    `json:"why,omitempty"`
	// UniqueID is the id that AWS never gives out twice (AIDA…, AROA…), where the
	// resource has one: its name may be another's tomorrow. Empty in old records.
	UniqueID string `json:"unique_id,omitempty"`
}

// Note is a line that somebody wrote into the case.
type Note struct {
	By   string    `json:"by"`
	At   time.Time `json:"at"`
	Text string    `json:"text"`
}

// AddMark writes a mark; the latest about a resource stands.
func (c *Case) AddMark(m Mark) error {
	if m.Ref == "" || m.Mark != Mine && m.Mark != NotMine && m.Mark != Unsure {
		return fmt.Errorf("cannot mark %q as %q: a mark is %s, %s or %s", m.Ref, m.Mark, Mine, NotMine, Unsure)
	}
	return add(c.Path(marksFile), m)
}

// Marks returns the mark that stands for every marked resource.
func (c *Case) Marks() (map[string]Mark, error) {
	all, err := read[Mark](c.Path(marksFile))
	out := map[string]Mark{}
	for _, m := range all {
		out[m.Ref] = m
	}
	return out, err
}

// MarkHistory returns all marks in the order in which they were put.
func (c *Case) MarkHistory() ([]Mark, error) { return read[Mark](c.Path(marksFile)) }

// AddNote writes a note.
func (c *Case) AddNote(n Note) error { return add(c.Path(notesFile), n) }

// Notes returns all notes in order.
func (c *Case) Notes() ([]Note, error) { return read[Note](c.Path(notesFile)) }

func add(path string, record any) error {
	line, err := json.Marshal(record)
	if err != nil {
		return err
	}
	return durable.Append(path, line)
}

// read returns all whole lines. A torn last line was never acknowledged and is
// left out; a damaged line before it is an error, or a mark would be lost.
func read[T any](path string) ([]T, error) {
	lines, _, err := durable.Lines(path)
	if err != nil {
		return nil, err
	}
	out := make([]T, len(lines))
	for i, line := range lines {
		if err := json.Unmarshal(line, &out[i]); err != nil {
			return nil, fmt.Errorf("%s line %d is damaged: %w", filepath.Base(path), i+1, err)
		}
	}
	return out, nil
}
