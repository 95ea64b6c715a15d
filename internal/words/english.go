package words

import (
	"strings"

	"cordon/internal/pattern"
)

// code is what no language touches: `…`, placeholders, flags, addresses.
var code = pattern.New("`[^`]*`" + `|\{[a-z][a-z0-9_]*\}|--[a-z][a-z0-9-]*|https?://\S+`)

// englishWords are no words of French; the Han have none of them. A digit is no
// word's edge: 5OF2 is a piece of an id.
var englishWords = pattern.New(`(?i)(^|[^\p{L}\p{N}'’-])(` + strings.Join([]string{
	"the", "and", "not", "with", "is", "are", "you", "your", "was", "were", "this", "that", "these", "those", "from", "for", "of",
	"to", "by", "its", "has", "have", "been", "which", "what", "when", "where", "why", "how", "who", "will", "would", "could",
	"should", "must", "cannot", "does", "if", "then", "than", "there", "they", "their", "we", "our", "any", "all", "only", "after",
	"before", "about", "into", "found", "please", "failed", "unknown", "warning", "deleted", "created", "see", "key", "keys",
	"user", "users", "yes",
}, "|") + `)([^\p{L}\p{N}'’-]|$)`)

// keep lists the proper names that contain one of those words.
var keep = pattern.New(strings.Join([]string{
	"AWS Identity and Access Management", "Identity and Access Management", "AWS Key Management Service", "Key Management Service",
	"Infrastructure as Code", "Bring Your Own License", "S3 Block Public Access for Lambda", "Amazon Key", "Policy for All",
	"Living off the Land", "MITRE ATT&CK for Cloud", "IAM User", "What do I do if I notice unauthorized activity in my AWS account",
}, "|"))

// English finds the first English word in a text of another language, or "".
// Commands between backquotes, flags and addresses do not count.
func English(text string) string {
	prose := keep.ReplaceAllString(code.ReplaceAllString(text, "§"), "§")
	if hit := englishWords.FindStringSubmatch(prose); hit != nil {
		return hit[2]
	}
	return ""
}
