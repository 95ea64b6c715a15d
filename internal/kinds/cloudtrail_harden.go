package kinds

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

// NewTrail is what the trail is called that a plan makes.
const NewTrail = "cordon-trail"

// coverAll makes a trail record every region and the global services, and sign
// what it writes.
var coverAll = strengthen(kind.Verb[trailReader, trailWriter]{
	Name: "cover-all-regions", Class: kind.Reversible, Needs: []string{"cloudtrail:UpdateTrail", "=iam:PassRole"},
}, func(is string) (string, error) {
	c, err := storeUnform[trailConfig](is)
	if err != nil {
		return "", err
	}
	c.IsMultiRegionTrail, c.IncludeGlobalServiceEvents, c.LogFileValidationEnabled = true, true, true
	b, err := json.Marshal(c)
	return string(b), err
}, trailSettings, setTrailSettings)

// createTrail makes a trail of every region into the bucket of the fact Bucket,
// which must let CloudTrail write (makeLogBucket), and starts it. Undo deletes the
// trail; what it wrote stays.
var createTrail = establish(kind.Verb[trailReader, trailWriter]{
	Name: "create-trail", Needs: []string{"cloudtrail:CreateTrail", "cloudtrail:StartLogging", "cloudtrail:DeleteTrail", "=iam:CreateServiceLinkedRole"},
}, func(ctx context.Context, api trailReader, r fact.Resource) (string, error) {
	t, err := findTrail(ctx, api, r.ID)
	if errors.Is(err, kind.ErrGone) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	form, err := trailForm(t)
	if err != nil {
		return "", err
	}
	on, err := trailLogs(ctx, api, r)
	return switchWord(on) + " " + form, err
}, func(is string) bool {
	state, form, _ := strings.Cut(is, " ")
	c, err := storeUnform[trailConfig](form)
	return err == nil && state == "on" && c.IsMultiRegionTrail && c.LogFileValidationEnabled
}, func(ctx context.Context, api trailWriter, j kind.Job) error {
	bucket := fact.Bucket.Or(j.Resource, "")
	if bucket == "" {
		return fmt.Errorf("cannot make the trail %s: the plan names no bucket", j.ID)
	}
	_, err := api.CreateTrail(ctx, &cloudtrail.CreateTrailInput{
		Name: aws.String(j.ID[strings.LastIndexByte(j.ID, '/')+1:]), S3BucketName: &bucket,
		IsMultiRegionTrail: aws.Bool(true), IncludeGlobalServiceEvents: aws.Bool(true), EnableLogFileValidation: aws.Bool(true),
	})
	if err := storeThere(err, "TrailAlreadyExistsException"); err != nil {
		return err
	}
	_, err = api.StartLogging(ctx, &cloudtrail.StartLoggingInput{Name: &j.ID})
	return err
}, func(ctx context.Context, api trailWriter, j kind.Job) error {
	_, err := api.DeleteTrail(ctx, &cloudtrail.DeleteTrailInput{Name: &j.ID})
	return err
})
