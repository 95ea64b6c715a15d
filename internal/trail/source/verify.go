package source

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"cordon/internal/trail"
)

// What is wrong with a file, by its digest.
const (
	Changed     = "changed"      // the content is not what CloudTrail delivered
	Missing     = "missing"      // CloudTrail delivered it, and it is not here
	Added       = "added"        // no digest of its time names it
	BrokenChain = "broken-chain" // a digest is not the one that its successor names
	BadDigest   = "bad-digest"   // it cannot be read, was moved, or its signature is wrong
	Unread      = "unread"       // the log file could not be read
)

// A Problem is one of them.
type Problem struct {
	What string
	File string
	Why  string
}

// Digests is what the digest files say of the log files.
type Digests struct {
	Digests  int            // that were read
	Agree    int            // of these, with nothing wrong in them, their chain and what they name
	Logs     int            // log files that they name and that are here, unchanged
	Outside  []string       // log files that no digest here covers, by name as listed
	Signed   int            // digests whose signature was checked and is good
	Unsigned map[string]int // those whose was not, by reason
	Watched  []Watch        // where and when those without a problem were delivered
	Problems []Problem
}

// A Watch is a time in which digest files of a place came without a break: a trail
// recorded there, also where nobody called.
type Watch struct {
	Account string    `json:"account"`
	Region  string    `json:"region"`
	From    time.Time `json:"from"`
	To      time.Time `json:"to"`
}

// VerifyDigests checks log files against digest files, both by name as listed
// under the same Only, and digests against each other. Signatures are checked
// where keys has them; nil: nowhere.
func VerifyDigests(ctx context.Context, files trail.Files, logFiles, digestFiles []trail.File, only Only, keys Keys) (Digests, error) {
	v := verifier{files: files, keys: keys, only: only, out: Digests{Unsigned: map[string]int{}}, here: map[string]string{}, named: map[string]bool{}, bad: map[*digest]bool{}}
	v.only.Digests = false
	for _, f := range logFiles {
		v.here[objectName(f.Name)] = f.Name
	}
	if err := v.read(ctx, digestFiles); err != nil {
		return Digests{}, err
	}
	v.chain()
	if err := v.signatures(ctx); err != nil {
		return Digests{}, err
	}
	if err := v.logs(ctx); err != nil {
		return Digests{}, err
	}
	v.added(logFiles)
	v.out.Agree = len(v.digests) - len(v.bad)
	v.watched()
	slices.SortFunc(v.out.Problems, func(a, b Problem) int {
		return cmp.Or(strings.Compare(a.What, b.What), strings.Compare(a.File, b.File), strings.Compare(a.Why, b.Why))
	})
	return v.out, nil
}

type verifier struct {
	files   trail.Files
	keys    Keys
	only    Only
	here    map[string]string // log files, by objectName
	named   map[string]bool   // by a digest
	digests []*digest

	mu  sync.Mutex
	bad map[*digest]bool
	out Digests
}

const readers = 16

func (v *verifier) tell(what, file, why string) {
	v.mu.Lock()
	v.out.Problems = append(v.out.Problems, Problem{what, file, why})
	v.mu.Unlock()
}

// against tells what is wrong with a digest, or with what it names.
func (v *verifier) against(d *digest, what, file, why string) {
	v.tell(what, file, why)
	v.mu.Lock()
	v.bad[d] = true
	v.mu.Unlock()
}

func (v *verifier) read(ctx context.Context, digestFiles []trail.File) error {
	found := make([]*digest, len(digestFiles))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(readers)
	for i, f := range digestFiles {
		g.Go(func() error {
			d, err := readDigest(ctx, v.files, f.Name)
			if err != nil && ctx.Err() == nil {
				v.tell(BadDigest, f.Name, "cannot read it: "+err.Error())
			}
			found[i] = d
			return ctx.Err()
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	for _, d := range found {
		if d == nil {
			continue
		}
		if objectName(d.Object) != objectName(d.file) && pathBase(d.Object) != pathBase(d.file) {
			v.tell(BadDigest, d.file, "it was delivered as "+d.Object)
			continue
		}
		v.digests = append(v.digests, d)
	}
	v.out.Digests = len(v.digests)
	return nil
}

// chain holds each digest against the hash in the one behind it. Where the one
// before is not here, the chain begins anew: AWS begins it anew itself when
// logging stops, and a range of time has a beginning.
func (v *verifier) chain() {
	byObject := map[string]*digest{}
	for _, d := range v.digests {
		byObject[objectName(d.Object)] = d
	}
	for _, d := range v.digests {
		if d.PreviousObject == "" {
			continue
		}
		before, ok := byObject[objectName(d.PreviousObject)]
		switch {
		case ok && !sameText(before.hash, d.PreviousHash):
			v.against(before, BrokenChain, before.file, "its hash is not the one that the digest behind it names: "+pathBase(d.file))
		case !ok && v.only.admits(placeOf(d.PreviousObject)) && v.within(d):
			v.against(d, BrokenChain, d.file, "the digest before it is missing: "+pathBase(d.PreviousObject))
		}
	}
}

// within says whether others of the same trail are here from before a digest, so
// that the one before it ought to be.
func (v *verifier) within(d *digest) bool {
	return slices.ContainsFunc(v.digests, func(o *digest) bool { return stem(o.Object) == stem(d.Object) && o.End.Before(d.Start) })
}

// stem is a digest's name without its time: of one account, region and trail.
func stem(object string) string {
	base := strings.TrimSuffix(strings.TrimSuffix(pathBase(object), ".json.gz"), "_backfill")
	i := strings.LastIndexByte(base, '_')
	return base[:max(i, 0)]
}

func pathBase(name string) string { return name[strings.LastIndexAny(name, `/\`)+1:] }

func (v *verifier) logs(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(readers)
	for _, d := range v.digests {
		for _, l := range d.Logs {
			object := objectName(l.Object)
			name, here := v.here[object]
			if !here {
				name, here = v.here[pathBase(l.Object)]
			}
			v.named[object], v.named[pathBase(l.Object)] = true, true
			switch {
			case !here && v.only.admits(placeOf(l.Object)):
				v.against(d, Missing, inBucket+l.Bucket+"/"+l.Object, "named by the digest "+pathBase(d.file))
			case here:
				g.Go(func() error { return v.log(ctx, name, l, d) })
			}
		}
	}
	return g.Wait()
}

func (v *verifier) log(ctx context.Context, name string, l logHash, d *digest) error {
	if l.Algorithm != "" && !strings.EqualFold(strings.ReplaceAll(l.Algorithm, "-", ""), "SHA256") {
		v.against(d, Unread, name, fmt.Sprintf("its digest uses %.20q, which cordon does not know", l.Algorithm))
		return nil
	}
	hash, err := hashOf(ctx, v.files, name)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		v.against(d, Unread, name, err.Error())
	case !sameText(hash, l.Hash):
		v.against(d, Changed, name, "its hash is not the one in the digest "+pathBase(d.file))
	default:
		v.mu.Lock()
		v.out.Logs++
		v.mu.Unlock()
	}
	return nil
}

// added tells of log files that lie within the time of a digest of their account
// and region, and that none names, and lists those that no digest covers: what
// no log file of CloudTrail's is by its name, too.
func (v *verifier) added(logFiles []trail.File) {
	type where struct{ account, region string }
	by := map[where][]*digest{}
	for _, d := range v.digests {
		p := placeOf(d.Object)
		by[where{p.account, p.region}] = append(by[where{p.account, p.region}], d)
	}
	for _, f := range logFiles {
		p := placeOf(strings.ReplaceAll(f.Name, `\`, "/"))
		if v.named[objectName(f.Name)] || v.named[pathBase(f.Name)] {
			continue
		}
		if p.kind == logs && covered(by[where{p.account, p.region}], p.at) {
			v.tell(Added, f.Name, "no digest of its time names it")
		} else {
			v.out.Outside = append(v.out.Outside, f.Name)
		}
	}
}

// watched joins the digests of each place that follow upon one another.
func (v *verifier) watched() {
	var all []*Watch // pointers are sorted by code that is there already
	for _, d := range v.digests {
		if p := placeOf(d.Object); !v.bad[d] && p.region != "" {
			all = append(all, &Watch{p.account, p.region, d.Start.UTC(), d.End.UTC()})
		}
	}
	slices.SortFunc(all, func(a, b *Watch) int {
		return cmp.Or(strings.Compare(a.Account, b.Account), strings.Compare(a.Region, b.Region), a.From.Compare(b.From), a.To.Compare(b.To))
	})
	var last *Watch
	for _, w := range all {
		if last == nil || last.Account != w.Account || last.Region != w.Region || w.From.After(last.To) {
			v.out.Watched = append(v.out.Watched, *w)
			last = &v.out.Watched[len(v.out.Watched)-1]
		} else if w.To.After(last.To) {
			last.To = w.To
		}
	}
}

// covered says whether there are a digest of that time and one behind it:
// CloudTrail names a file in the digest of its delivery or, late, in the next.
func covered(digests []*digest, at time.Time) bool {
	during, next := false, false
	for _, d := range digests {
		during = during || !at.Before(d.Start) && at.Before(d.End)
		next = next || d.Start.After(at)
	}
	return during && next
}
