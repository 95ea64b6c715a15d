package kinds

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/resourceexplorer2"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	"github.com/aws/smithy-go"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type indexReader interface {
	taggedReader
	ListIndexes(context.Context, *resourceexplorer2.ListIndexesInput, ...func(*resourceexplorer2.Options)) (*resourceexplorer2.ListIndexesOutput, error)
	ListResources(context.Context, *resourceexplorer2.ListResourcesInput, ...func(*resourceexplorer2.Options)) (*resourceexplorer2.ListResourcesOutput, error)
}

type indexClient struct {
	*resourceexplorer2.Client
	tagged *resourcegroupstaggingapi.Client
}

func (c indexClient) GetResources(ctx context.Context, in *resourcegroupstaggingapi.GetResourcesInput, o ...func(*resourcegroupstaggingapi.Options)) (*resourcegroupstaggingapi.GetResourcesOutput, error) {
	return c.tagged.GetResources(ctx, in, o...)
}

var indexedResource = kind.Of(indexedSpec)

// indexedSpec is the second source of what no other kind shows: Resource
// Explorer's index, where the account has one. It has a reading of its own, so
// that a region without an index is told as absent. The index knows the types
// that Resource Explorer supports, a new resource only after minutes to hours,
// and what its default view lets through.
var indexedSpec = kind.Spec[indexReader, noWriter]{
	Name: "account.indexed",
	Reader: func(c aws.Config) indexReader {
		return indexClient{resourceexplorer2.NewFromConfig(c), resourcegroupstaggingapi.NewFromConfig(c)}
	},
	Needs: []string{
		"resourceexplorer2:ListIndexes",
		// ListResources has no end at a thousand results, as Search has.
		"resourceexplorer2:ListResources",
		"resourcegroupstaggingapi:GetResources",
	},
	List: listIndexed,
	Cost: kind.Cost{Fixed: 3, Each: 2},
}

func listIndexed(ctx context.Context, api indexReader, at fact.Place, put func(fact.Resource)) error {
	out, err := api.ListIndexes(ctx, &resourceexplorer2.ListIndexesInput{Regions: []string{at.Region}})
	if err != nil {
		return fmt.Errorf("cannot list Resource Explorer's indexes: %w", err)
	}
	if len(out.Indexes) == 0 {
		return &smithy.GenericAPIError{Code: "IndexNotFound", Message: "Resource Explorer has no index in " + at.Region}
	}
	tagged, _, err := taggedResources(ctx, api, at)
	if err != nil {
		return err
	}
	known := map[string]bool{}
	for _, r := range tagged {
		known[r.ARN] = true
	}
	in := &resourceexplorer2.ListResourcesInput{MaxResults: aws.Int32(1000)}
	for page, err := range pages(ctx, resourceexplorer2.NewListResourcesPaginator(api, in)) {
		if err != nil {
			return fmt.Errorf("cannot list what Resource Explorer knows: %w", err)
		}
		for _, x := range page.Resources {
			arn := aws.ToString(x.Arn)
			// An aggregator's index has the other regions, too: they are asked there.
			if here := aws.ToString(x.Region); known[arn] || handledBy(arn) != "" || here != at.Region && here != fact.Global {
				continue
			}
			known[arn] = true
			r := otherOf("account.indexed", at, arn)
			fact.Detail.Set(&r, aws.ToString(x.ResourceType))
			put(r)
		}
	}
	return nil
}
