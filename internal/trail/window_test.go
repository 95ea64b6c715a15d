package trail

import (
	"reflect"
	"testing"
	"time"
)

// TestAnswersOfAFilter: counted row by row the answers are those of the sums
// that segments keep, and of a time only what lies in it.
func TestAnswersOfAFilter(t *testing.T) {
	records := world(3000, 9)
	m := spread(records, 100)
	s, _ := imported(t, t.TempDir(), m, Options{})
	same := func(what string, got, want any) {
		t.Helper()
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v and not %+v", what, got, want)
		}
	}
	since := day.Add(time.Hour)
	same("uses", s.UsesOf(Filter{}), s.Uses())
	same("hours", s.HoursOf(Filter{}), s.Hours())
	same("news", s.NewsOf(Filter{}, since), s.News(since))

	from, to := day.Add(time.Hour), day.Add(3*time.Hour)
	while := Filter{From: from, To: to}
	same("hours of a while", s.HoursOf(while), s.Hours()[1:3])
	part, _ := imported(t, t.TempDir(), spread(within(records, from, to), 100), Options{})
	same("uses of a while", s.UsesOf(while), part.Uses())
	same("news of a while", s.NewsOf(while, day.Add(2*time.Hour)), part.News(day.Add(2*time.Hour)))
	if none := s.UsesOf(Filter{From: day.AddDate(1, 0, 0)}); len(none) != 0 {
		t.Errorf("uses of a time without any: %+v", none)
	}
}

// within are the records of a time; world makes one in seven seconds.
func within(records []string, from, to time.Time) (part []string) {
	for i, r := range records {
		if at := day.Add(time.Duration(i) * 7 * time.Second); !at.Before(from) && at.Before(to) {
			part = append(part, r)
		}
	}
	return part
}

// TestCreatorsWithoutASource: what is gone is told and left out, and the rest
// is answered. Who does not listen gets an error.
func TestCreatorsWithoutASource(t *testing.T) {
	made := func(n int) string {
		return call{n: n, source: "iam.amazonaws.com", name: "CreateAccessKey", response: `{"accessKey":{"userName":"backup-7"}}`}.record()
	}
	m := spread([]string{made(1), made(2), made(3)}, 1)
	s, _ := imported(t, t.TempDir(), m, Options{})
	for name := range m {
		delete(m, name)
		break
	}
	lost := 0
	found, err := s.CreatorsOf(t.Context(), "backup-7", Filter{}, m, func(Row, error) { lost++ })
	if err != nil || len(found) != 2 || lost != 1 {
		t.Errorf("%d found, %d lost: %v", len(found), lost, err)
	}
	if _, err := s.Creators(t.Context(), "backup-7", m); err == nil {
		t.Error("half an answer")
	}
	found, err = s.CreatorsOf(t.Context(), "backup-7", Filter{To: day}, m, nil)
	if err != nil || len(found) != 0 {
		t.Errorf("outside of the time: %+v %v", found, err)
	}
}
