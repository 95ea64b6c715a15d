package kinds

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type stackReader interface {
	DescribeStacks(context.Context, *cloudformation.DescribeStacksInput, ...func(*cloudformation.Options)) (*cloudformation.DescribeStacksOutput, error)
	DescribeStackEvents(context.Context, *cloudformation.DescribeStackEventsInput, ...func(*cloudformation.Options)) (*cloudformation.DescribeStackEventsOutput, error)
	ListStackResources(context.Context, *cloudformation.ListStackResourcesInput, ...func(*cloudformation.Options)) (*cloudformation.ListStackResourcesOutput, error)
	GetTemplate(context.Context, *cloudformation.GetTemplateInput, ...func(*cloudformation.Options)) (*cloudformation.GetTemplateOutput, error)
	GetStackPolicy(context.Context, *cloudformation.GetStackPolicyInput, ...func(*cloudformation.Options)) (*cloudformation.GetStackPolicyOutput, error)
}

type stackWriter interface {
	UpdateTerminationProtection(context.Context, *cloudformation.UpdateTerminationProtectionInput, ...func(*cloudformation.Options)) (*cloudformation.UpdateTerminationProtectionOutput, error)
	DeleteStack(context.Context, *cloudformation.DeleteStackInput, ...func(*cloudformation.Options)) (*cloudformation.DeleteStackOutput, error)
}

var stack = kind.Of(stackSpec)

// stackSpec goes by the name, because that is what CloudFormation's tags on the
// stack's resources and most records of the trail have. The id in the ARN is
// never given out twice.
var stackSpec = kind.Spec[stackReader, stackWriter]{
	Name:   "cloudformation.stack",
	Reader: func(c aws.Config) stackReader { return cloudformation.NewFromConfig(c) },
	Writer: func(c aws.Config) stackWriter { return cloudformation.NewFromConfig(c) },
	Needs: []string{
		"cloudformation:DescribeStacks", "cloudformation:DescribeStackEvents", "cloudformation:ListStackResources",
		"cloudformation:GetTemplate", "cloudformation:GetStackPolicy",
	},
	List: listStacks,
	Identity: func(ctx context.Context, api stackReader, r fact.Resource) (string, error) {
		s, err := findStack(ctx, api, r.ID)
		return aws.ToString(s.StackId), err
	},
	// A page is up to 1 MB; the list leaves the protection out of some stacks.
	Cost:      kind.Cost{Fixed: 1, Page: 50, Each: 1},
	Covers:    []string{"B6", "D5", "D6"},
	Named:     true,
	Owns:      true,
	Recreates: true, // custom resources and rollbacks run code of its own
	Holds:     holdsItsRole,
	Keep:      keepStack,
	Verbs: []kind.Verb[stackReader, stackWriter]{
		flip(kind.Verb[stackReader, stackWriter]{
			Name: "unprotect", Class: kind.Reversible, For: kind.Lift, Of: "termination",
			Needs: []string{"cloudformation:UpdateTerminationProtection"},
		}, false, stackProtected, protectStack),
		remove(kind.Verb[stackReader, stackWriter]{
			Name: "delete", Needs: []string{"cloudformation:DeleteStack"}, Takes: 30 * time.Minute,
		}, lookStack, func(ctx context.Context, api stackWriter, j kind.Job) error {
			_, err := api.DeleteStack(ctx, &cloudformation.DeleteStackInput{StackName: aws.String(stackKey(j.Resource))})
			return err
		}),
	},
}

// stackKey names exactly this stack, and not one that took its name later.
func stackKey(r fact.Resource) string {
	if r.UniqueID != "" {
		return r.UniqueID
	}
	return r.ID
}

func listStacks(ctx context.Context, api stackReader, at fact.Place, put func(fact.Resource)) error {
	var drafts []fact.Resource
	for page, err := range pages(ctx, cloudformation.NewDescribeStacksPaginator(api, &cloudformation.DescribeStacksInput{})) {
		if err != nil {
			return fmt.Errorf("cannot list stacks: %w", err)
		}
		for _, s := range page.Stacks {
			if s.StackStatus != types.StackStatusDeleteComplete {
				drafts = append(drafts, stackOf(at, s))
			}
		}
	}
	err := complete(ctx, drafts, func(ctx context.Context, r *fact.Resource) error {
		if _, known := fact.Protections.Get(*r); known {
			return nil
		}
		s, err := findStack(ctx, api, stackKey(*r))
		if err == nil {
			setStackProtection(r, aws.ToBool(s.EnableTerminationProtection))
		}
		return err
	}, put)
	if err != nil {
		return fmt.Errorf("cannot list stacks: %w", err)
	}
	return nil
}

func stackOf(at fact.Place, s types.Stack) fact.Resource {
	r := fact.Resource{
		Ref: fact.Ref{Kind: "cloudformation.stack", Place: at, ID: aws.ToString(s.StackName)},
		ARN: aws.ToString(s.StackId), UniqueID: aws.ToString(s.StackId), Created: aws.ToTime(s.CreationTime),
	}
	fact.Status.Set(&r, string(s.StackStatus))
	fact.Role.Set(&r, aws.ToString(s.RoleARN))
	tags := map[string]string{}
	for _, t := range s.Tags {
		tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	fact.Tags.Set(&r, tags)
	if s.LastUpdatedTime != nil {
		fact.Modified.Set(&r, *s.LastUpdatedTime)
	}
	switch {
	case aws.ToString(s.ParentId) != "": // the root stack's protection covers it
		partOf(&r, "cloudformation.stack", stackName(*s.ParentId))
		setStackProtection(&r, false)
	case s.EnableTerminationProtection != nil:
		setStackProtection(&r, *s.EnableTerminationProtection)
	}
	return r
}

func setStackProtection(r *fact.Resource, on bool) {
	protections := []string{}
	if on {
		protections = append(protections, "termination")
	}
	fact.Protections.Set(r, protections)
}

// stackName is NAME of arn:aws:cloudformation:REGION:ACCOUNT:stack/NAME/UUID.
func stackName(arn string) string {
	_, rest, ok := strings.Cut(arn, ":stack/")
	if !ok {
		return arn
	}
	name, _, _ := strings.Cut(rest, "/")
	return name
}

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
