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

	"cordon/internal/awsapi"
	"cordon/internal/fact"
	"cordon/internal/kind"
)

// A layerGrant is one statement of a layer version's policy, as Lambda can be
// told to make it again.
type layerGrant struct {
	Sid       string `json:"sid"`
	Action    string `json:"action"`
	Principal string `json:"principal"`
	Org       string `json:"org,omitempty"`
}

func layerGrants(ctx context.Context, api layerReader, r fact.Resource) ([]layerGrant, error) {
	body, err := layerPolicy(ctx, api, r.ID)
	if err != nil || body == "" {
		return nil, err
	}
	grants, err := parseLayerPolicy(body, r.Account)
	return slices.DeleteFunc(grants, func(g layerGrant) bool {
		home := cmp.Or(arnAccount(g.Principal), g.Principal)
		return slices.Contains(fact.Vouched.Or(r, nil), home)
	}), err
}

// parseLayerPolicy reads the statements that let others in, in a fixed order.
// Lambda writes these policies itself, so that every statement has one shape.
func parseLayerPolicy(body, account string) (out []layerGrant, err error) {
	var doc struct {
		Statement []struct {
			Sid       string
			Action    string
			Principal json.RawMessage
			Condition map[string]map[string]string
		}
	}
	if err := json.Unmarshal([]byte(body), &doc); err != nil {
		return nil, fmt.Errorf("cannot read the layer's policy: %w", err)
	}
	for _, s := range doc.Statement {
		principal, err := layerPrincipal(s.Principal)
		if err != nil {
			return nil, err
		}
		if principal == account || arnAccount(principal) == account {
			continue
		}
		g := layerGrant{Sid: s.Sid, Action: s.Action, Principal: principal}
		for _, values := range s.Condition {
			for key, value := range values {
				if strings.EqualFold(key, "aws:PrincipalOrgID") {
					g.Org = value
				}
			}
		}
		out = append(out, g)
	}
	slices.SortFunc(out, func(a, b layerGrant) int { return cmp.Compare(a.Sid, b.Sid) })
	return out, nil
}

func layerPrincipal(raw json.RawMessage) (string, error) {
	var plain string
	if json.Unmarshal(raw, &plain) == nil {
		return plain, nil
	}
	var typed struct{ AWS string }
	if err := json.Unmarshal(raw, &typed); err != nil || typed.AWS == "" {
		return "", errors.New("cannot read the layer's policy: a principal is not of the shape that Lambda writes")
	}
	return typed.AWS, nil
}

func revokeLayer(ctx context.Context, api layerWriter, j kind.Job, grants []layerGrant) error {
	name, version, err := layerVersion(j.ID)
	if err != nil {
		return err
	}
	for _, g := range grants {
		_, err := api.RemoveLayerVersionPermission(ctx, &lambda.RemoveLayerVersionPermissionInput{
			LayerName: &name, VersionNumber: &version, StatementId: aws.String(g.Sid),
		})
		if err != nil && !errors.Is(gone(err), kind.ErrGone) {
			return err
		}
	}
	return nil
}

func grantLayer(ctx context.Context, api layerWriter, j kind.Job, grants []layerGrant) error {
	name, version, err := layerVersion(j.ID)
	if err != nil {
		return err
	}
	for _, g := range grants {
		_, err := api.AddLayerVersionPermission(ctx, &lambda.AddLayerVersionPermissionInput{
			LayerName: &name, VersionNumber: &version, StatementId: aws.String(g.Sid),
			Action: aws.String(g.Action), Principal: aws.String(g.Principal), OrganizationId: given(g.Org),
		})
		if err != nil && awsapi.Code(err) != "ResourceConflictException" { // that statement is there
			return err
		}
	}
	return nil
}
