package kinds

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/guardduty"
	guardtypes "github.com/aws/aws-sdk-go-v2/service/guardduty/types"

	"cordon/internal/awsapi"
	"cordon/internal/fact"
	"cordon/internal/kind/kindtest"
	"cordon/internal/lab"
)

// makeBucket asks S3 by hand: its client is not among cordon's.
func makeBucket(t *testing.T, w kindtest.World, name string) {
	t.Helper()
	cfg := w.Config("us-east-1")
	req := must[*http.Request](t)(http.NewRequestWithContext(t.Context(), http.MethodPut, "https://"+name+".s3.us-east-1.amazonaws.com/", nil))
	const nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" // SHA-256 of no body
	req.Header.Set("X-Amz-Content-Sha256", nothing)
	keys := must[aws.Credentials](t)(cfg.Credentials.Retrieve(t.Context()))
	if err := v4.NewSigner().SignHTTP(t.Context(), keys, req, nothing, "s3", cfg.Region, time.Now()); err != nil {
		t.Fatal(err)
	}
	resp := must[*http.Response](t)(cfg.HTTPClient.Do(req))
	if resp.Body.Close(); resp.StatusCode != http.StatusOK {
		t.Fatalf("cannot create a bucket: %s", resp.Status)
	}
}

func makeTrail(t *testing.T, w kindtest.World) string {
	t.Helper()
	makeBucket(t, w, "audit-logs")
	api := cloudtrail.NewFromConfig(w.Config(here))
	out := must[*cloudtrail.CreateTrailOutput](t)(api.CreateTrail(t.Context(), &cloudtrail.CreateTrailInput{
		Name: aws.String("audit"), S3BucketName: aws.String("audit-logs"), IsMultiRegionTrail: aws.Bool(true), EnableLogFileValidation: aws.Bool(true),
	}))
	must[*cloudtrail.StartLoggingOutput](t)(api.StartLogging(t.Context(), &cloudtrail.StartLoggingInput{Name: out.TrailARN}))
	must[*cloudtrail.StopLoggingOutput](t)(api.StopLogging(t.Context(), &cloudtrail.StopLoggingInput{Name: out.TrailARN}))
	return aws.ToString(out.TrailARN)
}

func TestTrail(t *testing.T) {
	kindtest.Run(t, kindtest.Case[trailReader, trailWriter]{
		Spec: trailSpec, Region: here, Setup: makeTrail, Verbs: setups{"restore-selectors": makeSelectiveTrail, "cover-all-regions": makeLocalTrail},
		New: newly{"create-trail": freshTrail},
		Before: befores{
			"start":             putBack(""), // it does not ask
			"restore-selectors": putBack(`{"EventSelectors":[{"IncludeManagementEvents":false,"ReadWriteType":"All"}]}`),
			"restore-trail": func(t *testing.T, w kindtest.World, id string) string {
				return strings.Replace(fact.Aspects.Or(listed(t, w, trail, id), nil)["trail"], `"IsMultiRegionTrail":true`, `"IsMultiRegionTrail":false`, 1)
			},
		},
	})
}

// makeSelectiveTrail records what changes something.
func makeSelectiveTrail(t *testing.T, w kindtest.World) string {
	t.Helper()
	id := makeTrail(t, w)
	must[*cloudtrail.PutEventSelectorsOutput](t)(cloudtrail.NewFromConfig(w.Config(here)).PutEventSelectors(t.Context(), &cloudtrail.PutEventSelectorsInput{
		TrailName: &id, EventSelectors: []types.EventSelector{{ReadWriteType: types.ReadWriteTypeWriteOnly, IncludeManagementEvents: aws.Bool(true)}},
	}))
	return id
}

func TestTrailIsListedAtHomeOnly(t *testing.T) {
	w := kindtest.NewWorld(t)
	r := listed(t, w, trail, makeTrail(t, w))
	if on, known := fact.Logging.Get(r); !known || on || fact.Stopped.Or(r, r.Created).IsZero() || !fact.MultiRegion.Or(r, false) ||
		!fact.Validation.Or(r, false) || fact.Bucket.Or(r, "") != "audit-logs" {
		t.Errorf("%s", r.Facts)
	}
	elsewhere := fact.Place{Account: kindtest.Account, Region: "eu-central-1"}
	err := trail.List(t.Context(), w.Config(elsewhere.Region), elsewhere, func(r fact.Resource) { t.Errorf("%s is listed in %s", r.ID, elsewhere.Region) })
	if err != nil {
		t.Error(err)
	}
}

// A trail that runs and leaves out management events looks like any other.
func TestTrailWithoutManagementEvents(t *testing.T) {
	w := kindtest.NewWorld(t)
	id, api := makeTrail(t, w), cloudtrail.NewFromConfig(w.Config(here))
	if on, known := fact.Management.Get(listed(t, w, trail, id)); !known || !on {
		t.Errorf("by default: %v, %v", on, known)
	}
	must[*cloudtrail.PutEventSelectorsOutput](t)(api.PutEventSelectors(t.Context(), &cloudtrail.PutEventSelectorsInput{
		TrailName: &id, EventSelectors: []types.EventSelector{{ReadWriteType: types.ReadWriteTypeAll, IncludeManagementEvents: aws.Bool(false)}},
	}))
	if on, known := fact.Management.Get(listed(t, w, trail, id)); !known || on {
		t.Errorf("switched off: %v, %v", on, known)
	}
	if err := w.Lab.AddFault(t.Context(), lab.Fault{Match: map[string]string{"op": "GetEventSelectors"}, Code: "AccessDeniedException", Status: 400}); err != nil {
		t.Fatal(err)
	}
	err := trail.List(t.Context(), w.Config(here), fact.Place{Account: kindtest.Account, Region: here}, func(r fact.Resource) { t.Errorf("%s is listed", r.ID) })
	if awsapi.Classify(err) != awsapi.Denied {
		t.Errorf("the selectors may not be read: %v", err)
	}
}

func TestRecordsManagement(t *testing.T) {
	field := func(name string, equals ...string) types.AdvancedFieldSelector {
		return types.AdvancedFieldSelector{Field: &name, Equals: equals}
	}
	not := types.AdvancedFieldSelector{Field: aws.String("eventSource"), NotEquals: []string{"kms.amazonaws.com"}}
	advanced := func(fields ...types.AdvancedFieldSelector) *cloudtrail.GetEventSelectorsOutput {
		return &cloudtrail.GetEventSelectorsOutput{AdvancedEventSelectors: []types.AdvancedEventSelector{{FieldSelectors: fields}}}
	}
	basic := func(all ...types.EventSelector) *cloudtrail.GetEventSelectorsOutput {
		return &cloudtrail.GetEventSelectorsOutput{EventSelectors: all}
	}
	management, data := field("eventCategory", "Management"), field("eventCategory", "Data")
	for name, c := range map[string]struct {
		of   *cloudtrail.GetEventSelectorsOutput
		want bool
	}{
		"default":              {basic(types.EventSelector{}), true},
		"all":                  {basic(types.EventSelector{IncludeManagementEvents: aws.Bool(true), ReadWriteType: types.ReadWriteTypeAll}), true},
		"writes":               {basic(types.EventSelector{ReadWriteType: types.ReadWriteTypeWriteOnly}), true},
		"reads":                {basic(types.EventSelector{ReadWriteType: types.ReadWriteTypeReadOnly}), false},
		"reads, and writes":    {basic(types.EventSelector{ReadWriteType: types.ReadWriteTypeReadOnly}, types.EventSelector{ReadWriteType: types.ReadWriteTypeWriteOnly}), true},
		"off":                  {basic(types.EventSelector{IncludeManagementEvents: aws.Bool(false)}), false},
		"none":                 {basic(), false},
		"management":           {advanced(management), true},
		"without keys":         {advanced(management, not), true},
		"management writes":    {advanced(management, field("readOnly", "false")), true},
		"management reads":     {advanced(management, field("readOnly", "true")), false},
		"one source":           {advanced(management, field("eventSource", "s3.amazonaws.com")), false},
		"somebody's are not":   {advanced(management, types.AdvancedFieldSelector{Field: aws.String("userIdentity.arn"), NotEquals: []string{"x"}}), false},
		"data":                 {advanced(data, field("resources.type", "AWS::S3::Object")), false},
		"a selector of nobody": {advanced(), false},
	} {
		if got := recordsManagement(c.of); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestOrganizationTrail(t *testing.T) {
	at := fact.Place{Account: "111", Region: here}
	for account, want := range map[string]string{"111": "", "999": "999"} {
		r := trailOf(at, types.Trail{TrailARN: aws.String("arn:aws:cloudtrail:eu-west-1:" + account + ":trail/org"), IsOrganizationTrail: aws.Bool(true)})
		if got := fact.Organization.Or(r, ""); got != want {
			t.Errorf("the trail of %s is marked %q", account, got)
		}
	}
}

func makeDetector(t *testing.T, w kindtest.World) string {
	t.Helper()
	out := must[*guardduty.CreateDetectorOutput](t)(guardduty.NewFromConfig(w.Config(here)).CreateDetector(t.Context(), &guardduty.CreateDetectorInput{
		Enable: aws.Bool(false),
	}))
	return aws.ToString(out.DetectorId)
}

func TestDetector(t *testing.T) {
	kindtest.Run(t, kindtest.Case[detectorReader, detectorWriter]{
		Spec: detectorSpec, Region: here, Setup: makeDetector, Before: befores{"enable": putBack("")}, // it does not ask
		New: newly{"create-detector": fresh("guardduty.detector", NewDetector)},
	})
}

func TestDetectorFacts(t *testing.T) {
	w := kindtest.NewWorld(t)
	r := listed(t, w, detector, makeDetector(t, w))
	if on, known := fact.Active.Get(r); !known || on || r.Created.IsZero() || r.ARN == "" {
		t.Errorf("%s made %v: %v, %v", r.ARN, r.Created, on, known)
	}
}

func makeDataStore(t *testing.T, w kindtest.World) string {
	t.Helper()
	out := must[*cloudtrail.CreateEventDataStoreOutput](t)(cloudtrail.NewFromConfig(w.Config(here)).CreateEventDataStore(t.Context(), &cloudtrail.CreateEventDataStoreInput{
		Name: aws.String("lake"), TerminationProtectionEnabled: aws.Bool(false),
	}))
	return aws.ToString(out.EventDataStoreArn)
}

func TestDataStore(t *testing.T) {
	api := func(w kindtest.World) *cloudtrail.Client { return cloudtrail.NewFromConfig(w.Config(here)) }
	kindtest.Run(t, kindtest.Case[dataStoreReader, dataStoreWriter]{
		Spec: dataStoreSpec, Region: here, Setup: makeDataStore,
		Before: befores{"start-ingestion": putBack(""), "undelete-store": putBack("")}, // they do not ask
		Verbs: setups{
			"start-ingestion": func(t *testing.T, w kindtest.World) string {
				id := makeDataStore(t, w)
				must[*cloudtrail.StopEventDataStoreIngestionOutput](t)(api(w).StopEventDataStoreIngestion(t.Context(), &cloudtrail.StopEventDataStoreIngestionInput{EventDataStore: &id}))
				return id
			},
			"undelete-store": func(t *testing.T, w kindtest.World) string {
				id := makeDataStore(t, w)
				must[*cloudtrail.DeleteEventDataStoreOutput](t)(api(w).DeleteEventDataStore(t.Context(), &cloudtrail.DeleteEventDataStoreInput{EventDataStore: &id}))
				return id
			},
			"unprotect": makeProtectedStore,
		},
	})
}

func makeProtectedStore(t *testing.T, w kindtest.World) string {
	t.Helper()
	id := makeDataStore(t, w)
	must[*cloudtrail.UpdateEventDataStoreOutput](t)(cloudtrail.NewFromConfig(w.Config(here)).UpdateEventDataStore(t.Context(), &cloudtrail.UpdateEventDataStoreInput{
		EventDataStore: &id, TerminationProtectionEnabled: aws.Bool(true),
	}))
	return id
}

func TestDataStoreFacts(t *testing.T) {
	w := kindtest.NewWorld(t)
	r := listed(t, w, dataStore, makeProtectedStore(t, w))
	if p := fact.Protections.Or(r, nil); !slices.Equal(p, []string{"termination"}) || !fact.Logging.Or(r, false) || r.Created.IsZero() {
		t.Errorf("%s", r.Facts)
	}
	wantRefused(t, w, dataStore, "GetEventDataStore")
}

func makeFindingFilter(t *testing.T, w kindtest.World) string {
	t.Helper()
	id := makeDetector(t, w)
	must[*guardduty.CreateFilterOutput](t)(guardduty.NewFromConfig(w.Config(here)).CreateFilter(t.Context(), &guardduty.CreateFilterInput{
		DetectorId: &id, Name: aws.String("quiet"), Action: guardtypes.FilterActionArchive,
		FindingCriteria: &guardtypes.FindingCriteria{Criterion: map[string]guardtypes.Condition{"type": {Equals: []string{"CryptoCurrency:EC2/BitcoinTool.B!DNS"}}}},
	}))
	return "quiet"
}

func TestFindingFilter(t *testing.T) {
	kindtest.Run(t, kindtest.Case[findingFilterReader, findingFilterWriter]{Spec: findingFilterSpec, Region: here, Setup: makeFindingFilter})
}

func TestFindingFilterFacts(t *testing.T) {
	w := kindtest.NewWorld(t)
	if r := listed(t, w, findingFilter, makeFindingFilter(t, w)); !fact.Active.Or(r, false) || fact.Name.Or(r, "") != "quiet" {
		t.Errorf("%s", r.Facts)
	}
	wantRefused(t, w, findingFilter, "GetFilter")
}

func makeIPSet(t *testing.T, w kindtest.World) string {
	t.Helper()
	id := makeDetector(t, w)
	out := must[*guardduty.CreateIPSetOutput](t)(guardduty.NewFromConfig(w.Config(here)).CreateIPSet(t.Context(), &guardduty.CreateIPSetInput{
		DetectorId: &id, Name: aws.String("friends"), Activate: aws.Bool(true), Format: guardtypes.IpSetFormatTxt, Location: aws.String("s3://drop/ips.txt"),
	}))
	return aws.ToString(out.IpSetId)
}

func TestIPSet(t *testing.T) {
	kindtest.Run(t, kindtest.Case[ipSetReader, ipSetWriter]{Spec: ipSetSpec, Region: here, Setup: makeIPSet})
}

func TestIPSetFacts(t *testing.T) {
	w := kindtest.NewWorld(t)
	if r := listed(t, w, ipSet, makeIPSet(t, w)); !fact.Active.Or(r, false) || fact.Detail.Or(r, "") != "s3://drop/ips.txt" {
		t.Errorf("%s", r.Facts)
	}
	wantRefused(t, w, ipSet, "ListIPSets")
}
