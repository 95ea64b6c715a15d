package words

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"
)

func loadAll(t *testing.T) map[Lang]Catalogue {
	t.Helper()
	all := map[Lang]Catalogue{}
	for _, lang := range Langs() {
		c, err := Load(files, lang)
		if err != nil {
			t.Fatal(err)
		}
		all[lang] = c
	}
	return all
}

// TestCatalogues is the gate for whoever adds a key.
func TestCatalogues(t *testing.T) {
	for _, fault := range Check(loadAll(t)) {
		t.Error(fault)
	}
	for _, lang := range Langs() {
		names, _ := files.ReadDir(string(lang))
		en, _ := files.ReadDir(string(EN))
		if len(names) == 0 || len(names) != len(en) {
			t.Errorf("%s has %d files, en has %d", lang, len(names), len(en))
		}
	}
}

// TestThemes: the same key stands in the file of the same name everywhere.
func TestThemes(t *testing.T) {
	entries, err := files.ReadDir("en")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		keys := map[Lang][]string{}
		for _, lang := range Langs() {
			data, err := files.ReadFile(string(lang) + "/" + e.Name())
			if err != nil {
				t.Error(err)
				continue
			}
			c := Catalogue{}
			if err := c.read(data); err != nil {
				t.Error(err)
			}
			keys[lang] = slices.Sorted(maps.Keys(c))
		}
		for _, lang := range Langs()[1:] {
			if !slices.Equal(keys[lang], keys[EN]) {
				t.Errorf("%s: other keys in %s than in en", e.Name(), lang)
			}
		}
	}
}

// sound is a set of catalogues without fault, which each case below breaks.
func sound() map[Lang]Catalogue {
	return map[Lang]Catalogue{
		EN: {
			"screen.keys": {Plural: true, One: "{n} key of {user}", Other: "{n} keys of {user}"},
			"error.read":  {Other: "cannot read {what}: try `cordon doctor`"},
		},
		ZH: {
			"screen.keys": {Plural: true, Other: "{user} 的 {n} 个密钥"},
			"error.read":  {Other: "无法读取 {what}，请运行 `cordon doctor`"},
		},
		FR: {
			"screen.keys": {Plural: true, One: "{n} clé de {user}", Other: "{n} clés de {user}"},
			"error.read":  {Other: "lecture impossible de {what}\u00a0: essayez `cordon doctor`"},
		},
	}
}

func TestCheckFails(t *testing.T) {
	if faults := Check(sound()); len(faults) != 0 {
		t.Fatalf("the sound set has faults: %v", faults)
	}
	set := func(lang Lang, key, text string) func(map[Lang]Catalogue) {
		return func(all map[Lang]Catalogue) { all[lang][key] = Message{Other: text} }
	}
	forms := func(lang Lang, m Message) func(map[Lang]Catalogue) {
		return func(all map[Lang]Catalogue) { m.Plural = true; all[lang]["screen.keys"] = m }
	}
	for _, c := range []struct {
		name, want string
		breakIt    func(map[Lang]Catalogue)
	}{
		{"missing in fr", "error.read: missing in fr", func(all map[Lang]Catalogue) { delete(all[FR], "error.read") }},
		{"missing in en", "error.read: missing in en", func(all map[Lang]Catalogue) { delete(all[EN], "error.read") }},
		{"a language gone", "missing in zh", func(all map[Lang]Catalogue) { delete(all, ZH) }},
		{"placeholder lost", "placeholders", set(ZH, "error.read", "无法读取")},
		{"placeholder renamed", "placeholders", set(FR, "error.read", "lecture de {quoi} impossible")},
		{"empty", "zh: empty", set(ZH, "error.read", " ")},
		{"zh with one", "form one", forms(ZH, Message{One: "{n} 个 {user}", Other: "{n} 个 {user}"})},
		{"en without one", "form one", forms(EN, Message{Other: "{n} keys of {user}"})},
		{"en with many", "form many", forms(EN, Message{One: "{n} {user}", Other: "{n} {user}", Many: "{n} {user}"})},
		{"fr one without n", "form one has", forms(FR, Message{One: "une clé de {user}", Other: "{n} clés de {user}"})},
		{"fr plain", "plain in the other", set(FR, "screen.keys", "{n} clés de {user}")},
		{"fr ASCII space", "U+00A0", set(FR, "error.read", "lecture de {what} : impossible")},
		{"fr no space", "U+00A0", set(FR, "error.read", "lecture de {what}?")},
		{"fr quotes", "« »", set(FR, "error.read", "« {what} »")},
		{"fr apostrophe", "apostrophe", set(FR, "error.read", "l'accès à {what}")},
		{"fr tu", "vous", set(FR, "error.read", "lis {what} avec ta clé et ton compte")},
		{"zh comma", "full-width", set(ZH, "error.read", "无法读取,请看 {what}")},
		{"zh parenthesis", "full-width", set(ZH, "error.read", "密钥(旧)：{what}")},
		{"zh colon", "full-width", set(ZH, "error.read", "原因:无 {what}")},
		{"zh account", "账户", set(ZH, "error.read", "帐户 {what}")},
		{"exclamation", "exclamation", set(EN, "error.read", "cannot read {what}!")},
		{"drama", "drama", set(EN, "error.read", "{what} was hacked")},
		{"English in fr", "English word", set(FR, "error.read", "lire {what} with the clé")},
		{"English in zh", "English word", set(ZH, "error.read", "无法读取 {what} for 您")},
		{"not translated", "not translated", func(all map[Lang]Catalogue) {
			for _, l := range Langs() {
				all[l]["x"] = Message{Other: "Restore previous state"}
			}
			all[EN]["x"] = Message{Other: "restore previous state"}
			all[FR]["x"] = all[EN]["x"]
			all[ZH]["x"] = Message{Other: "恢复"}
		}},
		{"long screen line", "a line of", func(all map[Lang]Catalogue) {
			for _, l := range Langs() {
				all[l]["screen.x"] = Message{Other: "a"}
			}
			all[ZH]["screen.x"] = Message{Other: strings.Repeat("密", 39)}
		}},
	} {
		all := sound()
		c.breakIt(all)
		if faults := strings.Join(Check(all), "\n"); !strings.Contains(faults, c.want) {
			t.Errorf("%s: Check does not see it; it says %q", c.name, faults)
		}
	}
}

func TestCheckLetsPass(t *testing.T) {
	for lang, texts := range map[Lang][]string{
		FR: {"AWS Identity and Access Management", "`cordon scan --for the`", "à 02:16, iam:CreateUser", "aws://a?b=c", "42\u00a0%", "«\u00a0oui\u00a0»", "https://x/the?a"},
		ZH: {"标签: 值", "停用 3 个访问密钥（可撤销）", "Key Management Service", "AWS Support, IAM"},
	} {
		for _, text := range texts {
			all := map[Lang]Catalogue{EN: {"k": {Other: "text"}}, ZH: {"k": {Other: "文"}}, FR: {"k": {Other: "texte"}}}
			all[lang]["k"] = Message{Other: text}
			if faults := Check(all); len(faults) != 0 {
				t.Errorf("%s %q: %v", lang, text, faults)
			}
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	for name, fsys := range map[string]fstest.MapFS{
		"twice in a file":  {"en/a.json": {Data: []byte(`{"a":"1","a":"2"}`)}},
		"twice in two":     {"en/a.json": {Data: []byte(`{"a":"1"}`)}, "en/b.json": {Data: []byte(`{"a":"1"}`)}},
		"unknown form":     {"en/a.json": {Data: []byte(`{"a":{"few":"1","other":"2"}}`)}},
		"number":           {"en/a.json": {Data: []byte(`{"a":1}`)}},
		"null":             {"en/a.json": {Data: []byte(`null`)}},
		"two objects":      {"en/a.json": {Data: []byte(`{}{}`)}},
		"no end":           {"en/a.json": {Data: []byte(`{"a":"1"`)}},
		"nothing":          {"en/a.json": {Data: nil}},
		"list of sentence": {"en/a.json": {Data: []byte(`["a"]`)}},
	} {
		if c, err := Load(fsys, EN); err == nil {
			t.Errorf("%s: loaded %v", name, c)
		}
	}
}

// TestIndex: what a start reads is what Load reads, text by text.
func TestIndex(t *testing.T) {
	for lang, want := range loadAll(t) {
		x := embedded(lang)
		if !slices.Equal(x.keys(), want.keys()) {
			t.Errorf("%s: the index has %d keys, the catalogue %d", lang, len(x.raw), len(want))
		}
		for key := range want {
			if got, ok := x.message(key); !ok || got != want[key] {
				t.Errorf("%s: %s is %+v in the index and %+v in the catalogue", lang, key, got, want[key])
			}
		}
		if _, ok := x.message("no.such"); ok {
			t.Error("a key that is nowhere was found")
		}
	}
	x := &index{raw: map[string][]byte{}, read: Catalogue{}}
	x.add([]byte("{ \"a\" :\n\"q\\\"\\\\\",\"b\":{\"one\": \"}\", \"other\":\"\\u00e9{n}\"}\n}"))
	for key, want := range map[string]Message{"a": {Other: `q"\`}, "b": {Plural: true, One: "}", Other: "é{n}"}} {
		if got, _ := x.message(key); got != want {
			t.Errorf("%s is %+v, want %+v", key, got, want)
		}
	}
}

func BenchmarkEmbedded(b *testing.B) {
	for b.Loop() {
		embedded(FR)
	}
}

func speak(t *testing.T, lang Lang) *Words {
	t.Helper()
	all := sound()
	for l := range all {
		maps.Copy(all[l], Catalogue{"n": {Other: "{n}|{x}"}})
		maps.Copy(all[l], loadAll(t)[l])
	}
	all[FR]["screen.keys"] = Message{Plural: true, One: "{n} clé de {user}", Other: "{n} clés de {user}", Many: "{n} de clés de {user}"}
	return newWords(lang, all[lang])
}

func TestT(t *testing.T) {
	const nb = "\u00a0"
	for _, c := range []struct {
		lang Lang
		n    any
		want string
	}{
		{EN, 0, "0 keys of li"}, {EN, 1, "1 key of li"}, {EN, 2, "2 keys of li"}, {EN, 12345, "12,345 keys of li"}, {EN, int64(1), "1 key of li"},
		{EN, 1.5, "1.5 keys of li"}, {EN, -1, "-1 key of li"}, {EN, uint8(1), "1 key of li"},
		{ZH, 0, "li 的 0 个密钥"}, {ZH, 1, "li 的 1 个密钥"}, {ZH, 12345, "li 的 12,345 个密钥"},
		{FR, 0, "0 clé de li"}, {FR, 1, "1 clé de li"}, {FR, 2, "2 clés de li"}, {FR, 1.5, "1,5 clé de li"}, {FR, 2.25, "2,25 clés de li"},
		{FR, 12345, "12" + nb + "345 clés de li"}, {FR, 1_000_000, "1" + nb + "000" + nb + "000 de clés de li"},
		{FR, 30_000_000, "30" + nb + "000" + nb + "000 de clés de li"}, {FR, 10_000_001, "10" + nb + "000" + nb + "001 clés de li"},
		{EN, 10_000_001, "10,000,001 keys of li"},
	} {
		w := speak(t, c.lang)
		if got := w.T("screen.keys", "n", c.n, "user", "li"); got != c.want {
			t.Errorf("%s %v: %q, want %q", c.lang, c.n, got, c.want)
		}
		if f := w.Faults(); len(f) != 0 {
			t.Errorf("faults %v", f)
		}
	}
}

func TestTNeverFails(t *testing.T) {
	w := speak(t, FR)
	for _, c := range []struct {
		want string
		key  string
		args []any
	}{
		{"‹no.such›", "no.such", nil},
		{"‹n›|‹x›", "n", nil},
		{"7|‹x›", "n", []any{"n", 7, "x"}},
		{"‹n›|‹x›", "n", []any{3, 4}},
		{"{x}|{n}", "n", []any{"n", "{x}", "x", "{n}"}},
		{"%d|lit {", "n", []any{"n", "%d", "x", errors.New("lit {")}},
	} {
		if got := w.T(c.key, c.args...); got != c.want {
			t.Errorf("T(%s, %v) = %q, want %q", c.key, c.args, got, c.want)
		}
	}
	if f := w.Faults(); f["no.such"] != 1 || f["n"] == 0 {
		t.Errorf("faults %v", f)
	}
	if w.Has("no.such") || !w.Has("n") || !slices.Contains(w.Keys(), "n") || w.Lang() != FR {
		t.Error("Has, Keys or Lang is wrong")
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() { w.T("no.such"); w.Number(12345) })
	}
	wg.Wait()
	if f := w.Faults(); f["no.such"] != 9 {
		t.Errorf("faults %v", f)
	}
}

func TestJoinAndTimes(t *testing.T) {
	before := map[Lang]map[string]int{} // of other tests: the catalogues are everybody's
	for _, lang := range Langs() {
		before[lang] = For(lang).Faults()
	}
	for lang, want := range map[Lang]string{EN: "a, b and c", ZH: "a、b、c", FR: "a, b et c"} {
		w := For(lang)
		if got := w.Join("a", "b", "c"); got != want {
			t.Errorf("%s: %q", lang, got)
		}
		if w.Join() != "" || w.Join("a") != "a" {
			t.Errorf("%s: short lists", lang)
		}
	}
	for _, c := range []struct {
		d          time.Duration
		en, zh, fr string
	}{
		{-time.Second, "0 seconds ago", "0 秒前", "il y a 0 seconde"},
		{41 * time.Second, "41 seconds ago", "41 秒前", "il y a 41 secondes"},
		{119 * time.Second, "119 seconds ago", "119 秒前", "il y a 119 secondes"},
		{3 * time.Minute, "3 minutes ago", "3 分钟前", "il y a 3 minutes"},
		{2 * time.Hour, "2 hours ago", "2 小时前", "il y a 2 heures"},
		{47 * time.Hour, "47 hours ago", "47 小时前", "il y a 47 heures"},
		{72 * time.Hour, "3 days ago", "3 天前", "il y a 3 jours"},
	} {
		if en, zh, fr := For(EN).Ago(c.d), For(ZH).Ago(c.d), For(FR).Ago(c.d); en != c.en || zh != c.zh || fr != c.fr {
			t.Errorf("%s: %q %q %q", c.d, en, zh, fr)
		}
	}
	if got := For(FR).In(time.Hour) + For(ZH).Span(time.Minute); got != "dans 60 minutes60 秒" {
		t.Error(got)
	}
	for _, lang := range Langs() {
		if f := For(lang).Faults(); !maps.Equal(f, before[lang]) {
			t.Errorf("%s: %v", lang, f)
		}
	}
}

func TestPick(t *testing.T) {
	for _, c := range []struct {
		flag string
		env  string
		want Lang
		bad  bool
	}{
		{"", "", EN, false},
		{"zh", "CORDON_LANG=fr", ZH, false},
		{"fr-CA", "", FR, false},
		{"zh-Hans", "", ZH, false},
		{"zh-CN", "", ZH, false},
		{"FR", "", FR, false},
		{"de", "LANG=fr_FR", EN, true},
		{"", "CORDON_LANG=fr LC_ALL=zh_CN.UTF-8", FR, false},
		{"", "CORDON_LANG=xx LC_ALL=zh_CN.UTF-8", EN, true},
		{"", "LC_ALL=zh_CN.UTF-8 LANG=fr_FR", ZH, false},
		{"", "LC_MESSAGES=fr_CA.UTF-8 LANG=zh_CN", FR, false},
		{"", "LANG=zh_CN.UTF-8", ZH, false},
		{"", "LANG=C", EN, false},
		{"", "LC_ALL=C.UTF-8 LANG=fr_FR", EN, false},
		{"", "LC_ALL=POSIX LANG=fr_FR", EN, false},
		{"", "LC_ALL=de_DE.UTF-8 LANG=fr_FR", EN, false},
		{"", "LANG=fr@euro", FR, false},
	} {
		env := map[string]string{}
		for _, kv := range strings.Fields(c.env) {
			k, v, _ := strings.Cut(kv, "=")
			env[k] = v
		}
		got, err := Pick(c.flag, func(k string) string { return env[k] })
		var unknown *UnknownLang
		if got != c.want || errors.As(err, &unknown) != c.bad {
			t.Errorf("--lang %q, %s: %s, %v", c.flag, c.env, got, err)
		}
		if err != nil && !strings.Contains(err.Error(), "en, zh, fr") {
			t.Errorf("%v does not list the three", err)
		}
	}
}
