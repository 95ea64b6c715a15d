package shape

import (
	"bytes"
	"fmt"
	"io"
	"path"
	"strings"
)

// Sniff says how records lie in a file, by the first bytes of it as stored
// (HeadSize are enough) or, where the caller has inflated it, of its content.
// The name helps with nothing but digests: gzip is known by its magic. Where the
// error is ErrShape the file holds no records that can be read, and says why.
func Sniff(name string, head []byte) (Shape, error) {
	if isGzip(head) {
		plain, err := inflateHead(head)
		if err != nil && len(plain) == 0 {
			return "", fmt.Errorf("cannot read %s: %w: %w", path.Base(name), ErrShape, err)
		}
		head = plain
	}
	if strings.Contains(name, "/CloudTrail-Digest/") || strings.Contains(path.Base(name), "_CloudTrail-Digest_") {
		return Digest, nil
	}
	s, why := sniff(head)
	if why != "" {
		return "", fmt.Errorf("cannot read %s: %w: %s", path.Base(name), ErrShape, why)
	}
	return s, nil
}

func inflateHead(head []byte) ([]byte, error) {
	z, _, err := Open(bytes.NewReader(head))
	if err != nil {
		return nil, err
	}
	plain, err := io.ReadAll(io.LimitReader(z, HeadSize))
	if len(plain) > 0 {
		return plain, nil // the rest of it was not given
	}
	return nil, err
}

// magics are what cannot be read, by how it begins.
var magics = []struct{ begins, why string }{
	{"PK\x03\x04", "a zip archive: unpack it first"},
	{"(\xb5/\xfd", "zstandard: unpack it first"},
	{"BZh", "bzip2: unpack it first"},
	{"\xfd7zXZ", "xz: unpack it first"},
	{"PAR1", "Parquet: query it where it lies, or export it as JSON"},
	{"Obj\x01", "Avro: export it as JSON"},
	{"ORC", "ORC: export it as JSON"},
	{"\xff\xfe", "UTF-16 text, as PowerShell's > writes it: save it as UTF-8, for example with Out-File -Encoding utf8"},
	{"\xfe\xff", "UTF-16 text: save it as UTF-8"},
	{"Events:", "YAML: run the AWS CLI again with --output json"},
	{"- ", "YAML: run the AWS CLI again with --output json"},
	{"NextToken:", "YAML: run the AWS CLI again with --output json"},
	{"EVENTS\t", "text for people: run the AWS CLI again with --output json"},
	{"---", "a table for people: run the AWS CLI again with --output json"},
	{"+--", "a table for people: run the AWS CLI again with --output json"},
	{"|", "a table for people: run the AWS CLI again with --output json"},
	{"<", "XML or HTML"},
}

func sniff(head []byte) (s Shape, why string) {
	head = bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))
	head = bytes.TrimLeft(head, " \t\r\n")
	if len(head) == 0 {
		return Empty, ""
	}
	for _, m := range magics {
		if bytes.HasPrefix(head, []byte(m.begins)) {
			return "", m.why
		}
	}
	switch {
	case head[0] == '{':
		return objectShape(head), ""
	case head[0] == '[':
		return listShape(head), ""
	case bytes.HasPrefix(head, []byte(`"{`)):
		return Wrapped, ""
	case stamp(head) > 0:
		return CloudWatch, ""
	case isHeader(firstLine(head)):
		return CSV, ""
	}
	for i := 0; i < len(head)-1; { // damage before the first record
		n := bytes.IndexByte(head[i:], '{')
		if n < 0 {
			break
		}
		if i += n; plausible(head[i:]) {
			return objectShape(head[i:]), ""
		}
		i++
	}
	return "", "nothing in it looks like a record"
}

func firstLine(head []byte) []byte {
	line, _, _ := bytes.Cut(head, []byte("\n"))
	return line
}

// objectShape is the shape of what begins with this object.
func objectShape(head []byte) (s Shape) {
	if look(head) == isItem {
		return itemShape(head)
	}
	s = Log
	members(head, func(name, value []byte, _ bool) bool {
		into, found := containers[string(name)]
		if !found || len(value) == 0 || into.opens != 0 && into.opens != value[0] {
			return true
		}
		switch string(name) {
		case "Records":
			s = listed(value)
		case "Events":
			s = Lookup
		case "events", "logEvents":
			s = CloudWatch
		case "QueryResultRows", "results":
			s = LakeJSON
		case "ResultSet":
			s = AthenaJSON
		case "Rows":
			s = AthenaJSON
		case "hits":
			s = ECS
		}
		return false
	})
	return s
}

// listed is Log where a list holds bare records.
func listed(list []byte) Shape {
	if s := listShape(list); s != Array {
		return s
	}
	return Log
}

func listShape(head []byte) Shape {
	i := skipSpace(head, 1)
	if i >= len(head) || head[i] == ']' {
		return Array
	}
	switch head[i] {
	case '[':
		if isRow(head[i:]) {
			return LakeJSON
		}
		return Wrapped
	case '{':
		if look(head[i:]) == isContainer {
			return Wrapped
		}
		if s := itemShape(head[i:]); s != Lines {
			return s
		}
		return Array
	}
	return Wrapped
}

// itemShape is the shape of items like the one at the head, which may be cut.
func itemShape(head []byte) Shape {
	is := survey(head)
	switch {
	case is.record:
		return Lines
	case is.digest:
		return Digest
	case is.wrapped["CloudTrailEvent"] != nil || is.id != "":
		return Lookup
	case is.wrapped["detail"] != nil:
		return EventBridge
	case is.ocsf:
		return OCSF
	case is.ecs || is.wrapped["_source"] != nil:
		return ECS
	case is.wrapped["message"] != nil || is.wrapped["@message"] != nil:
		return CloudWatch
	}
	return Wrapped
}
