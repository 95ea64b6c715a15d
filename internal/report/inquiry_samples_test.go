package report

import (
	"fmt"
	"testing"
	"time"
)

const (
	evilKey = "AKIAEXAMPLEEXAMPLE77"
	evilIP  = "203.0.113.77"
	botARN  = "arn:aws:iam::111122223333:user/deploy-bot"
)

// at is a time of the night before, by hours and minutes.
func at(hours, minutes, seconds int) time.Time {
	return time.Date(2026, 11, 20, hours, minutes, seconds, 0, time.UTC)
}

func recordGaps() []RecordGap {
	return []RecordGap{
		{Why: "no-data-events", Detail: "Lambda, DynamoDB"},
		{Why: "few-data-events", Detail: "S3 2026-03-01/2026-03-01"},
		{Why: "ends-early", Account: "111122223333", Region: "sa-east-1", From: at(-240, 0, 0)},
		{Why: "unverified", Detail: "31000"},
		{Why: "stopped", Account: "111122223333", Region: "ap-south-1", From: at(24, 49, 30), To: at(26, 17, 0), EventID: "e-stop"},
		{Why: "stopped", Region: hostile[0], From: at(25, 0, 0)},
		{Why: "no-region", Detail: "eu-west-1, us-east-1"},
		{Why: "source-gone", EventID: "e-gone", Detail: "cannot read /very/technical"},
		{Why: hostile[1]},
	}
}

func evil() Verdict {
	v := Verdict{
		Number: 1, Credential: evilKey, Kind: "access-key", Principal: botARN, Seed: evilKey, SeedFrom: "found",
		Addresses: []string{evilIP, "198.51.100.9", hostile[1], "192.0.2.1", "192.0.2.2"},
		Agents:    []string{"aws-cli/2.15.30 Python/3.11.8 Linux/6.1.0", "Boto3/1.34.2", hostile[3]},
		Regions:   []string{"us-east-1", "eu-west-1", "ap-south-1"},
		First:     at(22, 7, 41), Last: at(26, 16, 35), Events: 1204, Unsure: 12, Attempted: 310,
		Confidence: "high",
		Why: []VerdictSign{
			{Word: "new-address", EventIDs: []string{"e1"}}, {Word: "detected", EventIDs: []string{"e1", "e2", "e3"}, Detail: "made.up"},
			{Word: "new-region", EventIDs: []string{"e4"}}, {Word: hostile[0]}, {Word: "odd-hour"}, {Word: "new-agent"},
		},
		Gaps: recordGaps(),
	}
	for i, name := range append([]string{"Everything granted to oneself", "A trail was stopped", "Instances started in Regions never used"}, hostile...) {
		v.Techniques = append(v.Techniques, Technique{
			Attack: "T1098.003 T1078", Name: name, ID: fmt.Sprint("made.up", i), Severity: []string{"high", "critical", "medium", "x"}[i%4],
			Status: []string{"done", "attempted"}[i%2], Count: 3 * (i + 1), First: at(22, i, 0), EventIDs: []string{"e1"},
		})
	}
	v.Techniques = append(v.Techniques, v.Techniques[0], Technique{Name: "Odd rule", Author: "Somebody", Severity: "low", Status: "done", Count: 1})
	for i := range 6 {
		v.Issued = append(v.Issued, IssuedCred{ID: fmt.Sprintf("ASIAEXAMPLEEXAMPLE%02d", i), Kind: "role-session", Principal: "arn:aws:iam::111122223333:role/admin", Used: i < 2, Events: 40 * i, At: at(23, i, 0)})
	}
	for i, name := range append([]string{"support-svc", "backup-svc", "svc3", "svc4"}, hostile...) {
		v.Made = append(v.Made, MadeThing{Resource: name, Kind: []string{"iam.user", "iam.role", "s3.bucket"}[i%3], Change: changes[i%5]})
		v.Undo = append(v.Undo, UndoCall{Call: []string{"iam:DeleteUser", "iam:DetachUserPolicy"}[i%2], Resource: "arn:aws:iam::111122223333:user/" + name})
	}
	return v
}

func inquiry0(question string, matched int) Inquiry {
	return Inquiry{
		Question: question, Events: 1_500_000, Matched: matched, Verdicts: 1, Lanes: map[string]int{"intruder": 574, "owner": 12, "aws": 3},
		First: at(-2400, 0, 0), Last: night, Gaps: recordGaps(), ElapsedMS: 412,
	}
}

func call(seconds int, lane, name string, more Event) Event {
	more.Time, more.Lane, more.Name = at(22, 7, 41).Add(time.Duration(seconds)*time.Second), lane, name
	if more.Source == "" {
		more.Source = "iam.amazonaws.com"
	}
	if more.Confidence == "" {
		more.Confidence = "high"
	}
	if lane == "intruder" {
		more.Credential, more.Address, more.Verdict = evilKey, evilIP, 1
	}
	if more.Region == "" {
		more.Region = "us-east-1"
	}
	return more
}

func timeline() (all []Event) {
	add := func(seconds int, lane, name string, more Event) { all = append(all, call(seconds, lane, name, more)) }
	add(0, "intruder", "GetCallerIdentity", Event{ReadOnly: true, Source: "sts.amazonaws.com"})
	for i := range 14 {
		add(14+i, "intruder", "ListUsers", Event{ReadOnly: true})
	}
	add(15, "intruder", "GetSendQuota", Event{ReadOnly: true, Error: "AccessDenied"})
	add(20, "owner", "DescribeInstances", Event{ReadOnly: true, Principal: "arn:aws:iam::111122223333:user/claire", Address: "198.51.100.7"})
	add(8600, "intruder", "CreateUser", Event{Resource: "arn:aws:iam::111122223333:user/support-svc"})
	add(8607, "intruder", "AttachUserPolicy", Event{Grants: true, Resource: "support-svc"})
	add(9709, "intruder", "StopLogging", Event{Source: "cloudtrail.amazonaws.com", Region: "ap-south-1"})
	for i := range 38 {
		add(9900+i, "intruder", "RunInstances", Event{Source: "ec2.amazonaws.com", Region: fmt.Sprint("region-", i%6), Resource: fmt.Sprint("i-", i)})
	}
	add(13000, "aws", "AssumeRole", Event{Source: "sts.amazonaws.com", ReadOnly: true, Resource: "arn:aws:iam::111122223333:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"})
	add(14800, "unknown", "ConsoleLogin", Event{Source: "signin.amazonaws.com", Confidence: "low"})
	add(14900, "responder", "UpdateAccessKey", Event{Resource: evilKey})
	add(14905, "intruder", "RunInstances", Event{Source: "ec2.amazonaws.com", Error: "AuthFailure"})
	for i, h := range hostile {
		add(15000+i, "owner", h, Event{Source: h, Region: h, Address: h, Resource: h, Principal: h, Credential: h, Error: h})
		add(15000+i, h, "ListUsers", Event{Confidence: h, ReadOnly: true})
	}
	return all
}

func tellTimeline(t *testing.T, h Handler) {
	tell(t, h, head(), evil())
	for _, e := range timeline() {
		tell(t, h, e)
	}
	tell(t, h, inquiry0("timeline", 1204))
}

func tallied(values ...string) (all []Tally) {
	for i, v := range values {
		all = append(all, Tally{Value: v, Events: 1000 / (i + 1), Failed: i * 3, Lane: []string{"intruder", "owner", ""}[i%3]})
	}
	return all
}

func tellSubject(t *testing.T, h Handler) {
	hours := make([]int, 24)
	for i := range hours {
		hours[i] = i * i % 50
	}
	tell(t, h, Subject{
		Kind: "key", ID: evilKey, Principal: botARN, Events: 1204, Failed: 310, First: at(-2400, 0, 0), Last: at(26, 16, 35),
		Lanes: tallied("intruder", "owner"), Services: tallied("ec2", "iam", "s3", "sts", "ses", "kms", "logs", "lambda"),
		Calls: tallied("ec2:RunInstances", "iam:CreateUser", hostile[0]), Regions: tallied("us-east-1", "eu-west-1"),
		Addresses: tallied(evilIP, "198.51.100.7", hostile[1]), Agents: tallied("Boto3/1.34.2", hostile[3]), Keys: tallied(evilKey),
		Chain: []Link{
			{Credential: evilKey, Principal: "deploy-bot", Why: "long-lived"}, {Credential: hostile[2], Principal: hostile[4], Why: hostile[1]},
			{Credential: "ASIAEXAMPLEEXAMPLE01", Principal: "admin", Call: "AssumeRole", At: at(23, 0, 0), Why: "issued"},
		},
		Hours: hours, Gaps: recordGaps(),
	}, inquiry0("key", 1204))
}

func tellCreators(t *testing.T, h Handler) {
	c := Creator{
		Resource: "support-svc", Change: "created", Call: "CreateUser", By: botARN, Credential: evilKey, Address: evilIP, Agent: "Boto3/1.34.2",
		Region: "us-east-1", At: at(24, 31, 2), Lane: "intruder", Confidence: "high",
		Chain: []Link{{Credential: evilKey, Principal: "deploy-bot", Why: "long-lived"}, {Credential: "ASIAEXAMPLEEXAMPLE01", Principal: "admin", Call: "AssumeRole", At: at(23, 0, 0), Why: "issued"}},
	}
	tell(t, h, c)
	c.Change, c.Call, c.Chain = "changed", "AttachUserPolicy", nil
	tell(t, h, c, c, c)
	c.Change, c.Error, c.Lane, c.Confidence, c.At = "attempted", "AccessDenied", "owner", "low", time.Time{}
	tell(t, h, c)
	for _, s := range hostile {
		tell(t, h, Creator{Resource: s, Change: s, Call: s, By: s, Credential: s, Address: s, Agent: s, Region: s, Lane: s, Confidence: s, Error: s})
	}
	tell(t, h, inquiry0("resource", 7))
}

func paths() (all []Edge) {
	add := func(from, what, to string) {
		all = append(all, Edge{From: from, To: to, What: what, EventIDs: []string{"e"}, At: at(23, len(all), 0)})
	}
	const (
		key, role   = "credential:" + evilKey, "principal:111122223333/global/iam.role/admin"
		session     = "credential:ASIAEXAMPLEEXAMPLE01"
		trust, user = "trust:111122223333/global/iam.role/admin", "principal:111122223333/global/iam.user/support-svc"
	)
	add("intruder", "holds", key)
	add(key, "acts-as", "principal:111122223333/global/iam.user/deploy-bot")
	add(key, "assumes", trust)
	add(trust, "acts-as", role)
	add("intruder", "holds", session)
	add(session, "one-of", "sessions:111122223333/global/iam.role/ops")
	add("intruder", "signs-in", "password:111122223333/global/iam.user/support-svc")
	add("password:111122223333/global/iam.user/support-svc", "acts-as", user)
	add("intruder", "handed", "resource:ec2.instance/i-0")
	add("resource:ec2.instance/i-0", "acts-as", role)
	add(role, "issued", key) // a cycle
	for i := range 9 {
		add(key, "created", fmt.Sprint("resource:lambda.function/f-", i))
	}
	add("a", "opened", "b")
	add("b", "opened", "a") // nothing leads here
	for _, s := range hostile {
		add(key, s, s)
		add(key, s, "trust:"+s)
		add(key, s, "resource:"+s+"/"+s+"/"+s+".x/"+s)
	}
	return all
}

func tellGraph(t *testing.T, h Handler) {
	for _, e := range paths() {
		tell(t, h, e)
	}
	tell(t, h, inquiry0("graph", 20))
}

func tellCut(t *testing.T, h Handler) {
	long := []string{"intruder → credential:" + evilKey + " → trust:111122223333/global/iam.role/admin → principal:111122223333/global/iam.role/admin", "b", "c", "d", hostile[0]}
	tell(t, h,
		Cut{Target: evilKey, Kind: "credential", Closes: long, Of: 2, Paths: 6, Open: []string{"root", hostile[1]}},
		Cut{Target: hostile[0], Kind: hostile[1], Closes: []string{hostile[3]}, Of: 2, Paths: 6, Open: []string{"root"}},
		Cut{Target: "sessions:111122223333/global/iam.role/admin", Kind: "sessions", Of: 1, Paths: 1},
		inquiry0("graph", 3))
}

func tellImpact(t *testing.T, h Handler) {
	tell(t, h,
		Impact{Subject: evilKey, Principal: botARN, Agent: "aws-sdk-go-v2", Address: "198.51.100.7", Services: []string{"s3", "ec2", "kms", "sts", "sqs", "sns", "ses"}, Events: 90_412, PerHour: 41.97, Last: night, Lane: "owner"},
		Impact{Subject: evilKey, Principal: botARN, Agent: hostile[0], Address: hostile[1], Services: hostile, Events: 1, PerHour: 0.25, Last: night, Lane: "unknown"},
		Impact{Subject: evilKey, Principal: botARN, Agent: "boto3", Address: evilIP, Services: []string{"ec2"}, Events: 574, PerHour: 140, Last: night, Lane: "intruder"},
		inquiry0("impact", 3))
}

func tellCost(t *testing.T, h Handler) {
	tell(t, h,
		Cost{Resource: "p4d.24xlarge", Kind: "ec2.instance", Region: "eu-north-1", Count: 38, Hours: 52.52, Running: 38, From: at(24, 52, 11)},
		Cost{Resource: hostile[0], Kind: hostile[1], Region: hostile[2], Count: 1, Hours: 1, Running: 1},
		inquiry0("cost", 2))
}

func tellDetections(t *testing.T, h Handler) {
	for i, title := range append([]string{"Everything granted to oneself", "A trail was stopped"}, hostile...) {
		tell(t, h, Detection{
			ID: "made.up", Title: title, Severity: []string{"high", "critical", "low"}[i%3], Status: []string{"done", "attempted"}[i%2], Attack: []string{"T1098.003"},
			Principal: []string{botARN, "", hostile[0]}[i%3], Credential: evilKey, Region: "us-east-1", Count: i + 1, First: at(22, i, 0), Author: []string{"", "", "Somebody"}[i%3], Lane: "intruder",
		})
	}
	tell(t, h, inquiry0("detections", 240))
}

func tellAnswers(t *testing.T, h Handler) {
	rows := [][]string{{"2026-11-20T22:07:41Z", "iam:CreateUser", "3"}, {hostile[0], hostile[1], hostile[2]}, {"short"}}
	tell(t, h, Answer{Question: "uses", Engine: "store", Columns: []string{"time", "call", "count"}, Rows: rows},
		Answer{Question: "timeline", Engine: "athena", Columns: []string{"time", "principal", "address", "agent"}, Rows: [][]string{{"2026-11-20T22:07:41Z", botARN, evilIP, hostile[3], "extra"}}, Scanned: 1_234_567_890, Cached: true, AsOf: night},
		Answer{Question: "hours", Engine: "store"},
		Answer{Question: "uses", Engine: "athena", Columns: []string{"time", "call", "count"}, Rows: rows, AsOf: night, Shown: 2}, inquiry0("ask", 3))
}

func tellAthenaTable(t *testing.T, h Handler) {
	ddl := "CREATE TABLE `a`.`logs` (\n  `eventversion` string\n)\nLOCATION 's3://logs/'\n"
	tell(t, h, head(), AthenaTable{Table: "a.logs", Over: "raw", DDL: ddl, Accounts: []string{"111122223333", hostile[0]}, Regions: []string{"eu-west-1", "us-east-1", hostile[1]}, Since: night})
}

func damages0() []Damage {
	return []Damage{
		{File: "s3://trail/AWSLogs/111122223333/CloudTrail/us-east-1/2026/11/20/111122223333_CloudTrail_us-east-1_20261120T2210Z_EXAMPLEEXAMPLE77.json.gz", Offset: 812, Count: 3, Why: "half a record at the end: unexpected EOF"},
		{File: "b.json.gz", Why: "half a record at the end: unexpected EOF"}, {File: "c.json.gz", Why: "broken JSON: x"},
		{File: hostile[0], Why: hostile[1]}, {File: hostile[3], Why: "something new"},
	}
}

func tellImport(t *testing.T, h Handler) {
	tell(t, h, Imported{
		Files: 40_000, New: 39_000, Known: 1000, Events: 1_499_000, Duplicates: 4321, Bytes: 187_654_321, Shapes: map[string]int{"log": 38_990, "lookup": 10, hostile[0]: 1},
		Damaged: damages0(), Skipped: []Damage{{File: "d.json.gz", Why: "a digest file"}}, First: at(-2400, 0, 0), Last: night, Rules: 57, RuleHits: 12, ElapsedMS: 4212,
	})
}

func tellStatus(t *testing.T, h Handler) {
	m := TrailStatus{Files: 40_000, Events: 1_499_000, Bytes: 98_765_432, First: at(-2400, 0, 0), Last: night, Damaged: damages0(), Rules: "9f1c", Gaps: recordGaps()}
	for i := range 14 {
		m.Places = append(m.Places, Reach{Account: "111122223333", Region: fmt.Sprint("eu-west-", i), Events: 100_000 / (i + 1), First: at(-2400, 0, 0), Last: night})
	}
	m.Places = append(m.Places, Reach{Account: hostile[0], Region: hostile[3], Events: 1_000_000})
	tell(t, h, m)
}

func tellVerify(t *testing.T, h Handler) {
	for i := range 20 {
		tell(t, h, TrailProblem{What: []string{"segment", "source", "digest", hostile[0]}[i%4], File: fmt.Sprint("part-", i), Why: []string{"broken JSON", hostile[1]}[i/4%2]})
	}
	tell(t, h, TrailVerified{At: night, Segments: 12, Sources: 40_000, Logs: 9000, Uncovered: 31_000, Digests: 20, DigestFiles: 24, Unchecked: 24,
		Unsigned: "access to CloudTrail's public keys is denied; no public key", Problems: 20})
}

// inquiries are the screens of investigations, among all.
var inquiries = map[string]func(*testing.T, Handler){}

func init() {
	for name, play := range map[string]func(*testing.T, Handler){
		"verdict": func(t *testing.T, h Handler) {
			tell(t, h, head(), evil())
			for _, e := range timeline() { // for programs: the page is not a timeline
				tell(t, h, e)
			}
			tell(t, h, Creator{Resource: "not on this page"}, inquiry0("verdict", 574))
		},
		"nobody": func(t *testing.T, h Handler) {
			m := inquiry0("verdict", 0)
			m.Verdicts, m.Lanes = 0, nil
			tell(t, h, head(), m)
		},
		"timeline": tellTimeline, "subject": tellSubject, "creators": tellCreators, "graph": tellGraph, "cut": tellCut, "impact": tellImpact,
		"cost": tellCost, "detections": tellDetections, "answers": tellAnswers, "athena-table": tellAthenaTable, "import": tellImport, "status": tellStatus, "verify": tellVerify,
		"export": func(t *testing.T, h Handler) {
			tell(t, h, TrailExported{Dir: "/cases/C-1/export", Layout: "athena", Files: 90, Events: 1_499_000, Bytes: 99_000_000})
		},
		"export-missing": func(t *testing.T, h Handler) {
			tell(t, h, TrailExported{Dir: "/cases/C-1/export", Layout: "athena", Files: 90, Events: 1_499_000, Missing: 1_200, Bytes: 99_000_000})
		},
	} {
		screens[name], inquiries[name] = play, play
		inEnglish[name] = name != "verdict" && name != "timeline"
	}
}
