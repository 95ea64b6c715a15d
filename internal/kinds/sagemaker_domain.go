package kinds

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type studioReader interface {
	ListDomains(context.Context, *sagemaker.ListDomainsInput, ...func(*sagemaker.Options)) (*sagemaker.ListDomainsOutput, error)
	DescribeDomain(context.Context, *sagemaker.DescribeDomainInput, ...func(*sagemaker.Options)) (*sagemaker.DescribeDomainOutput, error)
}

var studioDomain = kind.Of(studioSpec)

// A domain holds its users' notebooks, and AWS deletes none that still has
// users, spaces or apps: it is shown and kept, and a person takes it apart.
var studioSpec = kind.Spec[studioReader, noWriter]{
	Name:   "sagemaker.domain",
	Reader: func(c aws.Config) studioReader { return sagemaker.NewFromConfig(c) },
	Needs:  []string{"sagemaker:ListDomains", "sagemaker:DescribeDomain"},
	Cost:   kind.Cost{Fixed: 1, Page: 100},
	Covers: []string{"B4"},
	List: func(ctx context.Context, api studioReader, at fact.Place, put func(fact.Resource)) error {
		for page, err := range pages(ctx, sagemaker.NewListDomainsPaginator(api, &sagemaker.ListDomainsInput{MaxResults: aws.Int32(100)})) {
			if err != nil {
				return fmt.Errorf("cannot list domains: %w", err)
			}
			for _, d := range page.Domains {
				r := named("sagemaker.domain", at, d.DomainId, d.DomainArn, d.CreationTime)
				fact.Name.Set(&r, aws.ToString(d.DomainName))
				fact.Status.Set(&r, string(d.Status))
				fact.Detail.Set(&r, aws.ToString(d.Url))
				put(r)
			}
		}
		return nil
	},
	Keep: kept("domain.json", func(ctx context.Context, api studioReader, r fact.Resource) (*sagemaker.DescribeDomainOutput, error) {
		out, err := api.DescribeDomain(ctx, &sagemaker.DescribeDomainInput{DomainId: &r.ID})
		return out, sagemakerGone(err)
	}),
}
