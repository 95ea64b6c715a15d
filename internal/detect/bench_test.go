package detect

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"cordon/internal/event"
)

// BenchmarkRun looks at what the store would select of an account's traffic:
// mostly reading, some of it refused, and now and then a change.
func BenchmarkRun(b *testing.B) {
	const n = 100000
	calls := []string{"ec2:DescribeInstances", "sts:GetCallerIdentity", "s3:ListBuckets", "sts:AssumeRole", "ec2:RunInstances", "iam:PutUserPolicy", "s3:DeleteObject", "secretsmanager:GetSecretValue"}
	all := make([]event.Event, 0, n)
	for i := range n {
		service, name := cut(calls[i%len(calls)])
		e := event.Event{ID: fmt.Sprint(i), Time: began.Add(time.Duration(i) * time.Second), Source: service + ".amazonaws.com", Name: name, Account: home, Region: "eu-west-1",
			Principal: event.Principal{Type: "IAMUser", ARN: fmt.Sprintf("arn:aws:iam::%s:user/u%d", home, i%97), User: fmt.Sprintf("u%d", i%97)}, Credential: "AKIAEXAMPLE", Agent: "Boto3/1.28", Address: "198.51.100.7"}
		switch name {
		case "RunInstances":
			e.Request = []byte(`{"instanceType":"t3.micro","instancesSet":{"items":[{"imageId":"ami-1","maxCount":1,"minCount":1}]}}`)
		case "PutUserPolicy":
			e.Request = []byte(`{"userName":"x","policyName":"p","policyDocument":"{\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"s3:*\",\"Resource\":\"*\"}]}"}`)
		case "GetSecretValue":
			e.Request = []byte(`{"secretId":"one"}`)
		case "AssumeRole":
			e.Request = []byte(`{"roleArn":"arn:aws:iam::111122223333:role/a"}`)
		}
		all = append(all, e)
	}
	b.ReportAllocs()
	for b.Loop() {
		Run(slices.Values(all), nil)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/event")
}

// BenchmarkInstances is what most events are: calls of instances that no
// detection but one cares for.
func BenchmarkInstances(b *testing.B) {
	const n = 100000
	all := make([]event.Event, 0, n)
	for i := range n {
		all = append(all, event.Event{ID: fmt.Sprint(i), Time: began.Add(time.Duration(i) * time.Second), Source: "s3.amazonaws.com", Name: "GetObject", Account: home, Region: "eu-west-1",
			Principal: event.Principal{Type: "AssumedRole", ARN: fmt.Sprintf("arn:aws:sts::%s:assumed-role/web/i-0abcdef12345678%02d", home, i%97)}, Credential: "ASIAEXAMPLE", Agent: "Boto3/1.28", Address: "198.51.100.7"})
	}
	b.ReportAllocs()
	for b.Loop() {
		Run(slices.Values(all), nil)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/event")
}
