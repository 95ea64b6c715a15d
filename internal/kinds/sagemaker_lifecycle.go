package kinds

import (
	"context"
	"encoding/base64"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type lifecycleReader interface {
	ListNotebookInstanceLifecycleConfigs(context.Context, *sagemaker.ListNotebookInstanceLifecycleConfigsInput, ...func(*sagemaker.Options)) (*sagemaker.ListNotebookInstanceLifecycleConfigsOutput, error)
	DescribeNotebookInstanceLifecycleConfig(context.Context, *sagemaker.DescribeNotebookInstanceLifecycleConfigInput, ...func(*sagemaker.Options)) (*sagemaker.DescribeNotebookInstanceLifecycleConfigOutput, error)
}

type lifecycleWriter interface {
	DeleteNotebookInstanceLifecycleConfig(context.Context, *sagemaker.DeleteNotebookInstanceLifecycleConfigInput, ...func(*sagemaker.Options)) (*sagemaker.DeleteNotebookInstanceLifecycleConfigOutput, error)
}

var lifecycleConfig = kind.Of(lifecycleSpec)

// A lifecycle configuration is a script that runs as root whenever a notebook
// instance is made or started: a way back in that looks like set-up.
var lifecycleSpec = kind.Spec[lifecycleReader, lifecycleWriter]{
	Name:   "sagemaker.lifecycle-config",
	Reader: func(c aws.Config) lifecycleReader { return sagemaker.NewFromConfig(c) },
	Writer: func(c aws.Config) lifecycleWriter { return sagemaker.NewFromConfig(c) },
	Needs:  []string{"sagemaker:ListNotebookInstanceLifecycleConfigs", "sagemaker:DescribeNotebookInstanceLifecycleConfig"},
	Cost:   kind.Cost{Fixed: 1, Page: 100},
	Covers: []string{"B4"},
	Named:  true,
	List:   listLifecycles,
	Keep:   keepLifecycle,
	Verbs: []kind.Verb[lifecycleReader, lifecycleWriter]{
		remove(kind.Verb[lifecycleReader, lifecycleWriter]{
			Name: "delete", Needs: []string{"sagemaker:DeleteNotebookInstanceLifecycleConfig"},
		}, func(ctx context.Context, api lifecycleReader, r fact.Resource) (any, error) {
			c, err := findLifecycle(ctx, api, r.ID)
			if err != nil {
				return nil, err
			}
			return uniquely(c.NotebookInstanceLifecycleConfigArn, c.CreationTime), nil
		}, func(ctx context.Context, api lifecycleWriter, j kind.Job) error {
			_, err := api.DeleteNotebookInstanceLifecycleConfig(ctx, &sagemaker.DeleteNotebookInstanceLifecycleConfigInput{NotebookInstanceLifecycleConfigName: &j.ID})
			return sagemakerGone(err)
		}),
	},
}

func listLifecycles(ctx context.Context, api lifecycleReader, at fact.Place, put func(fact.Resource)) error {
	for page, err := range pages(ctx, sagemaker.NewListNotebookInstanceLifecycleConfigsPaginator(api, &sagemaker.ListNotebookInstanceLifecycleConfigsInput{MaxResults: aws.Int32(100)})) {
		if err != nil {
			return fmt.Errorf("cannot list lifecycle configurations: %w", err)
		}
		for _, c := range page.NotebookInstanceLifecycleConfigs {
			r := named("sagemaker.lifecycle-config", at, c.NotebookInstanceLifecycleConfigName, c.NotebookInstanceLifecycleConfigArn, c.CreationTime)
			fact.Modified.Set(&r, aws.ToTime(c.LastModifiedTime).UTC())
			put(r)
		}
	}
	return nil
}

func findLifecycle(ctx context.Context, api lifecycleReader, name string) (*sagemaker.DescribeNotebookInstanceLifecycleConfigOutput, error) {
	out, err := api.DescribeNotebookInstanceLifecycleConfig(ctx, &sagemaker.DescribeNotebookInstanceLifecycleConfigInput{NotebookInstanceLifecycleConfigName: &name})
	return out, sagemakerGone(err)
}

// keepLifecycle keeps the scripts as text too: they are what was done.
func keepLifecycle(ctx context.Context, api lifecycleReader, r fact.Resource, put func(string, []byte) error) error {
	c, err := findLifecycle(ctx, api, r.ID)
	if err != nil {
		return err
	}
	if err := putJSON(put, "lifecycle-config.json", c); err != nil {
		return err
	}
	for _, hook := range []struct {
		name    string
		scripts []types.NotebookInstanceLifecycleHook
	}{{"on-create", c.OnCreate}, {"on-start", c.OnStart}} {
		for i, s := range hook.scripts {
			text, err := base64.StdEncoding.DecodeString(aws.ToString(s.Content))
			if err != nil || len(text) == 0 {
				continue // it stands in lifecycle-config.json as AWS gave it
			}
			if err := put(fmt.Sprintf("%s-%d.sh", hook.name, i+1), text); err != nil {
				return err
			}
		}
	}
	return nil
}
