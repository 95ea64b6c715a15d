package policy

import "testing"

func TestNormal(t *testing.T) {
	const want = `{"Statement":[{"Action":"sts:AssumeRole","Condition":{"StringEquals":{"a":["1","2"],"b":"<&>"}},"Effect":"Allow","Principal":{"AWS":"` + own + `","Service":["a","b"]}},` +
		`{"Action":["x","y"],"Effect":"Deny","Principal":"*"}],"Version":"2012-10-17"}`
	for name, doc := range map[string]string{
		"itself":           want,
		"lists in a turn":  `{"Statement":[{"Action":"sts:AssumeRole","Condition":{"StringEquals":{"a":["2","1"],"b":"<&>"}},"Effect":"Allow","Principal":{"AWS":"` + own + `","Service":["b","a"]}},{"Action":["y","x"],"Effect":"Deny","Principal":"*"}],"Version":"2012-10-17"}`,
		"members in turn":  `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":["a","b"],"AWS":"` + own + `"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"b":"<&>","a":["1","2"]}}},{"Effect":"Deny","Principal":"*","Action":["x","y"]}]}`,
		"blanks and codes": "{ \"Version\":\"2012-10-17\",\n\"Statement\":[ {\"Effect\":\"Allow\",\"Principal\":{\"Service\":[ \"a\", \"b\" ],\"AWS\":\"" + own + "\"},\"Action\":\"sts:AssumeRole\",\"Condition\":{\"StringEquals\":{\"b\":\"\\u003c&>\",\"a\":[\"1\",\"2\"]}}},{\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":[\"x\",\"y\"]}]}",
	} {
		if got := Normal(doc); got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", name, got, want)
		}
	}
	for name, doc := range map[string]string{
		"statements in turn": `{"Statement":[{"Action":["x","y"],"Effect":"Deny","Principal":"*"},{"Action":"sts:AssumeRole","Effect":"Allow","Principal":"*"}],"Version":"2012-10-17"}`,
		"a member twice":     `{"Statement":{"Action":"a","Effect":"Allow","Principal":"a","Principal":"*"}}`,
		"no policy":          `{"Statement": 7 }`,
		"no JSON":            `{`,
		"nothing":            ``,
	} {
		if got := Normal(doc); got != doc {
			t.Errorf("%s: %q became %q", name, doc, got)
		}
	}
}
