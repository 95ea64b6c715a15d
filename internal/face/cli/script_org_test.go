package cli

import (
	"context"
	"fmt"
	"net/http"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"
	"github.com/rogpeppe/go-internal/testscript"

	"cordon/internal/lab"
)

const management = "999900001111"

// asRoot signs as the root user of any account: the lab believes its token.
type asRoot struct {
	account, token string
	to             http.RoundTripper
}

func (a asRoot) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("X-Lab-Token", a.token)
	r.Header.Set("X-Moto-Account-Id", a.account)
	return a.to.RoundTrip(r)
}

// organise puts the lab's account into an organisation and writes the profile
// "org" of an administrator of its management account.
func organise(ts *testscript.TestScript, _ bool, _ []string) {
	l := ts.Value("lab").(*lab.Lab)
	ctx := context.Background()
	as := func(account string) aws.Config {
		id, secret := l.RootKey()
		return aws.Config{
			Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider(id, secret, ""),
			HTTPClient: &http.Client{Transport: asRoot{account, l.Token(), lab.Transport(l.URL())}},
		}
	}
	org, users := organizations.NewFromConfig(as(management)), iam.NewFromConfig(as(management))
	_, err := org.CreateOrganization(ctx, &organizations.CreateOrganizationInput{})
	ts.Check(err)
	out, err := org.InviteAccountToOrganization(ctx, &organizations.InviteAccountToOrganizationInput{
		Target: &types.HandshakeParty{Id: aws.String(l.Account()), Type: types.HandshakePartyTypeAccount},
	})
	ts.Check(err)
	_, err = organizations.NewFromConfig(as(l.Account())).AcceptHandshake(ctx, &organizations.AcceptHandshakeInput{HandshakeId: out.Handshake.Id})
	ts.Check(err)
	_, err = users.CreateUser(ctx, &iam.CreateUserInput{UserName: aws.String("org-admin")})
	ts.Check(err)
	_, err = users.PutUserPolicy(ctx, &iam.PutUserPolicyInput{
		UserName: aws.String("org-admin"), PolicyName: aws.String("org"),
		PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"organizations:*","Resource":"*"}]}`),
	})
	ts.Check(err)
	key, err := users.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: aws.String("org-admin")})
	ts.Check(err)
	file := ts.MkAbs("credentials")
	ts.Check(os.WriteFile(file, fmt.Appendf(nil, "[org]\naws_access_key_id=%s\naws_secret_access_key=%s\n", *key.AccessKey.AccessKeyId, *key.AccessKey.SecretAccessKey), 0o600))
	ts.Setenv("AWS_SHARED_CREDENTIALS_FILE", file)
}
