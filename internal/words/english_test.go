package words

import "testing"

// A random id that holds the letters of a word is no English; a number beside a
// word does not hide it.
func TestEnglish(t *testing.T) {
	for text, want := range map[string]string{
		"clé AKIA5OF2QX7KLMNOPQRS": "", "AROA3TO": "", "IS2P": "", "id 7by": "",
		"2 users": "users", "found 3": "found", "3 (of 5)": "of", "是the": "", "il y a the clé": "the", "`the key`": "", "l’all": "",
	} {
		if got := English(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
