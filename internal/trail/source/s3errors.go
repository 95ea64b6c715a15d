package source

import (
	"errors"
	"fmt"
	"strings"

	smithyhttp "github.com/aws/smithy-go/transport/http"

	"cordon/internal/awsapi"
)

// causes say what an error of S3 means for somebody who wants to read a log.
var causes = map[string]string{
	"NoSuchBucket":         "there is no such bucket",
	"NoSuchKey":            "it is not there any more",
	"InvalidObjectState":   "it is archived (S3 Glacier): restore it first",
	"AccessDenied":         "access is denied",
	"Forbidden":            "access is denied",
	"AllAccessDisabled":    "all access to it is disabled",
	"RequestTimeTooSkewed": "this machine's clock is wrong",
}

// WrongRegion says that a bucket is not where the client asked.
type WrongRegion struct{ Bucket, Region string }

func (w *WrongRegion) Error() string {
	if w.Region == "" {
		return fmt.Sprintf("the bucket %s is in another region", w.Bucket)
	}
	return fmt.Sprintf("the bucket %s is in the region %s", w.Bucket, w.Region)
}

// explain adds to an error what it means here. The cause stays wrapped.
func explain(what, bucket, key string, err error) error {
	name := inBucket + bucket + "/" + key
	code, text := awsapi.Code(err), strings.ToLower(err.Error())
	switch {
	case code == "PermanentRedirect" || code == "AuthorizationHeaderMalformed" || code == "MovedPermanently" || code == "IllegalLocationConstraintException":
		return fmt.Errorf("cannot %s %s: %w", what, name, errors.Join(&WrongRegion{bucket, regionOf(err)}, err))
	case isDenied(err) && strings.Contains(text, "kms"):
		return fmt.Errorf("cannot %s %s: it is encrypted, and kms:Decrypt on its key is denied: %w", what, name, err)
	case isDenied(err) && (strings.Contains(text, "requester") || strings.Contains(text, "payer")):
		return fmt.Errorf("cannot %s %s: its bucket wants the requester to pay: %w", what, name, err)
	case strings.HasPrefix(code, "KMS."):
		return fmt.Errorf("cannot %s %s: its KMS key cannot be used: %w", what, name, err)
	}
	if cause, ok := causes[code]; ok {
		return fmt.Errorf("cannot %s %s: %s: %w", what, name, cause, err)
	}
	return fmt.Errorf("cannot %s %s: %w", what, name, err)
}

func isDenied(err error) bool {
	code := awsapi.Code(err)
	return awsapi.Classify(err) == awsapi.Denied || code == "Forbidden"
}

func regionOf(err error) string {
	var answer *smithyhttp.ResponseError
	if errors.As(err, &answer) && answer.Response != nil && answer.Response.Response != nil {
		return answer.Response.Header.Get("X-Amz-Bucket-Region")
	}
	return ""
}
