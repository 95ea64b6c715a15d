package policy

import (
	"encoding/json"
	"fmt"
	"slices"
)

// CloseTrust returns the trust policy without what lets strangers in: every
// foreign and every wildcard AWS principal, and federated "*". Principals of
// the account, services and identity providers stay, and so do the order of
// statements and everything else in them; a statement that nobody is left in
// is dropped. Deny statements are not touched: taking a principal out of one
// would open it. A wildcard that conditions narrow to the account stays.
//
// When no statement is left the result is nobody's trust:
//
//	{"Version":"2012-10-17","Statement":[{"Sid":"CordonTrustsNobody","Effect":"Deny",
//	 "Principal":{"AWS":"<account>"},"Action":"sts:AssumeRole"}]}
//
// AWS wants a trust policy to have at least one statement, and each statement
// an effect, a principal that exists and an sts action; it does not want an
// Allow. The account is written as its twelve digits, which AWS accepts in
// every partition and which always exists. Nothing allows, so nobody may.
func CloseTrust(doc, account string, orgs ...string) (closed string, changed bool, err error) {
	return CloseTrustExcept(doc, account, nil, orgs...)
}

// CloseTrustExcept is CloseTrust that also keeps the named principals: the
// owner's partners. A kept account keeps everybody in it that the document
// names; a kept ARN keeps only that ARN. Wildcards cannot be kept.
func CloseTrustExcept(doc, account string, keep []string, orgs ...string) (closed string, changed bool, err error) {
	return closing{account: account, keep: keep, orgs: orgs}.apply(doc)
}

// CloseTrustTo is CloseTrust that also takes out the named principals, such as
// identity providers that the intruder made: whoever holds one signs its tokens.
func CloseTrustTo(doc, account string, drop []string, orgs ...string) (closed string, changed bool, err error) {
	return closing{account: account, drop: drop, orgs: orgs}.apply(doc)
}

// trustsNobody is the Sid of the statement that a trust policy is left with when
// nobody else is.
const trustsNobody = "CordonTrustsNobody"

// A closing says who stays although he is a stranger, and who goes although he
// is none.
type closing struct {
	account          string
	keep, drop, orgs []string
}

func (c closing) apply(doc string) (closed string, changed bool, err error) {
	if !isAccount(c.account) {
		return "", false, fmt.Errorf("cannot close trust: %q is not an account id", c.account)
	}
	d, err := Parse(doc)
	if err != nil {
		return "", false, fmt.Errorf("cannot close trust: %w", err)
	}
	var left []json.RawMessage
	for _, s := range d.Statements {
		kept, cut := c.statement(s)
		changed = changed || cut
		if kept != nil {
			left = append(left, kept)
		}
	}
	if !changed {
		return doc, false, nil
	}
	return d.with(left, c.account), true, nil
}

func (c closing) goes(t Trust) bool {
	return t.mustGo() && !spared(t, c.keep) || slices.Contains(c.drop, t.Principal)
}

// statement returns one without strangers, or nil when nobody is left in it.
func (c closing) statement(s Statement) (kept json.RawMessage, cut bool) {
	if !s.Allow {
		return write(s.members), false
	}
	var stay []Principal
	for _, t := range s.trusts(c.account, c.orgs) {
		if c.goes(t) {
			cut = true
		}
	}
	if !cut {
		return write(s.members), false
	}
	if s.NotPrincipal {
		return nil, true
	}
	for i, t := range s.trusts(c.account, c.orgs) {
		// AWS refuses a document that names somebody who is gone.
		if !t.Dangling && !c.goes(t) {
			stay = append(stay, s.Principals[i])
		}
	}
	if len(stay) == 0 {
		return nil, true
	}
	out := slices.Clone(s.members)
	written := false
	out = slices.DeleteFunc(out, func(m member) bool {
		again := m.is("Principal") && written
		written = written || m.is("Principal")
		return again
	})
	for i := range out {
		if out[i].is("Principal") {
			out[i].Value = writePrincipals(stay)
		}
	}
	return write(out), true
}

func (t Trust) mustGo() bool {
	switch t.Kind {
	case KindService:
		return false
	case KindFederated:
		return t.Wildcard
	}
	return t.Foreign
}

func spared(t Trust, keep []string) bool {
	if t.Wildcard {
		return false
	}
	home, known := accountOf(t.Principal)
	return slices.ContainsFunc(keep, func(k string) bool {
		whole, isWhole := wholeAccount(k)
		return k == t.Principal || isWhole && known && whole == home
	})
}

// wholeAccount reads the two ways to write a whole account.
func wholeAccount(id string) (account string, ok bool) {
	account, ok = accountOf(id)
	return account, ok && (id == account || len(id) > 5 && id[len(id)-5:] == ":root")
}

// writePrincipals groups by type, in the order the types were found. A lone
// principal is a string, as AWS writes it.
func writePrincipals(list []Principal) json.RawMessage {
	var out []member
	for _, p := range list {
		if p.Type == "" {
			return quote(p.ID)
		}
		if slices.ContainsFunc(out, func(m member) bool { return m.Key == p.Type }) {
			continue
		}
		var ids []string
		for _, q := range list {
			if q.Type == p.Type {
				ids = append(ids, q.ID)
			}
		}
		value := quote(ids)
		if len(ids) == 1 {
			value = quote(ids[0])
		}
		out = append(out, member{p.Type, value})
	}
	return write(out)
}

func (d Document) with(statements []json.RawMessage, account string) string {
	if len(statements) == 0 {
		return string(write([]member{
			{"Version", quote("2012-10-17")},
			{"Statement", quote([]json.RawMessage{write([]member{
				{"Sid", quote(trustsNobody)},
				{"Effect", quote("Deny")},
				{"Principal", write([]member{{typeAWS, quote(account)}})},
				{"Action", quote("sts:AssumeRole")},
			})})},
		}))
	}
	value := quote(statements)
	if d.single && len(statements) == 1 {
		value = statements[0]
	}
	out := slices.Clone(d.members)
	written := false
	out = slices.DeleteFunc(out, func(m member) bool {
		again := m.is("Statement") && written
		written = written || m.is("Statement")
		return again
	})
	for i := range out {
		if out[i].is("Statement") {
			out[i].Value = value
		}
	}
	return string(write(out))
}

// CloseResource takes strangers out of a resource's policy, as CloseTrustTo
// does with a trust. Keep names the owner's partners. When no statement is
// left the result is "": the resource has no policy then.
func CloseResource(doc, account string, keep []string, orgs ...string) (closed string, changed bool, err error) {
	if doc == "" {
		return "", false, nil
	}
	closed, changed, err = closing{account: account, keep: keep, orgs: orgs}.apply(doc)
	if err != nil || !changed {
		return closed, changed, err
	}
	if d, err := Parse(closed); err == nil && len(d.Statements) == 1 && d.Statements[0].Sid == trustsNobody {
		return "", true, nil
	}
	return closed, true, nil
}
