package awsapi

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmw "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// A JSONService is a service of AWS's JSON 1.1 protocol of which we make a few
// calls: an SDK client of its own would be larger than all that uses it. Calls go
// the same way as every client's: guard, limits, counts, retries and clock.
type JSONService struct {
	ID      string // the SDK's ServiceID: needs name it in lower case
	Signing string // and the first part of its host name
	Target  string // before the operation in X-Amz-Target
}

// maxAnswer is more than any answer of such a call.
const maxAnswer = 32 << 20

// Call makes one call. Once says that AWS does not make it idempotent: an answer
// that was lost is then not asked for again.
func (s JSONService) Call(ctx context.Context, cfg aws.Config, op string, in, out any, once bool) error {
	fail := func(err error) error { return &smithy.OperationError{ServiceID: s.ID, OperationName: op, Err: err} }
	body, err := json.Marshal(in)
	if err != nil {
		return fail(err)
	}
	to, err := s.endpoint(ctx, cfg)
	if err != nil {
		return fail(err)
	}
	ctx = middleware.WithOperationName(middleware.WithServiceID(middleware.ClearStackValues(ctx), s.ID), op)
	ctx = v4.SetPayloadHash(awsmw.SetSigningRegion(ctx, cfg.Region), sum(body))
	stack := middleware.NewStack(op, smithyhttp.NewStackRequest)
	if err := s.assemble(stack, cfg, op, to, body, out, once); err != nil {
		return fail(err)
	}
	handler := middleware.DecorateHandler(smithyhttp.NewClientHandler(cfg.HTTPClient), stack)
	if _, _, err := handler.Handle(ctx, in); err != nil {
		return fail(err)
	}
	return nil
}

func sum(b []byte) string { h := sha256.Sum256(b); return hex.EncodeToString(h[:]) }

// assemble puts the steps of a call in the order that the SDK's clients have.
func (s JSONService) assemble(stack *middleware.Stack, cfg aws.Config, op string, to *url.URL, body []byte, out any, once bool) error {
	var r aws.Retryer = retry.NewStandard()
	if cfg.Retryer != nil {
		r = cfg.Retryer()
	}
	if n := cfg.RetryMaxAttempts; once {
		r = retry.AddWithMaxAttempts(r, 1)
	} else if n > 0 {
		r = retry.AddWithMaxAttempts(r, n)
	}
	steps := []error{
		stack.Initialize.Add(&awsmw.RegisterServiceMetadata{Region: cfg.Region, ServiceID: s.ID, SigningName: s.Signing, OperationName: op}, middleware.Before),
		stack.Serialize.Add(middleware.SerializeMiddlewareFunc("OperationSerializer", func(
			ctx context.Context, in middleware.SerializeInput, next middleware.SerializeHandler,
		) (middleware.SerializeOutput, middleware.Metadata, error) {
			req, ok := in.Request.(*smithyhttp.Request)
			if !ok {
				return middleware.SerializeOutput{}, middleware.Metadata{}, fmt.Errorf("an unknown sort of request: %T", in.Request)
			}
			req.Method, req.URL = "POST", to
			req.Header.Set("Content-Type", "application/x-amz-json-1.1")
			req.Header.Set("X-Amz-Target", s.Target+"."+op)
			filled, err := req.SetStream(bytes.NewReader(body))
			if err != nil {
				return middleware.SerializeOutput{}, middleware.Metadata{}, err
			}
			in.Request = filled
			return next.HandleSerialize(ctx, in)
		}), middleware.After),
		stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("OperationDeserializer", func(
			ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler,
		) (middleware.DeserializeOutput, middleware.Metadata, error) {
			got, md, err := next.HandleDeserialize(ctx, in)
			if err != nil {
				return got, md, err
			}
			return got, md, answered(got.RawResponse, out)
		}), middleware.After),
		smithyhttp.AddComputeContentLengthMiddleware(stack),
		awsmw.AddRequestUserAgentMiddleware(stack),
		stack.Finalize.Add(retry.NewAttemptMiddleware(r, smithyhttp.RequestCloner), middleware.After),
		stack.Finalize.Add(v4.NewSignHTTPRequestMiddleware(v4.SignHTTPRequestMiddlewareOptions{CredentialsProvider: cfg.Credentials, Signer: v4.NewSigner()}), middleware.After),
		awsmw.AddRawResponseToMetadata(stack),
		awsmw.AddRecordResponseTiming(stack),
		smithyhttp.AddErrorCloseResponseBodyMiddleware(stack),
		smithyhttp.AddCloseResponseBodyMiddleware(stack),
	}
	if cfg.AppID != "" {
		steps = append(steps, awsmw.AddSDKAgentKey(awsmw.ApplicationIdentifier, cfg.AppID)(stack))
	}
	for _, option := range cfg.APIOptions {
		steps = append(steps, option(stack))
	}
	for _, err := range steps {
		if err != nil {
			return err
		}
	}
	return nil
}

// endpoint is where the configuration says that the service is, or AWS.
func (s JSONService) endpoint(ctx context.Context, cfg aws.Config) (*url.URL, error) {
	to := "https://" + s.Signing + "." + cfg.Region + "." + suffixOf(cfg.Region)
	if cfg.BaseEndpoint != nil {
		to = *cfg.BaseEndpoint
	}
	ignored, found, err := config.GetIgnoreConfiguredEndpoints(ctx, cfg.ConfigSources)
	if err != nil {
		return nil, err
	}
	for _, source := range cfg.ConfigSources {
		own, ok := source.(interface {
			GetServiceBaseEndpoint(context.Context, string) (string, bool, error)
		})
		if !ok || found && ignored {
			continue
		}
		if u, set, err := own.GetServiceBaseEndpoint(ctx, s.ID); err != nil {
			return nil, err
		} else if set {
			to = u
			break
		}
	}
	u, err := url.Parse(to)
	if err == nil {
		u.Path = strings.TrimRight(u.Path, "/") + "/"
	}
	return u, err
}

// answered reads an answer into out, or makes the error of it.
func answered(raw, out any) error {
	resp, ok := raw.(*smithyhttp.Response)
	if !ok {
		return fmt.Errorf("an unknown sort of answer: %T", raw)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return &smithy.DeserializationError{Err: err}
	}
	if resp.StatusCode >= 200 && resp.StatusCode < 300 {
		if len(body) == 0 || out == nil {
			return nil
		}
		if err := json.Unmarshal(body, out); err != nil {
			return &smithy.DeserializationError{Err: err, Snapshot: body[:min(len(body), 1024)]}
		}
		return nil
	}
	said := struct {
		Type    string `json:"__type"`
		Code    string `json:"code"`
		Message string `json:"message"`
	}{}
	_ = json.Unmarshal(body, &said) // an answer that is no JSON has its status
	code := resp.Header.Get("X-Amzn-Errortype")
	for _, c := range []string{said.Type, said.Code, "UnknownError"} {
		if code == "" {
			code = c
		}
	}
	code = code[strings.LastIndexByte(code, '#')+1:]
	code, _, _ = strings.Cut(code, ":")
	fault := smithy.FaultClient
	if resp.StatusCode >= 500 {
		fault = smithy.FaultServer
	}
	return &smithyhttp.ResponseError{Response: resp, Err: &smithy.GenericAPIError{Code: code, Message: said.Message, Fault: fault}}
}
