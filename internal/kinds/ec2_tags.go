package kinds

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"cordon/internal/fact"
)

// setEC2Tags records the tags and the name that people give in them.
func setEC2Tags(r *fact.Resource, tags []types.Tag) {
	all := make(map[string]string, len(tags))
	for _, t := range tags {
		all[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	fact.Tags.Set(r, all)
	if name := all["Name"]; name != "" {
		fact.Name.Set(r, name)
	}
}
