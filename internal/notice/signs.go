package notice

import (
	"net/mail"
	"net/url"
	"strings"

	"cordon/internal/pattern"
)

// senders are the domains from which AWS writes; a domain below one counts.
var senders = []string{"amazon.com", "amazonaws.com", "aws.com", "amazonaws.cn", "amazonaws.com.cn", "amazon.cn"}

// sites are where AWS's own pages are. Under amazonaws.com anybody may put a
// page, so only the consoles of China are taken from there.
var sites = []string{
	"amazon.com", "repost.aws", "aws.dev", "amazon.cn", "console.amazonaws.cn", "www.amazonaws.cn", "docs.amazonaws.cn",
	"console.amazonaws.com", "console.amazonaws-us-gov.com", "amazonaws-us-gov.com",
}

// homes are where keys are found in public: an address there is the place that
// AWS tells of, and no link to follow.
var homes = []string{
	"github.com", "githubusercontent.com", "gitlab.com", "bitbucket.org", "pastebin.com", "codeberg.org", "gitee.com", "npmjs.com",
	"pypi.org", "hub.docker.com", "sourceforge.net", "stackoverflow.com", "postman.com", "kaggle.com", "huggingface.co", "replit.com",
}

func under(host string, domains []string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	for _, d := range domains {
		if host == d || strings.HasSuffix(host, "."+d) {
			return true
		}
	}
	return false
}

func (r *reader) sign(what, value string) {
	if len(r.n.Signs) < maxList {
		r.n.Signs = append(r.n.Signs, Sign{what, value})
	}
}

// sender holds an address to AWS's domains. What is shown beside it is free
// text and counts for nothing.
func (r *reader) sender(value, what string) {
	address := value
	if a, err := mail.ParseAddress(value); err == nil {
		address = a.Address
	} else if i, j := strings.LastIndexByte(value, '<'), strings.LastIndexByte(value, '>'); i >= 0 && j > i {
		address = value[i+1 : j]
	}
	at := strings.LastIndexByte(address, '@')
	if at < 0 || !under(strings.TrimSpace(address[at+1:]), senders) {
		r.sign(what, strings.TrimSpace(address))
	}
}

var (
	address = pattern.New(`(?i)\bhttps?://[^\s<>"'\]\)，。；：、）”]+`)
	// asking for a secret; notSo says the contrary, as AWS's own mails do.
	asking = pattern.New(`(?i)\b(send|provide|reply with|confirm|enter|give|verify|share)\b[^.\n]{0,60}\b(your )?(current )?(password|secret( access)? key|credit card|card number|mfa code|one-time code|cvv)\b`)
	notSo  = pattern.New(`(?i)\b(not|never|n’t|n't|avoid|without)\b`)
)

// signs tells what AWS's own notices do not have.
func (r *reader) signs(text string) {
	for _, l := range r.hrefs {
		to, err := url.Parse(strings.TrimSpace(l.to))
		if err != nil || to.Scheme == "mailto" || to.Host == "" {
			continue
		}
		if shown, err := url.Parse(strings.TrimSpace(l.shown)); err == nil && shown.Host != "" && !strings.EqualFold(shown.Hostname(), to.Hostname()) {
			r.sign(SignDisguised, l.to)
			continue
		}
		if !r.known(to, l.to) {
			r.sign(SignLink, l.to)
		}
	}
	for _, s := range address.FindAllString(text, maxList) {
		s = strings.TrimRight(s, ".,;:!?")
		u, err := url.Parse(s)
		if err != nil {
			r.sign(SignLink, s)
			continue
		}
		if !r.known(u, s) {
			r.sign(SignLink, s)
		}
	}
	for _, at := range asking.FindAllStringIndex(text, maxList) {
		before := text[max(0, at[0]-80):at[0]]
		if i := strings.LastIndexAny(before, ".\n"); i >= 0 {
			before = before[i:]
		}
		if !notSo.MatchString(before + text[at[0]:at[1]]) {
			r.sign(SignSecret, strings.Join(strings.Fields(text[at[0]:at[1]]), " "))
		}
	}
}

// known says whether an address is AWS's own, or the place that the notice
// tells of. A name before an "@" in it disguises the host.
func (r *reader) known(u *url.URL, as string) bool {
	if u.User != nil || strings.Contains(u.Hostname(), "xn--") {
		return false
	}
	if under(u.Hostname(), sites) {
		return true
	}
	for _, l := range r.n.Locations {
		if l == as {
			return true
		}
	}
	return false
}
