// Package awsapi makes the configurations: one that can only read, and one
// that can write.
//
// An Account is one AWS account seen through one set of credentials. Its
// configurations refuse every call that was not declared, keep the load polite,
// count what they send and learn AWS's time; Classify says what an error means.
package awsapi

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmw "github.com/aws/aws-sdk-go-v2/aws/middleware"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/smithy-go/logging"
	"github.com/aws/smithy-go/middleware"
)

const (
	defaultHome = "us-east-1"
	connectTime = 10 * time.Second
	answerTime  = 60 * time.Second // that an answer may stand still
)

// Options say which account, as whom, and how. The zero value is what the AWS
// CLI would do.
type Options struct {
	Profile     string
	Region      string // the home region only; it never narrows a scan
	EndpointURL string // for every service; it overrules all configured ones
	RoleARN     string // a role to assume on top of the credential chain
	MFASerial   string // the device that RoleARN asks for

	// Prompt asks a person for an MFA code; what is the device's ARN or serial
	// number. It is never called twice at once. Without it, credentials that
	// need a code are refused.
	Prompt func(ctx context.Context, what string) (string, error)

	AppID   string         // "cordon-<case>": our mark in the user agent, so that CloudTrail tells our calls
	HTTP    aws.HTTPClient // tests: the lab's transport
	Regions []string       // what the scan is narrowed to; nil is everywhere
	Now     func() time.Time
}

// An Account is safe for use by many goroutines.
type Account struct {
	Caller Caller
	Home   string // the home region

	Endpoint       string   // where calls go; "" is AWS
	MixedEndpoints []string // "service=url" for each that goes elsewhere; not empty means no writing

	base   aws.Config                        // of no region, limited, without a guard
	http   aws.HTTPClient                    // as it was configured; base has it frozen
	chain  []func(*config.LoadOptions) error // for the clients that fetch credentials
	only   []string
	now    func() time.Time
	lookup func(ctx context.Context, host string) error

	limit *limiter
	count *counter
	clock clock
	quiet silence

	mu      sync.Mutex
	configs map[string]aws.Config

	regionMu sync.Mutex
	regions  []Region
}

// Open loads the configuration as every AWS tool does, obtains credentials and
// asks AWS whose they are. Nothing in the account changes. An error for want of
// usable credentials is of the class Unauthenticated.
func Open(ctx context.Context, o Options) (*Account, error) {
	a := &Account{
		only: o.Regions,
		now:  o.Now,
		lookup: func(ctx context.Context, host string) error {
			_, err := net.DefaultResolver.LookupHost(ctx, host)
			return err
		},
		count:   newCounter(),
		configs: map[string]aws.Config{},
	}
	if a.now == nil {
		a.now = time.Now
	}
	ask := &prompter{ask: o.Prompt, ctx: ctx, name: sessionName(o.AppID)}
	if err := a.load(ctx, o, ask); err != nil {
		return nil, err
	}
	me, expires, err := a.identify(ctx, a.base)
	if err != nil {
		return nil, fmt.Errorf("cannot find out whose credentials these are: %w", err)
	}
	chain := a.behind(ctx, a.base, me)
	if o.RoleARN != "" {
		chain = append([]Principal{me}, chain...)
		a.assume(o, ask)
		if me, expires, err = a.identify(ctx, a.base); err != nil {
			return nil, fmt.Errorf("cannot find out whose credentials these are: %w", err)
		}
	}
	a.Caller = newCaller(me, expires, chain)
	ask.outlive()
	return a, nil
}

// load makes the base configuration.
func (a *Account) load(ctx context.Context, o Options, ask *prompter) error {
	common := []func(*config.LoadOptions) error{
		config.WithDefaultRegion(defaultHome),
		config.WithHTTPClient(httpClient(o)),
		config.WithLogger(logging.Nop{}), // the SDK's warnings would land on the screen
	}
	if o.Profile != "" {
		common = append(common, config.WithSharedConfigProfile(o.Profile))
	}
	if o.Region != "" {
		common = append(common, config.WithRegion(o.Region))
	}
	if o.AppID != "" {
		common = append(common, config.WithAppID(o.AppID))
	}

	// Twice: the endpoints must be known before the credential chain is built.
	plain, err := config.LoadDefaultConfig(ctx, append(common[:len(common):len(common)],
		config.WithCredentialsProvider(aws.AnonymousCredentials{}))...)
	if err != nil {
		return fmt.Errorf("cannot load the AWS configuration: %w", err)
	}
	everywhere, services, err := endpoints(ctx, plain, o.EndpointURL)
	if err != nil {
		return err
	}
	a.Endpoint, a.MixedEndpoints = everywhere, mixed(everywhere, services)
	sts := everywhere
	if services["sts"] != "" {
		sts = services["sts"]
	}

	a.chain = []func(*config.LoadOptions) error{
		config.WithAPIOptions([]func(*middleware.Stack) error{mark(plain.AppID), a.sending(false), redirectSTS(sts)}),
		config.WithAssumeRoleCredentialOptions(ask.configure),
		config.WithWebIdentityRoleCredentialOptions(ask.configureWeb),
	}
	cfg, err := config.LoadDefaultConfig(ctx, append(common, a.chain...)...)
	if err != nil {
		return fmt.Errorf("cannot load the AWS configuration: %w", err)
	}
	if o.EndpointURL != "" {
		cfg.BaseEndpoint = aws.String(o.EndpointURL)
		cfg.ConfigSources = append([]any{ignoreConfigured{}}, cfg.ConfigSources...)
	}
	a.http = cfg.HTTPClient
	if b, ok := cfg.HTTPClient.(*awshttp.BuildableClient); ok {
		cfg.HTTPClient = b.Freeze() // or each client would copy it, and pool connections of its own
	}
	r := newRetryer(cfg.RetryMaxAttempts)
	r.silent, r.emulated = a.Silent, everywhere != ""
	cfg.Retryer = func() aws.Retryer { return r }
	cfg.RetryMaxAttempts, cfg.RetryMode = 0, ""
	a.limit = newLimiter(o.HTTP == nil && everywhere == "" && services["cloudtrail"] == "")
	cfg.APIOptions = []func(*middleware.Stack) error{a.sending(true)}
	a.base, a.Home = cfg, cfg.Region
	return nil
}

// mark puts the application id into the user agent of the credential chain's
// clients, which the SDK builds before it reads the id.
func mark(id string) func(*middleware.Stack) error {
	if id == "" {
		return func(*middleware.Stack) error { return nil }
	}
	return awsmw.AddSDKAgentKey(awsmw.ApplicationIdentifier, id)
}

// assume puts our own role on top of the chain.
func (a *Account) assume(o Options, ask *prompter) {
	provider := stscreds.NewAssumeRoleProvider(a.stsFor(a.base), o.RoleARN, func(so *stscreds.AssumeRoleOptions) {
		if o.MFASerial != "" {
			so.SerialNumber = aws.String(o.MFASerial)
		}
		ask.configure(so)
		if so.SerialNumber != nil && so.TokenProvider == nil {
			so.TokenProvider = func() (string, error) { return "", &promptError{errNoPrompt} }
		}
	})
	a.base.Credentials = aws.NewCredentialsCache(provider, func(co *aws.CredentialsCacheOptions) {
		co.ExpiryWindow = time.Minute
	})
}

// OnThrottle has f called whenever AWS asks to slow down and a lane does: calls
// to that service in that region go wait apart from now on. The region is "" for
// a quota of the whole account. f may be called by many goroutines at once; nil
// calls nothing.
func (a *Account) OnThrottle(f func(service, region string, wait time.Duration)) {
	if f == nil {
		a.limit.throttle.Store(nil)
		return
	}
	a.limit.throttle.Store(&f)
}

// httpClient answers the client that all share: one pool, with as many idle
// connections per host as there can be calls in flight.
func httpClient(o Options) aws.HTTPClient {
	if o.HTTP != nil {
		return o.HTTP
	}
	return awshttp.NewBuildableClient().
		WithDialerOptions(func(d *net.Dialer) { d.Timeout = connectTime }).
		WithTransportOptions(func(t *http.Transport) {
			t.MaxIdleConns = 8 * inFlight
			t.MaxIdleConnsPerHost = inFlight
			t.TLSHandshakeTimeout = connectTime
		}).
		WithReadTimeout(answerTime)
}
