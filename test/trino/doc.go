// Package trino checks that the SQL of package question is SQL: every question
// parses under Trino's grammar and every table under Hive's, which is Athena's
// for DDL. The parser is JavaScript; scripts/test-sql.sh gets it.
package trino
