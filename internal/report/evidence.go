package report

import (
	"time"

	"cordon/internal/finding"
)

// Kept is one resource as the evidence in the case shows it. The pieces stand
// before it, each an Evidence.
type Kept struct {
	finding.Target
	Name    string     `json:"ref"`       // account/region/kind/id
	Known   bool       `json:"described"` // false: its description is encrypted, lost or was never kept
	Created time.Time  `json:"created,omitzero"`
	Seen    time.Time  `json:"seen,omitzero"` // when it was described
	Whose   string     `json:"whose,omitempty"`
	Reasons []string   `json:"reasons,omitempty"`
	Facts   []KeptFact `json:"facts"`
	Deeds   []Deed     `json:"deeds"` // what was done to it, by the journal
	Pieces  int        `json:"pieces"`
	Sealed  int        `json:"encrypted"`
	Lost    int        `json:"lost"` // of the pieces, missing or altered
}

// Type implements Message.
func (Kept) Type() string { return "evidence_shown" }

// A KeptFact is what was read of a resource; a document or a list has no value
// here.
type KeptFact struct {
	Name  string `json:"name"`
	Value string `json:"value,omitempty"`
}

// A Deed is one change that cordon made to a resource.
type Deed struct {
	At    time.Time `json:"at"`
	Verb  string    `json:"verb"`
	Class string    `json:"class"`
	Step  string    `json:"step"` // verified, undone, failed
	Plan  string    `json:"plan"`
	By    string    `json:"by,omitempty"`
	Line  int       `json:"journal_line"`
}

// HandedOut says that one piece of evidence was written to a file.
type HandedOut struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Ref  string `json:"ref,omitempty"`
	File string `json:"file"`
	Size int64  `json:"size"`
}

// Type implements Message.
func (HandedOut) Type() string { return "evidence_exported" }

// EvidenceCopying says what is about to be copied where.
type EvidenceCopying struct {
	To      string    `json:"to"`
	Owner   string    `json:"bucket_owner"`
	Exposed bool      `json:"in_the_same_account"` // as what the case is about
	Objects int       `json:"objects"`
	Bytes   int64     `json:"bytes"` // before encryption
	Plain   int       `json:"not_encrypted"`
	Lock    string    `json:"lock"` // governance, compliance; empty: none
	Until   time.Time `json:"until,omitzero"`
}

// Type implements Message.
func (EvidenceCopying) Type() string { return "evidence_copying" }

// EvidenceCopied says what came of it.
type EvidenceCopied struct {
	To       string    `json:"to"`
	Owner    string    `json:"bucket_owner"`
	Whole    bool      `json:"whole"` // everything is there, read back and the same
	Copied   int       `json:"copied"`
	Known    int       `json:"known"` // were there, and are the same
	Bytes    int64     `json:"bytes"`
	Others   []Other   `json:"others"`
	Lock     string    `json:"lock"`
	Until    time.Time `json:"until,omitzero"` // the earliest day of a lock
	Manifest string    `json:"manifest,omitempty"`
	Custody  string    `json:"custody,omitempty"`
}

// Other is a place where something else stands, or whose lock is not as wanted.
type Other struct {
	Place string `json:"place"`
	Why   string `json:"why"` // other, unlocked
}

// Type implements Message.
func (EvidenceCopied) Type() string { return "evidence_copied" }
