package engine

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"cordon/internal/awsapi"
)

// A Key is one set of credentials to be tried, in a drill.
type Key struct{ ID, Secret, Token string }

// Probe tries whether credentials still open anything, with two harmless
// reads: an account that is cut off refuses both. It is for drills: it never
// sends anything to AWS itself.
func Probe(ctx context.Context, endpoint string, k Key) (works bool, code string) {
	cfg := aws.Config{
		Region: "us-east-1", BaseEndpoint: &endpoint, RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider(k.ID, k.Secret, k.Token),
	}
	_, err := iam.NewFromConfig(cfg).GetAccountSummary(ctx, &iam.GetAccountSummaryInput{})
	if err == nil {
		return true, ""
	}
	if _, err2 := ec2.NewFromConfig(cfg).DescribeRegions(ctx, &ec2.DescribeRegionsInput{}); err2 == nil {
		return true, ""
	}
	return false, awsapi.Code(err)
}
