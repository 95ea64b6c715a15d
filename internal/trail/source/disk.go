package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"cordon/internal/trail"
)

// Disk reads local files by their absolute path.
type Disk struct{}

var _ trail.Files = Disk{}

// Load implements trail.Files.
func (Disk) Load(ctx context.Context, name string, buf []byte, limit int64) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return buf[:0], err
	}
	buf, err := readFile(name, buf[:0], limit)
	if err != nil && err != trail.ErrLarge {
		err = fmt.Errorf("cannot read the file: %w", err)
	}
	return buf, err
}

// fill reads all of r, which is expected to have size bytes and may have more.
func fill(r io.Reader, buf []byte, size, limit int64) ([]byte, error) {
	buf = slices.Grow(buf, int(min(size, limit))+1)
	for {
		n, err := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		switch {
		case int64(len(buf)) > limit:
			return buf[:0], trail.ErrLarge
		case err == io.EOF:
			return buf, nil
		case err != nil:
			return buf[:0], err
		case len(buf) == cap(buf):
			buf = slices.Grow(buf, max(len(buf), 4096))
		}
	}
}

// Open implements trail.Files.
func (Disk) Open(_ context.Context, name string) (io.ReadCloser, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("cannot read the file: %w", err)
	}
	return f, nil
}

// A Route reads a file from wherever its name says it is.
type Route struct {
	// Bucket answers what reads a bucket; nil: none can be read.
	Bucket func(ctx context.Context, bucket string) (trail.Files, error)
	// Evidence answers what the case keeps under a hash; nil: nothing.
	Evidence func(ctx context.Context, hash string) ([]byte, error)
}

var _ trail.Files = Route{}

// Load implements trail.Files.
func (r Route) Load(ctx context.Context, name string, buf []byte, limit int64) ([]byte, error) {
	scheme, rest := split(name)
	switch scheme {
	case inBucket:
		from, err := r.bucket(ctx, rest)
		if err != nil {
			return buf[:0], err
		}
		return from.Load(ctx, name, buf, limit)
	case inEvidence:
		kept, err := r.evidence(ctx, rest)
		if err == nil && int64(len(kept)) > limit {
			err = trail.ErrLarge
		}
		if err != nil {
			return buf[:0], err
		}
		return append(buf[:0], kept...), nil
	}
	return Disk{}.Load(ctx, name, buf, limit)
}

// Open implements trail.Files.
func (r Route) Open(ctx context.Context, name string) (io.ReadCloser, error) {
	scheme, rest := split(name)
	switch scheme {
	case inBucket:
		from, err := r.bucket(ctx, rest)
		if err != nil {
			return nil, err
		}
		return from.Open(ctx, name)
	case inEvidence:
		kept, err := r.evidence(ctx, rest)
		return keptReader(kept), err
	}
	return Disk{}.Open(ctx, name)
}

func (r Route) bucket(ctx context.Context, rest string) (trail.Files, error) {
	bucket, _, _ := strings.Cut(rest, "/")
	if r.Bucket == nil {
		return nil, fmt.Errorf("cannot read from the bucket %s: nobody is signed in", bucket)
	}
	return r.Bucket(ctx, bucket)
}

func (r Route) evidence(ctx context.Context, hash string) ([]byte, error) {
	if r.Evidence == nil {
		return nil, errors.New("cannot read the evidence: there is none here")
	}
	return r.Evidence(ctx, hash)
}

func keptReader(b []byte) io.ReadCloser { return io.NopCloser(bytes.NewReader(b)) }

// The schemes of names besides absolute paths.
const (
	inBucket   = "s3://"
	inEvidence = "evidence:"
)

func split(name string) (scheme, rest string) {
	for _, scheme := range []string{inBucket, inEvidence} {
		if rest, ok := strings.CutPrefix(name, scheme); ok {
			return scheme, rest
		}
	}
	return "", name
}
