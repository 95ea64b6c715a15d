package kinds

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type oidcProviderReader interface {
	ListOpenIDConnectProviders(context.Context, *iam.ListOpenIDConnectProvidersInput, ...func(*iam.Options)) (*iam.ListOpenIDConnectProvidersOutput, error)
	GetOpenIDConnectProvider(context.Context, *iam.GetOpenIDConnectProviderInput, ...func(*iam.Options)) (*iam.GetOpenIDConnectProviderOutput, error)
}

type oidcProviderWriter interface {
	DeleteOpenIDConnectProvider(context.Context, *iam.DeleteOpenIDConnectProviderInput, ...func(*iam.Options)) (*iam.DeleteOpenIDConnectProviderOutput, error)
}

var oidcProvider = kind.Of(oidcProviderSpec)

// An OIDC provider lets the holders of an issuer's tokens, such as a build
// service's, assume the roles that trust it. It has no off switch: denying
// those roles is what stops it; deleting it leaves their trust policies as they
// are.
var oidcProviderSpec = kind.Spec[oidcProviderReader, oidcProviderWriter]{
	Name:   "iam.oidc-provider",
	Global: true,
	Reader: func(c aws.Config) oidcProviderReader { return iam.NewFromConfig(c) },
	Writer: func(c aws.Config) oidcProviderWriter { return iam.NewFromConfig(c) },
	Needs:  []string{"iam:ListOpenIDConnectProviders", "iam:GetOpenIDConnectProvider"},
	Cost:   kind.Cost{Fixed: 1, Each: 1},
	Covers: []string{"A8"},
	Named:  true,
	List:   listOIDCProviders,
	Keep: func(ctx context.Context, api oidcProviderReader, r fact.Resource, put func(string, []byte) error) error {
		p, err := readOIDCProvider(ctx, api, r.ID)
		if err != nil {
			return err
		}
		return putJSON(put, descriptionFile, map[string]any{
			"Arn": r.ID, "Url": p.Url, "ClientIDList": p.ClientIDList, "ThumbprintList": p.ThumbprintList,
			"CreateDate": p.CreateDate, "Tags": p.Tags,
		})
	},
	Verbs: []kind.Verb[oidcProviderReader, oidcProviderWriter]{
		remove(kind.Verb[oidcProviderReader, oidcProviderWriter]{Name: "delete", Needs: []string{"iam:DeleteOpenIDConnectProvider"}, Settle: iamSettle},
			func(ctx context.Context, api oidcProviderReader, r fact.Resource) (any, error) {
				p, err := readOIDCProvider(ctx, api, r.ID)
				if err != nil {
					return nil, err
				}
				return lasting(&r.ID, p.CreateDate), nil
			},
			func(ctx context.Context, api oidcProviderWriter, j kind.Job) error {
				_, err := api.DeleteOpenIDConnectProvider(ctx, &iam.DeleteOpenIDConnectProviderInput{OpenIDConnectProviderArn: &j.ID})
				return err
			}),
	},
}

// listOIDCProviders reads each one: the list, which IAM does not page, has
// nothing but ARNs.
func listOIDCProviders(ctx context.Context, api oidcProviderReader, at fact.Place, put func(fact.Resource)) error {
	out, err := api.ListOpenIDConnectProviders(ctx, &iam.ListOpenIDConnectProvidersInput{})
	if err != nil {
		return fmt.Errorf("cannot list OIDC providers: %w", err)
	}
	var all []fact.Resource
	for _, p := range out.OpenIDConnectProviderList {
		all = append(all, fact.Resource{
			Ref: fact.Ref{Kind: "iam.oidc-provider", Place: at, ID: aws.ToString(p.Arn)},
			ARN: aws.ToString(p.Arn),
		})
	}
	slices.SortFunc(all, byID)
	return complete(ctx, all, func(ctx context.Context, r *fact.Resource) error {
		p, err := readOIDCProvider(ctx, api, r.ID)
		if err != nil {
			return err
		}
		r.Created = aws.ToTime(p.CreateDate)
		fact.URL.Set(r, aws.ToString(p.Url))
		fact.Clients.Set(r, append([]string{}, p.ClientIDList...))
		return nil
	}, put)
}

func readOIDCProvider(ctx context.Context, api oidcProviderReader, arn string) (*iam.GetOpenIDConnectProviderOutput, error) {
	out, err := api.GetOpenIDConnectProvider(ctx, &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: &arn})
	if err != nil {
		return nil, orGone(err, "OIDC provider "+arn)
	}
	return out, nil
}
