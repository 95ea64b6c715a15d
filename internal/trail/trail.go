// Package trail keeps CloudTrail's records: it reads every shape they come in,
// drops what was delivered twice, keeps the columns that questions are asked of
// in sealed segments, and answers. The raw record stays where it lies and is
// read again by its offset. docs/trail-format.md is the format on disk.
package trail

import (
	"context"
	"errors"
	"io"
	"time"
)

// A File is one source of records where it lies.
type File struct {
	// Name finds it again: an absolute path, "s3://bucket/key", or
	// "evidence:<sha256>" for what the case keeps itself.
	Name    string
	Size    int64     // bytes, as stored
	Version string    // changes when the content does: an ETag, or size and time
	At      time.Time // of its delivery, by its name; zero: unknown
}

// ErrLarge is Load's answer where a file has more bytes than it was allowed.
var ErrLarge = errors.New("the file is larger than was asked for")

// Files reads sources by name: on import, and when a record is read again.
// Implementations are safe for concurrent use.
type Files interface {
	// Load reads the whole file into buf, grown as needed. A file of more than
	// limit bytes is ErrLarge; it is to be read through Open.
	Load(ctx context.Context, name string, buf []byte, limit int64) ([]byte, error)
	Open(ctx context.Context, name string) (io.ReadCloser, error)
}

// A Filter says which events are wanted: those that have, in every field that
// is not empty, one of its values.
type Filter struct {
	IDs         []string
	Credentials []string // access key ids
	Principals  []string // ARNs, as Principal answers them
	Users       []string // user names, as LookupEvents' Username: also role session names
	Addresses   []string
	Agents      []string
	Regions     []string
	Accounts    []string // that received the event
	Calls       []string // "iam:CreateUser"; "*:CreateUser" of any service; names with API version match without it
	// Token is an id, name or ARN that stands somewhere in the request, the
	// response or the resources. It is looked for in the record itself.
	Token    string
	From, To time.Time // From ≤ time < To; zero: open
	Writes   bool      // leave out what is known to be read-only
	Failed   *bool
}

// A Row is the place of one event in the store.
type Row struct{ Segment, Row uint32 }
