package kinds

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// rolePolicies is how a role is read and given policies.
var rolePolicies = principal[roleReader, roleWriter]{
	sort: "Role",
	describe: func(ctx context.Context, api roleReader, name string) (string, any, error) {
		role, err := readRole(ctx, api, name)
		return aws.ToString(role.RoleId), role, err
	},
	list: func(ctx context.Context, api roleReader, name string) ([]string, error) {
		p := iam.NewListRolePoliciesPaginator(api, &iam.ListRolePoliciesInput{RoleName: &name})
		return iamPages(ctx, "inline policies of role "+name, p, func(o *iam.ListRolePoliciesOutput) []string { return o.PolicyNames })
	},
	attached: func(ctx context.Context, api roleReader, name string) ([]types.AttachedPolicy, error) {
		p := iam.NewListAttachedRolePoliciesPaginator(api, &iam.ListAttachedRolePoliciesInput{RoleName: &name})
		return iamPages(ctx, "policies attached to role "+name, p, func(o *iam.ListAttachedRolePoliciesOutput) []types.AttachedPolicy { return o.AttachedPolicies })
	},
	get: func(ctx context.Context, api roleReader, name, policy string) (*string, error) {
		out, err := api.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: &name, PolicyName: &policy})
		if err != nil {
			return nil, err
		}
		return out.PolicyDocument, nil
	},
	put: func(ctx context.Context, api roleWriter, name, policy, document string) error {
		_, err := api.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: &name, PolicyName: &policy, PolicyDocument: &document})
		return err
	},
	delete: func(ctx context.Context, api roleWriter, name, policy string) error {
		_, err := api.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: &name, PolicyName: &policy})
		return err
	},
	attach: func(ctx context.Context, api roleWriter, name, arn string) error {
		_, err := api.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: &name, PolicyArn: &arn})
		return err
	},
	detach: func(ctx context.Context, api roleWriter, name, arn string) error {
		_, err := api.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: &name, PolicyArn: &arn})
		return err
	},
	reader: func(w roleWriter) roleReader { return w },
	bound: func(ctx context.Context, api roleWriter, name, arn string) (err error) {
		if arn == "" {
			_, err = api.DeleteRolePermissionsBoundary(ctx, &iam.DeleteRolePermissionsBoundaryInput{RoleName: &name})
		} else {
			_, err = api.PutRolePermissionsBoundary(ctx, &iam.PutRolePermissionsBoundaryInput{RoleName: &name, PermissionsBoundary: &arn})
		}
		return err
	},
}
