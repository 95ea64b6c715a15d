package lineage

import (
	"fmt"
	"strings"
	"testing"
)

// TestMadeOfStorage: the calls about storage, databases and what watches name
// their resources as the kinds do.
func TestMadeOfStorage(t *testing.T) {
	store := "arn:aws:cloudtrail:us-east-1:" + own + ":eventdatastore/1"
	for name, c := range map[string]struct {
		call, q, r, want string // change kind region id, and ! where it grants
	}{
		"bucket":             {"s3:CreateBucket", `{"bucketName":"b"}`, "", "created s3.bucket us-east-1 b"},
		"bucket elsewhere":   {"s3:CreateBucket", `{"bucketName":"b","CreateBucketConfiguration":{"LocationConstraint":"eu-central-1"}}`, "", "created s3.bucket eu-central-1 b"},
		"bucket of old":      {"s3:CreateBucket", `{"bucketName":"b","CreateBucketConfiguration":{"LocationConstraint":"EU"}}`, "", "created s3.bucket eu-west-1 b"},
		"policy":             {"s3:PutBucketPolicy", `{"bucketName":"b","bucketPolicy":{}}`, "", "shared s3.bucket us-east-1 b !"},
		"lifecycle":          {"s3:PutBucketLifecycle", `{"bucketName":"b"}`, "", "changed s3.bucket us-east-1 b"},
		"account":            {"s3:DeleteAccountPublicAccessBlock", `{"accountId":"` + own + `"}`, "", "shared s3.account global " + own + " !"},
		"database":           {"rds:CreateDBInstance", `{"dBInstanceIdentifier":"Orders"}`, `{"dBInstanceIdentifier":"orders"}`, "created rds.instance us-east-1 orders"},
		"database in small":  {"rds:DeleteDBInstance", `{"dBInstanceIdentifier":"Orders"}`, "", "deleted rds.instance us-east-1 orders"},
		"snapshot shared":    {"rds:ModifyDBSnapshotAttribute", `{"dBSnapshotIdentifier":"s","attributeName":"restore","valuesToAdd":["` + other + `"]}`, "", "shared rds.snapshot us-east-1 s"},
		"snapshot taken":     {"rds:ModifyDBSnapshotAttribute", `{"dBSnapshotIdentifier":"s","attributeName":"restore","valuesToRemove":["` + other + `"]}`, "", "changed rds.snapshot us-east-1 s"},
		"export":             {"rds:StartExportTask", `{"exportTaskIdentifier":"x"}`, "", "created rds.export-task us-east-1 x"},
		"table":              {"dynamodb:CreateTable", `{"tableName":"t"}`, "", "created dynamodb.table us-east-1 t"},
		"table by arn":       {"dynamodb:DeleteTable", `{"tableName":"arn:aws:dynamodb:us-east-1:1:table/t"}`, "", "deleted dynamodb.table us-east-1 t"},
		"stream's policy":    {"dynamodb:PutResourcePolicy", `{"resourceArn":"arn:aws:dynamodb:us-east-1:1:table/t/stream/x"}`, "", "shared dynamodb.table us-east-1 t !"},
		"file system":        {"elasticfilesystem:PutFileSystemPolicy", `{"fileSystemId":"fs-1"}`, "", "shared efs.file-system us-east-1 fs-1 !"},
		"warehouse":          {"redshift:ModifyCluster", `{"clusterIdentifier":"DWH","publiclyAccessible":true}`, "", "changed redshift.cluster us-east-1 dwh"},
		"domain":             {"es:UpdateDomainConfig", `{"domainName":"logs"}`, "", "changed opensearch.domain us-east-1 logs !"},
		"store":              {"cloudtrail:DeleteEventDataStore", `{"eventDataStore":"` + store + `"}`, "", "deleted cloudtrail.event-data-store us-east-1 " + store},
		"filter":             {"guardduty:DeleteFilter", `{"detectorId":"d","filterName":"quiet"}`, "", "deleted guardduty.filter us-east-1 quiet"},
		"filter of detector": {"guardduty:CreateFilter", `{"detectorId":"d","name":"quiet"}`, `{"name":"quiet"}`, "changed guardduty.detector us-east-1 d|created guardduty.filter us-east-1 quiet"},
		"rule that hides":    {"access-analyzer:CreateArchiveRule", `{"analyzerName":"a","ruleName":"quiet"}`, "", "created accessanalyzer.archive-rule us-east-1 a/quiet"},
		"hub":                {"securityhub:DisableSecurityHub", "", "", "deleted securityhub.hub us-east-1 default"},
		"rules at once":      {"access-analyzer:CreateAnalyzer", `{"analyzerName":"a","archiveRules":[{"ruleName":"x"},{"ruleName":"y"}]}`, "", "created accessanalyzer.analyzer us-east-1 a|created accessanalyzer.archive-rule us-east-1 a/x|created accessanalyzer.archive-rule us-east-1 a/y"},
		"parameter":          {"ssm:PutParameter", `{"name":"p"}`, `{"version":1,"tier":"Standard"}`, "created ssm.parameter us-east-1 p"},
		"parameter again":    {"ssm:PutParameter", `{"name":"p"}`, `{"version":2,"tier":"Standard"}`, "changed ssm.parameter us-east-1 p"},
		"second line names":  {"kms:CreateGrant", `{"keyId":"k"}`, "", "shared kms.key us-east-1 k !"},
		"no line names":      {"kms:CreateGrant", `{}`, "", "created kms.grant us-east-1  !"},
		"trusted list":       {"guardduty:CreateIPSet", `{"detectorId":"d"}`, `{"ipSetId":"i"}`, "changed guardduty.detector us-east-1 d|created guardduty.ip-set us-east-1 i"},
	} {
		e := story{who: "user ann AKIA1", call: c.call, q: c.q, r: c.r}.parse(t)
		var got []string
		for _, d := range Made(e) {
			s := fmt.Sprintf("%s %s %s %s", d.Change, d.Ref.Kind, d.Ref.Region, d.Ref.ID)
			if d.Grants {
				s += " !"
			}
			got = append(got, s)
		}
		if strings.Join(got, "|") != c.want {
			t.Errorf("%s:\n%q, want\n%q", name, strings.Join(got, "|"), c.want)
		}
	}
}
