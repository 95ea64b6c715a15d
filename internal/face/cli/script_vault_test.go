package cli

import (
	"context"
	"fmt"
	"net/http"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/rogpeppe/go-internal/testscript"

	"cordon/internal/lab"
)

// vaultAccount is another account of the owner's, which the intruder is not in.
const vaultAccount = "444455556666"

// vault runs "vault BUCKET [locked]": it makes a bucket in another account of the
// script's lab, and a profile "vault" for a user of that account.
func vault(ts *testscript.TestScript, _ bool, args []string) {
	l, ok := ts.Value("lab").(*lab.Lab)
	if !ok || len(args) == 0 {
		ts.Fatalf("usage: vault BUCKET [locked], in a script with a lab")
	}
	ctx, file := context.Background(), ts.MkAbs("vault-credentials")
	id, secret := l.RootKey()
	cfg := aws.Config{
		Region: "eu-central-1", HTTPClient: &http.Client{Transport: trusted{lab.Transport(l.URL()), l.Token()}},
		Credentials: credentials.NewStaticCredentialsProvider(id, secret, ""),
	}
	if _, err := os.Stat(file); err != nil {
		users, name := iam.NewFromConfig(cfg), aws.String("keeper")
		_, err := users.CreateUser(ctx, &iam.CreateUserInput{UserName: name})
		ts.Check(err)
		_, err = users.PutUserPolicy(ctx, &iam.PutUserPolicyInput{UserName: name, PolicyName: name, PolicyDocument: aws.String(
			`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:ListBucket","s3:GetBucketObjectLockConfiguration","s3:GetObject","s3:GetObjectRetention","s3:PutObject","s3:PutObjectRetention"],"Resource":"*"}]}`)})
		ts.Check(err)
		key, err := users.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: name})
		ts.Check(err)
		ts.Check(os.WriteFile(file, fmt.Appendf(nil, "[vault]\naws_access_key_id=%s\naws_secret_access_key=%s\n", *key.AccessKey.AccessKeyId, *key.AccessKey.SecretAccessKey), 0o600))
		ts.Setenv("AWS_SHARED_CREDENTIALS_FILE", file)
	}
	_, err := s3.NewFromConfig(cfg).CreateBucket(ctx, &s3.CreateBucketInput{
		Bucket: &args[0], ObjectLockEnabledForBucket: aws.Bool(len(args) > 1),
		CreateBucketConfiguration: &types.CreateBucketConfiguration{LocationConstraint: "eu-central-1"},
	})
	ts.Check(err)
}

// trusted makes calls as the root user of the other account: the lab allows that
// to whoever has its token.
type trusted struct {
	http.RoundTripper
	token string
}

func (t trusted) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("X-Lab-Token", t.token)
	r.Header.Set("X-Moto-Account-Id", vaultAccount)
	return t.RoundTripper.RoundTrip(r)
}
