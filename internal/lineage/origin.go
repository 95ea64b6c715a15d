package lineage

import (
	"net/netip"
	"regexp"
	"strconv"
	"strings"

	"cordon/internal/event"
	"cordon/internal/fact"
)

// An Agent is what can be compared of a user agent. It is the caller's own
// word: an intruder may copy the owner's, so that a known agent alone speaks
// for nobody.
type Agent struct {
	Family  string // "aws-cli", "boto3", "console", "terraform" …: in lower case
	Version string // the first two numbers
	System  string // "linux", "macos", "windows"; empty: not said
}

// families are recognised wherever they stand in an agent, first match first:
// tools built on an SDK name it too.
var families = []string{
	"terraform", "pulumi", "cyberduck", "cloudberry", "rclone", "aws-cli/", "boto3", "botocore",
	"aws-sdk-go-v2", "aws-sdk-go", "aws-sdk-java", "aws-sdk-js", "aws-sdk-nodejs", "aws-sdk-php", "aws-sdk-ruby", "aws-sdk-rust", "aws-sdk-dotnet", "aws-sdk-cpp",
}

// browsers are how the console's calls look: the person's browser, or the page.
var browsers = []string{"mozilla", "console.", "signin.", "s3console", "ec2consolefrontend", "aws-console", "awsconsole"}

var systems = []struct{ word, system string }{
	{"darwin", "macos"}, {"macos", "macos"}, {"mac os x", "macos"}, {"windows", "windows"}, {"linux", "linux"}, {"android", "linux"},
}

// AgentOf reads a user agent.
func AgentOf(agent string) (a Agent) {
	s := strings.ToLower(strings.Trim(agent, "[] "))
	for _, x := range systems {
		if strings.Contains(s, x.word) {
			a.System = x.system
			break
		}
	}
	for _, b := range browsers {
		if strings.HasPrefix(s, b) {
			return Agent{Family: "console", System: a.System}
		}
	}
	for _, f := range families {
		if at := strings.Index(s, f); at >= 0 {
			a.Family = strings.TrimSuffix(f, "/")
			_, rest, _ := strings.Cut(s[at:], "/")
			a.Version = twoNumbers(rest)
			return a
		}
	}
	first, rest, _ := strings.Cut(s, "/")
	if f := strings.Fields(first); len(f) > 0 {
		first = f[0]
	}
	a.Family, a.Version = first, twoNumbers(rest)
	return a
}

// tool is the agent without its version, which changes with every update.
func (a Agent) tool() string { return a.Family + " " + a.System }

func twoNumbers(s string) string {
	end := strings.IndexFunc(s, func(r rune) bool { return r != '.' && (r < '0' || r > '9') })
	if end >= 0 {
		s = s[:end]
	}
	f := strings.SplitN(s, ".", 3)
	return strings.Join(f[:min(2, len(f))], ".")
}

// addressOf writes an address so that one place has one spelling: no leading
// zeros, and of IPv6 the subscriber's /64 only.
func addressOf(address string) string {
	if strings.Count(address, ".") == 3 {
		f := strings.Split(address, ".")
		for i, part := range f {
			if n, err := strconv.ParseUint(part, 10, 8); err == nil {
				f[i] = strconv.FormatUint(n, 10)
			}
		}
		address = strings.Join(f, ".")
	}
	ip, err := netip.ParseAddr(address)
	if err != nil || !ip.Is6() || ip.Is4In6() {
		return address
	}
	p, err := ip.WithZone("").Prefix(64)
	if err != nil {
		return address
	}
	return p.String()
}

// AddressOf is from where a call came, as one place is told from another.
func AddressOf(e event.Event) string { return addressOf(e.Address) }

// An origin is from where and with what a call was made.
type origin struct{ address, tool string }

func originOf(e event.Event) origin { return origin{addressOf(e.Address), AgentOf(e.Agent).tool()} }

var instanceID = regexp.MustCompile(`^i-[0-9a-f]{8,17}$`)

func isPublic(address string) bool {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		p, err := netip.ParsePrefix(address)
		if err != nil {
			return false // a service, or a VPC endpoint
		}
		ip = p.Addr()
	}
	return !ip.IsPrivate() && !ip.IsLoopback() && !ip.IsLinkLocalUnicast()
}

// sessionName is the name of a role session: an instance's id, an e-mail
// address, or whatever the caller chose.
func sessionName(p event.Principal) string {
	if p.Type != "AssumedRole" {
		return ""
	}
	if _, name, ok := strings.Cut(p.ID, ":"); ok {
		return name
	}
	if strings.Contains(p.ARN, ":assumed-role/") {
		return lastPart(p.ARN)
	}
	return ""
}

// subjectOf names whose habits a call is compared with: a long-lived key's
// own, else the user's, else the role's. A role session whose name stays the
// same from session to session (an instance's, a person's of a directory) has
// habits of its own.
func subjectOf(e event.Event) string {
	if e.Credential != "" && !isTemporary(e.Credential) {
		return e.Credential
	}
	who := personOf(e)
	if who.ID == "" {
		return "arn:" + e.Principal.Type + ":" + e.Principal.ARN + ":" + e.Principal.ID
	}
	name := sessionName(e.Principal)
	if instanceID.MatchString(name) || strings.Contains(name, "@") || strings.HasPrefix(who.ID, "AWSReservedSSO_") {
		return who.String() + "/" + name
	}
	return who.String()
}

// Taker names whose habits the sessions of a role show, as subjectOf; "" where they
// are no role's, or an instance's own, which nobody takes.
func Taker(p event.Principal) string {
	if roleName(p) == "" || instanceID.MatchString(sessionName(p)) {
		return ""
	}
	return subjectOf(event.Event{Principal: p})
}

// personOf is the user, role or root that the subject belongs to.
func personOf(e event.Event) fact.Ref { return speaker(e) }
