package kinds

import (
	"context"
	"maps"
	"slices"
	"strings"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

// A granted is one right that the intruder gave and that stands: Right as in
// fact.Granted, with the document of an inline policy.
type granted struct {
	Right    string `json:"right"`
	Document string `json:"document,omitempty"`
}

// removeGrants takes away exactly the rights that fact.Granted names, for an
// account without a baseline. What they replaced is not known: an inline policy
// that he overwrote is taken away, and the owner's older text does not come back.
func (p principal[R, W]) removeGrants() kind.Verb[R, W] {
	v := kind.Verb[R, W]{
		Name: "remove-grants", Class: kind.Disruptive, For: kind.Close, Settle: iamSettle,
		Needs: p.changing(), Mends: p.calls("Put*Policy", "Attach*Policy"),
	}
	if p.join != nil {
		v.Mends = append(v.Mends, "AddUserToGroup")
	}
	return withdraw(v, func(ctx context.Context, api R, r fact.Resource) (had []granted, err error) {
		named := slices.Compact(slices.Sorted(slices.Values(fact.Granted.Or(r, nil))))
		is, err := p.holdings(ctx, api, r.ID)
		if err != nil {
			return nil, err
		}
		for _, right := range named {
			sort, what, _ := strings.Cut(right, ":")
			body, inline := is.inline[what]
			switch {
			case sort == "inline" && inline:
				had = append(had, granted{right, body})
			case sort == "attached" && slices.Contains(is.attached, what), sort == "group" && slices.Contains(is.groups, what):
				had = append(had, granted{Right: right})
			}
		}
		return had, nil
	}, func(ctx context.Context, api W, j kind.Job, had []granted) error {
		for _, g := range had {
			if err := p.turn(ctx, api, j.ID, g, false); err != nil && !notThere(err) {
				return err
			}
		}
		return nil
	}, func(ctx context.Context, api W, j kind.Job, had []granted) error {
		for _, g := range had {
			if err := p.turn(ctx, api, j.ID, g, true); err != nil {
				return err
			}
		}
		return nil
	})
}

// turn gives or takes one right.
func (p principal[R, W]) turn(ctx context.Context, api W, name string, g granted, give bool) error {
	sort, what, _ := strings.Cut(g.Right, ":")
	switch {
	case sort == "inline" && give:
		return p.put(ctx, api, name, what, g.Document)
	case sort == "inline":
		return p.delete(ctx, api, name, what)
	case sort == "attached" && give:
		return p.attach(ctx, api, name, what)
	case sort == "attached":
		return p.detach(ctx, api, name, what)
	case give:
		return p.join(ctx, api, name, what)
	}
	return p.leave(ctx, api, name, what)
}

// changing are the calls by which rights are read one by one and changed.
func (p principal[R, W]) changing() (needs []string) {
	for _, c := range p.calls("Put*Policy", "Delete*Policy", "Attach*Policy", "Detach*Policy") {
		needs = append(needs, "iam:"+c)
	}
	if p.join != nil {
		needs = append(needs, "iam:AddUserToGroup", "iam:RemoveUserFromGroup")
	}
	if p.bound != nil {
		for _, c := range p.calls("Put*PermissionsBoundary", "Delete*PermissionsBoundary") {
			needs = append(needs, "iam:"+c)
		}
	}
	return needs
}

// calls writes the names of calls, with this sort of principal for the star.
func (p principal[R, W]) calls(patterns ...string) (names []string) {
	for _, c := range patterns {
		names = append(names, strings.Replace(c, "*", p.sort, 1))
	}
	return names
}

func keysInOrder[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
