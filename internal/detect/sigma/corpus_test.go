package sigma

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// records makes n distinct records, out of parts as CloudTrail writes them,
// with strings that generated rules look for in some.
func records(n int, seed uint64) (out []string) {
	r := rand.New(rand.NewPCG(seed, 7))
	for i := range n {
		service := calls[r.IntN(len(calls))]
		name := pick(r, service[1:])
		if r.IntN(2) == 0 { // half of what is called, no rule names
			service, name = calls[r.IntN(9)], pick(r, []string{"DescribeInstances", "ListKeys", "GetBucketAcl", "Decrypt", "DescribeRegions", "ListRoles", "GetObject", "PutLogEvents"})
		}
		who := r.IntN(60)
		identity := fmt.Sprintf(`{"type":"IAMUser","principalId":"AIDAEXAMPLE%05d","arn":"arn:aws:iam::111122223333:user/build-%d","accountId":"111122223333","accessKeyId":"AKIAEXAMPLE%05d","userName":"build-%d"}`, who, who, who, who)
		switch who % 4 {
		case 0:
			identity = fmt.Sprintf(`{"type":"AssumedRole","principalId":"AROAEXAMPLE%05d:i-0%d","arn":"arn:aws:sts::111122223333:assumed-role/aws:ec2-instance/i-0%d","accountId":"111122223333","accessKeyId":"ASIAEXAMPLE%05d","sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROAEXAMPLE%05d","arn":"arn:aws:iam::111122223333:role/app-%d","accountId":"111122223333","userName":"app-%d"},"attributes":{"creationDate":"2024-07-31T12:00:00Z","mfaAuthenticated":"false"}}}`, who, who, who, who, who, who, who)
		case 1:
			if who > 50 {
				identity = `{"type":"Root","principalId":"111122223333","arn":"arn:aws:iam::111122223333:root","accountId":"111122223333"}`
			}
		}
		request := pick(r, []string{
			`{"userName":"admin-%d","policyArn":"arn:aws:iam::aws:policy/AdministratorAccess"}`,
			`{"userName":"bob","policyName":"p%d","policyDocument":"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\"}]}"}`,
			`{"bucketName":"logs-%d","Host":"logs.s3.amazonaws.com","acl":""}`,
			`{"groupId":"sg-0%d","ipPermissions":{"items":[{"ipProtocol":"tcp","fromPort":22,"toPort":22,"groups":{},"ipRanges":{"items":[{"cidrIp":"0.0.0.0/0"}]},"ipv6Ranges":{},"prefixListIds":{}}]}}`,
			`{"roleArn":"arn:aws:iam::111122223333:role/Admin","roleSessionName":"s%d","durationSeconds":3600}`,
			`{"instancesSet":{"items":[{"imageId":"ami-0%d","minCount":1,"maxCount":20}]},"instanceType":"p3.16xlarge","attribute":"userData"}`,
			`{"filterSet":{},"maxResults":%d}`,
		})
		if strings.Contains(request, "%d") {
			request = fmt.Sprintf(request, i)
		}
		extra, response := "", "null"
		switch r.IntN(8) {
		case 0:
			extra = `"errorCode":"` + pick(r, []string{"AccessDenied", "Client.UnauthorizedOperation", "NoSuchEntityException"}) + `","errorMessage":"User is not authorized to perform: ` + name + `",`
		case 1:
			response = fmt.Sprintf(`{"user":{"userName":"x","createDate":"Jul 31, 2024","userId":"AIDAEXAMPLE%05d"},"publiclyAccessible":true}`, i)
		case 2:
			request = "null"
		}
		out = append(out, fmt.Sprintf(`{"eventVersion":"1.08","userIdentity":%s,"eventTime":"2024-07-31T%02d:%02d:%02dZ","eventSource":"%s.amazonaws.com","eventName":"%s","awsRegion":"%s","sourceIPAddress":"%d.0.%d.9","userAgent":"%s%d",%s"requestParameters":%s,"responseElements":%s,"additionalEventData":{"MFAUsed":"No"},"requestID":"r-%d","eventID":"e-%06d","readOnly":%t,"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"111122223333","eventCategory":"Management"}`,
			identity, i/3600%24, i/60%60, i%60, service[0], name, pick(r, []string{"us-east-1", "eu-west-3", "ap-south-1", "me-central-1"}), 1+r.IntN(40), r.IntN(4),
			pick(r, agents), r.IntN(3), extra, request, response, i, i, r.IntN(2) == 0))
	}
	return out
}
