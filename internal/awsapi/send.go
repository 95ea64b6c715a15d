package awsapi

import (
	"context"
	"errors"
	"net"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmw "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// attemptKey holds the number of attempts of the call under way.
type attemptKey struct{}

// sending returns the option that puts limiter, counter and clock into a
// client's stack.
//
// They stand in the Finalize step, inside the retry loop and right before the
// signature: each attempt waits for itself and its signature is fresh when it
// leaves; backoff holds no slot; and credentials are at hand before a slot is
// taken, so nobody waits for an MFA code with slots in his hands, and the STS
// call that fetches credentials cannot starve behind calls that wait for them.
//
// With limited false, as for the clients of the credential chain itself, it
// only counts and reads the clock.
func (a *Account) sending(limited bool) func(*middleware.Stack) error {
	return func(s *middleware.Stack) error {
		if _, ok := s.Finalize.Get("Signing"); !ok {
			return nil // not AWS's API: the instance metadata service
		}
		return errors.Join(
			s.Initialize.Add(middleware.InitializeMiddlewareFunc("CordonCall", func(
				ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
			) (middleware.InitializeOutput, middleware.Metadata, error) {
				return next.HandleInitialize(context.WithValue(ctx, attemptKey{}, new(int)), in)
			}), middleware.Before),
			s.Finalize.Insert(middleware.FinalizeMiddlewareFunc("CordonAttempt", func(
				ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler,
			) (middleware.FinalizeOutput, middleware.Metadata, error) {
				return a.attempt(ctx, in, next, limited)
			}), "Signing", middleware.Before),
		)
	}
}

// attempt sends one attempt of one call.
func (a *Account) attempt(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler, limited bool) (
	out middleware.FinalizeOutput, md middleware.Metadata, err error,
) {
	svc, region, op := service(middleware.GetServiceID(ctx)), awsmw.GetRegion(ctx), middleware.GetOperationName(ctx)
	if limited {
		ln, ended := a.limit.acquire(ctx, region, svc, op)
		if ended != nil {
			return out, md, &aws.RequestCanceledError{Err: ended}
		}
		defer func() { a.limit.release(ln, region, svc, throttled(err)) }()
	}
	n, _ := ctx.Value(attemptKey{}).(*int) // one goroutine runs a call's attempts
	if n == nil {
		n = new(int)
	}
	*n++
	a.count.sent(svc, op, *n == 1)

	sent := a.now()
	out, md, err = next.HandleFinalize(ctx, in)
	received := a.now()
	if ctx.Err() == nil {
		a.quiet.note(region, err == nil || status(err) != 0, received)
	}
	if date, ok := awsmw.GetServerTime(md); ok && !cached(md) {
		a.clock.observe(sent, received, date)
	}
	err = a.absent(ctx, err, svc, region)
	return out, md, err
}

// cached says whether a proxy answered from its memory: its Date is old.
func cached(md middleware.Metadata) bool {
	resp, ok := awsmw.GetRawResponse(md).(*smithyhttp.Response)
	return ok && resp != nil && resp.Response != nil && resp.Header.Get("Age") != ""
}

// A noEndpoint is a host name that does not exist although names do resolve.
type noEndpoint struct {
	service, region string
	err             error
}

func (e *noEndpoint) Error() string { return e.err.Error() }
func (e *noEndpoint) Unwrap() error { return e.err }

// absent tells a service that has no endpoint in a region from a network that
// is down: both say "no such host". It is the former only if AWS is known not
// to offer the service everywhere, and if at this moment the name of STS in the
// same region does resolve, which every region has. Everything else stays the
// broken call it looks like.
func (a *Account) absent(ctx context.Context, err error, svc, region string) error {
	var dns *net.DNSError
	if !errors.As(err, &dns) || !dns.IsNotFound || !somewhere[svc] || region == "" {
		return err
	}
	suffix := suffixOf(region)
	// A configured endpoint of its own says nothing about AWS.
	if !strings.HasSuffix(strings.TrimSuffix(dns.Name, "."), suffix) && !strings.HasSuffix(dns.Name, ".api.aws") {
		return err
	}
	if a.lookup(ctx, "sts."+region+"."+suffix) != nil {
		return err
	}
	return &noEndpoint{svc, region, err}
}

// somewhere are the services that AWS does not offer in every region. One that
// is missing here makes its absence show as a broken call: a gap that is
// reported, never a region taken for empty.
var somewhere = set(
	"accessanalyzer", "account", "amplify", "appmesh", "apprunner", "appstream", "appsync", "auditmanager",
	"batch", "bedrock", "bedrockagent", "bedrockruntime", "braket", "chime", "cloud9", "cloudcontrol",
	"codeartifact", "codebuild", "codecatalyst", "codecommit", "codepipeline", "cognitoidentity",
	"cognitoidentityprovider", "connect", "datasync", "datazone", "detective", "devicefarm",
	"directconnect", "docdb", "drs", "elasticbeanstalk", "elastictranscoder", "emrserverless", "finspace",
	"fis", "frauddetector", "fsx", "gamelift", "greengrassv2", "grafana", "guardduty", "imagebuilder",
	"inspector2", "iot", "ivs", "kendra", "lakeformation", "lexmodelsv2", "lightsail", "location",
	"macie2", "mediaconvert", "medialive", "memorydb", "mgn", "mwaa", "networkfirewall", "networkmanager",
	"opensearchserverless", "outposts", "pinpoint", "pinpointsmsvoicev2", "pipes", "polly", "qbusiness", "quicksight",
	"redshiftserverless", "rekognition", "resourceexplorer2", "robomaker", "rolesanywhere", "sagemaker",
	"scheduler", "securityhub", "securityir", "securitylake", "ses", "sesv2", "ssoadmin", "identitystore",
	"textract", "timestreamwrite", "transcribe", "transfer", "translate", "vpclattice", "workmail",
	"workspaces", "workspacesweb",
)
