package detect

import (
	"slices"
	"strings"
	"time"

	"cordon/internal/event"
	"cordon/internal/policy"
)

// A memory is what earlier events of the same run say about later ones. It is
// bounded: what is oldest is forgotten first, which can only cost a step of
// severity or a hit that leans on it.
type memory struct {
	now      time.Time
	atNow    map[string]bool     // ids seen at this very time
	made     *aged[maker]        // "user/eve" → who made it
	assumed  *aged[string]       // role session's role ← role that assumed it
	origins  *aged[[]string]     // instance's session ARN → public addresses
	sessions *aged[[]string]     // instance's credential → public addresses
	sprees   *aged[[]deed]       // detection and principal → what it was done to
	admins   *aged[policy.Power] // own policies that were written to give everything
}

// A deed is one thing that something was done to.
type deed struct {
	at   time.Time
	what string
}

// A maker is who made something, and when.
type maker struct {
	principal string
	at        time.Time
}

func newMemory() *memory {
	return &memory{atNow: map[string]bool{}, made: newAged[maker](), assumed: newAged[string](), origins: newAged[[]string](), sessions: newAged[[]string](), sprees: newAged[[]deed](), admins: newAged[policy.Power]()}
}

// twice says whether the event was given before: records are delivered at
// least once, and a caller may merge overlapping questions. Twins have one time.
func (m *memory) twice(e event.Event) bool {
	if !e.Time.Equal(m.now) {
		m.now = e.Time
		clear(m.atNow)
	}
	if e.ID == "" {
		return false
	}
	seen := m.atNow[e.ID]
	if len(m.atNow) < keptMemories {
		m.atNow[e.ID] = true
	}
	return seen
}

// keep learns from an event after the detections have seen it.
func (m *memory) keep(l *look) {
	if l.Failed() {
		return
	}
	switch l.Call {
	case "iam:CreateUser":
		m.created(l, "user/"+l.one("userName"))
	case "iam:CreateRole":
		m.created(l, "role/"+l.one("roleName"))
	case "iam:CreateGroup":
		m.created(l, "group/"+l.one("groupName"))
	case "iam:CreatePolicy":
		m.created(l, "policy/"+l.one("policyName"))
		m.wrote(l, l.one("policyName"))
	case "iam:CreatePolicyVersion":
		m.wrote(l, lastPart(l.one("policyArn")))
	case "iam:CreateAccessKey":
		for _, id := range l.resp("accessKey.accessKeyId") {
			m.created(l, "key/"+id)
		}
	case "iam:CreateLoginProfile":
		m.created(l, "password/"+l.one("userName"))
	case "sts:AssumeRole":
		if from := l.Principal.Issuer.ARN; from != "" {
			m.assumed.put(from+"→"+l.one("roleArn"), from)
		}
	}
}

func (m *memory) created(l *look, what string) {
	m.made.put(l.account()+"/"+what, maker{l.principal, l.Time})
}

// wrote remembers a policy that gives everything: who attaches it later names
// it by its ARN alone.
func (m *memory) wrote(l *look, name string) {
	if power := l.judge(l.raw("policyDocument"), ""); power.Level != policy.Limited {
		m.admins.put(l.account()+"/"+name, power)
	}
}

// justMade says who made a user, role, group, key or policy within the last
// day before the event.
func (l *look) justMade(kind, name string) (by string, yes bool) {
	if name == "" {
		return "", false
	}
	made, ok := l.seen.made.get(l.account() + "/" + kind + "/" + name)
	if !ok || l.Time.Sub(made.at) > settled {
		return "", false
	}
	return made.principal, true
}

// spree counts to how many different things the principal did this, this one
// included, within a quarter of an hour. It counts to twenty.
func (l *look) spree(what string) int {
	const within, enough = 15 * time.Minute, 20
	key := l.hit.Detection + "\x00" + l.principal
	deeds, _ := l.seen.sprees.get(key)
	deeds = slices.DeleteFunc(deeds, func(d deed) bool { return l.Time.Sub(d.at) > within || d.what == what })
	if len(deeds) >= enough {
		deeds = deeds[1:]
	}
	deeds = append(deeds, deed{l.Time, what})
	l.seen.sprees.put(key, deeds)
	return len(deeds)
}

// An aged map forgets the older half of its keys when it is full.
type aged[T any] struct {
	values map[string]T
	order  []string
}

const keptMemories = 50000

func newAged[T any]() *aged[T] { return &aged[T]{values: map[string]T{}} }

func (a *aged[T]) get(key string) (T, bool) { v, ok := a.values[key]; return v, ok }

func (a *aged[T]) put(key string, v T) {
	if _, ok := a.values[key]; !ok {
		if len(a.order) >= keptMemories {
			for _, old := range a.order[:keptMemories/2] {
				delete(a.values, old)
			}
			a.order = slices.Delete(a.order, 0, keptMemories/2)
		}
		a.order = append(a.order, key)
	}
	a.values[key] = v
}

// self is the user or role that calls: "user/eve", "role/deploy" with the name
// alone; empty for root and services.
func (l *look) self() (kind, name string) {
	p := l.Principal
	switch {
	case p.Type == "IAMUser":
		if p.User != "" {
			return "user", p.User
		}
		return "user", lastPart(p.ARN)
	case p.Issuer.Type == "Role":
		if p.Issuer.Name != "" {
			return "role", p.Issuer.Name
		}
		return "role", lastPart(p.Issuer.ARN)
	case p.Type == "FederatedUser" && p.Issuer.Name != "":
		return "user", p.Issuer.Name
	case p.Type == "AssumedRole":
		if f := strings.Split(p.ARN, "/"); len(f) >= 2 {
			return "role", f[1]
		}
	}
	return "", ""
}

func (l *look) isSelf(kind, name string) bool {
	k, n := l.self()
	return n != "" && k == kind && strings.EqualFold(n, name)
}

func lastPart(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }

// isRoot recognises the root user by its ARN.
func isRoot(arn string) bool {
	return strings.HasPrefix(arn, "arn:aws") && strings.HasSuffix(arn, ":root")
}

// instanceOf is the instance whose credentials the session has: the service
// that hands them out names the session after it.
func instanceOf(arn string) string {
	name := lastPart(arn)
	if !strings.Contains(arn, ":assumed-role/") || !strings.HasPrefix(name, "i-") || len(name) < 10 || len(name) > 19 {
		return ""
	}
	if strings.Trim(name[2:], "0123456789abcdefABCDEF") != "" {
		return ""
	}
	return name
}
