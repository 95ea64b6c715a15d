package kinds

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type serviceCredentialReader interface {
	ListServiceSpecificCredentials(context.Context, *iam.ListServiceSpecificCredentialsInput, ...func(*iam.Options)) (*iam.ListServiceSpecificCredentialsOutput, error)
}

type serviceCredentialWriter interface {
	UpdateServiceSpecificCredential(context.Context, *iam.UpdateServiceSpecificCredentialInput, ...func(*iam.Options)) (*iam.UpdateServiceSpecificCredentialOutput, error)
	serviceCredentialDeleter
}

type serviceCredentialDeleter interface {
	DeleteServiceSpecificCredential(context.Context, *iam.DeleteServiceSpecificCredentialInput, ...func(*iam.Options)) (*iam.DeleteServiceSpecificCredentialOutput, error)
}

var serviceCredential = kind.Of(serviceCredentialSpec)

// A service-specific credential works in one service only (CodeCommit,
// Keyspaces, Bedrock, CloudWatch Logs) and goes on working when the user's
// access keys are turned off (IAM User Guide, "API keys for AWS services").
var serviceCredentialSpec = kind.Spec[serviceCredentialReader, serviceCredentialWriter]{
	Name:   "iam.service-credential",
	Global: true,
	Reader: func(c aws.Config) serviceCredentialReader { return iam.NewFromConfig(c) },
	Writer: func(c aws.Config) serviceCredentialWriter { return iam.NewFromConfig(c) },
	Needs:  []string{"iam:ListServiceSpecificCredentials"},
	Cost:   kind.Cost{Fixed: 1, Page: 1000},
	Covers: []string{"A12"},
	Carry:  []string{string(fact.Owner)},
	List:   listServiceCredentials,
	Holds:  holdsOwner,
	Keep: func(ctx context.Context, api serviceCredentialReader, r fact.Resource, put func(string, []byte) error) error {
		c, err := findServiceCredential(ctx, api, r)
		if err != nil {
			return err
		}
		return putJSON(put, descriptionFile, c)
	},
	Verbs: []kind.Verb[serviceCredentialReader, serviceCredentialWriter]{
		deactivate("iam:UpdateServiceSpecificCredential", findServiceCredential,
			func(c types.ServiceSpecificCredentialMetadata) types.StatusType { return c.Status },
			func(ctx context.Context, api serviceCredentialWriter, owner, id string, to types.StatusType) error {
				_, err := api.UpdateServiceSpecificCredential(ctx, &iam.UpdateServiceSpecificCredentialInput{
					UserName: &owner, ServiceSpecificCredentialId: &id, Status: to,
				})
				return err
			}),
		removeOwned("iam:DeleteServiceSpecificCredential", findServiceCredential, func(c types.ServiceSpecificCredentialMetadata) *time.Time { return c.CreateDate },
			func(ctx context.Context, api serviceCredentialWriter, owner, id string) error {
				return deleteServiceCredential(ctx, api, owner, id)
			}),
	},
}

func listServiceCredentials(ctx context.Context, api serviceCredentialReader, at fact.Place, put func(fact.Resource)) error {
	listed, err := readServiceCredentials(ctx, api, iam.ListServiceSpecificCredentialsInput{AllUsers: aws.Bool(true)})
	if err != nil {
		return err
	}
	var all []fact.Resource
	for _, c := range listed {
		r := iamCredential("iam.service-credential", at, aws.ToString(c.ServiceSpecificCredentialId), aws.ToString(c.UserName))
		r.Created = aws.ToTime(c.CreateDate)
		setStatus(&r, c.Status)
		fact.Services.Set(&r, aws.ToString(c.ServiceName))
		all = append(all, r)
	}
	putSorted(all, put)
	return nil
}

func findServiceCredential(ctx context.Context, api serviceCredentialReader, r fact.Resource) (types.ServiceSpecificCredentialMetadata, error) {
	return findOwned(r, func(owner string) ([]types.ServiceSpecificCredentialMetadata, error) {
		return readServiceCredentials(ctx, api, iam.ListServiceSpecificCredentialsInput{UserName: &owner})
	}, func(c types.ServiceSpecificCredentialMetadata) *string { return c.ServiceSpecificCredentialId })
}

func readServiceCredentials(ctx context.Context, api serviceCredentialReader, in iam.ListServiceSpecificCredentialsInput) ([]types.ServiceSpecificCredentialMetadata, error) {
	in.MaxItems = aws.Int32(iamPageSize)
	return iamPages(ctx, "service-specific credentials", &serviceCredentialPages{api: api, in: in, more: true},
		func(o *iam.ListServiceSpecificCredentialsOutput) []types.ServiceSpecificCredentialMetadata {
			return o.ServiceSpecificCredentials
		})
}

// serviceCredentialPages is the paginator that the SDK lacks.
type serviceCredentialPages struct {
	api  serviceCredentialReader
	in   iam.ListServiceSpecificCredentialsInput
	more bool
}

func (p *serviceCredentialPages) HasMorePages() bool { return p.more }

func (p *serviceCredentialPages) NextPage(ctx context.Context, _ ...func(*iam.Options)) (*iam.ListServiceSpecificCredentialsOutput, error) {
	out, err := p.api.ListServiceSpecificCredentials(ctx, &p.in)
	if err != nil {
		return nil, err
	}
	p.more, p.in.Marker = out.IsTruncated && aws.ToString(out.Marker) != "", out.Marker
	return out, nil
}

func deleteServiceCredential(ctx context.Context, api serviceCredentialDeleter, owner, id string) error {
	_, err := api.DeleteServiceSpecificCredential(ctx, &iam.DeleteServiceSpecificCredentialInput{UserName: &owner, ServiceSpecificCredentialId: &id})
	return err
}
