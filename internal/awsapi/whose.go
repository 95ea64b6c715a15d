package awsapi

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/credentials"
)

// What AWS says of a key that does not open anything as it is.
var (
	ErrRefused     = errors.New("AWS does not take the key")
	ErrOtherSecret = errors.New("AWS knows the ID, and the secret is not its own")
)

// refusals are the answers that are about the key. Others of the class
// Unauthenticated are about the question: a clock that is wrong, a header that
// something on the way took out.
var refusals = map[string]error{
	"InvalidClientTokenId":  ErrRefused,
	"InvalidAccessKeyId":    ErrRefused,
	"ExpiredToken":          ErrRefused,
	"ExpiredTokenException": ErrRefused,
	"SignatureDoesNotMatch": ErrOtherSecret,
}

// Whose asks AWS, once, whose an access key is that was found somewhere: sts
// GetCallerIdentity, which no policy can deny and which does nothing else. The
// question is recorded in the key's own account. ErrRefused means that AWS no
// longer takes the key, ErrOtherSecret that the two halves do not belong together;
// every other error says nothing of the key. Where no region was asked for, the
// partition's own is asked: one that has to be opted into refuses the good keys of
// everybody who did not.
func Whose(ctx context.Context, o Options, id, secret, token string) (Principal, error) {
	a := &Account{now: o.Now, count: newCounter(), configs: nil}
	plain := Options{Region: o.Region, EndpointURL: o.EndpointURL, AppID: o.AppID, HTTP: o.HTTP, Now: o.Now}
	if err := a.load(ctx, plain, &prompter{ctx: ctx, name: sessionName(o.AppID)}); err != nil {
		return Principal{}, err
	}
	if o.Region == "" && o.EndpointURL == "" {
		a.base.Region = globalOf(a.base.Region)
	}
	a.base.Credentials = credentials.NewStaticCredentialsProvider(id, secret, token)
	p, _, err := a.identify(ctx, a.base)
	if err != nil {
		return Principal{}, fmt.Errorf("cannot find out whose key this is: %w", errors.Join(refusals[Code(err)], err))
	}
	return p, nil
}
