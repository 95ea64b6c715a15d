package sigma

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"strings"
)

// Generate makes n rules of our own for measuring and for tests: single events,
// varied as public rules are, most for certain calls and some for any. The same
// seed makes the same rules.
func Generate(n int, seed uint64) fs.FS {
	r := rand.New(rand.NewPCG(seed, 0x5167a))
	files := folder{}
	for i := range n {
		files[fmt.Sprintf("generated_%04d.yml", i)] = generated(r, i)
	}
	return files
}

var (
	agents     = []string{"kali", "parrot", "pentoo", "boto3/1.9", "python-requests", "aws-cli/1.16", "Terraform", "curl/", "pacu", "trufflehog", "S3 Browser", "Mozilla/5.0", "Go-http-client", "CloudMapper"}
	identities = []string{"userIdentity.type: Root", "userIdentity.type: AssumedRole", "userIdentity.arn|contains: ':user/build-'", "userIdentity.arn|endswith: '/OrganizationAccountAccessRole'",
		"userIdentity.sessionContext.attributes.mfaAuthenticated: 'false'", "userIdentity.userName|startswith: svc-", "userIdentity.arn|re: '.+:assumed-role/aws:.+'", "userIdentity.invokedBy: null", "userIdentity.accessKeyId|startswith: AKIA"}
	requests = []string{"requestParameters.userName|contains: admin", "requestParameters.policyArn|endswith: '/AdministratorAccess'", "requestParameters.attribute: userData", "requestParameters.policyDocument|contains|all: ['\"Allow\"', '\"*\"']",
		"requestParameters.ipPermissions.items.ipRanges.items.cidrIp: 0.0.0.0/0", "requestParameters.enable: false", "requestParameters.instanceType|startswith: [p3., p4d., g5.]", "requestParameters|contains: '\"all\"'",
		"requestParameters.roleArn|re: ':role/(Admin|Power)[A-Za-z]*$'", "requestParameters.publiclyAccessible: true", "responseElements.ConsoleLogin: Failure", "additionalEventData.MFAUsed: 'No'"}
	errorCodes = []string{"AccessDenied", "'*UnauthorizedOperation'", "[AccessDenied, 'Client.*']", "null", "NoSuchEntityException", "ThrottlingException"}
)

func pick(r *rand.Rand, from []string) string { return from[r.IntN(len(from))] }

// generated is one rule.
func generated(r *rand.Rand, i int) string {
	service := calls[r.IntN(len(calls))]
	var b strings.Builder
	fmt.Fprintf(&b, "title: Generated %d\nid: 00000000-0000-4000-8000-%012d\nstatus: test\nauthor: cordon\nlevel: %s\ntags: [attack.t%d]\n", i, i, pick(r, []string{"low", "medium", "high"}), 1000+r.IntN(600))
	b.WriteString("logsource: {product: aws, service: cloudtrail}\ndetection:\n    selection:\n")
	condition := "selection"
	line := func(s string) { b.WriteString("        " + s + "\n") }
	source := func() { line("eventSource: " + service[0] + ".amazonaws.com") }
	name := func() { line("eventName: " + pick(r, service[1:])) }
	switch k := r.IntN(100); {
	case k < 25:
		source()
		line(fmt.Sprintf("eventName: [%s, %s, %s]", pick(r, service[1:]), pick(r, service[1:]), pick(r, service[1:])))
	case k < 40:
		source()
		name()
		line(pick(r, requests))
	case k < 52:
		name()
		line("errorCode: " + pick(r, errorCodes))
	case k < 62:
		source()
		line("eventName|startswith: " + pick(r, service[1:])[:5])
		line(pick(r, identities))
	case k < 72:
		name()
		b.WriteString("    filter_main_agent:\n")
		line("userAgent|contains: [" + pick(r, agents) + ", " + pick(r, agents) + "]")
		b.WriteString("    filter_main_service:\n")
		line(pick(r, identities))
		condition = "selection and not 1 of filter_main_*"
	case k < 80:
		source()
		name()
		b.WriteString("    selection_ok:\n")
		line("errorCode: null")
		b.WriteString("    selection_address:\n")
		line(fmt.Sprintf("sourceIPAddress|cidr: %d.%d.0.0/16", 1+r.IntN(220), r.IntN(256)))
		condition = "all of selection*"
	case k < 88:
		source()
		name()
		line(pick(r, requests))
		b.WriteString("    filter:\n")
		line(pick(r, identities))
		condition = "selection and not filter"
	case k < 94:
		line("userAgent|contains: '" + pick(r, agents) + fmt.Sprintf("*%d'", r.IntN(100)))
	case k < 97:
		line(pick(r, identities))
		line("awsRegion|startswith: " + pick(r, []string{"ap-", "me-", "af-", "sa-", "cn-"}))
	default:
		source()
		line("errorMessage|contains: " + pick(r, []string{"not authorized to perform", "explicit deny", "rate exceeded"}))
	}
	return b.String() + "    condition: " + condition + "\n"
}
