package kinds

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

func tableCopies(ctx context.Context, api tableReader, r fact.Resource) ([]storeCopy, error) {
	return tableBackups(ctx, api, r)
}

// tableBackups knows cordon's backups by their names: backups have no tags. Those of
// a table that had the name before are of another one.
func tableBackups(ctx context.Context, api tableBackupLister, r fact.Resource) (all []storeCopy, err error) {
	t, err := findTable(ctx, api, r.ID)
	if err != nil {
		return nil, err
	}
	in := &dynamodb.ListBackupsInput{TableName: &r.ID, BackupType: types.BackupTypeFilterUser}
	for {
		page, err := api.ListBackups(ctx, in)
		if err != nil {
			return nil, fmt.Errorf("cannot list the backups of %s: %w", r.ID, gone(err))
		}
		for _, b := range page.BackupSummaries {
			name := aws.ToString(b.BackupName)
			if rest, ours := strings.CutPrefix(name, "cordon-"); ours && b.TableId != nil && *b.TableId == aws.ToString(t.TableId) && strings.LastIndexByte(rest, '-') > 0 {
				all = append(all, storeCopy{
					ID: aws.ToString(b.BackupArn), Case: strings.ToUpper(rest[:strings.LastIndexByte(rest, '-')]), Complete: b.BackupStatus == types.BackupStatusAvailable,
				})
			}
		}
		if page.LastEvaluatedBackupArn == nil {
			return all, nil
		}
		in.ExclusiveStartBackupArn = page.LastEvaluatedBackupArn
	}
}

// startTableBackup looks first: a backup's name is not unique.
func startTableBackup(ctx context.Context, api tableWriter, j kind.Job) error {
	all, err := tableBackups(ctx, api, j.Resource)
	if err != nil || slices.ContainsFunc(all, func(c storeCopy) bool { return c.Case == j.Case }) {
		return err
	}
	_, err = api.CreateBackup(ctx, &dynamodb.CreateBackupInput{TableName: &j.ID, BackupName: aws.String(storeCopyName(j))})
	return err
}

func dropTableBackup(ctx context.Context, api tableWriter, j kind.Job) error {
	all, err := tableBackups(ctx, api, j.Resource)
	for _, c := range all {
		if err == nil && c.Case == j.Case {
			_, err = api.DeleteBackup(ctx, &dynamodb.DeleteBackupInput{BackupArn: &c.ID})
		}
	}
	return err
}

func tableStands(ctx context.Context, api tableWriter, j kind.Job) error {
	t, err := findTable(ctx, api, j.ID)
	if err != nil {
		return err
	}
	return sameSource(j, string(t.TableStatus), t.CreationDateTime)
}

var tablePolicyNeeds = []string{"dynamodb:PutResourcePolicy", "dynamodb:DeleteResourcePolicy"}

// tablePolicy is "" for a table without a policy. DynamoDB says PolicyNotFound
// for that, and ResourceNotFound for a table that is gone.
func tablePolicy(ctx context.Context, api tableReader, r fact.Resource) (string, error) {
	out, err := api.GetResourcePolicy(ctx, &dynamodb.GetResourcePolicyInput{ResourceArn: &r.ARN})
	if storeAbsent(err, "PolicyNotFoundException") {
		return "", nil
	}
	if err != nil {
		return "", gone(err)
	}
	return aws.ToString(out.Policy), nil
}

func setTablePolicy(ctx context.Context, api tableWriter, j kind.Job, doc string) (err error) {
	if doc == "" {
		_, err = api.DeleteResourcePolicy(ctx, &dynamodb.DeleteResourcePolicyInput{ResourceArn: &j.ARN})
		return storeThere(err, "PolicyNotFoundException")
	}
	_, err = api.PutResourcePolicy(ctx, &dynamodb.PutResourcePolicyInput{ResourceArn: &j.ARN, Policy: &doc})
	return err
}

// recallTablePolicy knows that a policy may also be on a stream or an index:
// such a record says nothing about the table's.
func recallTablePolicy(call string, request, _ json.RawMessage) (string, bool) {
	var q struct{ ResourceARN, Policy string }
	if json.Unmarshal(request, &q) != nil || q.ResourceARN == "" || strings.Contains(q.ResourceARN, "/stream/") || strings.Contains(q.ResourceARN, "/index/") {
		return "", false
	}
	return q.Policy, (call == "DeleteResourcePolicy") == (q.Policy == "")
}

// tableRecovery says whether the table can be put back to any moment: "on" or "off".
func tableRecovery(ctx context.Context, api tableReader, r fact.Resource) (string, error) {
	out, err := api.DescribeContinuousBackups(ctx, &dynamodb.DescribeContinuousBackupsInput{TableName: &r.ID})
	if err != nil {
		return "", gone(err)
	}
	if c := out.ContinuousBackupsDescription; c != nil && c.PointInTimeRecoveryDescription != nil &&
		c.PointInTimeRecoveryDescription.PointInTimeRecoveryStatus == types.PointInTimeRecoveryStatusEnabled {
		return "on", nil
	}
	return "off", nil
}

func setTableRecovery(ctx context.Context, api tableWriter, j kind.Job, value string) error {
	_, err := api.UpdateContinuousBackups(ctx, &dynamodb.UpdateContinuousBackupsInput{
		TableName: &j.ID, PointInTimeRecoverySpecification: &types.PointInTimeRecoverySpecification{PointInTimeRecoveryEnabled: aws.Bool(value == "on")},
	})
	return err
}

func recallRecovery(_ string, request, _ json.RawMessage) (string, bool) {
	var q struct {
		PointInTimeRecoverySpecification struct{ PointInTimeRecoveryEnabled *bool }
	}
	if json.Unmarshal(request, &q) != nil || q.PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled == nil {
		return "", false
	}
	if *q.PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled {
		return "on", true
	}
	return "off", true
}

func keepTable(ctx context.Context, api tableReader, r fact.Resource, put func(string, []byte) error) error {
	t, err := findTable(ctx, api, r.ID)
	if err != nil {
		return err
	}
	if err := putJSON(put, "table.json", t); err != nil {
		return err
	}
	doc, err := tablePolicy(ctx, api, r)
	if err != nil || doc == "" {
		return err
	}
	return put("policy.json", []byte(doc))
}
