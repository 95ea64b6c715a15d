package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"golang.org/x/sync/errgroup"

	"cordon/internal/awsapi"
	"cordon/internal/evidence"
	"cordon/internal/gate"
	"cordon/internal/report"
	"cordon/internal/trail/source"
)

// CopyOptions say where evidence is copied to, and how it is locked there.
type CopyOptions struct {
	To     string // s3://bucket/prefix
	Owner  string // the account that the bucket belongs to; "": the caller's
	Mode   string // "governance", "compliance"
	Days   int    // of the lock
	NoLock bool   // a bucket without Object Lock will do
	Plain  bool   // also what is not encrypted
}

// Locks are the modes of a lock.
var Locks = []string{"governance", "compliance"}

// copiers is how many objects are under way at once: their bytes are in memory.
const copiers = 6

// CopyEvidence copies what the case keeps to S3: every blob, then the manifest
// and the custody log, each read back and compared before it counts. The account
// that the session is signed in to need not be the case's. What lies there is
// skipped when it is the same, so a copy that was interrupted goes on; what is
// not the same is never written over.
func (s *Session) CopyEvidence(ctx context.Context, o CopyOptions) error {
	if s.Write == nil {
		return errors.New("cannot copy the evidence: this session only looks")
	}
	free, err := s.lock("evidence copy")
	if err != nil {
		return err
	}
	defer free()
	store, err := s.evidence(false)
	if err != nil {
		return err
	}
	blobs, size, err := s.sound(ctx, store, o)
	if err != nil {
		return err
	}
	depot, err := s.depot(ctx, o)
	if err != nil {
		return err
	}
	begins := report.EvidenceCopying{
		To: "s3://" + path.Join(depot.Bucket, depot.Prefix), Owner: depot.Owner, Exposed: depot.Owner == s.Case.Account,
		Objects: len(blobs) + 2, Bytes: size, Lock: o.lock(), Until: depot.Until,
		Plain: unencrypted(blobs),
	}
	if err := s.Out.Handle(begins); err != nil {
		return err
	}
	if err := store.Copying(note(begins) + ", as " + s.Account.Caller.ARN); err != nil {
		return err
	}
	done, err := s.copyAll(ctx, store, depot, blobs)
	err = o.denied(err, depot.Bucket)
	done.To, done.Owner, done.Lock = begins.To, begins.Owner, begins.Lock
	if told := s.Out.Handle(done); told != nil {
		return told
	}
	if len(done.Others) > 0 {
		return refuse("copy-others", err, "n", len(done.Others))
	}
	return err
}

// note is what the custody log says of a copy.
func note(m report.EvidenceCopying) string {
	text := fmt.Sprintf("%s of account %s, %d objects", m.To, m.Owner, m.Objects)
	if m.Lock == "" {
		return text + ", not locked"
	}
	return text + ", " + m.Lock + " until " + m.Until.UTC().Format(time.RFC3339)
}

func (o CopyOptions) lock() string {
	if o.NoLock {
		return ""
	}
	return o.Mode
}

// sound reads the whole store again before anything leaves it, and refuses what
// may hold secrets and is not encrypted, unless that was confirmed.
func (s *Session) sound(ctx context.Context, store *evidence.Store, o CopyOptions) (blobs []evidence.Blob, size int64, err error) {
	blobs = store.Blobs()
	if len(blobs) == 0 {
		return nil, 0, refuse("no-evidence", nil)
	}
	if n := unencrypted(blobs); n > 0 && !o.Plain {
		return nil, 0, refuse("copy-plain", nil, "n", n)
	}
	r, err := store.Verify(ctx)
	if err != nil {
		return nil, 0, err
	}
	if !r.Sound() {
		return nil, 0, refuse("copy-unsound", evidence.ErrAltered)
	}
	return blobs, r.Bytes, nil
}

func unencrypted(blobs []evidence.Blob) (n int) {
	for _, b := range blobs {
		if !b.Encrypted {
			n++
		}
	}
	return n
}

// depot opens the bucket.
func (s *Session) depot(ctx context.Context, o CopyOptions) (*gate.Depot, error) {
	bucket, prefix, err := source.ParseS3(o.To)
	if err != nil {
		return nil, refuse("copy-place", err, "place", o.To)
	}
	now := s.Account.Clock().UTC().Truncate(time.Second)
	d := &gate.Depot{
		Bucket: bucket, Prefix: path.Join(strings.Trim(prefix, "/"), s.Case.ID, "evidence"), Owner: o.Owner, At: now,
		Write: s.Write, PathStyle: s.Account.Endpoint != "",
	}
	if d.Owner == "" {
		d.Owner = s.Account.Caller.Account
	}
	if !o.NoLock {
		d.Mode, d.Until = types.ObjectLockMode(strings.ToUpper(o.Mode)), now.AddDate(0, 0, o.Days)
	}
	switch err := d.Open(ctx); {
	case errors.Is(err, gate.ErrNoLock):
		return nil, refuse("copy-no-lock", err, "bucket", bucket)
	case errors.Is(err, gate.ErrNoBucket):
		return nil, refuse("copy-no-bucket", err, "bucket", bucket, "account", d.Owner)
	case err != nil:
		return nil, o.denied(err, bucket)
	}
	return d, nil
}

// denied says, where AWS refuses for want of a permission, which ones a copy takes.
func (o CopyOptions) denied(err error, bucket string) error {
	if awsapi.Classify(err) != awsapi.Denied {
		return err
	}
	return refuse("copy-denied", err, "bucket", bucket, "list", strings.Join(awsapi.Actions(gate.DepotNeeds(!o.NoLock)), ", "))
}

// A copying counts what came of the objects of one copy.
type copying struct {
	mu     sync.Mutex
	done   report.EvidenceCopied
	others map[string]string // place → why
}

// one keeps one object in the depot and counts it.
func (c *copying) one(ctx context.Context, d *gate.Depot, name string, sum evidence.ID, data []byte) error {
	known, until, err := d.Keep(ctx, name, string(sum), data)
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case errors.Is(err, gate.ErrOther), errors.Is(err, gate.ErrUnlocked):
		c.others[d.Place(name)] = "other"
		if errors.Is(err, gate.ErrUnlocked) {
			c.others[d.Place(name)] = "unlocked"
		}
		return nil // the rest is copied all the same
	case err != nil:
		return err
	case known:
		c.done.Known++
	default:
		c.done.Copied++
		c.done.Bytes += int64(len(data))
	}
	if !until.IsZero() && (c.done.Until.IsZero() || until.Before(c.done.Until)) {
		c.done.Until = until.UTC()
	}
	return nil
}

// copyAll copies the blobs, some at once, and at last the two logs. After an
// error none is begun, and those under way are seen through: broken off, each
// could lie in the bucket or not, and nobody would know.
func (s *Session) copyAll(ctx context.Context, store *evidence.Store, d *gate.Depot, blobs []evidence.Blob) (report.EvidenceCopied, error) {
	c := &copying{done: report.EvidenceCopied{Others: []report.Other{}}, others: map[string]string{}}
	told := newPace(s.Out, "copying", len(blobs))
	g, each := errgroup.WithContext(ctx)
	g.SetLimit(copiers)
	for _, b := range blobs {
		g.Go(func() error {
			if err := each.Err(); err != nil {
				return err
			}
			data, err := store.Stored(b)
			if err != nil {
				return err
			}
			if err := c.one(ctx, d, b.Name, b.ID, data); err != nil {
				return err
			}
			return told.one("", "")
		})
	}
	err := g.Wait()
	if err == nil && len(c.others) == 0 {
		err = c.close(ctx, store, d)
	}
	for _, place := range slices.Sorted(maps.Keys(c.others)) {
		c.done.Others = append(c.done.Others, report.Other{Place: place, Why: c.others[place]})
	}
	return c.done, err
}

// close copies the manifest and the custody log, under names of their own: a
// later copy does not take their place. Only then is it called done.
func (c *copying) close(ctx context.Context, store *evidence.Store, d *gate.Depot) error {
	manifest, custody, err := store.Books()
	if err != nil {
		return err
	}
	for _, b := range []evidence.Book{manifest, custody} {
		if err := c.one(ctx, d, b.Stem(), b.ID, b.Data); err != nil {
			return err
		}
	}
	if len(c.others) > 0 {
		return nil
	}
	c.done.Manifest, c.done.Custody, c.done.Whole = manifest.Stem(), custody.Stem(), true
	return store.Copied(manifest, fmt.Sprintf("s3://%s/%s of account %s, with %s and %s", d.Bucket, d.Prefix, d.Owner, manifest.Stem(), custody.Stem()))
}
