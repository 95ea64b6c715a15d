package kinds

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

// iamSettle is longer than IAM takes to enforce a change (about 4 s, in which
// an intruder can see it coming and take it back).
const iamSettle = 5 * time.Second

// revokeReach is how far into the future a revocation reaches: what the other
// cuts of the same moment need to be made and enforced, with room.
const revokeReach = 15 * time.Second

// Names of the inline policies that the verbs put.
const (
	denyAllName     = "CordonDenyAll"
	revokeUserName  = "CordonRevokeSessions"
	barSessionsName = "CordonDenySessions"
	revokeRoleName  = "AWSRevokeOlderSessions" // the console's own
	awsDenyAllShort = ":iam::aws:policy/AWSDenyAll"
)

// descriptionFile names the blob with AWS's description of a resource.
const descriptionFile = "description.json"

// A principal is how users, groups and roles are read and given policies: the
// same calls by three names.
type principal[R, W any] struct {
	sort string // "User", "Group" or "Role", as in iam:PutUserPolicy
	// describe returns the unique id and AWS's description.
	describe func(ctx context.Context, api R, name string) (id string, whole any, err error)
	list     func(ctx context.Context, api R, name string) ([]string, error)
	attached func(ctx context.Context, api R, name string) ([]types.AttachedPolicy, error)
	get      func(ctx context.Context, api R, name, policy string) (encoded *string, err error)

	put    func(ctx context.Context, api W, name, policy, document string) error
	delete func(ctx context.Context, api W, name, policy string) error
	attach func(ctx context.Context, api W, name, arn string) error
	detach func(ctx context.Context, api W, name, arn string) error

	reader func(W) R // a writer reads too
	// bound sets the permissions boundary, and takes it away when arn is "".
	// Groups have none: nil.
	bound func(ctx context.Context, api W, name, arn string) error
	// Of users only: groups, and how one joins and leaves them.
	groups      func(ctx context.Context, api R, name string) ([]string, error)
	join, leave func(ctx context.Context, api W, name, group string) error
}

// An inlinePrior is what stood under an inline policy's name.
type inlinePrior struct {
	ID       string  `json:"id"`       // of the principal: its name is reused
	Document *string `json:"document"` // null: no such policy
	// DenyAll says whether AWS's managed AWSDenyAll was attached.
	DenyAll bool `json:"deny_all_attached,omitempty"`
}

// identity re-reads the unique id.
func (p principal[R, W]) identity(ctx context.Context, api R, r fact.Resource) (string, error) {
	id, _, err := p.describe(ctx, api, r.ID)
	return id, orGone(err, p.what(r.ID))
}

func (p principal[R, W]) what(name string) string { return strings.ToLower(p.sort) + " " + name }

// inline reads one inline policy; nil when there is none of that name.
func (p principal[R, W]) inline(ctx context.Context, api R, name, policy string) (*string, error) {
	encoded, err := p.get(ctx, api, name, policy)
	if notThere(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	doc, err := document(encoded)
	return &doc, err
}

func (p principal[R, W]) read(ctx context.Context, api R, r fact.Resource, policy string) (was inlinePrior, err error) {
	if was.ID, err = p.identity(ctx, api, r); err != nil {
		return was, err
	}
	was.Document, err = p.inline(ctx, api, r.ID, policy)
	return was, err
}

// restore undoes whatever was done under an inline policy's name.
func (p principal[R, W]) restore(ctx context.Context, api W, name, policy string, was inlinePrior) error {
	if was.Document != nil {
		return p.put(ctx, api, name, policy, *was.Document)
	}
	if err := p.delete(ctx, api, name, policy); !notThere(err) {
		return err
	}
	return nil
}

// denyAll denies the principal everything, which ends its sessions too: a
// session of a user has the user's permissions, evaluated at every request
// (IAM User Guide, "Disabling permissions for temporary security credentials").
// Where the inline quota is full it attaches AWS's managed AWSDenyAll instead.
func (p principal[R, W]) denyAll() kind.Verb[R, W] {
	state := func(ctx context.Context, api R, r fact.Resource) (was inlinePrior, err error) {
		if was, err = p.read(ctx, api, r, denyAllName); err != nil {
			return was, err
		}
		attached, err := p.attached(ctx, api, r.ID)
		was.DenyAll = slices.ContainsFunc(attached, func(a types.AttachedPolicy) bool { return aws.ToString(a.PolicyArn) == awsDenyAll(r) })
		return was, err
	}
	return kind.Verb[R, W]{
		Name:  "deny-all",
		Class: kind.Disruptive,
		Needs: []string{
			"iam:Get" + p.sort + "Policy", "iam:ListAttached" + p.sort + "Policies",
			"iam:Put" + p.sort + "Policy", "iam:Delete" + p.sort + "Policy",
			"iam:Attach" + p.sort + "Policy", "iam:Detach" + p.sort + "Policy",
		},
		Settle: iamSettle,
		Prior: func(ctx context.Context, api R, r fact.Resource) (json.RawMessage, error) {
			return prior(state(ctx, api, r))
		},
		Do: func(ctx context.Context, api W, j kind.Job, _ json.RawMessage) error {
			err := p.put(ctx, api, j.ID, denyAllName, denyEverything(j.Case))
			var full *types.LimitExceededException
			if errors.As(err, &full) {
				return p.attach(ctx, api, j.ID, awsDenyAll(j.Resource))
			}
			return err
		},
		Done: func(ctx context.Context, api R, j kind.Job) (bool, error) {
			is, err := state(ctx, api, j.Resource)
			return err == nil && (is.DenyAll || denies(is.Document, j.Case)), err
		},
		Undo: func(ctx context.Context, api W, j kind.Job, prior json.RawMessage) error {
			was, err := read[inlinePrior](prior)
			if err != nil {
				return err
			}
			if !was.DenyAll {
				if err := p.detach(ctx, api, j.ID, awsDenyAll(j.Resource)); err != nil && !notThere(err) {
					return err
				}
			}
			return p.restore(ctx, api, j.ID, denyAllName, was)
		},
	}
}

// revokeSessions denies everything to the credentials issued before the job.
// A policy of that name that already reaches further stays as it is. It reaches
// a little into the future: until the other cuts are enforced, a credential that
// is about to be refused still gets new sessions.
func (p principal[R, W]) revokeSessions(policy string, class kind.Class) kind.Verb[R, W] {
	v := p.inlineVerb("revoke-sessions", policy, class,
		func(j kind.Job) string { return denyOlder(j.At.Add(revokeReach)) },
		func(doc *string, j kind.Job) bool { return revokes(doc, j.At) })
	v.Reach = revokeReach
	return v
}

// denySessions denies everything to all temporary credentials, also those of
// sign-ins to come. Long-term keys go on working.
func (p principal[R, W]) denySessions() kind.Verb[R, W] {
	return p.inlineVerb("deny-sessions", barSessionsName, kind.Disruptive,
		func(j kind.Job) string { return denySessions(j.Case) },
		func(doc *string, j kind.Job) bool { return barsSessions(doc, j.Case) })
}

// inlineVerb puts one inline policy, and back what stood under its name.
func (p principal[R, W]) inlineVerb(
	name, policy string, class kind.Class, document func(kind.Job) string, holds func(*string, kind.Job) bool,
) kind.Verb[R, W] {
	return kind.Verb[R, W]{
		Name:   name,
		Class:  class,
		Needs:  []string{"iam:Get" + p.sort + "Policy", "iam:Put" + p.sort + "Policy", "iam:Delete" + p.sort + "Policy"},
		Settle: iamSettle,
		Prior: func(ctx context.Context, api R, r fact.Resource) (json.RawMessage, error) {
			return prior(p.read(ctx, api, r, policy))
		},
		Do: func(ctx context.Context, api W, j kind.Job, prior json.RawMessage) error {
			was, err := read[inlinePrior](prior)
			if err != nil || holds(was.Document, j) {
				return err
			}
			return p.put(ctx, api, j.ID, policy, document(j))
		},
		Done: func(ctx context.Context, api R, j kind.Job) (bool, error) {
			is, err := p.read(ctx, api, j.Resource, policy)
			return err == nil && holds(is.Document, j), err
		},
		Undo: func(ctx context.Context, api W, j kind.Job, prior json.RawMessage) error {
			was, err := read[inlinePrior](prior)
			if err != nil {
				return err
			}
			return p.restore(ctx, api, j.ID, policy, was)
		},
	}
}

// keep puts AWS's description with every inline document.
func (p principal[R, W]) keep(ctx context.Context, api R, r fact.Resource, put func(string, []byte) error) error {
	_, whole, err := p.describe(ctx, api, r.ID)
	if err != nil {
		return orGone(err, p.what(r.ID))
	}
	names, err := p.list(ctx, api, r.ID)
	if err != nil {
		return err
	}
	inline := map[string]*string{}
	for _, n := range names {
		if inline[n], err = p.inline(ctx, api, r.ID, n); err != nil {
			return fmt.Errorf("cannot keep policy %s of %s: %w", n, p.what(r.ID), err)
		}
	}
	attached, err := p.attached(ctx, api, r.ID)
	if err != nil {
		return err
	}
	return putJSON(put, descriptionFile, map[string]any{p.sort: whole, "InlinePolicies": inline, "AttachedPolicies": attached})
}

// awsDenyAll is the ARN of AWS's managed policy in the resource's partition.
func awsDenyAll(r fact.Resource) string { return "arn:" + arnPartition(r.ARN) + awsDenyAllShort }

// arnPartition is "aws", "aws-cn", "aws-us-gov"...
func arnPartition(arn string) string {
	if parts := strings.SplitN(arn, ":", 3); len(parts) == 3 && parts[0] == "arn" && parts[1] != "" {
		return parts[1]
	}
	return "aws"
}

// prior encodes what was read, to be returned as it is.
func prior[T any](was T, err error) (json.RawMessage, error) {
	if err != nil {
		return nil, err
	}
	return json.Marshal(was)
}
