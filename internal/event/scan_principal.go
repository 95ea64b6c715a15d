package event

import (
	"fmt"
	"io"
	"strings"
)

// ReadPrincipal reads userIdentity as Parse does, and the credential that was
// used: an access key id, or the id of a bearer credential. It cannot see
// additionalEventData, where sign-in events say MFAUsed: Principal.MFA is only
// what userIdentity says. Nil and null are nobody.
//
// The strings share one copy of raw.
func ReadPrincipal(raw []byte) (Principal, string, error) {
	i := space(raw, 0)
	if len(raw[i:]) == 0 || raw[i] == 'n' {
		return Principal{}, "", nil
	}
	r := identityReader{b: raw, s: string(raw)}
	if _, err := r.object(i, inIdentity); err != nil {
		return Principal{}, "", fmt.Errorf("cannot read userIdentity: %w", err)
	}
	r.p.MFA = strings.EqualFold(r.mfa, "true")
	if r.created != "" {
		var err error
		if r.p.SessionCreated, err = readTime(r.created); err != nil {
			return Principal{}, "", fmt.Errorf("cannot read userIdentity: sessionContext.attributes.creationDate: %w", err)
		}
	}
	for _, id := range []string{r.key, r.credential, r.sessionCredential} {
		if id != "" {
			return r.p, id, nil
		}
	}
	return r.p, "", nil
}

// An identityReader reads userIdentity.
type identityReader struct {
	b       []byte
	s       string // the same
	p       Principal
	scratch []byte

	key, credential, sessionCredential, created, mfa string
}

// A level is which object of userIdentity is being read.
type level int

const (
	inIdentity level = iota
	inSession
	inAttributes
	inIssuer
	inOther
)

// inner is the level of an object that is a member of this one.
func (l level) inner(key []byte) level {
	switch {
	case l == inIdentity && string(key) == "sessionContext":
		return inSession
	case l == inSession && string(key) == "attributes":
		return inAttributes
	case l == inSession && string(key) == "sessionIssuer":
		return inIssuer
	}
	return inOther
}

// field is where a scalar member of the level goes; nil: nowhere.
func (r *identityReader) field(l level, key []byte) *string {
	switch l {
	case inIdentity:
		return r.identityField(key)
	case inSession:
		switch string(key) {
		case "credentialId":
			return &r.sessionCredential
		case "sourceIdentity":
			return &r.p.SourceIdentity
		}
	case inAttributes:
		switch string(key) {
		case "creationDate":
			return &r.created
		case "mfaAuthenticated":
			return &r.mfa
		}
	case inIssuer:
		switch string(key) {
		case "type":
			return &r.p.Issuer.Type
		case "arn":
			return &r.p.Issuer.ARN
		case "principalId":
			return &r.p.Issuer.ID
		case "accountId":
			return &r.p.Issuer.Account
		case "userName":
			return &r.p.Issuer.Name
		}
	}
	return nil
}

func (r *identityReader) identityField(key []byte) *string {
	switch string(key) {
	case "type":
		return &r.p.Type
	case "arn":
		return &r.p.ARN
	case "principalId":
		return &r.p.ID
	case "accountId":
		return &r.p.Account
	case "accessKeyId":
		return &r.key
	case "userName":
		return &r.p.User
	case "invokedBy":
		return &r.p.InvokedBy
	case "identityProvider":
		return &r.p.Provider
	case "credentialId":
		return &r.credential
	}
	return nil
}

// forget is what null in place of the object does to one before it.
func (r *identityReader) forget(l level) {
	if l == inSession {
		r.p.SourceIdentity, r.sessionCredential = "", ""
	}
	if l == inSession || l == inAttributes {
		r.created, r.mfa = "", ""
	}
	if l == inSession || l == inIssuer {
		r.p.Issuer = Issuer{}
	}
}

// object reads the object at b[i], or null.
func (r *identityReader) object(i int, l level) (int, error) {
	b := r.b
	if b[i] == 'n' {
		r.forget(l)
		return literal(b, i)
	}
	if b[i] != '{' {
		return i, errSyntax
	}
	if i = space(b, i+1); i < len(b) && b[i] == '}' {
		return i + 1, nil
	}
	for i < len(b) {
		if b[i] != '"' {
			return i, errSyntax
		}
		key, at, err := text(b, i, &r.scratch)
		if err != nil {
			return at, err
		}
		if i, err = colon(b, at); err != nil {
			return i, err
		}
		if to := r.field(l, key); to != nil {
			i, err = r.scalar(to, i)
		} else if inner := l.inner(key); inner != inOther {
			i, err = r.object(i, inner)
		} else {
			i, err = skip(b, i)
		}
		if err != nil {
			return i, err
		}
		if i = space(b, i); i == len(b) {
			break
		}
		if b[i] == '}' {
			return i + 1, nil
		}
		if b[i] != ',' {
			return i, errSyntax
		}
		i = space(b, i+1)
	}
	return i, io.ErrUnexpectedEOF
}

// scalar reads the value at b[i] as type scalar does.
func (r *identityReader) scalar(to *string, i int) (int, error) {
	switch r.b[i] {
	case '"':
		s, end, err := text(r.b, i, &r.scratch)
		if len(s) > 0 && &s[0] == &r.b[i+1] {
			*to = r.s[i+1 : i+1+len(s)]
		} else {
			*to = string(s)
		}
		return end, err
	case '{', '[':
		*to = ""
		return skip(r.b, i)
	}
	end, err := literal(r.b, i)
	if err != nil || r.b[i] == 'n' {
		*to = ""
		return end, err
	}
	*to = r.s[i:end]
	return end, nil
}
