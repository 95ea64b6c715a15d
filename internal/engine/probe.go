package engine

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"cordon/internal/awsapi"
)

// A Key is one set of credentials to be tried, in a drill.
type Key struct{ ID, Secret, Token string }

// Probe tries whether credentials are cut off, with two harmless reads. Cut
// off is: AWS does not take them any more, or a policy denies them explicitly.
// A call that nobody ever allowed them says nothing. It is for drills.
func Probe(ctx context.Context, endpoint string, k Key) (works bool, code string) {
	cfg := aws.Config{
		Region: "us-east-1", BaseEndpoint: &endpoint, RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider(k.ID, k.Secret, k.Token),
	}
	_, err := ec2.NewFromConfig(cfg).DescribeRegions(ctx, &ec2.DescribeRegionsInput{})
	if !cutOff(err) {
		_, err = iam.NewFromConfig(cfg).GetAccountSummary(ctx, &iam.GetAccountSummaryInput{})
	}
	return !cutOff(err), awsapi.Code(err)
}

func cutOff(err error) bool {
	switch awsapi.Classify(err) {
	case awsapi.OK:
		return false
	case awsapi.Denied:
		return strings.Contains(err.Error(), "explicit deny")
	}
	return true
}
