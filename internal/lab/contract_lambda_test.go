package lab_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/guardduty"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

func TestContractLambda(t *testing.T) {
	contract(t, []deviation{
		{name: "concurrency 0", aws: "To stop a function from processing events, set reserved concurrency to zero", check: concurrencyZero},
		{name: "concurrency 0 in GetFunction", aws: "Concurrency: The function's reserved concurrency", check: concurrencyShown},
		{name: "layer", aws: "Layers: A list of function layers to add to the function's execution environment", check: layerAttached},
		{name: "URL list", aws: "Returns a list of Lambda function URLs for the specified function", check: urlList},
		{name: "account settings", aws: "Retrieves details about your account's limits and usage", check: accountSettings},
		{name: "LastModified", aws: "The date and time that the function was last updated", check: lastModified},
		{name: "ListFunctions pages", aws: "Lambda returns up to 50 functions per call", check: pagesFunctions},
		{name: "ListLayers pages", aws: "NextMarker: A pagination token returned when the response doesn't contain all layers", check: pagesLayers},
	})
}

func TestContractTrail(t *testing.T) {
	contract(t, []deviation{
		{name: "StopLogging by ARN", aws: "Name: Specifies the name or the CloudTrail ARN of the trail", check: stopByARN},
		{name: "unknown trail", aws: "TrailNotFoundException", check: unknownTrail},
		{name: "default event selectors", aws: "by default, trails log all management events and don't log data events", check: defaultSelectors},
		{name: "detector dates", aws: "UpdatedAt: the last-updated timestamp for the detector", check: detectorDates},
	})
}

// zipped is a zip archive with nothing of interest in it.
func zipped() []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	f, err := w.Create("index.py")
	if err == nil {
		_, err = f.Write([]byte("def handler(event, context): return None\n"))
	}
	if err := errors.Join(err, w.Close()); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func (c *world) function(name string, layers ...string) (*lambda.CreateFunctionOutput, error) {
	role, err := c.role("for-"+name, trust(`{"Service":"lambda.amazonaws.com"}`, ""))
	if err != nil {
		return nil, err
	}
	return c.lambda(c.root()).CreateFunction(c.ctx, &lambda.CreateFunctionInput{
		FunctionName: &name, Role: &role, Runtime: types.RuntimePython312, Handler: aws.String("index.handler"),
		Code: &types.FunctionCode{ZipFile: zipped()}, Layers: layers,
	})
}

func (c *world) reserve(name string, n int32) error {
	_, err := c.lambda(c.root()).PutFunctionConcurrency(c.ctx, &lambda.PutFunctionConcurrencyInput{FunctionName: &name, ReservedConcurrentExecutions: aws.Int32(n)})
	return err
}

func (c *world) invoke(name string) error {
	_, err := c.lambda(c.root()).Invoke(c.ctx, &lambda.InvokeInput{FunctionName: &name})
	return err
}

func concurrencyZero(c *world) error {
	if _, err := c.function("worker"); err != nil {
		return err
	}
	if err := errors.Join(c.invoke("worker"), c.reserve("worker", 0)); err != nil {
		return err
	}
	if err := fails(c.invoke("worker"), "TooManyRequestsException"); err != nil {
		return err
	}
	_, err := c.lambda(c.root()).DeleteFunctionConcurrency(c.ctx, &lambda.DeleteFunctionConcurrencyInput{FunctionName: aws.String("worker")})
	return errors.Join(err, c.invoke("worker"))
}

func concurrencyShown(c *world) error {
	if _, err := c.function("worker"); err != nil {
		return err
	}
	if err := c.reserve("worker", 0); err != nil {
		return err
	}
	got, err := c.lambda(c.root()).GetFunction(c.ctx, &lambda.GetFunctionInput{FunctionName: aws.String("worker")})
	if err != nil {
		return err
	}
	if got.Concurrency == nil || aws.ToInt32(got.Concurrency.ReservedConcurrentExecutions) != 0 {
		return fmt.Errorf("the concurrency is %v", got.Concurrency)
	}
	return nil
}

func (c *world) layer(name string) (string, error) {
	made, err := c.lambda(c.root()).PublishLayerVersion(c.ctx, &lambda.PublishLayerVersionInput{
		LayerName: &name, Content: &types.LayerVersionContentInput{ZipFile: zipped()},
	})
	if err != nil {
		return "", err
	}
	return *made.LayerVersionArn, nil
}

func layerAttached(c *world) error {
	layer, err := c.layer("extra")
	if err != nil {
		return err
	}
	if _, err := c.function("worker", layer); err != nil {
		return err
	}
	got, err := c.lambda(c.root()).GetFunctionConfiguration(c.ctx, &lambda.GetFunctionConfigurationInput{FunctionName: aws.String("worker")})
	if err != nil {
		return err
	}
	if len(got.Layers) != 1 || aws.ToString(got.Layers[0].Arn) != layer {
		return fmt.Errorf("the layers are %v", got.Layers)
	}
	return nil
}

func urlList(c *world) error {
	if _, err := c.function("worker"); err != nil {
		return err
	}
	client := c.lambda(c.root())
	_, err := client.CreateFunctionUrlConfig(c.ctx, &lambda.CreateFunctionUrlConfigInput{FunctionName: aws.String("worker"), AuthType: types.FunctionUrlAuthTypeNone})
	if err != nil {
		return err
	}
	got, err := client.ListFunctionUrlConfigs(c.ctx, &lambda.ListFunctionUrlConfigsInput{FunctionName: aws.String("worker")})
	if err != nil {
		return err
	}
	if len(got.FunctionUrlConfigs) != 1 {
		return fmt.Errorf("the URLs are %v", got.FunctionUrlConfigs)
	}
	return is("the AuthType", got.FunctionUrlConfigs[0].AuthType, types.FunctionUrlAuthTypeNone)
}

func accountSettings(c *world) error {
	if _, err := c.function("worker"); err != nil {
		return err
	}
	got, err := c.lambda(c.root()).GetAccountSettings(c.ctx, &lambda.GetAccountSettingsInput{})
	if err != nil {
		return err
	}
	return errors.Join(is("FunctionCount", got.AccountUsage.FunctionCount, 1), is("ConcurrentExecutions", got.AccountLimit.ConcurrentExecutions, 1000))
}

func lastModified(c *world) error {
	made, err := c.function("worker")
	if err != nil {
		return err
	}
	time.Sleep(2 * time.Millisecond)
	changed, err := c.lambda(c.root()).UpdateFunctionConfiguration(c.ctx, &lambda.UpdateFunctionConfigurationInput{FunctionName: aws.String("worker"), Description: aws.String("changed")})
	if err != nil {
		return err
	}
	if *changed.LastModified <= *made.LastModified {
		return fmt.Errorf("LastModified was %s and is %s", *made.LastModified, *changed.LastModified)
	}
	return nil
}

func pagesFunctions(c *world) error {
	for i := range 3 {
		if _, err := c.function(fmt.Sprint("f", i)); err != nil {
			return err
		}
	}
	seen, pages := 0, 0
	p := lambda.NewListFunctionsPaginator(c.lambda(c.root()), &lambda.ListFunctionsInput{FunctionVersion: types.FunctionVersionAll, MaxItems: aws.Int32(2)})
	for ; p.HasMorePages() && pages < 9; pages++ {
		page, err := p.NextPage(c.ctx)
		if err != nil {
			return err
		}
		seen += len(page.Functions)
	}
	return errors.Join(is("pages", pages, 2), is("functions", seen, 3))
}

func pagesLayers(c *world) error {
	for i := range 3 {
		if _, err := c.layer(fmt.Sprint("l", i)); err != nil {
			return err
		}
	}
	got, err := c.lambda(c.root()).ListLayers(c.ctx, &lambda.ListLayersInput{MaxItems: aws.Int32(2)})
	if err != nil {
		return err
	}
	return errors.Join(is("layers", len(got.Layers), 2), is("there is a marker", got.NextMarker != nil, true))
}

// trail makes a trail that logs; the bucket is made by moto's own API, since
// the client of S3 is not among the modules of the project.
func (c *world) trail() (string, error) {
	if err := c.bucket("trail-logs"); err != nil {
		return "", err
	}
	client := c.cloudtrail(c.root())
	made, err := client.CreateTrail(c.ctx, &cloudtrail.CreateTrailInput{Name: aws.String("main"), S3BucketName: aws.String("trail-logs")})
	if err != nil {
		return "", err
	}
	_, err = client.StartLogging(c.ctx, &cloudtrail.StartLoggingInput{Name: aws.String("main")})
	return *made.TrailARN, err
}

func stopByARN(c *world) error {
	arn, err := c.trail()
	if err != nil {
		return err
	}
	client := c.cloudtrail(c.root())
	if _, err := client.StopLogging(c.ctx, &cloudtrail.StopLoggingInput{Name: &arn}); err != nil {
		return err
	}
	got, err := client.GetTrailStatus(c.ctx, &cloudtrail.GetTrailStatusInput{Name: &arn})
	if err != nil {
		return err
	}
	if got.StopLoggingTime == nil || time.Since(*got.StopLoggingTime).Abs() > time.Minute {
		return fmt.Errorf("StopLoggingTime is %v", got.StopLoggingTime)
	}
	return is("IsLogging", aws.ToBool(got.IsLogging), false)
}

func unknownTrail(c *world) error {
	_, err := c.cloudtrail(c.root()).StopLogging(c.ctx, &cloudtrail.StopLoggingInput{Name: aws.String("none")})
	return fails(err, "TrailNotFoundException")
}

func defaultSelectors(c *world) error {
	arn, err := c.trail()
	if err != nil {
		return err
	}
	got, err := c.cloudtrail(c.root()).GetEventSelectors(c.ctx, &cloudtrail.GetEventSelectorsInput{TrailName: &arn})
	if err != nil {
		return err
	}
	if len(got.EventSelectors) != 1 || !aws.ToBool(got.EventSelectors[0].IncludeManagementEvents) {
		return fmt.Errorf("the selectors are %v", got.EventSelectors)
	}
	return nil
}

func detectorDates(c *world) error {
	client := c.guardduty(c.root())
	made, err := client.CreateDetector(c.ctx, &guardduty.CreateDetectorInput{Enable: aws.Bool(true)})
	if err != nil {
		return err
	}
	time.Sleep(5 * time.Millisecond)
	_, err = client.UpdateDetector(c.ctx, &guardduty.UpdateDetectorInput{DetectorId: made.DetectorId, Enable: aws.Bool(false)})
	if err != nil {
		return err
	}
	got, err := client.GetDetector(c.ctx, &guardduty.GetDetectorInput{DetectorId: made.DetectorId})
	if err != nil {
		return err
	}
	created, err := time.Parse(time.RFC3339, aws.ToString(got.CreatedAt))
	if err != nil {
		return err
	}
	updated, err := time.Parse(time.RFC3339, aws.ToString(got.UpdatedAt))
	if err == nil && (!updated.After(created) || time.Since(created).Abs() > time.Minute) {
		err = fmt.Errorf("CreatedAt is %v, UpdatedAt %v", created, updated)
	}
	return err
}
