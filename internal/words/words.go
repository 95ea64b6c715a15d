// Package words holds every sentence that cordon says, in English, Chinese and
// French. Code and records carry keys and arguments; a face asks here for the
// text. A key that one language lacks is a failing test, never an English word.
package words

import (
	"maps"
	"strings"
	"sync"

	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// Lang is one of the three languages.
type Lang string

// The languages, as --lang spells them.
const (
	EN Lang = "en"
	ZH Lang = "zh"
	FR Lang = "fr"
)

// Langs lists the languages in the order in which they are offered.
func Langs() []Lang { return []Lang{EN, ZH, FR} }

var tags = map[Lang]language.Tag{
	EN: language.English,
	ZH: language.SimplifiedChinese,
	FR: language.French,
}

// Words speaks one language. It is safe for concurrent use.
type Words struct {
	lang    Lang
	texts   source
	numbers *message.Printer

	mu     sync.Mutex
	faults map[string]int
}

var spoken = map[Lang]func() *Words{
	EN: sync.OnceValue(func() *Words { return newWords(EN, embedded(EN)) }),
	ZH: sync.OnceValue(func() *Words { return newWords(ZH, embedded(ZH)) }),
	FR: sync.OnceValue(func() *Words { return newWords(FR, embedded(FR)) }),
}

// For returns the words of lang; every call returns the same ones. lang comes
// from Pick or is a constant above; anything else is a programmer's error.
func For(lang Lang) *Words {
	once, ok := spoken[lang]
	if !ok {
		panic("words: no such language: " + string(lang))
	}
	return once()
}

func newWords(lang Lang, texts source) *Words {
	return &Words{lang: lang, texts: texts, numbers: message.NewPrinter(tags[lang]), faults: map[string]int{}}
}

// Lang is the language these words are in.
func (w *Words) Lang() Lang { return w.lang }

// Has says whether there is a text for key.
func (w *Words) Has(key string) bool { _, ok := w.texts.message(key); return ok }

// Keys lists all keys in order.
func (w *Words) Keys() []string { return w.texts.keys() }

// T returns the text of key with its placeholders filled from args, which
// alternate name and value: T("screen.keys", "n", 3, "user", "li"). Numbers
// are written as the language groups them, other values as they are; the value
// of "n" chooses the plural form.
//
// T never fails: an unknown key gives ‹key›, a placeholder without argument
// gives ‹name›, and Faults counts both so that a test can.
func (w *Words) T(key string, args ...any) string {
	text, ok := w.texts.message(key)
	if !ok {
		w.fault(key)
		return "‹" + key + "›"
	}
	values := make(map[string]string, len(args)/2)
	form := text.Other
	for i := 0; i < len(args); i += 2 {
		name, ok := args[i].(string)
		if !ok || i+1 == len(args) {
			w.fault(key)
			break
		}
		values[name] = w.value(args[i+1])
		if name == "n" {
			form = text.form(w.lang, args[i+1])
		}
	}
	return placeholder.ReplaceAllStringFunc(form, func(p string) string {
		name := strings.Trim(p, "{}")
		if v, ok := values[name]; ok {
			return v
		}
		w.fault(key)
		return "‹" + name + "›"
	})
}

// Join lists items the way the language does: "a, b and c".
func (w *Words) Join(items ...string) string {
	list := ""
	for i, item := range items {
		switch {
		case i == 0:
			list = item
		case i == len(items)-1:
			list = w.T("list.last", "items", list, "item", item)
		default:
			list = w.T("list.next", "items", list, "item", item)
		}
	}
	return list
}

// Faults lists the keys that were asked for and not there, or lacked an
// argument, with how often. A test that has spoken expects none.
func (w *Words) Faults() map[string]int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return maps.Clone(w.faults)
}

func (w *Words) fault(key string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.faults[key]++
}
