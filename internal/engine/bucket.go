package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"cordon/internal/durable"
	"cordon/internal/evidence"
	"cordon/internal/report"
	"cordon/internal/trail"
	"cordon/internal/trail/source"
)

// bucketNeeds are the calls of reading logs and digest files from S3.
var bucketNeeds = []string{"s3:ListObjectsV2=s3:ListBucket", "s3:GetObject", "s3:GetBucketLocation", "s3:HeadObject=s3:GetObject"}

// files is what reads sources: again, and the first time.
func (a *Archive) files() trail.Files {
	all := sources{source.Route{Bucket: a.bucket, Evidence: a.blob}, a.spool()}
	if a.near {
		return nearby{all}
	}
	return all
}

func (a *Archive) blob(ctx context.Context, hash string) ([]byte, error) {
	held, err := a.evidence()
	if err != nil {
		return nil, err
	}
	return held.Get(ctx, evidence.ID(hash))
}

// signIn is the live account, opened the first time that it is needed.
func (a *Archive) signIn(ctx context.Context) (*Session, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.Session != nil {
		return a.Session, nil
	}
	if a.Open == nil {
		return nil, errors.New("nobody is signed in")
	}
	s, err := a.Open(ctx)
	if err != nil {
		return nil, err
	}
	a.Session = s
	return s, nil
}

// client talks to S3 in one region.
func (a *Archive) client(s *Session, region string) *s3.Client {
	return s3.NewFromConfig(s.Account.Read(region, bucketNeeds), func(o *s3.Options) {
		o.UsePathStyle = s.Account.Endpoint != "" // no name of a bucket's own there
	})
}

// bucket reads one bucket in its own region.
func (a *Archive) bucket(ctx context.Context, name string) (trail.Files, error) {
	a.mu.Lock()
	b := a.buckets[name]
	a.mu.Unlock()
	if b != nil {
		return b, nil
	}
	b, err := a.s3(ctx, name, "")
	if err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.buckets == nil {
		a.buckets = map[string]*source.S3{}
	}
	a.buckets[name] = b
	return b, nil
}

func (a *Archive) s3(ctx context.Context, name, prefix string) (*source.S3, error) {
	s, err := a.signIn(ctx)
	if err != nil {
		return nil, fmt.Errorf("cannot read s3://%s: %w", name, err)
	}
	region, err := source.Region(ctx, a.client(s, ""), name)
	if err != nil {
		return nil, err
	}
	return source.NewS3(a.client(s, region), name, prefix), nil
}

// A bucketList is what was listed of a bucket. Mark keeps how far that is.
type bucketList struct {
	files []trail.File
	mark  func() error
}

// listedTo marks the buckets of which all that was listed has been read: what
// could not be read must be listed again.
func listedTo(lists []bucketList, store *trail.Store) error {
	unread, err := store.Unread()
	if err != nil {
		return err
	}
	for _, l := range lists {
		if slices.ContainsFunc(l.files, func(f trail.File) bool { return unread[f.Name] }) {
			continue
		}
		if err := l.mark(); err != nil {
			return err
		}
	}
	return nil
}

// inBucket lists a bucket's log files. What an earlier import read to its end
// is not listed again.
func (a *Archive) inBucket(ctx context.Context, url string, o ImportOptions, done *report.Imported) (l bucketList, err error) {
	name, prefix, err := source.ParseS3(url)
	if err != nil {
		return l, err
	}
	b, err := a.s3(ctx, name, prefix)
	if err != nil {
		return l, err
	}
	var marks map[string]source.Marks
	if err := a.load(marksFile, &marks); err != nil {
		return l, err
	}
	only := o.only()
	only.Marks = marks[url]
	list, err := b.List(ctx, only)
	if err != nil {
		return l, err
	}
	skipped(done, list.Notes)
	return bucketList{list.Files, func() error {
		if err := a.load(marksFile, &marks); err != nil { // another bucket's are there meanwhile
			return err
		}
		if marks == nil {
			marks = map[string]source.Marks{}
		}
		marks[url] = list.Marks
		return a.save(marksFile, marks)
	}}, nil
}

// marked says whether an earlier import listed one of these buckets and found
// log files there: nothing new is no mistake then.
func (a *Archive) marked(urls []string) bool {
	var marks map[string]source.Marks
	if a.load(marksFile, &marks) != nil {
		return false
	}
	return slices.ContainsFunc(urls, func(u string) bool { return len(marks[u]) > 0 })
}

// skipped sorts what is no file of events: damage, or left out on purpose.
func skipped(done *report.Imported, notes []source.Damage) {
	for _, d := range notes {
		m := report.Damage{File: d.File, Why: d.Why}
		if d.Note {
			done.Skipped = append(done.Skipped, m)
		} else {
			done.Damaged = append(done.Damaged, m)
		}
	}
}

// The files beside the store: how far buckets were listed, how far the event
// history was asked, what was imported, to look for digest files there, what each
// import was asked for, and what the last verification found.
const (
	askedFile    = "imports.json"
	historyFile  = "history.json"
	marksFile    = "buckets.json"
	rootsFile    = "roots.json"
	verifiedFile = "verified.json"
)

func (a *Archive) load(name string, into any) error {
	b, err := os.ReadFile(filepath.Join(a.Case.Trail(), name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = json.Unmarshal(b, into)
	}
	if err != nil {
		return fmt.Errorf("cannot read %s of the trail: %w", name, err)
	}
	return nil
}

func (a *Archive) save(name string, v any) error {
	b, err := json.Marshal(v)
	if err == nil {
		err = durable.Write(filepath.Join(a.Case.Trail(), name), b)
	}
	if err != nil {
		return fmt.Errorf("cannot save %s of the trail: %w", name, err)
	}
	return nil
}

// remember keeps what was imported.
func (a *Archive) remember(o ImportOptions) error {
	var roots []string
	if err := a.load(rootsFile, &roots); err != nil {
		return err
	}
	n := len(roots)
	for _, r := range slices.Concat(o.Paths, o.Buckets) {
		if !slices.Contains(roots, r) {
			roots = append(roots, r)
		}
	}
	if len(roots) == n {
		return nil
	}
	return a.save(rootsFile, roots)
}
