package kinds

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/redshift"
	"github.com/aws/aws-sdk-go-v2/service/redshift/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

func findWarehouse(ctx context.Context, api warehouseLister, id string) (types.Cluster, error) {
	out, err := api.DescribeClusters(ctx, &redshift.DescribeClustersInput{ClusterIdentifier: &id})
	var all []types.Cluster
	if err == nil {
		all = out.Clusters
	}
	return only(all, err)
}

func warehouseStands(ctx context.Context, api warehouseWriter, j kind.Job) error {
	c, err := findWarehouse(ctx, api, j.ID)
	if err != nil {
		return err
	}
	return sameSource(j, aws.ToString(c.ClusterStatus), c.ClusterCreateTime)
}

func warehouseSettings(c types.Cluster) string {
	s := rdsSettings{Public: aws.Bool(aws.ToBool(c.PubliclyAccessible)), BackupDays: aws.Int32(aws.ToInt32(c.AutomatedSnapshotRetentionPeriod))}
	text, _ := s.form() // it holds nothing that JSON does not
	return text
}

func recallWarehouse(_ string, _, response json.RawMessage) (string, bool) {
	var got types.Cluster
	if json.Unmarshal(response, &got) != nil || got.PubliclyAccessible == nil || got.AutomatedSnapshotRetentionPeriod == nil {
		return "", false
	}
	return warehouseSettings(got), true
}

func warehouseCopies(ctx context.Context, api warehouseReader, r fact.Resource) (all []storeCopy, err error) {
	for page, err := range pages(ctx, redshift.NewDescribeClusterSnapshotsPaginator(api, &redshift.DescribeClusterSnapshotsInput{
		ClusterIdentifier: &r.ID, SnapshotType: aws.String("manual"),
	})) {
		if err != nil {
			return nil, fmt.Errorf("cannot list the snapshots of %s: %w", r.ID, err)
		}
		for _, s := range page.Snapshots {
			made := storeTagMap(s.Tags, func(t types.Tag) (key, value *string) { return t.Key, t.Value })[storeCaseTag]
			if made != "" && (s.ClusterCreateTime == nil || s.ClusterCreateTime.UTC().Equal(r.Created)) {
				all = append(all, storeCopy{ID: aws.ToString(s.SnapshotIdentifier), Case: made, Complete: aws.ToString(s.Status) == "available"})
			}
		}
	}
	return all, nil
}
