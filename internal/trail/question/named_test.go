package question

import (
	"regexp"
	"testing"
)

func TestNamed(t *testing.T) {
	for _, c := range []struct {
		resource, response string
		is                 bool
	}{
		{"i-0abc", `{"instanceId":"i-0abc"}`, true},
		{"i-0abc", `{"items":["i-1", "i-0abc" ]}`, true},
		{"i-0abc", `{"instanceId":"i-0abcdef"}`, false},
		{"i-0abc", `{"x":"see i-0abc"}`, false},
		{"i-0abc", `{"arn":"arn:aws:ec2:eu-west-1:1:instance/i-0abc","y":1}`, true},
		{"i-0abc", `{"url":"https://example/i-0abc"}`, false},
		{"i-0abc", `{"i-0abc":"a key and no value"}`, false},
		{"i-0abc", ``, false},
		{"arn:aws:iam::1:user/eve", `{"arn":"arn:aws:iam::1:user/eve"}`, true},
		{"eve", `{"user":{"userName" : "eve","path":"/"}}`, true},
		{"eve", `{"word":"eve"}`, false},
		{"eve", `{"arn":"arn:aws:iam::1:user/eve"}`, true},
		{"eve", `{"userName":["bob", "eve"]}`, true},
		{"Admin", `{"assumedRoleUser":{"arn":"arn:aws:sts::1:assumed-role/Admin/eve"}}`, true},
		{"logs-1", `{"arn":"arn:aws:s3:::logs-1/a/b"}`, true},
		{"a.b+c", `{"bucket":"a.b+c"}`, true},
		{"a.b+c", `{"bucket":"axbbc"}`, false},
	} {
		pattern, err := named(c.resource)
		if err != nil {
			t.Fatal(err)
		}
		if regexp.MustCompile(pattern).MatchString(c.response) != c.is {
			t.Errorf("%s in %s: not %v", c.resource, c.response, c.is)
		}
	}
	for _, bad := range []string{"", "ab", `a"b`, `a\b`} {
		if p, err := named(bad); err == nil {
			t.Errorf("%q became %s", bad, p)
		}
	}
}
