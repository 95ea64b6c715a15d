package scan

import (
	"context"
	"strings"

	"cordon/internal/secrets/leak"
	"cordon/internal/secrets/pack"
)

// large judges a candidate that is too large to be read whole. What the objects'
// own scan told of it, such as that it was not unpacked, is not told again.
func (x *repository) large(ctx context.Context, o *object) (whole bool, err error) {
	var gaps []leak.Gap
	o.found, gaps, err = x.pieces(ctx, o.id, func(kind pack.Kind, _ pack.Piece) { o.kind = kind })
	if err != nil {
		x.gap(Gap{Source: x.source, Where: o.id.String(), Why: "unreadable", Detail: err.Error()})
		return false, ctx.Err()
	}
	for _, g := range gaps {
		x.gap(Gap{Source: x.source, Where: o.id.String(), Why: g.Why, Detail: g.Detail})
	}
	return len(gaps) == 0, nil
}

// pieces holds an object of any size against the rules.
func (x *repository) pieces(ctx context.Context, id pack.ID, see func(pack.Kind, pack.Piece)) ([]leak.Found, []leak.Gap, error) {
	w := x.detect.Piecewise()
	err := x.r.Pieces(ctx, id, func(kind pack.Kind, p pack.Piece) {
		see(kind, p)
		if len(x.match.Lines(p.Text, nil)) > 0 {
			w.Add(p.Text, p.Again, p.Line, p.Column, p.Last)
		}
	})
	found, gaps := w.End()
	return found, gaps, err
}

// incomingLarge looks at what a hook is asked about, where that is too large to be
// read whole. One that has to be unpacked is read as a file is.
func (x *repository) incomingLarge(ctx context.Context, id pack.ID, at Place) {
	where := at.Path
	if where == "" {
		where = id.String()
	}
	var body []byte
	unpack, size := false, int64(0)
	found, gaps, err := x.pieces(ctx, id, func(kind pack.Kind, p pack.Piece) {
		if size == 0 {
			unpack = kind == pack.Blob && x.match.Whole(p.Text[:min(len(p.Text), pack.HeadSize)])
		}
		fresh := p.Text[p.Again:]
		if size += int64(len(fresh)); unpack && size <= mostFile {
			body = append(body, fresh...)
		}
	})
	switch {
	case err != nil:
		gaps = append(gaps, leak.Gap{Why: "unreadable", Detail: err.Error()})
	case unpack && size > mostFile:
		gaps = append(gaps, leak.Gap{Why: "too-large"})
	case unpack:
		found, gaps = x.detect.File(body)
	}
	for _, g := range gaps {
		x.gap(Gap{Source: x.source, Where: strings.Join(append([]string{where}, g.Through...), " › "), Why: g.Why, Detail: g.Detail})
	}
	x.res.Bytes += size
	x.note(x.allowed.sightings(found, body, at))
}
