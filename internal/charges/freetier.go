package charges

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmw "github.com/aws/aws-sdk-go-v2/aws/middleware"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// FreeTierNeeds is the call of FreeTier.
var FreeTierNeeds = []string{"freetier:GetFreeTierUsage"}

// freeTierHost is the service's only endpoint (AWS Free Tier endpoints and
// quotas).
const (
	freeTierHost  = "freetier.us-east-1.api.aws"
	signingRegion = "us-east-1"
)

// A FreeUse is what is used up of one offer of the free tier this month.
type FreeUse struct {
	Service  string  `json:"service"`
	Usage    string  `json:"usageType"`
	Region   string  `json:"region"`
	Offer    string  `json:"description"`
	Used     float64 `json:"actualUsageAmount"`
	Forecast float64 `json:"forecastedUsageAmount"`
	Limit    float64 `json:"limit"`
	Unit     string  `json:"unit"`
}

// FreeTier asks what is used of the free tier's offers. The SDK's client of this
// service is not among those that are linked, and one call of JSON needs none:
// it goes through the options of the configuration, as every call does, and so
// through its guard, its limits and its counter.
func FreeTier(ctx context.Context, cfg aws.Config, now func() time.Time) ([]FreeUse, error) {
	all := []FreeUse{}
	var token *string
	for {
		var page struct {
			Uses []FreeUse `json:"freeTierUsages"`
			Next *string   `json:"nextToken"`
		}
		ask := map[string]any{"maxResults": 1000}
		if token != nil {
			ask["nextToken"] = *token
		}
		if err := call(ctx, cfg, now, "GetFreeTierUsage", ask, &page); err != nil {
			return nil, fmt.Errorf("cannot read the free tier: %w", err)
		}
		all = append(all, page.Uses...)
		var err error
		if token, err = following(token, page.Next); err != nil {
			return nil, fmt.Errorf("cannot read the free tier: %w", err)
		}
		if token == nil {
			return all, nil
		}
	}
}

// maxAnswer is more than any page of an answer has.
const maxAnswer = 8 << 20

// call makes one call in the AWS JSON 1.0 protocol.
func call(ctx context.Context, cfg aws.Config, now func() time.Time, op string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	ctx = awsmw.SetRegion(middleware.WithOperationName(middleware.WithServiceID(ctx, "FreeTier"), op), signingRegion)
	stack := middleware.NewStack(op, smithyhttp.NewStackRequest)
	err = errors.Join(
		stack.Serialize.Add(middleware.SerializeMiddlewareFunc("Write", func(ctx context.Context, in middleware.SerializeInput, next middleware.SerializeHandler) (middleware.SerializeOutput, middleware.Metadata, error) {
			req, err := write(in.Request, cfg, op, body)
			if err != nil {
				return middleware.SerializeOutput{}, middleware.Metadata{}, err
			}
			in.Request = req
			return next.HandleSerialize(ctx, in)
		}), middleware.After),
		stack.Finalize.Add(middleware.FinalizeMiddlewareFunc("Signing", func(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
			if err := sign(ctx, cfg, in.Request.(*smithyhttp.Request), body, now()); err != nil {
				return middleware.FinalizeOutput{}, middleware.Metadata{}, err
			}
			return next.HandleFinalize(ctx, in)
		}), middleware.After),
		stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("Read", func(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
			got, md, err := next.HandleDeserialize(ctx, in)
			if err == nil {
				err = answer(got.RawResponse.(*smithyhttp.Response), out)
			}
			return got, md, err
		}), middleware.After),
	)
	for _, option := range cfg.APIOptions {
		err = errors.Join(err, option(stack))
	}
	if err != nil {
		return err
	}
	_, _, err = middleware.DecorateHandler(smithyhttp.NewClientHandlerWithOptions(cfg.HTTPClient), stack).Handle(ctx, struct{}{})
	if err != nil {
		return &smithy.OperationError{ServiceID: "FreeTier", OperationName: op, Err: err}
	}
	return nil
}

func write(request any, cfg aws.Config, op string, body []byte) (*smithyhttp.Request, error) {
	req, ok := request.(*smithyhttp.Request)
	if !ok {
		return nil, errors.New("the request is none of HTTP")
	}
	base := "https://" + freeTierHost
	if cfg.BaseEndpoint != nil {
		base = *cfg.BaseEndpoint
	}
	with, err := http.NewRequest(http.MethodPost, strings.TrimSuffix(base, "/")+"/", nil)
	if err != nil {
		return nil, err
	}
	with.ContentLength = int64(len(body))
	req.Request = with
	if cfg.AppID != "" { // our mark, as the clients of the SDK leave it
		req.Header.Set("User-Agent", "app/"+cfg.AppID)
	}
	req.Header.Set("Content-Type", "application/x-amz-json-1.0")
	req.Header.Set("X-Amz-Target", "AWSFreeTierService."+op)
	return req.SetStream(bytes.NewReader(body))
}

func sign(ctx context.Context, cfg aws.Config, req *smithyhttp.Request, body []byte, now time.Time) error {
	creds, err := cfg.Credentials.Retrieve(ctx)
	if err != nil {
		return fmt.Errorf("get identity: %w", err)
	}
	sum := sha256.Sum256(body)
	return v4.NewSigner().SignHTTP(ctx, creds, req.Request, hex.EncodeToString(sum[:]), "freetier", signingRegion, now)
}

// answer reads the answer, or the error in it.
func answer(resp *smithyhttp.Response, out any) error {
	defer resp.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return err
	}
	if len(raw) > maxAnswer {
		return errors.New("the answer is too long")
	}
	if resp.StatusCode/100 == 2 {
		return json.Unmarshal(raw, out)
	}
	var e struct {
		Type    string `json:"__type"`
		Message string `json:"message"`
	}
	_ = json.Unmarshal(raw, &e) // what is no JSON has no code
	if e.Type == "" {
		e.Type = resp.Header.Get("X-Amzn-Errortype")
	}
	return &smithyhttp.ResponseError{Response: resp, Err: &smithy.GenericAPIError{Code: e.Type, Message: e.Message}}
}
