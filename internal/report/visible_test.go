package report

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestJSONShowsWhatWouldHide(t *testing.T) {
	hostile := "a\u202eb\u0085c\u200bd\U000e0041e\u2028f<&>é中"
	out, err := splice([]byte(`{"type":"gap"`), Gap{Why: hostile})
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"\u202e", "\u0085", "\u200b", "\U000e0041", "\u2028"} {
		if strings.Contains(string(out), bad) {
			t.Errorf("%+q stands raw in %s", bad, out)
		}
	}
	var back struct{ Why string }
	if err := json.Unmarshal(out, &back); err != nil || back.Why != hostile {
		t.Errorf("back: %+q, %v", back.Why, err)
	}
}
