package awsapi

import (
	"errors"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// Only AWS's own no is one: after anything else the call may have been carried out.
func TestRefused(t *testing.T) {
	answer := func(status int, page string, err error) error {
		r := &http.Response{StatusCode: status, Header: http.Header{"Content-Type": []string{page}}}
		return &smithy.OperationError{ServiceID: "IAM", Err: &smithyhttp.ResponseError{Response: &smithyhttp.Response{Response: r}, Err: err}}
	}
	code := func(c string) error { return &smithy.GenericAPIError{Code: c} }
	for name, c := range map[string]struct {
		err  error
		want bool
	}{
		"denied":                  {answer(403, "text/xml", code("AccessDenied")), true},
		"the limit":               {answer(409, "text/xml", &types.LimitExceededException{}), true},
		"the limit, by itself":    {&types.LimitExceededException{}, true},
		"throttled":               {answer(400, "text/xml", code("Throttling")), true},
		"nothing":                 {nil, false},
		"a server's fault":        {answer(500, "text/xml", &types.ServiceFailureException{}), false},
		"a fault by itself":       {&types.ServiceFailureException{}, false},
		"it took too long":        {answer(408, "text/xml", code("RequestTimeout")), false},
		"a proxy's page":          {answer(403, "text/html; charset=utf-8", code("AccessDenied")), false},
		"an answer without words": {answer(400, "", code("UnknownError")), false},
		"the line is cut":         {errors.New("connection reset by peer"), false},
		"an answer cut short":     {answer(200, "text/xml", &smithy.DeserializationError{Err: errors.New("unexpected EOF")}), false},
	} {
		if got := Refused(c.err); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
