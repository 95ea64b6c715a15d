package kinds

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type stackSetReader interface {
	ListStackSets(context.Context, *cloudformation.ListStackSetsInput, ...func(*cloudformation.Options)) (*cloudformation.ListStackSetsOutput, error)
	ListStackInstances(context.Context, *cloudformation.ListStackInstancesInput, ...func(*cloudformation.Options)) (*cloudformation.ListStackInstancesOutput, error)
	DescribeStackSet(context.Context, *cloudformation.DescribeStackSetInput, ...func(*cloudformation.Options)) (*cloudformation.DescribeStackSetOutput, error)
}

type stackSetWriter interface {
	DeleteStackSet(context.Context, *cloudformation.DeleteStackSetInput, ...func(*cloudformation.Options)) (*cloudformation.DeleteStackSetOutput, error)
}

var stackSet = kind.Of(stackSetSpec)

// stackSetSpec lists the sets that this account administers itself. Its
// instances may be in accounts that are not ours to change, so that only an
// empty set is deleted: AWS refuses the others.
var stackSetSpec = kind.Spec[stackSetReader, stackSetWriter]{
	Name:   "cloudformation.stack-set",
	Reader: func(c aws.Config) stackSetReader { return cloudformation.NewFromConfig(c) },
	Writer: func(c aws.Config) stackSetWriter { return cloudformation.NewFromConfig(c) },
	Needs:  []string{"cloudformation:ListStackSets", "cloudformation:ListStackInstances", "cloudformation:DescribeStackSet"},
	List:   listStackSets,
	Identity: func(ctx context.Context, api stackSetReader, r fact.Resource) (string, error) {
		s, err := findStackSet(ctx, api, r)
		if err != nil {
			return "", err
		}
		return aws.ToString(s.StackSetId), nil
	},
	Cost:      kind.Cost{Fixed: 1, Page: 100, Each: 2},
	Covers:    []string{"B6", "D6"},
	Named:     true,
	Recreates: true, // a service-managed set deploys into every new account
	Holds:     holdsItsRole,
	Keep:      keepStackSet,
	Verbs: []kind.Verb[stackSetReader, stackSetWriter]{
		remove(kind.Verb[stackSetReader, stackSetWriter]{Name: "delete", Needs: []string{"cloudformation:DeleteStackSet"}},
			func(ctx context.Context, api stackSetReader, r fact.Resource) (any, error) {
				s, err := findStackSet(ctx, api, r)
				if err != nil {
					return nil, err
				}
				return maker{ID: aws.ToString(s.StackSetId)}, nil
			},
			func(ctx context.Context, api stackSetWriter, j kind.Job) error {
				_, err := api.DeleteStackSet(ctx, &cloudformation.DeleteStackSetInput{StackSetName: &j.ID})
				return err
			}),
	},
}

func listStackSets(ctx context.Context, api stackSetReader, at fact.Place, put func(fact.Resource)) error {
	var drafts []fact.Resource
	in := &cloudformation.ListStackSetsInput{Status: types.StackSetStatusActive}
	for page, err := range pages(ctx, cloudformation.NewListStackSetsPaginator(api, in)) {
		if err != nil {
			return fmt.Errorf("cannot list stack sets: %w", err)
		}
		for _, s := range page.Summaries {
			r := fact.Resource{
				Ref:      fact.Ref{Kind: "cloudformation.stack-set", Place: at, ID: aws.ToString(s.StackSetName)},
				UniqueID: aws.ToString(s.StackSetId),
			}
			fact.Status.Set(&r, string(s.Status))
			fact.Detail.Set(&r, string(s.PermissionModel))
			drafts = append(drafts, r)
		}
	}
	err := complete(ctx, drafts, func(ctx context.Context, r *fact.Resource) error {
		s, err := findStackSet(ctx, api, *r)
		if err != nil {
			return err
		}
		r.ARN = aws.ToString(s.StackSetARN)
		fact.Role.Set(r, aws.ToString(s.AdministrationRoleARN))
		instances, err := stackInstances(ctx, api, r.ID)
		if err != nil {
			return err
		}
		fact.Count.Set(r, len(instances))
		return nil
	}, put)
	if err != nil {
		return fmt.Errorf("cannot list stack sets: %w", err)
	}
	return nil
}

func findStackSet(ctx context.Context, api stackSetReader, r fact.Resource) (*types.StackSet, error) {
	out, err := api.DescribeStackSet(ctx, &cloudformation.DescribeStackSetInput{StackSetName: &r.ID})
	if err != nil {
		return nil, gone(err)
	}
	if out.StackSet == nil || out.StackSet.Status == types.StackSetStatusDeleted ||
		r.UniqueID != "" && aws.ToString(out.StackSet.StackSetId) != r.UniqueID {
		return nil, kind.ErrGone
	}
	return out.StackSet, nil
}

func stackInstances(ctx context.Context, api stackSetReader, name string) ([]types.StackInstanceSummary, error) {
	all := []types.StackInstanceSummary{}
	for page, err := range pages(ctx, cloudformation.NewListStackInstancesPaginator(api, &cloudformation.ListStackInstancesInput{StackSetName: &name})) {
		if err = gone(err); errors.Is(err, kind.ErrGone) {
			return nil, err
		}
		if err != nil {
			return nil, fmt.Errorf("cannot list the instances of stack set %s: %w", name, err)
		}
		all = append(all, page.Summaries...)
	}
	return all, nil
}

func keepStackSet(ctx context.Context, api stackSetReader, r fact.Resource, put func(string, []byte) error) error {
	s, err := findStackSet(ctx, api, r)
	if err != nil {
		return err
	}
	instances, err := stackInstances(ctx, api, r.ID)
	if err != nil {
		return err
	}
	return putEach(put, "stack-set.json", s, "instances.json", instances)
}
