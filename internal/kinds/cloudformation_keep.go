package kinds

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

// keepStack keeps what was to be built and what was. AWS shows parameters that
// the template calls NoEcho as asterisks.
func keepStack(ctx context.Context, api stackReader, r fact.Resource, put func(string, []byte) error) error {
	key := stackKey(r)
	s, err := findStack(ctx, api, key)
	if err != nil {
		return err
	}
	if err := putJSON(put, "stack.json", s); err != nil {
		return err
	}
	template, err := api.GetTemplate(ctx, &cloudformation.GetTemplateInput{StackName: &key, TemplateStage: types.TemplateStageOriginal})
	if err != nil {
		return fmt.Errorf("cannot read the template: %w", gone(err))
	}
	if body := aws.ToString(template.TemplateBody); body != "" {
		if err := put("template.txt", []byte(body)); err != nil {
			return err
		}
	}
	resources, err := stackResources(ctx, api, key)
	if err != nil {
		return err
	}
	if err := putJSON(put, "resources.json", resources); err != nil {
		return err
	}
	events := []types.StackEvent{}
	for page, err := range pages(ctx, cloudformation.NewDescribeStackEventsPaginator(api, &cloudformation.DescribeStackEventsInput{StackName: &key})) {
		if err != nil {
			return fmt.Errorf("cannot read the stack's events: %w", gone(err))
		}
		events = append(events, page.StackEvents...)
	}
	if err := putJSON(put, "events.json", events); err != nil {
		return err
	}
	policy, err := api.GetStackPolicy(ctx, &cloudformation.GetStackPolicyInput{StackName: &key})
	if err != nil {
		return fmt.Errorf("cannot read the stack's policy: %w", gone(err))
	}
	if body := aws.ToString(policy.StackPolicyBody); body != "" {
		return put("stack-policy.json", []byte(body))
	}
	return nil
}

func stackResources(ctx context.Context, api stackReader, key string) ([]types.StackResourceSummary, error) {
	all := []types.StackResourceSummary{}
	for page, err := range pages(ctx, cloudformation.NewListStackResourcesPaginator(api, &cloudformation.ListStackResourcesInput{StackName: &key})) {
		if err != nil {
			return nil, fmt.Errorf("cannot read the stack's resources: %w", gone(err))
		}
		all = append(all, page.StackResourceSummaries...)
	}
	return all, nil
}

// stackFailed is the error of a stack whose deletion failed: it names what
// could not be deleted, and why.
func stackFailed(ctx context.Context, api stackReader, s types.Stack) error {
	if s.StackStatus != types.StackStatusDeleteFailed {
		return nil
	}
	resources, err := stackResources(ctx, api, aws.ToString(s.StackId))
	if err != nil && !errors.Is(err, kind.ErrGone) {
		return err
	}
	var held []string
	for _, r := range resources {
		if r.ResourceStatus == types.ResourceStatusDeleteFailed {
			held = append(held, fmt.Sprintf("%s %s (%s)", aws.ToString(r.ResourceType), aws.ToString(r.PhysicalResourceId), aws.ToString(r.ResourceStatusReason)))
		}
	}
	if len(held) == 0 {
		return fmt.Errorf("cannot delete the stack: %s", aws.ToString(s.StackStatusReason))
	}
	return fmt.Errorf("cannot delete the stack: these stay: %s", strings.Join(held, "; "))
}
