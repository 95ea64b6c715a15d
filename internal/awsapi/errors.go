package awsapi

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/ssocreds"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// A Class says what an error of an AWS call means to us.
type Class string

const (
	OK              Class = ""                // no error
	Denied          Class = "denied"          // the caller may not; see Permission
	Throttled       Class = "throttled"       // still too fast after all retries
	AbsentInRegion  Class = "absent"          // AWS does not offer the service there; see Account.absent for how sure
	NotSubscribed   Class = "not-subscribed"  // the account never turned the service on
	NotFound        Class = "not-found"       // the thing that was asked for is not there
	Unauthenticated Class = "unauthenticated" // no credentials, expired ones, or ones AWS does not take; also what a disabled region answers
	NotImplemented  Class = "not-implemented" // an emulator that lacks the call
	InUse           Class = "in-use"          // something still holds it: delete that first
	Broken          Class = "broken"          // everything else: network, server, our own mistake, an ended context
)

// Classify answers the class of err, from this package's calls or any SDK
// client's. What it does not know is Broken, so that nothing is ever taken for
// absent or empty by mistake.
func Classify(err error) Class {
	if err == nil {
		return OK
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return Broken
	}
	if noIdentity(err) {
		return Unauthenticated
	}
	var gone *noEndpoint
	var unknown *aws.EndpointNotFoundError
	if errors.As(err, &gone) {
		return AbsentInRegion
	}
	// A service that came to a region with a part of its calls says
	// UnknownOperationException for the others.
	if errors.As(err, &unknown) || Code(err) == "UnknownEndpoint" || Code(err) == "UnknownOperationException" {
		var op *smithy.OperationError
		if errors.As(err, &op) && somewhere[service(op.ServiceID)] {
			return AbsentInRegion
		}
		return Broken // every region has it: the name is wrong, or the answer is
	}
	if html(err) {
		// An API never answers a page. These are an emulator's; the others
		// (403, 502, 503, 504) are a proxy's or a load balancer's.
		switch status(err) {
		case 200, 400, 404, 405, 500, 501:
			return NotImplemented
		}
		return Broken
	}
	if c := classOf(Code(err), message(err)); c != Broken {
		return c
	}
	switch status(err) {
	case http.StatusTooManyRequests:
		return Throttled
	case http.StatusNotImplemented:
		return NotImplemented
	}
	return Broken
}

// noIndex is a kind's own word for what the region may do without.
const noIndex = "IndexNotFound"

// Optional says whether a kind declares, by an error of its own, that what is not
// there is nothing that it needs.
func Optional(err error) bool { return Code(err) == noIndex }

// classOf reads AWS's error code, and its words where the code is ambiguous.
func classOf(code, msg string) Class {
	msg = strings.ToLower(msg)
	if c, ok := classes[code]; ok {
		switch {
		case c == Denied && (strings.Contains(msg, "not subscribed") || strings.Contains(msg, "is not enabled") || strings.Contains(msg, "not opted in")):
			return NotSubscribed
		case code == "AuthFailure" && strings.Contains(msg, "not authorized"):
			return Denied // EC2: the credentials are fine, the image is somebody else's
		}
		return c
	}
	switch {
	case code == "LimitExceededException" && (strings.Contains(msg, "rate") || strings.Contains(msg, "throttl")):
		return Throttled // for others it is a quota, which waiting does not change
	case code == "ValidationError" && strings.HasSuffix(strings.TrimSuffix(msg, "."), "does not exist"):
		return NotFound // CloudFormation, Auto Scaling, Elastic Beanstalk
	case strings.HasSuffix(code, "NotFound"), strings.HasSuffix(code, "NotFoundException"),
		strings.HasSuffix(code, "NotFoundFault"), strings.HasPrefix(code, "NoSuch"),
		strings.HasSuffix(code, "DoesNotExist"), strings.HasSuffix(code, "DoesNotExistException"),
		strings.HasSuffix(code, ".Unknown"):
		return NotFound
	case waits(code, msg):
		return InUse
	case strings.HasSuffix(code, "InUse"), strings.HasSuffix(code, "InUseException"), strings.HasSuffix(code, "InUseFault"):
		return InUse
	}
	return Broken
}

// waits reads, of codes that services use for all sorts of refusals, whether the
// words say that something is under way or in the way just now.
func waits(code, msg string) bool {
	says := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(msg, w) })
	}
	switch code {
	case "ClientException": // Batch
		return says("in use", "being modified", "existing jobqueue relationship", "not in the valid state", "must be disabled")
	case "ValidationError": // CloudFormation, Auto Scaling
		return says("_in_progress state")
	case "ValidationException": // SageMaker: "Status (Stopping) not in ([Stopped, Failed])"
		return says(") not in ([")
	case "InvalidParameterValueException": // Lambda, of copies that serve CloudFront
		return says("replicated function")
	}
	return false
}

var classes = map[string]Class{
	"AccessDenied":                   Denied,
	"AccessDeniedException":          Denied,
	"AccessDeniedError":              Denied,
	"AllAccessDisabled":              Denied,
	"AuthorizationError":             Denied,
	"AuthorizationErrorException":    Denied,
	"InvalidAccessException":         Denied, // Security Hub: nearly always "not subscribed"
	"NotAuthorized":                  Denied,
	"NotAuthorizedException":         Denied,
	"UnauthorizedException":          Denied,
	"UnauthorizedOperation":          Denied,
	"UnauthorizedOperationException": Denied,
	"ForbiddenException":             Denied,

	"BandwidthLimitExceeded":                 Throttled,
	"EC2ThrottledException":                  Throttled,
	"PriorRequestNotComplete":                Throttled,
	"ProvisionedThroughputExceededException": Throttled,
	"RequestLimitExceeded":                   Throttled,
	"RequestThrottled":                       Throttled,
	"RequestThrottledException":              Throttled,
	"SlowDown":                               Throttled,
	"ThrottledException":                     Throttled,
	"Throttling":                             Throttled,
	"ThrottlingException":                    Throttled,
	"TooManyRequestsException":               Throttled,

	"AWSOrganizationsNotInUseException": NotSubscribed,
	"NotSignedUp":                       NotSubscribed,
	"OptInRequired":                     NotSubscribed,
	"PendingVerification":               NotSubscribed,
	"SubscriptionRequiredException":     NotSubscribed,

	"AuthFailure":                         Unauthenticated,
	"ExpiredToken":                        Unauthenticated,
	"ExpiredTokenException":               Unauthenticated,
	"IncompleteSignature":                 Unauthenticated,
	"IncompleteSignatureException":        Unauthenticated,
	"InvalidAccessKeyId":                  Unauthenticated,
	"InvalidClientTokenId":                Unauthenticated,
	"InvalidSignatureException":           Unauthenticated,
	"InvalidToken":                        Unauthenticated,
	"MissingAuthenticationToken":          Unauthenticated,
	"RequestExpired":                      Unauthenticated,
	"RequestTimeTooSkewed":                Unauthenticated,
	"SignatureDoesNotMatch":               Unauthenticated,
	"TokenRefreshRequired":                Unauthenticated,
	"UnrecognizedClientException":         Unauthenticated,
	"MissingAuthenticationTokenException": Unauthenticated,

	"NotImplemented":          NotImplemented,
	"NotImplementedException": NotImplemented,

	"TypeNotFoundException": AbsentInRegion, // Cloud Control: the region's registry lacks the type
	noIndex:                 AbsentInRegion, // Resource Explorer, as kinds says it: nobody made an index in the region

	"NoSuchEntity":                            NotFound,
	"ResourceNotFound":                        NotFound,
	"FileSystemNotFound":                      NotFound,
	"AWS.SimpleQueueService.NonExistentQueue": NotFound,
	"QueueDoesNotExist":                       NotFound,

	// What another state of the resource, or of what hangs on it, changes.
	"BucketNotEmpty":                             InUse,
	"ConflictException":                          InUse, // API Gateway, Bedrock, Identity Center, OpenSearch, SageMaker and others
	"DistributionNotDisabled":                    InUse, // CloudFront, while the switch spreads
	"IncorrectFileSystemLifeCycleState":          InUse,
	"IncorrectModificationState":                 InUse,
	"IncorrectMountTargetState":                  InUse,
	"IncorrectState":                             InUse, // EC2
	"InvalidCacheClusterState":                   InUse,
	"InvalidClusterSnapshotState":                InUse, // Redshift
	"InvalidClusterSnapshotStateFault":           InUse,
	"InvalidClusterState":                        InUse, // Redshift, MemoryDB
	"InvalidClusterStateFault":                   InUse,
	"InvalidDBClusterSnapshotStateFault":         InUse,
	"InvalidDBClusterStateFault":                 InUse,
	"InvalidDBInstanceState":                     InUse,
	"InvalidDBInstanceStateFault":                InUse,
	"InvalidDBSnapshotState":                     InUse,
	"InvalidDBSnapshotStateFault":                InUse,
	"InvalidReplicationGroupState":               InUse,
	"InvalidStateException":                      InUse, // App Runner
	"OperationInProgressException":               InUse, // CloudFormation's stack sets
	"OperationInProgressFailure":                 InUse, // Elastic Beanstalk
	"PolicyChangesInProgressException":           InUse, // Organizations
	"ResourceConflictException":                  InUse, // Lambda, while it works on an earlier call
	"ResourceContention":                         InUse, // Auto Scaling
	"ResourceContentionFault":                    InUse,
	"ResourceNotReadyException":                  InUse,
	"ScalingActivityInProgress":                  InUse,
	"ScalingActivityInProgressFault":             InUse,
	"StackSetNotEmptyException":                  InUse,
	"UpdateInProgressException":                  InUse, // ECS
	"WAFAssociatedItemException":                 InUse,
	"WAFOptimisticLockException":                 InUse,
	"WAFUnavailableEntityException":              InUse,
	"ClusterContainsContainerInstancesException": InUse,
	"ClusterContainsServicesException":           InUse,
	"ClusterContainsTasksException":              InUse,
	"DeleteConflict":                             InUse,
	"DeleteConflictException":                    InUse,
	"DependencyViolation":                        InUse,
	"HostedZoneNotEmpty":                         InUse,
	"RepositoryNotEmptyException":                InUse,
	"ResourceInUse":                              InUse,
	"VolumeInUse":                                InUse,
}

// throttled says whether an attempt failed because AWS asks to slow down.
func throttled(err error) bool { return err != nil && Classify(err) == Throttled }

// Code answers AWS's error code without the "Client." that EC2 puts before
// some, or "".
func Code(err error) string {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return ""
	}
	code := api.ErrorCode()
	if i := strings.LastIndexByte(code, '#'); i >= 0 { // "com.amazonaws.iam#NoSuchEntity"
		code = code[i+1:]
	}
	code, _, _ = strings.Cut(code, ":") // "AccessDeniedException:http://…"
	return strings.TrimPrefix(strings.TrimPrefix(code, "Client."), "Server.")
}

func message(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorMessage()
	}
	return ""
}

// status answers the HTTP status of the answer, or 0.
func status(err error) int {
	var resp *smithyhttp.ResponseError
	if errors.As(err, &resp) && resp.Response != nil && resp.Response.Response != nil {
		return resp.Response.StatusCode
	}
	return 0
}

// Refused reports that AWS itself said no: the call changed nothing. A lost answer,
// a fault of the server and a proxy's page are no such word.
func Refused(err error) bool {
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() == "UnknownError" || html(err) {
		return false
	}
	switch code := status(err); {
	case code == 0: // the answer is not told with the error
		return api.ErrorFault() == smithy.FaultClient
	case code == http.StatusRequestTimeout:
		return false
	default:
		return code >= 400 && code < 500
	}
}

// html says whether the answer was a page where an API's answer should be.
func html(err error) bool {
	var resp *smithyhttp.ResponseError
	if errors.As(err, &resp) && resp.Response != nil && resp.Response.Response != nil &&
		strings.HasPrefix(resp.Response.Header.Get("Content-Type"), "text/html") {
		return true
	}
	var de *smithy.DeserializationError
	if !errors.As(err, &de) {
		return false
	}
	head := bytes.ToLower(bytes.TrimSpace(de.Snapshot))
	return bytes.HasPrefix(head, []byte("<!doctype html")) || bytes.HasPrefix(head, []byte("<html"))
}

// noIdentity says whether the call failed before it was signed, because there
// were no credentials to be had. A network that broke while they were fetched
// from AWS is a broken network; the instance metadata service does not count,
// since "nobody there" is how a laptop without credentials answers.
func noIdentity(err error) bool {
	var mfa config.AssumeRoleTokenProviderNotSetError
	var sso *ssocreds.InvalidTokenError
	var prompt *promptError
	if errors.As(err, &mfa) || errors.As(err, &sso) || errors.As(err, &prompt) {
		return true
	}
	var profile config.SharedConfigProfileNotExistError
	if errors.As(err, &profile) {
		return true
	}
	text := err.Error()
	if !strings.Contains(text, "get identity:") && !strings.Contains(text, "failed to refresh cached credentials") {
		return false
	}
	var conn interface{ ConnectionError() bool }
	if errors.As(err, &conn) && conn.ConnectionError() && !strings.Contains(text, "ec2imds") {
		return false
	}
	return true
}
