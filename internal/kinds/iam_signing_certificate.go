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

type signingCertificateReader interface {
	iam.ListUsersAPIClient
	iam.ListSigningCertificatesAPIClient
}

type signingCertificateWriter interface {
	UpdateSigningCertificate(context.Context, *iam.UpdateSigningCertificateInput, ...func(*iam.Options)) (*iam.UpdateSigningCertificateOutput, error)
	signingCertificateDeleter
}

type signingCertificateDeleter interface {
	DeleteSigningCertificate(context.Context, *iam.DeleteSigningCertificateInput, ...func(*iam.Options)) (*iam.DeleteSigningCertificateOutput, error)
}

var signingCertificate = kind.Of(signingCertificateSpec)

// A signing certificate authenticates a user's SOAP calls, which some services
// still take; it goes on working when the user's access keys are turned off
// (IAM User Guide, "Manage X.509 signing certificates").
var signingCertificateSpec = kind.Spec[signingCertificateReader, signingCertificateWriter]{
	Name:   "iam.signing-certificate",
	Global: true,
	Reader: func(c aws.Config) signingCertificateReader { return iam.NewFromConfig(c) },
	Writer: func(c aws.Config) signingCertificateWriter { return iam.NewFromConfig(c) },
	Needs:  []string{"iam:ListUsers", "iam:ListSigningCertificates"},
	Cost:   kind.Cost{Fixed: 1, Page: 1000, Each: 1},
	Covers: []string{"A12"},
	Carry:  []string{string(fact.Owner)},
	List:   listSigningCertificates,
	Holds:  holdsOwner,
	Keep: func(ctx context.Context, api signingCertificateReader, r fact.Resource, put func(string, []byte) error) error {
		c, err := findSigningCertificate(ctx, api, r)
		if err != nil {
			return err
		}
		return putJSON(put, descriptionFile, c) // with the public certificate
	},
	Verbs: []kind.Verb[signingCertificateReader, signingCertificateWriter]{
		deactivate("iam:UpdateSigningCertificate", findSigningCertificate,
			func(c types.SigningCertificate) types.StatusType { return c.Status },
			func(ctx context.Context, api signingCertificateWriter, owner, id string, to types.StatusType) error {
				_, err := api.UpdateSigningCertificate(ctx, &iam.UpdateSigningCertificateInput{UserName: &owner, CertificateId: &id, Status: to})
				return err
			}),
		removeOwned("iam:DeleteSigningCertificate", findSigningCertificate, func(c types.SigningCertificate) *time.Time { return c.UploadDate },
			func(ctx context.Context, api signingCertificateWriter, owner, id string) error {
				return deleteSigningCertificate(ctx, api, owner, id)
			}),
	},
}

func listSigningCertificates(ctx context.Context, api signingCertificateReader, at fact.Place, put func(fact.Resource)) error {
	return listStatuses(ctx, api, at, "iam.signing-certificate", put,
		func(ctx context.Context, owner string) ([]types.SigningCertificate, error) {
			return readSigningCertificates(ctx, api, owner)
		},
		func(c types.SigningCertificate) (*string, *time.Time, types.StatusType) {
			return c.CertificateId, c.UploadDate, c.Status
		})
}

func readSigningCertificates(ctx context.Context, api iam.ListSigningCertificatesAPIClient, owner string) ([]types.SigningCertificate, error) {
	p := iam.NewListSigningCertificatesPaginator(api, &iam.ListSigningCertificatesInput{UserName: &owner})
	return iamPages(ctx, "signing certificates of "+owner, p, func(o *iam.ListSigningCertificatesOutput) []types.SigningCertificate { return o.Certificates })
}

func findSigningCertificate(ctx context.Context, api signingCertificateReader, r fact.Resource) (types.SigningCertificate, error) {
	return findOwned(r, func(owner string) ([]types.SigningCertificate, error) {
		return readSigningCertificates(ctx, api, owner)
	},
		func(c types.SigningCertificate) *string { return c.CertificateId })
}

func deleteSigningCertificate(ctx context.Context, api signingCertificateDeleter, owner, id string) error {
	_, err := api.DeleteSigningCertificate(ctx, &iam.DeleteSigningCertificateInput{UserName: &owner, CertificateId: &id})
	return err
}
