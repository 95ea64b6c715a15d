package lineage_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"cordon/internal/event"
	"cordon/internal/lineage"
)

// The owner's part in these variants is ours: the recorded intrusions have a
// key that nobody else uses.
const (
	home    = "192.0.2.77"
	moved   = "192.0.2.200"
	roams   = "everywhere"
	tool    = "Boto3/1.18.55 Python/3.9.8 Linux/4.14.246 Botocore/1.21.55"
	another = "APN/1.0 HashiCorp/1.0 Terraform/1.0.11 aws-sdk-go/1.42.0 (go1.16; linux; amd64)"
)

// habit is how the owner uses the key that is stolen from him.
type habit struct {
	name    string
	address string
	agent   string // "his": the intruder's own
	during  string // address during the attack
	chores  bool   // he administers, as he has done before
	minutes int    // between his calls during the attack
}

var habitsOfOwners = []habit{
	{"another address, another agent", home, tool, home, false, 7},
	{"another address, the same agent", home, "his", home, false, 7},
	{"the same address, another agent", "his", tool, "his", false, 7},
	{"in the same minutes", home, tool, home, false, 1},
	{"he travels", home, tool, moved, false, 5},
	{"he travels with the same agent", home, "his", moved, false, 5},
	{"he administers", home, another, home, true, 5},
	{"he administers from elsewhere", home, another, moved, true, 5},
	{"he roams", roams, tool, roams, false, 5},
	{"he roams and administers", roams, another, roams, true, 5},
	{"he roams with the same agent", roams, "his", roams, false, 5},
}

var daily = []string{"s3:ListBuckets", "s3:GetObject", "ec2:DescribeInstances", "ec2:DescribeSnapshots", "logs:CreateLogStream", "secretsmanager:GetSecretValue", "sts:GetCallerIdentity", "lambda:ListFunctions20150331"}

var administers = []string{"iam:CreateUser", "iam:AttachUserPolicy", "ec2:CreateSnapshot", "iam:CreateAccessKey", "lambda:UpdateFunctionCode20150331v2"}

// placed is the address: of who roams, another each day.
func placed(address string, at time.Time) string {
	if address == roams {
		return fmt.Sprintf("198.19.%d.%d", at.YearDay()/250, at.YearDay()%250)
	}
	return address
}

// owned adds a month of the owner's calls before the attack and more during it.
func owned(t *testing.T, s scenario, h habit) (with scenario, owners map[string]bool) {
	t.Helper()
	with, owners = s, map[string]bool{}
	with.events = nil
	for i, e := range s.events { // less background: it is the same in all
		if s.attack[e.ID] || i%16 == 0 {
			with.events = append(with.events, e)
		}
	}
	var model event.Event
	for _, e := range s.events {
		if e.Credential == s.credential {
			model = e
		}
	}
	pick := func(own, his string) string {
		if own == "his" {
			return his
		}
		return own
	}
	n := 0
	call := func(at time.Time, what, address string) {
		address = placed(address, at)
		service, name, _ := strings.Cut(what, ":")
		n++
		e := parse(t, fmt.Appendf(nil, `{"eventVersion":"1.08","eventID":"own-%d","eventTime":%q,"eventSource":"%s.amazonaws.com","eventName":%q,"awsRegion":%q,
			"recipientAccountId":%q,"sourceIPAddress":%q,"userAgent":%q,"userIdentity":{"type":"IAMUser","principalId":%q,"arn":%q,"accountId":%q,"userName":%q,"accessKeyId":%q},
			"requestParameters":{"userName":"made-%d"}}`,
			n, at.Format(time.RFC3339), service, name, model.Region, model.Account, address, pick(h.agent, model.Agent),
			model.Principal.ID, model.Principal.ARN, model.Account, model.Principal.User, s.credential, n))
		owners[e.ID] = true
		with.events = append(with.events, e)
	}
	for d := 30; d >= 1; d-- {
		for i, what := range daily {
			call(s.first.Add(-time.Duration(d)*24*time.Hour+time.Duration(i*(5+d%7))*time.Minute), what, pick(h.address, model.Address))
		}
		if h.chores && d%5 == 0 {
			for i, what := range administers {
				call(s.first.Add(-time.Duration(d)*24*time.Hour+time.Duration(i)*time.Minute), what, pick(h.address, model.Address))
			}
		}
	}
	session := func(at time.Time, id, address string) { // he takes a role, and uses it
		address = placed(address, at)
		for _, raw := range []string{
			fmt.Sprintf(`"eventID":"own-assume-%s","eventTime":%q,"eventSource":"sts.amazonaws.com","eventName":"AssumeRole","userIdentity":{"type":"IAMUser","arn":%q,"accountId":%q,"userName":%q,"accessKeyId":%q},
				"requestParameters":{"roleArn":"arn:aws:iam::%s:role/deploy"},"responseElements":{"credentials":{"accessKeyId":%q}}`,
				id, at.Format(time.RFC3339), model.Principal.ARN, model.Account, model.Principal.User, s.credential, model.Account, id),
			fmt.Sprintf(`"eventID":"own-session-%s","eventTime":%q,"eventSource":"s3.amazonaws.com","eventName":"PutObject","userIdentity":{"type":"AssumedRole","arn":"arn:aws:sts::%s:assumed-role/deploy/x","accountId":%q,"accessKeyId":%q}`,
				id, at.Add(time.Second).Format(time.RFC3339), model.Account, model.Account, id),
		} {
			e := parse(t, fmt.Appendf(nil, `{"eventVersion":"1.08","awsRegion":%q,"recipientAccountId":%q,"sourceIPAddress":%q,"userAgent":%q,%s}`, model.Region, model.Account, address, pick(h.agent, model.Agent), raw))
			owners[e.ID] = true
			with.events = append(with.events, e)
		}
	}
	for d := 30; d >= 1; d -= 3 {
		session(s.first.Add(-time.Duration(d)*24*time.Hour+time.Minute), fmt.Sprint("ASIAOWN", d), pick(h.address, model.Address))
	}
	session(s.first.Add(4*time.Minute), "ASIAOWNNOW", pick(h.during, model.Address))
	for at, i := s.first.Add(-time.Hour), 0; at.Before(s.last.Add(time.Hour)); at, i = at.Add(time.Duration(h.minutes)*time.Minute), i+1 {
		call(at, daily[i%len(daily)], pick(h.during, model.Address))
		if h.chores && i%6 == 0 {
			call(at.Add(time.Second), administers[i/6%len(administers)], pick(h.during, model.Address))
		}
	}
	return with, owners
}

// TestOwnerOnTheSameKey: with the owner at work on the stolen key, none of his
// calls is the intruder's, and at least 95 of 100 of the intruder's are found.
func TestOwnerOnTheSameKey(t *testing.T) {
	for _, s := range loadScenarios(t)[:4] {
		for _, h := range habitsOfOwners {
			with, owners := owned(t, s, h)
			r := judge(t, with)
			blamed := 0
			for _, e := range with.events {
				if owners[e.ID] && r.his[e.ID] {
					blamed++
				}
			}
			t.Logf("%-12s %-32s intruders %d  recall %.3f  owner's calls %d, blamed %d", s.name, h.name, r.intruders, float64(r.hit)/float64(r.attack), len(owners), blamed)
			if blamed > 0 || r.blamed > 0 || float64(r.hit) < 0.95*float64(r.attack) || r.intruders != 1 || !r.key {
				t.Errorf("%s, %s: %+v", s.name, h.name, r)
			}
		}
	}
}

// TestHintOnly: somebody names the key and the time, and nobody looked for
// signs. The owner is not blamed then either.
func TestHintOnly(t *testing.T) {
	for _, s := range loadScenarios(t)[:4] {
		for _, h := range habitsOfOwners {
			with, owners := owned(t, s, h)
			c := lineage.New([]lineage.Suspect{{Credential: s.credential}}, s.first)
			c.Add(lineage.Query{}, with.events)
			blamed, hit := 0, 0
			for _, e := range with.events {
				if who := c.Lane(e).Who; who == lineage.ByIntruder && owners[e.ID] {
					blamed++
				} else if who == lineage.ByIntruder && s.attack[e.ID] {
					hit++
				}
			}
			t.Logf("%-12s %-32s recall %.3f blamed %d", s.name, h.name, float64(hit)/float64(len(s.attack)), blamed)
			if blamed > 0 {
				t.Errorf("%s, %s: %d of the owner's calls are held to be the intruder's", s.name, h.name, blamed)
			}
		}
	}
}

// TestRoamingOwner: by the key and the time alone, nothing that an owner did who
// comes from ever new addresses is surely the intruder's, and all that the
// intruder did is.
func TestRoamingOwner(t *testing.T) {
	for _, s := range loadScenarios(t)[:4] {
		for _, h := range habitsOfOwners {
			if h.address != roams {
				continue
			}
			with, owners := owned(t, s, h)
			c := lineage.New([]lineage.Suspect{{Credential: s.credential}}, s.first)
			c.Add(lineage.Query{}, with.events)
			blamed, maybe := 0, 0
			for _, a := range c.Acts() {
				if a.Confidence == lineage.High && owners[a.Event.ID] {
					blamed++
				} else if a.Confidence != lineage.High && s.attack[a.Event.ID] {
					maybe++
				}
			}
			if blamed > 0 || maybe > 0 {
				t.Errorf("%s, %s: %d of the owner's calls are surely the intruder's, %d of %d of his are not", s.name, h.name, blamed, maybe, len(s.attack))
			}
		}
	}
}
