import type { Row } from './rows.ts';

/** The types of columns that functions give. */
export type ColumnType = 'boolean' | 'bigint' | 'bytea' | 'text';

/** What a function gives: its columns in order. */
export type Columns = Readonly<Record<string, ColumnType>>;

const change: Columns = {
  applied: 'boolean',
  revision: 'bigint',
  value: 'bytea',
  created: 'bigint',
  modified: 'bigint',
  session: 'text',
};

const entry = (prefix: string): Columns => ({
  [`${prefix}key`]: 'text',
  [`${prefix}value`]: 'bytea',
  [`${prefix}created`]: 'bigint',
  [`${prefix}modified`]: 'bigint',
  [`${prefix}session`]: 'text',
});

/** What each function that changes something gives, as one record: a function of one column costs the server less than a table. */
export const recordColumns: Readonly<Record<'put' | 'delete' | 'batch' | 'add' | 'enqueue', Columns>> = {
  put: change,
  delete: change,
  batch: { ...change, key: 'text' },
  add: { value: 'text', revision: 'bigint' },
  enqueue: { key: 'text', created: 'bigint', ...entry('head_'), ...entry('before_') },
};

/** The columns as parameters of a function. */
export function outOf(columns: Columns): string {
  return Object.entries(columns)
    .map(([name, type]) => `out ${name} ${type}`)
    .join(', ');
}

/** A record in the server's text format as a row: 64-bit integers stay texts, as the client gives them. */
export function rowOfRecord(record: string, columns: Columns): Row {
  const fields = fieldsOf(record);
  const row: Record<string, unknown> = {};
  let index = 0;
  for (const [name, type] of Object.entries(columns)) {
    const field = fields[index++] ?? null;
    if (field === null || type === 'text' || type === 'bigint') row[name] = field;
    else row[name] = type === 'boolean' ? field === 't' : bytesOf(field);
  }
  return row;
}

/** The fields of `(a,"b ""c""",)`: empty ones are null, quoted ones have quotes and backslashes doubled. */
export function fieldsOf(record: string): (string | null)[] {
  const fields: (string | null)[] = [];
  const end = record.length - 1;
  for (let at = 1; at <= end; at++) {
    if (record[at] === '"') {
      const closing = closingOf(record, at);
      fields.push(
        record
          .slice(at + 1, closing)
          .replaceAll('""', '"')
          .replaceAll('\\\\', '\\'),
      );
      at = closing + 1;
      continue;
    }
    const comma = record.indexOf(',', at);
    const next = comma < 0 ? end : comma;
    fields.push(next === at ? null : record.slice(at, next));
    at = next;
  }
  return fields;
}

/** Where a quoted field ends: at the first quote that is not one of two. */
function closingOf(record: string, opening: number): number {
  for (let at = record.indexOf('"', opening + 1); ; at = record.indexOf('"', at + 2)) {
    if (record[at + 1] !== '"') return at;
  }
}

/** Bytes as the server writes them: in hexadecimal, or, where it is set to `bytea_output = escape`, as text with octal numbers. */
function bytesOf(field: string): Uint8Array {
  if (field.startsWith('\\x')) return Buffer.from(field.slice(2), 'hex');
  const plain = field.replace(/\\(\\|[0-7]{3})/g, (_, code: string) =>
    code === '\\' ? code : String.fromCharCode(Number.parseInt(code, 8)),
  );
  return Buffer.from(plain, 'latin1');
}
