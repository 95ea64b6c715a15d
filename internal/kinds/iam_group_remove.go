package kinds

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

// removeGroup deletes a group. Its members lose what it gave them.
var removeGroup = remove(kind.Verb[groupReader, groupWriter]{
	Name: "delete", Settle: iamSettle,
	Needs: append(groupPolicies.stripping(), "iam:RemoveUserFromGroup", "iam:DeleteGroup"),
}, func(ctx context.Context, api groupReader, r fact.Resource) (any, error) {
	out, err := api.GetGroup(ctx, &iam.GetGroupInput{GroupName: &r.ID})
	if err != nil {
		return nil, orGone(err, "group "+r.ID)
	}
	g, err := told(out.Group, "group "+r.ID)
	return lasting(g.GroupId, g.CreateDate), err
}, func(ctx context.Context, api groupWriter, j kind.Job) error {
	members, err := membersOf(ctx, api, j.ID)
	if err := takeEach(members, err, func(u types.User) error {
		_, err := api.RemoveUserFromGroup(ctx, &iam.RemoveUserFromGroupInput{GroupName: &j.ID, UserName: u.UserName})
		return err
	}); err != nil {
		return err
	}
	if err := groupPolicies.strip(ctx, api, j.ID); err != nil {
		return err
	}
	_, err = api.DeleteGroup(ctx, &iam.DeleteGroupInput{GroupName: &j.ID})
	return err
})

func membersOf(ctx context.Context, api iam.GetGroupAPIClient, name string) ([]types.User, error) {
	p := iam.NewGetGroupPaginator(api, &iam.GetGroupInput{GroupName: &name})
	return iamPages(ctx, "members of group "+name, p, func(o *iam.GetGroupOutput) []types.User { return o.Users })
}

// keepGroup keeps the group with its members.
func keepGroup(ctx context.Context, api groupReader, r fact.Resource, put func(string, []byte) error) error {
	if err := groupPolicies.keep(ctx, api, r, put); err != nil {
		return err
	}
	members, err := membersOf(ctx, api, r.ID)
	if err != nil {
		return orGone(err, "group "+r.ID)
	}
	names := []string{}
	for _, u := range members {
		names = append(names, aws.ToString(u.UserName))
	}
	return putJSON(put, "members.json", names)
}
