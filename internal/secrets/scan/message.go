package scan

import (
	"context"
	"fmt"
	"os"
	"strings"
)

// Message looks at a commit message that is being written. Lines that begin with #
// are looked at: git takes them out of what came from an editor, and keeps them of
// what came with -m or -F, and a hook cannot tell which it is.
func (s *Scan) Message(_ context.Context, path string) error {
	s.res.Sources++
	body, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("cannot read the message: %w", err)
	}
	s.res.Files++
	s.content(s.detect, []byte(written(string(body))), Place{Source: path, Where: InMessage}, nil)
	return nil
}

// scissors end what is written in an editor where git put the difference below
// (commit.verbose, cleanup=scissors).
const scissors = " ------------------------ >8 ------------------------"

// written is a message without the difference that git puts below it. A line of
// scissors alone is only a line: git cuts there when it wrote the line itself, and
// then two lines of a comment, in the person's language, follow, and after them
// nothing, a comment or a difference.
func written(text string) string {
	for from := 0; from < len(text); {
		line, rest, _ := strings.Cut(text[from:], "\n")
		if sign, is := strings.CutSuffix(line, scissors); is && sign != "" && !strings.Contains(sign, " ") && gits(rest, sign) {
			return text[:from]
		}
		from = len(text) - len(rest)
		if rest == "" {
			break
		}
	}
	return text
}

func gits(rest, sign string) bool {
	for range 2 {
		line, after, _ := strings.Cut(rest, "\n")
		if said, is := strings.CutPrefix(line, sign+" "); !is || strings.TrimSpace(said) == "" {
			return false
		}
		rest = after
	}
	return rest == "" || strings.HasPrefix(rest, sign) || strings.HasPrefix(rest, "diff --")
}
