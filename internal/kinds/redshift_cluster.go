package kinds

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/redshift"
	"github.com/aws/aws-sdk-go-v2/service/redshift/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type warehouseLister interface {
	DescribeClusters(context.Context, *redshift.DescribeClustersInput, ...func(*redshift.Options)) (*redshift.DescribeClustersOutput, error)
}

type warehouseReader interface {
	warehouseLister
	DescribeClusterSnapshots(context.Context, *redshift.DescribeClusterSnapshotsInput, ...func(*redshift.Options)) (*redshift.DescribeClusterSnapshotsOutput, error)
}

type warehouseWriter interface {
	warehouseLister // a copy is deleted only while its cluster stands
	ModifyCluster(context.Context, *redshift.ModifyClusterInput, ...func(*redshift.Options)) (*redshift.ModifyClusterOutput, error)
	PauseCluster(context.Context, *redshift.PauseClusterInput, ...func(*redshift.Options)) (*redshift.PauseClusterOutput, error)
	ResumeCluster(context.Context, *redshift.ResumeClusterInput, ...func(*redshift.Options)) (*redshift.ResumeClusterOutput, error)
	CreateClusterSnapshot(context.Context, *redshift.CreateClusterSnapshotInput, ...func(*redshift.Options)) (*redshift.CreateClusterSnapshotOutput, error)
	DeleteClusterSnapshot(context.Context, *redshift.DeleteClusterSnapshotInput, ...func(*redshift.Options)) (*redshift.DeleteClusterSnapshotOutput, error)
	DeleteCluster(context.Context, *redshift.DeleteClusterInput, ...func(*redshift.Options)) (*redshift.DeleteClusterOutput, error)
}

var warehouse = kind.Of(warehouseSpec)

var warehouseSpec = kind.Spec[warehouseReader, warehouseWriter]{
	Name:   "redshift.cluster",
	Reader: func(c aws.Config) warehouseReader { return redshift.NewFromConfig(c) },
	Writer: func(c aws.Config) warehouseWriter { return redshift.NewFromConfig(c) },
	Needs:  []string{"redshift:DescribeClusters", "redshift:DescribeClusterSnapshots"},
	List: func(ctx context.Context, api warehouseReader, at fact.Place, put func(fact.Resource)) error {
		for page, err := range pages(ctx, redshift.NewDescribeClustersPaginator(api, &redshift.DescribeClustersInput{MaxRecords: aws.Int32(100)})) {
			if err != nil {
				return fmt.Errorf("cannot list Redshift clusters: %w", err)
			}
			for _, c := range page.Clusters {
				put(warehouseOf(at, c))
			}
		}
		return nil
	},
	Cost:   kind.Cost{Fixed: 1, Page: 100},
	Covers: []string{"C3"},
	Named:  true,
	Keep: func(ctx context.Context, api warehouseReader, r fact.Resource, put func(string, []byte) error) error {
		c, err := findWarehouse(ctx, api, r.ID)
		if err != nil {
			return err
		}
		c.PendingModifiedValues = nil // a new password may stand there
		return putJSON(put, "cluster.json", c)
	},
	Verbs: []kind.Verb[warehouseReader, warehouseWriter]{
		flip(kind.Verb[warehouseReader, warehouseWriter]{
			Name: "stop-database", Class: kind.Disruptive, For: kind.Disable, Takes: dbTakes,
			Needs: []string{"redshift:PauseCluster", "redshift:ResumeCluster"},
		}, false, func(ctx context.Context, api warehouseReader, r fact.Resource) (bool, error) {
			c, err := findWarehouse(ctx, api, r.ID)
			s := aws.ToString(c.ClusterStatus)
			return s != "paused" && s != "pausing", err
		}, func(ctx context.Context, api warehouseWriter, j kind.Job, on bool) (err error) {
			if on {
				_, err = api.ResumeCluster(ctx, &redshift.ResumeClusterInput{ClusterIdentifier: &j.ID})
			} else {
				_, err = api.PauseCluster(ctx, &redshift.PauseClusterInput{ClusterIdentifier: &j.ID})
			}
			return storeThere(err, "InvalidClusterState", "InvalidClusterStateFault") // on its way, or Done tells
		}),
		restore(kind.Verb[warehouseReader, warehouseWriter]{
			Name: "restore-database", Class: kind.Disruptive, Of: "settings", Takes: dbTakes, Needs: []string{"redshift:ModifyCluster"},
			Mends: []string{"ModifyCluster", "CreateCluster"}, Recall: recallWarehouse,
		}, func(ctx context.Context, api warehouseReader, r fact.Resource) (string, error) {
			c, err := findWarehouse(ctx, api, r.ID)
			return warehouseSettings(c), err
		}, func(ctx context.Context, api warehouseWriter, j kind.Job, value string) error {
			s, err := storeUnform[rdsSettings](value)
			if err == nil {
				_, err = api.ModifyCluster(ctx, &redshift.ModifyClusterInput{
					ClusterIdentifier: &j.ID, PubliclyAccessible: s.Public, AutomatedSnapshotRetentionPeriod: s.BackupDays,
				})
			}
			return err
		}),
		storeCopying(kind.Verb[warehouseReader, warehouseWriter]{
			Name: "snapshot", Takes: dbTakes, Needs: []string{"redshift:CreateClusterSnapshot", "redshift:DeleteClusterSnapshot", "=redshift:CreateTags"},
		}, warehouseCopies, func(ctx context.Context, api warehouseWriter, j kind.Job) error {
			_, err := api.CreateClusterSnapshot(ctx, &redshift.CreateClusterSnapshotInput{
				ClusterIdentifier: &j.ID, SnapshotIdentifier: aws.String(storeCopyName(j)), Tags: []types.Tag{{Key: aws.String(storeCaseTag), Value: &j.Case}},
			})
			return storeThere(err, "ClusterSnapshotAlreadyExists", "ClusterSnapshotAlreadyExistsFault")
		}, func(ctx context.Context, api warehouseWriter, j kind.Job) error {
			_, err := api.DeleteClusterSnapshot(ctx, &redshift.DeleteClusterSnapshotInput{SnapshotIdentifier: aws.String(storeCopyName(j))})
			return err
		}, warehouseStands),
		remove(kind.Verb[warehouseReader, warehouseWriter]{
			Name: "delete", Needs: []string{"redshift:DeleteCluster"}, Takes: dbTakes, Kept: storeKept(warehouseCopies),
		}, func(ctx context.Context, api warehouseReader, r fact.Resource) (any, error) {
			c, err := findWarehouse(ctx, api, r.ID)
			return aws.ToTime(c.ClusterCreateTime).UTC(), err
		}, func(ctx context.Context, api warehouseWriter, j kind.Job) error {
			_, err := api.DeleteCluster(ctx, &redshift.DeleteClusterInput{ClusterIdentifier: &j.ID, SkipFinalClusterSnapshot: aws.Bool(true)})
			return storeThere(err, "InvalidClusterState", "InvalidClusterStateFault") // it is being deleted, or Done tells
		}),
	},
}

func warehouseOf(at fact.Place, c types.Cluster) fact.Resource {
	id := aws.ToString(c.ClusterIdentifier)
	r := fact.Resource{
		Ref: fact.Ref{Kind: "redshift.cluster", Place: at, ID: id}, ARN: arn(at, "redshift", "cluster:"+id), Created: aws.ToTime(c.ClusterCreateTime).UTC(),
	}
	fact.Status.Set(&r, aws.ToString(c.ClusterStatus))
	fact.InstanceType.Set(&r, aws.ToString(c.NodeType))
	fact.Count.Set(&r, int(aws.ToInt32(c.NumberOfNodes)))
	fact.Public.Set(&r, aws.ToBool(c.PubliclyAccessible))
	fact.Encrypted.Set(&r, aws.ToBool(c.Encrypted))
	setAspect(&r, "settings", warehouseSettings(c))
	setStoreTags(&r, storeTagMap(c.Tags, func(t types.Tag) (key, value *string) { return t.Key, t.Value }))
	return r
}
