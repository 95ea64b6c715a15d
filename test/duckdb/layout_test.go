package duckdb

import (
	"database/sql"
	"path/filepath"
	"testing"

	"cordon/internal/trail/question"
)

// one asks the engine for a single number.
func one(t *testing.T, db *sql.DB, text string) (n int64) {
	t.Helper()
	if err := db.QueryRow(text).Scan(&n); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return n
}

// The table's description has the columns that are written, in type and order.
func TestColumnsAreAsDescribed(t *testing.T) {
	w := worldOf(t, "odd")
	db := open(t, w)
	rows, err := db.Query("SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM read_parquet('" + filepath.Join(w.events, "**", "*.parquet") + "', hive_partitioning = false))")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	types := map[string]string{"VARCHAR": "string", "BOOLEAN": "boolean", "TIMESTAMP WITH TIME ZONE": "timestamp"}
	at := 0
	for ; rows.Next(); at++ {
		var name, kind string
		if err := rows.Scan(&name, &kind); err != nil {
			t.Fatal(err)
		}
		if at >= len(question.ExportColumns) || question.ExportColumns[at] != [2]string{name, types[kind]} {
			t.Errorf("column %d is %s %s", at, name, kind)
		}
	}
	if rows.Err() != nil || at != len(question.ExportColumns) {
		t.Errorf("%d columns and not %d: %v", at, len(question.ExportColumns), rows.Err())
	}
}

// Every file is sorted, and its bounds are true: an engine that skips by them
// misses nothing.
func TestBoundsAreTrue(t *testing.T) {
	w := worldOf(t, "generated")
	db := open(t, w)
	files := "'" + filepath.Join(w.events, "**", "*.parquet") + "'"
	if n := one(t, db, "SELECT count(*) FROM (SELECT time < lag(time) OVER (PARTITION BY filename ORDER BY file_row_number) AS back FROM read_parquet("+files+", filename = true, file_row_number = true)) WHERE back"); n != 0 {
		t.Errorf("%d rows are out of order", n)
	}
	if n := one(t, db, "SELECT count(*) FROM parquet_metadata("+files+") WHERE path_in_schema = 'time' AND stats_min_value IS NULL"); n != 0 {
		t.Errorf("%d files have no bounds of time", n)
	}
	for _, column := range []string{"event_id", "name", "akid", "ip"} {
		wrong := one(t, db, `SELECT count(*) FROM (SELECT file_name, stats_min_value AS low, stats_max_value AS high, stats_null_count AS nulls FROM parquet_metadata(`+files+`) WHERE path_in_schema = '`+column+`') m
			JOIN (SELECT filename, min(`+column+`) AS low, max(`+column+`) AS high, count(*) - count(`+column+`) AS nulls FROM read_parquet(`+files+`, filename = true) GROUP BY filename) f ON m.file_name = f.filename
			WHERE m.nulls <> f.nulls OR m.low > f.low OR m.high < f.high`)
		if wrong != 0 {
			t.Errorf("%s has wrong bounds in %d files", column, wrong)
		}
	}
	if n := one(t, db, "SELECT count(*) FROM read_parquet("+files+", hive_partitioning = true, hive_types_autocast = false) WHERE dt <> strftime(CAST(time AS TIMESTAMP), '%Y-%m-%d') OR acct <> coalesce(account, 'unknown')"); n != 0 {
		t.Errorf("%d rows lie in the wrong folder", n)
	}
	t.Logf("%d events in %d files, %.0f bytes each", w.receipt.Events, w.receipt.Files, float64(w.receipt.Bytes)/float64(w.receipt.Events))
}

// The layout of Security Lake: the same events, nested.
func TestOCSF(t *testing.T) {
	for name := range worlds {
		w := worldOf(t, name)
		db := open(t, w)
		api := "read_parquet('" + filepath.Join(w.ext, "cordon-api", "**", "*.parquet") + "', hive_partitioning = true)"
		signIn := "read_parquet('" + filepath.Join(w.ext, "cordon-signin", "**", "*.parquet") + "', hive_partitioning = true)"
		calls, signIns := one(t, db, "SELECT count(*) FROM "+api), int64(0)
		if found, err := filepath.Glob(filepath.Join(w.ext, "cordon-signin")); err == nil && len(found) > 0 {
			signIns = one(t, db, "SELECT count(*) FROM "+signIn)
			if n := one(t, db, "SELECT count(*) FROM "+signIn+" WHERE class_uid <> 3002 OR type_uid // 100 <> class_uid OR api.service.name <> 'signin.amazonaws.com'"); n != 0 {
				t.Errorf("%d sign-ins are wrong", n)
			}
		}
		if calls+signIns != w.receipt.Events {
			t.Errorf("%d calls and %d sign-ins of %d events", calls, signIns, w.receipt.Events)
		}
		differing := one(t, db, "SELECT count(*) FROM events e JOIN "+api+` o ON o.metadata.uid = e.event_id
			WHERE o.class_uid <> 6003 OR o.api.operation <> e.name OR o.api.service.name <> e.source
				OR o.actor.user.credential_uid IS DISTINCT FROM e.akid OR o.actor.user.uid IS DISTINCT FROM e.principal_arn
				OR o.api.request.data IS DISTINCT FROM e.req OR o.api.response.data IS DISTINCT FROM e.resp OR o.api.response.error IS DISTINCT FROM e.err
				OR coalesce(o.src_endpoint.ip, o.src_endpoint.domain) IS DISTINCT FROM e.ip OR o.http_request.user_agent IS DISTINCT FROM e.ua
				OR o.time <> epoch_ms(e.time) OR (o.status_id = 2) <> e.failed
				OR coalesce(len(o.resources), 0) <> coalesce(json_array_length(e.resources), 0)
				OR o.unmapped['recipientAccountId'] IS DISTINCT FROM e.account`)
		joined := one(t, db, "SELECT count(*) FROM events e JOIN "+api+" o ON o.metadata.uid = e.event_id")
		if differing != 0 || joined != calls {
			t.Errorf("%d of %d calls differ between the layouts", differing, joined)
		}
	}
}
