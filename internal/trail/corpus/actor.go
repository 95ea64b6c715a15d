package corpus

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"
)

// An actor is somebody, or a program, that makes calls.
type actor struct {
	kind       string // IAMUser, AssumedRole, Root, AWSService
	account    string
	name, id   string
	session    string // of a role
	key        string // of a user
	arn        string
	host       string // of a service
	addresses  []string
	agents     []string
	regions    []int
	weight     float64
	things     []string // what it works on
	calls      []int    // indexes of compiled calls, the commonest first
	cumulative []float64
}

var (
	regions = []string{
		"us-east-1", "eu-west-1", "us-west-2", "eu-central-1", "ap-northeast-1", "ap-southeast-1", "us-east-2", "eu-north-1", "ap-south-1",
		"sa-east-1", "ca-central-1", "ap-southeast-2", "eu-west-2", "eu-west-3", "us-west-1", "ap-northeast-2", "ap-northeast-3",
	}
	accounts = []struct {
		id     string
		weight float64
		actors int
	}{{"111122223333", 0.68, 160}, {"444455556666", 0.24, 65}, {"777788889999", 0.08, 25}}

	agents = map[int][]string{
		person: {
			"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/129.0.0.0 Safari/537.36",
			"Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0",
			"aws-cli/2.17.44 md/awscrt#0.21.2 ua/2.0 os/macos#23.6.0 md/arch#arm64 lang/python#3.11.9 md/pyimpl#CPython cfg/retry-mode#standard md/installer#exe md/prompt#off md/command#ec2.describe-instances",
		},
		deploy: {
			"APN/1.0 HashiCorp/1.0 Terraform/1.9.5 (+https://www.terraform.io) terraform-provider-aws/5.67.0 (+https://registry.terraform.io/providers/hashicorp/aws) aws-sdk-go-v2/1.30.5 os/linux lang/go#1.22.6 md/GOOS#linux md/GOARCH#amd64 api/ec2#1.177.4",
			"Boto3/1.35.20 md/Botocore#1.35.20 ua/2.0 os/linux#5.10.224-212.876.amzn2.x86_64 md/arch#x86_64 lang/python#3.12.6 md/pyimpl#CPython cfg/retry-mode#adaptive Botocore/1.35.20",
			"cloudformation.amazonaws.com", "aws-sdk-nodejs/2.1687.0 linux/v20.17.0 exec-env/AWS_ECS_FARGATE promise",
		},
		app: {
			"aws-sdk-go-v2/1.30.3 os/linux lang/go#1.22.5 md/GOOS#linux md/GOARCH#amd64 api/autoscaling#1.43.3 m/F,g",
			"aws-sdk-java/2.27.17 Linux/5.10.223-212.873.amzn2.x86_64 OpenJDK_64-Bit_Server_VM/21.0.4+7-LTS Java/21.0.4 vendor/Amazon.com_Inc. io/sync http/Apache cfg/retry-mode/legacy cfg/auth-source#imds",
			"Boto3/1.34.162 md/Botocore#1.34.162 ua/2.0 os/linux#6.1.102 md/arch#x86_64 lang/python#3.11.9 md/pyimpl#CPython exec-env/AWS_Lambda_python3.11 cfg/retry-mode#legacy Botocore/1.34.162",
			"aws-sdk-go/1.55.5 (go1.22.5; linux; amd64) amazon-ssm-agent/3.2.2303.0", "kubernetes/cluster-autoscaler-1.30.2 aws-sdk-go/1.48.7 (go1.21.9; linux; amd64)",
		},
	}
	hosts = []string{"autoscaling.amazonaws.com", "lambda.amazonaws.com", "config.amazonaws.com", "ec2.amazonaws.com", "cloudtrail.amazonaws.com", "guardduty.amazonaws.com"}
)

// everybody are the actors of one seed, account by account.
func everybody(seed uint64) (every []*actor) {
	r := rand.New(rand.NewPCG(seed, hash("actors")))
	for _, account := range accounts {
		for i := range account.actors {
			every = append(every, newActor(r, account.id, i))
		}
	}
	return every
}

func newActor(r *rand.Rand, account string, i int) *actor {
	a := &actor{account: account, weight: math.Exp(1.1 * r.NormFloat64())}
	who := app
	switch {
	case i == 0:
		a.kind, a.name, a.weight, who = "Root", "root", 0.02, person
	case i < 7:
		a.kind, a.host, a.weight, who = "AWSService", hosts[i-1], 1.5, service
	case i%10 < 2:
		a.kind, a.name, who = "IAMUser", fmt.Sprintf("%s-%s", []string{"ana", "deploy", "backup", "lin", "ci"}[i%5], digits(nil, r, hexDigits, 4)), []int{person, deploy, app, person, deploy}[i%5]
	default:
		a.kind, a.name, who = "AssumedRole", fmt.Sprintf("%s-%s-%s", []string{"payments", "search", "ingest", "ml", "orders"}[i%5], []string{"worker", "api", "deploy", "admin"}[i/5%4], digits(nil, r, hexDigits, 4)), []int{app, app, deploy, person}[i/5%4]
	}
	a.setIdentity(r)
	if a.kind == "AWSService" {
		a.addresses, a.agents = []string{a.host}, []string{a.host}
		for region := range regions {
			a.regions = append(a.regions, region)
		}
	} else {
		a.habits(r, who)
	}
	for range 5 + r.IntN(8) {
		a.things = append(a.things, fmt.Sprintf("%s-%s-%s", []string{"payments", "billing", "search", "web", "ingest", "ml", "etl", "orders", "media"}[r.IntN(9)], []string{"api", "worker", "batch", "edge", "db", "queue"}[r.IntN(6)], digits(nil, r, hexDigits, 4)))
	}
	a.repertoire(r, who)
	return a
}

func (a *actor) setIdentity(r *rand.Rand) {
	id := string(digits(nil, r, base32, 10))
	switch a.kind {
	case "Root":
		a.id, a.arn = a.account, "arn:aws:iam::"+a.account+":root"
	case "IAMUser":
		a.id, a.arn = "AIDAEXAMPLE"+id, "arn:aws:iam::"+a.account+":user/"+a.name
		a.key = string(digits([]byte(longKey), r, base32, 9))
	case "AssumedRole":
		a.session = fmt.Sprintf("i-%s", digits(nil, r, hexDigits, 17))
		a.id, a.arn = "AROAEXAMPLE"+id, "arn:aws:sts::"+a.account+":assumed-role/"+a.name+"/"+a.session
	default:
		a.name = a.host
	}
}

// habits are where an actor comes from, with what, and where it works.
func (a *actor) habits(r *rand.Rand, who int) {
	for range 1 + r.IntN(5) {
		a.addresses = append(a.addresses, fmt.Sprintf("%d.%d.%d.%d", []int{10, 18, 34, 52, 54, 203}[r.IntN(6)], r.IntN(256), r.IntN(256), 1+r.IntN(254)))
	}
	for range 1 + r.IntN(3) {
		a.agents = append(a.agents, agents[who][r.IntN(len(agents[who]))])
	}
	a.regions = []int{0}
	if r.IntN(3) > 0 {
		a.regions = append(a.regions, min(len(regions)-1, int(2*r.ExpFloat64())))
	}
	if r.IntN(4) == 0 {
		a.regions = append(a.regions, r.IntN(len(regions)))
	}
}

// repertoire is which calls an actor makes: some of those for its kind, by a
// Zipf law of its own order.
func (a *actor) repertoire(r *rand.Rand, who int) {
	for i, c := range calls {
		if c.who&who != 0 && r.IntN(3) > 0 {
			a.calls = append(a.calls, i)
		}
	}
	r.Shuffle(len(a.calls), func(i, k int) { a.calls[i], a.calls[k] = a.calls[k], a.calls[i] })
	sum := 0.0
	for i := range a.calls {
		w := 1 / math.Pow(float64(i)+1.7, 1.2)
		if calls[a.calls[i]].write {
			w *= 0.4 // most of what happens is reading
		}
		sum += w
		a.cumulative = append(a.cumulative, sum)
	}
}

// pick returns an index by its cumulative weights.
func pick(r *rand.Rand, cumulative []float64) int {
	x := r.Float64() * cumulative[len(cumulative)-1]
	low, high := 0, len(cumulative)-1
	for low < high {
		if mid := (low + high) / 2; cumulative[mid] < x {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return low
}

// keyAt is the credential in use at a time: a role's is a new one every hour.
func (a *actor) keyAt(t time.Time) string {
	if a.kind == "IAMUser" {
		return a.key
	}
	r := rand.New(rand.NewPCG(mix(hash(a.id), uint64(t.Unix()/3600)), 1))
	return string(digits([]byte(sessionKey), r, base32, 9))
}

// identity appends userIdentity.
func (a *actor) identity(b []byte, at time.Time) []byte {
	since := at.Truncate(time.Hour).Format(time.RFC3339)
	switch a.kind {
	case "Root":
		return fmt.Appendf(b, `{"type":"Root","principalId":"%s","arn":"%s","accountId":"%s","accessKeyId":"%s","sessionContext":{"attributes":{"creationDate":"%s","mfaAuthenticated":"true"}}}`, a.id, a.arn, a.account, a.keyAt(at), since)
	case "IAMUser":
		return fmt.Appendf(b, `{"type":"IAMUser","principalId":"%s","arn":"%s","accountId":"%s","accessKeyId":"%s","userName":"%s"}`, a.id, a.arn, a.account, a.key, a.name)
	case "AWSService":
		return fmt.Appendf(b, `{"type":"AWSService","invokedBy":"%s"}`, a.host)
	}
	return fmt.Appendf(b, `{"type":"AssumedRole","principalId":"%s:%s","arn":"%s","accountId":"%s","accessKeyId":"%s","sessionContext":{"sessionIssuer":{"type":"Role","principalId":"%s","arn":"arn:aws:iam::%s:role/%s","accountId":"%s","userName":"%s"},"webIdFederationData":{},"attributes":{"creationDate":"%s","mfaAuthenticated":"false"}}}`,
		a.id, a.session, a.arn, a.account, a.keyAt(at), a.id, a.account, a.name, a.account, a.name, since)
}
