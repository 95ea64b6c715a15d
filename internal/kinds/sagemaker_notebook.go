package kinds

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type notebookReader interface {
	ListNotebookInstances(context.Context, *sagemaker.ListNotebookInstancesInput, ...func(*sagemaker.Options)) (*sagemaker.ListNotebookInstancesOutput, error)
	DescribeNotebookInstance(context.Context, *sagemaker.DescribeNotebookInstanceInput, ...func(*sagemaker.Options)) (*sagemaker.DescribeNotebookInstanceOutput, error)
}

type notebookWriter interface {
	notebookReader // AWS refuses to stop what is stopped: it is looked at first
	StopNotebookInstance(context.Context, *sagemaker.StopNotebookInstanceInput, ...func(*sagemaker.Options)) (*sagemaker.StopNotebookInstanceOutput, error)
	StartNotebookInstance(context.Context, *sagemaker.StartNotebookInstanceInput, ...func(*sagemaker.Options)) (*sagemaker.StartNotebookInstanceOutput, error)
	DeleteNotebookInstance(context.Context, *sagemaker.DeleteNotebookInstanceInput, ...func(*sagemaker.Options)) (*sagemaker.DeleteNotebookInstanceOutput, error)
}

var notebook = kind.Of(notebookSpec)

var notebookSpec = kind.Spec[notebookReader, notebookWriter]{
	Name:   "sagemaker.notebook",
	Reader: func(c aws.Config) notebookReader { return sagemaker.NewFromConfig(c) },
	Writer: func(c aws.Config) notebookWriter { return sagemaker.NewFromConfig(c) },
	Needs:  []string{"sagemaker:ListNotebookInstances", "sagemaker:DescribeNotebookInstance"},
	Cost:   kind.Cost{Fixed: 1, Page: 100, Each: 1},
	Covers: []string{"B4"},
	Carry:  []string{string(fact.Made)},
	Named:  true,
	List:   listNotebooks,
	Holds:  uses,
	Keep:   kept("notebook.json", findNotebook),
	Verbs: []kind.Verb[notebookReader, notebookWriter]{
		// The disk stays; what ran in memory is lost.
		flip(kind.Verb[notebookReader, notebookWriter]{
			Name: "stop-notebook", Class: kind.Disruptive, For: kind.Disable, Takes: 15 * time.Minute,
			Needs: []string{"sagemaker:StopNotebookInstance", "sagemaker:StartNotebookInstance"},
		}, false, notebookRuns, runNotebook),
		// AWS wants it stopped first. There is no copy of its disk.
		remove(kind.Verb[notebookReader, notebookWriter]{
			Name: "delete", Needs: []string{"sagemaker:DeleteNotebookInstance"}, Takes: 15 * time.Minute, Kept: notebookKept,
		}, func(ctx context.Context, api notebookReader, r fact.Resource) (any, error) {
			n, err := findNotebook(ctx, api, r)
			if err != nil {
				return nil, err
			}
			return uniquely(n.NotebookInstanceArn, n.CreationTime), nil
		}, func(ctx context.Context, api notebookWriter, j kind.Job) error {
			n, err := findNotebook(ctx, api, j.Resource)
			if err != nil || n.NotebookInstanceStatus == types.NotebookInstanceStatusDeleting {
				return err
			}
			_, err = api.DeleteNotebookInstance(ctx, &sagemaker.DeleteNotebookInstanceInput{NotebookInstanceName: &j.ID})
			return sagemakerGone(err)
		}),
	},
}

func listNotebooks(ctx context.Context, api notebookReader, at fact.Place, put func(fact.Resource)) error {
	var drafts []fact.Resource
	for page, err := range pages(ctx, sagemaker.NewListNotebookInstancesPaginator(api, &sagemaker.ListNotebookInstancesInput{MaxResults: aws.Int32(100)})) {
		if err != nil {
			return fmt.Errorf("cannot list notebook instances: %w", err)
		}
		for _, n := range page.NotebookInstances {
			r := named("sagemaker.notebook", at, n.NotebookInstanceName, n.NotebookInstanceArn, n.CreationTime)
			fact.Status.Set(&r, string(n.NotebookInstanceStatus))
			fact.InstanceType.Set(&r, string(n.InstanceType))
			fact.Modified.Set(&r, aws.ToTime(n.LastModifiedTime).UTC())
			using(&r, "sagemaker.lifecycle-config", aws.ToString(n.NotebookInstanceLifecycleConfigName))
			drafts = append(drafts, r)
		}
	}
	// Only the description tells the role, which is what a notebook is taken for.
	err := complete(ctx, drafts, func(ctx context.Context, r *fact.Resource) error {
		n, err := findNotebook(ctx, api, *r)
		if err != nil {
			return err
		}
		fact.Role.Set(r, aws.ToString(n.RoleArn))
		fact.SecurityGroups.Set(r, append([]string{}, n.SecurityGroups...))
		return nil
	}, put)
	if err != nil {
		return fmt.Errorf("cannot list notebook instances: %w", err)
	}
	return nil
}

func findNotebook(ctx context.Context, api notebookReader, r fact.Resource) (*sagemaker.DescribeNotebookInstanceOutput, error) {
	out, err := api.DescribeNotebookInstance(ctx, &sagemaker.DescribeNotebookInstanceInput{NotebookInstanceName: &r.ID})
	return out, sagemakerGone(err)
}

// notebookKept lets a notebook go whose disk never was the owner's: the record says
// that the intruder made it. SageMaker copies no disk, so that what is on another
// one, such as a notebook that the owner marked, is for a person to save.
func notebookKept(_ context.Context, _ notebookReader, j kind.Job) error {
	if his(j.Resource) {
		return nil
	}
	return fmt.Errorf("cannot delete %s: SageMaker has no copy of its disk, and nothing shows that the intruder made it: %w", j.Ref, kind.ErrUnkept)
}

// notebookRuns is true until it has stopped, and as soon as it is started: a
// notebook that is stopping is still paid for.
func notebookRuns(ctx context.Context, api notebookReader, r fact.Resource) (bool, error) {
	n, err := findNotebook(ctx, api, r)
	if err != nil {
		return false, err
	}
	switch n.NotebookInstanceStatus {
	case types.NotebookInstanceStatusStopped, types.NotebookInstanceStatusFailed, types.NotebookInstanceStatusDeleting:
		return false, nil
	}
	return true, nil
}

func runNotebook(ctx context.Context, api notebookWriter, j kind.Job, on bool) error {
	n, err := findNotebook(ctx, api, j.Resource)
	if err != nil {
		return err
	}
	switch is := n.NotebookInstanceStatus; {
	case on && is != types.NotebookInstanceStatusInService && is != types.NotebookInstanceStatusPending:
		_, err = api.StartNotebookInstance(ctx, &sagemaker.StartNotebookInstanceInput{NotebookInstanceName: &j.ID})
	case !on && is != types.NotebookInstanceStatusStopped && is != types.NotebookInstanceStatusStopping:
		_, err = api.StopNotebookInstance(ctx, &sagemaker.StopNotebookInstanceInput{NotebookInstanceName: &j.ID})
	}
	return err
}
