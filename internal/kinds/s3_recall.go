package kinds

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// recallBucket reads what a recorded call set. CloudTrail writes the body of
// such a call as JSON made of its XML, and what came in headers under the
// headers' names.
func recallBucket(call string, request, _ json.RawMessage) (value string, ok bool) {
	var q map[string]any
	if json.Unmarshal(request, &q) != nil {
		return "", false
	}
	switch call {
	case "DeleteBucketPolicy", "DeleteBucketPublicAccessBlock", "DeleteBucketLifecycle", "DeleteBucketReplication":
		return "", true
	case "DeleteBucketEncryption": // "resets the default encryption ... to SSE-S3" (API Reference)
		return `{"Rules":[{"ApplyServerSideEncryptionByDefault":{"SSEAlgorithm":"AES256"}}]}`, true
	case "PutBucketPolicy":
		b, err := json.Marshal(q["bucketPolicy"])
		return string(b), err == nil && q["bucketPolicy"] != nil
	case "PutBucketAcl":
		canned, _ := q["x-amz-acl"].([]any)
		return "", q["x-amz-acl"] == "private" || len(canned) == 1 && canned[0] == "private"
	case "PutBucketVersioning":
		c, ok := fromXML[types.VersioningConfiguration](q, "VersioningConfiguration")
		return string(c.Status), ok && c.Status != ""
	case "PutBucketPublicAccessBlock":
		c, ok := fromXML[types.PublicAccessBlockConfiguration](q, "PublicAccessBlockConfiguration")
		text, err := publicBlockForm(c)
		return text, ok && err == nil
	case "PutBucketLifecycle", "PutBucketLifecycleConfiguration":
		c, ok := fromXML[types.BucketLifecycleConfiguration](q, "LifecycleConfiguration")
		// S3 made an id up where the record lacks one; and a rule that does not
		// say which objects it is for is not one that S3 took.
		//lint:ignore SA1019 older rules have a prefix and no filter still, and must be read
		partly := slices.ContainsFunc(c.Rules, func(r types.LifecycleRule) bool { return r.ID == nil || r.Filter == nil && r.Prefix == nil })
		return recalled(c, ok && !partly && len(c.Rules) > 0)
	case "PutBucketReplication":
		c, ok := fromXML[types.ReplicationConfiguration](q, "ReplicationConfiguration")
		named := !slices.ContainsFunc(c.Rules, func(r types.ReplicationRule) bool { return r.ID == nil })
		return recalled(c, ok && named && len(c.Rules) > 0)
	case "PutBucketEncryption":
		c, ok := fromXML[types.ServerSideEncryptionConfiguration](q, "ServerSideEncryptionConfiguration")
		text, err := encryptionForm(c)
		return text, ok && err == nil && len(c.Rules) > 0
	case "PutBucketNotification": // but for the empty one they have names that S3 made up
		c, ok := fromXML[types.NotificationConfiguration](q, "NotificationConfiguration")
		return recalled(c, ok && len(c.LambdaFunctionConfigurations)+len(c.QueueConfigurations)+len(c.TopicConfigurations) == 0)
	case "PutBucketLogging":
		c, ok := fromXML[types.BucketLoggingStatus](q, "BucketLoggingStatus")
		if !ok || c.LoggingEnabled == nil {
			return "", ok
		}
		return recalled(*c.LoggingEnabled, true)
	}
	return "", false
}

func recalled(v any, ok bool) (string, bool) {
	if !ok {
		return "", false
	}
	text, err := bucketConfig(v, nil)
	return text, err == nil
}

// fromXML reads the structure of that name from a record's request.
func fromXML[T any](request map[string]any, name string) (v T, ok bool) {
	for key, body := range request {
		if !strings.EqualFold(key, name) {
			continue
		}
		if s, empty := body.(string); empty && strings.TrimSpace(s) == "" {
			return v, true
		}
		return v, fill(reflect.ValueOf(&v).Elem(), body)
	}
	return v, false
}

// fill sets v from JSON made of XML: names without regard to case, one element
// where there may be many as itself or as a list, attributes left out. It
// reports whether all of it was understood.
func fill(v reflect.Value, from any) bool {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		return fill(v.Elem(), from)
	case reflect.Slice:
		all, many := from.([]any)
		if !many {
			all = []any{from}
		}
		v.Set(reflect.MakeSlice(v.Type(), len(all), len(all)))
		for i := range all {
			if !fill(v.Index(i), all[i]) {
				return false
			}
		}
		return true
	case reflect.Struct:
		if _, dated := v.Interface().(time.Time); dated {
			b, err := json.Marshal(from)
			return err == nil && json.Unmarshal(b, v.Addr().Interface()) == nil
		}
		return fillMembers(v, from)
	case reflect.String:
		s, ok := from.(string)
		v.SetString(s)
		return ok
	case reflect.Bool:
		v.SetBool(from == true || from == "true")
		return from == true || from == false || from == "true" || from == "false"
	case reflect.Int32, reflect.Int64:
		n, ok := from.(float64)
		v.SetInt(int64(n))
		return ok
	}
	return false
}

func fillMembers(v reflect.Value, from any) bool {
	if s, empty := from.(string); empty {
		return strings.TrimSpace(s) == "" // <Filter/>
	}
	members, ok := from.(map[string]any)
	for name, inner := range members {
		if strings.HasPrefix(name, "xmlns") || strings.HasPrefix(name, "xsi:") {
			continue
		}
		field := v.FieldByNameFunc(func(f string) bool { return strings.EqualFold(f, name) })
		if !field.IsValid() { // a list's element has the name of one
			field = v.FieldByNameFunc(func(f string) bool { return strings.EqualFold(f, name+"s") })
		}
		if !field.IsValid() || !fill(field, inner) {
			return false
		}
	}
	return ok
}
