package kinds

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type taggedReader interface {
	GetResources(context.Context, *resourcegroupstaggingapi.GetResourcesInput, ...func(*resourcegroupstaggingapi.Options)) (*resourcegroupstaggingapi.GetResourcesOutput, error)
}

var otherResource = kind.Of(otherSpec)

// otherSpec shows, seen and not handled, what no other kind shows, as far as
// the tagging API knows it. That API knows what has a tag or once had one, of
// the services that tell it, and goes on telling of what was deleted for a
// while. A resource that was never tagged is not there: an empty list says
// nothing about the account.
//
// Of what another kind lists it tells the tags (fact.HandledBy): many services
// name no tags where they list, and one paged call has those of all of them.
var otherSpec = kind.Spec[taggedReader, noWriter]{
	Name:   "account.other",
	Reader: func(c aws.Config) taggedReader { return resourcegroupstaggingapi.NewFromConfig(c) },
	Needs:  []string{"resourcegroupstaggingapi:GetResources"},
	List: func(ctx context.Context, api taggedReader, at fact.Place, put func(fact.Resource)) error {
		others, handled, err := taggedResources(ctx, api, at)
		if err != nil {
			return err
		}
		for _, r := range append(others, handled...) {
			put(r)
		}
		return nil
	},
	// A page holds what is handled, too; most of an account is.
	Cost: kind.Cost{Fixed: 1, Each: 1},
}

// taggedResources are the tagged ones that no other kind shows, and the tags of
// the others.
func taggedResources(ctx context.Context, api taggedReader, at fact.Place) (out, handled []fact.Resource, err error) {
	in := &resourcegroupstaggingapi.GetResourcesInput{ResourcesPerPage: aws.Int32(100)}
	for page, err := range pages(ctx, resourcegroupstaggingapi.NewGetResourcesPaginator(api, in)) {
		if err != nil {
			return nil, nil, fmt.Errorf("cannot list tagged resources: %w", err)
		}
		for _, m := range page.ResourceTagMappingList {
			tags := map[string]string{}
			for _, t := range m.Tags {
				tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
			}
			arn := aws.ToString(m.ResourceARN)
			r := otherOf("account.other", at, arn)
			setStackTags(&r, tags)
			switch k := handledBy(arn); {
			case k == "":
				out = append(out, r)
			case len(tags) > 0:
				fact.HandledBy.Set(&r, string(k))
				handled = append(handled, r)
			}
		}
	}
	return out, handled, nil
}

func otherOf(k fact.Kind, at fact.Place, arn string) fact.Resource {
	r := fact.Resource{Ref: fact.Ref{Kind: k, Place: at, ID: arn}, ARN: arn}
	fact.Detail.Set(&r, sortOf(arn))
	return r
}

// sortOf is the service and the sort of thing in an ARN: "ec2:vpc".
func sortOf(arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 {
		return ""
	}
	resource := strings.TrimPrefix(parts[5], "/")
	if i := strings.IndexAny(resource, "/:"); i > 0 {
		return parts[2] + ":" + resource[:i]
	}
	return parts[2]
}
