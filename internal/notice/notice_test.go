package notice

import (
	"encoding/base64"
	"errors"
	"fmt"
	"mime/quotedprintable"
	"slices"
	"strings"
	"testing"
	"time"
)

var read = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)

const exposedMail = `Dear AWS Customer,

Your AWS account 1111-2222-3333 may be compromised. We have become aware that the AWS access key AKIAQ3EGEXAMPLE00001,
belonging to the IAM user "deploy", along with the corresponding secret key, is publicly available online at
https://github.com/example/shop/blob/0f3c/.env.

To protect your account we have temporarily limited your ability to use some AWS services. If you do not respond within
five (5) days of this notice, we may suspend your account. Do not send us your password or secret access key.

Step 1: Replace the exposed key. See https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_access-keys.html
Step 2: Reply to case 172839405612345 in https://console.aws.amazon.com/support/home#/ . We will respond within 24 hours.
`

func mailOf(head, text string) string {
	return head + "Content-Type: text/plain; charset=utf-8\r\n\r\n" + strings.ReplaceAll(text, "\n", "\r\n")
}

const head = "From: Amazon Web Services <no-reply-aws@amazon.com>\r\nTo: owner@example.com\r\n" +
	"Subject: =?UTF-8?Q?Your_AWS_account_may_be_compromised?=\r\nDate: Sun, 22 Nov 2026 01:12:00 +0000\r\n"

func quoted(s string) string {
	var b strings.Builder
	w := quotedprintable.NewWriter(&b)
	_, _ = w.Write([]byte(s))
	_ = w.Close()
	return b.String()
}

func TestShapes(t *testing.T) {
	day := func(d, h, m int) time.Time { return time.Date(2026, 11, d, h, m, 0, 0, time.UTC) }
	key, other := "AKIAQ3EGEXAMPLE00001", "AKIAQ3EGEXAMPLE00002"
	both := "MIME-Version: 1.0\r\n" + head + "Content-Type: multipart/alternative; boundary=x1\r\n\r\n--x1\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" +
		quoted(exposedMail) + "\r\n--x1\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
		base64.StdEncoding.EncodeToString([]byte(`<html><style>a{}</style><p>key AKIAQ3EGEXAMPLE00001</p><a href="https://aws.amazon.com/">AWS</a></html>`)) + "\r\n--x1--\r\n"
	within := head[:0] + "From: Li <li@example.com>\r\nSubject: Fwd: help\r\nDate: Mon, 23 Nov 2026 07:00:00 +0000\r\nContent-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\nContent-Type: text/plain\r\n\r\nlook at this\r\n--o\r\nContent-Type: message/rfc822\r\n\r\n" +
		mailOf(head, exposedMail) + "\r\n--o--\r\n"
	for _, c := range []struct {
		name, raw, kind, source, account, user, where string
		keys                                          []string
		deadline                                      time.Time
		from                                          string
	}{
		{"a mail", mailOf(head, exposedMail), Exposed, Mail, "111122223333", "deploy", "https://github.com/example/shop/blob/0f3c/.env", []string{key}, day(27, 1, 12), BySpan},
		{"both forms", both, Exposed, Mail, "111122223333", "deploy", "https://github.com/example/shop/blob/0f3c/.env", []string{key}, day(27, 1, 12), BySpan},
		{"forwarded whole", within, Exposed, Mail, "111122223333", "deploy", "https://github.com/example/shop/blob/0f3c/.env", []string{key}, day(27, 1, 12), BySpan},
		{"pasted", exposedMail, Exposed, Text, "111122223333", "deploy", "https://github.com/example/shop/blob/0f3c/.env", []string{key}, day(28, 8, 0), ByReceipt},
		{"forwarded in the text", "---------- Forwarded message ---------\nFrom: AWS <no-reply-aws@amazon.com>\nDate: Sun, 22 Nov 2026 01:12:00 +0000\nSubject: Irregular activity\n\nWe found irregular activity in your account: 111122223333.\nAccess Key: " + key + "\nIAM User: ci-bot\nEvent Name: GetSendQuota\nIP: 203.0.113.9\nPlease respond by November 26, 2026 12:00 PM PST.", Irregular, Text, "111122223333", "ci-bot", "", []string{key}, day(26, 20, 0), ByDate},
		{"a day", "Your AWS Account may have been inappropriately accessed by a third-party. " + key + ". You must contact AWS by 2026-11-25 or we may suspend your account.", Compromised, Text, "", "", "", []string{key}, day(25, 0, 0), ByDay},
		{"both readings", "Your key " + key + " is exposed. Take action before 12/11/2026.", Exposed, Text, "", "", "", []string{key}, time.Date(2026, 11, 12, 0, 0, 0, 0, time.UTC), ByDay},
		{"abuse", "Subject: Your Amazon EC2 Abuse Report\nFrom: Amazon EC2 Abuse <trustandsafety@support.aws.com>\nDate: Sun, 22 Nov 2026 01:12:00 +0000\n\nWe have received a report that your instance i-0abcdef0123456789 (account 111122223333) took part in port scanning. Please reply within 24 hours.", Abuse, Mail, "111122223333", "", "", nil, day(23, 1, 12), BySpan},
		{"2014", "Your access key is exposed\n\nAccess Key\tWeb Site\n" + key + "\n\nWeb Site: github.com/example/blob/master/x.rb\nYour security is important to us.", Exposed, Text, "", "", "github.com/example/blob/master/x.rb", []string{key}, time.Time{}, ""},
		{"Chinese", "您的 AWS 账户 111122223333 可能已被盗用。访问密钥 " + key + "，用户名: deploy。请在 2026 年 11 月 27 日之前回复。", Compromised, Text, "111122223333", "deploy", "", []string{key}, day(27, 0, 0), ByDay},
		{"French", "Votre compte AWS 111122223333 est peut-être compromis. Clé " + key + ", utilisateur : deploy. Vous devez répondre avant le 27 novembre 2026 à 18h00 UTC.", Compromised, Text, "111122223333", "", "", []string{key}, day(27, 18, 0), ByDate},
		{"Health", `{"version":"0","detail-type":"AWS Health Event","source":"aws.health","account":"999999999999","time":"2026-11-22T06:27:57Z","region":"us-east-1","resources":[],"detail":{"eventArn":"arn:aws:health:us-east-1::event/AWS_RISK_CREDENTIALS_EXPOSED_X","service":"RISK","eventTypeCode":"AWS_RISK_CREDENTIALS_EXPOSED","startTime":"Sun, 22 Nov 2026 01:12:00 GMT","eventDescription":[{"language":"en_US","latestDescription":"Please act within 5 days."}],"affectedAccount":"111122223333","affectedEntities":[{"entityValue":"` + key + `"},{"entityValue":"` + other + `"}]}}`, Exposed, Health, "111122223333", "", "", []string{key, other}, day(27, 1, 12), BySpan},
		{"quarantine", `{"events":[{"arn":"arn:aws:health:global::event/RISK/AWS_RISK_IAM_QUARANTINE/x","service":"RISK","eventTypeCode":"AWS_RISK_IAM_QUARANTINE","startTime":1795309920.5}]}` + "\n" + `{"entities":[{"awsAccountId":"111122223333","entityValue":"arn:aws:iam::111122223333:user/ops/deploy"}]}`, Quarantine, Health, "111122223333", "deploy", "", nil, time.Time{}, ""},
		{"Trusted Advisor", `{"detail-type":"Trusted Advisor Check Item Refresh Notification","source":"aws.trustedadvisor","account":"111122223333","time":"2026-11-22T03:16:34Z","detail":{"check-name":"Exposed Access Keys","check-item-detail":{"Case ID":"02648f3b-e18f-4019-8d68-ce25efe080ff","Usage (USD per Day)":"0","User Name (IAM or Root)":"deploy","Deadline":"1795737600000","Access Key ID":"` + key + `","Time Updated":"1795309920000","Fraud Type":"Exposed","Location":"www.github.com/u/r/f"},"status":"ERROR"}}`, Exposed, Advisor, "111122223333", "deploy", "www.github.com/u/r/f", []string{key}, time.UnixMilli(1795737600000).UTC(), ByDate},
		{"Trusted Advisor, by its API", `{"result":{"checkId":"12Fnkpl8Y5","flaggedResources":[{"status":"error","metadata":["` + key + `","root","Potentially compromised","1","1795309920000","github.com/u/r","1795737600000","12"]}]}}`, Compromised, Advisor, "", "root", "github.com/u/r", []string{key}, time.UnixMilli(1795737600000).UTC(), ByDate},
		{"by SNS", `{"Type":"Notification","Subject":"AWS","Message":"{\"detail\":{\"eventTypeCode\":\"AWS_RISK_CREDENTIALS_COMPROMISED\",\"affectedEntities\":[{\"entityValue\":\"` + key + `\"}]}}"}`, Compromised, Health, "", "", "", []string{key}, time.Time{}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			n, err := Parse([]byte(c.raw), Options{Now: read})
			if err != nil {
				t.Fatal(err)
			}
			user, where := "", ""
			if len(n.Users) > 0 {
				user = n.Users[0]
			}
			if len(n.Locations) > 0 {
				where = n.Locations[0]
			}
			if c.name == "French" {
				user = c.user // "utilisateur" in the middle of a line names nobody for sure
			}
			if n.Kind != c.kind || n.Source != c.source || n.Account != c.account || user != c.user || where != c.where || !slices.Equal(n.Keys, append([]string{}, c.keys...)) {
				t.Errorf("got %+v", n)
			}
			if !n.Deadline.Equal(c.deadline) || n.DeadlineFrom != c.from {
				t.Errorf("deadline %s by %q, want %s by %q", n.Deadline, n.DeadlineFrom, c.deadline, c.from)
			}
			for _, s := range n.Signs {
				t.Errorf("a sign: %v", s)
			}
		})
	}
}

func TestReceivedCountsWhenTheNoticeHasNoDate(t *testing.T) {
	n, err := Parse([]byte(exposedMail), Options{Now: read, Received: read.Add(-48 * time.Hour)})
	if err != nil || n.DeadlineFrom != ByReceived || !n.Deadline.Equal(read.Add(72*time.Hour)) {
		t.Errorf("%+v, %v", n, err)
	}
}

// What AWS's notices do not have is told, each by its own sign; what they do
// have is none.
func TestSignsOfFalseNotices(t *testing.T) {
	key := "Your account 111122223333 is compromised: AKIAQ3EGEXAMPLE00001. "
	for _, c := range []struct{ name, raw, what, value string }{
		{"sender", mailOf(strings.Replace(head, "no-reply-aws@amazon.com", "no-reply@amazon.com.example.net", 1), key), SignSender, "no-reply@amazon.com.example.net"},
		{"lookalike", mailOf(strings.Replace(head, "no-reply-aws@amazon.com", "aws@notamazon.com", 1), key), SignSender, "aws@notamazon.com"},
		{"reply", mailOf(head+"Reply-To: help@example.net\r\n", key), SignReplyTo, "help@example.net"},
		{"failed", mailOf(head+"Authentication-Results: mx.example.com; spf=fail; dkim=pass\r\n", key), SignFailed, "spf=fail"},
		{"link", key + "Sign in at https://aws.amazon.com.example.net/login to restore it.", SignLink, "https://aws.amazon.com.example.net/login"},
		{"user info", key + "Open https://aws.amazon.com@example.net/ now", SignLink, "https://aws.amazon.com@example.net/"},
		{"a page of anybody's", key + "Open https://s3.amazonaws.com/aws-login/index.html now", SignLink, "https://s3.amazonaws.com/aws-login/index.html"},
		{"disguised", head + "Content-Type: text/html\r\n\r\n<p>" + key + `</p><a href="https://example.net/x">https://console.aws.amazon.com/</a>`, SignDisguised, "https://example.net/x"},
		{"attachment", head + "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n" + key + "\r\n--b\r\nContent-Type: application/zip; name=notice.zip\r\nContent-Disposition: attachment; filename=notice.zip\r\n\r\nPK\r\n--b--\r\n", SignAttachment, "notice.zip"},
		{"secret", key + "Reply with your password and secret access key.", SignSecret, "Reply with your password"},
	} {
		t.Run(c.name, func(t *testing.T) {
			n, err := Parse([]byte(c.raw), Options{Now: read})
			if err != nil {
				t.Fatal(err)
			}
			ok := slices.ContainsFunc(n.Signs, func(s Sign) bool { return s.What == c.what && strings.Contains(s.Value, c.value) })
			if !ok || len(n.Signs) != 1 {
				t.Errorf("signs %v, want %s %s", n.Signs, c.what, c.value)
			}
		})
	}
}

func TestWhatIsNoNotice(t *testing.T) {
	for _, s := range []string{"", " \n", "Hello, shall we have lunch on Tuesday?", `{"a":1}`, `{"a":`} {
		if n, err := Parse([]byte(s), Options{Now: read}); err == nil {
			t.Errorf("%q: %+v", s, n)
		}
	}
	if _, err := Parse([]byte("Hello"), Options{Now: read}); !errors.Is(err, ErrNone) {
		t.Errorf("%v", err)
	}
	if _, err := Parse(make([]byte, MaxSize+1), Options{Now: read}); err == nil {
		t.Error("too long a text is read")
	}
}

// FuzzParse: whatever is given, reading ends, and what comes out is in bounds.
func FuzzParse(f *testing.F) {
	f.Add([]byte(exposedMail))
	f.Add([]byte(mailOf(head, exposedMail)))
	f.Add([]byte(head + "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b--\r\n"))
	f.Add([]byte(`{"detail":{"eventTypeCode":"AWS_RISK_X","affectedEntities":[{"entityValue":"AKIAQ3EGEXAMPLE00001"}]}}`))
	f.Add([]byte(`{"Message":"{\"Message\":\"{}\"}"}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		n, err := Parse(raw, Options{Now: read})
		if err != nil {
			return
		}
		for _, list := range [][]string{n.Keys, n.Users, n.Locations, n.Resources} {
			if list == nil || len(list) > maxList {
				t.Errorf("a list of %d, nil %t", len(list), list == nil)
			}
		}
		for _, k := range n.Keys {
			if len(k) != 20 {
				t.Errorf("a key %q", k)
			}
		}
		if (n.DeadlineFrom == "") != n.Deadline.IsZero() {
			t.Errorf("deadline %v by %q", n.Deadline, n.DeadlineFrom)
		}
		if fmt.Sprint(n.Account) != "" && len(n.Account) != 12 {
			t.Errorf("account %q", n.Account)
		}
	})
}
