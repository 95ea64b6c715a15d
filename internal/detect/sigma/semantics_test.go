package sigma

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

const record = `{"eventVersion":"1.08","eventID":"e-1","eventTime":"2024-07-31T13:06:24Z","eventName":"PutUserPolicy","eventSource":"iam.amazonaws.com",
"awsRegion":"us-east-1","sourceIPAddress":"075.050.255.67","userAgent":"aws-cli/2.1 [kali]","readOnly":false,"eventType":"AwsApiCall","recipientAccountId":"012345678901",
"userIdentity":{"type":"IAMUser","arn":"arn:aws:iam::012345678901:user/Émile","userName":"Émile","sessionContext":{"attributes":{"mfaAuthenticated":"false"}}},
"requestParameters":{"userName":"Émile","policyName":"a*b\\c","empty":"","none":null,"count":5,"big":12345678901234567,"ratio":"2.5",
 "list":["one","Two",3],"items":[{"port":22,"cidr":"10.1.2.3"},{"port":3389,"cidr":"::ffff:192.168.0.9"},{"Other":true}],"noitems":[],"object":{},
 "line":"first\nsecond","UserName":"other case","policyDocument":"{\"Action\":\"s3:GetObject\", \"Resource\":\"*\"}","enc":"c2VjcmV0IHZhbHVl","flags":"rm /rf —v"},
"responseElements":null,"additionalEventData":{"MFAUsed":"No"},"tlsDetails":{"tlsVersion":"TLSv1.3"}}`

// semantics is what each construct means: a selection, and whether it hits
// the record above.
var semantics = []struct {
	why       string
	selection string
	want      bool
}{
	{"equality ignores case", "eventName: putuserpolicy", true},
	{"and needs the whole value", "eventName: putuser", false},
	{"cased does not", "eventName|cased: putuserpolicy", false},
	{"cased, the same", "eventName|cased: PutUserPolicy", true},
	{"case beyond ASCII", "userIdentity.userName: ÉMILE", true},
	{"a list is or", "eventName: [CreateUser, PutUserPolicy]", true},
	{"a long list", "eventName: [a, b, c, d, e, PUTUSERPOLICY]", true},
	{"a long list without it", "eventName: [a, b, c, d, e, f]", false},
	{"a map is and", "eventName: PutUserPolicy\neventSource: s3.amazonaws.com", false},

	{"star", "eventName: Put*Policy", true},
	{"stars, going back", "userAgent: '*aws*2*[kali]'", true},
	{"star and an end that is not there", "eventName: 'Put*x'", false},
	{"question mark is one character", "eventName: P?tUserPolicy", true},
	{"and not none", "eventName: PutUserPolicy?", false},
	{"one character of two bytes", "userIdentity.userName: '?mile'", true},
	{"escaped star is a star", `requestParameters.policyName: 'a\*b*'`, true},
	{"escaped star is no wildcard", `eventName: 'Put\*Policy'`, false},
	{"backslash before a letter is itself", `requestParameters.policyName: 'a?b\c'`, true},
	{"two backslashes are one", `requestParameters.policyName: 'a?b\\c'`, true},
	{"backslash and wildcard", `requestParameters.policyName: 'a\*b\\*'`, true},
	{"escaped backslash, escaped star", `requestParameters.policyName: 'a\*b\\\*'`, false},

	{"contains", "userAgent|contains: KALI", true},
	{"contains any", "userAgent|contains: [parrot, kali]", true},
	{"contains all", "userAgent|contains|all: [aws-cli, kali]", true},
	{"contains all, one missing", "userAgent|contains|all: [aws-cli, parrot]", false},
	{"startswith", "userAgent|startswith: AWS-CLI/", true},
	{"startswith is at the start", "userAgent|startswith: kali", false},
	{"endswith", "userAgent|endswith: 'kali]'", true},
	{"contains with a wildcard within", "userAgent|contains: 'cli*kali'", true},
	{"contains cased", "userAgent|contains|cased: KALI", false},
	{"contains star is any value", "requestParameters.list|contains: '*'", true},
	{"of an empty list there is none", "requestParameters.noitems|contains: '*'", false},
	{"nor of what is absent", "requestParameters.absent|contains: '*'", false},

	{"null is absent", "errorCode: null", true},
	{"null is null", "requestParameters.none: null", true},
	{"null body", "responseElements: null", true},
	{"below null", "responseElements.x.y: null", true},
	{"null is not empty", "requestParameters.empty: null", false},
	{"empty is empty", "requestParameters.empty: ''", true},
	{"empty is not absent", "errorCode: ''", false},
	{"null among values", "errorCode: [Success, null]", true},
	{"value among them", "eventName: [null, PutUserPolicy]", true},
	{"an empty list is there", "requestParameters.noitems: null", false},
	{"exists", "eventName|exists: true", true},
	{"exists not", "eventName|exists: false", false},
	{"absent", "errorCode|exists: false", true},
	{"null does not exist", "requestParameters.none|exists: true", false},
	{"empty exists", "requestParameters.empty|exists: true", true},
	{"an object exists", "requestParameters.object|exists: true", true},
	{"error message", "errorMessage|exists: false", true},

	{"number", "requestParameters.count: 5", true},
	{"number as text", "requestParameters.count: '5'", true},
	{"number in text", "requestParameters.ratio: 2.50", true},
	{"no number", "requestParameters.empty: 0", false},
	{"a number with leading zero", "recipientAccountId: 012345678901", true},
	{"a large number", "requestParameters.big: 12345678901234567", true},
	{"its neighbour, the same float", "requestParameters.big: 12345678901234568", false},
	{"boolean", "readOnly: false", true},
	{"boolean as text", "readOnly: 'False'", true},
	{"boolean, the other", "readOnly: true", false},
	{"boolean in text", "userIdentity.sessionContext.attributes.mfaAuthenticated: false", true},
	{"gt", "requestParameters.count|gt: 4", true},
	{"gt, equal", "requestParameters.count|gt: 5", false},
	{"gte", "requestParameters.count|gte: 5", true},
	{"lt", "requestParameters.ratio|lt: 2.6", true},
	{"lte", "requestParameters.count|lte: 4", false},
	{"lt of what is no number", "eventName|lt: 4", false},
	{"any element", "requestParameters.items.port|gt: 3000", true},
	{"no element", "requestParameters.items.port|gt: 4000", false},

	{"re is case-sensitive", "eventName|re: put.*", false},
	{"re is unanchored", "eventName|re: User", true},
	{"re with i", "eventName|re|i: '^PUT.*policy$'", true},
	{"dot is not a line's end", "requestParameters.line|re: first.second", false},
	{"with s it is", "requestParameters.line|re|s: first.second", true},
	{"lines with m", "requestParameters.line|re|m: ^second$", true},
	{"m and i", "requestParameters.line|re|m|i: ^SECOND$", true},
	{"cidr, leading zeros are decimal", "sourceIPAddress|cidr: 75.50.0.0/16", true},
	{"cidr, outside", "sourceIPAddress|cidr: [61.0.0.0/8, 75.50.254.0/24]", false},
	{"cidr, mapped", "requestParameters.items.cidr|cidr: 192.168.0.0/24", true},
	{"cidr, IPv6", "requestParameters.items.cidr|cidr: '2001:db8::/32'", false},
	{"cidr of no address", "eventName|cidr: 0.0.0.0/0", false},
	{"fieldref", "userIdentity.userName|fieldref: requestParameters.userName", true},
	{"fieldref, other", "userIdentity.type|fieldref: requestParameters.userName", false},
	{"fieldref, absent", "errorCode|fieldref: requestParameters.none", false},
	{"fieldref endswith", "userIdentity.arn|fieldref|endswith: requestParameters.userName", true},
	{"fieldref neq", "userIdentity.arn|fieldref|neq: requestParameters.userName", true},
	{"fieldref of columns", "eventName|fieldref|contains: eventSource", false},
	{"neq", "eventName|neq: CreateUser", true},
	{"neq, none of", "eventName|neq: [CreateUser, PutUserPolicy]", false},
	{"neq of what is absent", "errorCode|neq: AccessDenied", true},
	{"hour", "eventTime|hour: 13", true},
	{"hour, gte", "eventTime|hour|gte: 14", false},
	{"minute, month, day", "eventTime|minute: 6\neventTime|month: 7\neventTime|day: 31", true},
	{"year and week", "eventTime|year: 2024\neventTime|week: 31", true},
	{"hour of no time", "eventName|hour: 13", false},

	{"nested", "additionalEventData.MFAUsed: 'no'", true},
	{"names are exact first", "requestParameters.UserName: other case", true},
	{"and only then in any case", "requestparameters.USERNAME: Émile", true},
	{"of top names too", "EVENTNAME: PutUserPolicy", true},
	{"not known to the view", "tlsDetails.tlsVersion: TLSv1.3", true},
	{"elements", "requestParameters.list: two", true},
	{"numbers among elements", "requestParameters.list: 3", true},
	{"members of elements", "requestParameters.items.port: 3389", true},
	{"of those that have it", "requestParameters.items.other: true", true},
	{"not below a text", "eventName.x|exists: true", false},
	{"an object's text", `requestParameters|contains: '"count":5'`, true},
	{"an object's text, unescaped", `requestParameters|contains|all: ['"s3:GetObject"', '"Action":"s3']`, true},
	{"and as delivered", `requestParameters|contains: '\"Action\"'`, true},
	{"an identity's text", "userIdentity|contains: user/émile", true},

	{"base64", "requestParameters.enc|base64: secret value", true},
	{"base64 contains", "requestParameters.enc|base64|contains: secret", true},
	{"base64offset", "requestParameters.enc|base64offset|contains: cret val", true},
	{"base64offset, not there", "requestParameters.enc|base64offset|contains: crep val", false},
	{"windash", "userAgent|windash|contains: ' -x'", false},
	{"windash finds the other dash", "requestParameters.flags|windash|contains: '-rf'", true},
	{"and the long one", "requestParameters.flags|windash|contains|all: ['/v', '-rf']", true},
	{"not one within a word", "userAgent|windash|contains: aws/cli", false},
}

func TestSemantics(t *testing.T) {
	for _, c := range semantics {
		t.Run(c.why, func(t *testing.T) {
			selection := "sel:\n    " + strings.ReplaceAll(c.selection, "\n", "\n    ")
			if got := hits(t, ruleText(selection+"\ncondition: sel"), record); got != c.want {
				t.Errorf("%s: %v, want %v", c.selection, got, c.want)
			}
			if got := hits(t, ruleText(selection+"\ncondition: not sel"), record); got == c.want {
				t.Errorf("not (%s): %v", c.selection, got)
			}
		})
	}
}

// TestLeavesAreNotConfused: in one set, all of the above mean the same.
func TestLeavesAreNotConfused(t *testing.T) {
	files := folder{}
	for i, c := range semantics {
		files[fmt.Sprintf("%03d.yml", i)] = ruleText("sel:\n    " + strings.ReplaceAll(c.selection, "\n", "\n    ") + "\ncondition: sel")
	}
	s, problems, err := Load(files)
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	m, v := s.Matcher(), viewOf(t, record)
	for range 2 {
		got := m.Match(v, Codes{})
		for i, c := range semantics {
			if slices.Contains(got, int32(i)) != c.want {
				t.Errorf("%s: %v, want %v", c.why, !c.want, c.want)
			}
		}
	}
}

// TestTwoCodesDecide: what compares two fields is not remembered by the code
// of one.
func TestTwoCodesDecide(t *testing.T) {
	for _, fields := range [][2]string{{"userAgent", "userIdentity.userName"}, {"userIdentity.userName", "userAgent"}, {"userIdentity.userName", "eventName"}, {"userAgent", "requestParameters.x"}} {
		s, problems := load(t, ruleText("sel: {'"+fields[0]+"|fieldref': "+fields[1]+"}\ncondition: sel"))
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		m, c := s.Matcher(), coder{}
		for _, agent := range []string{"a", "b", "a"} {
			for _, name := range []string{"b", "a"} {
				v := viewOf(t, fmt.Sprintf(`{"eventName":%q,"userAgent":%q,"userIdentity":{"userName":"a"},"requestParameters":{"x":"a"}}`, name, agent))
				want := agent == "a"
				if fields[1] == "eventName" {
					want = name == "a"
				}
				if got := len(m.Match(v, c.codes(v))) == 1; got != want {
					t.Errorf("%s, agent %s, name %s: %v", fields, agent, name, got)
				}
			}
		}
	}
}

// TestConditions: t* hold on the record, f* do not.
func TestConditions(t *testing.T) {
	const selections = "t1: {eventName: PutUserPolicy}\nt2: {userAgent|contains: kali}\nt3: {requestParameters.count: 5}\n" +
		"f1: {eventName: CreateUser}\nf2: {userIdentity.type: Root}\nf3: {requestParameters.count: 6}\n_hidden: {eventName: x}\nand_more: {eventSource|startswith: iam}\n" +
		"keys: [kali, nothing]\nallkeys: {'|all': [kali, iam.amazonaws.com]}\nnokeys: {'|all': [kali, nothing]}\nwholekey: TLSv1.3\nrekey: {'|re': 'TLSv1\\.[3-9]'}\n" +
		"either: [{eventName: x}, {eventName: PutUserPolicy, userIdentity.type: IAMUser}]\nneither: [{eventName: x}, {eventName: PutUserPolicy, userIdentity.type: Root}]\n"
	for condition, want := range map[string]bool{
		"t1": true, "f1": false, "not f1": true, "not not t1": true, "NOT t1": false,
		"t1 and t2": true, "t1 and f2": false, "f1 or t3": true, "t1 AND t2 OR f1": true,
		"t1 or t2 and f1": true, "(t1 or t2) and f1": false, "not f1 and t1": true, "not (f1 or t1)": false,
		"not f1 or f2 and f3": true, "f1 and not f2 or t3": true, "f1 and not (f2 or t3)": false,
		"1 of t*": true, "1 of f*": false, "all of t*": true, "all of f*": false, "any of f*": false, "any of t*": true,
		"2 of t*": true, "3 of t*": true, "2 of *1": false, "1 of *1": true, "not 1 of f*": true, "t1 and not 1 of f*": true,
		"1 of them": true, "all of them": false, "1 of _*": false, "not 1 of _hid*": true, "all of *more": true, "1 of f1": false,
		"keys": true, "allkeys": true, "nokeys": false, "wholekey": true, "rekey": true, "either": true, "neither": false, "and_more": true,
		"((((t1))))": true, "(t1 and(t2))": true, "2 of *2 or f3": false, "4 of *k*": true, "5 of *k*": false,
	} {
		if got := hits(t, ruleText(selections+"condition: "+condition), record); got != want {
			t.Errorf("%s: %v, want %v", condition, got, want)
		}
	}
	if !hits(t, ruleText(selections+"condition: [f1, t1]"), record) || hits(t, ruleText(selections+"condition: [f1, f2]"), record) {
		t.Error("a list of conditions is not or")
	}
}
