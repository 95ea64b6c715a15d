package engine_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"cordon/internal/lab"
)

// config makes calls with a credential, not through cordon.
func (w *world) config(c Credential, region string) aws.Config {
	return aws.Config{
		Region: region, RetryMaxAttempts: 1,
		HTTPClient:  &http.Client{Transport: lab.Transport(w.URL())},
		Credentials: credentials.NewStaticCredentialsProvider(c.KeyID, c.Secret, c.Token),
	}
}

// opens lists which of some harmless reads a credential may make. STS's
// GetCallerIdentity is none of them: AWS lets even a denied principal make it.
func (w *world) opens(c Credential) (calls []string) {
	cfg := w.config(c, "eu-west-1")
	ctx := context.WithoutCancel(w.t.Context())
	try := func(name string, err error) {
		if err == nil {
			calls = append(calls, name)
		}
	}
	_, err := ec2.NewFromConfig(cfg).DescribeRegions(ctx, &ec2.DescribeRegionsInput{})
	try("ec2:DescribeRegions", err)
	_, err = ec2.NewFromConfig(cfg).DescribeInstances(ctx, &ec2.DescribeInstancesInput{})
	try("ec2:DescribeInstances", err)
	_, err = iam.NewFromConfig(cfg).GetUser(ctx, &iam.GetUserInput{})
	try("iam:GetUser", err)
	_, err = iam.NewFromConfig(cfg).ListUsers(ctx, &iam.ListUsersInput{})
	try("iam:ListUsers", err)
	_, err = lambda.NewFromConfig(cfg).ListFunctions(ctx, &lambda.ListFunctionsInput{})
	try("lambda:ListFunctions", err)
	_, err = cloudtrail.NewFromConfig(cfg).DescribeTrails(ctx, &cloudtrail.DescribeTrailsInput{})
	try("cloudtrail:DescribeTrails", err)
	try("s3:ListBucket", w.listBucket(ctx, cfg))
	return calls
}

// listBucket asks for a bucket that is not there: who may ask is told so, who
// may not is refused.
func (w *world) listBucket(ctx context.Context, cfg aws.Config) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://s3.eu-west-1.amazonaws.com/no-such-bucket-0?list-type=2", nil)
	if err != nil {
		return err
	}
	empty := sha256.Sum256(nil)
	hash := hex.EncodeToString(empty[:])
	req.Header.Set("X-Amz-Content-Sha256", hash)
	keys, err := cfg.Credentials.Retrieve(ctx)
	if err == nil {
		err = v4.NewSigner().SignHTTP(ctx, keys, req, hash, "s3", cfg.Region, time.Now())
	}
	if err != nil {
		return err
	}
	resp, err := cfg.HTTPClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusNotFound {
		return errors.New(resp.Status)
	}
	return nil
}

func TestContainCutsTheIntruderAndNobodyElse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := map[string][]string{}
	for _, c := range slices.Concat(truth.Owners, truth.Intruders) {
		if c.KeyID != "" {
			before[c.Name] = w.opens(c)
			t.Logf("before: %-40s %-16s %v", c.Name, c.Kind, before[c.Name])
		}
	}
	w.triage()
	p := w.contain()
	for _, a := range p.Actions {
		t.Logf("%-10s %-16s %-20s %-14s %s  because %v after %v", a.Class, a.Verb, a.Target.Kind, a.Target.Region, a.Target.ID, a.Because, a.After)
		if a.Target.ARN == truth.BreakGlass || strings.Contains(a.Target.ARN, "/aws-service-role/") || a.Target.ID == truth.Caller.KeyID {
			t.Errorf("the plan touches %s", a.Target.Ref)
		}
	}
	for _, r := range p.Refused {
		t.Logf("refused: %s %s: %s", r.Action.Verb, r.Action.Target.Ref, r.Reason)
	}
	w.Told.told = nil
	sum := w.apply(p)
	for _, s := range w.Told.steps() {
		t.Log(s)
	}
	t.Logf("%d actions: %d verified, %d skipped, %d failed; longest chain %d calls; %d ms; calls %v",
		len(p.Actions), sum.Verified, sum.Skipped, sum.Failed, sum.Chain, sum.ElapsedMS, sum.Calls)
	if sum.Failed+sum.Skipped+sum.Untouched > 0 {
		t.Errorf("not everything was done: %+v", sum)
	}
	for _, c := range truth.Intruders {
		if c.KeyID == "" {
			continue
		}
		if still := w.opens(c); len(still) > 0 {
			t.Errorf("the intruder's %s (%s, %s) still opens %v", c.Name, c.Kind, c.Principal, still)
		}
		if len(before[c.Name]) == 0 {
			t.Errorf("the intruder's %s opened nothing before: this shows nothing", c.Name)
		}
	}
	for _, c := range truth.Owners {
		if now := w.opens(c); c.KeyID != "" && !slices.Equal(now, before[c.Name]) {
			t.Errorf("the owner's %s (%s) opened %v, now %v", c.Name, c.Principal, before[c.Name], now)
		}
	}
}
