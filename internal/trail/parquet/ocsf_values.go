package parquet

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

type observable struct {
	name, kind string
	id         int64
	value      string
}

// observables are the address and the user's name.
func observables(r *record) []observable {
	var out []observable
	if isAddress(r.Address) {
		out = append(out, observable{"src_endpoint.ip", "IP Address", 2, r.Address})
	}
	if r.Principal.User != "" {
		out = append(out, observable{"actor.user.name", "User Name", 4, r.Principal.User})
	}
	return out
}

// isAddress tells addresses from names of services. Addresses with leading
// zeros, which some records have, are addresses.
func isAddress(s string) bool {
	if s == "" || !strings.ContainsAny(s, ".:") || strings.Trim(s, "0123456789abcdefABCDEF.:") != "" {
		return false
	}
	return strings.Contains(s, ":") || s[0] >= '0' && s[0] <= '9'
}

// unmapped is what OCSF has no field for, under CloudTrail's names.
func unmapped(r *record) []pair {
	if r.resolved {
		return r.unmapped
	}
	r.resolved = true
	add := func(key, value string) {
		if value != "" {
			r.unmapped = append(r.unmapped, pair{key, value})
		}
	}
	add("recipientAccountId", r.Account)
	add("managementEvent", r.management)
	if r.ReadOnlyKnown {
		add("readOnly", ternary(r.ReadOnly, "true", "false"))
	}
	if r.FromConsole {
		add("sessionCredentialFromConsole", "true")
	}
	add("userIdentity.sessionContext.sourceIdentity", r.Principal.SourceIdentity)
	const issuer = "userIdentity.sessionContext.sessionIssuer."
	add(issuer+"accountId", r.Principal.Issuer.Account)
	add(issuer+"principalId", r.Principal.Issuer.ID)
	add(issuer+"type", r.Principal.Issuer.Type)
	add(issuer+"userName", r.Principal.Issuer.Name)
	for _, p := range flat(r.Additional) {
		if signIn(r) && (p.key == "LoginTo" || p.key == "MFAUsed") {
			continue // dst_endpoint, is_mfa
		}
		add("additionalEventData."+p.key, p.value)
	}
	return r.unmapped
}

// flat are the scalars of an object's members, and what is nested as JSON.
func flat(raw json.RawMessage) []pair {
	var members map[string]json.RawMessage
	if len(raw) == 0 || json.Unmarshal(raw, &members) != nil {
		return nil
	}
	var out []pair
	for key, value := range members {
		s := scalar(value)
		if v := bytes.TrimSpace(value); s == "" && len(v) > 0 && (v[0] == '{' || v[0] == '[') {
			s = string(v)
		}
		out = append(out, pair{key, s})
	}
	slices.SortFunc(out, func(a, b pair) int { return strings.Compare(a.key, b.key) })
	return out
}

func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

func ternary(yes bool, a, b string) string {
	if yes {
		return a
	}
	return b
}
