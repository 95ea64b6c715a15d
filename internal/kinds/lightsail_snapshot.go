package kinds

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lightsail"
	"github.com/aws/aws-sdk-go-v2/service/lightsail/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type lightsailSnapshotReader interface {
	GetInstanceSnapshots(context.Context, *lightsail.GetInstanceSnapshotsInput, ...func(*lightsail.Options)) (*lightsail.GetInstanceSnapshotsOutput, error)
}

var lightsailSnapshot = kind.Of(lightsailSnapshotSpec)

var lightsailSnapshotSpec = kind.Spec[lightsailSnapshotReader, noWriter]{
	Name:   "lightsail.snapshot",
	Reader: func(c aws.Config) lightsailSnapshotReader { return lightsail.NewFromConfig(c) },
	Needs:  []string{"lightsail:GetInstanceSnapshots"},
	Cost:   kind.Cost{Fixed: 1, Page: 20},
	Covers: []string{"B5"},
	Named:  true,
	List: func(ctx context.Context, api lightsailSnapshotReader, at fact.Place, put func(fact.Resource)) error {
		all, err := lightsailSnapshots(ctx, api)
		if err != nil {
			return err
		}
		for _, s := range all {
			r := named("lightsail.snapshot", at, s.Name, s.Arn, s.CreatedAt)
			fact.Status.Set(&r, string(s.State))
			fact.AttachedTo.Set(&r, aws.ToString(s.FromInstanceName))
			lightsailTags(&r, s.Tags)
			put(r)
		}
		return nil
	},
}

func lightsailSnapshots(ctx context.Context, api lightsailSnapshotReader) (all []types.InstanceSnapshot, err error) {
	for page, err := range tokens(ctx, func(ctx context.Context, token *string) ([]types.InstanceSnapshot, *string, error) {
		out, err := api.GetInstanceSnapshots(ctx, &lightsail.GetInstanceSnapshotsInput{PageToken: token})
		if err != nil {
			return nil, nil, err
		}
		return out.InstanceSnapshots, out.NextPageToken, nil
	}) {
		if err != nil {
			return nil, fmt.Errorf("cannot list Lightsail snapshots: %w", err)
		}
		all = append(all, page...)
	}
	return all, nil
}

// lightsailCaseTag marks what was made for a case.
const lightsailCaseTag = "cordon:case"

// lightsailEnding are the states of a machine whose disk is as good as gone.
var lightsailEnding = []string{"shutting-down", "terminated"}

// ofCase finds the snapshot of an instance that the case made.
func ofCase(all []types.InstanceSnapshot, j kind.Job) (types.InstanceSnapshot, bool) {
	i := slices.IndexFunc(all, func(s types.InstanceSnapshot) bool {
		return aws.ToString(s.FromInstanceArn) == j.ARN && slices.ContainsFunc(s.Tags, func(t types.Tag) bool {
			return aws.ToString(t.Key) == lightsailCaseTag && aws.ToString(t.Value) == j.Case
		})
	})
	if i < 0 {
		return types.InstanceSnapshot{}, false
	}
	return all[i], true
}

// copyLightsail makes a snapshot of the instance, once for each case. Prior is
// the names of the snapshots it has.
func copyLightsail(v kind.Verb[lightsailReader, lightsailWriter]) kind.Verb[lightsailReader, lightsailWriter] {
	v.Prior = func(ctx context.Context, api lightsailReader, r fact.Resource) (json.RawMessage, error) {
		all, err := lightsailSnapshots(ctx, api)
		names := []string{}
		for _, s := range all {
			if aws.ToString(s.FromInstanceArn) == r.ARN {
				names = append(names, aws.ToString(s.Name))
			}
		}
		slices.Sort(names)
		return prior(names, err)
	}
	v.Do = func(ctx context.Context, api lightsailWriter, j kind.Job, _ json.RawMessage) error {
		all, err := lightsailSnapshots(ctx, api)
		if err != nil {
			return err
		}
		if _, there := ofCase(all, j); there {
			return nil
		}
		_, err = api.CreateInstanceSnapshot(ctx, &lightsail.CreateInstanceSnapshotInput{
			InstanceName: &j.ID, InstanceSnapshotName: aws.String(fmt.Sprintf("cordon-%s-%d", j.ID, j.At.Unix())),
			Tags: []types.Tag{{Key: aws.String(lightsailCaseTag), Value: &j.Case}},
		})
		return err
	}
	v.Done = func(ctx context.Context, api lightsailReader, j kind.Job) (bool, error) {
		all, err := lightsailSnapshots(ctx, api)
		if err != nil {
			return false, err
		}
		s, there := ofCase(all, j)
		return there && s.State == types.InstanceSnapshotStateAvailable, nil
	}
	v.Undo = func(ctx context.Context, api lightsailWriter, j kind.Job, prior json.RawMessage) error {
		had, err := read[[]string](prior)
		if err != nil {
			return err
		}
		all, err := lightsailSnapshots(ctx, api)
		if err != nil {
			return err
		}
		s, there := ofCase(all, j)
		if !there || slices.Contains(had, aws.ToString(s.Name)) {
			return nil
		}
		i, err := findLightsail(ctx, api, j.Resource)
		if err == nil && (!aws.ToTime(i.CreatedAt).Equal(j.Created) || i.State != nil && slices.Contains(lightsailEnding, aws.ToString(i.State.Name))) {
			err = kind.ErrGone // another one has the name, or it is on its way out
		}
		if err = sourceStands(j, err); err != nil {
			return err
		}
		_, err = api.DeleteInstanceSnapshot(ctx, &lightsail.DeleteInstanceSnapshotInput{InstanceSnapshotName: s.Name})
		return err
	}
	return v
}

// lightsailKept demands a complete snapshot that the case made: the disk goes
// with the instance, and automatic snapshots too.
func lightsailKept(ctx context.Context, api lightsailReader, j kind.Job) error {
	all, err := lightsailSnapshots(ctx, api)
	if err != nil {
		return err
	}
	if s, there := ofCase(all, j); !there || s.State != types.InstanceSnapshotStateAvailable {
		return fmt.Errorf("cannot delete %s: %w", j.ID, kind.ErrUnkept)
	}
	return nil
}
