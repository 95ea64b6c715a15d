package kinds

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamotypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/efs"
	"github.com/aws/aws-sdk-go-v2/service/opensearch"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/redshift"

	"cordon/internal/awsapi"
	"cordon/internal/fact"
	"cordon/internal/kind"
	"cordon/internal/kind/kindtest"
	"cordon/internal/lab"
)

type setups = map[string]func(*testing.T, kindtest.World) string

type befores = map[string]func(*testing.T, kindtest.World, string) string

func putBack(value string) func(*testing.T, kindtest.World, string) string {
	return func(*testing.T, kindtest.World, string) string { return value }
}

func makeDB(t *testing.T, w kindtest.World) string {
	t.Helper()
	must[*rds.CreateDBInstanceOutput](t)(rds.NewFromConfig(w.Config(here)).CreateDBInstance(t.Context(), &rds.CreateDBInstanceInput{
		DBInstanceIdentifier: aws.String("orders"), DBInstanceClass: aws.String("db.m5.large"), Engine: aws.String("postgres"),
		MasterUsername: aws.String("root"), MasterUserPassword: aws.String("correct horse"), AllocatedStorage: aws.Int32(20),
		PubliclyAccessible: aws.Bool(true), BackupRetentionPeriod: aws.Int32(0),
	}))
	return "orders"
}

func makeProtectedDB(t *testing.T, w kindtest.World) string {
	t.Helper()
	id := makeDB(t, w)
	must[*rds.ModifyDBInstanceOutput](t)(rds.NewFromConfig(w.Config(here)).ModifyDBInstance(t.Context(), &rds.ModifyDBInstanceInput{
		DBInstanceIdentifier: &id, DeletionProtection: aws.Bool(true),
	}))
	return id
}

func TestDBInstance(t *testing.T) {
	kindtest.Run(t, kindtest.Case[dbInstanceReader, dbInstanceWriter]{
		Spec: dbInstanceSpec, Region: here, Setup: makeDB,
		Verbs: setups{"unprotect": makeProtectedDB},
		Before: befores{"restore-database": func(t *testing.T, w kindtest.World, id string) string {
			now := fact.Aspects.Or(listed(t, w, dbInstance, id), nil)["settings"]
			return settingsWith(t, strings.Replace(now, `"publiclyAccessible":true`, `"publiclyAccessible":false`, 1), 7)
		}},
	})
}

func TestDBInstanceFacts(t *testing.T) {
	w := kindtest.NewWorld(t)
	r := listed(t, w, dbInstance, makeProtectedDB(t, w))
	if p := fact.Protections.Or(r, nil); !slices.Equal(p, []string{"deletion"}) || !fact.Public.Or(r, false) || r.Created.IsZero() {
		t.Errorf("%s", r.Facts)
	}
	wantRefused(t, w, dbInstance, "DescribeDBInstances")
}

// wantRefused fails unless a listing that may not make the call is an error.
func wantRefused(t *testing.T, w kindtest.World, k kind.Kind, op string) {
	t.Helper()
	if err := w.Lab.AddFault(t.Context(), lab.Fault{Match: map[string]string{"op": op}, Code: "AccessDeniedException", Status: 403}); err != nil {
		t.Fatal(err)
	}
	err := k.List(t.Context(), w.Config(here), fact.Place{Account: kindtest.Account, Region: here}, func(r fact.Resource) { t.Errorf("%s is listed", r.ID) })
	if awsapi.Classify(err) != awsapi.Denied {
		t.Errorf("%s may not be called: %v", op, err)
	}
}

// keptOnlyByCopy fails unless a resource may be deleted just when its snapshot
// of the same case is complete.
func keptOnlyByCopy(t *testing.T, w kindtest.World, k kind.Kind, r fact.Resource) {
	t.Helper()
	copies, _ := k.Verb("snapshot")
	removal, _ := k.Verb("delete")
	cfg, j := w.Config(here), kind.Job{Resource: k.Trim(r), Case: "C-20260101-A"}
	if err := removal.Kept(t.Context(), cfg, j); !errors.Is(err, kind.ErrUnkept) {
		t.Errorf("without a copy: %v", err)
	}
	prior := must[[]byte](t)(copies.Prior(t.Context(), cfg, j.Resource))
	if err := copies.Do(t.Context(), cfg, j, prior); err != nil {
		t.Fatal(err)
	}
	if err := removal.Kept(t.Context(), cfg, j); err != nil {
		t.Errorf("with a copy: %v", err)
	}
	j.Case = "C-20260202-B"
	if err := removal.Kept(t.Context(), cfg, j); !errors.Is(err, kind.ErrUnkept) {
		t.Errorf("with the copy of another case: %v", err)
	}
}

func TestDatabasesAreKeptBeforeTheyAreDeleted(t *testing.T) {
	for _, c := range []struct {
		kind kind.Kind
		make func(*testing.T, kindtest.World) string
	}{{dbInstance, makeDB}, {dbCluster, makeDBCluster}, {table, makeTable}, {warehouse, makeWarehouse}} {
		t.Run(string(c.kind.Name()), func(t *testing.T) {
			w := kindtest.NewWorld(t)
			keptOnlyByCopy(t, w, c.kind, listed(t, w, c.kind, c.make(t, w)))
		})
	}
}

func makeDBCluster(t *testing.T, w kindtest.World) string {
	t.Helper()
	must[*rds.CreateDBClusterOutput](t)(rds.NewFromConfig(w.Config(here)).CreateDBCluster(t.Context(), &rds.CreateDBClusterInput{
		DBClusterIdentifier: aws.String("ledger"), Engine: aws.String("aurora-postgresql"), MasterUsername: aws.String("root"),
		MasterUserPassword: aws.String("correct horse"), BackupRetentionPeriod: aws.Int32(1),
	}))
	return "ledger"
}

func makeProtectedDBCluster(t *testing.T, w kindtest.World) string {
	t.Helper()
	id := makeDBCluster(t, w)
	must[*rds.ModifyDBClusterOutput](t)(rds.NewFromConfig(w.Config(here)).ModifyDBCluster(t.Context(), &rds.ModifyDBClusterInput{
		DBClusterIdentifier: &id, DeletionProtection: aws.Bool(true),
	}))
	return id
}

func TestDBCluster(t *testing.T) {
	kindtest.Run(t, kindtest.Case[dbClusterReader, dbClusterWriter]{
		Spec: dbClusterSpec, Region: here, Setup: makeDBCluster,
		Verbs: setups{"unprotect": makeProtectedDBCluster},
		Before: befores{"restore-database": func(t *testing.T, w kindtest.World, id string) string {
			return settingsWith(t, fact.Aspects.Or(listed(t, w, dbCluster, id), nil)["settings"], 7)
		}},
	})
}

// settingsWith are the settings with other days of backup.
func settingsWith(t *testing.T, settings string, days int32) string {
	t.Helper()
	s := must[rdsSettings](t)(storeUnform[rdsSettings](settings))
	s.BackupDays = &days
	return must[string](t)(s.form())
}

// A member of a cluster is deleted before it, and without a copy of its own.
func TestMemberOfACluster(t *testing.T) {
	w := kindtest.NewWorld(t)
	cluster := makeDBCluster(t, w)
	must[*rds.CreateDBInstanceOutput](t)(rds.NewFromConfig(w.Config(here)).CreateDBInstance(t.Context(), &rds.CreateDBInstanceInput{
		DBInstanceIdentifier: aws.String("ledger-1"), DBInstanceClass: aws.String("db.r5.large"), Engine: aws.String("aurora-postgresql"), DBClusterIdentifier: &cluster,
	}))
	r := dbInstance.Trim(listed(t, w, dbInstance, "ledger-1"))
	held := dbInstance.Holds(r)
	if len(held) != 1 || held[0].Kind != "rds.cluster" || held[0].ID != cluster || held[0].Region != here {
		t.Errorf("holds %v", held)
	}
	if err := dbInstanceKept(t.Context(), dbInstanceSpec.Reader(w.Config(here)), kind.Job{Resource: r}); err != nil {
		t.Error(err)
	}
}

func makeDBSnapshot(t *testing.T, w kindtest.World) string {
	t.Helper()
	db, api := makeDB(t, w), rds.NewFromConfig(w.Config(here))
	must[*rds.CreateDBSnapshotOutput](t)(api.CreateDBSnapshot(t.Context(), &rds.CreateDBSnapshotInput{DBInstanceIdentifier: &db, DBSnapshotIdentifier: aws.String("loot")}))
	must[*rds.ModifyDBSnapshotAttributeOutput](t)(api.ModifyDBSnapshotAttribute(t.Context(), &rds.ModifyDBSnapshotAttributeInput{
		DBSnapshotIdentifier: aws.String("loot"), AttributeName: aws.String("restore"), ValuesToAdd: []string{stranger},
	}))
	return "loot"
}

func TestDBSnapshot(t *testing.T) {
	kindtest.Run(t, kindtest.Case[dbSnapshotReader, dbSnapshotWriter]{Spec: dbSnapshotSpec, Region: here, Setup: makeDBSnapshot})
}

// The last that is left of a database is not deleted.
func TestDBSnapshotFacts(t *testing.T) {
	w := kindtest.NewWorld(t)
	r := listed(t, w, dbSnapshot, makeDBSnapshot(t, w))
	wantSharing(t, r, false, stranger)
	j, read := kind.Job{Resource: dbSnapshot.Trim(r)}, dbSnapshotSpec.Reader(w.Config(here))
	if err := dbSnapshotKept(t.Context(), read, j); err != nil {
		t.Error(err)
	}
	must[*rds.DeleteDBInstanceOutput](t)(rds.NewFromConfig(w.Config(here)).DeleteDBInstance(t.Context(), &rds.DeleteDBInstanceInput{
		DBInstanceIdentifier: aws.String("orders"), SkipFinalSnapshot: aws.Bool(true),
	}))
	if err := dbSnapshotKept(t.Context(), read, j); !errors.Is(err, kind.ErrUnkept) {
		t.Errorf("its database is gone: %v", err)
	}
	wantRefused(t, w, dbSnapshot, "DescribeDBSnapshotAttributes")
}

func makeDBClusterSnapshot(t *testing.T, w kindtest.World) string {
	t.Helper()
	cluster, api := makeDBCluster(t, w), rds.NewFromConfig(w.Config(here))
	must[*rds.CreateDBClusterSnapshotOutput](t)(api.CreateDBClusterSnapshot(t.Context(), &rds.CreateDBClusterSnapshotInput{
		DBClusterIdentifier: &cluster, DBClusterSnapshotIdentifier: aws.String("loot"),
	}))
	must[*rds.ModifyDBClusterSnapshotAttributeOutput](t)(api.ModifyDBClusterSnapshotAttribute(t.Context(), &rds.ModifyDBClusterSnapshotAttributeInput{
		DBClusterSnapshotIdentifier: aws.String("loot"), AttributeName: aws.String("restore"), ValuesToAdd: []string{"all", stranger},
	}))
	return "loot"
}

func TestDBClusterSnapshot(t *testing.T) {
	kindtest.Run(t, kindtest.Case[dbClusterSnapshotReader, dbClusterSnapshotWriter]{Spec: dbClusterSnapshotSpec, Region: here, Setup: makeDBClusterSnapshot})
}

func TestDBClusterSnapshotFacts(t *testing.T) {
	w := kindtest.NewWorld(t)
	wantSharing(t, listed(t, w, dbClusterSnapshot, makeDBClusterSnapshot(t, w)), true, stranger)
}

func makeDBExport(t *testing.T, w kindtest.World) string {
	t.Helper()
	makeDBSnapshot(t, w)
	must[*rds.StartExportTaskOutput](t)(rds.NewFromConfig(w.Config(here)).StartExportTask(t.Context(), &rds.StartExportTaskInput{
		ExportTaskIdentifier: aws.String("export"), SourceArn: aws.String("arn:aws:rds:" + here + ":" + kindtest.Account + ":snapshot:loot"),
		S3BucketName: aws.String("drop"), IamRoleArn: aws.String("arn:aws:iam::" + kindtest.Account + ":role/export"),
		KmsKeyId: aws.String("arn:aws:kms:" + here + ":" + stranger + ":key/1"),
	}))
	return "export"
}

func TestDBExport(t *testing.T) {
	kindtest.Run(t, kindtest.Case[dbExportReader, dbExportWriter]{Spec: dbExportSpec, Region: here, Setup: makeDBExport})
}

func TestDBExportFacts(t *testing.T) {
	w := kindtest.NewWorld(t)
	r := listed(t, w, dbExport, makeDBExport(t, w))
	if !fact.Active.Or(r, false) || fact.Bucket.Or(r, "") != "drop" || fact.Detail.Or(r, "") == "" {
		t.Errorf("%s", r.Facts)
	}
}

func makeTable(t *testing.T, w kindtest.World) string {
	t.Helper()
	api := dynamodb.NewFromConfig(w.Config(here))
	out := must[*dynamodb.CreateTableOutput](t)(api.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName: aws.String("customers"), BillingMode: dynamotypes.BillingModePayPerRequest, DeletionProtectionEnabled: aws.Bool(false),
		AttributeDefinitions: []dynamotypes.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: dynamotypes.ScalarAttributeTypeS}},
		KeySchema:            []dynamotypes.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: dynamotypes.KeyTypeHash}},
	}))
	must[*dynamodb.PutResourcePolicyOutput](t)(api.PutResourcePolicy(t.Context(), &dynamodb.PutResourcePolicyInput{
		ResourceArn: out.TableDescription.TableArn, Policy: aws.String(foreignPolicy("dynamodb:*", aws.ToString(out.TableDescription.TableArn))),
	}))
	return "customers"
}

// foreignPolicy lets a stranger in.
func foreignPolicy(action, on string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::` + stranger + `:root"},"Action":"` + action + `","Resource":"` + on + `"}]}`
}

func makeProtectedTable(t *testing.T, w kindtest.World) string {
	t.Helper()
	id := makeTable(t, w)
	must[*dynamodb.UpdateTableOutput](t)(dynamodb.NewFromConfig(w.Config(here)).UpdateTable(t.Context(), &dynamodb.UpdateTableInput{
		TableName: &id, DeletionProtectionEnabled: aws.Bool(true),
	}))
	return id
}

func TestTable(t *testing.T) {
	kindtest.Run(t, kindtest.Case[tableReader, tableWriter]{
		Spec: tableSpec, Region: here, Setup: makeTable,
		Verbs:  setups{"unprotect": makeProtectedTable},
		Before: befores{"restore-policy": putBack(""), "restore-recovery": putBack("on")},
	})
}

func TestTableFacts(t *testing.T) {
	w := kindtest.NewWorld(t)
	r := listed(t, w, table, makeProtectedTable(t, w))
	wantForeign(t, r)
	if p := fact.Protections.Or(r, nil); !slices.Equal(p, []string{"deletion"}) || fact.Aspects.Or(r, nil)["recovery"] != "off" {
		t.Errorf("%s", r.Facts)
	}
	wantRefused(t, w, table, "GetResourcePolicy")
}

// wantForeign fails unless the stranger's account is seen in the policy.
func wantForeign(t *testing.T, r fact.Resource) {
	t.Helper()
	with := fact.SharedWith.Or(r, nil)
	if !slices.ContainsFunc(with, func(s string) bool { return s == stranger || s == "arn:aws:iam::"+stranger+":root" }) {
		t.Errorf("shared with %v", with)
	}
}

func makeFileSystem(t *testing.T, w kindtest.World) string {
	t.Helper()
	api := efs.NewFromConfig(w.Config(here))
	out := must[*efs.CreateFileSystemOutput](t)(api.CreateFileSystem(t.Context(), &efs.CreateFileSystemInput{CreationToken: aws.String("one")}))
	must[*efs.PutFileSystemPolicyOutput](t)(api.PutFileSystemPolicy(t.Context(), &efs.PutFileSystemPolicyInput{
		FileSystemId: out.FileSystemId, Policy: aws.String(foreignPolicy("elasticfilesystem:*", aws.ToString(out.FileSystemArn))),
	}))
	return aws.ToString(out.FileSystemId)
}

func TestFileSystem(t *testing.T) {
	kindtest.Run(t, kindtest.Case[fileSystemReader, fileSystemWriter]{
		Spec: fileSystemSpec, Region: here, Setup: makeFileSystem, Before: befores{"restore-policy": putBack("")},
	})
}

func TestFileSystemFacts(t *testing.T) {
	w := kindtest.NewWorld(t)
	wantForeign(t, listed(t, w, fileSystem, makeFileSystem(t, w)))
	wantRefused(t, w, fileSystem, "DescribeFileSystemPolicy")
}

func makeWarehouse(t *testing.T, w kindtest.World) string {
	t.Helper()
	must[*redshift.CreateClusterOutput](t)(redshift.NewFromConfig(w.Config(here)).CreateCluster(t.Context(), &redshift.CreateClusterInput{
		ClusterIdentifier: aws.String("dwh"), NodeType: aws.String("ra3.xlplus"), MasterUsername: aws.String("root"),
		MasterUserPassword: aws.String("Correct0Horse"), PubliclyAccessible: aws.Bool(true),
	}))
	return "dwh"
}

func TestWarehouse(t *testing.T) {
	kindtest.Run(t, kindtest.Case[warehouseReader, warehouseWriter]{
		Spec: warehouseSpec, Region: here, Setup: makeWarehouse,
		Before: befores{"restore-database": putBack(`{"backupRetentionPeriod":1,"publiclyAccessible":false}`)},
	})
}

func TestWarehouseFacts(t *testing.T) {
	w := kindtest.NewWorld(t)
	if r := listed(t, w, warehouse, makeWarehouse(t, w)); !fact.Public.Or(r, false) || r.Created.IsZero() {
		t.Errorf("%s", r.Facts)
	}
	wantRefused(t, w, warehouse, "DescribeClusters")
}

func makeSearchDomain(t *testing.T, w kindtest.World) string {
	t.Helper()
	must[*opensearch.CreateDomainOutput](t)(opensearch.NewFromConfig(w.Config(here)).CreateDomain(t.Context(), &opensearch.CreateDomainInput{
		DomainName: aws.String("logs"), AccessPolicies: aws.String(foreignPolicy("es:*", "arn:aws:es:"+here+":"+kindtest.Account+":domain/logs/*")),
	}))
	return "logs"
}

func TestSearchDomain(t *testing.T) {
	kindtest.Run(t, kindtest.Case[searchDomainReader, searchDomainWriter]{
		Spec: searchDomainSpec, Region: here, Setup: makeSearchDomain, Before: befores{"restore-policy": putBack("")},
	})
}

func TestSearchDomainFacts(t *testing.T) {
	w := kindtest.NewWorld(t)
	r := listed(t, w, searchDomain, makeSearchDomain(t, w))
	wantForeign(t, r)
	removal, _ := searchDomain.Verb("delete")
	if err := removal.Kept(t.Context(), w.Config(here), kind.Job{Resource: r}); !errors.Is(err, kind.ErrUnkept) {
		t.Error(err)
	}
	wantRefused(t, w, searchDomain, "DescribeDomains")
}

// What vanishes between the listing and the calls about it is left out.
func TestVanishedStorageIsLeftOut(t *testing.T) {
	for _, c := range []struct {
		kind     kind.Kind
		make     func(*testing.T, kindtest.World) string
		op, code string
	}{
		{bucket, openBucket, "GetBucketPolicy", "NoSuchBucket"},
		{bucket, openBucket, "GetObjectLockConfiguration", "NoSuchBucket"},
		{dbSnapshot, makeDBSnapshot, "DescribeDBSnapshotAttributes", "DBSnapshotNotFound"},
		{table, makeTable, "GetResourcePolicy", "ResourceNotFoundException"},
		{fileSystem, makeFileSystem, "DescribeFileSystemPolicy", "FileSystemNotFound"},
		{dataStore, makeDataStore, "GetEventDataStore", "EventDataStoreNotFoundException"},
	} {
		t.Run(string(c.kind.Name())+" "+c.op, func(t *testing.T) {
			w := kindtest.NewWorld(t)
			id := c.make(t, w)
			if err := w.Lab.AddFault(t.Context(), lab.Fault{Match: map[string]string{"op": c.op}, Code: c.code, Status: 404}); err != nil {
				t.Fatal(err)
			}
			at := fact.Place{Account: kindtest.Account, Region: here}
			if err := c.kind.List(t.Context(), w.Config(here), at, func(r fact.Resource) {
				if r.ID == id {
					t.Errorf("%s is listed", r.ID)
				}
			}); err != nil {
				t.Error(err)
			}
		})
	}
}
