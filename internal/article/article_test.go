package article

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"cordon/internal/checks"
	"cordon/internal/words"
)

var update = flag.Bool("update", false, "write docs/ref/article.md")

// read gives the paragraphs of one text, or skips where it is not at hand: it is
// AWS's and no part of the repository.
func read(t *testing.T, lang string) []string {
	t.Helper()
	path := filepath.Join("..", "..", "..", "shared", "article."+lang+".txt")
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("no %s: that each of its paragraphs is in the table is not shown by this run", path)
	}
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for line := range strings.Lines(string(text)) {
		if strings.TrimSpace(line) != "" {
			out = append(out, strings.TrimSpace(line))
		}
	}
	return out
}

func of(lang string) (line func(Line) []int, heading func(Section) int) {
	if lang == "fr" {
		return func(l Line) []int { return l.FR }, func(s Section) int { return s.FR }
	}
	return func(l Line) []int { return l.ZH }, func(s Section) int { return s.ZH }
}

// faults says which of the n paragraphs of a text are in no line and are no
// heading, and which are both or are not there.
func faults(lang string, n int, lines []Line) (out []string) {
	line, heading := of(lang)
	heads, said := map[int]bool{}, map[int]bool{}
	for _, f := range frames[lang] {
		heads[f] = true
	}
	for _, s := range sections {
		if h := heading(s); h > 0 {
			heads[h] = true
		}
	}
	for _, l := range lines {
		for _, p := range line(l) {
			said[p] = true
			if heads[p] || p < 1 || p > n {
				out = append(out, fmt.Sprintf("%s: paragraph %d of %s is a heading, or not there", l.ID, p, lang))
			}
		}
	}
	for p := 1; p <= n; p++ {
		if !said[p] && !heads[p] {
			out = append(out, fmt.Sprintf("paragraph %d of %s is in no line", p, lang))
		}
	}
	return out
}

func TestEveryParagraphHasALine(t *testing.T) {
	for lang, n := range paragraphs {
		for _, fault := range faults(lang, n, lines) {
			t.Error(fault)
		}
		// A line that is taken away is missed.
		if len(faults(lang, n, slices.DeleteFunc(Lines(), func(l Line) bool { return l.ID == "support-secrets" }))) != 1 {
			t.Errorf("%s: a line less is not seen", lang)
		}
	}
}

// anchors are a word or name of each text that stands in a paragraph of the line,
// so that a number which is off by one does not pass.
var anchors = map[string][2]string{
	"noticed": {"notification", "通知"}, "lockout": {"formulaire", "表单"}, "root-password": {"racine", ""}, "user-passwords": {"mot de passe", "密码"},
	"key-uses": {"Access Analyzer", "新密钥"}, "key-second": {"deuxième", "第二个"}, "key-off": {"Désactivez", "禁用"}, "key-back": {"réactivez", "重新激活"},
	"key-delete": {"supprimez la première", "删除第一个"}, "users-foreign": {"utilisateurs IAM", "IAM 用户"}, "keys-unused": {"n'utilise plus", "不再使用"},
	"keys-care": {"même manière", "相同的方式"}, "creator": {"a créé une ressource", "创建了资源"},
	"quarantine": {"AWSExposedCredentialPolicy_DO_NOT_REMOVE", "AWSExposedCredentialPolicy_DO_NOT_REMOVE"}, "bill": {"", "Bills"},
	"regions": {"toutes les régions", "所有的 AWS 区域"}, "whose": {"vous avez lancées", "您启动的资源"}, "snapshot": {"", "EBS"},
	"foreign": {"résilier", "终止"}, "lambda": {"Lambda", "Lambda"}, "mfa-root": {"utilisateur racine", "根用户"}, "mfa-users": {"virtuel", "虚拟"},
	"account": {"", "备用联系人"}, "support-answer": {"répondez", "响应"}, "support-new": {"questions", "疑虑"}, "support-secrets": {"carte", "信用卡"},
	"git-secrets": {"Git Secrets", "Git Secrets"}, "automation": {"Step Functions", "Step Functions"}, "root-daily": {"absolument nécessaire", "非绝对必要"},
	"root-keys": {"n'en créez pas", "不要创建"}, "administrator": {"autorisations administratives", "管理权限"}, "practices": {"directives générales", "一般准则"},
}

func TestTheTextsAreMapped(t *testing.T) {
	for i, lang := range []string{"fr", "zh"} {
		t.Run(lang, func(t *testing.T) {
			text := read(t, lang)
			if len(text) != paragraphs[lang] {
				t.Errorf("the text has %d paragraphs, the table counts %d", len(text), paragraphs[lang])
			}
			line, heading := of(lang)
			for _, l := range lines {
				var mine strings.Builder
				for _, p := range line(l) {
					mine.WriteString(text[p-1] + "\n")
				}
				anchor, given := anchors[l.ID]
				if !given || (anchor[i] == "") != (len(line(l)) == 0) || !strings.Contains(mine.String(), anchor[i]) {
					t.Errorf("%s: %q is in none of its paragraphs", l.ID, anchor[i])
				}
			}
			heads := slices.Clone(frames[lang])
			for _, s := range sections {
				if h := heading(s); h > 0 {
					heads = append(heads, h)
				}
			}
			for _, h := range heads {
				if strings.ContainsAny(text[h-1][len(text[h-1])-1:], ".:") || strings.HasSuffix(text[h-1], "。") || regexp.MustCompile(`^(\d\.|•)`).MatchString(text[h-1]) {
					t.Errorf("paragraph %d says something, and is held to be a heading", h)
				}
			}
		})
	}
}

func TestDeclared(t *testing.T) {
	known, at := map[string]bool{}, map[string]int{}
	for _, c := range checks.All() {
		known[c.ID] = true
	}
	for i, s := range sections {
		at[s.ID] = i + 1
	}
	ids, stories, before := map[string]bool{}, map[string]string{}, 0
	for _, l := range lines {
		if ids[l.ID] || at[l.Section] < max(before, 1) {
			t.Errorf("%s stands twice, or in no section, or not in the order of sections", l.ID)
		}
		ids[l.ID], before = true, at[l.Section]
		if len(l.FR)+len(l.ZH) == 0 || len(l.Commands) == 0 || l.judge == nil {
			t.Errorf("%s: no paragraph, no command, or nothing that computes it", l.ID)
		}
		for _, c := range l.Checks {
			if !known[c] {
				t.Errorf("%s names the check %s, which is not there", l.ID, c)
			}
		}
		if other, twice := stories[l.Story]; twice && strings.HasPrefix(l.Story, "article-") {
			t.Errorf("%s and %s have one script", l.ID, other)
		}
		stories[l.Story] = l.ID
		if _, err := os.Stat(filepath.Join("..", "..", "testdata", "script", l.Story+".txtar")); err != nil {
			t.Errorf("%s has no script: %v", l.ID, err)
		}
	}
	scripts, err := filepath.Glob(filepath.Join("..", "..", "testdata", "script", "article-*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range scripts {
		if name := strings.TrimSuffix(filepath.Base(path), ".txtar"); stories[name] == "" {
			t.Errorf("%s shows no line", name)
		}
	}
}

// whys are the reasons that this package's source gives.
func whys(t *testing.T) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`Why: "([a-z-]+)"`).FindAllStringSubmatch(string(text), -1) {
			out[m[1]] = true
		}
		for _, m := range regexp.MustCompile(`answered\("([a-z-]+)"|looked\([A-Za-z]+, "([a-z]+)"\)`).FindAllStringSubmatch(string(text), -1) {
			out[m[1]+m[2]+".clear"], out[m[1]+m[2]+".found"] = true, true
		}
	}
	delete(out, "quarantine-marker.found") // quarantine says it with the keys
	return out
}

func TestEveryLineIsSpoken(t *testing.T) {
	want := map[string]bool{}
	for _, l := range lines {
		want["article.line."+l.ID] = true
	}
	for _, s := range sections {
		want["article.section."+s.ID] = true
	}
	for _, who := range []string{Responder, Owner, RootUser} {
		want["article.who."+who] = true
	}
	for why := range whys(t) {
		want["article.why."+why] = true
	}
	for _, lang := range words.Langs() {
		w := words.For(lang)
		for key := range want {
			if !w.Has(key) {
				t.Errorf("%s: no text for %s", lang, key)
			}
		}
		for _, key := range w.Keys() {
			if strings.HasPrefix(key, "article.") && !want[key] {
				t.Errorf("%s: %s belongs to nothing", lang, key)
			}
		}
	}
}

func TestReferencePageIsCurrent(t *testing.T) {
	path, text := filepath.Join("..", "..", "docs", "ref", "article.md"), page()
	if *update {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	have, err := os.ReadFile(path)
	if err != nil || string(have) != text {
		t.Errorf("docs/ref/article.md is not what the code declares; run: go test ./internal/article -update (%v)", err)
	}
}

func page() string {
	var b strings.Builder
	w := words.For(words.EN)
	b.WriteString("# AWS’s article, line by line\n\nMade by `go test ./internal/article -update` from the table in `internal/article/lines.go`.\n\n")
	b.WriteString("The article is “What do I do if I notice unauthorized activity in my AWS account?” on AWS’s knowledge center, in the French text of 19 January 2021 and the Chinese one of 27 April 2021. ")
	b.WriteString("Numbers count a text’s paragraphs, headings and list items among them. `cordon report` says how far a case has followed each line.\n\n")
	fmt.Fprintf(&b, "%d lines. Headings, titles and dates are paragraphs %s of the French text and %s of the Chinese one; every other paragraph stands in a line below.\n",
		len(lines), numbers(headings("fr")), numbers(headings("zh")))
	section := ""
	for _, l := range lines {
		if l.Section != section {
			section = l.Section
			fmt.Fprintf(&b, "\n## %s\n\n| line | what it asks for | fr | zh | commands | checks | verbs | shown by |\n|---|---|---|---|---|---|---|---|\n", w.T("article.section."+section))
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s | %s | `%s` |\n", l.ID, w.T("article.line."+l.ID), numbers(l.FR), numbers(l.ZH),
			quoted("cordon ", l.Commands), quoted("", l.Checks), quoted("", l.Verbs), l.Story)
	}
	return b.String()
}

func headings(lang string) []int {
	_, heading := of(lang)
	out := slices.Clone(frames[lang])
	for _, s := range sections {
		if h := heading(s); h > 0 {
			out = append(out, h)
		}
	}
	slices.Sort(out)
	return out
}

// numbers writes 1, 2, 3, 7 as 1–3, 7.
func numbers(all []int) string {
	var parts []string
	for i := 0; i < len(all); i++ {
		j := i
		for j+1 < len(all) && all[j+1] == all[j]+1 {
			j++
		}
		if j > i {
			parts = append(parts, fmt.Sprintf("%d–%d", all[i], all[j]))
		} else {
			parts = append(parts, fmt.Sprint(all[i]))
		}
		i = j
	}
	if len(parts) == 0 {
		return "–"
	}
	return strings.Join(parts, ", ")
}

func quoted(before string, all []string) string {
	var parts []string
	for _, s := range all {
		parts = append(parts, "`"+before+s+"`")
	}
	return strings.Join(parts, ", ")
}
