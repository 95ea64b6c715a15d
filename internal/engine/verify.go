package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"

	"cordon/internal/report"
	"cordon/internal/trail"
	"cordon/internal/trail/source"
)

var keyNeeds = []string{"cloudtrail:ListPublicKeys"}

// A verification is what `trail verify` found when it last ran to its end, how
// many files the record then had from elsewhere than the event history, and where
// and when digest files came.
type verification struct {
	report.TrailVerified
	Files   int            `json:"files"`
	Watched []source.Watch `json:"watched,omitempty"`
}

// Verify reads everything again: segments against their sums, sources against
// the hashes of their import, log files against CloudTrail's digest files where
// there are any. It returns how much is wrong, and keeps what it found.
func (a *Archive) Verify(ctx context.Context) (int, error) {
	s, err := a.events()
	if err != nil {
		return 0, err
	}
	problems, err := s.Verify(ctx, a.files())
	if err != nil {
		return 0, err
	}
	st, err := s.Status()
	if err != nil {
		return 0, err
	}
	files, err := fromFiles(s)
	if err != nil {
		return 0, err
	}
	done := report.TrailVerified{Segments: st.Segments, Sources: st.Files}
	tell := func(what, file, why string) error {
		done.Problems++
		return a.Out.Handle(report.TrailProblem{What: what, File: file, Why: why})
	}
	for _, p := range problems {
		if err := tell("store", p.File, p.Why); err != nil {
			return 0, err
		}
	}
	watched, err := a.digests(ctx, files, &done, tell)
	if err != nil {
		return done.Problems, err
	}
	done.At = a.now()
	if err := a.Out.Handle(done); err != nil {
		return done.Problems, err
	}
	return done.Problems, a.save(verifiedFile, verification{done, len(files), watched})
}

// fromFiles are the record's sources that digest files may vouch for: all but
// answers of the event history, which the evidence vouches for.
func fromFiles(s *trail.Store) (map[string]bool, error) {
	all, err := s.Sources()
	if err != nil {
		return nil, err
	}
	files := map[string]bool{}
	for _, f := range all {
		if !strings.HasPrefix(f.Name, inEvidence) {
			files[f.Name] = true
		}
	}
	return files, nil
}

// verified is the last verification; nil: there was none.
func (a *Archive) verified() (*verification, error) {
	var v *verification
	err := a.load(verifiedFile, &v)
	return v, err
}

// unverified says what of the record nobody has shown to be as AWS wrote it.
func (a *Archive) unverified(s *trail.Store) ([]report.RecordGap, error) {
	files, err := fromFiles(s)
	if err != nil || len(files) == 0 {
		return nil, err
	}
	v, err := a.verified()
	switch {
	case err != nil:
		return nil, err
	case v == nil:
		return []report.RecordGap{{Why: "unverified"}}, nil
	case v.Problems > 0:
		return []report.RecordGap{{Why: "disagrees", Detail: fmt.Sprint(v.Problems)}}, nil
	}
	if n := v.Uncovered + max(0, len(files)-v.Files); n > 0 {
		return []report.RecordGap{{Why: "unverified", Detail: fmt.Sprint(n)}}, nil
	}
	return nil, nil
}

// digests checks log files against CloudTrail's digest files, wherever there
// are any of what was imported, and counts which of the record's own files no
// digest covers. It answers where and when digest files came.
func (a *Archive) digests(ctx context.Context, files map[string]bool, done *report.TrailVerified, tell func(what, file, why string) error) (watched []source.Watch, err error) {
	var roots []string
	if err := a.load(rootsFile, &roots); err != nil {
		return nil, err
	}
	var imports []asked
	if err := a.load(askedFile, &imports); err != nil {
		return nil, err
	}
	reasons := map[string]int{}
	uncovered := maps.Clone(files)
	for _, root := range roots {
		only := importedOf(root, imports)
		logs, digests, keys, err := a.under(ctx, root, only)
		if err != nil {
			if err := tell("digest", root, err.Error()); err != nil {
				return nil, err
			}
			continue
		}
		got, err := source.VerifyDigests(ctx, a.files(), logs, digests, only, keys)
		if err != nil {
			return nil, err
		}
		outside := map[string]bool{}
		for _, name := range got.Outside {
			outside[name] = true
		}
		for _, f := range logs {
			if !outside[f.Name] {
				delete(uncovered, f.Name)
			}
		}
		watched = append(watched, got.Watched...)
		done.DigestFiles += len(digests)
		done.Digests += got.Agree
		done.Logs += got.Logs
		done.Signatures += got.Signed
		for why, n := range got.Unsigned {
			reasons[why] += n
			done.Unchecked += n
		}
		for _, p := range got.Problems {
			if err := tell("digest "+p.What, p.File, p.Why); err != nil {
				return nil, err
			}
		}
	}
	done.Uncovered = len(uncovered)
	done.Unsigned = strings.Join(slices.Sorted(maps.Keys(reasons)), "; ")
	return watched, nil
}

// importedOf is what of a root was ever imported: all of it, or what holds everything
// that narrowed imports of it asked for.
func importedOf(root string, imports []asked) (only source.Only) {
	both := func(a, b []string) []string {
		if len(a) == 0 || len(b) == 0 {
			return nil
		}
		return slices.Compact(slices.Sorted(slices.Values(slices.Concat(a, b))))
	}
	first := true
	for _, i := range imports {
		if !slices.ContainsFunc(i.Sources, func(above string) bool { return lies(root, above) }) {
			continue
		}
		if first {
			only, first = source.Only{Accounts: i.Accounts, Regions: i.Regions, From: i.From, To: i.To}, false
			continue
		}
		only.Accounts, only.Regions = both(only.Accounts, i.Accounts), both(only.Regions, i.Regions)
		if i.From.Before(only.From) { // a zero time is before all
			only.From = i.From
		}
		if i.To.IsZero() || !only.To.IsZero() && i.To.After(only.To) {
			only.To = i.To
		}
	}
	return only
}

// behind is how much later than a log file the digests come that tell of it: one
// each hour, and a late file is in the next.
const behind = 2 * time.Hour

// under lists what is wanted of the log and digest files below a root, and what
// checks signatures.
func (a *Archive) under(ctx context.Context, root string, only source.Only) (logs, digests []trail.File, keys source.Keys, err error) {
	marking := only
	if marking.Digests = true; !only.To.IsZero() {
		marking.To = only.To.Add(behind)
	}
	if !strings.HasPrefix(root, "s3://") {
		if logs, _, err = source.Local([]string{root}, only); err == nil {
			digests, _, err = source.Local([]string{root}, marking)
		}
		return logs, digests, nil, err
	}
	name, prefix, err := source.ParseS3(root)
	if err != nil {
		return nil, nil, nil, err
	}
	b, err := a.s3(ctx, name, prefix)
	if err != nil {
		return nil, nil, nil, err
	}
	all, err := b.List(ctx, only)
	if err != nil {
		return nil, nil, nil, err
	}
	marked, err := b.List(ctx, marking)
	if err != nil {
		return nil, nil, nil, err
	}
	s := a.Session
	region, err := source.Region(ctx, a.client(s, ""), name)
	if err != nil {
		return nil, nil, nil, err
	}
	head := a.client(s, region)
	return all.Files, marked.Files, &source.LiveKeys{
		CloudTrail: func(region string) source.KeyAPI {
			return cloudtrail.NewFromConfig(s.Account.Read(region, keyNeeds))
		},
		S3: func(context.Context, string) (source.HeadAPI, error) { return head, nil },
	}, nil
}
