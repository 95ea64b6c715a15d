package awsapi

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/logincreds"
	"github.com/aws/aws-sdk-go-v2/credentials/processcreds"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/middleware"
)

// mfaSession is how long a session lasts that a person typed a code for, where
// the profile does not say. Every role allows it, chained or not; the SDK's own
// fifteen minutes would ask for codes all through an incident.
const mfaSession = time.Hour

var errNoPrompt = errors.New("nobody can be asked for an MFA code here")

// A promptError is an MFA code that could not be had.
type promptError struct{ err error }

func (e *promptError) Error() string { return "cannot get an MFA code: " + e.err.Error() }
func (e *promptError) Unwrap() error { return e.err }

// A prompter asks a person for MFA codes, one at a time. A person who declined
// is not asked again: the many calls that wait for credentials all fail.
//
// That each expiry asks once, however many regions wait, is the work of the
// credentials cache that all configurations share.
type prompter struct {
	ask  func(ctx context.Context, what string) (string, error)
	name string // of role sessions whose profile names none

	mu       sync.Mutex
	ctx      context.Context // of Open, and then of the process: the SDK's hook has none
	declined error
}

// outlive frees the prompts from Open's context, which may have a deadline:
// credentials are refreshed as long as the Account is used.
func (p *prompter) outlive() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ctx = context.WithoutCancel(p.ctx)
}

// configure is applied after the profile's own settings. The session's name is
// the same in every process: the SDK's own has the time in it, and a caller whose
// ARN is never twice the same fits no plan that it made.
func (p *prompter) configure(o *stscreds.AssumeRoleOptions) {
	if o.RoleSessionName == "" {
		o.RoleSessionName = p.name
	}
	if p.ask == nil || o.SerialNumber == nil {
		return
	}
	device := aws.ToString(o.SerialNumber)
	o.TokenProvider = func() (string, error) { return p.code(device) }
	if o.Duration == 0 {
		o.Duration = mfaSession
	}
}

// configureWeb is configure for a role that a token file gives.
func (p *prompter) configureWeb(o *stscreds.WebIdentityRoleOptions) {
	if o.RoleSessionName == "" {
		o.RoleSessionName = p.name
	}
}

func (p *prompter) code(device string) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.declined != nil {
		return "", p.declined
	}
	code, err := p.ask(p.ctx, device)
	if err != nil {
		p.declined = &promptError{err}
		return "", p.declined
	}
	return strings.TrimSpace(code), nil
}

// sessionName names our role sessions after our mark.
func sessionName(s string) string {
	if s == "" {
		s = "cordon"
	}
	s = strings.Map(func(r rune) rune {
		if r < 0x80 && (r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || strings.ContainsRune("_=,.@-", r)) {
			return r
		}
		return '-'
	}, s)
	return s[:min(len(s), 64)]
}

// stsFor answers an STS client that is not limited, so that it can fetch the
// credentials that limited calls wait for.
func (a *Account) stsFor(cfg aws.Config) *sts.Client {
	cfg = cfg.Copy()
	cfg.APIOptions = []func(*middleware.Stack) error{a.sending(false)}
	return sts.NewFromConfig(cfg)
}

// identify asks AWS whose credentials cfg has. No policy can deny the question.
func (a *Account) identify(ctx context.Context, cfg aws.Config) (Principal, time.Time, error) {
	out, err := a.stsFor(cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return Principal{}, time.Time{}, err
	}
	creds, err := cfg.Credentials.Retrieve(ctx)
	if err != nil {
		return Principal{}, time.Time{}, err
	}
	p := parse(aws.ToString(out.Arn), aws.ToString(out.UserId))
	if acct := aws.ToString(out.Account); acct != "" {
		p.Account = acct
	}
	if p.Account == "" || p.Partition == "" {
		return Principal{}, time.Time{}, fmt.Errorf("the identity %q is not one of AWS's", p.ARN)
	}
	p.AccessKeyID, p.Source = creds.AccessKeyID, provider(creds)
	expires := creds.Expires
	if !creds.CanExpire {
		expires = time.Time{}
	}
	return p, expires, nil
}

// behind answers who stands behind me: of a role profile, each source profile in
// turn. A source that is itself a role is named from its profile and not asked,
// since asking might take another MFA code; one that cannot be told is there with
// Why.
func (a *Account) behind(ctx context.Context, cfg aws.Config, me Principal) []Principal {
	sc, ok := shared(cfg)
	if !ok || me.Source != stscreds.ProviderName {
		return handed(me)
	}
	var chain []Principal
	for p := &sc; p.RoleARN != ""; p = p.Source {
		if p.Source == nil {
			source := a.named(ctx, cfg, p)
			return append(append(chain, source), handed(source)...)
		}
		src := p.Source
		if src.RoleARN != "" {
			role := parse(src.RoleARN, "")
			role.Profile, role.Why = src.Profile, "named by its profile, AWS was not asked"
			chain = append(chain, role)
			continue
		}
		source := a.source(ctx, cfg, src)
		chain = append(append(chain, source), handed(source)...)
	}
	return chain
}

// readyMade are the ways in which a session comes to us that somebody began.
var readyMade = set(config.CredentialsSourceName, "SharedConfigCredentials", processcreds.ProviderName, logincreds.ProviderName)

// handed answers an unknown principal behind a role session that somebody else
// began and handed over: who that is, nobody can tell. Sessions of single sign-on
// and of AWS's own machines have only their role behind them, and those of a web
// identity a provider that no plan touches. A Lambda function has its role's
// session in the environment, named after the function.
func handed(p Principal) []Principal {
	if p.Kind != KindRole && p.Kind != KindFederated || !readyMade[p.Source] {
		return nil
	}
	if f := os.Getenv("AWS_LAMBDA_FUNCTION_NAME"); f != "" && p.Session == f && p.Source == config.CredentialsSourceName {
		return nil
	}
	return []Principal{{
		Kind: KindUnknown, Source: p.Source, Profile: p.Profile,
		Why: "the credentials are those of a session that was begun elsewhere",
	}}
}

// source identifies a source profile that is no role.
func (a *Account) source(ctx context.Context, cfg aws.Config, src *config.SharedConfig) Principal {
	fail := func(err error) Principal {
		return Principal{Kind: KindUnknown, Profile: src.Profile, Why: Why(err)}
	}
	cfg = cfg.Copy()
	if src.Credentials.HasKeys() {
		cfg.Credentials = credentials.StaticCredentialsProvider{Value: src.Credentials}
	} else {
		loaded, err := config.LoadDefaultConfig(ctx, append([]func(*config.LoadOptions) error{
			config.WithSharedConfigProfile(src.Profile), config.WithRegion(cfg.Region),
			config.WithHTTPClient(a.http), config.WithLogger(cfg.Logger),
		}, a.chain...)...)
		if err != nil {
			return fail(err)
		}
		cfg.Credentials = loaded.Credentials
	}
	p, _, err := a.identify(ctx, cfg)
	if err != nil {
		return fail(err)
	}
	p.Profile = src.Profile
	return p
}

// named identifies the credential_source of a role profile.
func (a *Account) named(ctx context.Context, cfg aws.Config, p *config.SharedConfig) Principal {
	unknown := Principal{Kind: KindUnknown, Source: p.CredentialSource, Profile: p.Profile,
		Why: "AWS was not asked about this credential source"}
	if p.CredentialSource != "Environment" {
		return unknown
	}
	env, err := config.NewEnvConfig()
	if err != nil || !env.Credentials.HasKeys() {
		return unknown
	}
	cfg = cfg.Copy()
	cfg.Credentials = credentials.StaticCredentialsProvider{Value: env.Credentials}
	who, _, err := a.identify(ctx, cfg)
	if err != nil {
		unknown.Why = Why(err)
		return unknown
	}
	who.Profile = p.Profile
	return who
}
