package kinds

import (
	"context"
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
