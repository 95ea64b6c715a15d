package kinds

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/smithy-go"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type scalingKeeper interface {
	DescribePolicies(context.Context, *autoscaling.DescribePoliciesInput, ...func(*autoscaling.Options)) (*autoscaling.DescribePoliciesOutput, error)
	DescribeScheduledActions(context.Context, *autoscaling.DescribeScheduledActionsInput, ...func(*autoscaling.Options)) (*autoscaling.DescribeScheduledActionsOutput, error)
	DescribeLifecycleHooks(context.Context, *autoscaling.DescribeLifecycleHooksInput, ...func(*autoscaling.Options)) (*autoscaling.DescribeLifecycleHooksOutput, error)
}

// unprotectScaling keeps the word of the protection: AWS has two of them.
var unprotectScaling = kind.Verb[scalingReader, scalingWriter]{
	Name: "unprotect", Class: kind.Reversible, For: kind.Lift, Of: "deletion",
	Needs: []string{"autoscaling:UpdateAutoScalingGroup"},
	Prior: func(ctx context.Context, api scalingReader, r fact.Resource) (json.RawMessage, error) {
		g, err := scalingGroups.one(ctx, api, r.ID)
		return prior(string(g.DeletionProtection), err)
	},
	Do: func(ctx context.Context, api scalingWriter, j kind.Job, _ json.RawMessage) error {
		return protectScaling(ctx, api, j, types.DeletionProtectionNone)
	},
	Done: func(ctx context.Context, api scalingReader, j kind.Job) (bool, error) {
		g, err := scalingGroups.one(ctx, api, j.ID)
		return err == nil && !scalingProtected(g), err
	},
	Undo: func(ctx context.Context, api scalingWriter, j kind.Job, prior json.RawMessage) error {
		was, err := read[types.DeletionProtection](prior)
		if err != nil || was == "" {
			return err
		}
		return protectScaling(ctx, api, j, was)
	},
}

func scalingProtected(g types.AutoScalingGroup) bool {
	return g.DeletionProtection != "" && g.DeletionProtection != types.DeletionProtectionNone
}

func protectScaling(ctx context.Context, api scalingWriter, j kind.Job, to types.DeletionProtection) error {
	_, err := api.UpdateAutoScalingGroup(ctx, &autoscaling.UpdateAutoScalingGroupInput{AutoScalingGroupName: &j.ID, DeletionProtection: to})
	return goneGroup(err)
}

func keepScalingGroup(ctx context.Context, api scalingReader, r fact.Resource, put func(string, []byte) error) error {
	if err := scalingGroups.keep(ctx, api, r, put); err != nil {
		return err
	}
	var rules []types.ScalingPolicy
	for page, err := range pages(ctx, autoscaling.NewDescribePoliciesPaginator(api, &autoscaling.DescribePoliciesInput{AutoScalingGroupName: &r.ID, MaxRecords: aws.Int32(100)})) {
		if err != nil {
			return goneGroup(err)
		}
		rules = append(rules, page.ScalingPolicies...)
	}
	var times []types.ScheduledUpdateGroupAction
	for page, err := range pages(ctx, autoscaling.NewDescribeScheduledActionsPaginator(api, &autoscaling.DescribeScheduledActionsInput{AutoScalingGroupName: &r.ID, MaxRecords: aws.Int32(100)})) {
		if err != nil {
			return goneGroup(err)
		}
		times = append(times, page.ScheduledUpdateGroupActions...)
	}
	hooks, err := api.DescribeLifecycleHooks(ctx, &autoscaling.DescribeLifecycleHooksInput{AutoScalingGroupName: &r.ID})
	if err != nil {
		return goneGroup(err)
	}
	return errors.Join(
		putJSON(put, "scaling-policies.json", rules),
		putJSON(put, "scheduled-actions.json", times),
		putJSON(put, "lifecycle-hooks.json", hooks.LifecycleHooks),
	)
}

// saysNotFound reads the words of an error whose code says nothing.
func saysNotFound(err error) bool {
	var api smithy.APIError
	return errors.As(err, &api) && strings.Contains(strings.ToLower(api.ErrorMessage()), "not found")
}
