package kinds

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type serverCertificateReader interface {
	iam.ListServerCertificatesAPIClient
	GetServerCertificate(context.Context, *iam.GetServerCertificateInput, ...func(*iam.Options)) (*iam.GetServerCertificateOutput, error)
}

type serverCertificateWriter interface {
	DeleteServerCertificate(context.Context, *iam.DeleteServerCertificateInput, ...func(*iam.Options)) (*iam.DeleteServerCertificateOutput, error)
}

var serverCertificate = kind.Of(serverCertificateSpec)

// A server certificate serves TLS from a load balancer or distribution. It
// gives no access to the account. IAM never tells its private key.
var serverCertificateSpec = kind.Spec[serverCertificateReader, serverCertificateWriter]{
	Name:   "iam.server-certificate",
	Global: true,
	Reader: func(c aws.Config) serverCertificateReader { return iam.NewFromConfig(c) },
	Writer: func(c aws.Config) serverCertificateWriter { return iam.NewFromConfig(c) },
	Needs:  []string{"iam:ListServerCertificates", "iam:GetServerCertificate"},
	Cost:   kind.Cost{Fixed: 1, Page: 1000},
	Named:  true,
	List:   listServerCertificates,
	Identity: func(ctx context.Context, api serverCertificateReader, r fact.Resource) (string, error) {
		c, err := readServerCertificate(ctx, api, r.ID)
		if err != nil || c.ServerCertificateMetadata == nil {
			return "", err
		}
		return aws.ToString(c.ServerCertificateMetadata.ServerCertificateId), nil
	},
	Keep: func(ctx context.Context, api serverCertificateReader, r fact.Resource, put func(string, []byte) error) error {
		c, err := readServerCertificate(ctx, api, r.ID)
		if err != nil {
			return err
		}
		return putJSON(put, descriptionFile, c)
	},
	Verbs: []kind.Verb[serverCertificateReader, serverCertificateWriter]{
		remove(kind.Verb[serverCertificateReader, serverCertificateWriter]{Name: "delete", Needs: []string{"iam:DeleteServerCertificate"}, Settle: iamSettle},
			func(ctx context.Context, api serverCertificateReader, r fact.Resource) (any, error) {
				c, err := readServerCertificate(ctx, api, r.ID)
				if err != nil {
					return nil, err
				}
				m, err := told(c.ServerCertificateMetadata, "server certificate "+r.ID)
				return lasting(m.ServerCertificateId, m.UploadDate), err
			},
			func(ctx context.Context, api serverCertificateWriter, j kind.Job) error {
				_, err := api.DeleteServerCertificate(ctx, &iam.DeleteServerCertificateInput{ServerCertificateName: &j.ID})
				return err
			}),
	},
}

func listServerCertificates(ctx context.Context, api serverCertificateReader, at fact.Place, put func(fact.Resource)) error {
	p := iam.NewListServerCertificatesPaginator(api, &iam.ListServerCertificatesInput{MaxItems: aws.Int32(iamPageSize)})
	listed, err := iamPages(ctx, "server certificates", p, func(o *iam.ListServerCertificatesOutput) []types.ServerCertificateMetadata {
		return o.ServerCertificateMetadataList
	})
	if err != nil {
		return err
	}
	var all []fact.Resource
	for _, c := range listed {
		r := fact.Resource{
			Ref:      fact.Ref{Kind: "iam.server-certificate", Place: at, ID: aws.ToString(c.ServerCertificateName)},
			ARN:      aws.ToString(c.Arn),
			UniqueID: aws.ToString(c.ServerCertificateId),
			Created:  aws.ToTime(c.UploadDate),
		}
		fact.Path.Set(&r, aws.ToString(c.Path))
		all = append(all, r)
	}
	putSorted(all, put)
	return nil
}

func readServerCertificate(ctx context.Context, api serverCertificateReader, name string) (types.ServerCertificate, error) {
	out, err := api.GetServerCertificate(ctx, &iam.GetServerCertificateInput{ServerCertificateName: &name})
	if err != nil {
		return types.ServerCertificate{}, orGone(err, "server certificate "+name)
	}
	return told(out.ServerCertificate, "server certificate "+name)
}
