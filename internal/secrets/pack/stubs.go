package pack

import (
	"context"
	"errors"
)

var errSoon = errors.New("cannot read: this part is being written")

type packFile struct{}

func (p *packFile) close() error { return nil }

type catFile struct{}

func (c *catFile) close() {}

type graph struct{}

func (r *Repository) openPacks() {}

// Object reads one object. Where it is not understood here, git is asked. The
// error wraps ErrMissing where no store has it.
func (r *Repository) Object(ctx context.Context, id ID) (Kind, []byte, error) { return 0, nil, errSoon }

// Refs lists HEAD, of every work tree, every ref and what reflogs name.
func (r *Repository) Refs(ctx context.Context) ([]Ref, error) { return nil, errSoon }

// Index is what is staged, in git's order; nothing where there is no index.
func (r *Repository) Index(ctx context.Context) ([]Entry, error) { return nil, errSoon }

// Scan shows every object to a matcher, each once.
func (r *Repository) Scan(ctx context.Context, o Options) (*Scanned, error) { return nil, errSoon }

// Places says where objects came into the history, oldest first.
func (r *Repository) Places(ctx context.Context, ids []ID) (map[ID][]Place, error) { return nil, errSoon }

// Touching lists the commits, merges left out, whose tree differs from their
// parent's in one of these blobs being or not being at a path, in the order of
// git log --all.
func (r *Repository) Touching(ctx context.Context, ids []ID) ([]ID, error) { return nil, errSoon }
