package report

import "cordon/internal/words"

// title is the English title of a check: machine records speak one language.
func title(check string) string {
	w := words.For(words.EN)
	if key := "check." + check + ".title"; w.Has(key) {
		return w.T(key)
	}
	return check
}

// DetectionTitle is the English title of a detection.
func DetectionTitle(id string) string {
	w := words.For(words.EN)
	if key := "detection." + id + ".title"; w.Has(key) {
		return w.T(key)
	}
	return id
}
