package kinds

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

// dbTakes is how long a database may take to stop, to copy or to go.
const dbTakes = 2 * time.Hour

func findDBInstance(ctx context.Context, api dbInstanceLister, id string) (types.DBInstance, error) {
	out, err := api.DescribeDBInstances(ctx, &rds.DescribeDBInstancesInput{DBInstanceIdentifier: &id})
	var all []types.DBInstance
	if err == nil {
		all = out.DBInstances
	}
	return only(all, err)
}

func dbInstanceStands(ctx context.Context, api dbInstanceWriter, j kind.Job) error {
	d, err := findDBInstance(ctx, api, j.ID)
	if err != nil {
		return err
	}
	return sameSource(j, aws.ToString(d.DBInstanceStatus), d.InstanceCreateTime)
}

func dbInstanceRuns(ctx context.Context, api dbInstanceReader, r fact.Resource) (bool, error) {
	d, err := findDBInstance(ctx, api, r.ID)
	return rdsRuns(d.DBInstanceStatus), err
}

// settingsOfDB leaves to the cluster what is the cluster's.
func settingsOfDB(d types.DBInstance) rdsSettings {
	s := rdsSettings{Public: aws.Bool(aws.ToBool(d.PubliclyAccessible))}
	if d.DBClusterIdentifier == nil {
		s.BackupDays, s.Protected = aws.Int32(aws.ToInt32(d.BackupRetentionPeriod)), aws.Bool(aws.ToBool(d.DeletionProtection))
		s.Groups = rdsGroups(d.VpcSecurityGroups)
	}
	if p := d.PendingModifiedValues; p != nil && p.BackupRetentionPeriod != nil {
		s.BackupDays = p.BackupRetentionPeriod // AWS works on it
	}
	return s
}

func dbInstanceSettings(ctx context.Context, api dbInstanceReader, r fact.Resource) (string, error) {
	d, err := findDBInstance(ctx, api, r.ID)
	if err != nil {
		return "", err
	}
	return settingsOfDB(d).form()
}

func setDBInstance(ctx context.Context, api dbInstanceWriter, j kind.Job, value string) error {
	s, err := storeUnform[rdsSettings](value)
	if err == nil {
		_, err = api.ModifyDBInstance(ctx, &rds.ModifyDBInstanceInput{
			DBInstanceIdentifier: &j.ID, ApplyImmediately: aws.Bool(true), PubliclyAccessible: s.Public,
			BackupRetentionPeriod: s.BackupDays, DeletionProtection: s.Protected, VpcSecurityGroupIds: s.Groups,
		})
	}
	return err
}

// dbInstanceCopies shows cordon's own snapshots: AWS gives no other way to tell
// them than the tag.
func dbInstanceCopies(ctx context.Context, api dbInstanceReader, r fact.Resource) (all []storeCopy, err error) {
	for page, err := range pages(ctx, rds.NewDescribeDBSnapshotsPaginator(api, &rds.DescribeDBSnapshotsInput{
		DBInstanceIdentifier: &r.ID, SnapshotType: aws.String("manual"),
	})) {
		if err != nil {
			return nil, fmt.Errorf("cannot list the snapshots of %s: %w", r.ID, err)
		}
		for _, s := range page.DBSnapshots {
			// A database that had the name before is another one.
			if made := rdsTags(s.TagList)[storeCaseTag]; made != "" && (s.InstanceCreateTime == nil || s.InstanceCreateTime.Equal(r.Created)) {
				all = append(all, storeCopy{ID: aws.ToString(s.DBSnapshotIdentifier), Case: made, Complete: aws.ToString(s.Status) == "available"})
			}
		}
	}
	return all, nil
}

// dbInstanceKept asks for no copy of a member of a cluster: the data are the
// cluster's, and stay with it.
func dbInstanceKept(ctx context.Context, api dbInstanceReader, j kind.Job) error {
	if len(dbInstanceHolds(j.Resource)) > 0 {
		return nil
	}
	return storeKept(dbInstanceCopies)(ctx, api, j)
}

// dbInstanceHolds is the cluster of a member: it cannot be deleted before it.
func dbInstanceHolds(r fact.Resource) []fact.Ref {
	return slices.DeleteFunc(slices.Clone(fact.PartOf.Or(r, nil)), func(of fact.Ref) bool { return of.Kind != "rds.cluster" })
}
