package incident

import (
	"reflect"
	"testing"
	"time"
)

// A notice whose line was written, and whose keys and deadline were not yet when the
// process was killed, is taken when it is given again.
func TestNoticeCutShort(t *testing.T) {
	at := time.Date(2026, 11, 22, 6, 0, 0, 0, time.UTC)
	first := Received{SHA256: "a", At: at, Keys: []string{"AKIA1", "AKIA2"}, Deadline: at.AddDate(0, 0, 5)}
	second := Received{SHA256: "b", At: at.Add(3 * time.Hour), Keys: []string{"AKIA3"}, Deadline: at.AddDate(0, 0, 9)}
	odd := Received{SHA256: "c", At: at, Keys: []string{"AKIAODD"}, Deadline: at, Doubtful: true}
	c := create(t, t.TempDir())
	if c.Notice = nil; c.Save() != nil {
		t.Fatal("the case could not be saved")
	}
	cut := func(r Received) {
		t.Helper()
		if err := add(c.Path(noticesFile), r); err != nil {
			t.Fatal(err)
		}
	}
	give := func(r Received, fresh bool, want *Notice) {
		t.Helper()
		r.At = r.At.Add(time.Hour) // it is given later
		if is, err := c.AddNotice(r); err != nil || is != fresh {
			t.Fatalf("%s: fresh %t, %v", r.SHA256, is, err)
		}
		kept, err := Open("", c.Dir)
		if err != nil || !reflect.DeepEqual(kept.Notice, want) {
			t.Errorf("%s: the case has %+v, want %+v, %v", r.SHA256, kept.Notice, want, err)
		}
	}
	cut(odd)
	give(odd, false, nil)
	cut(first)
	taken := Notice{Key: "AKIA1", Keys: []string{"AKIA2"}, Deadline: first.Deadline}
	give(first, false, &taken)
	give(first, false, &taken)
	answered := at.Add(2 * time.Hour)
	if err := c.Answer(answered); err != nil {
		t.Fatal(err)
	}
	taken.Answered = answered
	give(first, false, &taken) // an answered one stays so
	cut(second)                // it came after the answer
	taken = Notice{Key: "AKIA1", Keys: []string{"AKIA2", "AKIA3"}, Deadline: second.Deadline}
	give(second, false, &taken)
	third := Received{SHA256: "d", At: at, Keys: []string{"AKIA1"}, Deadline: at.AddDate(0, 0, 2)}
	taken.Deadline = third.Deadline
	give(third, true, &taken)
}
