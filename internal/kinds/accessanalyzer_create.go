package kinds

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/accessanalyzer"
	"github.com/aws/aws-sdk-go-v2/service/accessanalyzer/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

// NewAnalyzer is what the analyzer is called that a plan makes.
const NewAnalyzer = "cordon-external-access"

// createAnalyzer makes an analyzer of external access for the account: of the
// types of analyzer the one that costs nothing (IAM Access Analyzer pricing). A
// region has one of them at most.
var createAnalyzer = establish(kind.Verb[analyzerReader, analyzerWriter]{
	Name: "create-analyzer", Needs: []string{"accessanalyzer:CreateAnalyzer", "accessanalyzer:DeleteAnalyzer", "=iam:CreateServiceLinkedRole"},
}, func(ctx context.Context, api analyzerReader, r fact.Resource) (string, error) {
	// The listing is asked afresh: one that several share would not show the change.
	for page, err := range pages(ctx, accessanalyzer.NewListAnalyzersPaginator(api, &accessanalyzer.ListAnalyzersInput{MaxResults: aws.Int32(100)})) {
		if err != nil {
			return "", err
		}
		for _, a := range page.Analyzers {
			if aws.ToString(a.Name) == r.ID {
				return aws.ToString(a.Arn) + " " + string(a.Type), nil
			}
		}
	}
	return "", nil
}, thatIsAll, func(ctx context.Context, api analyzerWriter, j kind.Job) error {
	_, err := api.CreateAnalyzer(ctx, &accessanalyzer.CreateAnalyzerInput{
		AnalyzerName: &j.ID, Type: types.TypeAccount, Tags: map[string]string{"cordon-case": j.Case},
	})
	return storeThere(err, "ConflictException")
}, func(ctx context.Context, api analyzerWriter, j kind.Job) error {
	_, err := api.DeleteAnalyzer(ctx, &accessanalyzer.DeleteAnalyzerInput{AnalyzerName: &j.ID})
	return err
})
