package kinds

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type samlProviderReader interface {
	ListSAMLProviders(context.Context, *iam.ListSAMLProvidersInput, ...func(*iam.Options)) (*iam.ListSAMLProvidersOutput, error)
	GetSAMLProvider(context.Context, *iam.GetSAMLProviderInput, ...func(*iam.Options)) (*iam.GetSAMLProviderOutput, error)
}

type samlProviderWriter interface {
	DeleteSAMLProvider(context.Context, *iam.DeleteSAMLProviderInput, ...func(*iam.Options)) (*iam.DeleteSAMLProviderOutput, error)
}

var samlProvider = kind.Of(samlProviderSpec)

// A SAML provider signs people in to every role whose trust policy names it;
// who holds its signing key needs no credential of the account's. It has no
// off switch: denying those roles is what stops it; deleting it leaves their
// trust policies as they are.
var samlProviderSpec = kind.Spec[samlProviderReader, samlProviderWriter]{
	Name:   "iam.saml-provider",
	Global: true,
	Reader: func(c aws.Config) samlProviderReader { return iam.NewFromConfig(c) },
	Writer: func(c aws.Config) samlProviderWriter { return iam.NewFromConfig(c) },
	Needs:  []string{"iam:ListSAMLProviders", "iam:GetSAMLProvider"},
	Cost:   kind.Cost{Fixed: 1},
	Covers: []string{"A8"},
	Named:  true,
	List:   listSAMLProviders,
	Keep:   keepSAMLProvider,
	Verbs: []kind.Verb[samlProviderReader, samlProviderWriter]{
		remove(kind.Verb[samlProviderReader, samlProviderWriter]{Name: "delete", Needs: []string{"iam:DeleteSAMLProvider"}, Settle: iamSettle},
			func(ctx context.Context, api samlProviderReader, r fact.Resource) (any, error) {
				p, err := readSAMLProvider(ctx, api, r.ID)
				if err != nil {
					return nil, err
				}
				return lasting(&r.ID, p.CreateDate), nil
			},
			func(ctx context.Context, api samlProviderWriter, j kind.Job) error {
				_, err := api.DeleteSAMLProvider(ctx, &iam.DeleteSAMLProviderInput{SAMLProviderArn: &j.ID})
				return err
			}),
	},
}

// listSAMLProviders makes one call: IAM does not page this list.
func listSAMLProviders(ctx context.Context, api samlProviderReader, at fact.Place, put func(fact.Resource)) error {
	out, err := api.ListSAMLProviders(ctx, &iam.ListSAMLProvidersInput{})
	if err != nil {
		return fmt.Errorf("cannot list SAML providers: %w", err)
	}
	var all []fact.Resource
	for _, p := range out.SAMLProviderList {
		all = append(all, fact.Resource{
			Ref:     fact.Ref{Kind: "iam.saml-provider", Place: at, ID: aws.ToString(p.Arn)},
			ARN:     aws.ToString(p.Arn),
			Created: aws.ToTime(p.CreateDate),
		})
	}
	putSorted(all, put)
	return nil
}

// keepSAMLProvider keeps the metadata, which names the issuer and has the
// certificates it signs with. Of private keys IAM tells the ids only.
func keepSAMLProvider(ctx context.Context, api samlProviderReader, r fact.Resource, put func(string, []byte) error) error {
	out, err := readSAMLProvider(ctx, api, r.ID)
	if err != nil {
		return err
	}
	if err := put("metadata.xml", []byte(aws.ToString(out.SAMLMetadataDocument))); err != nil {
		return err
	}
	return putJSON(put, descriptionFile, map[string]any{
		"Arn": r.ID, "CreateDate": out.CreateDate, "ValidUntil": out.ValidUntil, "Tags": out.Tags, "PrivateKeys": out.PrivateKeyList,
	})
}

func readSAMLProvider(ctx context.Context, api samlProviderReader, arn string) (*iam.GetSAMLProviderOutput, error) {
	out, err := api.GetSAMLProvider(ctx, &iam.GetSAMLProviderInput{SAMLProviderArn: &arn})
	if err != nil {
		return nil, orGone(err, "SAML provider "+arn)
	}
	return out, nil
}
