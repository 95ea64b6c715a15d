package detect

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"time"
)

// A burst is many events of one actor within a time, counted by what differs
// between them.
type burst struct {
	Within time.Duration
	Count  int // different values of Of that make it one
	// Console is the count for people in the console, who touch much with few
	// clicks; 0: they are left out.
	Console int
	// Of is what is counted, such as the secret; "" does not count. An event may
	// count for several.
	Of func(*look) []string
}

// Bounds on what is kept. An intruder may make as many events as he likes.
const (
	keptEvents = 500   // ids in one hit
	keptValues = 2000  // different values counted in one window
	keptActors = 20000 // windows of one detection
)

// A window is the burst of one actor under way.
type window struct {
	steps  []step         // within the time, until it becomes a hit
	values map[string]int // how often each value stands in steps
	hit    *Hit           // once there are enough
	last   time.Time
	failed bool // everything that counts failed
}

type step struct {
	at     time.Time
	id     string
	values []string
	failed bool
}

// An actor is whose events are counted together.
type actor struct{ principal, credential, address string }

// windows are the bursts of one detection by actor.
type windows map[actor]*window

// quiet says whether the burst leaves out what this person does.
func (b *burst) quiet(l *look) bool { return l.console && b.Console == 0 }

// add counts an event and gives the hit when it becomes one.
func (ws windows) add(b *burst, l *look) *Hit {
	need := b.Count
	if l.console {
		need = b.Console
	}
	values := b.Of(l)
	if len(values) == 0 {
		return nil
	}
	who := actor{principal: l.principal, credential: l.Credential}
	if l.principal == "" && l.Credential == "" {
		who.address = l.Address
	}
	w := ws[who]
	if w == nil || w.hit != nil && l.Time.Sub(w.last) > b.Within {
		if w == nil && len(ws) >= keptActors {
			ws.forget(l.Time.Add(-b.Within))
		}
		w = &window{values: map[string]int{}}
		ws[who] = w
	}
	w.last = l.Time
	if w.hit != nil {
		w.extend(step{id: l.ID, values: values, failed: l.Failed()})
		return nil
	}
	w.push(step{l.Time, l.ID, values, l.Failed()}, b.Within)
	if len(w.values) < need {
		return nil
	}
	w.hit, w.failed = l.hit.kept(l), true
	steps := w.steps
	w.steps = nil
	w.hit.At, w.hit.EventIDs = steps[0].at, nil
	for _, s := range steps {
		w.extend(s)
	}
	return w.hit
}

// push adds a step and drops what is older than the window.
func (w *window) push(s step, within time.Duration) {
	for _, v := range s.values {
		if w.values[v] > 0 || len(w.values) < keptValues {
			w.values[v]++
		}
	}
	w.steps = append(w.steps, s)
	old := 0
	for old < len(w.steps)-1 && (s.at.Sub(w.steps[old].at) > within || len(w.steps)-old > keptEvents) {
		for _, v := range w.steps[old].values {
			if w.values[v]--; w.values[v] <= 0 {
				delete(w.values, v)
			}
		}
		old++
	}
	w.steps = slices.Delete(w.steps, 0, old)
}

// extend adds an event to the hit.
func (w *window) extend(s step) {
	w.hit.Cite(s.id)
	for _, v := range s.values {
		if w.values[v] > 0 || len(w.values) < keptValues {
			w.values[v]++
		}
	}
	w.failed = w.failed && s.failed
	w.hit.Status = Done
	if w.failed {
		w.hit.Status = Attempted
	}
	if w.hit.Args == nil {
		w.hit.Args = map[string]string{}
	}
	w.hit.Args["count"] = strconv.Itoa(len(w.values))
}

// forget drops the windows that ended before a time; when nothing did, those
// longest quiet.
func (ws windows) forget(before time.Time) {
	for actor, w := range ws {
		if w.last.Before(before) {
			delete(ws, actor)
		}
	}
	if len(ws) < keptActors {
		return
	}
	actors := slices.SortedFunc(maps.Keys(ws), func(a, b actor) int {
		if c := ws[a].last.Compare(ws[b].last); c != 0 {
			return c
		}
		return cmp.Or(cmp.Compare(a.principal, b.principal), cmp.Compare(a.credential, b.credential), cmp.Compare(a.address, b.address))
	})
	for _, actor := range actors[:len(actors)/2] {
		delete(ws, actor)
	}
}

// each counts every one of these values of the request.
func each(paths ...string) func(*look) []string {
	return func(l *look) (all []string) {
		for _, path := range paths {
			all = append(all, l.req(path)...)
		}
		if len(all) > keptValues {
			all = all[:keptValues]
		}
		return all
	}
}

// What bursts count by columns.
func byRegion(l *look) []string { return []string{l.Region} }
func byCall(l *look) []string   { return []string{l.Call} }
func byEvent(l *look) []string  { return []string{l.ID} }
