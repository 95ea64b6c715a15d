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

type dbInstanceLister interface {
	DescribeDBInstances(context.Context, *rds.DescribeDBInstancesInput, ...func(*rds.Options)) (*rds.DescribeDBInstancesOutput, error)
}

type dbInstanceReader interface {
	dbInstanceLister
	dbSnapshotLister
}

type dbInstanceWriter interface {
	dbInstanceLister // a copy is deleted only while its database stands
	ModifyDBInstance(context.Context, *rds.ModifyDBInstanceInput, ...func(*rds.Options)) (*rds.ModifyDBInstanceOutput, error)
	StopDBInstance(context.Context, *rds.StopDBInstanceInput, ...func(*rds.Options)) (*rds.StopDBInstanceOutput, error)
	StartDBInstance(context.Context, *rds.StartDBInstanceInput, ...func(*rds.Options)) (*rds.StartDBInstanceOutput, error)
	CreateDBSnapshot(context.Context, *rds.CreateDBSnapshotInput, ...func(*rds.Options)) (*rds.CreateDBSnapshotOutput, error)
	DeleteDBSnapshot(context.Context, *rds.DeleteDBSnapshotInput, ...func(*rds.Options)) (*rds.DeleteDBSnapshotOutput, error)
	DeleteDBInstance(context.Context, *rds.DeleteDBInstanceInput, ...func(*rds.Options)) (*rds.DeleteDBInstanceOutput, error)
}

var dbInstance = kind.Of(dbInstanceSpec)

var dbInstanceSpec = kind.Spec[dbInstanceReader, dbInstanceWriter]{
	Name:   "rds.instance",
	Reader: func(c aws.Config) dbInstanceReader { return rds.NewFromConfig(c) },
	Writer: func(c aws.Config) dbInstanceWriter { return rds.NewFromConfig(c) },
	Needs:  []string{"rds:DescribeDBInstances", "rds:DescribeDBSnapshots"},
	Carry:  []string{string(fact.PartOf)},
	List:   listDBInstances,
	Cost:   kind.Cost{Fixed: 1, Page: 100},
	Covers: []string{"C3", "C7"},
	Named:  true,
	Holds:  dbInstanceHolds,
	Keep: func(ctx context.Context, api dbInstanceReader, r fact.Resource, put func(string, []byte) error) error {
		d, err := findDBInstance(ctx, api, r.ID)
		if err != nil {
			return err
		}
		d.PendingModifiedValues = nil // a new password may stand there
		return putJSON(put, "instance.json", d)
	},
	Verbs: []kind.Verb[dbInstanceReader, dbInstanceWriter]{
		// AWS starts a stopped database again after seven days.
		flip(kind.Verb[dbInstanceReader, dbInstanceWriter]{
			Name: "stop-database", Class: kind.Disruptive, For: kind.Disable, Takes: dbTakes,
			Needs: []string{"rds:StopDBInstance", "rds:StartDBInstance"},
		}, false, dbInstanceRuns, func(ctx context.Context, api dbInstanceWriter, j kind.Job, on bool) (err error) {
			if on {
				_, err = api.StartDBInstance(ctx, &rds.StartDBInstanceInput{DBInstanceIdentifier: &j.ID})
			} else {
				_, err = api.StopDBInstance(ctx, &rds.StopDBInstanceInput{DBInstanceIdentifier: &j.ID})
			}
			return storeThere(err, "InvalidDBInstanceState", "InvalidDBInstanceStateFault") // on its way, or Done tells
		}),
		storeCopying(kind.Verb[dbInstanceReader, dbInstanceWriter]{
			Name: "snapshot", Takes: dbTakes,
			Needs: []string{"rds:CreateDBSnapshot", "rds:DeleteDBSnapshot", "=rds:AddTagsToResource"},
		}, dbInstanceCopies, func(ctx context.Context, api dbInstanceWriter, j kind.Job) error {
			_, err := api.CreateDBSnapshot(ctx, &rds.CreateDBSnapshotInput{
				DBInstanceIdentifier: &j.ID, DBSnapshotIdentifier: aws.String(storeCopyName(j)), Tags: rdsCaseTags(j.Case),
			})
			return storeThere(err, "DBSnapshotAlreadyExists", "DBSnapshotAlreadyExistsFault")
		}, func(ctx context.Context, api dbInstanceWriter, j kind.Job) error {
			_, err := api.DeleteDBSnapshot(ctx, &rds.DeleteDBSnapshotInput{DBSnapshotIdentifier: aws.String(storeCopyName(j))})
			return err
		}, dbInstanceStands),
		flip(kind.Verb[dbInstanceReader, dbInstanceWriter]{
			Name: "unprotect", Class: kind.Reversible, For: kind.Lift, Of: "deletion", Needs: []string{"rds:ModifyDBInstance"},
		}, false, func(ctx context.Context, api dbInstanceReader, r fact.Resource) (bool, error) {
			d, err := findDBInstance(ctx, api, r.ID)
			return aws.ToBool(d.DeletionProtection), err
		}, func(ctx context.Context, api dbInstanceWriter, j kind.Job, on bool) error {
			_, err := api.ModifyDBInstance(ctx, &rds.ModifyDBInstanceInput{
				DBInstanceIdentifier: &j.ID, DeletionProtection: &on, ApplyImmediately: aws.Bool(true),
			})
			return err
		}),
		restore(kind.Verb[dbInstanceReader, dbInstanceWriter]{
			Name: "restore-database", Class: kind.Disruptive, Of: "settings", Takes: dbTakes,
			Needs: []string{"rds:ModifyDBInstance"}, Mends: []string{"ModifyDBInstance", "CreateDBInstance"}, Recall: recallRDS,
		}, dbInstanceSettings, setDBInstance),
		remove(kind.Verb[dbInstanceReader, dbInstanceWriter]{
			Name: "delete", Needs: []string{"rds:DeleteDBInstance"}, Takes: dbTakes, Kept: dbInstanceKept,
		}, func(ctx context.Context, api dbInstanceReader, r fact.Resource) (any, error) {
			d, err := findDBInstance(ctx, api, r.ID)
			return aws.ToString(d.DbiResourceId), err
		}, func(ctx context.Context, api dbInstanceWriter, j kind.Job) error {
			_, err := api.DeleteDBInstance(ctx, &rds.DeleteDBInstanceInput{DBInstanceIdentifier: &j.ID, SkipFinalSnapshot: aws.Bool(true)})
			return storeThere(err, "InvalidDBInstanceState", "InvalidDBInstanceStateFault") // it is being deleted, or Done tells
		}),
	},
}

func listDBInstances(ctx context.Context, api dbInstanceReader, at fact.Place, put func(fact.Resource)) error {
	for page, err := range pages(ctx, rds.NewDescribeDBInstancesPaginator(api, &rds.DescribeDBInstancesInput{MaxRecords: aws.Int32(100)})) {
		if err != nil {
			return fmt.Errorf("cannot list databases: %w", err)
		}
		for _, d := range page.DBInstances {
			r, err := dbInstanceOf(at, d)
			if err != nil {
				return err
			}
			put(r)
		}
	}
	return nil
}

func dbInstanceOf(at fact.Place, d types.DBInstance) (fact.Resource, error) {
	r := fact.Resource{
		Ref: fact.Ref{Kind: "rds.instance", Place: at, ID: aws.ToString(d.DBInstanceIdentifier)}, ARN: aws.ToString(d.DBInstanceArn),
		Created: aws.ToTime(d.InstanceCreateTime),
	}
	fact.Status.Set(&r, aws.ToString(d.DBInstanceStatus))
	fact.InstanceType.Set(&r, aws.ToString(d.DBInstanceClass))
	fact.Detail.Set(&r, aws.ToString(d.Engine))
	fact.Encrypted.Set(&r, aws.ToBool(d.StorageEncrypted))
	fact.Public.Set(&r, aws.ToBool(d.PubliclyAccessible))
	fact.SecurityGroups.Set(&r, rdsGroups(d.VpcSecurityGroups))
	rdsProtections(&r, d.DeletionProtection)
	rdsForeignKey(&r, d.KmsKeyId)
	setStoreTags(&r, rdsTags(d.TagList))
	partOf(&r, "rds.cluster", aws.ToString(d.DBClusterIdentifier))
	settings, err := settingsOfDB(d).form()
	setAspect(&r, "settings", settings)
	return r, err
}
