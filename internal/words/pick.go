package words

import (
	"fmt"
	"strings"
)

// UnknownLang says that somebody asked for a language that cordon does not
// speak. A face prints it in all three, since none is agreed on yet.
type UnknownLang struct {
	From  string // "--lang" or "CORDON_LANG"
	Value string
}

func (e *UnknownLang) Error() string {
	return fmt.Sprintf("unknown language %q in %s (en, zh, fr)", e.Value, e.From)
}

// Pick chooses the language: the flag, CORDON_LANG, then what the terminal
// says in LC_ALL, LC_MESSAGES and LANG, the first of these that is set; else
// English. A flag or a CORDON_LANG that names no language of ours is an
// *UnknownLang; a terminal set to another language gets English.
func Pick(flag string, env func(string) string) (Lang, error) {
	asked, from := flag, "--lang"
	if asked == "" {
		asked, from = env("CORDON_LANG"), "CORDON_LANG"
	}
	if asked != "" {
		lang, ok := parse(asked)
		if !ok {
			return EN, &UnknownLang{From: from, Value: asked}
		}
		return lang, nil
	}
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if v := env(name); v != "" {
			lang, _ := parse(v)
			return lang, nil
		}
	}
	return EN, nil
}

// parse reads zh, zh-CN, zh_CN.UTF-8, zh-Hans, fr-CA, C and the like.
func parse(s string) (Lang, bool) {
	s = strings.ToLower(s)
	if i := strings.IndexAny(s, "-_.@"); i >= 0 {
		s = s[:i]
	}
	switch s {
	case "en", "c", "posix":
		return EN, true
	case "zh":
		return ZH, true
	case "fr":
		return FR, true
	}
	return EN, false
}
