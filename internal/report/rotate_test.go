package report

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
	"time"

	"cordon/internal/clean"
	"cordon/internal/rotate"
	"cordon/internal/words"
)

// typed are commands, names and addresses: the same in every language.
var typed = regexp.MustCompile(`(?m)^ *cordon .*$|cordon (?:[a-z]+ ?)+|arn:\S+|/\S+|\S+-\S+`)

func rotations() (all []Message) {
	at := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	old := rotate.Key{ID: "AKIAOLD", Active: true, Created: at, Used: at, Where: "s3 eu-west-1"}
	off := old
	off.Active = false
	fresh := rotate.Key{ID: "AKIANEW", Active: true, Created: at}
	lanes := []KeyUse{}
	for _, h := range []string{"ecs", "lambda", "ec2", "github", "jenkins", "cli", ""} {
		lanes = append(lanes, KeyUse{Source: "10.0.0.9", Agent: "Boto3/1.40", Host: h, Calls: 2, Services: []string{"s3"}, Regions: []string{"eu-west-1"}, Last: at})
	}
	for _, m := range []Rotation{
		{Keys: []rotate.Key{old}, Next: rotate.Next{Step: rotate.Make, Key: "AKIAOLD"}, Uses: lanes},
		{Keys: []rotate.Key{old}, Exposed: "quarantine", Next: rotate.Next{Step: rotate.Switch, Key: "AKIAOLD", Why: "exposed"}},
		{Keys: []rotate.Key{old, fresh}, New: "AKIANEW", Next: rotate.Next{Step: rotate.Switch, Key: "AKIAOLD"}, Unseen: []string{"eu-west-1"}},
		{Keys: []rotate.Key{off, fresh}, New: "AKIANEW", Off: []rotate.Off{{Key: "AKIAOLD", At: at}}, Next: rotate.Next{Step: rotate.Watch, Key: "AKIAOLD", Why: "quiet", Last: at, Due: at}},
		{Keys: []rotate.Key{off, fresh}, New: "AKIANEW", Next: rotate.Next{Step: rotate.Watch, Key: "AKIAOLD", Why: "used", Last: at, Due: at}},
		{Keys: []rotate.Key{off, fresh}, New: "AKIANEW", Next: rotate.Next{Step: rotate.Watch, Key: "AKIAOLD", Why: "unseen"}},
		{Keys: []rotate.Key{off, fresh}, New: "AKIANEW", Next: rotate.Next{Step: rotate.Delete, Key: "AKIAOLD"}},
		{Keys: []rotate.Key{old, fresh}, GiveUp: "AKIANEW", Theirs: true, Next: rotate.Next{Step: rotate.Switch, Key: "AKIANEW", Why: "room"}},
		{Keys: []rotate.Key{old}, Retire: true, Next: rotate.Next{Step: rotate.Switch, Key: "AKIAOLD"}},
		{Keys: []rotate.Key{old, fresh}, Next: rotate.Next{Step: rotate.Stuck, Why: rotate.BothInUse}},
		{Keys: []rotate.Key{fresh}, New: "AKIANEW", Ended: at, Next: rotate.Next{Step: rotate.Done}},
	} {
		m.ID, m.User, m.Old, m.Sink = "R1", "svc-app", "AKIAOLD", "file:/home/li/key.csv"
		all = append(all, m)
	}
	yes, no := true, false
	return append(all,
		Unused{Kind: "iam.access-key", ID: "AKIAOLD", Owner: "svc-app", Made: at}, Unused{Kind: "iam.user", ID: "svc-app", Last: &at},
		RootState{}, RootState{MFA: &yes, Keys: &no, Changed: &at, Used: &at, Report: &at, Since: at.Add(time.Hour)}, RootState{MFA: &no, Keys: &yes, Changed: &at, Already: []string{"martin.keller", "svc-legacy-sync"}},
	)
}

// Every screen of a rotation is whole, in its language, and within its width.
func TestRotationScreens(t *testing.T) {
	for _, lang := range words.Langs() {
		w := words.For(lang)
		for i, m := range rotations() {
			var b bytes.Buffer
			text := NewText(&b, Style{Words: w, Width: 80, Now: func() time.Time { return time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC) }})
			if err := text.Handle(m); err != nil {
				t.Fatal(err)
			}
			if err := text.End(); err != nil {
				t.Fatal(err)
			}
			if b.Len() == 0 || strings.ContainsAny(b.String(), "‹›") {
				t.Errorf("%s %d: %s", lang, i, b.String())
			}
			for line := range strings.Lines(b.String()) {
				if word := words.English(typed.ReplaceAllString(line, "§")); word != "" && lang != words.EN {
					t.Errorf("%s %d: %q in: %s", lang, i, word, line)
				}
				if n := clean.Width(strings.TrimRight(line, "\n")); n > 80 {
					t.Errorf("%s %d: %d cells: %s", lang, i, n, line)
				}
			}
		}
	}
}

// While a rotation watches, and before it deletes, its screen says in every language
// that silence is no proof; before that there is no silence to speak of.
func TestSilenceIsNoProof(t *testing.T) {
	for _, lang := range words.Langs() {
		w := words.For(lang)
		want := strings.Join(strings.Fields(w.T("prose.rotate.silence")), "")
		for _, m := range rotations() {
			r, ok := m.(Rotation)
			if !ok {
				continue
			}
			var b bytes.Buffer
			h := NewText(&b, Style{Words: w, Width: 80, Now: func() time.Time { return time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC) }})
			if err := h.Handle(r); err != nil {
				t.Fatal(err)
			}
			says := strings.Contains(strings.Join(strings.Fields(b.String()), ""), want)
			if silent := r.Next.Step == rotate.Watch || r.Next.Step == rotate.Delete; says != silent {
				t.Errorf("%s, step %s: it says so: %t\n%s", lang, r.Next.Step, says, b.String())
			}
		}
	}
}
