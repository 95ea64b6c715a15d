package awsapi

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
)

func regionsServer(accountDenied, ec2Denied bool) func(http.ResponseWriter, request) bool {
	return func(w http.ResponseWriter, r request) bool {
		switch {
		case r.Path == "/listRegions" && accountDenied:
			w.Header().Set("X-Amzn-Errortype", "AccessDeniedException")
			w.WriteHeader(403)
			io.WriteString(w, `{"message":"User: x is not authorized to perform: account:ListRegions"}`)
		case r.Path == "/listRegions":
			io.WriteString(w, `{"Regions":[{"RegionName":"us-east-1","RegionOptStatus":"ENABLED_BY_DEFAULT"},{"RegionName":"af-south-1","RegionOptStatus":"DISABLED"},
{"RegionName":"ap-east-1","RegionOptStatus":"ENABLED"},{"RegionName":"me-south-1","RegionOptStatus":"ENABLING"},{"RegionName":"eu-south-1","RegionOptStatus":"DISABLING"},{"RegionName":"zz-new-1","RegionOptStatus":"ODD"}]}`)
		case r.Op == "DescribeRegions" && ec2Denied:
			w.WriteHeader(403)
			io.WriteString(w, body("ec2", "UnauthorizedOperation", "You are not authorized to perform this operation."))
		case r.Op == "DescribeRegions":
			io.WriteString(w, `<DescribeRegionsResponse><regionInfo><item><regionName>us-east-1</regionName><optInStatus>opt-in-not-required</optInStatus></item>
<item><regionName>af-south-1</regionName><optInStatus>not-opted-in</optInStatus></item><item><regionName>ap-east-1</regionName><optInStatus>opted-in</optInStatus></item></regionInfo></DescribeRegionsResponse>`)
		default:
			return false
		}
		return true
	}
}

func TestRegions(t *testing.T) {
	cleanEnv(t, "")
	for _, tt := range []struct {
		name                  string
		accountDenied, ec2    bool
		only                  []string
		source, list, missing string
	}{
		{"account", false, false, nil, "account",
			"af-south-1=disabled* ap-east-1=opted-in* eu-south-1=disabling* me-south-1=enabling* us-east-1=enabled-by-default* zz-new-1=unknown*", ""},
		{"narrowed", false, false, []string{"ap-east-1"}, "account",
			"af-south-1=disabled ap-east-1=opted-in* eu-south-1=disabling me-south-1=enabling us-east-1=enabled-by-default zz-new-1=unknown", ""},
		{"ec2", true, false, nil, "ec2", "af-south-1=disabled* ap-east-1=opted-in* us-east-1=enabled-by-default*", "account:ListRegions"},
		{"builtin", true, true, nil, "builtin", "", "account:ListRegions,ec2:DescribeRegions"},
	} {
		f := &fakeAWS{answer: regionsServer(tt.accountDenied, tt.ec2)}
		a := open(t, f, Options{Regions: tt.only})
		rs, err := a.Regions(context.Background())
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		var list []string
		for _, r := range rs {
			s := r.Name + "=" + string(r.Status)
			if r.Chosen {
				s += "*"
			}
			list = append(list, s)
			if r.Source != tt.source || strings.Join(r.Missing, ",") != tt.missing || (r.Why == "") != (tt.missing == "") {
				t.Errorf("%s: %+v", tt.name, r)
			}
		}
		if tt.list == "" {
			if len(rs) != 34 || rs[0].Status != Unknown {
				t.Errorf("%s: %d regions, %v", tt.name, len(rs), rs[0])
			}
		} else if got := strings.Join(list, " "); got != tt.list {
			t.Errorf("%s:\n got %s\nwant %s", tt.name, got, tt.list)
		}
		sent := len(f.seen)
		if _, err := a.Regions(context.Background()); err != nil || len(f.seen) != sent {
			t.Errorf("%s: asked twice (%v)", tt.name, err)
		}
	}
	a := open(t, &fakeAWS{answer: regionsServer(false, false)}, Options{Regions: []string{"us-esat-1"}})
	if _, err := a.Regions(context.Background()); err == nil || !strings.Contains(err.Error(), "us-esat-1") {
		t.Errorf("a region that is not: %v", err)
	}
}

func TestEndpoints(t *testing.T) {
	const lab, other = "http://lab.test:5000", "http://other.test:6000"
	profile := roleProfile + "[profile svc]\naws_access_key_id = AKIASVC\naws_secret_access_key = x\nendpoint_url = " + lab +
		"\nservices = s\n[services s]\nec2 =\n  endpoint_url = " + other + "\n"
	for _, tt := range []struct {
		name     string
		env      map[string]string
		o        Options
		endpoint string
		mixed    string
		host     string // of iam
	}{
		{"AWS", nil, Options{Profile: "base"}, "", "", "iam.amazonaws.com"},
		{"env", map[string]string{"AWS_ENDPOINT_URL": lab}, Options{Profile: "base"}, lab, "", "lab.test:5000"},
		{"flag", map[string]string{"AWS_ENDPOINT_URL": other, "AWS_ENDPOINT_URL_IAM": other}, Options{Profile: "base", EndpointURL: lab}, lab, "", "lab.test:5000"},
		{"service", map[string]string{"AWS_ENDPOINT_URL_IAM": other}, Options{Profile: "base"}, "", "iam=" + other, "other.test:6000"},
		{"same", map[string]string{"AWS_ENDPOINT_URL": lab, "AWS_ENDPOINT_URL_IAM": lab + "/"}, Options{Profile: "base"}, lab, "", "lab.test:5000"},
		{"ignored", map[string]string{"AWS_ENDPOINT_URL": lab, "AWS_ENDPOINT_URL_IAM": other, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}, Options{Profile: "base"}, "", "", "iam.amazonaws.com"},
		{"profile", nil, Options{Profile: "svc"}, lab, "ec2=" + other, "lab.test:5000"},
		{"role", map[string]string{"AWS_ENDPOINT_URL": lab}, Options{Prompt: func(context.Context, string) (string, error) { return "1", nil }}, lab, "", "lab.test:5000"},
		{"role, flag", nil, Options{EndpointURL: lab, Prompt: func(context.Context, string) (string, error) { return "1", nil }}, lab, "", "lab.test:5000"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cleanEnv(t, profile)
			for k, v := range tt.env {
				t.Setenv(k, v)
			}
			f := &fakeAWS{}
			a := open(t, f, tt.o)
			if a.Endpoint != tt.endpoint || strings.Join(a.MixedEndpoints, " ") != tt.mixed {
				t.Errorf("endpoint %q, mixed %q", a.Endpoint, a.MixedEndpoints)
			}
			if err := callers["iam"](a.Read(Global, every)); err != nil {
				t.Error(err)
			}
			if r := f.ops("ListUsers"); len(r) != 1 || r[0].Host != tt.host {
				t.Errorf("iam went to %v", r)
			}
			if tt.endpoint != "" { // not one call, the role's included, may go past the drill
				for _, r := range f.seen {
					if strings.Contains(r.Host, "amazonaws") {
						t.Errorf("%s went to %s", r.Op, r.Host)
					}
				}
			}
			sent := len(f.seen)
			_, err := iam.NewFromConfig(a.Writer().Write(Global, []Need{"iam:DeleteUser"})).DeleteUser(context.Background(), &iam.DeleteUserInput{UserName: aws.String("x")})
			var mix ErrMixedEndpoints
			if refused := errors.As(err, &mix); refused != (tt.mixed != "") || refused && len(f.seen) != sent {
				t.Errorf("writing: %v", err)
			}
		})
	}
}
