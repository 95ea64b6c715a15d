package words_test

import (
	"regexp"
	"slices"
	"testing"

	"cordon/internal/clean"
	"cordon/internal/detect"
	"cordon/internal/words"
)

// TestEveryDetectionIsExplained: each part has a text, which asks for no
// argument that a hit does not have; and no text is left over.
func TestEveryDetectionIsExplained(t *testing.T) {
	parts := []string{"title", "saw", "why", "innocent", "next"}
	named := regexp.MustCompile(`‹([a-z_]+)›`)
	each(t, func(t *testing.T, w *words.Words) {
		known := map[string]bool{}
		for _, d := range detect.All() {
			for _, part := range parts {
				key := "detection." + d.ID + "." + part
				known[d.ID+"."+part] = true
				if !w.Has(key) {
					t.Errorf("no text for %s", key)
					continue
				}
				text := w.T(key)
				for _, arg := range named.FindAllStringSubmatch(text, -1) {
					if !slices.Contains(d.Args, arg[1]) {
						t.Errorf("%s asks for %s, which no hit has", key, arg[1])
					}
				}
				if n := clean.Width(text); part == "title" && n > 46 {
					t.Errorf("%s takes %d cells, 46 fit: %q", key, n, text)
				}
			}
		}
		for _, rest := range under(w, "detection.") {
			if !known[rest] {
				t.Errorf("detection.%s belongs to no detection", rest)
			}
		}
	})
}
