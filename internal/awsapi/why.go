package awsapi

import (
	"errors"
	"regexp"
	"strings"
	"unicode/utf8"

	"cordon/internal/clean"

	"github.com/aws/smithy-go"
)

const whyCap = 280 // cells; clean may add a few characters that say how much was cut

// Permission answers the IAM action that was missing where err is a denial:
// the one that AWS names, else the one of the call. It answers "" otherwise.
func Permission(err error) string {
	if Classify(err) != Denied {
		return ""
	}
	if m := notAuthorized.FindStringSubmatch(message(err)); m != nil {
		return m[1]
	}
	var op *smithy.OperationError
	if errors.As(err, &op) && op.OperationName != "" {
		return action(service(op.ServiceID) + ":" + op.OperationName)
	}
	return ""
}

var notAuthorized = regexp.MustCompile(`not authorized to perform:? \[?([a-zA-Z0-9-]+:[a-zA-Z0-9*]+)`)

// Why answers one short line (at most 300 characters) that says why err
// happened: fit for a screen, a journal and a report. Terminal controls are
// made harmless, and what may be a secret is left out.
func Why(err error) string {
	if err == nil {
		return ""
	}
	text := err.Error()
	var api smithy.APIError
	var op *smithy.OperationError
	switch {
	case html(err) && Classify(err) == NotImplemented && errors.As(err, &op):
		text = "the endpoint does not know " + service(op.ServiceID) + ":" + op.OperationName
	case errors.As(err, &api):
		text = Code(err) + ": " + api.ErrorMessage()
		if api.ErrorMessage() == "" {
			text = Code(err)
		}
	case errors.As(err, &op):
		text = service(op.ServiceID) + ":" + op.OperationName + ": " + op.Err.Error()
	}
	for _, from := range leaks {
		if i := strings.Index(text, from); i >= 0 {
			text = text[:i]
		}
	}
	text = named.ReplaceAllString(text, "$1…")
	text = opaque.ReplaceAllStringFunc(text, func(s string) string {
		if strings.ContainsAny(s, "0123456789") && strings.ToLower(s) != s && strings.ToUpper(s) != s {
			return "…"
		}
		return s
	})
	text = clean.TextCap(strings.Join(strings.Fields(text), " "), whyCap)
	for utf8.RuneCountInString(text) > 300 {
		_, n := utf8.DecodeLastRuneInString(text)
		text = text[:len(text)-n]
	}
	return strings.TrimRight(text, " ,;:")
}

var (
	// From here on the text is of no use to a reader: EC2's encoded message,
	// and the signed request, session token included, that a bad signature echoes.
	leaks = []string{"Encoded authorization failure message", "The Canonical String", "The String-to-Sign"}
	// A named secret, as in a header or a query string.
	named = regexp.MustCompile(`(?i)((?:x-amz-security-token|x-amz-signature|x-amz-credential|signature|secretaccesskey|secret_access_key|sessiontoken|session_token|password|tokencode)["']?\s*[=:]\s*["']?)[^\s&"',]+`)
	// What a secret key or a token looks like. Paths, host names and hashes are
	// not all of letters in both cases and digits without a break.
	opaque = regexp.MustCompile(`[A-Za-z0-9+/=]{40,}`)
)
