package lineage

import (
	"net/netip"
	"strings"

	"cordon/internal/event"
)

// ByAWS says whether AWS itself made the call: a service event, a service
// principal, or a service that went on with a principal's rights. Such calls
// carry the principal's name and are not his deeds.
//
// The console is no service in this sense: a person clicks there, and the
// record says invokedBy signin.amazonaws.com. Nor is the agent alone a sign:
// the caller chooses it. Only the quarantine that AWS attaches to a leaked key's
// user is known by it, since it is recorded as that user's own call.
func ByAWS(e event.Event) bool {
	if e.Type == "AwsServiceEvent" || e.Principal.Type == "AWSService" {
		return true
	}
	return OnBehalf(e) != "" || isQuarantine(e) && isInternal(e.Agent)
}

// OnBehalf names the service that made the call with the principal's rights,
// such as cloudformation.amazonaws.com; empty when the principal made it.
func OnBehalf(e event.Event) string {
	by := strings.ToLower(e.Principal.InvokedBy)
	isService := strings.HasSuffix(by, ".amazonaws.com") || strings.HasSuffix(by, ".amazonaws.com.cn")
	switch {
	case strings.HasPrefix(by, "signin."):
		return ""
	case isService:
		return e.Principal.InvokedBy
	case by == "aws internal":
		// The console was recorded so too, but with the person's address.
		if _, err := netip.ParseAddr(e.Address); err != nil {
			return e.Principal.InvokedBy
		}
	case by == "" && strings.HasSuffix(e.Address, ".amazonaws.com") && !strings.HasPrefix(e.Address, "signin."):
		return e.Address // no caller chooses his address
	}
	return ""
}

func isInternal(agent string) bool {
	agent = strings.ToLower(agent)
	return strings.HasPrefix(agent, "aws-internal") || agent == "aws internal"
}

// isQuarantine recognises the markers AWS puts on a principal: the managed
// policies since 2020 and the inline policy before them.
func isQuarantine(e event.Event) bool {
	switch e.Name {
	case "AttachUserPolicy", "AttachGroupPolicy", "AttachRolePolicy":
		return strings.Contains(findOne(e, "q:policyArn"), ":iam::aws:policy/AWSCompromisedKeyQuarantine")
	case "PutUserPolicy":
		return findOne(e, "q:policyName") == "AWSExposedCredentialPolicy_DO_NOT_REMOVE"
	}
	return false
}

// isConsole says whether the call was made in a console session.
func isConsole(e event.Event) bool {
	return e.FromConsole || strings.HasPrefix(e.Type, "AwsConsole") || strings.HasPrefix(e.Principal.InvokedBy, "signin.") ||
		strings.HasPrefix(e.Agent, "signin.amazonaws.com") || strings.HasPrefix(e.Agent, "console.") && strings.Contains(e.Agent, ".amazonaws.com")
}
