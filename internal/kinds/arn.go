package kinds

import (
	"strings"

	"cordon/internal/fact"
)

// arn names a resource where the API does not. Images and snapshots have ARNs
// without an account: leave it out of at.
func arn(at fact.Place, service, resource string) string {
	return "arn:" + partition(at.Region) + ":" + service + ":" + at.Region + ":" + at.Account + ":" + resource
}

// partition is the separate AWS that a region belongs to.
func partition(region string) string {
	for _, p := range [...]struct{ prefix, id string }{
		{"cn-", "aws-cn"},
		{"us-gov-", "aws-us-gov"},
		{"eusc-", "aws-eusc"},
		{"us-iso-", "aws-iso"},
		{"us-isob-", "aws-iso-b"},
		{"eu-isoe-", "aws-iso-e"},
		{"us-isof-", "aws-iso-f"},
	} {
		if strings.HasPrefix(region, p.prefix) {
			return p.id
		}
	}
	return "aws"
}

// arnAccount is the account in an ARN, or "".
func arnAccount(arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 {
		return ""
	}
	return parts[4]
}
