// Reads [{"name", "grammar": "trino" | "hive", "sql"}] from stdin, and writes
// [{"name", "errors": [{"line", "column", "message"}]}] to stdout.
import { register } from 'node:module';
import { readFileSync } from 'node:fs';

register('./resolve.mjs', import.meta.url);
const { TrinoSQL, HiveSQL } = await import('dt-sql-parser');
const grammars = { trino: new TrinoSQL(), hive: new HiveSQL() };

const answers = JSON.parse(readFileSync(0, 'utf8')).map(({ name, grammar, sql }) => ({
    name,
    errors: grammars[grammar].validate(sql).map((e) => ({ line: e.startLine, column: e.startColumn, message: e.message })),
}));
process.stdout.write(JSON.stringify(answers));
