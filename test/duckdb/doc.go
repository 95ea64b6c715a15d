// Package duckdb runs the SQL of package question in an SQL engine and compares
// its answers with those of the embedded store. It is a module of its own,
// because DuckDB is 60 MB of C++ that cordon does not link; scripts/test-sql.sh
// runs it.
package duckdb
