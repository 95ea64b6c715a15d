package corpus

import (
	"math/rand/v2"
	"slices"
	"time"

	"cordon/internal/event"
)

// extraCalls are what only the intruder does.
var extraCalls = []call{
	{service: "iam", name: "CreateUser", write: true, request: `{"userName":"support-desk"}`, response: `{"user":{"path":"/","userName":"support-desk","userId":"AIDAEXAMPLE<b32-10>","arn":"arn:aws:iam::<acct>:user/support-desk","createDate":"<date>"}}`},
	{service: "iam", name: "CreateAccessKey", write: true, request: `{"userName":"support-desk"}`, response: `{"accessKey":{"userName":"support-desk","accessKeyId":"AKIAEXAMPLE<b32-9>","status":"Active","createDate":"<date>"}}`},
	{service: "iam", name: "AttachUserPolicy", write: true, request: `{"userName":"support-desk","policyArn":"arn:aws:iam::aws:policy/AdministratorAccess"}`},
	{service: "cloudtrail", name: "StopLogging", write: true, request: `{"name":"arn:aws:cloudtrail:<region>:<acct>:trail/main"}`},
	{service: "guardduty", name: "DeleteDetector", write: true, request: `{"detectorId":"<hex32>"}`},
}

var intruderAddresses = []string{"198.51.100.23", "203.0.113.77"}

const intruderAgent = "Boto3/1.26.101 Python/3.9.2 Linux/5.10.0-23-amd64 Botocore/1.29.101"

// A Truth is what the corpus has to be found in it.
type Truth struct {
	Key       string    `json:"key"` // the stolen one; its owner uses it too
	User      string    `json:"user"`
	Account   string    `json:"account"`
	Addresses []string  `json:"addresses"` // the intruder's
	Events    int       `json:"events"`    // the intruder's
	First     time.Time `json:"first"`
	Last      time.Time `json:"last"`
	Instance  string    `json:"instance"` // that the intruder started
	Creator   string    `json:"creator"`  // the event that did
}

// attack is an intrusion with one key: looking around at home, then in every
// region looking and starting instances, then making oneself at home. Its files
// are extra deliveries.
func attack(owner *actor, seed uint64, length int) (files []file, truth Truth, err error) {
	known := compileAll(slices.Concat(calls, extraCalls))
	by := func(service, name string) *compiled {
		i := slices.IndexFunc(known, func(c compiled) bool { return c.service == service && c.name == name })
		return &known[i]
	}
	home := []*compiled{by("sts", "GetCallerIdentity"), by("iam", "ListUsers"), by("iam", "GetAccountSummary"), by("s3", "ListBuckets"), by("iam", "GetRole"), by("iam", "ListAccessKeys"), by("organizations", "DescribeOrganization"), by("cloudtrail", "DescribeTrails")}
	abroad := []*compiled{by("ec2", "DescribeInstances"), by("servicequotas", "ListServiceQuotas"), by("ec2", "DescribeSecurityGroups"), by("ec2", "DescribeImages"), by("guardduty", "ListFindings"), by("ec2", "RunInstances")}
	stay := []*compiled{by("iam", "CreateUser"), by("iam", "CreateAccessKey"), by("iam", "AttachUserPolicy"), by("cloudtrail", "StopLogging"), by("guardduty", "DeleteDetector")}

	o := occasion{r: rand.New(rand.NewPCG(seed, hash("attack"))), actor: owner}
	start := begin.AddDate(0, 0, length*13/20).Add(2*time.Hour + 10*time.Minute)
	truth = Truth{Key: owner.key, User: owner.name, Account: owner.account, Addresses: intruderAddresses, First: start}
	do := func(c *compiled, region, address int, f failure) error {
		o.at, o.region = start.Add(time.Duration(truth.Events)*22*time.Second), regions[region]
		raw := record(nil, &o, c, intruderAddresses[address], intruderAgent, f)
		truth.Last = o.at
		truth.Events++
		slot := o.at.Truncate(slotLength)
		if i := slices.IndexFunc(files, func(f file) bool { return f.region == region && f.at.Equal(slot) }); i >= 0 {
			files[i].attack = append(files[i].attack, raw)
		} else {
			files = append(files, file{account: owner.account, region: region, at: slot, before: -1, attack: [][]byte{raw}})
		}
		if truth.Instance == "" && c.name == "RunInstances" && f.code == "" {
			e, err := event.Parse(raw)
			if err != nil {
				return err
			}
			truth.Creator, truth.Instance = e.ID, event.Path(e.Response, "instancesSet.items[].instanceId")[0]
		}
		return nil
	}
	for i := range 40 {
		if err := do(home[i%len(home)], 0, 0, failure{}); err != nil {
			return nil, truth, err
		}
	}
	for region := range regions {
		for i := range 30 {
			f := failure{}
			if i > 20 && abroad[i%len(abroad)].name == "RunInstances" {
				f = failure{"Client.VcpuLimitExceeded", "You have requested more vCPU capacity than your current vCPU limit allows"}
			}
			if err := do(abroad[i%len(abroad)], region, region%2, f); err != nil {
				return nil, truth, err
			}
		}
	}
	for i := range 24 {
		if err := do(stay[i%len(stay)], 0, 1, failure{}); err != nil {
			return nil, truth, err
		}
	}
	return files, truth, nil
}
