package detect

import (
	"strings"
	"time"

	"cordon/internal/event"
	"cordon/internal/finding"
	"cordon/internal/policy"
)

// A Detection is one behaviour. Its words live in the catalogues under
// "detection.<ID>.title", ".saw", ".why", ".innocent" and ".next"; the code has
// none. Its samples are in testdata.
type Detection struct {
	ID         string
	Severity   finding.Severity // of the deed done; one that failed is one step lower
	Confidence finding.Confidence
	Attack     []string // ATT&CK techniques, v19
	Args       []string // what its sentence may name; every hit has them all

	// On are the calls that it looks at, "iam:CreateUser". None: every event
	// that Run is given, of which the columns must be enough.
	On []string
	// Columns: it needs neither request nor response.
	Columns bool
	// Habit makes it quiet for whoever does this all the time: "call",
	// "service" or "region". A principal that is known to have done so before is
	// no hit; one that is known to do so for the first time is one step worse.
	Habit string
	// Script leaves out what people do in the console.
	Script bool
	// Match says whether the event is one, and may give arguments and change
	// severity and confidence; nil: the call itself is.
	Match func(*look) bool
	// Burst makes it a detection of many events; Match says which count.
	Burst *burst
}

// on writes out calls: "iam:CreateUser DeleteUser" is two of them.
func on(groups ...string) (calls []string) {
	for _, group := range groups {
		service, names, _ := strings.Cut(group, ":")
		for name := range strings.FieldsSeq(names) {
			calls = append(calls, service+":"+name)
		}
	}
	return calls
}

// A look is one event as a Match sees it, and the hit that comes of it.
type look struct {
	event.Event
	Call      string // "iam:CreateUser"
	principal string
	past      History
	seen      *memory
	console   bool // a person clicked
	hit       Hit
	judged    map[string]policy.Power

	request, response, additional *body
}

// req, resp and add dig in the three bodies with event.Path's notation.
func (l *look) req(path string) []string  { return dig(&l.request, l.Request, path) }
func (l *look) resp(path string) []string { return dig(&l.response, l.Response, path) }
func (l *look) add(path string) []string  { return dig(&l.additional, l.Additional, path) }

// one is the first value of any of the paths in the request, or empty.
func (l *look) one(paths ...string) string {
	for _, path := range paths {
		for _, v := range l.req(path) {
			if v != "" {
				return v
			}
		}
	}
	return ""
}

// raw is the first member of the request with one of these names, as the
// document that it is: a string as it stands, an object as JSON.
func (l *look) raw(paths ...string) string {
	for _, path := range paths {
		if s := document(&l.request, l.Request, path); s != "" {
			return s
		}
	}
	return ""
}

// arg gives the sentence an argument. What comes from a record is cut: a
// finding is no place for a policy.
func (l *look) arg(name, value string) {
	const longest = 200
	if len(value) > longest {
		value = strings.ToValidUTF8(value[:longest], "") + "…"
	}
	if value == "" { // the record does not say
		value = "–"
	}
	if l.hit.Args == nil {
		l.hit.Args = map[string]string{}
	}
	l.hit.Args[name] = value
}

// names is arg for a match that is always one: it reads like a sentence in a
// table.
func (l *look) names(name, value string) bool { l.arg(name, value); return true }

func (l *look) severity(s finding.Severity)     { l.hit.Severity = s }
func (l *look) confidence(c finding.Confidence) { l.hit.Confidence = c }

func (l *look) raise() { l.hit.Severity = min(l.hit.Severity+1, finding.Critical) }

// account is the owner's.
func (l *look) account() string {
	if l.Account != "" {
		return l.Account
	}
	return l.Principal.Account
}

// settled is after how long a thing done for the first time is a habit.
const settled = 24 * time.Hour

// new says whether the principal did this (History's what and value) for the
// first time within the last day; known is false where nobody can tell.
func (l *look) new(what, value string) (first, known bool) {
	if l.past == nil || l.principal == "" {
		return false, false
	}
	at, known := l.past.First(l.principal, what, value)
	if !known {
		return false, false
	}
	return at.IsZero() || l.Time.Sub(at) < settled, true
}

// novel looks up one of Habit's words.
func (l *look) novel(what string) (first, known bool) {
	switch what {
	case "call":
		return l.new(what, l.Call)
	case "service":
		return l.new(what, l.Service())
	case "region":
		return l.new(what, l.Region)
	case "address":
		return l.new(what, l.Address)
	case "agent":
		return l.new(what, l.Agent)
	}
	return false, false
}

// console says whether a person clicked. The agent alone proves nothing, since
// the caller chooses it: the console never holds a long-term key.
func console(e *event.Event) bool {
	if e.FromConsole || strings.HasPrefix(e.Type, "AwsConsole") || strings.HasPrefix(e.Principal.InvokedBy, "signin.") {
		return true
	}
	if longTerm(e.Credential) {
		return false
	}
	agent := strings.TrimPrefix(strings.ToLower(e.Agent), "[")
	for _, sign := range []string{"mozilla", "aws internal", "aws-internal/", "signin.amazonaws.com", "console.", "s3console", "aws console", "ec2consolefrontend", "awscloudtrail"} {
		if strings.HasPrefix(agent, sign) {
			return true
		}
	}
	return false
}

// longTerm says whether the credential is a user's access key.
func longTerm(key string) bool { return strings.HasPrefix(key, "AKIA") }

// dryRun says whether the caller asked what he may do.
func dryRun(e *event.Event) bool { return strings.Contains(e.Error.Code, "DryRunOperation") }

// refused says whether the call was not allowed. Services spell it differently.
func refused(code string) bool {
	for _, sign := range []string{"AccessDenied", "UnauthorizedOperation", "Unauthorized", "NotAuthorized", "AuthorizationError", "Forbidden"} {
		if strings.Contains(code, sign) {
			return true
		}
	}
	return false
}
