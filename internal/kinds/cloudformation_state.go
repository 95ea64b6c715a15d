package kinds

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

func findStack(ctx context.Context, api stackReader, key string) (types.Stack, error) {
	out, err := api.DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: &key})
	var all []types.Stack
	if err == nil {
		all = out.Stacks
	}
	s, err := only(all, err)
	if err == nil && s.StackStatus == types.StackStatusDeleteComplete {
		return s, kind.ErrGone // by its id, a stack is told of for 90 days more
	}
	return s, err
}

// lookStack makes an error of a deletion that failed: CloudFormation leaves the
// stack and what it could not delete, and does not try again by itself.
func lookStack(ctx context.Context, api stackReader, r fact.Resource) (any, error) {
	s, err := findStack(ctx, api, stackKey(r))
	if err != nil {
		return nil, err
	}
	return struct {
		ID      string    `json:"id"`
		Created time.Time `json:"created"`
	}{aws.ToString(s.StackId), aws.ToTime(s.CreationTime).UTC()}, stackFailed(ctx, api, s)
}

func stackProtected(ctx context.Context, api stackReader, r fact.Resource) (bool, error) {
	s, err := findStack(ctx, api, stackKey(r))
	return aws.ToBool(s.EnableTerminationProtection), err
}

func protectStack(ctx context.Context, api stackWriter, j kind.Job, on bool) error {
	_, err := api.UpdateTerminationProtection(ctx, &cloudformation.UpdateTerminationProtectionInput{
		StackName: aws.String(stackKey(j.Resource)), EnableTerminationProtection: &on,
	})
	if err = gone(err); errors.Is(err, kind.ErrGone) {
		return fmt.Errorf("cannot change the protection of %s: %w", j.ID, err)
	}
	return err
}
