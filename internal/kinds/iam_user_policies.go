package kinds

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// userPolicies is how a user is read and given policies.
var userPolicies = principal[userReader, userWriter]{
	sort: "User",
	describe: func(ctx context.Context, api userReader, name string) (string, any, error) {
		out, err := api.GetUser(ctx, &iam.GetUserInput{UserName: &name})
		if err != nil {
			return "", nil, err
		}
		u, err := told(out.User, "user "+name)
		return aws.ToString(u.UserId), u, err
	},
	list: func(ctx context.Context, api userReader, name string) ([]string, error) {
		p := iam.NewListUserPoliciesPaginator(api, &iam.ListUserPoliciesInput{UserName: &name})
		return iamPages(ctx, "inline policies of user "+name, p, func(o *iam.ListUserPoliciesOutput) []string { return o.PolicyNames })
	},
	attached: func(ctx context.Context, api userReader, name string) ([]types.AttachedPolicy, error) {
		p := iam.NewListAttachedUserPoliciesPaginator(api, &iam.ListAttachedUserPoliciesInput{UserName: &name})
		return iamPages(ctx, "policies attached to user "+name, p, func(o *iam.ListAttachedUserPoliciesOutput) []types.AttachedPolicy { return o.AttachedPolicies })
	},
	get: func(ctx context.Context, api userReader, name, policy string) (*string, error) {
		out, err := api.GetUserPolicy(ctx, &iam.GetUserPolicyInput{UserName: &name, PolicyName: &policy})
		if err != nil {
			return nil, err
		}
		return out.PolicyDocument, nil
	},
	put: func(ctx context.Context, api userWriter, name, policy, document string) error {
		_, err := api.PutUserPolicy(ctx, &iam.PutUserPolicyInput{UserName: &name, PolicyName: &policy, PolicyDocument: &document})
		return err
	},
	delete: func(ctx context.Context, api userWriter, name, policy string) error {
		_, err := api.DeleteUserPolicy(ctx, &iam.DeleteUserPolicyInput{UserName: &name, PolicyName: &policy})
		return err
	},
	attach: func(ctx context.Context, api userWriter, name, arn string) error {
		_, err := api.AttachUserPolicy(ctx, &iam.AttachUserPolicyInput{UserName: &name, PolicyArn: &arn})
		return err
	},
	detach: func(ctx context.Context, api userWriter, name, arn string) error {
		_, err := api.DetachUserPolicy(ctx, &iam.DetachUserPolicyInput{UserName: &name, PolicyArn: &arn})
		return err
	},
	reader: func(w userWriter) userReader { return w },
	bound: func(ctx context.Context, api userWriter, name, arn string) (err error) {
		if arn == "" {
			_, err = api.DeleteUserPermissionsBoundary(ctx, &iam.DeleteUserPermissionsBoundaryInput{UserName: &name})
		} else {
			_, err = api.PutUserPermissionsBoundary(ctx, &iam.PutUserPermissionsBoundaryInput{UserName: &name, PermissionsBoundary: &arn})
		}
		return err
	},
	groups: func(ctx context.Context, api userReader, name string) (names []string, err error) {
		p := iam.NewListGroupsForUserPaginator(api, &iam.ListGroupsForUserInput{UserName: &name})
		all, err := iamPages(ctx, "groups of user "+name, p, func(o *iam.ListGroupsForUserOutput) []types.Group { return o.Groups })
		for _, g := range all {
			names = append(names, aws.ToString(g.GroupName))
		}
		return names, err
	},
	join: func(ctx context.Context, api userWriter, name, group string) error {
		_, err := api.AddUserToGroup(ctx, &iam.AddUserToGroupInput{UserName: &name, GroupName: &group})
		return err
	},
	leave: func(ctx context.Context, api userWriter, name, group string) error {
		_, err := api.RemoveUserFromGroup(ctx, &iam.RemoveUserFromGroupInput{UserName: &name, GroupName: &group})
		return err
	},
}
