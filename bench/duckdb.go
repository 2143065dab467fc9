package main

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	_ "github.com/duckdb/duckdb-go/v2" // the driver of DuckDB
)

// duck is a DuckDB database in memory.
type duck struct {
	db *sql.DB
	// One connection for all: settings and temporary tables belong to one.
	conn *sql.Conn
}

// openDuck starts a database that may use that many threads, as many as the
// exporter.
func openDuck(threads int) (*duck, error) {
	db, err := sql.Open("duckdb", "")
	if err != nil {
		return nil, err
	}
	conn, err := db.Conn(context.Background())
	if err != nil {
		db.Close()
		return nil, err
	}
	d := &duck{db: db, conn: conn}
	if err := d.exec(fmt.Sprintf("SET threads = %d", threads)); err != nil {
		d.close()
		return nil, err
	}
	return d, nil
}

func (d *duck) close() error {
	err := d.conn.Close()
	if e := d.db.Close(); err == nil {
		err = e
	}
	return err
}

func (d *duck) exec(query string) error {
	if _, err := d.conn.ExecContext(context.Background(), query); err != nil {
		return fmt.Errorf("DuckDB: %s: %w", query, err)
	}
	return nil
}

// query calls each with every row of the answer, scanned into dest.
func (d *duck) query(query string, dest []any, each func()) error {
	rows, err := d.conn.QueryContext(context.Background(), query)
	if err != nil {
		return fmt.Errorf("DuckDB: %s: %w", query, err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return fmt.Errorf("DuckDB: %s: %w", query, err)
		}
		each()
	}
	return rows.Err()
}

// version returns DuckDB's version.
func (d *duck) version() (string, error) {
	var v string
	err := d.query("SELECT version()", []any{&v}, func() {})
	return v, err
}

// readCSV makes a table of an export. The types are given, so that DuckDB
// needs no look at the file before it reads it, and the order of the rows need
// not be kept, so that all threads may insert.
func (d *duck) readCSV(table, path string) error {
	return d.exec("SET preserve_insertion_order = false; CREATE OR REPLACE TABLE " + table + ` AS
		SELECT repoType AS repo_type, repoName AS repo, total, CAST(timestamp AS DATE) AS day, downloads
		FROM read_csv(` + quote(path) + `, header = true, delim = ',', quote = '"', auto_detect = false,
			columns = {repoType: 'VARCHAR', repoName: 'VARCHAR', total: 'BIGINT', timestamp: 'TIMESTAMP', downloads: 'BIGINT'})`)
}

// memoryBytes returns what the tables of the database hold in memory.
func (d *duck) memoryBytes() (int64, error) {
	var n int64
	err := d.query("SELECT CAST(sum(memory_usage_bytes) AS BIGINT) FROM duckdb_memory() WHERE tag IN ('IN_MEMORY_TABLE', 'BASE_TABLE')",
		[]any{&n}, func() {})
	return n, err
}

// quote writes a string as SQL does.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
