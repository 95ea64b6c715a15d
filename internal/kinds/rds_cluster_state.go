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

func findDBCluster(ctx context.Context, api dbClusterLister, id string) (types.DBCluster, error) {
	out, err := api.DescribeDBClusters(ctx, &rds.DescribeDBClustersInput{DBClusterIdentifier: &id})
	var all []types.DBCluster
	if err == nil {
		all = out.DBClusters
	}
	return only(all, err)
}

func dbClusterStands(ctx context.Context, api dbClusterWriter, j kind.Job) error {
	d, err := findDBCluster(ctx, api, j.ID)
	if err != nil {
		return err
	}
	return sameSource(j, aws.ToString(d.Status), d.ClusterCreateTime)
}

func settingsOfCluster(d types.DBCluster) rdsSettings {
	s := rdsSettings{
		BackupDays: aws.Int32(aws.ToInt32(d.BackupRetentionPeriod)), Protected: aws.Bool(aws.ToBool(d.DeletionProtection)),
		Groups: rdsGroups(d.VpcSecurityGroups),
	}
	if p := d.PendingModifiedValues; p != nil && p.BackupRetentionPeriod != nil {
		s.BackupDays = p.BackupRetentionPeriod // AWS works on it
	}
	return s
}

func dbClusterSettings(ctx context.Context, api dbClusterReader, r fact.Resource) (string, error) {
	d, err := findDBCluster(ctx, api, r.ID)
	if err != nil {
		return "", err
	}
	return settingsOfCluster(d).form()
}

func setDBCluster(ctx context.Context, api dbClusterWriter, j kind.Job, value string) error {
	s, err := storeUnform[rdsSettings](value)
	if err == nil {
		_, err = api.ModifyDBCluster(ctx, &rds.ModifyDBClusterInput{
			DBClusterIdentifier: &j.ID, ApplyImmediately: aws.Bool(true),
			BackupRetentionPeriod: s.BackupDays, DeletionProtection: s.Protected, VpcSecurityGroupIds: s.Groups,
		})
	}
	return err
}

func dbClusterCopies(ctx context.Context, api dbClusterReader, r fact.Resource) (all []storeCopy, err error) {
	for page, err := range pages(ctx, rds.NewDescribeDBClusterSnapshotsPaginator(api, &rds.DescribeDBClusterSnapshotsInput{
		DBClusterIdentifier: &r.ID, SnapshotType: aws.String("manual"),
	})) {
		if err != nil {
			return nil, fmt.Errorf("cannot list the snapshots of %s: %w", r.ID, err)
		}
		for _, s := range page.DBClusterSnapshots {
			if made := rdsTags(s.TagList)[storeCaseTag]; made != "" && (s.ClusterCreateTime == nil || s.ClusterCreateTime.Equal(r.Created)) {
				all = append(all, storeCopy{ID: aws.ToString(s.DBClusterSnapshotIdentifier), Case: made, Complete: aws.ToString(s.Status) == "available"})
			}
		}
	}
	return all, nil
}
