package detect

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
	"time"

	"cordon/internal/event"
	"cordon/internal/finding"
)

// sessions are ways to come in and to move on: signing in, minting and
// borrowing temporary credentials.
var sessions = []Detection{
	{
		ID: "signin.without-mfa", Severity: finding.Low, Confidence: finding.Ask, Attack: []string{"T1078.004"}, Args: []string{"who"},
		On: on("signin:ConsoleLogin"),
		Match: func(l *look) bool {
			_, who := l.self()
			return l.names("who", who) && l.Principal.Type == "IAMUser" && !l.Failed() && slices.Contains(l.add("MFAUsed"), "No")
		},
	},
	{
		// The second factor is asked for when the password was right.
		ID: "signin.mfa-failed", Severity: finding.High, Attack: []string{"T1110", "T1621"}, Args: []string{"who"},
		On: on("signin:ConsoleLogin"),
		Match: func(l *look) bool {
			_, who := l.self()
			return l.names("who", who) && l.Failed() && slices.Contains(l.add("MFAUsed"), "Yes")
		},
	},
	{
		ID: "signin.guessing", Severity: finding.Medium, Attack: []string{"T1110"}, Args: []string{"count"},
		On:    on("signin:ConsoleLogin"),
		Match: func(l *look) bool { return l.Failed() },
		Burst: &burst{Within: 15 * time.Minute, Count: 5, Console: 5, Of: byEvent},
	},
	{
		// The portal of Identity Center makes such tokens, too, with AWS's own client.
		ID: "signin.link-made", Severity: finding.High, Attack: []string{"T1550.001", "T1078.004"}, Args: []string{"agent"},
		On: on("signin:GetSigninToken"),
		Match: func(l *look) bool {
			return l.names("agent", l.Agent) && !strings.HasPrefix(l.Agent, "Jersey/") && !strings.HasPrefix(l.Agent, "Mozilla/")
		},
	},
	{
		ID: "sts.federation-token", Severity: finding.Medium, Attack: []string{"T1550.001", "T1098.001"}, Args: []string{"name"}, Habit: "call",
		On: on("sts:GetFederationToken"),
		Match: func(l *look) bool {
			if l.grantsAll(l.raw("policy")) || len(l.req("policyArns[].arn")) > 0 {
				l.severity(finding.High)
			}
			return l.names("name", l.one("name"))
		},
	},
	{
		// With a second factor it is how people work; without, a key gets nothing
		// that it did not have but a credential that outlives it.
		ID: "sts.session-token", Severity: finding.Low, Attack: []string{"T1550.001"}, Habit: "call",
		On: on("sts:GetSessionToken"), Match: func(l *look) bool { return longTerm(l.Credential) && l.one("serialNumber") == "" },
	},
	{
		ID: "sts.role-juggling", Severity: finding.Medium, Attack: []string{"T1550.001"}, Args: []string{"role"}, Habit: "call",
		On: on("sts:AssumeRole"),
		Match: func(l *look) bool {
			from, to := l.Principal.Issuer.ARN, l.one("roleArn")
			if from == "" || to == "" || l.Failed() {
				return false
			}
			_, back := l.seen.assumed.get(to + "→" + from)
			return l.names("role", to) && (back || from == to)
		},
	},
	{
		ID: "sts.roles-tried", Severity: finding.High, Attack: []string{"T1550.001", "T1087.004"}, Args: []string{"count"},
		On:    on("sts:AssumeRole"),
		Match: func(l *look) bool { return l.Failed() },
		Burst: &burst{Within: 10 * time.Minute, Count: 5, Of: func(l *look) []string { return []string{roleNamed(l)} }},
	},
	{
		ID: "sts.instance-key-away", Severity: finding.Medium, Confidence: finding.Ask, Attack: []string{"T1552.005", "T1078.004"}, Args: []string{"instance", "address"},
		Match: instanceKeyAway,
	},
}

// roleNamed is the role that was asked for. Of a refused call the request may
// be missing, but not from the message.
func roleNamed(l *look) string {
	if role := l.one("roleArn"); role != "" {
		return role
	}
	_, role, _ := strings.Cut(l.Error.Message, "on resource: ")
	return role
}

// instanceKeyAway sees credentials of an instance's role used elsewhere. A
// public address alone says little, since the instance may have one; two of
// them with one credential, or an agent that runs on no instance, say much. Two
// with different credentials do not: one that was stopped for the night has
// another address in the morning.
func instanceKeyAway(l *look) bool {
	arn := l.Principal.ARN
	instance := instanceOf(arn)
	if instance == "" {
		return false
	}
	all, _ := l.seen.origins.get(arn)
	with := cmp.Or(l.Credential, arn)
	used, _ := l.seen.sessions.get(with)
	if slices.Contains(used, l.Address) || len(used) > 20 {
		return false // an instance makes thousands of calls from one address
	}
	addr, err := netip.ParseAddr(strings.TrimSpace(l.Address))
	if err != nil || !public(addr) || onInstance(l) {
		return false
	}
	l.seen.sessions.put(with, append(used, l.Address))
	if slices.Contains(all, l.Address) {
		return false
	}
	if len(all) <= 20 {
		l.seen.origins.put(arn, append(all, l.Address))
	}
	l.arg("instance", instance)
	l.arg("address", l.Address)
	first, sure := l.novel("address")
	switch {
	case sure && !first:
		return false
	case len(used) > 0, offInstance(l.Agent):
		l.severity(finding.Critical)
		l.confidence(finding.Sure)
	case sure && len(all) == 0:
		l.severity(finding.High)
		l.confidence(finding.Probable)
	case l.Agent == "", len(all) > 20:
		return false
	}
	return true
}

// onInstance recognises the agents that AWS runs on instances.
func onInstance(l *look) bool {
	return agentCall(&l.Event) || strings.Contains(l.Agent, "amazon-ssm-agent")
}

// agentCall recognises the calls that only those agents make.
func agentCall(e *event.Event) bool {
	switch e.Service() {
	case "ssmmessages", "ec2messages":
		return true
	case "ssm":
		return e.Name == "UpdateInstanceInformation"
	}
	return false
}

// offInstance recognises systems that no EC2 instance of a server runs.
func offInstance(agent string) bool {
	agent = strings.ToLower(agent)
	for _, sign := range []string{"darwin", "macos", "os/windows#10", "windows/10", "windows/11", "kali", "parrot", "android", "mozilla/", "s3 browser", "cyberduck"} {
		if strings.Contains(agent, sign) {
			return true
		}
	}
	return false
}

// public says whether an address is reached over the internet.
func public(a netip.Addr) bool {
	a = a.Unmap()
	shared := netip.MustParsePrefix("100.64.0.0/10")
	return a.IsGlobalUnicast() && !a.IsPrivate() && !shared.Contains(a)
}
