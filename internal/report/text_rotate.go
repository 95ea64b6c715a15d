package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"cordon/internal/clean"
	"cordon/internal/rotate"
)

// someLanes is how many places a key is used from a screen shows.
const someLanes = 8

// recovers takes what replacing credentials tells.
func (t *Text) recovers(m Message) (p *page, ours bool) {
	switch m := m.(type) {
	case Rotation:
		p = t.screen(func(p *page) { t.rotation(p, m) })
	case Unused:
		p = t.page()
		t.unused(p, m)
	case RootState:
		p = t.screen(func(p *page) { t.rootState(p, m) })
	default:
		return nil, false
	}
	return p, true
}

// rotation is the walk of one key's replacement: what is done, what is next, and
// what a person does meanwhile.
func (t *Text) rotation(p *page, m Rotation) {
	w := t.Words
	if m.Next.Step == rotate.Stuck {
		var ids []string
		for _, k := range m.Keys {
			ids = append(ids, safe(k.ID))
		}
		p.wrap(" ", w.T("refused.rotate.both-in-use", "user", safe(m.User), "list", strings.Join(ids, ", ")))
		return
	}
	p.head(w.T("screen.rotate.head", "id", m.ID, "key", safe(m.Old), "user", safe(m.User)))
	for _, k := range m.Keys {
		p.wrap("   ", t.keyLine(m, k))
	}
	if m.Exposed != "" {
		p.wrap(" ", w.T("prose.rotate.exposed", "why", t.first(safe(m.Exposed), "rotate.exposed."+m.Exposed)))
	}
	if m.Theirs && m.New == "" {
		p.wrap(" ", w.T("prose.rotate.theirs"))
	}
	if m.Exposed == "quarantine" {
		p.wrap(" ", w.T("prose.rotate.quarantine"))
	}
	p.blank()
	t.walk(p, m)
	if !m.Ended.IsZero() {
		return
	}
	if m.Next.Step == rotate.Watch || m.Next.Step == rotate.Delete {
		p.blank()
		p.wrap(" ", w.T("prose.rotate.silence"))
	}
	t.keyUses(p, m)
	if len(m.Unseen) > 0 {
		p.blank()
		p.wrap(" ", w.T("prose.rotate.unseen", "list", safe(strings.Join(m.Unseen, ", "))))
	}
	p.blank()
	p.head(w.T("screen.plan.next"))
	t.commands(p, t.rotationNext(m))
}

func (t *Text) keyLine(m Rotation, k rotate.Key) string {
	w, state := t.Words, "screen.rotate.key.on"
	if !k.Active {
		state = "screen.rotate.key.off"
	}
	used := w.T("screen.rotate.never")
	if !k.Used.IsZero() {
		used = w.T("screen.rotate.used", "ago", w.Ago(t.Now().Sub(k.Used)), "where", safe(k.Where))
	}
	role := map[bool]string{true: "screen.rotate.key.old", false: "screen.rotate.key.other"}[k.ID == m.Old]
	switch k.ID {
	case m.New:
		role = "screen.rotate.key.new"
	case m.GiveUp:
		role = "screen.rotate.key.room"
	}
	return safe(k.ID) + "  " + w.T(role) + "  " + w.T(state) + "  " + used
}

// walk writes the five steps with how far each is.
func (t *Text) walk(p *page, m Rotation) {
	steps := []string{"make", "move", "off", "watch", "delete"}
	if m.Retire {
		steps = []string{"off", "watch", "delete"}
	} else if m.Exposed != "" {
		steps = []string{"off", "make", "move", "watch", "delete"}
	}
	if m.GiveUp != "" && m.New == "" && slices.ContainsFunc(m.Keys, func(k rotate.Key) bool { return k.ID == m.GiveUp }) {
		steps = append([]string{"room"}, steps...)
	}
	width := 0
	for _, s := range steps {
		width = max(width, clean.Width(t.Words.T("screen.rotate.step."+s)))
	}
	for i, s := range steps {
		p.wrap(fmt.Sprintf("  %d  ", i+1), clean.Pad(t.Words.T("screen.rotate.step."+s), width)+"  "+t.stepState(m, s))
	}
}

func (t *Text) stepState(m Rotation, step string) string {
	w := t.Words
	old, there := keyOf(m, m.Old)
	made := m.New != ""
	off := there && !old.Active
	ended := !m.Ended.IsZero()
	next := m.Next.Step
	switch {
	case ended, step == "make" && made, step == "off" && off, step == "move" && off && made && !old.Used.After(offAt(m)):
		if step == "make" {
			return w.T("screen.rotate.done.make", "key", safe(m.New), "sink", safe(m.Sink))
		}
		return w.T("screen.rotate.done")
	case step == "move" && made:
		return w.T("screen.rotate.you")
	case step == "room", step == string(next):
		if next == rotate.Watch {
			return t.watching(m)
		}
		return w.T("screen.rotate.due")
	case step == "watch" && next == rotate.Delete && m.Next.Key == m.Old:
		return w.T("screen.rotate.done")
	}
	return "-"
}

func (t *Text) watching(m Rotation) string {
	w := t.Words
	key := "screen.rotate.quiet"
	switch m.Next.Why {
	case "used":
		key = "screen.rotate.used-again"
	case "unseen":
		return w.T("screen.rotate.unseen")
	}
	return w.T(key, "last", stamp(m.Next.Last), "due", stamp(m.Next.Due))
}

func keyOf(m Rotation, id string) (rotate.Key, bool) {
	i := slices.IndexFunc(m.Keys, func(k rotate.Key) bool { return k.ID == id })
	if i < 0 {
		return rotate.Key{}, false
	}
	return m.Keys[i], true
}

func offAt(m Rotation) time.Time {
	for _, o := range m.Off {
		if o.Key == m.Old {
			return o.At
		}
	}
	return time.Time{}
}

// keyUses lists where the old key is used from, and how each place is moved.
func (t *Text) keyUses(p *page, m Rotation) {
	if m.Next.Step != rotate.Make && m.Next.Step != rotate.Switch {
		return
	}
	w := t.Words
	p.blank()
	p.head(w.T("screen.rotate.uses", "n", len(m.Uses)))
	hosts := []string{}
	for i, u := range m.Uses {
		if i == someLanes && !t.All {
			t.rest(p, len(m.Uses)-i)
			break
		}
		p.wrap("   ", safe(u.Source)+"  "+clean.TextCap(u.Agent, 60))
		p.wrap("     ", w.T("screen.rotate.use", "n", u.Calls, "services", safe(strings.Join(u.Services, " ")), "regions", safe(strings.Join(u.Regions, " ")), "last", stamp(u.Last)))
		if u.Host != "" && !slices.Contains(hosts, u.Host) {
			hosts = append(hosts, u.Host)
		}
	}
	p.wrap("   ", w.T("prose.rotate.uses"))
	if m.Retire || m.Next.Step == rotate.Switch && m.New == "" {
		return
	}
	p.blank()
	p.head(w.T("screen.rotate.move"))
	if len(hosts) == 0 || t.All {
		hosts = []string{"ecs", "lambda", "ec2", "github", "jenkins", "cli"}
	}
	for _, h := range hosts {
		p.wrap("   ", w.T("prose.rotate.move."+h))
	}
}

func (t *Text) rotationNext(m Rotation) [][2]string {
	w, then := t.Words, "cordon rotate continue "+m.ID
	back := [2]string{"cordon rotate back " + m.ID, w.T("screen.rotate.do.back")}
	uses := [2]string{"cordon investigate key " + safe(m.Old), w.T("screen.rotate.do.uses")}
	switch m.Next.Step {
	case rotate.Make:
		return [][2]string{{then, w.T("screen.rotate.do.make")}, uses}
	case rotate.Switch:
		return [][2]string{{then, w.T("screen.rotate.do.off", "key", safe(m.Next.Key))}, uses}
	case rotate.Watch:
		return [][2]string{back, {then, w.T("screen.rotate.do.watch", "due", stamp(m.Next.Due))}}
	case rotate.Delete:
		return [][2]string{{then, w.T("screen.rotate.do.delete", "key", safe(m.Next.Key))}, back}
	}
	return [][2]string{{"cordon rotate status", w.T("screen.rotate.do.status")}}
}

func (t *Text) unused(p *page, m Unused) {
	w := t.Words
	key, args := "screen.recover.unused.never", []any{"made", stamp(m.Made)}
	if m.Last != nil {
		key, args = "screen.recover.unused.last", []any{"last", stamp(*m.Last), "ago", w.Ago(t.Now().Sub(*m.Last))}
	}
	line := t.first(safe(m.Kind), "kind."+m.Kind) + "  " + safe(m.ID)
	if m.Owner != "" && m.Owner != m.ID {
		line += "  " + safe(m.Owner)
	}
	p.wrap("   ", line+"  "+w.T(key, args...))
}

// rootState says what is known of root, and how old that is.
func (t *Text) rootState(p *page, m RootState) {
	w := t.Words
	p.separate()
	p.head(w.T("screen.recover.root"))
	known := func(key string, v *bool) {
		state := ".unknown"
		if v != nil {
			state = map[bool]string{true: ".yes", false: ".no"}[*v]
		}
		p.wrap("   ", w.T("screen.recover.root."+key+state))
	}
	known("mfa", m.MFA)
	known("keys", m.Keys)
	switch {
	case m.Changed == nil:
		p.wrap("   ", w.T("screen.recover.root.changed.unknown"))
	case !m.Since.IsZero() && m.Changed.Before(m.Since):
		p.wrap("   ", w.T("screen.recover.root.changed.before", "at", stamp(*m.Changed)))
	default:
		p.wrap("   ", w.T("screen.recover.root.changed.at", "at", stamp(*m.Changed)))
	}
	if m.Used != nil {
		p.wrap("   ", w.T("screen.recover.root.used", "at", stamp(*m.Used)))
	}
	if m.Report != nil {
		p.wrap("   ", w.T("screen.recover.report", "at", stamp(*m.Report), "ago", w.Ago(t.Now().Sub(*m.Report))))
	} else {
		p.wrap("   ", w.T("screen.recover.report.none"))
	}
	if len(m.Already) > 0 {
		var list []string
		for _, name := range m.Already {
			list = append(list, safe(name))
		}
		p.blank()
		p.wrap(" ", w.T("prose.recover.already", "list", strings.Join(list, ", ")))
	}
}
