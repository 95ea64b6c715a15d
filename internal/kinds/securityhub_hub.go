package kinds

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/securityhub"

	"cordon/internal/awsapi"
	"cordon/internal/fact"
	"cordon/internal/kind"
)

type hubReader interface {
	DescribeHub(context.Context, *securityhub.DescribeHubInput, ...func(*securityhub.Options)) (*securityhub.DescribeHubOutput, error)
}

var securityHub = kind.Of(securityHubSpec)

// securityHubSpec lists the hub of a region where Security Hub is on. Where it
// is off there is none, and that is a good reading: most accounts never had one.
var securityHubSpec = kind.Spec[hubReader, noWriter]{
	Name:   "securityhub.hub",
	Reader: func(c aws.Config) hubReader { return securityhub.NewFromConfig(c) },
	Needs:  []string{"securityhub:DescribeHub"},
	Cost:   kind.Cost{Fixed: 1},
	Covers: []string{"D3"},
	List: func(ctx context.Context, api hubReader, at fact.Place, put func(fact.Resource)) error {
		out, err := findHub(ctx, api)
		if err != nil || out == nil {
			return err
		}
		r := fact.Resource{
			Ref: fact.Ref{Kind: "securityhub.hub", Place: at, ID: "default"}, ARN: aws.ToString(out.HubArn), Created: moment(out.SubscribedAt),
		}
		fact.Active.Set(&r, true)
		put(r)
		return nil
	},
	Keep: func(ctx context.Context, api hubReader, _ fact.Resource, put func(string, []byte) error) error {
		out, err := findHub(ctx, api)
		if err == nil && out == nil {
			err = kind.ErrGone
		}
		if err != nil {
			return err
		}
		return putJSON(put, "hub.json", out)
	},
}

// findHub is nil where Security Hub was never turned on, or turned off.
func findHub(ctx context.Context, api hubReader) (*securityhub.DescribeHubOutput, error) {
	out, err := api.DescribeHub(ctx, &securityhub.DescribeHubInput{})
	switch awsapi.Classify(err) {
	case awsapi.OK:
		return out, nil
	case awsapi.NotSubscribed, awsapi.NotFound:
		return nil, nil
	}
	return nil, fmt.Errorf("cannot read whether Security Hub is on: %w", err)
}
