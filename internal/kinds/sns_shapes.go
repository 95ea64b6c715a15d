package kinds

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"

	"cordon/internal/fact"
)

// taggedNeeds are the calls of a taggedReader.
const taggedNeeds = "resourcegroupstaggingapi:GetResources"

// tagsOf lists the tags of all resources of a service, such as "sqs", by ARN.
func tagsOf(ctx context.Context, api taggedReader, service string) (map[string]map[string]string, error) {
	all := map[string]map[string]string{}
	for page, err := range pages(ctx, resourcegroupstaggingapi.NewGetResourcesPaginator(api, &resourcegroupstaggingapi.GetResourcesInput{
		ResourceTypeFilters: []string{service}, ResourcesPerPage: aws.Int32(100),
	})) {
		if err != nil {
			return nil, err
		}
		for _, r := range page.ResourceTagMappingList {
			tags := map[string]string{}
			for _, t := range r.Tags {
				tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
			}
			all[aws.ToString(r.ResourceARN)] = tags
		}
	}
	return all, nil
}

// noteTags notes the tags, and the stack that AWS says it belongs to: nobody
// but CloudFormation can set that tag.
func noteTags(r *fact.Resource, tags map[string]string) {
	if tags == nil {
		tags = map[string]string{}
	}
	fact.Tags.Set(r, tags)
	partOf(r, "cloudformation.stack", tags["aws:cloudformation:stack-name"])
}

// setPolicy notes a resource's policy, as it is and what it opens.
func setPolicy(r *fact.Resource, text string) {
	policies := map[string]string{}
	if text != "" {
		policies[""] = text
	}
	setPolicySharing(r, policies, true)
	setAspect(r, "policy", text)
}

// attribute finds one attribute in the request of a record; CloudTrail's
// spelling of the names differs between calls.
func attribute(request json.RawMessage, name string) (string, bool) {
	var q struct {
		Attributes, Attribute map[string]string
	}
	if json.Unmarshal(request, &q) != nil {
		return "", false
	}
	for _, all := range []map[string]string{q.Attributes, q.Attribute} {
		for key, value := range all {
			if strings.EqualFold(key, name) {
				return value, true
			}
		}
	}
	return "", false
}
