package awsapi

import (
	"testing"
	"time"
)

func TestARegionThatNeverAnswersIsNotWaitedForByEveryCall(t *testing.T) {
	var s silence
	now := time.Unix(1000, 0)
	for i := range silentAfter {
		if s.silent("us-west-1", now.Add(time.Hour)) {
			t.Fatalf("silent after %d attempts", i)
		}
		s.note("us-west-1", false, now)
	}
	if s.silent("us-west-1", now.Add(silentFor-1)) {
		t.Error("silent at once: a network may be down for a moment")
	}
	if !s.silent("us-west-1", now.Add(silentFor)) || s.silent("us-east-1", now.Add(silentFor)) {
		t.Error("the region that does not answer is silent, and no other")
	}
	r := newRetryer(0)
	r.silent = func(string) bool { return true }
	if _, err := r.GetRetryToken(t.Context(), errSilent); err == nil {
		t.Error("a retry in a silent region")
	}
	s.note("us-west-1", true, now)
	if s.silent("us-west-1", now.Add(time.Hour)) {
		t.Error("silent after an answer")
	}
}
