package kinds

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type tableBackupLister interface {
	tableDescriber
	ListBackups(context.Context, *dynamodb.ListBackupsInput, ...func(*dynamodb.Options)) (*dynamodb.ListBackupsOutput, error)
}

type tableDescriber interface {
	DescribeTable(context.Context, *dynamodb.DescribeTableInput, ...func(*dynamodb.Options)) (*dynamodb.DescribeTableOutput, error)
}

type tableReader interface {
	ListTables(context.Context, *dynamodb.ListTablesInput, ...func(*dynamodb.Options)) (*dynamodb.ListTablesOutput, error)
	DescribeContinuousBackups(context.Context, *dynamodb.DescribeContinuousBackupsInput, ...func(*dynamodb.Options)) (*dynamodb.DescribeContinuousBackupsOutput, error)
	GetResourcePolicy(context.Context, *dynamodb.GetResourcePolicyInput, ...func(*dynamodb.Options)) (*dynamodb.GetResourcePolicyOutput, error)
	ListTagsOfResource(context.Context, *dynamodb.ListTagsOfResourceInput, ...func(*dynamodb.Options)) (*dynamodb.ListTagsOfResourceOutput, error)
	tableBackupLister
}

type tableWriter interface {
	UpdateTable(context.Context, *dynamodb.UpdateTableInput, ...func(*dynamodb.Options)) (*dynamodb.UpdateTableOutput, error)
	UpdateContinuousBackups(context.Context, *dynamodb.UpdateContinuousBackupsInput, ...func(*dynamodb.Options)) (*dynamodb.UpdateContinuousBackupsOutput, error)
	PutResourcePolicy(context.Context, *dynamodb.PutResourcePolicyInput, ...func(*dynamodb.Options)) (*dynamodb.PutResourcePolicyOutput, error)
	DeleteResourcePolicy(context.Context, *dynamodb.DeleteResourcePolicyInput, ...func(*dynamodb.Options)) (*dynamodb.DeleteResourcePolicyOutput, error)
	CreateBackup(context.Context, *dynamodb.CreateBackupInput, ...func(*dynamodb.Options)) (*dynamodb.CreateBackupOutput, error)
	DeleteBackup(context.Context, *dynamodb.DeleteBackupInput, ...func(*dynamodb.Options)) (*dynamodb.DeleteBackupOutput, error)
	DeleteTable(context.Context, *dynamodb.DeleteTableInput, ...func(*dynamodb.Options)) (*dynamodb.DeleteTableOutput, error)
	tableBackupLister // a backup is deleted by an ARN that only AWS knows, and only while its table stands
}

var table = kind.Of(tableSpec)

var tableSpec = kind.Spec[tableReader, tableWriter]{
	Name:   "dynamodb.table",
	Reader: func(c aws.Config) tableReader { return dynamodb.NewFromConfig(c) },
	Writer: func(c aws.Config) tableWriter { return dynamodb.NewFromConfig(c) },
	Needs: []string{
		"dynamodb:ListTables", "dynamodb:DescribeTable", "dynamodb:DescribeContinuousBackups", "dynamodb:GetResourcePolicy",
		"dynamodb:ListTagsOfResource", "dynamodb:ListBackups",
	},
	List:   listTables,
	Cost:   kind.Cost{Fixed: 1, Page: 100, Each: 4}, // DynamoDB tells of one table at a time
	Covers: []string{"A19", "C7", "C10"},
	Named:  true,
	Keep:   keepTable,
	Verbs: []kind.Verb[tableReader, tableWriter]{
		closePolicy(kind.Verb[tableReader, tableWriter]{
			Name: "close-policy", Class: kind.Disruptive, Mends: []string{"PutResourcePolicy"}, Needs: tablePolicyNeeds,
		}, tablePolicy, setTablePolicy),
		restore(kind.Verb[tableReader, tableWriter]{
			Name: "restore-policy", Class: kind.Disruptive, Of: "policy", Mends: []string{"PutResourcePolicy", "DeleteResourcePolicy"},
			Needs: tablePolicyNeeds, Recall: recallTablePolicy,
		}, tablePolicy, setTablePolicy),
		restore(kind.Verb[tableReader, tableWriter]{
			Name: "restore-recovery", Class: kind.Reversible, Of: "recovery", Mends: []string{"UpdateContinuousBackups"},
			Needs: []string{"dynamodb:UpdateContinuousBackups"}, Recall: recallRecovery,
		}, tableRecovery, setTableRecovery),
		storeCopying(kind.Verb[tableReader, tableWriter]{
			Name: "snapshot", Needs: []string{"dynamodb:CreateBackup", "dynamodb:DeleteBackup"}, Takes: dbTakes,
		}, tableCopies, startTableBackup, dropTableBackup, tableStands),
		flip(kind.Verb[tableReader, tableWriter]{
			Name: "unprotect", Class: kind.Reversible, For: kind.Lift, Of: "deletion", Needs: []string{"dynamodb:UpdateTable"},
		}, false, func(ctx context.Context, api tableReader, r fact.Resource) (bool, error) {
			t, err := findTable(ctx, api, r.ID)
			return err == nil && aws.ToBool(t.DeletionProtectionEnabled), err
		}, func(ctx context.Context, api tableWriter, j kind.Job, on bool) error {
			_, err := api.UpdateTable(ctx, &dynamodb.UpdateTableInput{TableName: &j.ID, DeletionProtectionEnabled: &on})
			return err
		}),
		remove(kind.Verb[tableReader, tableWriter]{
			Name: "delete", Needs: []string{"dynamodb:DeleteTable"}, Takes: dbTakes, Kept: storeKept(tableCopies),
		}, func(ctx context.Context, api tableReader, r fact.Resource) (any, error) {
			t, err := findTable(ctx, api, r.ID)
			if err != nil {
				return nil, err
			}
			return aws.ToString(t.TableId), nil
		}, func(ctx context.Context, api tableWriter, j kind.Job) error {
			_, err := api.DeleteTable(ctx, &dynamodb.DeleteTableInput{TableName: &j.ID})
			return err
		}),
	},
}

func listTables(ctx context.Context, api tableReader, at fact.Place, put func(fact.Resource)) error {
	var drafts []fact.Resource
	for page, err := range pages(ctx, dynamodb.NewListTablesPaginator(api, &dynamodb.ListTablesInput{Limit: aws.Int32(100)})) {
		if err != nil {
			return fmt.Errorf("cannot list tables: %w", err)
		}
		for _, name := range page.TableNames {
			drafts = append(drafts, fact.Resource{Ref: fact.Ref{Kind: "dynamodb.table", Place: at, ID: name}, ARN: arn(at, "dynamodb", "table/"+name)})
		}
	}
	if err := complete(ctx, drafts, func(ctx context.Context, r *fact.Resource) error { return readTable(ctx, api, r) }, put); err != nil {
		return fmt.Errorf("cannot list tables: %w", err)
	}
	return nil
}

func readTable(ctx context.Context, api tableReader, r *fact.Resource) error {
	t, err := findTable(ctx, api, r.ID)
	if err != nil {
		return err
	}
	r.Created = aws.ToTime(t.CreationDateTime)
	fact.Status.Set(r, string(t.TableStatus))
	fact.Count.Set(r, int(aws.ToInt64(t.ItemCount)))
	fact.Protections.Set(r, []string{})
	if aws.ToBool(t.DeletionProtectionEnabled) {
		fact.Protections.Set(r, []string{"deletion"})
	}
	doc, err := tablePolicy(ctx, api, *r)
	if err != nil {
		return err
	}
	setStorePolicy(r, doc)
	recovery, err := tableRecovery(ctx, api, *r)
	if err != nil {
		return err
	}
	setAspect(r, "recovery", recovery)
	tags, err := api.ListTagsOfResource(ctx, &dynamodb.ListTagsOfResourceInput{ResourceArn: &r.ARN})
	if err != nil {
		return gone(err)
	}
	setStoreTags(r, storeTagMap(tags.Tags, func(t types.Tag) (key, value *string) { return t.Key, t.Value }))
	return nil
}

func findTable(ctx context.Context, api tableDescriber, name string) (*types.TableDescription, error) {
	out, err := api.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &name})
	if err != nil {
		return nil, gone(err)
	}
	if out.Table == nil {
		return nil, kind.ErrGone
	}
	return out.Table, nil
}
