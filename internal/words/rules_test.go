package words

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"cordon/internal/clean"
)

// Check returns what is wrong with a set of catalogues, in order of key: a key,
// form or placeholder that one of them lacks, and what the wording rules of
// each language forbid. It is a function so that a test can show it failing.
func Check(all map[Lang]Catalogue) []string {
	keys := map[string]bool{}
	for _, c := range all {
		for key := range c {
			keys[key] = true
		}
	}
	var faults []string
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		for _, f := range append(parity(all, key), wording(all, key)...) {
			faults = append(faults, key+": "+f)
		}
	}
	return faults
}

func parity(all map[Lang]Catalogue, key string) (faults []string) {
	names := map[Lang]string{}
	for _, lang := range Langs() {
		m, ok := all[lang][key]
		if !ok {
			faults = append(faults, fmt.Sprintf("missing in %s", lang))
			continue
		}
		faults = append(faults, forms(lang, m)...)
		names[lang] = strings.Join(placeholders(m.Other), " ")
		if !slices.Contains(placeholders(m.Other), "{n}") && m.Plural {
			faults = append(faults, fmt.Sprintf("%s: a plural without {n}", lang))
		}
		if en, ok := all[EN][key]; ok && en.Plural != m.Plural && (lang != ZH || m.Plural) {
			faults = append(faults, fmt.Sprintf("plural in one of en and %s, plain in the other", lang))
		}
	}
	for _, lang := range Langs()[1:] {
		if got, ok := names[lang]; ok && got != names[EN] {
			faults = append(faults, fmt.Sprintf("placeholders [%s] in en, [%s] in %s", names[EN], got, lang))
		}
	}
	return faults
}

// forms holds a message to the plural forms of its language.
func forms(lang Lang, m Message) (faults []string) {
	bad := func(format string, args ...any) {
		faults = append(faults, string(lang)+": "+fmt.Sprintf(format, args...))
	}
	if strings.TrimSpace(m.Other) == "" {
		bad("empty")
	}
	if !m.Plural {
		return faults
	}
	if needs := lang != ZH; needs != (m.One != "") {
		bad("form one is missing, empty or not of this language")
	}
	if m.Many != "" && lang != FR {
		bad("form many is not of this language")
	}
	want := placeholders(m.Other)
	for name, form := range map[string]string{"one": m.One, "many": m.Many} {
		got := placeholders(form)
		if lang == EN && !slices.Contains(got, "{n}") { // "one key" may spell it out; French one is also 0
			got = sorted(append(got, "{n}"))
		}
		if form != "" && !slices.Equal(got, want) {
			bad("form %s has placeholders %v, other has %v", name, got, want)
		}
	}
	return faults
}

func placeholders(s string) []string { return sorted(placeholder.FindAllString(s, -1)) }

func sorted(s []string) []string { slices.Sort(s); return slices.Compact(s) }

// wording applies the rules below to every form of key.
func wording(all map[Lang]Catalogue, key string) (faults []string) {
	for _, lang := range Langs() {
		m := all[lang][key]
		for _, text := range []string{m.One, m.Other, m.Many} {
			prose := code.ReplaceAllString(text, "§")
			for _, r := range rules {
				if hit := r.pattern.FindString(prose); hit != "" && (r.lang == "" || r.lang == lang) {
					faults = append(faults, fmt.Sprintf("%s: %s: %q", lang, r.why, hit))
				}
			}
			if lang != EN {
				faults = append(faults, english(lang, prose)...)
			}
			if strings.HasPrefix(key, "screen.") {
				faults = append(faults, long(lang, text)...)
			}
		}
		if en := all[EN][key]; lang != EN && m.Other == en.Other && len(plainWords(en.Other)) > 2 {
			faults = append(faults, fmt.Sprintf("%s: not translated", lang))
		}
	}
	return faults
}

var rules = []struct {
	lang    Lang
	pattern *regexp.Regexp
	why     string
}{
	{"", regexp.MustCompile(`[!！]`), "no exclamation mark"},
	{EN, regexp.MustCompile(`(?i)\b(hacked|nuked|successfully|you leaked)\b`), "no drama, no blame"},
	{FR, regexp.MustCompile("[ \u202f\u2009][:;!?»%]"), "U+00A0 stands before : ; ! ? » %"},
	{FR, regexp.MustCompile(`[\p{L}\p{N})»§][:;?](\s|$)`), "U+00A0 stands before : ; ? »"},
	{FR, regexp.MustCompile("«[^\u00a0]|[^\u00a0]»"), "U+00A0 stands inside « »"},
	{FR, regexp.MustCompile(`\p{L}'\p{L}`), "the apostrophe is ’"},
	{FR, regexp.MustCompile(`(?i)\bcorromp`), "compromis, not corrompu"},
	{FR, regexp.MustCompile(`(?i)(^|[^\p{L}])(tu|toi|ton|tes)([^\p{L}]|$)`), "vous, never tu"},
	{ZH, regexp.MustCompile(`\p{Han}\s*[,;?!()]\s*\p{Han}|\p{Han}:\p{Han}|\p{Han}\s*[,;?(]|[)]\p{Han}`), "full-width punctuation between Han"},
	{ZH, regexp.MustCompile(`帐户|禁用`), "账户 and 停用"},
	{ZH, regexp.MustCompile("\u3000"), "no full-width space"},
	{ZH, regexp.MustCompile(`(^|\n)[，。：；？！）”]`), "a line does not start with a closing mark"},
	{ZH, regexp.MustCompile(`你`), "您"},
}

func english(lang Lang, prose string) []string {
	if hit := englishWords.FindStringSubmatch(keep.ReplaceAllString(prose, "§")); hit != nil {
		return []string{fmt.Sprintf("%s: an English word: %q", lang, hit[2])}
	}
	return nil
}

var lowerWord = regexp.MustCompile(`\b[a-z]{2,}\b`)

// plainWords are the words of an English text that are no code, name or command.
func plainWords(s string) []string {
	s = code.ReplaceAllString(s, "")
	if strings.HasPrefix(strings.TrimSpace(s), "cordon ") {
		return nil
	}
	return lowerWord.FindAllString(s, -1)
}

// Line is the number of cells a line of a screen may take: 80 less a margin.
const Line = 76

func long(lang Lang, text string) (faults []string) {
	for _, line := range strings.Split(text, "\n") {
		if n := clean.Width(line); n > Line {
			faults = append(faults, fmt.Sprintf("%s: a line of %d cells, %d fit: %q", lang, n, Line, line))
		}
	}
	return faults
}
