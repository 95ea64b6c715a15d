package rotate

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

var (
	monday = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	years  = monday.Add(-2 * 365 * 24 * time.Hour)
)

func key(id string, active bool, used time.Time) Key {
	return Key{ID: id, Active: active, Created: years, Used: used}
}

func never(string) time.Time { return time.Time{} }

func TestDecide(t *testing.T) {
	day := 24 * time.Hour
	for name, c := range map[string]struct {
		r    Rotation
		s    Seen
		want Next
	}{
		"one key":                    {Rotation{}, Seen{Keys: []Key{key("old", true, monday)}}, Next{Step: Make, Key: "old"}},
		"exposed goes first":         {Rotation{Exposed: "notice"}, Seen{Keys: []Key{key("old", true, monday)}}, Next{Step: Switch, Key: "old", Why: "exposed"}},
		"exposed and off":            {Rotation{Exposed: "notice"}, Seen{Keys: []Key{key("old", false, monday)}}, Next{Step: Make, Key: "old"}},
		"a second, unknown":          {Rotation{}, Seen{Keys: []Key{key("old", true, monday), key("new", true, monday)}}, Next{Step: Make, Key: "old", Why: "foreign"}},
		"made":                       {Rotation{}, Seen{Stored: "new", Keys: []Key{key("old", true, monday), key("new", true, monday)}}, Next{Step: Switch, Key: "old"}},
		"made, and its secret moved": {Rotation{New: "new"}, Seen{Keys: []Key{key("old", true, monday), key("new", true, monday)}}, Next{Step: Switch, Key: "old"}},
		"off just now":               {Rotation{Off: []Off{{Key: "old", At: monday}}}, Seen{Stored: "new", Keys: []Key{key("old", false, years), key("new", true, monday)}}, Next{Step: Watch, Key: "old", Why: "quiet", Last: monday, Due: monday.Add(day)}},
		"used after it was off": {Rotation{Off: []Off{{Key: "old", At: monday.Add(-3 * day)}}}, Seen{Stored: "new", Keys: []Key{key("old", false, monday.Add(-time.Hour)), key("new", true, monday)}},
			Next{Step: Watch, Key: "old", Why: "used", Last: monday.Add(-time.Hour), Due: monday.Add(23 * time.Hour)}},
		"refused after it was off": {Rotation{Off: []Off{{Key: "old", At: monday.Add(-3 * day)}}}, Seen{Stored: "new", Calls: map[string]time.Time{"old": monday.Add(-time.Hour)}, Keys: []Key{key("old", false, years), key("new", true, monday)}},
			Next{Step: Watch, Key: "old", Why: "used", Last: monday.Add(-time.Hour), Due: monday.Add(23 * time.Hour)}},
		"quiet": {Rotation{Off: []Off{{Key: "old", At: monday.Add(-day)}}}, Seen{Stored: "new", Keys: []Key{key("old", false, years), key("new", true, monday)}}, Next{Step: Delete, Key: "old", Last: monday.Add(-day)}},
		"quiet, not everywhere read": {Rotation{Off: []Off{{Key: "old", At: monday.Add(-day)}}}, Seen{Unseen: []string{"eu-west-1"}, Stored: "new", Keys: []Key{key("old", false, years), key("new", true, monday)}},
			Next{Step: Watch, Key: "old", Why: "unseen", Last: monday.Add(-day), Due: monday}},
		"off, nobody knows since when": {Rotation{}, Seen{Stored: "new", Keys: []Key{key("old", false, monday.Add(-30*day)), key("new", true, monday)}}, Next{Step: Watch, Key: "old", Why: "quiet", Last: monday, Due: monday.Add(day)}},
		"off and unused for months":    {Rotation{}, Seen{Stored: "new", Keys: []Key{key("old", false, years), key("new", true, monday)}}, Next{Step: Delete, Key: "old"}},
		"the other is on":              {Rotation{GiveUp: "spare"}, Seen{Keys: []Key{key("old", true, monday), key("spare", true, years)}}, Next{Step: Switch, Key: "spare", Why: "room"}},
		"the other is the intruder's":  {Rotation{GiveUp: "spare", Theirs: true}, Seen{Keys: []Key{key("old", true, monday), key("spare", false, monday)}}, Next{Step: Delete, Key: "spare", Why: "room"}},
		"the other is idle":            {Rotation{GiveUp: "spare"}, Seen{Keys: []Key{key("old", true, monday), key("spare", false, years)}}, Next{Step: Delete, Key: "spare", Why: "room"}},
		"retire":                       {Rotation{Retire: true}, Seen{Keys: []Key{key("old", true, years), key("live", true, monday)}}, Next{Step: Switch, Key: "old"}},
		"gone":                         {Rotation{}, Seen{Keys: []Key{key("new", true, monday)}, Stored: "new"}, Next{Step: Done, Why: "gone"}},
		"ended":                        {Rotation{Ended: monday}, Seen{}, Next{Step: Done}},
	} {
		c.r.Old, c.r.Quiet, c.s.At = "old", Span(day), monday
		if got := c.r.Decide(c.s); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

// However short a quiet time somebody asks for: what was called just now is not in
// the event history yet.
func TestQuietIsAsLongAsTheRecordIsLate(t *testing.T) {
	for _, quiet := range []time.Duration{0, time.Second, -time.Hour, 15 * time.Minute} {
		r := Rotation{Old: "old", Quiet: Span(quiet), Off: []Off{{Key: "old", At: monday}}}
		s := Seen{Stored: "new", Keys: []Key{key("old", false, years), key("new", true, monday)}}
		s.At = monday.Add(Heard - time.Second)
		if n := r.Decide(s); n.Step != Watch || !n.Due.Equal(monday.Add(Heard)) {
			t.Errorf("%s, at once: %+v", quiet, n)
		}
		s.At = monday.Add(Heard)
		if n := r.Decide(s); n.Step != Delete {
			t.Errorf("%s, later: %+v", quiet, n)
		}
	}
}

// A rotation that was saved with less than no time is read all the same.
func TestSpanIsRead(t *testing.T) {
	for text, want := range map[string]time.Duration{"24h0m0s": 24 * time.Hour, "0s": 0, "-1h0m0s": DefaultQuiet} {
		var s Span
		if err := s.UnmarshalText([]byte(text)); err != nil || time.Duration(s) != want {
			t.Errorf("%s: %s, %v", text, time.Duration(s), err)
		}
	}
	var s Span
	if err := s.UnmarshalText([]byte("soon")); err == nil {
		t.Error("it was read")
	}
}

func TestNote(t *testing.T) {
	r := Rotation{Old: "old", Quiet: Span(DefaultQuiet)}
	s := Seen{At: monday, Stored: "new", Keys: []Key{key("old", false, monday.Add(-time.Hour)), key("new", true, monday)}}
	if r = r.Note(s, never); r.New != "new" || len(r.Off) != 1 || !r.Off[0].At.Equal(monday) {
		t.Fatalf("%+v", r)
	}
	s.At = monday.Add(time.Hour)
	if r = r.Note(s, never); !r.Off[0].At.Equal(monday) {
		t.Errorf("the wait began anew: %+v", r.Off)
	}
	// Switched on and off again in between: the journal knows.
	later := func(string) time.Time { return monday.Add(30 * time.Minute) }
	if r = r.Note(s, later); !r.Off[0].At.Equal(monday.Add(30 * time.Minute)) {
		t.Errorf("%+v", r.Off)
	}
	s.Keys[0].Active = true
	if r = r.Note(s, never); len(r.Off) != 0 {
		t.Errorf("a key that is on is off: %+v", r.Off)
	}
	s.Keys = s.Keys[1:]
	if r = r.Note(s, never); !r.Ended.Equal(s.At) {
		t.Errorf("%+v", r)
	}
}

// An account in which everything happens at a bad moment: each step may die before
// or after its effect, the file may be as it was before, the application may go on
// using the old key, and somebody may switch it back on.
func TestNothingInUseIsDeleted(t *testing.T) {
	ends := 0
	for seed := range uint64(3000) {
		rng := rand.New(rand.NewPCG(seed, 7))
		now, r := monday, Rotation{Old: "old", Quiet: Span(DefaultQuiet)}
		if seed%3 == 0 {
			r.Exposed = "suspect"
		}
		keys := map[string]*Key{"old": {ID: "old", Active: true, Created: years, Used: monday}}
		stored, made, switched := "", 0, map[string]time.Time{}
		lastSign := monday // of the old key: used, or tried
		for step := 0; step < 400 && keys["old"] != nil; step++ {
			now = now.Add(time.Duration(rng.IntN(16)) * time.Hour)
			if k := keys["old"]; rng.IntN(4) == 0 && step < 60 { // the application
				lastSign = now
				if k.Active {
					k.Used = now
				}
			}
			s := Seen{At: now, Stored: stored, Calls: map[string]time.Time{}}
			if r.New == stored && rng.IntN(3) == 0 {
				s.Stored = "" // its owner moved the file
			}
			for _, k := range keys {
				s.Keys = append(s.Keys, *k)
			}
			slices.SortFunc(s.Keys, func(a, b Key) int { return strings.Compare(a.ID, b.ID) })
			if !keys["old"].Active {
				s.Calls["old"] = lastSign
			}
			saved := r
			r = r.Note(s, func(id string) time.Time { return switched[id] })
			next := r.Decide(s)
			if rng.IntN(4) == 0 {
				r = saved // it died before the file was written
			}
			if rng.IntN(4) == 0 {
				continue // it died before the call
			}
			if next.Step == Make && r.New != "" && keys[r.New] != nil {
				t.Fatalf("seed %d: another key is made beside %s, which was handed out", seed, r.New)
			}
			switch next.Step {
			case Make:
				for id := range keys { // what an earlier try left
					if id != "old" && id != stored {
						delete(keys, id)
					}
				}
				made++
				id := "new" + string(rune('a'+made%26))
				keys[id] = &Key{ID: id, Active: true, Created: now}
				if rng.IntN(3) > 0 {
					stored = id
				}
			case Switch:
				keys[next.Key].Active, switched[next.Key] = false, now
			case Delete:
				k := keys[next.Key]
				if k.Active || now.Sub(lastSign) < time.Duration(r.Quiet) || now.Sub(switched["old"]) < time.Duration(r.Quiet) || stored == "" {
					t.Fatalf("seed %d: %+v deleted at %s; last sign %s, off %s, stored %q", seed, k, now, lastSign, switched["old"], stored)
				}
				delete(keys, next.Key)
			case Watch:
				if rng.IntN(6) == 0 && step < 60 { // back
					keys["old"].Active = true
					delete(switched, "old")
				}
			}
			if len(keys) > 2 {
				t.Fatalf("seed %d: %d keys", seed, len(keys))
			}
		}
		if keys["old"] == nil {
			ends++
			if len(keys) != 1 || keys[stored] == nil {
				t.Fatalf("seed %d: the end is %v, stored %q", seed, keys, stored)
			}
		}
	}
	if ends < 2900 {
		t.Errorf("only %d rotations came to their end: this shows little", ends)
	}
}

func TestRoomAndWhich(t *testing.T) {
	used, idle := key("used", true, monday), key("idle", true, years)
	for _, c := range []struct {
		keys                     []Key
		old, named, room, reason string
	}{
		{[]Key{used}, "used", "", "", ""},
		{[]Key{used, idle}, "used", "", "idle", ""},
		{[]Key{used, key("off", false, monday)}, "used", "", "off", ""},
		{[]Key{used, key("too", true, monday)}, "used", "", "", BothInUse},
		{[]Key{used, key("too", true, monday)}, "used", "too", "too", ""},
		{[]Key{used, key("too", true, monday)}, "used", "used", "", NotGiven},
		{[]Key{used}, "used", "x", "", NotGiven},
	} {
		if room, reason := Room(c.keys, c.old, c.named, monday); room != c.room || reason != c.reason {
			t.Errorf("%+v: %q %q", c, room, reason)
		}
	}
	for want, keys := range map[string][]Key{
		"used": {idle, used}, "idle": {idle}, "": {used, key("too", true, monday)},
	} {
		if got, ok := Which(keys, monday); got != want || ok != (want != "") {
			t.Errorf("%v: %q", keys, got)
		}
	}
	if _, ok := Which([]Key{key("off", false, monday)}, monday); ok {
		t.Error("a key that is off is to be replaced")
	}
}

func TestParseSink(t *testing.T) {
	for s, want := range map[string]string{
		"file:/home/li/{user}.csv": "file:/home/li/ann.csv", "secretsmanager:shop/{user}": "secretsmanager:shop/ann",
		"secretsmanager:a@b@eu-west-1": "", "ssm:/shop/key@us-gov-west-1": "ssm:/shop/key@us-gov-west-1", "ssm:{key}": "ssm:AKIAOLD",
		"file:key": "", "file:": "", "s3:bucket": "", "": "", "secretsmanager:a b": "", "ssm:a@nowhere": "", "file:/a\nb": "", "file:/a/../b": "file:/b",
	} {
		got, err := ParseSink(s, "ann", "AKIAOLD")
		if (err == nil) != (want != "") || err == nil && got.String() != want {
			t.Errorf("%q: %v, %v", s, got, err)
		}
		if again, err := ParseSink(want, "", ""); want != "" && (err != nil || again != got) {
			t.Errorf("%q is not read back: %v, %v", want, again, err)
		}
	}
}

func TestProfile(t *testing.T) {
	file := "# mine\n[default]\naws_access_key_id = AKIAOTHER\naws_secret_access_key = x\r\n\n[ shop ]\nregion=eu-west-1\naws_access_key_id=AKIAOLD\r\n  aws_secret_access_key =  old/Secret=1 \n[tail]\naws_session_token=t"
	out, diff, err := Profile([]byte(file), "shop", "AKIAOLD", "AKIANEW", "new+Secret")
	want := strings.NewReplacer("AKIAOLD", "AKIANEW", "old/Secret=1", "new+Secret").Replace(file)
	if err != nil || string(out) != want {
		t.Errorf("%v\n%q\n%q", err, out, want)
	}
	shown := strings.Join(diff, "\n")
	if strings.Contains(shown, "Secret=1") || strings.Contains(shown, "new+Secret") || !strings.Contains(shown, "+ aws_access_key_id=AKIANEW") || len(diff) != 5 {
		t.Errorf("diff:\n%s", shown)
	}
	for name, want := range map[string]error{"default": ErrOtherKey, "none": ErrNoProfile, "tail": ErrSessionToken} {
		if _, _, err := Profile([]byte(file), name, "AKIAOLD", "a", "b"); !errors.Is(err, want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A line whose value is missing gets one, and keeps its end.
func TestProfileWithoutASecret(t *testing.T) {
	for _, end := range []string{"\n", "\r\n", " \n", ""} {
		file := "[shop]\naws_access_key_id=AKIAOLD\nregion=x\naws_secret_access_key =" + end
		if end != "" {
			file += "output = json\n"
		}
		out, _, err := Profile([]byte(file), "shop", "AKIAOLD", "AKIANEW", "new+Secret")
		got := string(out)
		if want := strings.Replace(file, "AKIAOLD", "AKIANEW", 1); err != nil || strings.Replace(got, "new+Secret", "", 1) != want || !strings.Contains(got, "new+Secret"+strings.TrimPrefix(end, " ")) {
			t.Errorf("%q: %v\n%q", end, err, got)
		}
	}
}
