package kinds

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	"github.com/aws/aws-sdk-go-v2/service/codebuild/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type sourceCredentialReader interface {
	ListSourceCredentials(context.Context, *codebuild.ListSourceCredentialsInput, ...func(*codebuild.Options)) (*codebuild.ListSourceCredentialsOutput, error)
}

type sourceCredentialWriter interface {
	DeleteSourceCredentials(context.Context, *codebuild.DeleteSourceCredentialsInput, ...func(*codebuild.Options)) (*codebuild.DeleteSourceCredentialsOutput, error)
}

var sourceCredential = kind.Of(sourceCredentialSpec)

// sourceCredentialSpec shows the connections to outside source hosts. AWS gives
// neither the token nor a date.
var sourceCredentialSpec = kind.Spec[sourceCredentialReader, sourceCredentialWriter]{
	Name:   "codebuild.source-credential",
	Reader: func(c aws.Config) sourceCredentialReader { return codebuild.NewFromConfig(c) },
	Writer: func(c aws.Config) sourceCredentialWriter { return codebuild.NewFromConfig(c) },
	Needs:  []string{"codebuild:ListSourceCredentials"},
	List: func(ctx context.Context, api sourceCredentialReader, at fact.Place, put func(fact.Resource)) error {
		out, err := api.ListSourceCredentials(ctx, &codebuild.ListSourceCredentialsInput{})
		if err != nil {
			return fmt.Errorf("cannot list source credentials: %w", err)
		}
		for _, c := range out.SourceCredentialsInfos {
			id := aws.ToString(c.Arn)
			r := fact.Resource{Ref: fact.Ref{Kind: "codebuild.source-credential", Place: at, ID: id}, ARN: id}
			fact.Detail.Set(&r, string(c.ServerType)+" "+string(c.AuthType))
			put(r)
		}
		return nil
	},
	Cost:   kind.Cost{Fixed: 1},
	Covers: []string{"A15"},
	Named:  true, // the ARN is made of the host's name
	Keep: func(ctx context.Context, api sourceCredentialReader, r fact.Resource, put func(string, []byte) error) error {
		c, err := findSourceCredential(ctx, api, r.ID)
		if err != nil {
			return err
		}
		return putJSON(put, "source-credential.json", c)
	},
	Verbs: []kind.Verb[sourceCredentialReader, sourceCredentialWriter]{
		remove(kind.Verb[sourceCredentialReader, sourceCredentialWriter]{Name: "delete", Needs: []string{"codebuild:DeleteSourceCredentials"}},
			func(ctx context.Context, api sourceCredentialReader, r fact.Resource) (any, error) {
				c, err := findSourceCredential(ctx, api, r.ID)
				return maker{ID: aws.ToString(c.Arn)}, err
			},
			func(ctx context.Context, api sourceCredentialWriter, j kind.Job) error {
				_, err := api.DeleteSourceCredentials(ctx, &codebuild.DeleteSourceCredentialsInput{Arn: &j.ID})
				return err
			}),
	},
}

func findSourceCredential(ctx context.Context, api sourceCredentialReader, id string) (types.SourceCredentialsInfo, error) {
	out, err := api.ListSourceCredentials(ctx, &codebuild.ListSourceCredentialsInput{})
	if err != nil {
		return types.SourceCredentialsInfo{}, err
	}
	i := slices.IndexFunc(out.SourceCredentialsInfos, func(c types.SourceCredentialsInfo) bool { return aws.ToString(c.Arn) == id })
	if i < 0 {
		return types.SourceCredentialsInfo{}, kind.ErrGone
	}
	return out.SourceCredentialsInfos[i], nil
}
