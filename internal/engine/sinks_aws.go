package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	sm "github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"cordon/internal/awsapi"
	"cordon/internal/permit"
)

var (
	secretSinkReads     = permit.SecretReads
	secretSinkWrites    = permit.SecretWrites
	parameterSinkReads  = permit.ParameterReads
	parameterSinkWrites = permit.ParameterWrites
)

// sinkTag marks what cordon made: another's secret is not written over.
const sinkTag = "cordon-case"

// A secretSink is a secret in Secrets Manager. Which key it has is told by a
// staging label, so that its value is never read.
type secretSink struct {
	name, case_ string
	read        aws.Config
	write       func(needs []string) aws.Config
}

func (k *secretSink) describe(ctx context.Context) (*secretsmanager.DescribeSecretOutput, error) {
	out, err := secretsmanager.NewFromConfig(k.read).DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: &k.name})
	switch {
	case awsapi.Classify(err) == awsapi.NotFound:
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("cannot look at the secret %s: %w", k.name, err)
	case out.DeletedDate != nil:
		return nil, fmt.Errorf("cannot use the secret %s: it is to be deleted", k.name)
	}
	ours := slices.ContainsFunc(out.Tags, func(t sm.Tag) bool { return aws.ToString(t.Key) == sinkTag })
	if !ours {
		return nil, fmt.Errorf("cannot use the secret %s: it is there already, and cordon did not make it", k.name)
	}
	return out, nil
}

// Has implements kind.Sink.
func (k *secretSink) Has(ctx context.Context, id string) (bool, error) {
	out, err := k.describe(ctx)
	if err != nil || out == nil {
		return false, err
	}
	for _, stages := range out.VersionIdsToStages {
		if slices.Contains(stages, id) {
			return true, nil
		}
	}
	return false, nil
}

// Put implements kind.Sink.
func (k *secretSink) Put(ctx context.Context, id string, secret []byte) error {
	body, err := storedForm(secret)
	if err != nil {
		return fmt.Errorf("cannot store %s: %w", id, err)
	}
	there, err := k.describe(ctx)
	if err != nil {
		return err
	}
	api := secretsmanager.NewFromConfig(k.write(slices.Concat(secretSinkReads, secretSinkWrites)))
	if there == nil {
		_, err := api.CreateSecret(ctx, &secretsmanager.CreateSecretInput{
			Name: &k.name, Description: aws.String("made by cordon"), Tags: []sm.Tag{{Key: aws.String(sinkTag), Value: &k.case_}},
		})
		if err != nil {
			return fmt.Errorf("cannot make the secret %s: %w", k.name, err)
		}
	}
	_, err = api.PutSecretValue(ctx, &secretsmanager.PutSecretValueInput{
		SecretId: &k.name, SecretString: &body, VersionStages: []string{"AWSCURRENT", id},
	})
	if err != nil {
		return fmt.Errorf("cannot store in the secret %s: %w", k.name, err)
	}
	return nil
}

// storedForm is what a program finds in a secret or a parameter.
func storedForm(secret []byte) (string, error) {
	m, err := handedOver(secret)
	if err != nil {
		return "", err
	}
	b, err := json.Marshal(map[string]string{"UserName": m.UserName, "AccessKeyId": m.AccessKeyId, "SecretAccessKey": m.SecretAccessKey})
	return string(b), err
}

// A parameterSink is a SecureString parameter. Which key it has stands in its
// description.
type parameterSink struct {
	name, case_ string
	read        aws.Config
	write       func(needs []string) aws.Config
}

const parameterMark = "made by cordon, case "

func (k *parameterSink) describe(ctx context.Context) (description string, there bool, err error) {
	in := &ssm.DescribeParametersInput{
		ParameterFilters: []ssmtypes.ParameterStringFilter{{Key: aws.String("Name"), Option: aws.String("Equals"), Values: []string{k.name}}},
	}
	for { // AWS may answer an empty page and go on with the next: only the last says that there is none
		out, err := ssm.NewFromConfig(k.read).DescribeParameters(ctx, in)
		if err != nil {
			return "", false, fmt.Errorf("cannot look at the parameter %s: %w", k.name, err)
		}
		for _, p := range out.Parameters {
			if aws.ToString(p.Name) != k.name {
				continue
			}
			if description = aws.ToString(p.Description); !strings.HasPrefix(description, parameterMark) {
				return "", true, fmt.Errorf("cannot use the parameter %s: it is there already, and cordon did not make it", k.name)
			}
			return description, true, nil
		}
		if aws.ToString(out.NextToken) == "" {
			return "", false, nil
		}
		in.NextToken = out.NextToken
	}
}

// Has implements kind.Sink.
func (k *parameterSink) Has(ctx context.Context, id string) (bool, error) {
	description, _, err := k.describe(ctx)
	return slices.Contains(strings.Fields(description), id), err
}

// Put implements kind.Sink.
func (k *parameterSink) Put(ctx context.Context, id string, secret []byte) error {
	body, err := storedForm(secret)
	if err != nil {
		return fmt.Errorf("cannot store %s: %w", id, err)
	}
	_, there, err := k.describe(ctx)
	if err != nil {
		return err
	}
	_, err = ssm.NewFromConfig(k.write(slices.Concat(parameterSinkReads, parameterSinkWrites))).PutParameter(ctx, &ssm.PutParameterInput{
		Name: &k.name, Value: &body, Type: ssmtypes.ParameterTypeSecureString, Overwrite: aws.Bool(there),
		Description: aws.String(parameterMark + k.case_ + " : " + id),
	})
	if err != nil {
		return errors.Join(fmt.Errorf("cannot store in the parameter %s: %w", k.name, err))
	}
	return nil
}
