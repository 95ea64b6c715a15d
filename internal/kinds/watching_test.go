package kinds

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/accessanalyzer"
	aatypes "github.com/aws/aws-sdk-go-v2/service/accessanalyzer/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/configservice"
	configtypes "github.com/aws/aws-sdk-go-v2/service/configservice/types"
	"github.com/aws/aws-sdk-go-v2/service/securityhub"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas"

	"cordon/internal/fact"
	"cordon/internal/kind/kindtest"
	"cordon/internal/lab"
)

func makeRecorder(t *testing.T, w kindtest.World) string {
	t.Helper()
	api, ctx := configservice.NewFromConfig(w.Config(here)), t.Context()
	must[*configservice.PutConfigurationRecorderOutput](t)(api.PutConfigurationRecorder(ctx, &configservice.PutConfigurationRecorderInput{
		ConfigurationRecorder: &configtypes.ConfigurationRecorder{
			Name: aws.String("default"), RoleARN: aws.String("arn:aws:iam::" + kindtest.Account + ":role/config"),
			RecordingGroup: &configtypes.RecordingGroup{AllSupported: true},
		},
	}))
	must[*configservice.PutDeliveryChannelOutput](t)(api.PutDeliveryChannel(ctx, &configservice.PutDeliveryChannelInput{
		DeliveryChannel: &configtypes.DeliveryChannel{Name: aws.String("default"), S3BucketName: aws.String("theirs")},
	}))
	return "default" // it does not record before it is started
}

func TestConfigRecorder(t *testing.T) {
	kindtest.Run(t, kindtest.Case[recorderReader, recorderWriter]{
		Spec: configRecorderSpec, Region: here, Setup: makeRecorder,
		Before: map[string]func(*testing.T, kindtest.World, string) string{"start-recorder": always("on")},
	})
	w := kindtest.NewWorld(t)
	r := listed(t, w, configRecorder, makeRecorder(t, w))
	if on, known := fact.Active.Get(r); !known || on || fact.Aspects.Or(r, nil)["recording"] != "off" {
		t.Errorf("%s", r.Facts)
	}
}

func TestDeliveryChannel(t *testing.T) {
	kindtest.Run(t, kindtest.Case[channelReader, channelWriter]{
		Spec: deliveryChannelSpec, Region: here, Setup: makeRecorder,
		Before: map[string]func(*testing.T, kindtest.World, string) string{"restore-delivery": always(`{"S3BucketName":"ours","S3KeyPrefix":null,` +
			`"ConfigSnapshotDeliveryProperties":null,"Name":null,"S3KmsKeyArn":null,"SnsTopicARN":null}`)},
	})
	w := kindtest.NewWorld(t)
	if r := listed(t, w, deliveryChannel, makeRecorder(t, w)); fact.Bucket.Or(r, "") != "theirs" {
		t.Errorf("%s", r.Facts)
	}
}

func makeHub(t *testing.T, w kindtest.World) string {
	t.Helper()
	must[*securityhub.EnableSecurityHubOutput](t)(securityhub.NewFromConfig(w.Config(here)).EnableSecurityHub(t.Context(), &securityhub.EnableSecurityHubInput{}))
	return "default"
}

func TestSecurityHub(t *testing.T) {
	kindtest.Run(t, kindtest.Case[hubReader, noWriter]{Spec: securityHubSpec, Region: here, Setup: makeHub})
}

// Where Security Hub is off there is no hub, and the reading is good; where it
// may not be read, it is not.
func TestNoSecurityHub(t *testing.T) {
	w, at := kindtest.NewWorld(t), fact.Place{Account: kindtest.Account, Region: here}
	if err := securityHub.List(t.Context(), w.Config(here), at, func(r fact.Resource) { t.Errorf("%s", r.Ref) }); err != nil {
		t.Error(err)
	}
	err := w.Lab.AddFault(t.Context(), lab.Fault{Match: map[string]string{"service": "securityhub", "op": "DescribeHub"}, Code: "AccessDeniedException", Status: 403})
	if err != nil {
		t.Fatal(err)
	}
	if err := securityHub.List(t.Context(), w.Config(here), at, func(fact.Resource) {}); err == nil {
		t.Error("what may not be read is said to be off")
	}
}

func makeAnalyzer(t *testing.T, w kindtest.World) string {
	t.Helper()
	must[*accessanalyzer.CreateAnalyzerOutput](t)(accessanalyzer.NewFromConfig(w.Config(here)).CreateAnalyzer(t.Context(), &accessanalyzer.CreateAnalyzerInput{
		AnalyzerName: aws.String("outside"), Type: aatypes.TypeAccount,
	}))
	return "outside"
}

func TestAnalyzer(t *testing.T) {
	kindtest.Run(t, kindtest.Case[analyzerReader, analyzerWriter]{
		Spec: analyzerSpec, Region: here, Setup: makeAnalyzer, New: newly{"create-analyzer": fresh("accessanalyzer.analyzer", NewAnalyzer)},
	})
	w := kindtest.NewWorld(t)
	r := listed(t, w, analyzer, makeAnalyzer(t, w))
	if n, known := fact.Count.Get(r); !known || n != 0 || !fact.Active.Or(r, false) || r.Created.IsZero() {
		t.Errorf("%s", r.Facts)
	}
}

func makeArchiveRule(t *testing.T, w kindtest.World) string {
	t.Helper()
	id := makeAnalyzer(t, w)
	must[*accessanalyzer.CreateArchiveRuleOutput](t)(accessanalyzer.NewFromConfig(w.Config(here)).CreateArchiveRule(t.Context(), &accessanalyzer.CreateArchiveRuleInput{
		AnalyzerName: &id, RuleName: aws.String("hide"), Filter: map[string]aatypes.Criterion{"isPublic": {Eq: []string{"true"}}},
	}))
	return id + "/hide"
}

func TestArchiveRule(t *testing.T) {
	kindtest.Run(t, kindtest.Case[archiveRuleReader, archiveRuleWriter]{Spec: archiveRuleSpec, Region: here, Setup: makeArchiveRule})
	w := kindtest.NewWorld(t)
	r := listed(t, w, archiveRule, makeArchiveRule(t, w))
	if of := fact.PartOf.Or(r, nil); len(of) != 1 || of[0].ID != "outside" || r.Created.IsZero() {
		t.Errorf("%s", r.Facts)
	}
}

func makeAlarm(t *testing.T, w kindtest.World) string {
	t.Helper()
	must[*cloudwatch.PutMetricAlarmOutput](t)(cloudwatch.NewFromConfig(w.Config(here)).PutMetricAlarm(t.Context(), &cloudwatch.PutMetricAlarmInput{
		AlarmName: aws.String("root-login"), Namespace: aws.String("cordon"), MetricName: aws.String("logins"), Statistic: cwtypes.StatisticSum,
		Period: aws.Int32(60), EvaluationPeriods: aws.Int32(1), Threshold: aws.Float64(1), ComparisonOperator: cwtypes.ComparisonOperatorGreaterThanThreshold,
		ActionsEnabled: aws.Bool(true), AlarmActions: []string{"arn:aws:sns:" + here + ":" + kindtest.Account + ":alerts"},
	}))
	return "root-login"
}

func makeSilentAlarm(t *testing.T, w kindtest.World) string {
	t.Helper()
	id := makeAlarm(t, w)
	must[*cloudwatch.DisableAlarmActionsOutput](t)(cloudwatch.NewFromConfig(w.Config(here)).DisableAlarmActions(t.Context(), &cloudwatch.DisableAlarmActionsInput{AlarmNames: []string{id}}))
	return id
}

func TestAlarm(t *testing.T) {
	kindtest.Run(t, kindtest.Case[alarmReader, alarmWriter]{
		Spec: alarmSpec, Region: here, Setup: makeAlarm,
		Verbs:  map[string]func(*testing.T, kindtest.World) string{"enable-alarm": makeSilentAlarm},
		Before: map[string]func(*testing.T, kindtest.World, string) string{"enable-alarm": always("on")},
		New:    newly{"create-billing-alarm": freshAlarm},
	})
	w := kindtest.NewWorld(t)
	r := listed(t, w, alarm, makeSilentAlarm(t, w))
	if on, known := fact.Active.Get(r); !known || on || fact.Modified.Or(r, r.Created).IsZero() {
		t.Errorf("%s", r.Facts)
	}
}

func makeQuotaRequest(t *testing.T, w kindtest.World) string {
	t.Helper()
	out := must[*servicequotas.RequestServiceQuotaIncreaseOutput](t)(servicequotas.NewFromConfig(w.Config(here)).RequestServiceQuotaIncrease(t.Context(), &servicequotas.RequestServiceQuotaIncreaseInput{
		ServiceCode: aws.String("ec2"), QuotaCode: aws.String("L-1216C47A"), DesiredValue: aws.Float64(5000),
	}))
	return aws.ToString(out.RequestedQuota.Id)
}

func TestQuotaRequest(t *testing.T) {
	kindtest.Run(t, kindtest.Case[quotaRequestReader, noWriter]{Spec: quotaRequestSpec, Region: here, Setup: makeQuotaRequest})
	w := kindtest.NewWorld(t)
	r := listed(t, w, quotaRequest, makeQuotaRequest(t, w))
	if fact.Detail.Or(r, "") != "ec2 5000" || !fact.Active.Or(r, false) || fact.Maker.Or(r, "") != "arn:aws:iam::"+kindtest.Account+":root" {
		t.Errorf("%s", r.Facts)
	}
}
