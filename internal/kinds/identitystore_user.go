package kinds

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	"github.com/aws/aws-sdk-go-v2/service/identitystore/types"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

// directoryReader finds the directories of a region.
type directoryReader struct {
	ssoadmin.ListInstancesAPIClient
	*identitystore.Client
}

func openDirectory(c aws.Config) directoryReader {
	return directoryReader{ssoadmin.NewFromConfig(c), identitystore.NewFromConfig(c)}
}

type directoryUserReader interface {
	ssoadmin.ListInstancesAPIClient
	identitystore.ListUsersAPIClient
	identitystore.ListGroupMembershipsForMemberAPIClient
	DescribeUser(context.Context, *identitystore.DescribeUserInput, ...func(*identitystore.Options)) (*identitystore.DescribeUserOutput, error)
}

type directoryUserWriter interface {
	DeleteUser(context.Context, *identitystore.DeleteUserInput, ...func(*identitystore.Options)) (*identitystore.DeleteUserOutput, error)
}

var directoryUser = kind.Of(directoryUserSpec)

// A user of Identity Center's own directory. Where people come from outside, by
// SCIM or an Active Directory, what is deleted here may come back from there.
// AWS has no call that turns one off: taking its assignments away does.
var directoryUserSpec = kind.Spec[directoryUserReader, directoryUserWriter]{
	Name:   "identitystore.user",
	Reader: func(c aws.Config) directoryUserReader { return openDirectory(c) },
	Writer: func(c aws.Config) directoryUserWriter { return identitystore.NewFromConfig(c) },
	Needs:  []string{"ssoadmin:ListInstances", "identitystore:ListUsers", "identitystore:DescribeUser", "identitystore:ListGroupMembershipsForMember"},
	Cost:   kind.Cost{Fixed: 2, Page: 100},
	Covers: []string{"A13"},
	Carry:  []string{string(fact.Detail)},
	List:   listDirectoryUsers,
	Keep:   keepDirectoryUser,
	Verbs: []kind.Verb[directoryUserReader, directoryUserWriter]{
		remove(kind.Verb[directoryUserReader, directoryUserWriter]{Name: "delete", Needs: []string{"identitystore:DeleteUser"}},
			func(ctx context.Context, api directoryUserReader, r fact.Resource) (any, error) {
				u, err := readDirectoryUser(ctx, api, r)
				if err != nil {
					return nil, err
				}
				return lasting(u.UserId, u.CreatedAt), nil
			},
			func(ctx context.Context, api directoryUserWriter, j kind.Job) error {
				store, err := directoryOf(j.Resource)
				if err != nil {
					return err
				}
				_, err = api.DeleteUser(ctx, &identitystore.DeleteUserInput{IdentityStoreId: store, UserId: &j.ID})
				return err
			}),
	},
}

func listDirectoryUsers(ctx context.Context, api directoryUserReader, at fact.Place, put func(fact.Resource)) error {
	instances, err := ssoInstances(ctx, api, at)
	if err != nil {
		return err
	}
	for _, i := range instances {
		p := identitystore.NewListUsersPaginator(api, &identitystore.ListUsersInput{IdentityStoreId: i.IdentityStoreId, MaxResults: aws.Int32(100)})
		for page, err := range pages(ctx, p) {
			if err != nil {
				return fmt.Errorf("cannot list the users of Identity Center: %w", err)
			}
			for _, u := range page.Users {
				r := directoryResource("identitystore.user", at, u.UserId, i.IdentityStoreId, u.CreatedAt, u.CreatedBy)
				r.ARN = aws.ToString(u.UserArn)
				fact.Name.Set(&r, aws.ToString(u.UserName))
				if u.UserStatus != "" {
					fact.Status.Set(&r, string(u.UserStatus))
					fact.Active.Set(&r, u.UserStatus == types.UserStatusEnabled)
				}
				partOf(&r, "sso.instance", aws.ToString(i.InstanceArn))
				put(r)
			}
		}
	}
	return nil
}

func readDirectoryUser(ctx context.Context, api directoryUserReader, r fact.Resource) (*identitystore.DescribeUserOutput, error) {
	store, err := directoryOf(r)
	if err != nil {
		return nil, err
	}
	out, err := api.DescribeUser(ctx, &identitystore.DescribeUserInput{IdentityStoreId: store, UserId: &r.ID})
	if err != nil {
		return nil, gone(err)
	}
	return out, nil
}

// keepDirectoryUser keeps the person's data: evidence only.
func keepDirectoryUser(ctx context.Context, api directoryUserReader, r fact.Resource, put func(string, []byte) error) error {
	u, err := readDirectoryUser(ctx, api, r)
	if err != nil {
		return err
	}
	var in []types.GroupMembership
	for page, err := range pages(ctx, identitystore.NewListGroupMembershipsForMemberPaginator(api, &identitystore.ListGroupMembershipsForMemberInput{
		IdentityStoreId: u.IdentityStoreId, MemberId: &types.MemberIdMemberUserId{Value: r.ID},
	})) {
		if err != nil {
			return gone(err)
		}
		in = append(in, page.GroupMemberships...)
	}
	return putJSON(put, descriptionFile, map[string]any{"User": u, "Memberships": in})
}
