package kinds

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"cordon/internal/awsapi"
	"cordon/internal/fact"
	"cordon/internal/kind"
)

// kmsKeyState is the key's state, without the day on which it is to be deleted.
func kmsKeyState(ctx context.Context, api kmsKeyReader, r fact.Resource) (string, error) {
	k, err := findKMSKey(ctx, api, r.ID)
	if err != nil {
		return "", err
	}
	return string(k.KeyState), nil
}

func kmsKeyEnabled(ctx context.Context, api kmsKeyReader, r fact.Resource) (bool, error) {
	k, err := findKMSKey(ctx, api, r.ID)
	return err == nil && k.Enabled, err
}

func switchKMSKey(ctx context.Context, api kmsKeyWriter, j kind.Job, on bool) error {
	if on {
		_, err := api.EnableKey(ctx, &kms.EnableKeyInput{KeyId: &j.ID})
		return err
	}
	_, err := api.DisableKey(ctx, &kms.DisableKeyInput{KeyId: &j.ID})
	return err
}

// setKMSKeyState brings a key to a state. One that comes back from deletion is
// disabled. Where a deletion is put back, AWS's longest wait begins anew.
func setKMSKeyState(ctx context.Context, api kmsKeyWriter, j kind.Job, state string) error {
	if state == "PendingDeletion" {
		return scheduleKMSKey(ctx, api, j.ID, 30)
	}
	if state != "Enabled" && state != "Disabled" {
		return fmt.Errorf("cannot bring key %s to the state %q", j.ID, state)
	}
	_, err := api.CancelKeyDeletion(ctx, &kms.CancelKeyDeletionInput{KeyId: &j.ID})
	if err != nil && !wrongKMSState(err, "not pending deletion") {
		return err
	}
	return switchKMSKey(ctx, api, j, state == "Enabled")
}

func scheduleKMSKey(ctx context.Context, api kmsKeyWriter, id string, days int32) error {
	_, err := api.ScheduleKeyDeletion(ctx, &kms.ScheduleKeyDeletionInput{KeyId: &id, PendingWindowInDays: aws.Int32(days)})
	if wrongKMSState(err, "is pending deletion") {
		return nil // it was scheduled before
	}
	return err
}

// wrongKMSState says whether KMS refused a call because of the key's state,
// with these words.
func wrongKMSState(err error, words string) bool {
	return awsapi.Code(err) == "KMSInvalidStateException" && strings.Contains(err.Error(), words)
}

func kmsKeyPolicy(ctx context.Context, api kmsKeyReader, r fact.Resource) (string, error) {
	out, err := api.GetKeyPolicy(ctx, &kms.GetKeyPolicyInput{KeyId: &r.ID, PolicyName: aws.String("default")})
	if err != nil {
		return "", gone(err)
	}
	return aws.ToString(out.Policy), nil
}

// setKMSKeyPolicy writes a policy. A key has always one: where nothing is to
// be left it gets AWS's own default, by which the account rules it.
func setKMSKeyPolicy(ctx context.Context, api kmsKeyWriter, j kind.Job, body string) error {
	if body == "" {
		body = `{"Version":"2012-10-17","Id":"key-default-1","Statement":[{"Sid":"Enable IAM User Permissions","Effect":"Allow","Principal":{"AWS":"arn:` +
			partition(j.Region) + `:iam::` + j.Account + `:root"},"Action":"kms:*","Resource":"*"}]}`
	}
	_, err := api.PutKeyPolicy(ctx, &kms.PutKeyPolicyInput{KeyId: &j.ID, PolicyName: aws.String("default"), Policy: &body})
	return err
}
