package kinds

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type dbClusterLister interface {
	DescribeDBClusters(context.Context, *rds.DescribeDBClustersInput, ...func(*rds.Options)) (*rds.DescribeDBClustersOutput, error)
}

type dbClusterReader interface {
	dbClusterLister
	dbClusterSnapshotLister
}

type dbClusterWriter interface {
	dbClusterLister // a copy is deleted only while its cluster stands
	ModifyDBCluster(context.Context, *rds.ModifyDBClusterInput, ...func(*rds.Options)) (*rds.ModifyDBClusterOutput, error)
	StopDBCluster(context.Context, *rds.StopDBClusterInput, ...func(*rds.Options)) (*rds.StopDBClusterOutput, error)
	StartDBCluster(context.Context, *rds.StartDBClusterInput, ...func(*rds.Options)) (*rds.StartDBClusterOutput, error)
	CreateDBClusterSnapshot(context.Context, *rds.CreateDBClusterSnapshotInput, ...func(*rds.Options)) (*rds.CreateDBClusterSnapshotOutput, error)
	DeleteDBClusterSnapshot(context.Context, *rds.DeleteDBClusterSnapshotInput, ...func(*rds.Options)) (*rds.DeleteDBClusterSnapshotOutput, error)
	DeleteDBCluster(context.Context, *rds.DeleteDBClusterInput, ...func(*rds.Options)) (*rds.DeleteDBClusterOutput, error)
}

var dbCluster = kind.Of(dbClusterSpec)

// dbClusterSpec is Aurora, Multi-AZ clusters, DocumentDB and Neptune: they
// answer to one API.
var dbClusterSpec = kind.Spec[dbClusterReader, dbClusterWriter]{
	Name:   "rds.cluster",
	Reader: func(c aws.Config) dbClusterReader { return rds.NewFromConfig(c) },
	Writer: func(c aws.Config) dbClusterWriter { return rds.NewFromConfig(c) },
	Needs:  []string{"rds:DescribeDBClusters", "rds:DescribeDBClusterSnapshots"},
	List:   listDBClusters,
	Cost:   kind.Cost{Fixed: 1, Page: 100},
	Covers: []string{"C3", "C7"},
	Named:  true,
	Keep: func(ctx context.Context, api dbClusterReader, r fact.Resource, put func(string, []byte) error) error {
		d, err := findDBCluster(ctx, api, r.ID)
		if err != nil {
			return err
		}
		d.PendingModifiedValues = nil // a new password may stand there
		return putJSON(put, "cluster.json", d)
	},
	Verbs: []kind.Verb[dbClusterReader, dbClusterWriter]{
		flip(kind.Verb[dbClusterReader, dbClusterWriter]{
			Name: "stop-database", Class: kind.Disruptive, For: kind.Disable, Takes: dbTakes,
			Needs: []string{"rds:StopDBCluster", "rds:StartDBCluster"},
		}, false, func(ctx context.Context, api dbClusterReader, r fact.Resource) (bool, error) {
			d, err := findDBCluster(ctx, api, r.ID)
			return rdsRuns(d.Status), err
		}, func(ctx context.Context, api dbClusterWriter, j kind.Job, on bool) (err error) {
			if on {
				_, err = api.StartDBCluster(ctx, &rds.StartDBClusterInput{DBClusterIdentifier: &j.ID})
			} else {
				_, err = api.StopDBCluster(ctx, &rds.StopDBClusterInput{DBClusterIdentifier: &j.ID})
			}
			return storeThere(err, "InvalidDBClusterStateFault") // on its way, or Done tells
		}),
		storeCopying(kind.Verb[dbClusterReader, dbClusterWriter]{
			Name: "snapshot", Takes: dbTakes,
			Needs: []string{"rds:CreateDBClusterSnapshot", "rds:DeleteDBClusterSnapshot", "=rds:AddTagsToResource"},
		}, dbClusterCopies, func(ctx context.Context, api dbClusterWriter, j kind.Job) error {
			_, err := api.CreateDBClusterSnapshot(ctx, &rds.CreateDBClusterSnapshotInput{
				DBClusterIdentifier: &j.ID, DBClusterSnapshotIdentifier: aws.String(storeCopyName(j)), Tags: rdsCaseTags(j.Case),
			})
			return storeThere(err, "DBClusterSnapshotAlreadyExistsFault")
		}, func(ctx context.Context, api dbClusterWriter, j kind.Job) error {
			_, err := api.DeleteDBClusterSnapshot(ctx, &rds.DeleteDBClusterSnapshotInput{DBClusterSnapshotIdentifier: aws.String(storeCopyName(j))})
			return err
		}, dbClusterStands),
		flip(kind.Verb[dbClusterReader, dbClusterWriter]{
			Name: "unprotect", Class: kind.Reversible, For: kind.Lift, Of: "deletion", Needs: []string{"rds:ModifyDBCluster"},
		}, false, func(ctx context.Context, api dbClusterReader, r fact.Resource) (bool, error) {
			d, err := findDBCluster(ctx, api, r.ID)
			return aws.ToBool(d.DeletionProtection), err
		}, func(ctx context.Context, api dbClusterWriter, j kind.Job, on bool) error {
			_, err := api.ModifyDBCluster(ctx, &rds.ModifyDBClusterInput{DBClusterIdentifier: &j.ID, DeletionProtection: &on, ApplyImmediately: aws.Bool(true)})
			return err
		}),
		restore(kind.Verb[dbClusterReader, dbClusterWriter]{
			Name: "restore-database", Class: kind.Disruptive, Of: "settings", Takes: dbTakes,
			Needs: []string{"rds:ModifyDBCluster"}, Mends: []string{"ModifyDBCluster", "CreateDBCluster"}, Recall: recallRDS,
		}, dbClusterSettings, setDBCluster),
		remove(kind.Verb[dbClusterReader, dbClusterWriter]{
			Name: "delete", Needs: []string{"rds:DeleteDBCluster"}, Takes: dbTakes, Kept: storeKept(dbClusterCopies),
		}, func(ctx context.Context, api dbClusterReader, r fact.Resource) (any, error) {
			d, err := findDBCluster(ctx, api, r.ID)
			return aws.ToString(d.DbClusterResourceId), err
		}, func(ctx context.Context, api dbClusterWriter, j kind.Job) error {
			_, err := api.DeleteDBCluster(ctx, &rds.DeleteDBClusterInput{DBClusterIdentifier: &j.ID, SkipFinalSnapshot: aws.Bool(true)})
			return err // with members left it is AWS's no: they are deleted before it
		}),
	},
}

func listDBClusters(ctx context.Context, api dbClusterReader, at fact.Place, put func(fact.Resource)) error {
	for page, err := range pages(ctx, rds.NewDescribeDBClustersPaginator(api, &rds.DescribeDBClustersInput{MaxRecords: aws.Int32(100)})) {
		if err != nil {
			return fmt.Errorf("cannot list database clusters: %w", err)
		}
		for _, d := range page.DBClusters {
			r, err := dbClusterOf(at, d)
			if err != nil {
				return err
			}
			put(r)
		}
	}
	return nil
}

func dbClusterOf(at fact.Place, d types.DBCluster) (fact.Resource, error) {
	r := fact.Resource{
		Ref: fact.Ref{Kind: "rds.cluster", Place: at, ID: aws.ToString(d.DBClusterIdentifier)}, ARN: aws.ToString(d.DBClusterArn),
		Created: aws.ToTime(d.ClusterCreateTime),
	}
	fact.Status.Set(&r, aws.ToString(d.Status))
	fact.Detail.Set(&r, aws.ToString(d.Engine))
	fact.Encrypted.Set(&r, aws.ToBool(d.StorageEncrypted))
	fact.Public.Set(&r, aws.ToBool(d.PubliclyAccessible)) // an Aurora cluster is as public as its members
	fact.SecurityGroups.Set(&r, rdsGroups(d.VpcSecurityGroups))
	fact.Count.Set(&r, len(d.DBClusterMembers))
	rdsProtections(&r, d.DeletionProtection)
	rdsForeignKey(&r, d.KmsKeyId)
	setStoreTags(&r, rdsTags(d.TagList))
	settings, err := settingsOfCluster(d).form()
	setAspect(&r, "settings", settings)
	return r, err
}
