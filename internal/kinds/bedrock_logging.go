package kinds

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/bedrock"
	"github.com/aws/aws-sdk-go-v2/service/bedrock/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type modelLoggingReader interface {
	GetModelInvocationLoggingConfiguration(context.Context, *bedrock.GetModelInvocationLoggingConfigurationInput, ...func(*bedrock.Options)) (*bedrock.GetModelInvocationLoggingConfigurationOutput, error)
}

type modelLoggingWriter interface {
	PutModelInvocationLoggingConfiguration(context.Context, *bedrock.PutModelInvocationLoggingConfigurationInput, ...func(*bedrock.Options)) (*bedrock.PutModelInvocationLoggingConfigurationOutput, error)
	DeleteModelInvocationLoggingConfiguration(context.Context, *bedrock.DeleteModelInvocationLoggingConfigurationInput, ...func(*bedrock.Options)) (*bedrock.DeleteModelInvocationLoggingConfigurationOutput, error)
}

// loggingAspect is the whole configuration as JSON, "" for none.
const loggingAspect = "logging-configuration"

var modelLogging = kind.Of(modelLoggingSpec)

// Each region has one setting that says whether what models were asked is
// written down, and where. Who uses stolen credentials on models reads it
// first, and takes it away.
var modelLoggingSpec = kind.Spec[modelLoggingReader, modelLoggingWriter]{
	Name:   "bedrock.logging",
	Reader: func(c aws.Config) modelLoggingReader { return bedrock.NewFromConfig(c) },
	Writer: func(c aws.Config) modelLoggingWriter { return bedrock.NewFromConfig(c) },
	Needs:  []string{"bedrock:GetModelInvocationLoggingConfiguration"},
	Cost:   kind.Cost{Fixed: 1},
	Covers: []string{"D3", "B8"},
	List:   listModelLogging,
	Keep: kept("model-invocation-logging.json", func(ctx context.Context, api modelLoggingReader, r fact.Resource) (*types.LoggingConfig, error) {
		return loggingConfig(ctx, api)
	}),
	Verbs: []kind.Verb[modelLoggingReader, modelLoggingWriter]{
		restore(kind.Verb[modelLoggingReader, modelLoggingWriter]{
			Name: "restore-model-logging", Class: kind.Reversible, Of: loggingAspect,
			Needs: []string{
				"bedrock:PutModelInvocationLoggingConfiguration", "bedrock:DeleteModelInvocationLoggingConfiguration",
				"=iam:PassRole", // the role that writes to CloudWatch Logs
			},
			Mends:  []string{"PutModelInvocationLoggingConfiguration", "DeleteModelInvocationLoggingConfiguration"},
			Recall: recallModelLogging,
		}, func(ctx context.Context, api modelLoggingReader, _ fact.Resource) (string, error) {
			c, err := loggingConfig(ctx, api)
			if err != nil {
				return "", err
			}
			return loggingText(c)
		}, setModelLogging),
	},
}

func listModelLogging(ctx context.Context, api modelLoggingReader, at fact.Place, put func(fact.Resource)) error {
	c, err := loggingConfig(ctx, api)
	if err != nil {
		return fmt.Errorf("cannot read the logging of model invocations: %w", err)
	}
	text, err := loggingText(c)
	if err != nil {
		return err
	}
	r := fact.Resource{Ref: fact.Ref{Kind: "bedrock.logging", Place: at, ID: "model-invocations"}}
	fact.Logging.Set(&r, c != nil)
	if c != nil && c.S3Config != nil {
		fact.Bucket.Set(&r, aws.ToString(c.S3Config.BucketName))
	}
	setAspect(&r, loggingAspect, text)
	put(r)
	return nil
}

func loggingConfig(ctx context.Context, api modelLoggingReader) (*types.LoggingConfig, error) {
	out, err := api.GetModelInvocationLoggingConfiguration(ctx, &bedrock.GetModelInvocationLoggingConfigurationInput{})
	if err != nil {
		return nil, err
	}
	return out.LoggingConfig, nil
}

func loggingText(c *types.LoggingConfig) (string, error) {
	if c == nil {
		return "", nil
	}
	b, err := json.Marshal(c)
	if err != nil {
		return "", fmt.Errorf("cannot encode the logging configuration: %w", err)
	}
	return string(b), nil
}

func setModelLogging(ctx context.Context, api modelLoggingWriter, _ kind.Job, text string) error {
	if text == "" {
		_, err := api.DeleteModelInvocationLoggingConfiguration(ctx, &bedrock.DeleteModelInvocationLoggingConfigurationInput{})
		return err
	}
	var c types.LoggingConfig
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		return fmt.Errorf("cannot read the logging configuration to put back: %w", err)
	}
	_, err := api.PutModelInvocationLoggingConfiguration(ctx, &bedrock.PutModelInvocationLoggingConfigurationInput{LoggingConfig: &c})
	return err
}

// recallModelLogging reads a record's own spelling, which differs from the
// SDK's only in the case of the first letters.
func recallModelLogging(call string, request, _ json.RawMessage) (string, bool) {
	if call == "DeleteModelInvocationLoggingConfiguration" {
		return "", true
	}
	var q struct {
		LoggingConfig *types.LoggingConfig `json:"loggingConfig"`
	}
	if json.Unmarshal(request, &q) != nil || q.LoggingConfig == nil {
		return "", false
	}
	text, err := loggingText(q.LoggingConfig)
	return text, err == nil
}
