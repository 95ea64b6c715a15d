package kinds

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	"github.com/aws/aws-sdk-go-v2/service/identitystore/types"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type directoryGroupReader interface {
	ssoadmin.ListInstancesAPIClient
	identitystore.ListGroupsAPIClient
	identitystore.ListGroupMembershipsAPIClient
	DescribeGroup(context.Context, *identitystore.DescribeGroupInput, ...func(*identitystore.Options)) (*identitystore.DescribeGroupOutput, error)
}

type directoryGroupWriter interface {
	DeleteGroup(context.Context, *identitystore.DeleteGroupInput, ...func(*identitystore.Options)) (*identitystore.DeleteGroupOutput, error)
}

var directoryGroup = kind.Of(directoryGroupSpec)

// A group of Identity Center's directory gives its members what it is
// assigned: who is in it can matter more than whether it is there.
var directoryGroupSpec = kind.Spec[directoryGroupReader, directoryGroupWriter]{
	Name:   "identitystore.group",
	Reader: func(c aws.Config) directoryGroupReader { return openDirectory(c) },
	Writer: func(c aws.Config) directoryGroupWriter { return identitystore.NewFromConfig(c) },
	Needs:  []string{"ssoadmin:ListInstances", "identitystore:ListGroups", "identitystore:ListGroupMemberships", "identitystore:DescribeGroup"},
	// Members are told of one group at a time, a hundred to a page.
	Cost:   kind.Cost{Fixed: 2, Page: 100, Each: 1},
	Covers: []string{"A13"},
	Carry:  []string{string(fact.Detail)},
	List:   listDirectoryGroups,
	Keep: func(ctx context.Context, api directoryGroupReader, r fact.Resource, put func(string, []byte) error) error {
		g, err := readDirectoryGroup(ctx, api, r)
		if err != nil {
			return err
		}
		members, err := directoryMembers(ctx, api, r)
		if err != nil {
			return err
		}
		return putJSON(put, descriptionFile, map[string]any{"Group": g, "Members": members})
	},
	Verbs: []kind.Verb[directoryGroupReader, directoryGroupWriter]{
		remove(kind.Verb[directoryGroupReader, directoryGroupWriter]{Name: "delete", Needs: []string{"identitystore:DeleteGroup"}},
			func(ctx context.Context, api directoryGroupReader, r fact.Resource) (any, error) {
				g, err := readDirectoryGroup(ctx, api, r)
				if err != nil {
					return nil, err
				}
				return lasting(g.GroupId, g.CreatedAt), nil
			},
			func(ctx context.Context, api directoryGroupWriter, j kind.Job) error {
				store, err := directoryOf(j.Resource)
				if err != nil {
					return err
				}
				_, err = api.DeleteGroup(ctx, &identitystore.DeleteGroupInput{IdentityStoreId: store, GroupId: &j.ID})
				return err
			}),
	},
}

// directoryResource starts a user or a group. Detail is the directory's id,
// which every call about it needs.
func directoryResource(k fact.Kind, at fact.Place, id, store *string, made *time.Time, by *string) fact.Resource {
	r := fact.Resource{Ref: fact.Ref{Kind: k, Place: at, ID: aws.ToString(id)}, Created: aws.ToTime(made)}
	fact.Detail.Set(&r, aws.ToString(store))
	if by != nil {
		fact.Maker.Set(&r, *by)
	}
	return r
}

func directoryOf(r fact.Resource) (*string, error) {
	store := fact.Detail.Or(r, "")
	if store == "" {
		return nil, fmt.Errorf("cannot tell which directory %s %s is in", r.Kind, r.ID)
	}
	return &store, nil
}

func listDirectoryGroups(ctx context.Context, api directoryGroupReader, at fact.Place, put func(fact.Resource)) error {
	instances, err := ssoInstances(ctx, api, at)
	if err != nil {
		return err
	}
	var drafts []fact.Resource
	for _, i := range instances {
		p := identitystore.NewListGroupsPaginator(api, &identitystore.ListGroupsInput{IdentityStoreId: i.IdentityStoreId, MaxResults: aws.Int32(100)})
		for page, err := range pages(ctx, p) {
			if err != nil {
				return fmt.Errorf("cannot list the groups of Identity Center: %w", err)
			}
			for _, g := range page.Groups {
				r := directoryResource("identitystore.group", at, g.GroupId, i.IdentityStoreId, g.CreatedAt, g.CreatedBy)
				r.ARN = aws.ToString(g.GroupArn)
				fact.Name.Set(&r, aws.ToString(g.DisplayName))
				partOf(&r, "sso.instance", aws.ToString(i.InstanceArn))
				drafts = append(drafts, r)
			}
		}
	}
	return complete(ctx, drafts, func(ctx context.Context, r *fact.Resource) error {
		members, err := directoryMembers(ctx, api, *r)
		fact.Members.Set(r, append([]string{}, members...))
		return err
	}, put)
}

// directoryMembers are the ids of a group's users.
func directoryMembers(ctx context.Context, api directoryGroupReader, r fact.Resource) (ids []string, err error) {
	store, err := directoryOf(r)
	if err != nil {
		return nil, err
	}
	for page, err := range pages(ctx, identitystore.NewListGroupMembershipsPaginator(api, &identitystore.ListGroupMembershipsInput{
		IdentityStoreId: store, GroupId: &r.ID, MaxResults: aws.Int32(100),
	})) {
		if err != nil {
			return nil, gone(err)
		}
		for _, m := range page.GroupMemberships {
			if u, ok := m.MemberId.(*types.MemberIdMemberUserId); ok {
				ids = append(ids, u.Value)
			}
		}
	}
	slices.Sort(ids)
	return ids, nil
}

func readDirectoryGroup(ctx context.Context, api directoryGroupReader, r fact.Resource) (*identitystore.DescribeGroupOutput, error) {
	store, err := directoryOf(r)
	if err != nil {
		return nil, err
	}
	out, err := api.DescribeGroup(ctx, &identitystore.DescribeGroupInput{IdentityStoreId: store, GroupId: &r.ID})
	if err != nil {
		return nil, gone(err)
	}
	return out, nil
}
