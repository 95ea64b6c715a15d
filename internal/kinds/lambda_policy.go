package kinds

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"cordon/internal/awsapi"
	"cordon/internal/fact"
	"cordon/internal/kind"
	"cordon/internal/policy"
)

// Lambda has no call that writes a whole policy: statements are taken out one
// by one and made again with all that they said, under their own ids.
var closeFunctionPolicy = withdraw(functionVerb{
	Name: "close-policy", Class: kind.Disruptive, For: kind.Close,
	Needs: []string{"lambda:AddPermission", "lambda:RemovePermission"},
	Mends: []string{"AddPermission"},
}, functionGrants, revokeFunction, grantFunction)

// A functionGrant is one statement of a function's policy, as Lambda can be
// told to make it again.
type functionGrant struct {
	Qualifier string `json:"qualifier,omitempty"` // the version or alias that the policy is of
	Sid       string `json:"sid"`
	Action    string `json:"action"`
	Principal string `json:"principal"`
	Account   string `json:"source_account,omitempty"`
	ARN       string `json:"source_arn,omitempty"`
	Org       string `json:"org,omitempty"`
	URLAuth   string `json:"url_auth,omitempty"`
	Token     string `json:"token,omitempty"`
	ViaURL    *bool  `json:"via_url,omitempty"`
}

// functionGrants are the statements that let in whom neither the account nor
// its owner vouches for, in a fixed order.
func functionGrants(ctx context.Context, api functionReader, r fact.Resource) (out []functionGrant, err error) {
	policies, err := functionPolicies(ctx, api, r.ID, fact.Published.Or(r, nil))
	if err != nil {
		return nil, err
	}
	for qualifier, body := range policies {
		grants, err := parseFunctionPolicy(body, qualifier, r.Account, fact.Vouched.Or(r, nil))
		if err != nil {
			return nil, err
		}
		out = append(out, grants...)
	}
	slices.SortFunc(out, func(a, b functionGrant) int {
		return cmp.Or(cmp.Compare(a.Qualifier, b.Qualifier), cmp.Compare(a.Sid, b.Sid))
	})
	return out, nil
}

func parseFunctionPolicy(body, qualifier, account string, vouched []string) (out []functionGrant, err error) {
	var doc struct{ Statement []json.RawMessage }
	if err := json.Unmarshal([]byte(body), &doc); err != nil {
		return nil, fmt.Errorf("cannot read the function's policy: %w", err)
	}
	for _, raw := range doc.Statement {
		alone := `{"Version":"2012-10-17","Statement":[` + string(raw) + `]}`
		_, foreign, err := policy.CloseResource(alone, account, vouched)
		if err != nil {
			return nil, fmt.Errorf("cannot read the function's policy: %w", err)
		}
		if !foreign {
			continue
		}
		g, err := functionStatement(raw)
		if err != nil {
			return nil, err
		}
		g.Qualifier = qualifier
		out = append(out, g)
	}
	return out, nil
}

// functionStatement reads one statement. What AddPermission could not write
// again is an error: taking it out could not be undone.
func functionStatement(raw json.RawMessage) (g functionGrant, err error) {
	var s struct {
		Sid, Action string
		Principal   json.RawMessage
		Condition   map[string]map[string]string
	}
	if err := json.Unmarshal(raw, &s); err != nil {
		return g, fmt.Errorf("cannot read a statement of the function's policy: %w", err)
	}
	who, err := layerPrincipal(s.Principal)
	var service struct{ Service string }
	if err != nil && json.Unmarshal(s.Principal, &service) == nil && service.Service != "" {
		who, err = service.Service, nil
	}
	if err != nil {
		return g, errors.New("cannot read the function's policy: a principal is not of the shape that Lambda writes")
	}
	g = functionGrant{Sid: s.Sid, Action: s.Action, Principal: who}
	for _, values := range s.Condition {
		for key, value := range values {
			switch strings.ToLower(key) {
			case "aws:sourceaccount":
				g.Account = value
			case "aws:sourcearn":
				g.ARN = value
			case "aws:principalorgid":
				g.Org = value
			case "lambda:functionurlauthtype":
				g.URLAuth = value
			case "lambda:eventsourcetoken":
				g.Token = value
			case "lambda:invokedviafunctionurl":
				g.ViaURL = aws.Bool(value == "true")
			default:
				return g, fmt.Errorf("cannot read the function's policy: AddPermission has no condition %s", key)
			}
		}
	}
	return g, nil
}

func revokeFunction(ctx context.Context, api functionWriter, j kind.Job, grants []functionGrant) error {
	for _, g := range grants {
		_, err := api.RemovePermission(ctx, &lambda.RemovePermissionInput{
			FunctionName: &j.ID, StatementId: aws.String(g.Sid), Qualifier: given(g.Qualifier),
		})
		if err != nil && !errors.Is(gone(err), kind.ErrGone) {
			return err
		}
	}
	return nil
}

func grantFunction(ctx context.Context, api functionWriter, j kind.Job, grants []functionGrant) error {
	for _, g := range grants {
		_, err := api.AddPermission(ctx, &lambda.AddPermissionInput{
			FunctionName: &j.ID, StatementId: aws.String(g.Sid), Qualifier: given(g.Qualifier),
			Action: aws.String(g.Action), Principal: aws.String(g.Principal),
			SourceAccount: given(g.Account), SourceArn: given(g.ARN), PrincipalOrgID: given(g.Org), EventSourceToken: given(g.Token),
			FunctionUrlAuthType: types.FunctionUrlAuthType(g.URLAuth), InvokedViaFunctionUrl: g.ViaURL,
		})
		if err != nil && awsapi.Code(err) != "ResourceConflictException" { // that statement is there
			return err
		}
	}
	return nil
}
