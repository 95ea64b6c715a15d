package kinds

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/transfer"
	"github.com/aws/aws-sdk-go-v2/service/transfer/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type transferReader interface {
	ListServers(context.Context, *transfer.ListServersInput, ...func(*transfer.Options)) (*transfer.ListServersOutput, error)
	DescribeServer(context.Context, *transfer.DescribeServerInput, ...func(*transfer.Options)) (*transfer.DescribeServerOutput, error)
	ListUsers(context.Context, *transfer.ListUsersInput, ...func(*transfer.Options)) (*transfer.ListUsersOutput, error)
	DescribeUser(context.Context, *transfer.DescribeUserInput, ...func(*transfer.Options)) (*transfer.DescribeUserOutput, error)
}

type transferWriter interface {
	StopServer(context.Context, *transfer.StopServerInput, ...func(*transfer.Options)) (*transfer.StopServerOutput, error)
	StartServer(context.Context, *transfer.StartServerInput, ...func(*transfer.Options)) (*transfer.StartServerOutput, error)
	DeleteServer(context.Context, *transfer.DeleteServerInput, ...func(*transfer.Options)) (*transfer.DeleteServerOutput, error)
}

type transferVerb = kind.Verb[transferReader, transferWriter]

var transferServer = kind.Of(transferServerSpec)

// transferServerSpec is about servers for SFTP and its like, by which buckets
// are emptied to the outside. A stopped one costs what a running one does.
var transferServerSpec = kind.Spec[transferReader, transferWriter]{
	Name:   "transfer.server",
	Reader: func(c aws.Config) transferReader { return transfer.NewFromConfig(c) },
	Writer: func(c aws.Config) transferWriter { return transfer.NewFromConfig(c) },
	Needs:  []string{"transfer:ListServers", "transfer:DescribeServer", "transfer:ListUsers", "transfer:DescribeUser"},
	Cost:   kind.Cost{Fixed: 1, Page: 1000},
	Covers: []string{"C10"},
	List: func(ctx context.Context, api transferReader, at fact.Place, put func(fact.Resource)) error {
		for page, err := range pages(ctx, transfer.NewListServersPaginator(api, &transfer.ListServersInput{MaxResults: aws.Int32(1000)})) {
			if err != nil {
				return fmt.Errorf("cannot list servers: %w", err)
			}
			for _, s := range page.Servers {
				put(transferServerOf(at, s))
			}
		}
		return nil
	},
	Keep: keepTransferServer,
	Verbs: []transferVerb{
		flip(transferVerb{
			Name: "stop-server", Class: kind.Disruptive, For: kind.Disable, Takes: 10 * time.Minute,
			Needs: []string{"transfer:StopServer", "transfer:StartServer"},
		}, false, func(ctx context.Context, api transferReader, r fact.Resource) (bool, error) {
			s, err := findTransferServer(ctx, api, r.ID)
			return err == nil && s.State != types.StateOffline && s.State != types.StateStartFailed, err
		}, func(ctx context.Context, api transferWriter, j kind.Job, on bool) (err error) {
			if on {
				_, err = api.StartServer(ctx, &transfer.StartServerInput{ServerId: &j.ID})
			} else {
				_, err = api.StopServer(ctx, &transfer.StopServerInput{ServerId: &j.ID})
			}
			return err
		}),
		remove(transferVerb{Name: "delete", Needs: []string{"transfer:DeleteServer"}}, // its users go with it
			func(ctx context.Context, api transferReader, r fact.Resource) (any, error) {
				s, err := findTransferServer(ctx, api, r.ID)
				if err != nil {
					return nil, err
				}
				return aws.ToString(s.Arn), nil
			},
			func(ctx context.Context, api transferWriter, j kind.Job) error {
				_, err := api.DeleteServer(ctx, &transfer.DeleteServerInput{ServerId: &j.ID})
				return err
			}),
	},
}

func transferServerOf(at fact.Place, s types.ListedServer) fact.Resource {
	r := fact.Resource{Ref: fact.Ref{Kind: "transfer.server", Place: at, ID: aws.ToString(s.ServerId)}, ARN: aws.ToString(s.Arn)}
	fact.Status.Set(&r, string(s.State))
	fact.Active.Set(&r, s.State == types.StateOnline)
	fact.Public.Set(&r, s.EndpointType == types.EndpointTypePublic)
	fact.Count.Set(&r, int(aws.ToInt32(s.UserCount)))
	fact.Detail.Set(&r, string(s.Domain)+" "+string(s.IdentityProviderType))
	if s.LoggingRole != nil {
		fact.Role.Set(&r, *s.LoggingRole)
	}
	return r
}

func findTransferServer(ctx context.Context, api transferReader, id string) (*types.DescribedServer, error) {
	out, err := api.DescribeServer(ctx, &transfer.DescribeServerInput{ServerId: &id})
	if err != nil {
		return nil, gone(err)
	}
	return out.Server, nil
}

// keepTransferServer keeps the server and its users, with the roles by which
// they reach the data.
func keepTransferServer(ctx context.Context, api transferReader, r fact.Resource, put func(string, []byte) error) error {
	s, err := findTransferServer(ctx, api, r.ID)
	if err != nil {
		return err
	}
	if err := putJSON(put, "server.json", s); err != nil {
		return err
	}
	for page, err := range pages(ctx, transfer.NewListUsersPaginator(api, &transfer.ListUsersInput{ServerId: &r.ID, MaxResults: aws.Int32(1000)})) {
		if err != nil {
			return gone(err)
		}
		for _, u := range page.Users {
			one, err := api.DescribeUser(ctx, &transfer.DescribeUserInput{ServerId: &r.ID, UserName: u.UserName})
			if err != nil {
				return gone(err)
			}
			if err := putJSON(put, "user-"+aws.ToString(u.UserName)+".json", one.User); err != nil {
				return err
			}
		}
	}
	return nil
}
