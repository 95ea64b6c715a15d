package kinds

import (
	"slices"
	"testing"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

// What a kind shows is not shown once more as something that nothing handles.
func TestEveryKindIsHandled(t *testing.T) {
	for _, k := range All() {
		i := slices.IndexFunc(handled, func(h struct {
			service, resource string
			kind              fact.Kind
		}) bool {
			return h.kind == k.Name()
		})
		if i < 0 && !slices.Contains(unnamed, k.Name()) {
			t.Errorf("%s has no line in handled.go: account.other would show it once more", k.Name())
		}
	}
	for _, h := range handled {
		if !slices.ContainsFunc(All(), func(k kind.Kind) bool { return k.Name() == h.kind }) {
			t.Errorf("no kind is called %s", h.kind)
		}
	}
}

func TestHandledBy(t *testing.T) {
	for arn, want := range map[string]fact.Kind{
		"arn:aws:ec2:eu-west-1:111:instance/i-1":                          "ec2.instance",
		"arn:aws:ec2:eu-west-1:111:instance-event-window/iew-1":           "",
		"arn:aws:ec2:eu-west-1:111:client-vpn-endpoint/cvpn-endpoint-1":   "",
		"arn:aws:codecommit:eu-west-1:111:repo":                           "codecommit.repository",
		"arn:aws:cloudformation:eu-west-1:111:stackset/a:1":               "cloudformation.stack-set",
		"arn:aws:emr-serverless:eu-west-1:111:/applications/1":            "emr-serverless.application",
		"arn:aws:s3:::photos":                                             "s3.bucket",
		"arn:aws:s3:eu-west-1:111:accesspoint/door":                       "",
		"arn:aws:sns:eu-west-1:111:news":                                  "sns.topic",
		"arn:aws:sns:eu-west-1:111:app/GCM/push":                          "",
		"arn:aws:rds:eu-west-1:111:cluster-snapshot:a":                    "rds.cluster-snapshot",
		"arn:aws:elasticloadbalancing:eu-west-1:111:loadbalancer/app/a/1": "elbv2.load-balancer",
		"arn:aws:elasticloadbalancing:eu-west-1:111:loadbalancer/theirs":  "elb.load-balancer",
		"no arn": "",
	} {
		if got := handledBy(arn); got != want {
			t.Errorf("%s is handled by %q, want %q", arn, got, want)
		}
	}
	for arn, want := range map[string]string{
		"arn:aws:ec2:eu-west-1:111:vpc/vpc-1": "ec2:vpc", "arn:aws:sns:eu-west-1:111:topic": "sns", "arn:aws:emr-serverless:eu-west-1:111:/applications/1": "emr-serverless:applications",
	} {
		if got := sortOf(arn); got != want {
			t.Errorf("%s is %q, want %q", arn, got, want)
		}
	}
}
