package corpus

import (
	"math/rand/v2"
	"strings"
	"time"
)

// A compiled is a call ready to be filled in.
type compiled struct {
	call
	request, response, extra []piece
	host, action             string
}

func compileAll(list []call) []compiled {
	out := make([]compiled, len(list))
	for i, c := range list {
		name, _, _ := strings.Cut(c.name, "20") // the API's version
		out[i] = compiled{c, compile(null(c.request)), compile(null(c.response)), compile(c.extra), c.service + ".amazonaws.com", c.service + ":" + name}
	}
	return out
}

func null(body string) string {
	if body == "" {
		return "null"
	}
	return body
}

// A failure is why a call did not work; an empty one is that it did.
type failure struct{ code, message string }

// failures happen to one call in forty.
func failures(r *rand.Rand, a *actor, c *compiled) failure {
	if a.kind == "AWSService" || r.IntN(40) > 0 || c.service == "signin" {
		return failure{}
	}
	switch r.IntN(4) {
	case 0:
		return failure{"ThrottlingException", "Rate exceeded"}
	case 1:
		if c.service == "ec2" {
			return failure{"Client.InvalidParameterValue", "The request is not valid for the resource in its current state"}
		}
		return failure{"ResourceNotFoundException", "The requested resource was not found"}
	}
	code := "AccessDenied"
	if c.service == "ec2" {
		code = "Client.UnauthorizedOperation"
	}
	return failure{code, "User: " + a.arn + " is not authorized to perform: " + c.action + " on resource: arn:aws:" + c.service + ":::" + a.things[0] + " because no identity-based policy allows the " + c.action + " action"}
}

// record appends one event in the order of keys that CloudTrail writes.
func record(b []byte, o *occasion, c *compiled, address, agent string, f failure) []byte {
	b = append(b, `{"eventVersion":"1.11","userIdentity":`...)
	b = o.actor.identity(b, o.at)
	b = o.at.AppendFormat(append(b, `,"eventTime":"`...), time.RFC3339)
	b = text(b, `","eventSource":"`, c.host, `","eventName":"`, c.name, `","awsRegion":"`, o.region, `","sourceIPAddress":"`, address, `","userAgent":"`, agent)
	if f.code != "" {
		b = text(b, `","errorCode":"`, f.code, `","errorMessage":"`, f.message)
	}
	b = render(append(b, `","requestParameters":`...), c.request, o)
	b = append(b, `,"responseElements":`...)
	if f.code != "" {
		b = append(b, "null"...)
	} else {
		b = render(b, c.response, o)
	}
	b = append(b, ',')
	b = render(b, c.extra, o)
	b = append(b, `"requestID":"`...)
	if c.service == "s3" {
		b = digits(b, o.r, base32, 16)
	} else {
		b = uuid(b, o.r)
	}
	b = uuid(append(b, `","eventID":"`...), o.r)
	b = text(b, `","readOnly":`, yes(!c.write), `,"eventType":"`, eventType(c), `","managementEvent":`, yes(!c.data), `,"recipientAccountId":"`, o.actor.account)
	if o.actor.kind == "AWSService" || c.service == "kms" || c.name == "AssumeRole" {
		b = uuid(append(b, `","sharedEventID":"`...), o.r)
	}
	category := "Management"
	if c.data {
		category = "Data"
	}
	b = text(b, `","eventCategory":"`, category, `"`)
	if o.actor.kind != "AWSService" {
		b = text(b, `,"tlsDetails":{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256","clientProvidedHostHeader":"`, c.service, ".", o.region, `.amazonaws.com"}`)
	}
	if strings.HasPrefix(agent, "Mozilla") && o.actor.kind == "AssumedRole" {
		b = append(b, `,"sessionCredentialFromConsole":"true"`...)
	}
	return append(b, '}')
}

func eventType(c *compiled) string {
	if c.service == "signin" {
		return "AwsConsoleSignIn"
	}
	return "AwsApiCall"
}

func text(b []byte, parts ...string) []byte {
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}

func yes(v bool) string {
	if v {
		return "true"
	}
	return "false"
}
