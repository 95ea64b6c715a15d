package kinds

import (
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"

	"cordon/internal/kind"
	"cordon/internal/kind/kindtest"
)

// A database that was made again under the name is not the one of the snapshot.
func TestSnapshotOfAnotherDatabase(t *testing.T) {
	w := kindtest.NewWorld(t)
	j := kind.Job{Resource: listed(t, w, dbSnapshot, makeDBSnapshot(t, w))}
	removal, _ := dbSnapshot.Verb("delete")
	if err := removal.Kept(t.Context(), w.Config(here), j); err != nil {
		t.Error(err)
	}
	must[*rds.DeleteDBInstanceOutput](t)(rds.NewFromConfig(w.Config(here)).DeleteDBInstance(t.Context(), &rds.DeleteDBInstanceInput{
		DBInstanceIdentifier: aws.String("orders"), SkipFinalSnapshot: aws.Bool(true),
	}))
	makeDB(t, w)
	if err := removal.Kept(t.Context(), w.Config(here), j); !errors.Is(err, kind.ErrUnkept) {
		t.Errorf("another database has the name: %v", err)
	}
}

func TestSnapshotOfAnotherCluster(t *testing.T) {
	w := kindtest.NewWorld(t)
	api := rds.NewFromConfig(w.Config(here))
	j := kind.Job{Resource: listed(t, w, dbClusterSnapshot, makeDBClusterSnapshot(t, w))}
	removal, _ := dbClusterSnapshot.Verb("delete")
	if err := removal.Kept(t.Context(), w.Config(here), j); err != nil {
		t.Error(err)
	}
	must[*rds.ModifyDBClusterOutput](t)(api.ModifyDBCluster(t.Context(), &rds.ModifyDBClusterInput{
		DBClusterIdentifier: aws.String("ledger"), NewDBClusterIdentifier: aws.String("old"), ApplyImmediately: aws.Bool(true),
	}))
	if err := removal.Kept(t.Context(), w.Config(here), j); !errors.Is(err, kind.ErrUnkept) {
		t.Errorf("no cluster has the name: %v", err)
	}
	must[*rds.CreateDBClusterOutput](t)(api.CreateDBCluster(t.Context(), &rds.CreateDBClusterInput{
		DBClusterIdentifier: aws.String("new"), Engine: aws.String("aurora-postgresql"), MasterUsername: aws.String("root"), MasterUserPassword: aws.String("correct horse"),
	}))
	must[*rds.ModifyDBClusterOutput](t)(api.ModifyDBCluster(t.Context(), &rds.ModifyDBClusterInput{
		DBClusterIdentifier: aws.String("new"), NewDBClusterIdentifier: aws.String("ledger"), ApplyImmediately: aws.Bool(true),
	}))
	if err := removal.Kept(t.Context(), w.Config(here), j); !errors.Is(err, kind.ErrUnkept) {
		t.Errorf("another cluster has the name: %v", err)
	}
}
