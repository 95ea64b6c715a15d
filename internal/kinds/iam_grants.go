package kinds

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

// grants is what gives a principal its rights and what bounds them: the aspect
// "policies". Pure denials that contain it, cordon's and AWS's, are no part of
// it, so that putting rights back never lifts a containment.
type grants struct {
	Inline   map[string]string `json:"inline,omitempty"` // name → document
	Attached []string          `json:"attached,omitempty"`
	Groups   []string          `json:"groups,omitempty"`
	Boundary string            `json:"boundary,omitempty"`
}

// holdsBack reports AWS's managed policies that only hold a principal back.
func holdsBack(arn string) bool {
	return strings.HasSuffix(arn, awsDenyAllShort) || strings.Contains(arn, ":iam::aws:policy/AWSCompromisedKeyQuarantine")
}

func grantsOf(inline map[string]string, attached, groups []string, boundary string) grants {
	g := grants{Inline: map[string]string{}, Groups: slices.Clone(groups), Boundary: boundary}
	for name, body := range inline {
		if _, denial := parseDenial(body); !denial {
			g.Inline[name] = body
		}
	}
	for _, arn := range attached {
		if !holdsBack(arn) {
			g.Attached = append(g.Attached, arn)
		}
	}
	slices.Sort(g.Attached)
	slices.Sort(g.Groups)
	return g
}

// text is "" for a principal without any.
func (g grants) text() (string, error) {
	if len(g.Inline)+len(g.Attached)+len(g.Groups) == 0 && g.Boundary == "" {
		return "", nil
	}
	b, err := json.Marshal(g)
	return string(b), err
}

// setGrants notes the aspect, of the facts that a listing has set.
func setGrants(r *fact.Resource) error {
	inline, attached := map[string]string{}, []string{}
	for _, d := range fact.Inline.Or(*r, nil) {
		inline[d.Name] = d.Body
	}
	for _, d := range fact.Attached.Or(*r, nil) {
		attached = append(attached, d.ARN)
	}
	text, err := grantsOf(inline, attached, fact.Groups.Or(*r, nil), fact.Boundary.Or(*r, "")).text()
	if err == nil {
		setAspect(r, "policies", text)
	}
	return err
}

// holdings is all that stands on a principal, denials included.
type holdings struct {
	inline           map[string]string
	attached, groups []string
	boundary         string
}

func (p principal[R, W]) holdings(ctx context.Context, api R, name string) (h holdings, err error) {
	_, whole, err := p.describe(ctx, api, name)
	if err != nil {
		return h, orGone(err, p.what(name))
	}
	var bound *types.AttachedPermissionsBoundary
	switch w := whole.(type) {
	case types.User:
		bound = w.PermissionsBoundary
	case types.Role:
		bound = w.PermissionsBoundary
	}
	if bound != nil {
		h.boundary = aws.ToString(bound.PermissionsBoundaryArn)
	}
	names, err := p.list(ctx, api, name)
	if err != nil {
		return h, err
	}
	h.inline = map[string]string{}
	for _, n := range names {
		body, err := p.inline(ctx, api, name, n)
		if err != nil {
			return h, fmt.Errorf("cannot read policy %s of %s: %w", n, p.what(name), err)
		}
		if body != nil {
			h.inline[n] = *body
		}
	}
	attached, err := p.attached(ctx, api, name)
	for _, a := range attached {
		h.attached = append(h.attached, aws.ToString(a.PolicyArn))
	}
	if err == nil && p.groups != nil {
		h.groups, err = p.groups(ctx, api, name)
	}
	return h, err
}

func (h holdings) grants() grants { return grantsOf(h.inline, h.attached, h.groups, h.boundary) }

// restorePolicies puts a principal's rights and bounds back. Who made them what
// they were is in many calls, so that only a baseline tells what to put back.
func (p principal[R, W]) restorePolicies() kind.Verb[R, W] {
	v := kind.Verb[R, W]{
		Name: "restore-policies", Class: kind.Disruptive, Of: "policies", Settle: iamSettle,
		Needs: p.changing(),
		Mends: p.calls("Put*Policy", "Attach*Policy", "Delete*Policy", "Detach*Policy"),
	}
	if p.join != nil {
		v.Mends = append(v.Mends, "AddUserToGroup", "RemoveUserFromGroup")
	}
	if p.bound != nil {
		v.Mends = append(v.Mends, p.calls("Put*PermissionsBoundary", "Delete*PermissionsBoundary")...)
	}
	return restore(v, func(ctx context.Context, api R, r fact.Resource) (string, error) {
		is, err := p.holdings(ctx, api, r.ID)
		if err != nil {
			return "", err
		}
		return is.grants().text()
	}, func(ctx context.Context, api W, j kind.Job, text string) error {
		var want grants
		if text != "" {
			if err := json.Unmarshal([]byte(text), &want); err != nil {
				return fmt.Errorf("cannot read what the policies of %s were: %w", p.what(j.ID), err)
			}
		}
		is, err := p.holdings(ctx, p.reader(api), j.ID)
		if err != nil {
			return err
		}
		return p.change(ctx, api, j.ID, is.grants(), want)
	})
}

// change makes rights what they are to be: what limits comes first and goes last.
func (p principal[R, W]) change(ctx context.Context, api W, name string, is, want grants) error {
	var steps []func() error
	step := func(f func() error) { steps = append(steps, f) }
	if want.Boundary != "" && want.Boundary != is.Boundary {
		step(func() error { return p.bound(ctx, api, name, want.Boundary) })
	}
	for _, g := range lacking(is.Groups, want.Groups) {
		step(func() error { return p.leave(ctx, api, name, g) })
	}
	for _, arn := range lacking(is.Attached, want.Attached) {
		step(func() error { return p.detach(ctx, api, name, arn) })
	}
	for _, n := range keysInOrder(is.Inline) {
		if _, stays := want.Inline[n]; !stays {
			step(func() error { return p.delete(ctx, api, name, n) })
		}
	}
	for _, n := range keysInOrder(want.Inline) {
		if is.Inline[n] != want.Inline[n] {
			step(func() error { return p.put(ctx, api, name, n, want.Inline[n]) })
		}
	}
	for _, arn := range lacking(want.Attached, is.Attached) {
		step(func() error { return p.attach(ctx, api, name, arn) })
	}
	for _, g := range lacking(want.Groups, is.Groups) {
		step(func() error { return p.join(ctx, api, name, g) })
	}
	if want.Boundary == "" && is.Boundary != "" {
		step(func() error { return p.bound(ctx, api, name, "") })
	}
	for _, f := range steps {
		if err := f(); err != nil {
			return err
		}
	}
	return nil
}

// lacking are those of a that b does not have, in a's order.
func lacking(a, b []string) (out []string) {
	for _, s := range a {
		if !slices.Contains(b, s) {
			out = append(out, s)
		}
	}
	return out
}
