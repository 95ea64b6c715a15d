package kinds

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	backuptypes "github.com/aws/aws-sdk-go-v2/service/backup/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/rbin"
	rbintypes "github.com/aws/aws-sdk-go-v2/service/rbin/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	smtypes "github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
	"cordon/internal/kind/kindtest"
	"cordon/internal/lab"
)

// openPolicy lets the account itself and a stranger in.
func openPolicy(action string) string {
	return `{"Version":"2012-10-17","Statement":[` +
		`{"Sid":"ours","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::` + kindtest.Account + `:root"},"Action":"` + action + `","Resource":"*"},` +
		`{"Sid":"theirs","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::` + stranger + `:root"},"Action":"` + action + `","Resource":"*"}]}`
}

func homePolicy(action string) string {
	return `{"Version":"2012-10-17","Statement":[{"Sid":"ours","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::` +
		kindtest.Account + `:root"},"Action":"` + action + `","Resource":"*"}]}`
}

// always says the same of every resource that a verb restores.
func always(value string) func(*testing.T, kindtest.World, string) string {
	return func(*testing.T, kindtest.World, string) string { return value }
}

func kmsOf(w kindtest.World) *kms.Client { return kms.NewFromConfig(w.Config(here)) }

func makeKMSKey(t *testing.T, w kindtest.World) string {
	t.Helper()
	out := must[*kms.CreateKeyOutput](t)(kmsOf(w).CreateKey(t.Context(), &kms.CreateKeyInput{
		Description: aws.String("data"), Policy: aws.String(openPolicy("kms:*")),
		Tags: []kmstypes.Tag{{TagKey: aws.String("team"), TagValue: aws.String("data")}},
	}))
	id := aws.ToString(out.KeyMetadata.KeyId)
	must[*kms.CreateAliasOutput](t)(kmsOf(w).CreateAlias(t.Context(), &kms.CreateAliasInput{AliasName: aws.String("alias/data"), TargetKeyId: &id}))
	return id
}

func makePendingKMSKey(t *testing.T, w kindtest.World) string {
	t.Helper()
	id := makeKMSKey(t, w)
	must[*kms.ScheduleKeyDeletionOutput](t)(kmsOf(w).ScheduleKeyDeletion(t.Context(), &kms.ScheduleKeyDeletionInput{KeyId: &id}))
	return id
}

func TestKMSKey(t *testing.T) {
	kindtest.Run(t, kindtest.Case[kmsKeyReader, kmsKeyWriter]{
		Spec: kmsKeySpec, Region: here, Setup: makeKMSKey,
		Verbs:  map[string]func(*testing.T, kindtest.World) string{"cancel-deletion": makePendingKMSKey},
		Before: map[string]func(*testing.T, kindtest.World, string) string{"cancel-deletion": always("Enabled"), "restore-policy": always(homePolicy("kms:*"))},
	})
}

func TestKMSKeyFacts(t *testing.T) {
	w := kindtest.NewWorld(t)
	id := makePendingKMSKey(t, w)
	must[*kms.CreateGrantOutput](t)(kmsOf(w).CreateGrant(t.Context(), &kms.CreateGrantInput{
		KeyId: &id, GranteePrincipal: aws.String("arn:aws:iam::" + stranger + ":role/theirs"), Operations: []kmstypes.GrantOperation{kmstypes.GrantOperationDecrypt},
	}))
	r := listed(t, w, kmsKey, id)
	wantSharing(t, r, false, "arn:aws:iam::"+stranger+":root")
	if on, known := fact.DeletedOn.Get(r); !known || on.Before(r.Created) || fact.Status.Or(r, "") != "PendingDeletion" {
		t.Errorf("deletion: %v %v, %s", on, known, fact.Status.Or(r, ""))
	}
	if got := fact.ForeignGrants.Or(r, nil); !slices.Equal(got, []string{"arn:aws:iam::" + stranger + ":role/theirs"}) {
		t.Errorf("foreign grants %v", got)
	}
	if fact.Name.Or(r, "") != "data" || fact.Aspects.Or(r, nil)["state"] != "PendingDeletion" || r.Created.IsZero() {
		t.Errorf("%s", r.Facts)
	}
}

// An intruder's policy shuts the owner out of one key: it is seen, with what
// it hides unsaid. When all refuse, the listing does.
func TestKMSKeyThatLocksOut(t *testing.T) {
	w := kindtest.NewWorld(t)
	makeKMSKey(t, w)
	deny := func(match map[string]string) {
		t.Helper()
		if err := w.Lab.AddFault(t.Context(), lab.Fault{Match: match, Code: "AccessDeniedException", Status: 400}); err != nil {
			t.Fatal(err)
		}
	}
	deny(map[string]string{"service": "kms", "op": "GetKeyPolicy"})
	err := kmsKey.List(t.Context(), w.Config(here), fact.Place{Account: kindtest.Account, Region: here}, func(fact.Resource) {})
	if err == nil || !strings.Contains(err.Error(), "cannot list keys") {
		t.Errorf("all keys refuse, and the listing says %v", err)
	}
	if err := w.Lab.ClearFaults(t.Context()); err != nil {
		t.Fatal(err)
	}
	must[*kms.CreateKeyOutput](t)(kmsOf(w).CreateKey(t.Context(), &kms.CreateKeyInput{}))
	if err := w.Lab.AddFault(t.Context(), lab.Fault{
		Match: map[string]string{"service": "kms", "op": "GetKeyPolicy"}, Code: "AccessDeniedException", Status: 400, Times: 1,
	}); err != nil {
		t.Fatal(err)
	}
	all, unsaid := 0, 0
	err = kmsKey.List(t.Context(), w.Config(here), fact.Place{Account: kindtest.Account, Region: here}, func(r fact.Resource) {
		all++
		if _, known := fact.SharedWith.Get(r); !known {
			unsaid++
		}
	})
	if err != nil || all != 2 || unsaid != 1 {
		t.Errorf("%d keys, %d of them without what was refused, %v", all, unsaid, err)
	}
}

func makeKMSGrant(t *testing.T, w kindtest.World) string {
	t.Helper()
	id := makeKMSKey(t, w)
	out := must[*kms.CreateGrantOutput](t)(kmsOf(w).CreateGrant(t.Context(), &kms.CreateGrantInput{
		KeyId: &id, GranteePrincipal: aws.String("arn:aws:iam::" + stranger + ":root"), Operations: []kmstypes.GrantOperation{kmstypes.GrantOperationDecrypt},
	}))
	return aws.ToString(out.GrantId)
}

func TestKMSGrant(t *testing.T) {
	kindtest.Run(t, kindtest.Case[kmsGrantReader, kmsGrantWriter]{Spec: kmsGrantSpec, Region: here, Setup: makeKMSGrant})
	w := kindtest.NewWorld(t)
	r := listed(t, w, kmsGrant, makeKMSGrant(t, w))
	if with := fact.SharedWith.Or(r, nil); !slices.Equal(with, []string{"arn:aws:iam::" + stranger + ":root"}) || fact.AttachedTo.Or(r, "") == "" {
		t.Errorf("%s", r.Facts)
	}
}

func makeSecret(t *testing.T, w kindtest.World) string {
	t.Helper()
	api := secretsmanager.NewFromConfig(w.Config(here))
	must[*secretsmanager.CreateSecretOutput](t)(api.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{
		Name: aws.String("db/password"), SecretString: aws.String("hunter2"), Description: aws.String("of the shop"),
	}))
	must[*secretsmanager.PutResourcePolicyOutput](t)(api.PutResourcePolicy(t.Context(), &secretsmanager.PutResourcePolicyInput{
		SecretId: aws.String("db/password"), ResourcePolicy: aws.String(openPolicy("secretsmanager:GetSecretValue")),
	}))
	return "db/password"
}

func makeDeletedSecret(t *testing.T, w kindtest.World) string {
	t.Helper()
	id := makeSecret(t, w)
	must[*secretsmanager.DeleteSecretOutput](t)(secretsmanager.NewFromConfig(w.Config(here)).DeleteSecret(t.Context(), &secretsmanager.DeleteSecretInput{SecretId: &id}))
	return id
}

func TestSecret(t *testing.T) {
	kindtest.Run(t, kindtest.Case[secretReader, secretWriter]{
		Spec: secretSpec, Region: here, Setup: makeSecret,
		Verbs:  map[string]func(*testing.T, kindtest.World) string{"restore-secret": makeDeletedSecret},
		Before: map[string]func(*testing.T, kindtest.World, string) string{"restore-secret": always("Active"), "restore-policy": always("")},
	})
}

func TestSecretFacts(t *testing.T) {
	w := kindtest.NewWorld(t)
	id := makeSecret(t, w)
	api := secretsmanager.NewFromConfig(w.Config(here))
	must[*secretsmanager.ReplicateSecretToRegionsOutput](t)(api.ReplicateSecretToRegions(t.Context(), &secretsmanager.ReplicateSecretToRegionsInput{
		SecretId: &id, AddReplicaRegions: []smtypes.ReplicaRegionType{{Region: aws.String("us-west-2")}},
	}))
	must[*secretsmanager.GetSecretValueOutput](t)(api.GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: &id}))
	r := listed(t, w, secret, id)
	wantSharing(t, r, false, "arn:aws:iam::"+stranger+":root")
	if !slices.Equal(fact.Replicas.Or(r, nil), []string{"us-west-2"}) || fact.LastUsed.Or(r, r.Created).Equal(r.Created) || r.UniqueID != r.ARN {
		t.Errorf("%s", r.Facts)
	}
	kept := map[string]string{}
	if err := secret.Keep(t.Context(), w.Config(here), r, func(n string, b []byte) error { kept[n] = string(b); return nil }); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(kept["policy.json"], stranger) || strings.Contains(kept["secret.json"], "hunter2") {
		t.Errorf("kept %v", kept)
	}
}

func makeVault(t *testing.T, w kindtest.World) string {
	t.Helper()
	api, name := backup.NewFromConfig(w.Config(here)), aws.String("vault")
	must[*backup.CreateBackupVaultOutput](t)(api.CreateBackupVault(t.Context(), &backup.CreateBackupVaultInput{BackupVaultName: name}))
	must[*backup.PutBackupVaultAccessPolicyOutput](t)(api.PutBackupVaultAccessPolicy(t.Context(), &backup.PutBackupVaultAccessPolicyInput{
		BackupVaultName: name, Policy: aws.String(openPolicy("backup:CopyIntoBackupVault")),
	}))
	return *name
}

func TestBackupVault(t *testing.T) {
	kindtest.Run(t, kindtest.Case[vaultReader, vaultWriter]{
		Spec: backupVaultSpec, Region: here, Setup: makeVault,
		Before: map[string]func(*testing.T, kindtest.World, string) string{"restore-policy": always("")},
	})
	w := kindtest.NewWorld(t)
	id := makeVault(t, w)
	must[*backup.PutBackupVaultLockConfigurationOutput](t)(backup.NewFromConfig(w.Config(here)).PutBackupVaultLockConfiguration(t.Context(), &backup.PutBackupVaultLockConfigurationInput{
		BackupVaultName: &id, MinRetentionDays: aws.Int64(7), MaxRetentionDays: aws.Int64(30),
	}))
	r := listed(t, w, backupVault, id)
	wantSharing(t, r, false, "arn:aws:iam::"+stranger+":root")
	if !slices.Equal(fact.Protections.Or(r, nil), []string{"vault-lock"}) {
		t.Errorf("%s", r.Facts)
	}
}

func makeBackupPlan(t *testing.T, w kindtest.World) string {
	t.Helper()
	api := backup.NewFromConfig(w.Config(here))
	makeVault(t, w)
	out := must[*backup.CreateBackupPlanOutput](t)(api.CreateBackupPlan(t.Context(), &backup.CreateBackupPlanInput{BackupPlan: &backuptypes.BackupPlanInput{
		BackupPlanName: aws.String("daily"), Rules: []backuptypes.BackupRuleInput{{RuleName: aws.String("all"), TargetBackupVaultName: aws.String("vault")}},
	}}))
	must[*backup.CreateBackupSelectionOutput](t)(api.CreateBackupSelection(t.Context(), &backup.CreateBackupSelectionInput{
		BackupPlanId:    out.BackupPlanId,
		BackupSelection: &backuptypes.BackupSelection{SelectionName: aws.String("disks"), IamRoleArn: aws.String("arn:aws:iam::" + kindtest.Account + ":role/backup")},
	}))
	return aws.ToString(out.BackupPlanId)
}

func TestBackupPlan(t *testing.T) {
	kindtest.Run(t, kindtest.Case[backupPlanReader, backupPlanWriter]{Spec: backupPlanSpec, Region: here, Setup: makeBackupPlan})
}

func makeBinRule(t *testing.T, w kindtest.World) string {
	t.Helper()
	out := must[*rbin.CreateRuleOutput](t)(rbin.NewFromConfig(w.Config(here)).CreateRule(t.Context(), &rbin.CreateRuleInput{
		ResourceType: rbintypes.ResourceTypeEbsSnapshot, Description: aws.String("all snapshots"),
		RetentionPeriod: &rbintypes.RetentionPeriod{RetentionPeriodValue: aws.Int32(1), RetentionPeriodUnit: rbintypes.RetentionPeriodUnitDays},
	}))
	return aws.ToString(out.Identifier)
}

func TestBinRule(t *testing.T) {
	kindtest.Run(t, kindtest.Case[binRuleReader, binRuleWriter]{
		Spec: binRuleSpec, Region: here, Setup: makeBinRule,
		Before: map[string]func(*testing.T, kindtest.World, string) string{"restore-bin-rule": always("14 DAYS")},
	})
	w := kindtest.NewWorld(t)
	r := listed(t, w, binRule, makeBinRule(t, w))
	if fact.Detail.Or(r, "") != "EBS_SNAPSHOT 1 DAYS" || len(fact.Protections.Or(r, []string{"?"})) != 0 {
		t.Errorf("%s", r.Facts)
	}
}

func logsOf(w kindtest.World) *cloudwatchlogs.Client {
	return cloudwatchlogs.NewFromConfig(w.Config(here))
}

func makeLogGroup(t *testing.T, w kindtest.World) string {
	t.Helper()
	api, name := logsOf(w), aws.String("/app/web")
	must[*cloudwatchlogs.CreateLogGroupOutput](t)(api.CreateLogGroup(t.Context(), &cloudwatchlogs.CreateLogGroupInput{LogGroupName: name}))
	must[*cloudwatchlogs.PutRetentionPolicyOutput](t)(api.PutRetentionPolicy(t.Context(), &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: name, RetentionInDays: aws.Int32(1)}))
	must[*cloudwatchlogs.PutSubscriptionFilterOutput](t)(api.PutSubscriptionFilter(t.Context(), &cloudwatchlogs.PutSubscriptionFilterInput{
		LogGroupName: name, FilterName: aws.String("out"), FilterPattern: aws.String("ERROR"),
		DestinationArn: aws.String("arn:aws:logs:" + here + ":" + stranger + ":destination:sink"),
	}))
	return *name
}

func makeProtectedLogGroup(t *testing.T, w kindtest.World) string {
	t.Helper()
	id := makeLogGroup(t, w)
	must[*cloudwatchlogs.PutLogGroupDeletionProtectionOutput](t)(logsOf(w).PutLogGroupDeletionProtection(t.Context(), &cloudwatchlogs.PutLogGroupDeletionProtectionInput{
		LogGroupIdentifier: &id, DeletionProtectionEnabled: aws.Bool(true),
	}))
	return id
}

func TestLogGroup(t *testing.T) {
	kindtest.Run(t, kindtest.Case[logGroupReader, logGroupWriter]{
		Spec: logGroupSpec, Region: here, Setup: makeLogGroup,
		Verbs:  map[string]func(*testing.T, kindtest.World) string{"unprotect": makeProtectedLogGroup},
		Before: map[string]func(*testing.T, kindtest.World, string) string{"restore-retention": always("365")},
	})
}

func TestLogGroupFacts(t *testing.T) {
	w := kindtest.NewWorld(t)
	r := listed(t, w, logGroup, makeProtectedLogGroup(t, w))
	if !slices.Equal(fact.Protections.Or(r, nil), []string{"deletion"}) || fact.Aspects.Or(r, nil)["retention"] != "1" || r.Created.IsZero() {
		t.Errorf("%s", r.Facts)
	}
	if to := fact.Destinations.Or(r, nil); !slices.Equal(to, []string{"arn:aws:logs:" + here + ":" + stranger + ":destination:sink"}) {
		t.Errorf("foreign destinations %v", to)
	}
	fact.Vouched.Set(&r, []string{stranger})
	if left, err := foreignSubscriptions(t.Context(), logClient{logsOf(w)}, r); err != nil || len(left) != 0 {
		t.Errorf("a vouched destination is taken away: %v, %v", left, err)
	}
}

// What a recorded call set is put back only where the record tells it.
func TestRecall(t *testing.T) {
	for _, c := range []struct {
		k          kind.Kind
		verb, call string
		request    string
		value      string
		ok         bool
	}{
		{kmsKey, "restore-policy", "PutKeyPolicy", `{"keyId":"k","policy":"{}"}`, "{}", true},
		{kmsKey, "restore-policy", "PutKeyPolicy", `{"keyId":"k"}`, "", false},
		{kmsKey, "cancel-deletion", "DisableKey", `{}`, "Disabled", true},
		{secret, "restore-policy", "DeleteResourcePolicy", `{}`, "", true},
		{logGroup, "restore-retention", "PutRetentionPolicy", `{"logGroupName":"g","retentionInDays":30}`, "30", true},
		{logGroup, "restore-retention", "DeleteRetentionPolicy", `{"logGroupName":"g"}`, "", true},
		{binRule, "restore-bin-rule", "UpdateRule", `{"retentionPeriod":{"retentionPeriodValue":14,"retentionPeriodUnit":"DAYS"}}`, "14 DAYS", true},
		{binRule, "restore-bin-rule", "UpdateRule", `{"description":"x"}`, "", false},
		{deliveryChannel, "restore-delivery", "PutDeliveryChannel", `{"deliveryChannel":{"name":"default","s3BucketName":"logs"}}`,
			`{"ConfigSnapshotDeliveryProperties":null,"Name":null,"S3BucketName":"logs","S3KeyPrefix":null,"S3KmsKeyArn":null,"SnsTopicARN":null}`, true},
	} {
		v, ok := c.k.Verb(c.verb)
		if !ok || v.Recall == nil {
			t.Errorf("%s has no %s that recalls", c.k.Name(), c.verb)
			continue
		}
		if value, ok := v.Recall(c.call, []byte(c.request), nil); value != c.value || ok != c.ok {
			t.Errorf("%s %s of %s: %q, %v", c.k.Name(), c.call, c.request, value, ok)
		}
	}
}
