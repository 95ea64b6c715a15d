package kinds

import (
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"cordon/internal/fact"
	"cordon/internal/kind/kindtest"
)

// A turning reader gives trust policies as IAM does: the lists in them are in
// another order at every second call.
type turning struct {
	roleReader
	calls *atomic.Int32
}

func (r turning) GetRole(ctx context.Context, in *iam.GetRoleInput, o ...func(*iam.Options)) (*iam.GetRoleOutput, error) {
	out, err := r.roleReader.GetRole(ctx, in, o...)
	if err == nil {
		r.turn(out.Role.AssumeRolePolicyDocument)
	}
	return out, err
}

func (r turning) GetAccountAuthorizationDetails(ctx context.Context, in *iam.GetAccountAuthorizationDetailsInput, o ...func(*iam.Options)) (*iam.GetAccountAuthorizationDetailsOutput, error) {
	out, err := r.roleReader.GetAccountAuthorizationDetails(ctx, in, o...)
	if err == nil {
		for i := range out.RoleDetailList {
			r.turn(out.RoleDetailList[i].AssumeRolePolicyDocument)
		}
	}
	return out, err
}

func (r turning) turn(doc *string) {
	plain, _ := url.PathUnescape(aws.ToString(doc))
	var v any
	if r.calls.Add(1)%2 == 0 && json.Unmarshal([]byte(plain), &v) == nil {
		b, _ := json.Marshal(turned(v))
		*doc = url.PathEscape(string(b))
	}
}

func turned(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			v[k] = turned(v[k])
		}
	case []any:
		for i := range v {
			v[i] = turned(v[i])
		}
		if _, names := v[0].(string); names {
			slices.Reverse(v)
		}
	}
	return v
}

func TestIAMTrustIsToldInAnyOrder(t *testing.T) {
	t.Parallel()
	s := verbsOnly(roleSpec, "close-trust")
	calls := new(atomic.Int32)
	s.Reader = func(c aws.Config) roleReader { return turning{roleSpec.Reader(c), calls} }
	kindtest.Run(t, kindtest.Case[roleReader, roleWriter]{Spec: s, Region: fact.Global, Setup: func(t *testing.T, w world) string {
		return open(t, w).role("deploy", `{"Version":"2012-10-17","Statement":[
			{"Effect":"Allow","Principal":{"Service":["lambda.amazonaws.com","ec2.amazonaws.com"],"AWS":["arn:aws:iam::999988887777:root","`+kindtest.Account+`"]},"Action":["sts:TagSession","sts:AssumeRole"]},
			{"Effect":"Allow","Principal":{"AWS":"`+kindtest.Account+`"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"aws:PrincipalTag/b":["2","1"],"aws:PrincipalTag/a":"1"}}}]}`)
	}})
}
