package engine

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"

	"cordon/internal/evidence"
	"cordon/internal/fact"
)

// A chronicler asks one chronicle again and again, each time as a new process would.
type chronicler struct {
	t *testing.T
	a *Archive
	*chronicle
}

// spool asks for all changes, imports what is kept, and answers what was asked
// and how many records were kept.
func (w *chronicler) spool(from, to time.Time) (asked []asking, kept int, err error) {
	w.t.Helper()
	a := &Archive{Case: w.a.Case, Out: w.a.Out, Who: "test", Now: time.Now}
	defer a.Close()
	account, _ := signedIn(w.t, w.chronicle)
	store, err := evidence.Open(a.Case.Evidence(), evidence.Options{Who: "test", Now: time.Now})
	if err != nil {
		w.t.Fatal(err)
	}
	h := &history{s: &Session{Case: a.Case, Account: account}, store: store, from: from, to: to, bad: map[string]fact.Reading{}}
	if h.reaches, err = a.reaches(); err != nil {
		w.t.Fatal(err)
	}
	before := len(store.List())
	w.asked = nil
	err = h.spool(w.t.Context(), "us-east-1", types.LookupAttributeKeyReadOnly, "false", "writes", func(int) error { return nil })
	for _, e := range store.List()[before:] {
		data, err := store.Get(w.t.Context(), e.ID)
		if err != nil {
			w.t.Fatal(err)
		}
		var raw []json.RawMessage
		if err := json.Unmarshal(data, &raw); err != nil {
			w.t.Fatal(err)
		}
		kept += len(raw)
	}
	if _, err := a.importKept(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	return w.asked, kept, err
}

// missing are the events that the record does not have.
func (w *chronicler) missing() (n int) {
	w.t.Helper()
	a := &Archive{Case: w.a.Case, Out: w.a.Out, Who: "test", Now: time.Now}
	defer a.Close()
	s, err := a.events()
	if err != nil {
		w.t.Fatal(err)
	}
	for _, e := range w.events {
		if held, err := heldOf(s, []string{e.id}); err != nil || len(held) != 1 {
			n++
		}
	}
	return n
}

// An import that was interrupted goes on where it was, and the next one asks for
// what is new.
func TestAHistoryGoesOnWhereItWas(t *testing.T) {
	a, _ := offline(t)
	now := time.Now().UTC().Truncate(time.Second)
	w := &chronicler{t, a, &chronicle{events: happens(t, 500, now.Add(-20*time.Minute)), page: 2, fail: 2*flushed + 20}}
	_, first, err := w.spool(time.Time{}, time.Time{})
	if err == nil || first != 2*(w.fail-1) {
		t.Fatalf("%d kept, %v", first, err)
	}
	w.fail = 0
	asked, second, err := w.spool(time.Time{}, time.Time{})
	if err != nil || w.missing() > 0 || second > 500-first+1 || len(asked) > (500-first)/2+25 {
		t.Errorf("then %d requests, %d kept, %d missing, %v", len(asked), second, w.missing(), err)
	}
	w.events = slices.Concat(happens(t, 5, now.Add(-time.Minute)), w.events)
	asked, third, err := w.spool(time.Time{}, time.Time{})
	if err != nil || w.missing() > 0 || third != 5 || len(asked) > 30 || asked[0].StartTime < float64(now.Add(-2*time.Hour).Unix()) {
		t.Errorf("the new: %d requests, %d kept, %d missing, %v", len(asked), third, w.missing(), err)
	}
	if _, kept, err := w.spool(time.Time{}, time.Time{}); err != nil || kept != 0 {
		t.Errorf("nothing new: %d kept, %v", kept, err)
	}
	if asked, kept, err := w.spool(now.Add(-5*time.Hour), now.Add(-3*time.Hour)); err != nil || len(asked) != 0 || kept != 0 {
		t.Errorf("a part of it: %d requests, %d kept, %v", len(asked), kept, err)
	}
	// Evidence that is gone is asked for again, and kept again.
	var gone []string
	err = filepath.WalkDir(a.Case.Evidence(), func(path string, d os.DirEntry, err error) error {
		if err == nil && len(d.Name()) == 64 {
			gone = append(gone, path)
			return os.Remove(path)
		}
		return err
	})
	if asked, kept, serr := w.spool(time.Time{}, time.Time{}); len(gone) < 4 || err != nil || serr != nil || len(asked) != 253 || kept != 505 {
		t.Errorf("without its evidence (%d, %v): %d requests, %d kept, %v", len(gone), err, len(asked), kept, serr)
	}
}

// Where AWS does not keep to the order of time nothing is taken for reached before
// the end.
func TestAHistoryInDisorderIsAskedAgain(t *testing.T) {
	a, _ := offline(t)
	now := time.Now().UTC().Truncate(time.Second)
	w := &chronicler{t, a, &chronicle{events: happens(t, 400, now.Add(-2*time.Hour)), page: 2, fail: 2*flushed + 20}}
	w.events[flushed*3], w.events[flushed*3-20] = w.events[flushed*3-20], w.events[flushed*3]
	if _, _, err := w.spool(time.Time{}, time.Time{}); err == nil {
		t.Fatal("it was not interrupted")
	}
	w.fail = 0
	asked, _, err := w.spool(time.Time{}, time.Time{})
	if err != nil || len(asked) != 200 || w.missing() > 0 {
		t.Errorf("%d requests, %d missing, %v", len(asked), w.missing(), err)
	}
	if asked, _, err := w.spool(time.Time{}, time.Time{}); err != nil || len(asked) != 1 {
		t.Errorf("it ended and is asked again: %d requests, %v", len(asked), err)
	}
}

// A second may hold more than a page: one that was not read to its end is asked
// for again.
func TestAHalfReadSecondIsAskedAgain(t *testing.T) {
	a, _ := offline(t)
	now := time.Now().UTC().Truncate(time.Second)
	w := &chronicler{t, a, &chronicle{events: happens(t, 300, now.Add(-2*time.Hour)), page: 2, fail: flushed + 1}}
	for i := 2*flushed - 10; i < 2*flushed+10; i++ { // the first part ends amid it
		e := &w.events[i]
		e.record = strings.Replace(e.record, e.at.Format(time.RFC3339), w.events[2*flushed-10].at.Format(time.RFC3339), 1)
		e.at = w.events[2*flushed-10].at
	}
	if _, kept, err := w.spool(time.Time{}, time.Time{}); err == nil || kept != 2*flushed {
		t.Fatalf("%d kept, %v", kept, err)
	}
	w.fail = 0
	if _, _, err := w.spool(time.Time{}, time.Time{}); err != nil || w.missing() > 0 {
		t.Errorf("%d missing, %v", w.missing(), err)
	}
}

// What is kept and could not be written down as reached is asked for again.
func TestAStopBetweenPartAndReachLosesNothing(t *testing.T) {
	a, _ := offline(t)
	w := &chronicler{t, a, &chronicle{events: happens(t, 300, time.Now().UTC().Truncate(time.Second).Add(-2*time.Hour)), page: 2, fail: flushed + 1}}
	if _, _, err := w.spool(time.Time{}, time.Time{}); err == nil {
		t.Fatal("it was not interrupted")
	}
	if err := os.Remove(filepath.Join(a.Case.Trail(), historyFile)); err != nil {
		t.Fatal(err)
	}
	w.fail = 0
	if asked, _, err := w.spool(time.Time{}, time.Time{}); err != nil || len(asked) != 150 || w.missing() > 0 {
		t.Errorf("%d requests, %d missing, %v", len(asked), w.missing(), err)
	}
}

func TestHoles(t *testing.T) {
	now := time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)
	at := func(h int) time.Time {
		if h == 0 {
			return time.Time{}
		}
		return now.Add(time.Duration(h) * time.Hour)
	}
	const gone = -24 * 90
	for name, c := range map[string]struct {
		from, to int
		known    []int
		want     string
	}{
		"never asked":              {0, 0, nil, "0..0"},
		"begun":                    {0, 0, []int{-10, -1}, "-1..0 0..-10"},
		"ended":                    {0, 0, []int{gone - 5, -1}, "-1..0"},
		"ended, and begun again":   {0, 0, []int{gone - 5, -20, -10, -1}, "-1..0 -20..-10"},
		"a part":                   {-8, -4, []int{gone - 5, -1}, ""},
		"a part, on both sides":    {-30, -2, []int{-20, -10}, "-10..-2 -30..-20"},
		"beside it":                {-30, -25, []int{-20, -10}, "-30..-25"},
		"behind it":                {-8, 0, []int{-20, -10}, "-8..0"},
		"from before what is told": {gone - 50, 0, []int{gone + 5, -1}, fmt.Sprintf("-1..0 %d..%d", gone-50, gone+5)},
		"all before what is told":  {gone - 50, gone - 9, []int{gone - 5, -1}, fmt.Sprintf("%d..%d", gone-50, gone-9)},
	} {
		var known []reach
		for k := range slices.Chunk(c.known, 2) {
			known = append(known, reach{From: at(k[0]), To: at(k[1])})
		}
		var got []string
		for _, s := range holes(at(c.from), at(c.to), now, known) {
			end := func(t time.Time) string {
				if t.IsZero() {
					return "0"
				}
				return fmt.Sprint(int(t.Sub(now).Hours()))
			}
			got = append(got, end(s.from)+".."+end(s.to))
			if s.floor.IsZero() || s.floor.Before(s.from) {
				t.Errorf("%s: it goes down to %s", name, s.floor)
			}
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %v, want %s", name, got, c.want)
		}
	}
}
