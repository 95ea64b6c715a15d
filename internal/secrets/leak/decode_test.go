package leak

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

func utf16of(s string, little, bom bool) []byte {
	var b bytes.Buffer
	put := func(c byte) {
		if little {
			b.Write([]byte{c, 0})
		} else {
			b.Write([]byte{0, c})
		}
	}
	if bom && little {
		b.Write([]byte{0xff, 0xfe})
	} else if bom {
		b.Write([]byte{0xfe, 0xff})
	}
	for i := range len(s) {
		put(s[i])
	}
	return b.Bytes()
}

func zipOf(t *testing.T, name string, body []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(body); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gzipOf(body []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write(body)
	_ = z.Close()
	return b.Bytes()
}

func arOf(name string, body []byte) []byte {
	return fmt.Appendf(nil, "!<arch>\n%-16s%-12d%-6d%-6d%-8s%-10d`\nab\n\n%-16s%-12d%-6d%-6d%-8s%-10d`\n%s", "odd", 0, 0, 0, "100644", 3, name, 0, 0, 0, "100644", len(body), body)
}

// tarOf is a tar of one file; a type is written over its own.
func tarOf(name string, body []byte, kind ...byte) []byte {
	b := plainTar(name, body)
	for _, k := range kind {
		b[156] = k
		if k == tar.TypeGNUSparse { // one stretch, as long as the file
			copy(b[257:], "ustar  \x00")
			copy(b[386:], fmt.Sprintf("%011o\x00%011o\x00", 0, len(body)))
			copy(b[483:], fmt.Sprintf("%011o\x00", len(body)))
		}
		copy(b[148:156], "        ")
		sum := 0
		for _, c := range b[:512] {
			sum += int(c)
		}
		copy(b[148:156], fmt.Sprintf("%06o\x00 ", sum))
	}
	return b
}

func plainTar(name string, body []byte) []byte {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	_ = w.WriteHeader(&tar.Header{Name: name, Size: int64(len(body)), Mode: 0o600, Format: tar.FormatUSTAR})
	_, _ = w.Write(body)
	_ = w.Close()
	return b.Bytes()
}

func zstdOf(body []byte) []byte {
	w, _ := zstd.NewWriter(nil)
	return w.EncodeAll(body, nil)
}

func wrap64(s string, n int) string {
	text := base64.StdEncoding.EncodeToString([]byte(s))
	var b strings.Builder
	for len(text) > n {
		b.WriteString(text[:n] + "\n")
		text = text[n:]
	}
	return b.String() + text + "\n"
}

// TestDecoders: what has to be opened is opened, said how, and chosen by the
// matcher.
func TestDecoders(t *testing.T) {
	plain := fill("# settings\naws_access_key_id = AKIA{u16}\naws_secret_access_key = {b40}\n", 9)
	id := fill("AKIA{u16}", 11)
	secret := fill("{b40}", 12)
	for name, c := range map[string]struct {
		body    []byte
		through string
		rule    string
	}{
		"utf-16le":           {utf16of(plain, true, true), "utf-16le", RuleSecret},
		"utf-16be":           {utf16of(plain, false, true), "utf-16be", RuleKey},
		"utf-16le, no mark":  {utf16of(plain, true, false), "utf-16le", RuleKey},
		"zip":                {zipOf(t, "a/b.env", []byte(plain)), "zip a/b.env", RuleSecret},
		"gzip":               {gzipOf([]byte(plain)), "gzip", RuleKey},
		"zstd":               {zstdOf([]byte(plain)), "zstd", RuleKey},
		"tar":                {tarOf("etc/x", []byte(plain)), "tar etc/x", RuleKey},
		"tar.gz":             {gzipOf(tarOf("etc/x", []byte(plain))), "gzip tar etc/x", RuleSecret},
		"zip in zip":         {zipOf(t, "in.zip", zipOf(t, "x", []byte(plain))), "zip in.zip zip x", RuleKey},
		"base 64":            {[]byte("data: " + base64.StdEncoding.EncodeToString([]byte(plain)) + "\n"), "base64", RuleSecret},
		"base 64, wrapped":   {[]byte("Content-Transfer-Encoding: base64\n\n" + wrap64(plain, 76)), "base64", RuleSecret},
		"base 64 of an id":   {[]byte("id: " + base64.StdEncoding.EncodeToString([]byte(id))), "base64", RuleKey},
		"base 64, shifted 1": {[]byte("id: " + base64.StdEncoding.EncodeToString([]byte("x"+id+" and more"))), "base64", RuleKey},
		"base 64, shifted 2": {[]byte("id: " + base64.StdEncoding.EncodeToString([]byte("xy"+id+" and more"))), "base64", RuleKey},
		"base 64 twice":      {[]byte(base64.StdEncoding.EncodeToString([]byte("k: " + base64.StdEncoding.EncodeToString([]byte(plain)) + " AKIA"))), "base64 base64", RuleKey},
		"kubernetes":         {[]byte("  AWS_SECRET_ACCESS_KEY: " + base64.StdEncoding.EncodeToString([]byte(secret)) + "\n"), "base64", RuleSecret},
		"pex":                {append([]byte("#!/usr/bin/env python3\n"), zipOf(t, "m.py", []byte(plain))...), "zip m.py", RuleSecret},
		"program and zip":    {append([]byte("\x7fELF"+strings.Repeat("\x00\x01code", 3000)), zipOf(t, "m.py", []byte(plain))...), "zip m.py", RuleSecret},
		"before a zip":       {append([]byte("#!/bin/sh\nexport K="+id+"\n"), zipOf(t, "m.py", []byte("x"))...), "", RuleKey},
		"program alone":      {[]byte("MZ" + strings.Repeat("\x00\x01code", 3000) + plain), "", RuleKey},
		"deb":                {arOf("control.tar.gz", gzipOf(tarOf("etc/x", []byte(plain)))), "ar control.tar.gz gzip tar etc/x", RuleKey},
		"contiguous":         {tarOf("etc/x", []byte(plain), tar.TypeCont), "tar etc/x", RuleKey},
		"sparse":             {tarOf("etc/x", []byte(plain), tar.TypeGNUSparse), "tar etc/x", RuleKey},
		"name in a zip":      {zipOf(t, "a/"+id+"/b", []byte("x")), "zip", RuleKey},
		"name in a tar":      {tarOf(id, []byte("x")), "tar", RuleKey},
		"utf-16 in gzip":     {gzipOf(utf16of(plain, true, true)), "gzip utf-16le", RuleKey},
	} {
		found, gaps := detector().File(c.body)
		if len(gaps) > 0 {
			t.Errorf("%s: %v", name, gaps)
		}
		ok := false
		for _, f := range found {
			ok = ok || f.Rule == c.rule && strings.Join(f.Through, " ") == c.through
		}
		if !ok {
			t.Errorf("%s: no %s through %q in %+v", name, c.rule, c.through, found)
		}
		m := Options{}.Matcher()
		chosen := len(m.Lines(c.body, nil)) > 0
		if m.Whole(c.body[:min(len(c.body), 8000)]) {
			chosen = m.Blob(c.body)
		}
		if !chosen && name != "base 64 twice" {
			t.Errorf("%s: the matcher passes it over", name)
		}
	}
}

func TestEscapes(t *testing.T) {
	secret := "/" + fill("{b39}", 21)
	for i := uint64(22); !varied([]byte(secret)) || strings.Count(secret, "/") > 2; i++ {
		secret = "/" + fill("{b39}", i)
	}
	for _, text := range []string{
		`{"id":"` + fill("AKIA{u16}", 1) + `","secretKey":"` + strings.ReplaceAll(secret, "/", `\/`) + `"}`,
		"key=" + fill("AKIA{u16}", 1) + "&secret=" + strings.NewReplacer("/", "%2F", "+", "%2B").Replace(secret),
	} {
		got := detector().Text([]byte(text))
		if !has(got, RuleSecret) || got[0].Pair == "" {
			t.Errorf("%s: %+v", text, got)
		}
	}
}

// TestAfterEscapes: an escape before a credential is no part of it, whatever it
// looks like, and the matcher chooses the line.
func TestAfterEscapes(t *testing.T) {
	m := Options{}.Matcher()
	before := []string{"%3D", "%22", "%20", "%3d", "%3A%20%22", "=3D", `\x22`, `\x3D`, `\u0022`, `\u003d`, `\n`, `\t`, `\r\n`}
	for rule, sample := range map[string]string{
		RuleKey: "AKIA{u16}", RuleTemporary: "ASIA{u16}", "github-token": "ghp_{w36}", "gitlab-token": "glpat-{w20}", RuleSecret: "{b40}", "sendgrid-key": "SG.{w22}.{w43}",
		"terraform-cloud-token": "{w14}.atlasv1.{w67}", "twilio-key-sid": "SK{h32}",
	} {
		for seed := range uint64(20) {
			for _, e := range before {
				value := fill(sample, seed)
				for _, after := range []string{"", "%22", `\u0022}`, "&x=y", "=3D"} {
					text := "secret" + e + value + after
					if got := detector().Text([]byte(text)); !has(got, rule) || !strings.HasSuffix(value, got[0].Last4) {
						t.Errorf("%s is not found: %q: %+v", rule, text, got)
					}
					if len(m.Lines([]byte(text), nil)) == 0 {
						t.Errorf("%s: the matcher passes it over: %q", rule, text)
					}
				}
			}
		}
	}
	for _, text := range []string{"secret=\\x2{b40}", "secret=%g0{b40}", "secret=F0{b40}", "secret=x22{b40}", "u0022AKIA{u16}"[:5] + "AKIA{u16}", "3DAKIA{u16}", "token=\\aghp_{w36}", "token%zzghp_{w36}", "token%3Dxghp_{w36}"} {
		if got := detector().Text([]byte(fill(text, 3))); len(got) > 0 {
			t.Errorf("%q: %+v", text, got)
		}
	}
}

// TestBounds: what unpacks to too much is told, and not unpacked.
func TestBounds(t *testing.T) {
	bomb := gzipOf(bytes.Repeat([]byte("0"), MostMember+1000))
	_, gaps := detector().File(bomb)
	if len(gaps) != 1 || gaps[0].Why != "too-large" {
		t.Errorf("a bomb: %v", gaps)
	}
	deep := []byte("x")
	for range DefaultDepth + 1 {
		deep = gzipOf(deep)
	}
	if _, gaps := detector().File(deep); len(gaps) != 1 || gaps[0].Why != "too-deep" {
		t.Errorf("too deep: %v", gaps)
	}
	whole := gzipOf([]byte(fill("AKIA{u16}\n", 1) + strings.Repeat("some text\n", 5000)))
	if found, gaps := detector().File(whole[:len(whole)-9]); len(found) != 1 || len(gaps) != 1 || gaps[0].Why != "broken" {
		t.Errorf("cut off: %v %v", found, gaps)
	}
	if _, gaps := detector().File([]byte("7z\xbc\xaf\x27\x1c and so on")); len(gaps) != 1 || gaps[0].Why != "format" {
		t.Errorf("7z: %v", gaps)
	}
	for form, body := range map[string]string{
		"lz4": "\x04\x22\x4d\x18", "lzma": "\x5d\x00\x00\x80\x00" + strings.Repeat("\xff", 8) + "\x00x", "cab": "MSCF\x00\x00\x00\x00", "git-bundle": "# v2 git bundle\n",
		"cpio": "070701" + strings.Repeat("0", 104) + "\x00",
	} {
		if _, gaps := detector().File([]byte(body)); len(gaps) != 1 || gaps[0].Why != "format" || gaps[0].Through[0] != form || !(Options{}).Matcher().Whole([]byte(body)) {
			t.Errorf("%s: %v", form, gaps)
		}
	}
	if _, gaps := detector().File(tarOf("x", []byte("text"), 'V')); len(gaps) != 1 || gaps[0].Why != "format" {
		t.Errorf("a member of an unknown kind: %v", gaps)
	}
	for _, body := range []string{"070701 is a date", "]\x00\x00", "#!/bin/sh\necho PK", "MZ", "!<arch>"} {
		if _, gaps := detector().File([]byte(body)); len(gaps) > 0 {
			t.Errorf("%q: %v", body, gaps)
		}
	}
	if _, gaps := New(Options{Depth: -1}).File(whole); len(gaps) != 1 || gaps[0].Why != "too-deep" {
		t.Errorf("no archives: %v", gaps)
	}
}

// TestCrowded: a text made of beginnings costs no square of its length, and what
// is left out is told. The bound is of the code as it is shipped: the race detector
// makes it several times slower.
func TestCrowded(t *testing.T) {
	for _, word := range []string{"FQoDYXdz", "eyJhbGciOi", "-----BEGIN " + "PRIVATE KEY-----\n", "QUtJQ", "glpat-", "AKIA", "eyJhbGciOi-"} {
		began := time.Now()
		_, gaps := detector().File([]byte(strings.Repeat(word, (1<<20)/len(word))))
		if took := time.Since(began); !raced && took > 20*time.Second {
			t.Errorf("%s: %v", word, took)
		}
		if told := len(gaps) == 1 && gaps[0].Why == "too-many"; told != (word == "eyJhbGciOi-") {
			t.Errorf("%s: %v", word, gaps)
		}
	}
}

func BenchmarkCrowded(b *testing.B) {
	text := []byte(strings.Repeat("glpat-", (1<<20)/6))
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		detector().File(text)
	}
}

// FuzzDetector: nothing panics, what is found has a place in the text, and the
// matcher is no stricter than the detector about what stands in one line.
func FuzzDetector(f *testing.F) {
	for i, r := range All() {
		for _, s := range append(r.Hit, r.Miss...) {
			f.Add([]byte(fill(s, uint64(i))))
		}
	}
	plain := fill("aws_access_key_id = AKIA{u16}\naws_secret_access_key = {b40}\n", 9)
	for _, b := range [][]byte{utf16of(plain, true, true), gzipOf([]byte(plain)), tarOf("x", []byte(plain)), []byte(wrap64(plain, 76)), zstdOf([]byte(plain))} {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		d := New(Options{Key: []byte("k"), Identifiers: true})
		found, _ := d.File(body)
		lines := bytes.Count(body, []byte("\n")) + 1
		m := Options{Identifiers: true}.Matcher()
		m.Whole(body[:min(len(body), 8000)])
		hits := m.Lines(body, nil)
		for _, h := range hits {
			if h < 0 || h >= len(body) {
				t.Fatalf("hit %d of %d", h, len(body))
			}
		}
		for _, x := range found {
			if x.Line < 1 || x.Column < 1 || len(x.Through) == 0 && x.Line > lines {
				t.Fatalf("%+v of %d lines", x, lines)
			}
			if x.Fingerprint == "" || x.Reveal() == "" || x.Class == Secret && x.ID != "" {
				t.Fatalf("%+v", x)
			}
			if len(x.Through) == 0 && len(hits) == 0 && x.Rule != rulePrivate {
				t.Fatalf("the matcher passes over %s in %q", x.Rule, body)
			}
		}
	})
}
