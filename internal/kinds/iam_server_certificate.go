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

var serverCertificate = kind.Of(serverCertificateSpec)

// A server certificate serves TLS from a load balancer or distribution. It
// gives no access to the account. IAM never tells its private key.
var serverCertificateSpec = kind.Spec[serverCertificateReader, noWriter]{
	Name:   "iam.server-certificate",
	Global: true,
	Reader: func(c aws.Config) serverCertificateReader { return iam.NewFromConfig(c) },
	Needs:  []string{"iam:ListServerCertificates", "iam:GetServerCertificate"},
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
