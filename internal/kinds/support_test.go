package kinds

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/support"

	"cordon/internal/awsapi"
	"cordon/internal/fact"
	"cordon/internal/kind"
	"cordon/internal/kind/kindtest"
	"cordon/internal/lab"
)

func openACase(t *testing.T, w kindtest.World) string {
	t.Helper()
	made, err := support.NewFromConfig(w.Config(fact.Global)).CreateCase(t.Context(), &support.CreateCaseInput{
		Subject: aws.String("quota"), CommunicationBody: aws.String("more, please"), Language: aws.String("en"), IssueType: aws.String("technical"),
	})
	if err != nil {
		t.Fatal(err)
	}
	return *made.CaseId
}

func TestSupportCase(t *testing.T) {
	spec := supportCaseSpec
	spec.Verbs = nil // open-case makes what it is done to: below
	kindtest.Run(t, kindtest.Case[supportReader, supportWriter]{Spec: spec, Region: fact.Global, Setup: openACase})
}

func TestOpenCase(t *testing.T) {
	w := kindtest.NewWorld(t)
	api := support.NewFromConfig(w.Config(fact.Global))
	openACase(t, w)
	r := fact.Resource{Ref: fact.Ref{Kind: "support.case", Place: fact.Place{Account: kindtest.Account, Region: fact.Global}, ID: "new-1"}}
	fact.Subject.Set(&r, "AWS account [C-1]")
	fact.Letter.Set(&r, "Hello,")
	fact.Severity.Set(&r, "urgent")
	j := kind.Job{Resource: r, At: time.Now().UTC()}
	count := func(want int) {
		t.Helper()
		open, err := supportCases(t.Context(), api, false)
		if err != nil || len(open) != want {
			t.Fatalf("%d open cases, %v; want %d", len(open), err, want)
		}
	}
	prior, err := openCase.Prior(t.Context(), api, r)
	if err != nil || string(prior) != "[]" {
		t.Fatalf("%s, %v", prior, err)
	}
	if done, err := openCase.Done(t.Context(), api, j); err != nil || done {
		t.Fatalf("done before: %t, %v", done, err)
	}
	for range 2 { // doing it twice opens one
		if err := openCase.Do(t.Context(), api, j, prior); err != nil {
			t.Fatal(err)
		}
		count(2)
	}
	if done, err := openCase.Done(t.Context(), api, j); err != nil || !done {
		t.Fatalf("done after: %t, %v", done, err)
	}
	for range 2 {
		if err := openCase.Undo(t.Context(), api, j, prior); err != nil {
			t.Fatal(err)
		}
		count(1)
	}
	if back, err := openCase.Prior(t.Context(), api, r); err != nil || string(back) != "[]" {
		t.Errorf("after undo %s, %v", back, err)
	}
}

func TestSupportNeedsAPlan(t *testing.T) {
	w := kindtest.NewWorld(t)
	fault := lab.Fault{Match: map[string]string{"service": "support"}, Code: "SubscriptionRequiredException", Status: 400}
	if err := w.Lab.AddFault(t.Context(), fault); err != nil {
		t.Fatal(err)
	}
	_, err := SeverityLevels(t.Context(), w.Config(fact.Global))
	if awsapi.Classify(err) != awsapi.NotSubscribed {
		t.Errorf("%v is %q", err, awsapi.Classify(err))
	}
}

// lossy answers every listing with nothing and loses every other answer.
type lossy struct{ sent []string }

func (l *lossy) Do(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	l.sent = append(l.sent, r.URL.Host+" "+r.Header.Get("X-Amz-Target")+" "+string(body))
	if strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".DescribeCases") {
		return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(`{"cases":[]}`))}, nil
	}
	return nil, io.ErrUnexpectedEOF
}

// A lost answer may have opened the case: it is not asked for again.
func TestOpenCaseOnceInEveryPartition(t *testing.T) {
	for region, host := range map[string]string{
		"us-east-1": "support.us-east-1.amazonaws.com", "us-gov-west-1": "support.us-gov-west-1.amazonaws.com", "cn-north-1": "support.cn-north-1.amazonaws.com.cn",
	} {
		there := &lossy{}
		api := supportCaseSpec.Writer(aws.Config{Region: region, HTTPClient: there, RetryMaxAttempts: 2, Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIA", SecretAccessKey: "x"}, nil
		})})
		r := fact.Resource{}
		fact.Subject.Set(&r, "s")
		fact.Letter.Set(&r, "b")
		if err := openCase.Do(t.Context(), api, kind.Job{Resource: r}, nil); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: %v", region, err)
		}
		want := []string{
			host + ` AWSSupport_20130415.DescribeCases {"includeCommunications":false,"maxResults":100}`,
			host + ` AWSSupport_20130415.CreateCase {"categoryCode":"security","communicationBody":"b","issueType":"customer-service","language":"en","serviceCode":"customer-account","subject":"s"}`,
		}
		if !slices.Equal(there.sent, want) {
			t.Errorf("%s: sent %q\nwant %q", region, there.sent, want)
		}
	}
}
