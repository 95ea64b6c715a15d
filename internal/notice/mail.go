package notice

import (
	"bytes"
	"encoding/base64"
	"errors"
	"html"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"time"
	"unicode/utf8"

	"cordon/internal/pattern"
)

// maxDepth is how deep mails lie in mails and parts in parts.
const maxDepth = 8

// headed begins a mail that was saved or pasted with its head.
var headed = pattern.New(`\A(From |[A-Za-z][A-Za-z0-9-]*:[ \t])`)

// mail reads a mail file, or a text that somebody copied out of his mail.
func (r *reader) mail(raw []byte, depth int) error {
	raw = bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n"))
	if bytes.HasPrefix(raw, []byte("From ")) { // an mbox's first line
		if _, rest, ok := bytes.Cut(raw, []byte("\n")); ok {
			raw = rest
		}
	}
	if r.n.Source == "" {
		r.n.Source = Text
	}
	raw = bytes.TrimLeft(raw, "\n \t")
	if !headed.Match(raw) {
		r.pasted(string(raw))
		return nil
	}
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil || m.Header.Get("From")+m.Header.Get("Subject")+m.Header.Get("Date")+m.Header.Get("Content-Type") == "" {
		r.pasted(string(raw)) // "Hello: …" is no head
		return nil
	}
	r.n.Source = Mail
	r.head(m.Header)
	return r.part(m.Header.Get("Content-Type"), m.Header.Get("Content-Transfer-Encoding"), m.Header.Get("Content-Disposition"), m.Body, depth)
}

var words = mime.WordDecoder{CharsetReader: func(charset string, in io.Reader) (io.Reader, error) {
	b, err := io.ReadAll(in)
	return strings.NewReader(decoded(b, charset)), err
}}

// head takes over who wrote what when. The head of a mail that was forwarded as
// an attachment is the one that counts: it is read last.
func (r *reader) head(h mail.Header) {
	get := func(name string) string {
		v := h.Get(name)
		if plain, err := words.DecodeHeader(v); err == nil {
			v = plain
		}
		return strings.Join(strings.Fields(v), " ")
	}
	r.n.From, r.n.Subject = get("From"), get("Subject")
	r.n.Signs = nil
	if t, err := mail.ParseDate(h.Get("Date")); err == nil {
		r.n.Sent = t.UTC()
	}
	r.sender(r.n.From, SignSender)
	if reply := get("Reply-To"); reply != "" {
		r.sender(reply, SignReplyTo)
	}
	for _, line := range h["Authentication-Results"] {
		for _, m := range failedChecks.FindAllString(strings.ToLower(line), 3) {
			r.sign(SignFailed, m)
		}
	}
}

var failedChecks = pattern.New(`\b(spf|dkim|dmarc)=(fail|softfail|permerror)\b`)

// part reads one part of a mail: text, a mail within it, or an attachment,
// which is named and not opened.
func (r *reader) part(contentType, encoding, disposition string, body io.Reader, depth int) error {
	if depth > maxDepth {
		return errors.New("its parts lie too deep in each other")
	}
	media, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		media, params = "text/plain", map[string]string{}
	}
	how, about, _ := mime.ParseMediaType(disposition)
	name := about["filename"]
	if name == "" {
		name = params["name"]
	}
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, &onlyBase64{r: body})
	}
	switch {
	case strings.HasPrefix(media, "multipart/"):
		return r.parts(body, params["boundary"], depth)
	case media == "message/rfc822":
		b, err := io.ReadAll(body)
		if err != nil {
			return err
		}
		return r.mail(b, depth+1)
	case how == "attachment" || name != "" || !strings.HasPrefix(media, "text/"):
		if name == "" {
			name = media
		}
		if how != "inline" || !strings.HasPrefix(media, "image/") { // AWS's logo is none
			r.sign(SignAttachment, name)
		}
		return nil
	}
	b, err := io.ReadAll(body)
	if err != nil && len(b) == 0 {
		return err
	} // what could be decoded of a damaged part is read
	text := decoded(b, params["charset"])
	if media == "text/html" {
		r.hypertext(text)
	} else {
		r.pasted(text)
	}
	return nil
}

func (r *reader) parts(body io.Reader, boundary string, depth int) error {
	if boundary == "" {
		return errors.New("a part of the mail has no boundary")
	}
	m := multipart.NewReader(body, boundary)
	for range maxList {
		p, err := m.NextRawPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			if len(r.body) > 0 {
				return nil // the mail broke off after its text
			}
			return err
		}
		h := p.Header
		if err := r.part(h.Get("Content-Type"), h.Get("Content-Transfer-Encoding"), h.Get("Content-Disposition"), p, depth+1); err != nil {
			return err
		}
	}
	return errors.New("it has too many parts")
}

// onlyBase64 leaves out what mail programs put between the lines.
type onlyBase64 struct{ r io.Reader }

func (o *onlyBase64) Read(p []byte) (int, error) {
	n, err := o.r.Read(p)
	kept := p[:0]
	for _, c := range p[:n] {
		if c == '+' || c == '/' || c == '=' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' {
			kept = append(kept, c)
		}
	}
	return len(kept), err
}

// decoded makes text of bytes. What is neither UTF-8 nor Latin keeps its ASCII,
// which is what keys, names, dates and links are written in.
func decoded(b []byte, charset string) string {
	switch strings.ToLower(charset) {
	case "iso-8859-1", "iso-8859-15", "windows-1252", "latin1":
		out := make([]rune, len(b))
		for i, c := range b {
			out[i] = rune(c)
		}
		return string(out)
	}
	if utf8.Valid(b) {
		return string(b)
	}
	return strings.ToValidUTF8(string(b), "\ufffd")
}

var (
	anchor  = pattern.New(`(?is)<a\s[^>]*?href\s*=\s*("[^"]*"|'[^']*'|[^\s>]+)[^>]*>(.*?)</a\s*>`)
	hidden  = pattern.New(`(?is)<(script|style|head|title)\b.*?</(script|style|head|title)\s*>|<!--.*?-->`)
	breaks  = pattern.New(`(?i)<(br|/p|/div|/tr|/li|/h[1-6]|/table)\b[^>]*>`)
	cells   = pattern.New(`(?i)</t[dh]\s*>`)
	markup  = pattern.New(`(?s)<[^<>]*>`)
	spacing = pattern.New(`[ \t\x{00a0}]+`)
)

// hypertext reads a page's words, and its links with what they show.
func (r *reader) hypertext(page string) {
	for _, m := range anchor.FindAllStringSubmatch(page, maxList) {
		shown := strings.Join(strings.Fields(html.UnescapeString(markup.ReplaceAllString(m[2], " "))), " ")
		r.hrefs = append(r.hrefs, link{shown, html.UnescapeString(strings.Trim(m[1], `"'`))})
	}
	text := breaks.ReplaceAllString(hidden.ReplaceAllString(page, " "), "\n")
	text = markup.ReplaceAllString(cells.ReplaceAllString(text, "\t"), " ")
	r.pasted(spacing.ReplaceAllString(html.UnescapeString(text), " "))
}

// forwardedHead is what mail programs put above a forwarded text.
var forwardedHead = pattern.New(`(?mi)^[>* \t]*(From|Date|Sent|Subject|De|Envoyé|Objet|发件人|发送时间|日期|主题)[*]?\s*[:：][*]?\s*(.+)$`)

// pasted reads the words of a text, and the head of a mail that was forwarded
// in it.
func (r *reader) pasted(text string) {
	r.body = append(r.body, text)
	for _, m := range forwardedHead.FindAllStringSubmatch(text, 12) {
		value := strings.TrimSpace(m[2])
		switch strings.ToLower(m[1]) {
		case "from", "de", "发件人":
			if strings.Contains(value, "@") {
				r.n.From, r.n.Signs = value, nil
				r.sender(value, SignSender)
			}
		case "date", "sent", "envoyé", "发送时间", "日期":
			if t, ok := moment(value); ok {
				r.n.Sent = t
			}
		case "subject", "objet", "主题":
			r.n.Subject = value
		}
	}
}

// moment reads the date of a mail's head, as mail programs write it.
func moment(s string) (time.Time, bool) {
	if t, err := mail.ParseDate(s); err == nil {
		return t.UTC(), true
	}
	for _, form := range []string{
		time.RFC3339, "2006-01-02 15:04:05", "2006-01-02 15:04", "Mon, Jan 2, 2006 at 3:04 PM", "Monday, January 2, 2006 3:04 PM",
		"Monday, 2 January 2006 15:04", "2 January 2006 15:04", "January 2, 2006 at 3:04:05 PM MST",
	} {
		if t, err := time.Parse(form, s); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}
