package kinds

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// groupPolicies is how a group is read and given policies.
var groupPolicies = principal[groupReader, groupWriter]{
	sort: "Group",
	describe: func(ctx context.Context, api groupReader, name string) (string, any, error) {
		// One page: the members are in the users' own descriptions.
		out, err := api.GetGroup(ctx, &iam.GetGroupInput{GroupName: &name})
		if err != nil {
			return "", nil, err
		}
		g, err := told(out.Group, "group "+name)
		return aws.ToString(g.GroupId), g, err
	},
	list: func(ctx context.Context, api groupReader, name string) ([]string, error) {
		p := iam.NewListGroupPoliciesPaginator(api, &iam.ListGroupPoliciesInput{GroupName: &name})
		return iamPages(ctx, "inline policies of group "+name, p, func(o *iam.ListGroupPoliciesOutput) []string { return o.PolicyNames })
	},
	attached: func(ctx context.Context, api groupReader, name string) ([]types.AttachedPolicy, error) {
		p := iam.NewListAttachedGroupPoliciesPaginator(api, &iam.ListAttachedGroupPoliciesInput{GroupName: &name})
		return iamPages(ctx, "policies attached to group "+name, p, func(o *iam.ListAttachedGroupPoliciesOutput) []types.AttachedPolicy { return o.AttachedPolicies })
	},
	get: func(ctx context.Context, api groupReader, name, policy string) (*string, error) {
		out, err := api.GetGroupPolicy(ctx, &iam.GetGroupPolicyInput{GroupName: &name, PolicyName: &policy})
		if err != nil {
			return nil, err
		}
		return out.PolicyDocument, nil
	},
	put: func(ctx context.Context, api groupWriter, name, policy, document string) error {
		_, err := api.PutGroupPolicy(ctx, &iam.PutGroupPolicyInput{GroupName: &name, PolicyName: &policy, PolicyDocument: &document})
		return err
	},
	delete: func(ctx context.Context, api groupWriter, name, policy string) error {
		_, err := api.DeleteGroupPolicy(ctx, &iam.DeleteGroupPolicyInput{GroupName: &name, PolicyName: &policy})
		return err
	},
	attach: func(ctx context.Context, api groupWriter, name, arn string) error {
		_, err := api.AttachGroupPolicy(ctx, &iam.AttachGroupPolicyInput{GroupName: &name, PolicyArn: &arn})
		return err
	},
	detach: func(ctx context.Context, api groupWriter, name, arn string) error {
		_, err := api.DetachGroupPolicy(ctx, &iam.DetachGroupPolicyInput{GroupName: &name, PolicyArn: &arn})
		return err
	},
	reader: func(w groupWriter) groupReader { return w },
}
