package engine

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

// pages answers one call after another.
type pages []string

func (p *pages) RoundTrip(r *http.Request) (*http.Response, error) {
	body := (*p)[0]
	*p = (*p)[1:]
	return &http.Response{
		StatusCode: http.StatusOK, Request: r, Body: io.NopCloser(strings.NewReader(body)),
		Header: http.Header{"Content-Type": []string{"application/x-amz-json-1.1"}},
	}, nil
}

// Systems Manager answers pages that hold nothing and are not the last.
func TestParameterBehindAnEmptyPage(t *testing.T) {
	for name, c := range map[string]struct {
		pages pages
		has   bool
		fails string
	}{
		"ours":          {pages{`{"Parameters":[],"NextToken":"a"}`, `{"Parameters":[{"Name":"/shop/key","Description":"made by cordon, case C : AKIANEW"}]}`}, true, ""},
		"somebody's":    {pages{`{"Parameters":[],"NextToken":"a"}`, `{"NextToken":"b"}`, `{"Parameters":[{"Name":"/shop/key"}]}`}, false, "did not make it"},
		"none":          {pages{`{"Parameters":[],"NextToken":"a"}`, `{"Parameters":[]}`}, false, ""},
		"none, at once": {pages{`{}`}, false, ""},
	} {
		all := c.pages
		sink := &parameterSink{name: "/shop/key", read: aws.Config{
			Region: "eu-west-1", Credentials: credentials.NewStaticCredentialsProvider("AKIAME", "x", ""), HTTPClient: &http.Client{Transport: &all},
		}}
		has, err := sink.Has(t.Context(), "AKIANEW")
		if has != c.has || (err == nil) != (c.fails == "") || err != nil && !strings.Contains(err.Error(), c.fails) {
			t.Errorf("%s: %v, %v", name, has, err)
		}
		if len(all) > 0 {
			t.Errorf("%s: %d pages were not read", name, len(all))
		}
	}
}
