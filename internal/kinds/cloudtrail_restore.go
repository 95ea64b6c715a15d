package kinds

import (
	"context"
	"encoding/json"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

// switchWord is the aspect of something that is on or off.
func switchWord(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

// recallSwitch reads a switch from calls that turn it one way each.
func recallSwitch(on, off string) func(string, json.RawMessage, json.RawMessage) (string, bool) {
	return func(call string, _, _ json.RawMessage) (string, bool) {
		return switchWord(call == on), call == on || call == off
	}
}

func findTrail(ctx context.Context, api trailReader, id string) (types.Trail, error) {
	out, err := api.DescribeTrails(ctx, &cloudtrail.DescribeTrailsInput{TrailNameList: []string{id}})
	var all []types.Trail
	if err == nil {
		for _, t := range out.TrailList { // the same trail may come again as its shadow in this region
			if (aws.ToString(t.TrailARN) == id || aws.ToString(t.Name) == id) && len(all) == 0 {
				all = append(all, t)
			}
		}
	}
	return only(all, err)
}

// trailSelection is what a trail records; one of the two is there.
type trailSelection struct {
	EventSelectors         []types.EventSelector
	AdvancedEventSelectors []types.AdvancedEventSelector
}

func selectorsForm(basic []types.EventSelector, advanced []types.AdvancedEventSelector) (string, error) {
	for i := range basic { // AWS's defaults (API Reference, EventSelector)
		basic[i].IncludeManagementEvents = aws.Bool(basic[i].IncludeManagementEvents == nil || *basic[i].IncludeManagementEvents)
		if basic[i].ReadWriteType == "" {
			basic[i].ReadWriteType = types.ReadWriteTypeAll
		}
	}
	return storeForm(trailSelection{basic, advanced})
}

func trailSelectors(ctx context.Context, api trailReader, r fact.Resource) (string, error) {
	out, err := eventSelectors(ctx, api, r.ID)
	if err != nil {
		return "", err
	}
	return selectorsForm(out.EventSelectors, out.AdvancedEventSelectors)
}

func setTrailSelectors(ctx context.Context, api trailWriter, j kind.Job, value string) error {
	s, err := storeUnform[trailSelection](value)
	if err == nil {
		_, err = api.PutEventSelectors(ctx, &cloudtrail.PutEventSelectorsInput{
			TrailName: &j.ID, EventSelectors: s.EventSelectors, AdvancedEventSelectors: s.AdvancedEventSelectors,
		})
	}
	return err
}

func recallSelectors(_ string, request, _ json.RawMessage) (string, bool) {
	var s trailSelection
	if json.Unmarshal(request, &s) != nil || len(s.EventSelectors)+len(s.AdvancedEventSelectors) == 0 {
		return "", false
	}
	text, err := selectorsForm(s.EventSelectors, s.AdvancedEventSelectors)
	return text, err == nil
}

// trailConfig is what UpdateTrail sets. "" takes away what need not be there.
type trailConfig struct {
	S3BucketName, S3KeyPrefix, SnsTopicARN, KmsKeyId, CloudWatchLogsLogGroupArn, CloudWatchLogsRoleArn string //nolint:revive // AWS's names
	IncludeGlobalServiceEvents, IsMultiRegionTrail, LogFileValidationEnabled, IsOrganizationTrail      bool
}

func trailForm(t types.Trail) (string, error) {
	b, err := json.Marshal(trailConfig{
		aws.ToString(t.S3BucketName), aws.ToString(t.S3KeyPrefix), aws.ToString(t.SnsTopicARN), aws.ToString(t.KmsKeyId),
		aws.ToString(t.CloudWatchLogsLogGroupArn), aws.ToString(t.CloudWatchLogsRoleArn),
		aws.ToBool(t.IncludeGlobalServiceEvents), aws.ToBool(t.IsMultiRegionTrail), aws.ToBool(t.LogFileValidationEnabled), aws.ToBool(t.IsOrganizationTrail),
	})
	return string(b), err
}

func trailSettings(ctx context.Context, api trailReader, r fact.Resource) (string, error) {
	t, err := findTrail(ctx, api, r.ID)
	if err != nil {
		return "", err
	}
	return trailForm(t)
}

func setTrailSettings(ctx context.Context, api trailWriter, j kind.Job, value string) error {
	c, err := storeUnform[trailConfig](value)
	if err == nil {
		_, err = api.UpdateTrail(ctx, &cloudtrail.UpdateTrailInput{
			Name: &j.ID, S3BucketName: &c.S3BucketName, S3KeyPrefix: &c.S3KeyPrefix, SnsTopicName: &c.SnsTopicARN, KmsKeyId: &c.KmsKeyId,
			CloudWatchLogsLogGroupArn: &c.CloudWatchLogsLogGroupArn, CloudWatchLogsRoleArn: &c.CloudWatchLogsRoleArn,
			IncludeGlobalServiceEvents: &c.IncludeGlobalServiceEvents, IsMultiRegionTrail: &c.IsMultiRegionTrail,
			EnableLogFileValidation: &c.LogFileValidationEnabled, IsOrganizationTrail: &c.IsOrganizationTrail,
		})
	}
	return err
}

// recallTrail reads the response: it has the whole trail as the call left it.
func recallTrail(_ string, _, response json.RawMessage) (string, bool) {
	var t types.Trail
	if json.Unmarshal(response, &t) != nil || t.S3BucketName == nil || t.LogFileValidationEnabled == nil {
		return "", false
	}
	text, err := trailForm(t)
	return text, err == nil
}

func keepTrail(ctx context.Context, api trailReader, r fact.Resource, put func(string, []byte) error) error {
	t, err := findTrail(ctx, api, r.ID)
	if err != nil {
		return err
	}
	if err := putJSON(put, "trail.json", t); err != nil {
		return err
	}
	status, err := trailStatus(ctx, api, r.ID)
	if err != nil {
		return err
	}
	if err := putJSON(put, "status.json", status); err != nil {
		return err
	}
	selectors, err := eventSelectors(ctx, api, r.ID)
	if err != nil {
		return err
	}
	return putJSON(put, "event-selectors.json", selectors)
}
