package kinds

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

// ssmParameterReader has no call that returns a value.
type ssmParameterReader interface {
	DescribeParameters(context.Context, *ssm.DescribeParametersInput, ...func(*ssm.Options)) (*ssm.DescribeParametersOutput, error)
}

type ssmParameterWriter interface {
	DeleteParameter(context.Context, *ssm.DeleteParameterInput, ...func(*ssm.Options)) (*ssm.DeleteParameterOutput, error)
}

var ssmParameter = kind.Of(ssmParameterSpec)

var ssmParameterSpec = kind.Spec[ssmParameterReader, ssmParameterWriter]{
	Name:   "ssm.parameter",
	Reader: func(c aws.Config) ssmParameterReader { return ssm.NewFromConfig(c) },
	Writer: func(c aws.Config) ssmParameterWriter { return ssm.NewFromConfig(c) },
	Needs:  []string{"ssm:DescribeParameters"},
	Cost:   kind.Cost{Fixed: 1, Page: 50},
	Covers: []string{"C8"},
	Named:  true,
	List: func(ctx context.Context, api ssmParameterReader, at fact.Place, put func(fact.Resource)) error {
		for page, err := range pages(ctx, ssm.NewDescribeParametersPaginator(api, &ssm.DescribeParametersInput{MaxResults: aws.Int32(50)})) {
			if err != nil {
				return fmt.Errorf("cannot list parameters: %w", err)
			}
			for _, p := range page.Parameters {
				put(ssmParameterOf(at, p))
			}
		}
		return nil
	},
	Keep: func(ctx context.Context, api ssmParameterReader, r fact.Resource, put func(string, []byte) error) error {
		p, err := findSSMParameter(ctx, api, r)
		if err != nil {
			return err
		}
		return putJSON(put, "parameter.json", p)
	},
	Verbs: []kind.Verb[ssmParameterReader, ssmParameterWriter]{
		remove(kind.Verb[ssmParameterReader, ssmParameterWriter]{Name: "delete", Needs: []string{"ssm:DeleteParameter"}},
			func(ctx context.Context, api ssmParameterReader, r fact.Resource) (any, error) {
				p, err := findSSMParameter(ctx, api, r)
				if err != nil {
					return nil, err
				}
				return struct { // a new version is another content under the name
					Version int64  `json:"version"`
					By      string `json:"by"`
				}{p.Version, aws.ToString(p.LastModifiedUser)}, nil
			},
			func(ctx context.Context, api ssmParameterWriter, j kind.Job) error {
				_, err := api.DeleteParameter(ctx, &ssm.DeleteParameterInput{Name: &j.ID})
				return err
			}),
	},
}

// ssmParameterOf knows who made a parameter, and when, as long as nobody
// wrote to it again.
func ssmParameterOf(at fact.Place, p types.ParameterMetadata) fact.Resource {
	r := fact.Resource{Ref: fact.Ref{Kind: "ssm.parameter", Place: at, ID: aws.ToString(p.Name)}, ARN: aws.ToString(p.ARN)}
	when(fact.Modified, &r, p.LastModifiedDate)
	if p.Version == 1 {
		r.Created = aws.ToTime(p.LastModifiedDate).UTC()
		if p.LastModifiedUser != nil {
			fact.Maker.Set(&r, *p.LastModifiedUser)
		}
	}
	fact.Encrypted.Set(&r, p.Type == types.ParameterTypeSecureString)
	fact.Detail.Set(&r, string(p.Type))
	return r
}

func findSSMParameter(ctx context.Context, api ssmParameterReader, r fact.Resource) (types.ParameterMetadata, error) {
	return only(whole(ctx, ssm.NewDescribeParametersPaginator(api, &ssm.DescribeParametersInput{ParameterFilters: []types.ParameterStringFilter{{
		Key: aws.String("Name"), Option: aws.String("Equals"), Values: []string{r.ID},
	}}}), func(page *ssm.DescribeParametersOutput) []types.ParameterMetadata { return page.Parameters }))
}
