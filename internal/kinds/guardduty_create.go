package kinds

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/guardduty"
	"github.com/aws/aws-sdk-go-v2/service/guardduty/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

// NewDetector is the id by which a plan names the detector that is not there yet:
// GuardDuty gives ids itself, and a region has one detector at most.
const NewDetector = "new"

// createDetector turns GuardDuty on where it never was, with what it does by
// itself. The first time makes its service-linked role too. Undo deletes the
// detector, and with it the findings that it has by then.
var createDetector = establish(kind.Verb[detectorReader, detectorWriter]{
	Name: "create-detector", Needs: []string{"guardduty:CreateDetector", "guardduty:DeleteDetector", "=iam:CreateServiceLinkedRole"},
}, theDetector, thatIsAll, func(ctx context.Context, api detectorWriter, j kind.Job) error {
	there, err := api.ListDetectors(ctx, &guardduty.ListDetectorsInput{})
	if err != nil || len(there.DetectorIds) > 0 { // a lost answer
		return err
	}
	_, err = api.CreateDetector(ctx, &guardduty.CreateDetectorInput{Enable: aws.Bool(true), Tags: map[string]string{"cordon-case": j.Case}})
	return err
}, func(ctx context.Context, api detectorWriter, _ kind.Job) error {
	there, err := api.ListDetectors(ctx, &guardduty.ListDetectorsInput{})
	if err != nil {
		return err
	}
	for _, id := range there.DetectorIds {
		if _, err := api.DeleteDetector(ctx, &guardduty.DeleteDetectorInput{DetectorId: &id}); err != nil {
			return goneGuardDuty(err)
		}
	}
	return nil
})

// theDetector is the region's detector with whether it is on; "" where there is
// none. The id is in it, so that one made anew is another.
func theDetector(ctx context.Context, api detectorReader, _ fact.Resource) (string, error) {
	there, err := api.ListDetectors(ctx, &guardduty.ListDetectorsInput{})
	if err != nil || len(there.DetectorIds) == 0 {
		return "", err
	}
	if len(there.DetectorIds) > 1 {
		return "", fmt.Errorf("cannot read the detector: the region has %d", len(there.DetectorIds))
	}
	out, err := findDetector(ctx, api, there.DetectorIds[0])
	if err != nil {
		return "", err
	}
	return there.DetectorIds[0] + " " + switchWord(out.Status == types.DetectorStatusEnabled), nil
}
