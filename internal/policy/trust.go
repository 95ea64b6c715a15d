package policy

import (
	"slices"
	"strings"
)

// Types of principals as AWS spells them.
const (
	typeAWS       = "AWS"
	typeService   = "Service"
	typeFederated = "Federated"
	typeCanonical = "CanonicalUser"
)

// Kinds of Trust.
const (
	KindAWS       = "aws"
	KindFederated = "federated"
	KindService   = "service"
	KindAny       = "any"       // everybody
	KindCanonical = "canonical" // an account by its S3 canonical id
	KindOther     = "other"     // a type that this version does not know
)

// Trust is one principal that a statement lets in, with what the statement
// asks of it.
type Trust struct {
	Principal string
	Kind      string
	Foreign   bool // outside the account, or not provably inside
	Wildcard  bool // written for everybody, whatever conditions narrow it to
	// Narrowed: conditions let in only the account itself or its organisation.
	Narrowed bool
	// Dangling is the unique id of a principal that was deleted. Nobody can be
	// it any more; AWS refuses to store it again.
	Dangling   bool
	ExternalID string // sts:ExternalId, when asked for
	MFA        bool   // MFA is asked for
	Org        string // aws:PrincipalOrgID, when asked for
	Sub        string // the subject a federated token must carry
	Aud        string
	Sid        string
}

// TrustOf lists whom the document lets in, statement by statement. Orgs are
// the organisations that the account is known to belong to: a wildcard
// narrowed to one of them is not foreign, narrowed to any other it is, for an
// intruder has an organisation too.
func TrustOf(d Document, account string, orgs ...string) (all []Trust) {
	for _, s := range d.Statements {
		if s.Allow {
			all = append(all, s.trusts(account, orgs)...)
		}
	}
	return all
}

func (s Statement) trusts(account string, orgs []string) (all []Trust) {
	asked := Trust{Sid: s.Sid, Narrowed: s.narrowed(account, orgs)}
	for _, c := range s.Conditions {
		key, value := strings.ToLower(c.Key), strings.Join(c.Values, ",")
		switch {
		case c.negative():
		case key == "sts:externalid":
			asked.ExternalID = value
		case key == "aws:principalorgid":
			asked.Org = value
		case key == "aws:multifactorauthpresent":
			// With IfExists a caller without any MFA key passes.
			asked.MFA = strings.EqualFold(value, "true") && !c.optional()
		case key == "aws:multifactorauthage":
			asked.MFA = !c.optional()
		case strings.HasSuffix(key, ":sub"):
			asked.Sub = value
		case strings.HasSuffix(key, ":aud"):
			asked.Aud = value
		}
	}
	list := s.Principals
	if s.NotPrincipal { // an Allow for everybody except some is for everybody
		list = append(slices.Clone(list), Principal{ID: "*"})
	}
	for _, p := range list {
		t := asked
		t.Principal = p.ID
		t.classify(p, account)
		all = append(all, t)
	}
	return all
}

func (t *Trust) classify(p Principal, account string) {
	t.Wildcard = strings.ContainsAny(p.ID, "*?")
	switch p.Type {
	case "", typeAWS:
		t.Kind = KindAWS
		if t.Wildcard {
			if p.ID == "*" {
				t.Kind = KindAny
			}
			t.Foreign = !t.Narrowed
			return
		}
		home, ok := accountOf(p.ID)
		t.Dangling = !ok && isUniqueID(p.ID)
		t.Foreign = !t.Dangling && (!ok || home != account)
	case typeService:
		t.Kind = KindService
	case typeFederated:
		t.Kind, t.Foreign = KindFederated, t.Wildcard
	case typeCanonical:
		t.Kind, t.Foreign = KindCanonical, true
	default:
		t.Kind, t.Foreign = KindOther, true
	}
}

// Foreign lists the principals outside the account that the document lets in,
// sorted, each once. Of federated principals only a wildcard is among them.
func Foreign(d Document, account string, orgs ...string) (ids []string) {
	for _, t := range TrustOf(d, account, orgs...) {
		if t.Foreign {
			ids = append(ids, t.Principal)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// Federated lists the identity providers that the document lets in.
func Federated(d Document) (ids []string) {
	for _, t := range TrustOf(d, "") {
		if t.Kind == KindFederated {
			ids = append(ids, t.Principal)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// Public says whether the document lets everybody in: a wildcard that no
// condition narrows to accounts, organisations, networks or sources that are
// spelt out. An external id does not count: it is a word, not a place.
func Public(d Document, account string, orgs ...string) bool {
	for _, s := range d.Statements {
		if !s.Allow || slices.ContainsFunc(s.Conditions, Condition.fences) {
			continue
		}
		for _, t := range s.trusts(account, orgs) {
			if t.Wildcard && t.Foreign {
				return true
			}
		}
	}
	return false
}

// narrowed says whether the conditions let in nobody but the account itself
// or one of its organisations.
func (s Statement) narrowed(account string, orgs []string) bool {
	return slices.ContainsFunc(s.Conditions, func(c Condition) bool {
		return c.binds() && !slices.ContainsFunc(c.Values, func(v string) bool { return !c.inside(v, account, orgs) })
	})
}

// inside says whether the condition's value is the account or its organisation.
func (c Condition) inside(value, account string, orgs []string) bool {
	switch strings.ToLower(c.Key) {
	case "aws:principalaccount", "aws:sourceaccount", "aws:sourceowner", "kms:calleraccount":
		return value == account && account != ""
	case "aws:sourcearn", "aws:principalarn":
		home, ok := accountOf(value)
		return ok && home == account
	case "aws:principalorgid", "aws:sourceorgid", "aws:principalorgpaths", "aws:sourceorgpaths":
		org, _, _ := strings.Cut(value, "/")
		return slices.Contains(orgs, org)
	}
	return false
}

// fences says whether the condition keeps the general public out.
func (c Condition) fences() bool {
	if !c.binds() {
		return false
	}
	switch strings.ToLower(c.Key) {
	case "aws:principalaccount", "aws:sourceaccount", "aws:sourceowner", "kms:calleraccount", "aws:sourcevpc", "aws:sourcevpce",
		"aws:principalorgid", "aws:sourceorgid":
		return !slices.ContainsFunc(c.Values, func(v string) bool { return strings.ContainsAny(v, "*?") })
	case "aws:principalorgpaths", "aws:sourceorgpaths":
		return !slices.ContainsFunc(c.Values, func(v string) bool {
			org, _, _ := strings.Cut(v, "/")
			return strings.ContainsAny(org, "*?")
		})
	case "aws:sourcearn", "aws:principalarn":
		return !slices.ContainsFunc(c.Values, func(v string) bool { _, ok := accountOf(v); return !ok })
	case "aws:sourceip":
		return !slices.ContainsFunc(c.Values, everywhere)
	}
	return false
}

// everywhere says whether a range is so wide (below /8, below /32 for IPv6)
// that AWS itself calls it public.
func everywhere(cidr string) bool {
	addr, bits, ranged := strings.Cut(cidr, "/")
	if !ranged {
		return false
	}
	n, limit := 0, 8
	for _, c := range bits {
		if c < '0' || c > '9' || n > 128 {
			return true
		}
		n = n*10 + int(c-'0')
	}
	if strings.Contains(addr, ":") {
		limit = 32
	}
	return bits == "" || n < limit
}

// binds says whether the operator demands one of the values: positive, and
// not satisfied by a request that lacks the key.
func (c Condition) binds() bool {
	op := strings.ToLower(c.Operator)
	switch strings.TrimPrefix(op, "foranyvalue:") {
	case "stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike", "ipaddress":
		return len(c.Values) > 0
	}
	return false
}

func (c Condition) negative() bool { return strings.Contains(strings.ToLower(c.Operator), "not") }
func (c Condition) optional() bool {
	op := strings.ToLower(c.Operator)
	return strings.HasSuffix(op, "ifexists") || strings.HasPrefix(op, "forallvalues:")
}

// accountOf finds the account in an account id or an ARN.
func accountOf(id string) (account string, ok bool) {
	if isAccount(id) {
		return id, true
	}
	f := strings.SplitN(id, ":", 6)
	if len(f) == 6 && f[0] == "arn" && isAccount(f[4]) {
		return f[4], true
	}
	return "", false
}

func isAccount(s string) bool {
	return len(s) == 12 && strings.Trim(s, "0123456789") == ""
}

// isUniqueID recognises what IAM puts in place of a principal that is gone.
func isUniqueID(s string) bool {
	for _, prefix := range []string{"AIDA", "AROA", "AGPA", "AIPA"} {
		if strings.HasPrefix(s, prefix) && len(s) >= 16 && len(s) <= 128 && !strings.ContainsAny(s, ":/") {
			return true
		}
	}
	return false
}
