// Package rotate decides what comes next when an access key is replaced: make a
// second key, move the application, switch the old key off, watch, delete. It is
// pure: what AWS shows now and what the case remembers go in, one step comes out,
// so that a run that died goes on wherever it was. docs/rotation.md is the map.
package rotate

import (
	"fmt"
	"slices"
	"time"
)

// A Rotation is what the case remembers of one key's replacement: what AWS does
// not show. It is a file that outlives the program: it changes only by adding.
type Rotation struct {
	V      int    `json:"v"`
	ID     string `json:"id"` // R1, R2 …
	User   string `json:"user"`
	UserID string `json:"user_id"` // never given out twice
	Old    string `json:"old"`
	New    string `json:"new,omitempty"`  // once the sink has it
	Sink   string `json:"sink,omitempty"` // where the new key's secret is
	// Unsure says that its owner stores there although nobody knows who can read it.
	Unsure bool `json:"sink_unsure,omitempty"`
	// Retire replaces nothing: nobody uses the key.
	Retire bool `json:"retire,omitempty"`
	// GiveUp is the user's other key, which goes first: a user has at most two.
	GiveUp string `json:"give_up,omitempty"`
	// Theirs says that the key that goes first is the intruder's: nothing of the
	// owner's uses it, so nothing is waited for.
	Theirs bool `json:"theirs,omitempty"`
	// Exposed is why the old key is held to be in somebody else's hands: it is
	// switched off before anything else.
	Exposed string `json:"exposed,omitempty"`
	// Quiet is for how long nothing may use a key that is off before it is deleted.
	Quiet Span      `json:"quiet"`
	Begun time.Time `json:"begun"`
	// Off are the keys of this rotation that are off, since when, and their last
	// use then.
	Off   []Off     `json:"off,omitempty"`
	Plans []Planned `json:"plans,omitempty"`
	Ended time.Time `json:"ended,omitzero"`
}

// Off is a key that was seen to be off.
type Off struct {
	Key  string    `json:"key"`
	At   time.Time `json:"at"`
	Used time.Time `json:"last_used,omitzero"`
}

// Planned is a step for which a plan was made.
type Planned struct {
	Step   Step      `json:"step"`
	Digest string    `json:"digest"`
	At     time.Time `json:"at"`
}

// A Span is a duration, written as "24h0m0s".
type Span time.Duration

// MarshalText implements encoding.TextMarshaler.
func (s Span) MarshalText() ([]byte, error) { return []byte(time.Duration(s).String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler. A span that is less than none,
// which an earlier cordon wrote down when somebody typed it, is the usual quiet time.
func (s *Span) UnmarshalText(b []byte) error {
	d, err := time.ParseDuration(string(b))
	if err != nil {
		return fmt.Errorf("cannot read a span of time: %w", err)
	}
	if d < 0 {
		d = DefaultQuiet
	}
	*s = Span(d)
	return nil
}

// The usual spans.
const (
	DefaultQuiet = 24 * time.Hour
	// Heard is for how long at least nobody may have used a key: a call shows in the
	// event history up to 15 minutes late, and one within the first minute after the
	// key was switched off is no sign of life.
	Heard = 16 * time.Minute
	// Idle is for how long nothing used a key that nobody is held to use.
	Idle = 90 * 24 * time.Hour
)

// A Key is what AWS shows of one of the user's keys.
type Key struct {
	ID      string    `json:"id"`
	Active  bool      `json:"active"`
	Created time.Time `json:"created"`
	Used    time.Time `json:"last_used,omitzero"` // zero: never
	Where   string    `json:"last_used_where,omitempty"`
}

// idle reports a key that nothing used for long.
func (k Key) idle(now time.Time) bool {
	last := k.Used
	if last.IsZero() {
		last = k.Created
	}
	return now.Sub(last) >= Idle
}

// Seen is what was read just now.
type Seen struct {
	At   time.Time // by AWS's clock
	Keys []Key     // all that the user has
	// Stored is the key whose secret is in the rotation's sink.
	Stored string
	// Calls are when the event history last has each key, for keys that are off.
	Calls map[string]time.Time
	// Unseen are the regions whose event history could not be read.
	Unseen []string
}

func (s Seen) key(id string) (Key, bool) {
	i := slices.IndexFunc(s.Keys, func(k Key) bool { return k.ID == id })
	if i < 0 || id == "" {
		return Key{}, false
	}
	return s.Keys[i], true
}

// other is the key of the user that is not this one.
func (s Seen) other(id string) (Key, bool) {
	i := slices.IndexFunc(s.Keys, func(k Key) bool { return k.ID != id })
	if i < 0 {
		return Key{}, false
	}
	return s.Keys[i], true
}

// A Step is what is done next.
type Step string

// The steps.
const (
	Make   Step = "make"   // the second key
	Switch Step = "off"    // switch a key off
	Watch  Step = "watch"  // nothing is to be done but to wait
	Delete Step = "delete" // for good
	Done   Step = "done"
	Stuck  Step = "stuck" // a person decides
)

// Next is the step that is due, on which key, from when, and why.
type Next struct {
	Step Step      `json:"step"`
	Key  string    `json:"key,omitempty"`
	Due  time.Time `json:"due,omitzero"` // zero: now
	// Why is a word: "exposed" (it is switched off first), "room" (the step makes
	// room), "quiet" (nothing used it so far), "used" (something did), "unseen" (a
	// part of the event history could not be read), "foreign" (the user has a
	// second key that is not of this rotation), "gone" (the old key is no more).
	Why string `json:"why,omitempty"`
	// Last is the last sign of life of a key that is off.
	Last time.Time `json:"last,omitzero"`
}

// Decide says what comes next. What it answers depends on nothing that a crash
// can lose: not made is not stored, not off is Active, not deleted is there. A key
// that was once seen to be stored stays the new one: whoever took its secret out of
// the sink has it.
func (r Rotation) Decide(s Seen) Next {
	old, there := s.key(r.Old)
	other, second := s.other(r.Old)
	switch {
	case !r.Ended.IsZero():
		return Next{Step: Done}
	case !there:
		return Next{Step: Done, Why: "gone"}
	case old.Active && r.Exposed != "":
		return Next{Step: Switch, Key: r.Old, Why: "exposed"}
	case r.Retire, second && (other.ID == s.Stored || r.New != "" && other.ID == r.New):
		return r.clear(old, s, "")
	case !second:
		return Next{Step: Make, Key: r.Old}
	case other.ID == r.GiveUp:
		return r.clear(other, s, "room")
	}
	return Next{Step: Make, Key: r.Old, Why: "foreign"}
}

// clear takes a key that is to go one step further: off, watched, deleted.
func (r Rotation) clear(k Key, s Seen, why string) Next {
	if k.Active {
		return Next{Step: Switch, Key: k.ID, Why: why}
	}
	n := Next{Step: Delete, Key: k.ID, Why: why}
	off, known := r.off(k.ID)
	switch {
	case r.Theirs && k.ID == r.GiveUp:
		return n
	case !known && k.idle(s.At): // off since before we looked, and unused for months
		return n
	case !known:
		off = Off{Key: k.ID, At: s.At}
	}
	n.Last = off.At
	for _, at := range []time.Time{k.Used, s.Calls[k.ID]} {
		if at.After(n.Last) {
			n.Last, n.Why = at, "used"
		}
	}
	n.Due = n.Last.Add(max(time.Duration(r.Quiet), Heard))
	switch {
	case s.At.Before(n.Due):
		n.Step = Watch
		if n.Why != "used" {
			n.Why = "quiet"
		}
	case len(s.Unseen) > 0:
		n.Step, n.Why = Watch, "unseen"
	default:
		n.Due = time.Time{}
	}
	return n
}

func (r Rotation) off(key string) (Off, bool) {
	i := slices.IndexFunc(r.Off, func(o Off) bool { return o.Key == key })
	if i < 0 {
		return Off{}, false
	}
	return r.Off[i], true
}

// Note writes down what was seen and AWS will not tell again: since when a key is
// off (switched tells when cordon did it; zero: not by cordon), which key is the
// new one, and that the rotation has come to its end.
func (r Rotation) Note(s Seen, switched func(key string) time.Time) Rotation {
	var off []Off
	for _, k := range s.Keys {
		if k.Active || k.ID != r.Old && k.ID != r.GiveUp {
			continue
		}
		o, known := r.off(k.ID)
		if !known && k.idle(s.At) && switched(k.ID).IsZero() {
			continue // nothing is to be waited for
		}
		if at := switched(k.ID); !known || at.After(o.At) {
			if o = (Off{Key: k.ID, At: at, Used: k.Used}); at.IsZero() {
				o.At = s.At
			}
		}
		off = append(off, o)
	}
	r.Off = off
	if s.Stored != "" && s.Stored != r.Old {
		r.New = s.Stored
	}
	if _, there := s.key(r.Old); !there && r.Ended.IsZero() {
		r.Ended = s.At
	}
	return r
}
