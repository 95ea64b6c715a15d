package kinds

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

// The tags of a snapshot that is evidence: of which case, and of what.
const (
	caseTag     = "cordon:case"
	evidenceTag = "cordon:evidence-of"
)

type snapshotLister interface {
	DescribeSnapshots(context.Context, *ec2.DescribeSnapshotsInput, ...func(*ec2.Options)) (*ec2.DescribeSnapshotsOutput, error)
}

type volumeLister interface {
	DescribeVolumes(context.Context, *ec2.DescribeVolumesInput, ...func(*ec2.Options)) (*ec2.DescribeVolumesOutput, error)
}

// A diskReader sees disks and their copies.
type diskReader interface {
	snapshotLister
	volumeLister
}

type copyWriter interface {
	diskReader
	DeleteSnapshot(context.Context, *ec2.DeleteSnapshotInput, ...func(*ec2.Options)) (*ec2.DeleteSnapshotOutput, error)
}

// copyTakes is how long the first copy of a large disk may take.
const copyTakes = 24 * time.Hour

// A disk is a volume of which a copy is wanted that is no older than since,
// when it came where it is.
type disk struct {
	volume string
	since  time.Time
	dies   bool // it is deleted with what it is on
}

// copied makes the verb that copies all disks of a resource. Prior are the
// copies that there were, of every case; the case's own are found by their
// tags, so that doing twice makes none anew.
func copied[R snapshotLister, W copyWriter](
	v kind.Verb[R, W],
	disks func(context.Context, R, string) ([]disk, error),
	again func(context.Context, W, string) ([]disk, error), // disks, for the writer
	take func(context.Context, W, kind.Job) error,
) kind.Verb[R, W] {
	v.Class, v.For, v.Takes = kind.Reversible, kind.Copy, copyTakes
	v.Needs = append([]string{"ec2:DescribeSnapshots", "ec2:DescribeVolumes", "ec2:DeleteSnapshot", "=ec2:CreateTags"}, v.Needs...)
	v.Prior = func(ctx context.Context, api R, r fact.Resource) (json.RawMessage, error) {
		if _, err := disks(ctx, api, r.ID); err != nil {
			return nil, err
		}
		had, err := copies(ctx, api, evidenceTag, r.ID)
		return prior(snapshotIDs(had), err)
	}
	v.Do = func(ctx context.Context, api W, j kind.Job, _ json.RawMessage) error {
		want, err := again(ctx, api, j.ID)
		if err != nil {
			return err
		}
		have, err := copies(ctx, api, evidenceTag, j.ID, caseTag, j.Case)
		if err != nil || uncopied(want, have, false) == "" {
			return err
		}
		return take(ctx, api, j)
	}
	v.Done = func(ctx context.Context, api R, j kind.Job) (bool, error) {
		want, err := disks(ctx, api, j.ID)
		if err != nil {
			return false, err
		}
		have, err := copies(ctx, api, evidenceTag, j.ID, caseTag, j.Case)
		return err == nil && uncopied(want, have, true) == "", err
	}
	v.Undo = func(ctx context.Context, api W, j kind.Job, prior json.RawMessage) error {
		had, err := read[[]string](prior)
		if err != nil {
			return err
		}
		made, err := copies(ctx, api, evidenceTag, j.ID, caseTag, j.Case)
		if err != nil {
			return err
		}
		return dropCopies(ctx, api, slices.DeleteFunc(made, func(s types.Snapshot) bool { return slices.Contains(had, aws.ToString(s.SnapshotId)) }))
	}
	return v
}

// copies are the account's snapshots that have these tags, in a fixed order.
// What failed is no copy.
func copies(ctx context.Context, api snapshotLister, tags ...string) (all []types.Snapshot, err error) {
	in := &ec2.DescribeSnapshotsInput{OwnerIds: []string{"self"}, MaxResults: aws.Int32(1000)}
	for i := 0; i+1 < len(tags); i += 2 {
		in.Filters = append(in.Filters, types.Filter{Name: aws.String("tag:" + tags[i]), Values: []string{tags[i+1]}})
	}
	for page, err := range pages(ctx, ec2.NewDescribeSnapshotsPaginator(api, in)) {
		if err != nil {
			return nil, fmt.Errorf("cannot look up the copies: %w", err)
		}
		for _, s := range page.Snapshots {
			if s.State != types.SnapshotStateError {
				all = append(all, s)
			}
		}
	}
	slices.SortFunc(all, func(a, b types.Snapshot) int {
		return cmp.Compare(aws.ToString(a.SnapshotId), aws.ToString(b.SnapshotId))
	})
	return all, nil
}

func snapshotIDs(all []types.Snapshot) []string {
	ids := []string{}
	for _, s := range all {
		ids = append(ids, aws.ToString(s.SnapshotId))
	}
	return ids
}

// uncopied is the first volume of which there is no copy that is new enough,
// and complete where that is asked for; "" when there is none.
func uncopied(want []disk, have []types.Snapshot, complete bool) string {
	for _, d := range want {
		if !slices.ContainsFunc(have, func(s types.Snapshot) bool {
			return aws.ToString(s.VolumeId) == d.volume && !aws.ToTime(s.StartTime).Before(d.since) && (!complete || s.State == types.SnapshotStateCompleted)
		}) {
			return d.volume
		}
	}
	return ""
}

// dropCopies deletes copies of disks that still stand: a copy that is the last
// of it stays.
func dropCopies(ctx context.Context, api copyWriter, made []types.Snapshot) error {
	for _, s := range made {
		id, of := aws.ToString(s.SnapshotId), aws.ToString(s.VolumeId)
		if _, err := api.DescribeVolumes(ctx, &ec2.DescribeVolumesInput{VolumeIds: []string{of}}); err != nil {
			if errors.Is(gone(err), kind.ErrGone) {
				return fmt.Errorf("cannot delete %s: %s is gone: %w", id, of, kind.ErrUnkept)
			}
			return err
		}
		if _, err := api.DeleteSnapshot(ctx, &ec2.DeleteSnapshotInput{SnapshotId: &id}); err != nil && !errors.Is(gone(err), kind.ErrGone) {
			return err
		}
	}
	return nil
}

// keptDisks is for verbs that destroy disks: each that would be lost has a
// complete copy of this case.
func keptDisks(ctx context.Context, api snapshotLister, j kind.Job, disks []disk) error {
	disks = slices.DeleteFunc(disks, func(d disk) bool { return !d.dies })
	if len(disks) == 0 {
		return nil
	}
	have, err := copies(ctx, api, caseTag, j.Case)
	if err != nil {
		return err
	}
	if lost := uncopied(disks, have, true); lost != "" {
		return fmt.Errorf("cannot delete %s: %s: %w", j.ID, lost, kind.ErrUnkept)
	}
	return nil
}

// copiedVolume is what EC2 names as the volume of a snapshot that was copied.
const copiedVolume = "vol-ffffffff"

// diskElsewhere refuses to delete a snapshot that may be all that is left of a
// disk: who takes a snapshot of the owner's disk and deletes the disk holds it to
// ransom. Its volume must stand, or a complete and newer copy that this case
// made; of a snapshot that was copied nobody knows the volume.
func diskElsewhere(ctx context.Context, api diskReader, j kind.Job, s types.Snapshot) error {
	id, of := aws.ToString(s.SnapshotId), aws.ToString(s.VolumeId)
	if of == "" || of == copiedVolume {
		return fmt.Errorf("cannot delete %s: nobody knows whether the disk of %s stands: %w", j.ID, id, kind.ErrUnkept)
	}
	v, err := findVolume(ctx, api, of)
	if err == nil && v.State != types.VolumeStateDeleting && v.State != types.VolumeStateDeleted {
		return nil
	}
	if err != nil && !errors.Is(err, kind.ErrGone) {
		return err
	}
	have, err := copies(ctx, api, caseTag, j.Case)
	if err != nil {
		return err
	}
	if uncopied([]disk{{volume: of, since: aws.ToTime(s.StartTime)}}, have, true) != "" {
		return fmt.Errorf("cannot delete %s: %s is gone, and %s may be all that is left of it: %w", j.ID, of, id, kind.ErrUnkept)
	}
	return nil
}

// evidenceTags mark what take makes.
func evidenceTags(j kind.Job) []types.TagSpecification {
	return []types.TagSpecification{{ResourceType: types.ResourceTypeSnapshot, Tags: []types.Tag{
		{Key: aws.String(caseTag), Value: &j.Case}, {Key: aws.String(evidenceTag), Value: &j.ID},
	}}}
}
