package awsapi

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/credentials"
)

// Whose asks AWS, once, whose an access key is that was found somewhere: sts
// GetCallerIdentity, which no policy can deny and which does nothing else. The
// question is recorded in the key's own account. An error of the class
// Unauthenticated means that AWS no longer takes the key.
func Whose(ctx context.Context, o Options, id, secret, token string) (Principal, error) {
	a := &Account{now: o.Now, count: newCounter(), configs: nil}
	plain := Options{Region: o.Region, EndpointURL: o.EndpointURL, AppID: o.AppID, HTTP: o.HTTP, Now: o.Now}
	if err := a.load(ctx, plain, &prompter{ctx: ctx, name: sessionName(o.AppID)}); err != nil {
		return Principal{}, err
	}
	a.base.Credentials = credentials.NewStaticCredentialsProvider(id, secret, token)
	p, _, err := a.identify(ctx, a.base)
	if err != nil {
		return Principal{}, fmt.Errorf("cannot find out whose key this is: %w", err)
	}
	return p, nil
}
