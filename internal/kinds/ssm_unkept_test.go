package kinds

import (
	"context"
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

// latePages answers each question with an empty page first, as Systems Manager may.
type latePages struct{}

func (latePages) DescribeParameters(_ context.Context, in *ssm.DescribeParametersInput, _ ...func(*ssm.Options)) (*ssm.DescribeParametersOutput, error) {
	if in.NextToken == nil {
		return &ssm.DescribeParametersOutput{NextToken: aws.String("more")}, nil
	}
	return &ssm.DescribeParametersOutput{Parameters: []types.ParameterMetadata{{Name: aws.String("one")}}}, nil
}

func (latePages) DescribeActivations(_ context.Context, in *ssm.DescribeActivationsInput, _ ...func(*ssm.Options)) (*ssm.DescribeActivationsOutput, error) {
	if in.NextToken == nil {
		return &ssm.DescribeActivationsOutput{NextToken: aws.String("more")}, nil
	}
	return &ssm.DescribeActivationsOutput{ActivationList: []types.Activation{{ActivationId: aws.String("one")}}}, nil
}

func (latePages) DescribeSessions(_ context.Context, in *ssm.DescribeSessionsInput, _ ...func(*ssm.Options)) (*ssm.DescribeSessionsOutput, error) {
	if in.NextToken == nil {
		return &ssm.DescribeSessionsOutput{NextToken: aws.String("more")}, nil
	}
	return &ssm.DescribeSessionsOutput{Sessions: []types.Session{{SessionId: aws.String("one")}}}, nil
}

// An empty page with another behind it does not say that the thing is gone, and
// neither do two of them.
func TestAnEmptyPageIsNotGone(t *testing.T) {
	r := fact.Resource{Ref: fact.Ref{ID: "one"}}
	for name, find := range map[string]func() error{
		"parameter":  func() error { _, err := findSSMParameter(t.Context(), latePages{}, r); return err },
		"activation": func() error { _, err := findSSMActivation(t.Context(), latePages{}, r); return err },
		"session":    func() error { _, err := findSSMSession(t.Context(), latePages{}, r); return err },
	} {
		if err := find(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := only([]int{}, nil); !errors.Is(err, kind.ErrGone) {
		t.Errorf("none: %v", err)
	}
	if _, err := only([]int{1, 2}, nil); err == nil || errors.Is(err, kind.ErrGone) {
		t.Errorf("two: %v", err)
	}
}
