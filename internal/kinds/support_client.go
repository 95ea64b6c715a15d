package kinds

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"cordon/internal/awsapi"
)

// supportAPI is AWS Support (API version 2013-04-15).
var supportAPI = awsapi.JSONService{ID: "Support", Signing: "support", Target: "AWSSupport_20130415"}

// supportClient makes the calls of AWS Support that are made here.
type supportClient struct{ cfg aws.Config }

type describeCasesInput struct {
	Resolved bool   `json:"includeResolvedCases"`
	Said     bool   `json:"includeCommunications"` // what was written is not read
	Max      int    `json:"maxResults"`
	Next     string `json:"nextToken,omitempty"`
}

type describeCasesOutput struct {
	Cases []caseDetails `json:"cases"`
	Next  string        `json:"nextToken"`
}

type caseDetails struct {
	CaseID       string `json:"caseId"`
	DisplayID    string `json:"displayId"`
	Subject      string `json:"subject"`
	Status       string `json:"status"`
	SeverityCode string `json:"severityCode"`
	SubmittedBy  string `json:"submittedBy"`
	TimeCreated  string `json:"timeCreated"`
}

// Created is when the case was opened.
func (c caseDetails) Created() time.Time {
	t, err := time.Parse(time.RFC3339, c.TimeCreated)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}

type createCaseInput struct {
	Subject  string `json:"subject"`
	Body     string `json:"communicationBody"`
	Service  string `json:"serviceCode"`
	Category string `json:"categoryCode"`
	Severity string `json:"severityCode,omitempty"`
	Issue    string `json:"issueType"`
	Language string `json:"language"`
}

func (c supportClient) DescribeCases(ctx context.Context, in describeCasesInput) (out describeCasesOutput, err error) {
	err = supportAPI.Call(ctx, c.cfg, "DescribeCases", in, &out, false)
	return out, err
}

// DescribeSeverityLevels lists the severities that the account's plan has, the
// mildest first.
func (c supportClient) DescribeSeverityLevels(ctx context.Context) (codes []string, err error) {
	out := struct {
		Levels []struct {
			Code string `json:"code"`
		} `json:"severityLevels"`
	}{}
	err = supportAPI.Call(ctx, c.cfg, "DescribeSeverityLevels", struct{}{}, &out, false)
	for _, l := range out.Levels {
		codes = append(codes, l.Code)
	}
	return codes, err
}

func (c supportClient) CreateCase(ctx context.Context, in createCaseInput) (string, error) {
	out := struct {
		ID string `json:"caseId"`
	}{}
	err := supportAPI.Call(ctx, c.cfg, "CreateCase", in, &out, true)
	return out.ID, err
}

func (c supportClient) ResolveCase(ctx context.Context, id string) error {
	in := struct {
		ID string `json:"caseId"`
	}{id}
	return supportAPI.Call(ctx, c.cfg, "ResolveCase", in, nil, false)
}

// SeverityLevels asks which severities the account may choose.
func SeverityLevels(ctx context.Context, cfg aws.Config) ([]string, error) {
	return supportClient{cfg}.DescribeSeverityLevels(ctx)
}
