package kinds

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sms "github.com/aws/aws-sdk-go-v2/service/pinpointsmsvoicev2"
	"github.com/aws/aws-sdk-go-v2/service/pinpointsmsvoicev2/types"

	"cordon/internal/awsapi"
	"cordon/internal/fact"
	"cordon/internal/kind"
	"cordon/internal/kind/kindtest"
)

func leaseNumber(t *testing.T, w kindtest.World, protected bool) string {
	t.Helper()
	out := must[*sms.RequestPhoneNumberOutput](t)(sms.NewFromConfig(w.Config(here)).RequestPhoneNumber(t.Context(), &sms.RequestPhoneNumberInput{
		IsoCountryCode: aws.String("US"), MessageType: types.MessageTypeTransactional, NumberType: types.RequestableNumberTypeTollFree,
		NumberCapabilities: []types.NumberCapability{types.NumberCapabilitySms}, DeletionProtectionEnabled: &protected,
	}))
	return aws.ToString(out.PhoneNumberId)
}

func makeNumber(t *testing.T, w kindtest.World) string { t.Helper(); return leaseNumber(t, w, false) }
func makeProtectedNumber(t *testing.T, w kindtest.World) string {
	t.Helper()
	return leaseNumber(t, w, true)
}

func TestNumber(t *testing.T) {
	kindtest.Run(t, kindtest.Case[numberReader, numberWriter]{
		Spec: numberSpec, Region: here, Setup: makeNumber,
		Verbs: map[string]func(*testing.T, kindtest.World) string{"unprotect": makeProtectedNumber},
	})
}

func poolNumbers(t *testing.T, w kindtest.World, protected bool) string {
	t.Helper()
	number := makeNumber(t, w)
	out := must[*sms.CreatePoolOutput](t)(sms.NewFromConfig(w.Config(here)).CreatePool(t.Context(), &sms.CreatePoolInput{
		OriginationIdentity: &number, IsoCountryCode: aws.String("US"), MessageType: types.MessageTypeTransactional, DeletionProtectionEnabled: &protected,
	}))
	return aws.ToString(out.PoolId)
}

func makeSMSPool(t *testing.T, w kindtest.World) string { t.Helper(); return poolNumbers(t, w, false) }

func TestPool(t *testing.T) {
	kindtest.Run(t, kindtest.Case[smsPoolReader, smsPoolWriter]{
		Spec: poolSpec, Region: here, Setup: makeSMSPool,
		Verbs: map[string]func(*testing.T, kindtest.World) string{
			"unprotect": func(t *testing.T, w kindtest.World) string { return poolNumbers(t, w, true) },
		},
	})
}

func TestNumberAndPoolFacts(t *testing.T) {
	w := kindtest.NewWorld(t)
	pool := listed(t, w, smsPool, poolNumbers(t, w, true))
	held := smsPool.Holds(pool)
	if len(held) != 1 || held[0].Kind != smsNumber.Name() {
		t.Fatalf("holds %v", held)
	}
	if is := fact.Protections.Or(pool, nil); len(is) != 1 || is[0] != "deletion" {
		t.Errorf("protections %v", is)
	}
	number := listed(t, w, smsNumber, held[0].ID)
	if is, known := fact.Protections.Get(number); !known || len(is) != 0 || fact.AttachedTo.Or(number, "") != pool.ID || fact.Name.Or(number, "") == "" {
		t.Errorf("%s", number.Facts)
	}
	// AWS refuses to release what is in a pool: the pool goes first.
	release, _ := smsNumber.Verb("release-number")
	if err := release.Do(t.Context(), w.Config(here), kind.Job{Resource: number}, nil); awsapi.Code(err) != "ConflictException" {
		t.Errorf("released from its pool: %v", err)
	}
	wantAbsent(t, w, smsNumber, "pinpoint-sms-voice-v2", "DescribePhoneNumbers")
	wantAbsent(t, w, smsPool, "pinpoint-sms-voice-v2", "DescribePools")
}
