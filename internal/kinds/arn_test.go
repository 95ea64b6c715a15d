package kinds

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"cordon/internal/fact"
)

func TestARN(t *testing.T) {
	for region, want := range map[string]string{
		"eu-west-1":      "arn:aws:ec2:eu-west-1:1:instance/i",
		"cn-north-1":     "arn:aws-cn:ec2:cn-north-1:1:instance/i",
		"us-gov-west-1":  "arn:aws-us-gov:ec2:us-gov-west-1:1:instance/i",
		"eusc-de-east-1": "arn:aws-eusc:ec2:eusc-de-east-1:1:instance/i",
		"us-iso-east-1":  "arn:aws-iso:ec2:us-iso-east-1:1:instance/i",
		"us-isob-east-1": "arn:aws-iso-b:ec2:us-isob-east-1:1:instance/i",
		"eu-isoe-west-1": "arn:aws-iso-e:ec2:eu-isoe-west-1:1:instance/i",
		"us-isof-east-1": "arn:aws-iso-f:ec2:us-isof-east-1:1:instance/i",
	} {
		if got := arn(fact.Place{Account: "1", Region: region}, "ec2", "instance/i"); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	for in, want := range map[string]string{"arn:aws:iam::123:root": "123", "123": "", "*": "", "": ""} {
		if got := arnAccount(in); got != want {
			t.Errorf("account of %q is %q, want %q", in, got, want)
		}
	}
}

func TestMoment(t *testing.T) {
	want := time.Date(2026, 3, 1, 10, 11, 12, 0, time.UTC)
	for _, s := range []string{"2026-03-01T10:11:12Z", "2026-03-01T10:11:12.000Z", "2026-03-01T10:11:12.000+0000", "2026-03-01T11:11:12+0100"} {
		if got := moment(&s); !got.Equal(want) {
			t.Errorf("%s is %v", s, got)
		}
	}
	if !moment(nil).IsZero() || !moment(aws.String("yesterday")).IsZero() {
		t.Error("what is not told must be zero")
	}
}
