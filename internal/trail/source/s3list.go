package source

import (
	"context"
	"fmt"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"golang.org/x/sync/errgroup"

	"cordon/internal/trail"
)

// Marks are how far a bucket was listed, by the prefix of one account's log
// files of one region. They may be kept as JSON.
type Marks map[string]Mark

// A Mark says that all keys of a prefix from From on, up to Last, were listed.
type Mark struct {
	From string `json:"from"` // "" is the beginning
	Last string `json:"last"`
}

// A Listing is complete.
type Listing struct {
	Files []trail.File
	Notes []Damage
	// Marks are for the next listing, once all Files have been imported.
	Marks Marks
}

const (
	listers    = 64
	maxFolders = 50_000 // prefixes looked into to find where logs lie
)

// List finds the log files. Any prefix that cannot be listed to its end is an
// error: nobody shall take a part for the whole.
func (s *S3) List(ctx context.Context, only Only) (Listing, error) {
	l := lister{s3: s, only: only, sift: newSift(only), marks: Marks{}}
	if root, ok := regionRoot(s.prefix); ok {
		l.work = []job{{prefix: s.prefix, root: root}}
	} else {
		l.work = []job{{prefix: s.prefix, place: folderOf(s.prefix[:strings.LastIndexByte(s.prefix, '/')+1])}}
	}
	for seen := 0; len(l.work) > 0; { // level by level
		if seen += len(l.work); seen > maxFolders {
			return Listing{}, fmt.Errorf("cannot list %s: more than %d folders: name a longer prefix", s.name(s.prefix), maxFolders)
		}
		if err := l.level(ctx); err != nil {
			return Listing{}, err
		}
	}
	for kind, n := range l.left {
		l.notes = append(l.notes, Damage{File: kind, Note: true, Why: leftOut(n)})
	}
	files, notes := l.done()
	return Listing{Files: files, Notes: notes, Marks: l.marks}, nil
}

func (l *lister) level(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(listers)
	now := l.work
	l.work = nil
	for _, j := range now {
		g.Go(func() error { return l.list(ctx, j) })
	}
	return g.Wait()
}

// regionRoot is the prefix of one account's log files of one region, where a
// prefix is in one.
func regionRoot(prefix string) (string, bool) {
	var p place
	at := 0
	for {
		n := strings.IndexByte(prefix[at:], '/')
		if n < 0 {
			return "", false
		}
		p = p.below(prefix[at : at+n])
		if at += n + 1; p.region != "" {
			return prefix[:at], true
		}
	}
}

// A job is one prefix to list.
type job struct {
	prefix string
	root   string // of a region: everything below it, by date
	place  place
}

type lister struct {
	s3   *S3
	only Only

	mu sync.Mutex
	*sift
	work  []job
	marks Marks
}

func (l *lister) list(ctx context.Context, j job) error {
	if j.root != "" {
		return l.region(ctx, j)
	}
	in := &s3.ListObjectsV2Input{Bucket: &l.s3.bucket, Prefix: &j.prefix, Delimiter: aws.String("/")}
	return l.pages(ctx, in, func(out *s3.ListObjectsV2Output) bool {
		for _, o := range out.Contents {
			l.object(o)
		}
		for _, p := range out.CommonPrefixes {
			l.folder(aws.ToString(p.Prefix), j)
		}
		return true
	})
}

// folder decides whether to look into a folder, and how.
func (l *lister) folder(prefix string, above job) {
	name := path.Base(prefix)
	p := above.place.below(name)
	if above.place.region == "" && p.region != "" {
		if l.only.admits(p) && l.only.Digests == (p.kind == digests) {
			l.put(job{prefix: prefix, root: prefix, place: p})
		}
		return
	}
	if !l.only.admits(p) || l.only.Digests && p.kind == lake || above.place.account != "" && above.place.kind == "" && p.kind == "" && inAWSLogs(strings.TrimSuffix(prefix, name+"/")) {
		return // of another account or service, or without what is wanted
	}
	if p.kind == insights || p.kind == digests && !l.only.Digests {
		l.mu.Lock()
		l.notes = append(l.notes, Damage{File: l.s3.name(prefix), Note: true, Why: "holds no calls and was left out"})
		l.mu.Unlock()
		return
	}
	l.put(job{prefix: prefix, place: p})
}

// inAWSLogs: where AWS delivers, other services have their folders too.
func inAWSLogs(prefix string) bool {
	return strings.HasPrefix(prefix, "AWSLogs/") || strings.Contains(prefix, "/AWSLogs/")
}

func (l *lister) put(j job) {
	l.mu.Lock()
	l.work = append(l.work, j)
	l.mu.Unlock()
}

// region lists one account's files of one region. Keys are in the order of
// their days, so that a range is listed without what is before and behind it.
func (l *lister) region(ctx context.Context, j job) error {
	in := &s3.ListObjectsV2Input{Bucket: &l.s3.bucket, Prefix: &j.prefix}
	mark, last, after := "", "", "" // the mark covers whole days only
	if !l.only.From.IsZero() {
		first := l.only.From.Add(-slack).UTC()
		after, mark = dayIn(j.root, first), dayIn(j.root, first.AddDate(0, 0, 1))
	}
	if m, ok := l.only.Marks[j.root]; ok && j.prefix == j.root && m.From <= after && m.Last > after {
		at, _ := placeOf(m.Last).span()
		after = max(after, dayIn(j.root, at.AddDate(0, 0, -1))) // late ones
		mark, last = m.From, m.Last
	}
	if after > j.prefix {
		in.StartAfter = &after
	}
	end := ""
	if !l.only.To.IsZero() {
		end = dayIn(j.root, l.only.To.Add(slack).UTC()) + "/~"
	}
	err := l.pages(ctx, in, func(out *s3.ListObjectsV2Output) bool {
		for _, o := range out.Contents {
			key := aws.ToString(o.Key)
			if end != "" && key > end {
				return false
			}
			if l.object(o) {
				last = max(last, key)
			}
		}
		return true
	})
	if err == nil && j.prefix == j.root && last != "" {
		l.mu.Lock()
		l.marks[j.root] = Mark{From: mark, Last: last}
		l.mu.Unlock()
	}
	return err
}

// dayIn is where a day begins in a region.
func dayIn(root string, day time.Time) string { return root + day.Format("2006/01/02") }

// object takes a file, if it is wanted.
func (l *lister) object(o types.Object) bool {
	key := aws.ToString(o.Key)
	if strings.HasSuffix(key, "/") && aws.ToInt64(o.Size) == 0 {
		return false // a folder, as the console makes them
	}
	p := placeOf(key)
	if !l.only.admits(p) {
		return false
	}
	f := trail.File{Name: l.s3.name(key), Size: aws.ToInt64(o.Size)}
	f.Version = strings.Trim(aws.ToString(o.ETag), `"`) + "-" + strconv.FormatInt(f.Size, 10)
	l.mu.Lock()
	defer l.mu.Unlock()
	if p.kind == "" && !endings[path.Ext(key)] {
		l.left["other"]++
		return false
	}
	l.add(f, p)
	switch o.StorageClass {
	case types.ObjectStorageClassGlacier, types.ObjectStorageClassDeepArchive:
		l.archived(f.Name)
	}
	return true
}

// endings are of names that may hold records where CloudTrail's layout does not
// say so: a bucket holds all kinds of things, and each download costs.
var endings = map[string]bool{"": true, ".gz": true, ".json": true, ".jsonl": true, ".ndjson": true, ".csv": true, ".log": true, ".txt": true}

// archived tells once that there are files which can only be read if somebody
// has restored them, and names the first: listings run side by side.
func (l *lister) archived(name string) {
	const why = "in an archive class of S3, such as this one: they can be read only once restored"
	for i := range l.notes {
		if l.notes[i].Why == why {
			l.notes[i].File = min(l.notes[i].File, name)
			return
		}
	}
	l.notes = append(l.notes, Damage{File: name, Why: why})
}

func (l *lister) pages(ctx context.Context, in *s3.ListObjectsV2Input, each func(*s3.ListObjectsV2Output) bool) error {
	in.RequestPayer = l.s3.payer()
	for {
		out, err := l.s3.client.ListObjectsV2(ctx, in)
		if err != nil {
			return explain("list", l.s3.bucket, aws.ToString(in.Prefix), err)
		}
		if !each(out) || !aws.ToBool(out.IsTruncated) {
			return nil
		}
		if aws.ToString(out.NextContinuationToken) == "" || aws.ToString(out.NextContinuationToken) == aws.ToString(in.ContinuationToken) {
			return fmt.Errorf("cannot list %s: S3 says there is more, and not where", l.s3.name(aws.ToString(in.Prefix)))
		}
		in.ContinuationToken = out.NextContinuationToken
	}
}
