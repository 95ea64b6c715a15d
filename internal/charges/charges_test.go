package charges_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go/middleware"

	"cordon/internal/awsapi"
	"cordon/internal/bill"
	"cordon/internal/charges"
)

// there answers as AWS does, one answer after the other, and keeps what was asked.
type there struct {
	answers []string // "200 {…}"
	asked   []string
	headers []http.Header
}

func (a *there) Do(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	a.asked = append(a.asked, r.URL.Host+" "+r.Header.Get("X-Amz-Target")+" "+string(body))
	a.headers = append(a.headers, r.Header.Clone())
	if len(a.answers) == 0 {
		return nil, errors.New("nobody expects this request")
	}
	var status int
	fmt.Sscan(a.answers[0][:3], &status)
	text := a.answers[0][4:]
	a.answers = a.answers[1:]
	return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/x-amz-json-1.1"}}, Body: io.NopCloser(strings.NewReader(text)), Request: r}, nil
}

func (a *there) config() aws.Config {
	return aws.Config{Region: "us-east-1", HTTPClient: a, RetryMaxAttempts: 3, AppID: "cordon-C-1", Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "AKIA", SecretAccessKey: "x"}, nil
	})}
}

func day(t *testing.T, s string) bill.Day {
	t.Helper()
	d, err := bill.ParseDay(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func cost(date, second, amount, unit string) string {
	return fmt.Sprintf(`{"TimePeriod":{"Start":%q,"End":"2026-11-30"},"Estimated":true,"Groups":[{"Keys":["Amazon EC2",%q],"Metrics":{"UnblendedCost":{"Amount":%q,"Unit":%q}}}]}`, date, second, amount, unit)
}

// Every page and every retry is a request that costs money, and is counted.
func TestEveryRequestIsCounted(t *testing.T) {
	a := &there{answers: []string{
		`200 {"ResultsByTime":[` + cost("2026-11-20", "eu-west-1", "1.5", "USD") + `],"NextPageToken":"2"}`,
		`500 {"__type":"InternalFailure"}`,
		`200 {"ResultsByTime":[` + cost("2026-11-21", "ap-south-1", "99", "USD") + `]}`,
		`200 {"ResultsByTime":[` + cost("2026-11-21", "EU-BoxUsage", "100.5", "USD") + `]}`,
	}}
	m := &charges.Meter{Most: 10}
	l, err := charges.Costs(t.Context(), a.config(), "111122223333", day(t, "2026-11-20"), day(t, "2026-11-22"), m)
	if err != nil || m.Sent != 4 || len(a.asked) != 4 {
		t.Fatalf("%v, %d counted, %d sent", err, m.Sent, len(a.asked))
	}
	if len(l.Places) != 2 || len(l.Usages) != 1 || l.Currency != "USD" || l.Places[1].Region != "ap-south-1" || l.Usages[0].Usage != "EU-BoxUsage" || l.Estimated != day(t, "2026-11-20") {
		t.Errorf("%+v", l)
	}
	for _, want := range []string{`"Key":"REGION"`, `"RECORD_TYPE"`, `"Key":"LINKED_ACCOUNT","Values":["111122223333"]`, `"Granularity":"DAILY"`, `"Start":"2026-11-20"`, `"End":"2026-11-22"`, "ce.us-east-1.amazonaws.com"} {
		if !strings.Contains(a.asked[0], want) {
			t.Errorf("asked without %s: %s", want, a.asked[0])
		}
	}
}

// What was not agreed to is not sent, and half an answer is none.
func TestMeterStops(t *testing.T) {
	a := &there{answers: []string{`200 {"ResultsByTime":[` + cost("2026-11-20", "eu-west-1", "1", "USD") + `],"NextPageToken":"2"}`}}
	m := &charges.Meter{Most: 1}
	l, err := charges.Costs(t.Context(), a.config(), "111122223333", day(t, "2026-11-20"), day(t, "2026-11-22"), m)
	if !errors.Is(err, charges.ErrMeter) || len(a.asked) != 1 || m.Sent != 1 || len(l.Places) != 0 {
		t.Errorf("%v, %d sent, %d counted, %d lines", err, len(a.asked), m.Sent, len(l.Places))
	}
}

func TestNoFigures(t *testing.T) {
	for answer, off := range map[string]bool{
		`400 {"__type":"DataUnavailableException","message":"Data is not available."}`:                                    true,
		`400 {"__type":"AccessDeniedException","message":"User not enabled for cost explorer access"}`:                    true,
		`400 {"__type":"AccessDeniedException","message":"User: x is not authorized to perform: ce:GetCostAndUsage"}`:     false,
		`200 {"ResultsByTime":[` + cost("2026-11-20", "eu-west-1", "much", "USD") + `]}`:                                  false,
		`200 {"ResultsByTime":[` + cost("2026-11-20", "x", "1", "USD") + `,` + cost("2026-11-21", "x", "1", "EUR") + `]}`: false,
		`200 {"ResultsByTime":[{"Groups":[]}]}`:                                                                           false,
		`200 {"ResultsByTime":[],"NextPageToken":"same"}`:                                                                 false,
	} {
		a := &there{answers: []string{answer, answer, answer}}
		_, err := charges.Costs(t.Context(), a.config(), "111122223333", day(t, "2026-11-20"), day(t, "2026-11-22"), &charges.Meter{Most: 3})
		if err == nil || errors.Is(err, charges.ErrOff) != off {
			t.Errorf("%s: %v, want off %t", answer, err, off)
		}
	}
}

func TestAnomalies(t *testing.T) {
	a := &there{answers: []string{`200 {"Anomalies":[{"AnomalyId":"1","AnomalyStartDate":"2026-11-21","Impact":{"MaxImpact":9,"TotalImpact":12.5},"RootCauses":[{"Service":"EC2","Region":"ap-south-1","UsageType":"APS3-X"},{"Service":"EC2"}]}]}`}}
	m := &charges.Meter{Most: 1}
	got, err := charges.Anomalies(t.Context(), a.config(), day(t, "2026-01-01"), day(t, "2026-11-22"), m)
	if err != nil || len(got) != 1 || got[0].Impact != 12.5 || len(got[0].Services) != 1 || m.Sent != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	if !strings.Contains(a.asked[0], `"StartDate":"2026-08-24"`) { // 90 days is all that AWS keeps
		t.Error(a.asked[0])
	}
}

func TestBudgets(t *testing.T) {
	a := &there{answers: []string{
		`200 {"Budgets":[{"BudgetName":"b","BudgetType":"COST","TimeUnit":"MONTHLY","BudgetLimit":{"Amount":"100","Unit":"USD"},"CalculatedSpend":{"ActualSpend":{"Amount":"140.5","Unit":"USD"}}}],"NextToken":"2"}`,
		`200 {"Budgets":[{"BudgetName":"c","BudgetType":"USAGE","TimeUnit":"DAILY"}]}`,
		`200 {"Actions":[{"ActionId":"1","BudgetName":"b","ActionType":"APPLY_IAM_POLICY","ApprovalModel":"AUTOMATIC","Status":"STANDBY","ActionThreshold":{"ActionThresholdValue":80,"ActionThresholdType":"PERCENTAGE"},"Definition":{"IamActionDefinition":{"PolicyArn":"arn:aws:iam::1:policy/deny","Users":["claire"]}}}]}`,
	}}
	all, actions, err := charges.Budgets(t.Context(), a.config(), "111122223333")
	if err != nil || len(all) != 2 || *all[0].Spent != 140.5 || all[0].Forecast != nil || all[1].Limit != nil {
		t.Errorf("%+v, %v", all, err)
	}
	if len(actions) != 1 || actions[0].Policy != "arn:aws:iam::1:policy/deny" || strings.Join(actions[0].Targets, "") != "claire" || actions[0].At != 80 {
		t.Errorf("%+v", actions)
	}
}

// The call that has no client of the SDK's goes by the same rules as the others:
// what was not declared is refused before it is signed, and errors are AWS's.
func TestFreeTier(t *testing.T) {
	now := func() time.Time { return time.Date(2026, 11, 22, 2, 0, 0, 0, time.UTC) }
	a := &there{answers: []string{
		`200 {"freeTierUsages":[{"service":"SQS","usageType":"EU-Requests","region":"eu-west-1","actualUsageAmount":9.5,"limit":10,"unit":"Requests"}],"nextToken":"2"}`,
		`200 {"freeTierUsages":[]}`,
	}}
	all, err := charges.FreeTier(t.Context(), a.config(), now)
	if err != nil || len(all) != 1 || all[0].Used != 9.5 || all[0].Service != "SQS" {
		t.Fatalf("%+v, %v", all, err)
	}
	if want := `freetier.us-east-1.api.aws AWSFreeTierService.GetFreeTierUsage {"maxResults":1000,"nextToken":"2"}`; a.asked[1] != want {
		t.Errorf("asked %s\nwant  %s", a.asked[1], want)
	}
	signed := a.headers[0].Get("Authorization")
	if !strings.Contains(signed, "Credential=AKIA/20261122/us-east-1/freetier/aws4_request") || !strings.Contains(a.headers[0].Get("User-Agent"), "app/cordon-C-1") {
		t.Errorf("%s, %s", signed, a.headers[0].Get("User-Agent"))
	}
	a = &there{answers: []string{`400 {"__type":"com.amazonaws.freetier#AccessDeniedException","message":"User is not authorized to perform: freetier:GetFreeTierUsage"}`}}
	if _, err = charges.FreeTier(t.Context(), a.config(), now); awsapi.Classify(err) != awsapi.Denied {
		t.Errorf("%v is %q", err, awsapi.Classify(err))
	}
	a, called := &there{}, ""
	cfg := a.config()
	cfg.APIOptions = append(cfg.APIOptions, func(s *middleware.Stack) error {
		return s.Initialize.Add(middleware.InitializeMiddlewareFunc("Guard", func(ctx context.Context, _ middleware.InitializeInput, _ middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
			called = awsapi.Called(ctx)
			return middleware.InitializeOutput{}, middleware.Metadata{}, awsapi.ErrNotDeclared(called)
		}), middleware.Before)
	})
	if _, err := charges.FreeTier(t.Context(), cfg, now); err == nil || called != "freetier:GetFreeTierUsage" || len(a.asked) != 0 {
		t.Errorf("%v, called %q, %d sent", err, called, len(a.asked))
	}
}
