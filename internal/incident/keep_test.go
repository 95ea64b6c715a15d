package incident

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"
)

func TestSnapshotsAndFindings(t *testing.T) {
	c := create(t, t.TempDir())
	if _, _, err := c.LoadSnapshot(0); !errors.Is(err, ErrNotThere) {
		t.Error(err)
	}
	for i, text := range []string{"one", "two"} {
		if n, err := c.SaveSnapshot([]byte(text)); n != i+1 || err != nil {
			t.Error(n, err)
		}
	}
	for n, want := range []string{"two", "one", "two"} {
		got, at, err := c.LoadSnapshot(n)
		if string(got) != want || err != nil || at == 0 {
			t.Errorf("%d: %q, %d, %v", n, got, at, err)
		}
	}
	if n, _ := c.SaveFindings([]byte("{}\n")); n != 1 {
		t.Error(n)
	}
	if got, n, err := c.LoadFindings(0); string(got) != "{}\n" || n != 1 || err != nil {
		t.Error(got, n, err)
	}
	if all, err := c.Snapshots(); len(all) != 2 || err != nil {
		t.Error(all, err)
	}
}

func TestPlansAndApprovals(t *testing.T) {
	c := create(t, t.TempDir())
	a, b := strings.Repeat("ab", 32), "abcd12"+strings.Repeat("0", 58)
	for _, d := range []string{"sha256:" + a, b} {
		if err := c.SavePlan(d, []byte(d)); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.SavePlan(b, []byte(b)); err != nil {
		t.Errorf("the same again: %v", err)
	}
	if err := c.SavePlan(b, []byte("other")); err == nil {
		t.Error("a digest names two plans")
	}
	if got, digest, err := c.LoadPlan("sha256:ababab"); string(got) != "sha256:"+a || digest != a || err != nil {
		t.Error(got, digest, err)
	}
	if _, _, err := c.LoadPlan("abcd99"); !errors.Is(err, ErrNotThere) {
		t.Error(err)
	}
	c.SavePlan("abababcc", nil)
	if _, _, err := c.LoadPlan("ababab"); !errors.Is(err, ErrAmbiguous) {
		t.Error(err)
	}
	for _, bad := range []string{"", "../../x", "*", "abc", "ABCDEF12"} {
		if err := c.SavePlan(bad, nil); err == nil {
			t.Errorf("saved a plan as %q", bad)
		}
		if _, _, err := c.LoadPlan(bad); err == nil {
			t.Errorf("loaded a plan %q", bad)
		}
	}
	for _, text := range []string{"{\n\"by\": 1}", `{"by":2}`} {
		if err := c.SaveApproval(a, []byte(text)); err != nil {
			t.Error(err)
		}
	}
	if got, err := c.LoadApprovals("sha256:" + a); len(got) != 2 || string(got[0]) != `{"by":1}` || err != nil {
		t.Errorf("%s, %v", got, err)
	}
	if all, err := c.Plans(); len(all) != 3 || err != nil {
		t.Error(all, err)
	}
}

func TestMarksAndNotes(t *testing.T) {
	c := create(t, t.TempDir())
	for _, m := range []string{NotMine, Unsure, Mine} {
		if err := c.AddMark(Mark{Ref: "iam-user/x", Mark: m, By: "li", At: night}); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.AddMark(Mark{Ref: "iam-user/x", Mark: "perhaps"}); err == nil {
		t.Error("took a mark that is none")
	}
	f, _ := os.OpenFile(c.Path(marksFile), os.O_APPEND|os.O_WRONLY, 0)
	f.WriteString(`{"ref":"iam-user/x","mark":"not-`)
	f.Close()
	marks, err := c.Marks()
	if err != nil || len(marks) != 1 || marks["iam-user/x"].Mark != Mine {
		t.Errorf("%v, %v", marks, err)
	}
	if err := c.AddMark(Mark{Ref: "iam-user/y", Mark: NotMine, At: night}); err != nil {
		t.Fatal(err)
	}
	if all, err := c.MarkHistory(); len(all) != 4 || err != nil {
		t.Errorf("%v, %v", all, err)
	}
	c.AddNote(Note{By: "li", At: night.Add(time.Minute), Text: "two\nlines"})
	if notes, err := c.Notes(); len(notes) != 1 || notes[0].Text != "two\nlines" || err != nil {
		t.Errorf("%v, %v", notes, err)
	}
	os.WriteFile(c.Path(marksFile), []byte("damaged\n{}\n"), 0o600)
	if _, err := c.Marks(); err == nil {
		t.Error("a damaged mark is lost in silence")
	}
}
