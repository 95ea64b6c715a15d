package leak

import (
	"regexp/syntax"
	"unicode"
	"unicode/utf8"
)

// longest is how many bytes decide what a pattern matches at the beginning of a
// text: those of the longest match, and one character behind, which an assertion
// may look at. It is mostMatch where a match may have more.
func longest(pattern string) int {
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return mostMatch
	}
	return min(mostMatch, width(re)+utf8.UTFMax)
}

// width is the most bytes that an expression matches; no more than mostMatch is
// told apart.
func width(re *syntax.Regexp) int {
	sum := 0
	switch re.Op {
	case syntax.OpStar, syntax.OpPlus:
		return mostMatch
	case syntax.OpLiteral:
		for _, c := range re.Rune {
			if re.Flags&syntax.FoldCase != 0 || c > unicode.MaxASCII {
				sum += utf8.UTFMax - 1 // the other cases of a letter may be longer
			}
			sum++
		}
	case syntax.OpCharClass:
		sum = 1
		if n := len(re.Rune); n > 0 && re.Rune[n-1] > unicode.MaxASCII {
			sum = utf8.UTFMax
		}
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		sum = utf8.UTFMax
	case syntax.OpAlternate:
		for _, sub := range re.Sub {
			sum = max(sum, width(sub))
		}
	case syntax.OpRepeat:
		if re.Max < 0 {
			return mostMatch
		}
		sum = re.Max * width(re.Sub[0])
	default: // captures, optional parts, sequences; what matches nothing has no parts
		for _, sub := range re.Sub {
			sum = min(mostMatch, sum+width(sub))
		}
	}
	return min(mostMatch, sum)
}
