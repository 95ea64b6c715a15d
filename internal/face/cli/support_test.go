package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A text that is longer than what is read of one is not called clean: the secret may
// stand behind that.
func TestSupportCheckReadsAllOrNothing(t *testing.T) {
	m := newMachine(t, "")
	whole := strings.Repeat("We rotated the keys.\n", 1<<20/21)
	for _, c := range []struct {
		text       string
		exit       int
		says, hush string
	}{
		{whole, 0, "No secret", "longer"},
		{whole + strings.Repeat("\n", 21) + "password: Winter2026!\n", exitError, "longer than 1 MiB", "No secret"},
	} {
		path := filepath.Join(t.TempDir(), "letter.txt")
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, from := range []string{path, "-"} {
			m.In = strings.NewReader(c.text)
			code := m.run("support", "check", from)
			if said := m.out.String() + m.err.String(); code != c.exit || !strings.Contains(said, c.says) || strings.Contains(said, c.hush) {
				t.Errorf("%d bytes from %s: exit %d: %s", len(c.text), filepath.Base(from), code, said)
			}
		}
	}
}
