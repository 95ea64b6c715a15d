package kinds

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type dbSnapshotReader interface {
	dbSnapshotLister
	DescribeDBSnapshotAttributes(context.Context, *rds.DescribeDBSnapshotAttributesInput, ...func(*rds.Options)) (*rds.DescribeDBSnapshotAttributesOutput, error)
	DescribeDBInstances(context.Context, *rds.DescribeDBInstancesInput, ...func(*rds.Options)) (*rds.DescribeDBInstancesOutput, error)
}

type dbSnapshotWriter interface {
	ModifyDBSnapshotAttribute(context.Context, *rds.ModifyDBSnapshotAttributeInput, ...func(*rds.Options)) (*rds.ModifyDBSnapshotAttributeOutput, error)
	DeleteDBSnapshot(context.Context, *rds.DeleteDBSnapshotInput, ...func(*rds.Options)) (*rds.DeleteDBSnapshotOutput, error)
}

var dbSnapshot = kind.Of(dbSnapshotSpec)

var dbSnapshotSpec = kind.Spec[dbSnapshotReader, dbSnapshotWriter]{
	Name:   "rds.snapshot",
	Reader: func(c aws.Config) dbSnapshotReader { return rds.NewFromConfig(c) },
	Writer: func(c aws.Config) dbSnapshotWriter { return rds.NewFromConfig(c) },
	Needs:  []string{"rds:DescribeDBSnapshots", "rds:DescribeDBSnapshotAttributes", "rds:DescribeDBInstances"},
	List:   listDBSnapshots,
	// AWS tells of one snapshot at a time with whom it is shared. Only a manual
	// one can be.
	Cost:   kind.Cost{Fixed: 1, Page: 100, Each: 1},
	Covers: []string{"C3", "C7"},
	Named:  true,
	Keep: func(ctx context.Context, api dbSnapshotReader, r fact.Resource, put func(string, []byte) error) error {
		s, err := findDBSnapshot(ctx, api, r.ID)
		if err != nil {
			return err
		}
		if err := putJSON(put, "snapshot.json", s); err != nil {
			return err
		}
		with, err := dbSnapshotRestorers(ctx, api, r)
		if err != nil {
			return err
		}
		return putJSON(put, "restore-attribute.json", with)
	},
	Verbs: []kind.Verb[dbSnapshotReader, dbSnapshotWriter]{
		withdraw(kind.Verb[dbSnapshotReader, dbSnapshotWriter]{
			Name: "unshare", Class: kind.Reversible, For: kind.Close, Mends: []string{"ModifyDBSnapshotAttribute"},
			Needs: []string{"rds:ModifyDBSnapshotAttribute"},
		}, dbSnapshotRestorers, func(ctx context.Context, api dbSnapshotWriter, j kind.Job, had []string) error {
			return shareDBSnapshot(ctx, api, j, &rds.ModifyDBSnapshotAttributeInput{ValuesToRemove: had})
		}, func(ctx context.Context, api dbSnapshotWriter, j kind.Job, had []string) error {
			return shareDBSnapshot(ctx, api, j, &rds.ModifyDBSnapshotAttributeInput{ValuesToAdd: had})
		}),
		// A snapshot is a copy: it is deleted only while its database stands, and
		// never when it is what is left of it.
		remove(kind.Verb[dbSnapshotReader, dbSnapshotWriter]{
			Name: "delete", Needs: []string{"rds:DeleteDBSnapshot"}, Kept: dbSnapshotKept,
		}, func(ctx context.Context, api dbSnapshotReader, r fact.Resource) (any, error) {
			s, err := findDBSnapshot(ctx, api, r.ID)
			return aws.ToTime(s.OriginalSnapshotCreateTime), err
		}, func(ctx context.Context, api dbSnapshotWriter, j kind.Job) error {
			_, err := api.DeleteDBSnapshot(ctx, &rds.DeleteDBSnapshotInput{DBSnapshotIdentifier: &j.ID})
			return err
		}),
	},
}

func listDBSnapshots(ctx context.Context, api dbSnapshotReader, at fact.Place, put func(fact.Resource)) error {
	var drafts []fact.Resource
	for page, err := range pages(ctx, rds.NewDescribeDBSnapshotsPaginator(api, &rds.DescribeDBSnapshotsInput{MaxRecords: aws.Int32(100)})) {
		if err != nil {
			return fmt.Errorf("cannot list database snapshots: %w", err)
		}
		for _, s := range page.DBSnapshots {
			drafts = append(drafts, dbSnapshotOf(at, s))
		}
	}
	err := complete(ctx, drafts, func(ctx context.Context, r *fact.Resource) error {
		if fact.Detail.Or(*r, "") != "manual" {
			setRestorers(r, nil)
			return nil
		}
		with, err := dbSnapshotRestorers(ctx, api, *r)
		if err == nil {
			setRestorers(r, with)
		}
		return err
	}, put)
	if err != nil {
		return fmt.Errorf("cannot list database snapshots: %w", err)
	}
	return nil
}

func dbSnapshotOf(at fact.Place, s types.DBSnapshot) fact.Resource {
	r := fact.Resource{
		Ref: fact.Ref{Kind: "rds.snapshot", Place: at, ID: aws.ToString(s.DBSnapshotIdentifier)}, ARN: aws.ToString(s.DBSnapshotArn),
		Created: aws.ToTime(s.SnapshotCreateTime),
	}
	fact.Status.Set(&r, aws.ToString(s.Status))
	fact.Encrypted.Set(&r, aws.ToBool(s.Encrypted))
	fact.AttachedTo.Set(&r, aws.ToString(s.DBInstanceIdentifier))
	fact.Detail.Set(&r, aws.ToString(s.SnapshotType))
	setStoreTags(&r, rdsTags(s.TagList))
	if aws.ToString(s.SnapshotType) == "automated" {
		partOf(&r, "rds.instance", aws.ToString(s.DBInstanceIdentifier))
	}
	return r
}

func findDBSnapshot(ctx context.Context, api dbSnapshotReader, id string) (types.DBSnapshot, error) {
	out, err := api.DescribeDBSnapshots(ctx, &rds.DescribeDBSnapshotsInput{DBSnapshotIdentifier: &id})
	var all []types.DBSnapshot
	if err == nil {
		all = out.DBSnapshots
	}
	return only(all, err)
}

func dbSnapshotRestorers(ctx context.Context, api dbSnapshotReader, r fact.Resource) ([]string, error) {
	out, err := api.DescribeDBSnapshotAttributes(ctx, &rds.DescribeDBSnapshotAttributesInput{DBSnapshotIdentifier: &r.ID})
	if err != nil {
		return nil, gone(err)
	}
	var names []string
	var values [][]string
	if out.DBSnapshotAttributesResult != nil {
		for _, a := range out.DBSnapshotAttributesResult.DBSnapshotAttributes {
			names, values = append(names, aws.ToString(a.AttributeName)), append(values, a.AttributeValues)
		}
	}
	return rdsRestorers(names, values, r.Account), nil
}

func dbSnapshotKept(ctx context.Context, api dbSnapshotReader, j kind.Job) error {
	s, err := findDBSnapshot(ctx, api, j.ID)
	if err != nil {
		return err
	}
	// One that was made again under the name, such as by the intruder, is another.
	of, id := aws.ToString(s.DBInstanceIdentifier), aws.ToString(s.DbiResourceId)
	d, err := findDBInstance(ctx, api, of)
	if errors.Is(err, kind.ErrGone) || err == nil && (id == "" || id != aws.ToString(d.DbiResourceId) || aws.ToString(d.DBInstanceStatus) == "deleting") {
		return fmt.Errorf("cannot delete %s: its database %s is no longer there: %w", j.Ref, of, kind.ErrUnkept)
	}
	return err
}

func shareDBSnapshot(ctx context.Context, api dbSnapshotWriter, j kind.Job, in *rds.ModifyDBSnapshotAttributeInput) error {
	in.DBSnapshotIdentifier, in.AttributeName = &j.ID, aws.String("restore")
	_, err := api.ModifyDBSnapshotAttribute(ctx, in)
	return err
}
