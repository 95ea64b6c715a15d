package ere_test

import (
	"bytes"
	"testing"

	"cordon/internal/secrets/ere"
)

// BenchmarkLines reads text with the patterns that git-secrets registers for AWS.
func BenchmarkLines(b *testing.B) {
	text := bytes.Repeat([]byte("func (r *run) settle(bad bool, found [][]byte) int { // key = value\n\t\"account\": {\"Fn::GetAtt\": [\"LongLogicalResourceName0123456789\", \"Arn\"]},\n"), 20000)
	for _, word := range []bool{false, true} {
		re, err := ere.Compile(patterns[len(patterns)-4:], ere.Options{Word: word})
		if err != nil {
			b.Fatal(err)
		}
		b.Run(map[bool]string{false: "anywhere", true: "words"}[word], func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				if hits := re.Lines(text, nil); len(hits) != 0 {
					b.Fatal(hits)
				}
			}
		})
	}
}
