package kinds

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type quotaRequestReader interface {
	ListRequestedServiceQuotaChangeHistory(context.Context, *servicequotas.ListRequestedServiceQuotaChangeHistoryInput, ...func(*servicequotas.Options)) (*servicequotas.ListRequestedServiceQuotaChangeHistoryOutput, error)
	GetRequestedServiceQuotaChange(context.Context, *servicequotas.GetRequestedServiceQuotaChangeInput, ...func(*servicequotas.Options)) (*servicequotas.GetRequestedServiceQuotaChangeOutput, error)
}

var quotaRequest = kind.Of(quotaRequestSpec)

// quotaRequestSpec is about requests to raise a quota. No call withdraws one, or
// lowers a quota again: a person asks AWS Support. What holds for the whole
// account is asked for, and listed, in us-east-1.
var quotaRequestSpec = kind.Spec[quotaRequestReader, noWriter]{
	Name:   "servicequotas.request",
	Reader: func(c aws.Config) quotaRequestReader { return servicequotas.NewFromConfig(c) },
	Needs:  []string{"servicequotas:ListRequestedServiceQuotaChangeHistory", "servicequotas:GetRequestedServiceQuotaChange"},
	Cost:   kind.Cost{Fixed: 1, Page: 100},
	Covers: []string{"B14"},
	List: func(ctx context.Context, api quotaRequestReader, at fact.Place, put func(fact.Resource)) error {
		ask := &servicequotas.ListRequestedServiceQuotaChangeHistoryInput{MaxResults: aws.Int32(100), QuotaRequestedAtLevel: types.AppliedLevelEnumAll}
		for page, err := range pages(ctx, servicequotas.NewListRequestedServiceQuotaChangeHistoryPaginator(api, ask)) {
			if err != nil {
				return fmt.Errorf("cannot list requests to raise quotas: %w", err)
			}
			for _, q := range page.RequestedQuotas {
				put(quotaRequestOf(at, q))
			}
		}
		return nil
	},
	Keep: func(ctx context.Context, api quotaRequestReader, r fact.Resource, put func(string, []byte) error) error {
		out, err := api.GetRequestedServiceQuotaChange(ctx, &servicequotas.GetRequestedServiceQuotaChangeInput{RequestId: &r.ID})
		if err != nil {
			return gone(err)
		}
		return putJSON(put, "request.json", out.RequestedQuota)
	},
}

func quotaRequestOf(at fact.Place, q types.RequestedServiceQuotaChange) fact.Resource {
	r := fact.Resource{
		Ref: fact.Ref{Kind: "servicequotas.request", Place: at, ID: aws.ToString(q.Id)}, ARN: aws.ToString(q.QuotaArn), Created: aws.ToTime(q.Created).UTC(),
	}
	fact.Name.Set(&r, aws.ToString(q.QuotaName))
	fact.Status.Set(&r, string(q.Status))
	fact.Active.Set(&r, q.Status == types.RequestStatusPending || q.Status == types.RequestStatusCaseOpened)
	fact.Detail.Set(&r, aws.ToString(q.ServiceCode)+" "+strconv.FormatFloat(aws.ToFloat64(q.DesiredValue), 'f', -1, 64))
	var by struct {
		CallerARN string `json:"callerArn"`
	}
	if json.Unmarshal([]byte(aws.ToString(q.Requester)), &by) == nil && by.CallerARN != "" {
		fact.Maker.Set(&r, by.CallerARN)
	}
	return r
}
