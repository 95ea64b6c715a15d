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

type dbClusterSnapshotReader interface {
	dbClusterSnapshotLister
	DescribeDBClusterSnapshotAttributes(context.Context, *rds.DescribeDBClusterSnapshotAttributesInput, ...func(*rds.Options)) (*rds.DescribeDBClusterSnapshotAttributesOutput, error)
	DescribeDBClusters(context.Context, *rds.DescribeDBClustersInput, ...func(*rds.Options)) (*rds.DescribeDBClustersOutput, error)
}

type dbClusterSnapshotWriter interface {
	ModifyDBClusterSnapshotAttribute(context.Context, *rds.ModifyDBClusterSnapshotAttributeInput, ...func(*rds.Options)) (*rds.ModifyDBClusterSnapshotAttributeOutput, error)
	DeleteDBClusterSnapshot(context.Context, *rds.DeleteDBClusterSnapshotInput, ...func(*rds.Options)) (*rds.DeleteDBClusterSnapshotOutput, error)
}

var dbClusterSnapshot = kind.Of(dbClusterSnapshotSpec)

var dbClusterSnapshotSpec = kind.Spec[dbClusterSnapshotReader, dbClusterSnapshotWriter]{
	Name:   "rds.cluster-snapshot",
	Reader: func(c aws.Config) dbClusterSnapshotReader { return rds.NewFromConfig(c) },
	Writer: func(c aws.Config) dbClusterSnapshotWriter { return rds.NewFromConfig(c) },
	Needs:  []string{"rds:DescribeDBClusterSnapshots", "rds:DescribeDBClusterSnapshotAttributes", "rds:DescribeDBClusters"},
	List:   listDBClusterSnapshots,
	// AWS tells of one snapshot at a time with whom it is shared. Only a manual
	// one can be.
	Cost:   kind.Cost{Fixed: 1, Page: 100, Each: 1},
	Covers: []string{"C3", "C7"},
	Named:  true,
	Keep: func(ctx context.Context, api dbClusterSnapshotReader, r fact.Resource, put func(string, []byte) error) error {
		s, err := findDBClusterSnapshot(ctx, api, r.ID)
		if err != nil {
			return err
		}
		if err := putJSON(put, "snapshot.json", s); err != nil {
			return err
		}
		with, err := dbClusterSnapshotRestorers(ctx, api, r)
		if err != nil {
			return err
		}
		return putJSON(put, "restore-attribute.json", with)
	},
	Verbs: []kind.Verb[dbClusterSnapshotReader, dbClusterSnapshotWriter]{
		withdraw(kind.Verb[dbClusterSnapshotReader, dbClusterSnapshotWriter]{
			Name: "unshare", Class: kind.Reversible, For: kind.Close, Mends: []string{"ModifyDBClusterSnapshotAttribute"},
			Needs: []string{"rds:ModifyDBClusterSnapshotAttribute"},
		}, dbClusterSnapshotRestorers, func(ctx context.Context, api dbClusterSnapshotWriter, j kind.Job, had []string) error {
			return shareDBClusterSnapshot(ctx, api, j, &rds.ModifyDBClusterSnapshotAttributeInput{ValuesToRemove: had})
		}, func(ctx context.Context, api dbClusterSnapshotWriter, j kind.Job, had []string) error {
			return shareDBClusterSnapshot(ctx, api, j, &rds.ModifyDBClusterSnapshotAttributeInput{ValuesToAdd: had})
		}),
		// A snapshot is a copy: it is deleted only while its cluster stands, and
		// never when it is what is left of it.
		remove(kind.Verb[dbClusterSnapshotReader, dbClusterSnapshotWriter]{
			Name: "delete", Needs: []string{"rds:DeleteDBClusterSnapshot"}, Kept: dbClusterSnapshotKept,
		}, func(ctx context.Context, api dbClusterSnapshotReader, r fact.Resource) (any, error) {
			s, err := findDBClusterSnapshot(ctx, api, r.ID)
			return aws.ToTime(s.SnapshotCreateTime), err
		}, func(ctx context.Context, api dbClusterSnapshotWriter, j kind.Job) error {
			_, err := api.DeleteDBClusterSnapshot(ctx, &rds.DeleteDBClusterSnapshotInput{DBClusterSnapshotIdentifier: &j.ID})
			return err
		}),
	},
}

func listDBClusterSnapshots(ctx context.Context, api dbClusterSnapshotReader, at fact.Place, put func(fact.Resource)) error {
	var drafts []fact.Resource
	for page, err := range pages(ctx, rds.NewDescribeDBClusterSnapshotsPaginator(api, &rds.DescribeDBClusterSnapshotsInput{MaxRecords: aws.Int32(100)})) {
		if err != nil {
			return fmt.Errorf("cannot list cluster snapshots: %w", err)
		}
		for _, s := range page.DBClusterSnapshots {
			drafts = append(drafts, dbClusterSnapshotOf(at, s))
		}
	}
	err := complete(ctx, drafts, func(ctx context.Context, r *fact.Resource) error {
		if fact.Detail.Or(*r, "") != "manual" {
			setRestorers(r, nil)
			return nil
		}
		with, err := dbClusterSnapshotRestorers(ctx, api, *r)
		if err == nil {
			setRestorers(r, with)
		}
		return err
	}, put)
	if err != nil {
		return fmt.Errorf("cannot list cluster snapshots: %w", err)
	}
	return nil
}

func dbClusterSnapshotOf(at fact.Place, s types.DBClusterSnapshot) fact.Resource {
	r := fact.Resource{
		Ref: fact.Ref{Kind: "rds.cluster-snapshot", Place: at, ID: aws.ToString(s.DBClusterSnapshotIdentifier)}, ARN: aws.ToString(s.DBClusterSnapshotArn),
		Created: aws.ToTime(s.SnapshotCreateTime),
	}
	fact.Status.Set(&r, aws.ToString(s.Status))
	fact.Encrypted.Set(&r, aws.ToBool(s.StorageEncrypted))
	fact.AttachedTo.Set(&r, aws.ToString(s.DBClusterIdentifier))
	fact.Detail.Set(&r, aws.ToString(s.SnapshotType))
	setStoreTags(&r, rdsTags(s.TagList))
	if aws.ToString(s.SnapshotType) == "automated" {
		partOf(&r, "rds.cluster", aws.ToString(s.DBClusterIdentifier))
	}
	return r
}

func findDBClusterSnapshot(ctx context.Context, api dbClusterSnapshotReader, id string) (types.DBClusterSnapshot, error) {
	out, err := api.DescribeDBClusterSnapshots(ctx, &rds.DescribeDBClusterSnapshotsInput{DBClusterSnapshotIdentifier: &id})
	var all []types.DBClusterSnapshot
	if err == nil {
		all = out.DBClusterSnapshots
	}
	return only(all, err)
}

func dbClusterSnapshotRestorers(ctx context.Context, api dbClusterSnapshotReader, r fact.Resource) ([]string, error) {
	out, err := api.DescribeDBClusterSnapshotAttributes(ctx, &rds.DescribeDBClusterSnapshotAttributesInput{DBClusterSnapshotIdentifier: &r.ID})
	if err != nil {
		return nil, gone(err)
	}
	var names []string
	var values [][]string
	if out.DBClusterSnapshotAttributesResult != nil {
		for _, a := range out.DBClusterSnapshotAttributesResult.DBClusterSnapshotAttributes {
			names, values = append(names, aws.ToString(a.AttributeName)), append(values, a.AttributeValues)
		}
	}
	return rdsRestorers(names, values, r.Account), nil
}

func dbClusterSnapshotKept(ctx context.Context, api dbClusterSnapshotReader, j kind.Job) error {
	s, err := findDBClusterSnapshot(ctx, api, j.ID)
	if err != nil {
		return err
	}
	// One that was made again under the name, such as by the intruder, is another.
	of, id := aws.ToString(s.DBClusterIdentifier), aws.ToString(s.DbClusterResourceId)
	d, err := findDBCluster(ctx, api, of)
	if errors.Is(err, kind.ErrGone) || err == nil && (id == "" || id != aws.ToString(d.DbClusterResourceId) || aws.ToString(d.Status) == "deleting") {
		return fmt.Errorf("cannot delete %s: its cluster %s is no longer there: %w", j.Ref, of, kind.ErrUnkept)
	}
	return err
}

func shareDBClusterSnapshot(ctx context.Context, api dbClusterSnapshotWriter, j kind.Job, in *rds.ModifyDBClusterSnapshotAttributeInput) error {
	in.DBClusterSnapshotIdentifier, in.AttributeName = &j.ID, aws.String("restore")
	_, err := api.ModifyDBClusterSnapshotAttribute(ctx, in)
	return err
}
