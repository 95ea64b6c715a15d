package kinds

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
)

func eventSelectors(ctx context.Context, api trailReader, id string) (*cloudtrail.GetEventSelectorsOutput, error) {
	out, err := api.GetEventSelectors(ctx, &cloudtrail.GetEventSelectorsInput{TrailName: &id})
	return out, gone(err)
}

// recordsManagement says whether a trail records the calls that change the
// account. An event is recorded when one selector matches it (CloudTrail API
// Reference, EventSelector); a trail has selectors of one sort only.
func recordsManagement(s *cloudtrail.GetEventSelectorsOutput) bool {
	return slices.ContainsFunc(s.EventSelectors, func(e types.EventSelector) bool {
		// IncludeManagementEvents is true by default.
		return (e.IncludeManagementEvents == nil || *e.IncludeManagementEvents) && e.ReadWriteType != types.ReadWriteTypeReadOnly
	}) || slices.ContainsFunc(s.AdvancedEventSelectors, func(a types.AdvancedEventSelector) bool {
		management := false
		for _, f := range a.FieldSelectors {
			switch aws.ToString(f.Field) {
			case "eventCategory":
				management = slices.Contains(f.Equals, "Management")
			case "readOnly":
				if !slices.Equal(f.Equals, []string{"false"}) {
					return false
				}
			case "eventSource":
				// For a trail NotEquals kms or rdsdata, nothing else
				// (API Reference, AdvancedFieldSelector).
				if len(f.Equals)+len(f.StartsWith)+len(f.EndsWith) > 0 {
					return false
				}
			default: // it narrows in a way that AWS had not when this was written
				return false
			}
		}
		return management
	})
}
