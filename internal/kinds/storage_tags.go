package kinds

import (
	"github.com/aws/aws-sdk-go-v2/aws"

	"cordon/internal/fact"
)

// setStoreTags notes the tags, and the stack that a resource is a part of: only
// CloudFormation can set its tags.
func setStoreTags(r *fact.Resource, tags map[string]string) {
	if len(tags) == 0 {
		return
	}
	fact.Tags.Set(r, tags)
	partOf(r, "cloudformation.stack", tags["aws:cloudformation:stack-name"])
}

// storeTagMap makes a map of the tags of any service.
func storeTagMap[T any](all []T, of func(T) (key, value *string)) map[string]string {
	tags := map[string]string{}
	for _, t := range all {
		key, value := of(t)
		tags[aws.ToString(key)] = aws.ToString(value)
	}
	return tags
}

// setStorePolicy notes a resource's policy, "" for none, and whom it lets in.
func setStorePolicy(r *fact.Resource, doc string) {
	policies := map[string]string{}
	if doc != "" {
		policies[""] = doc
	}
	setPolicySharing(r, policies, true)
	setAspect(r, "policy", doc)
}
