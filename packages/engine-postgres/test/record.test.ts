import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fieldsOf, rowOfRecord } from '../src/record.ts';

/** A record as PostgreSQL writes it (src/backend/utils/adt/rowtypes.c). */
function written(fields: readonly (string | null)[]): string {
  const texts = fields.map(field => {
    if (field === null) return '';
    if (field !== '' && !/["\\(),\s]/.test(field)) return field;
    return `"${field.replaceAll('\\', '\\\\').replaceAll('"', '""')}"`;
  });
  return `(${texts.join(',')})`;
}

test('fields are read as the server has written them, whatever is in them', () => {
  const text = fc.oneof(
    fc.string(),
    fc.constantFrom('"', '""', '\\', '\\\\', ',', '(', ')', '', '\n', 'ä"\\,'),
  );
  const field = fc.oneof(
    fc.constant(null),
    text,
    fc.array(text).map(texts => texts.join('')),
  );
  fc.assert(
    fc.property(fc.array(field, { minLength: 1, maxLength: 6 }), fields => {
      expect(fieldsOf(written(fields))).toEqual(fields);
    }),
  );
});

test('columns have their types', () => {
  const columns = { applied: 'boolean', revision: 'bigint', value: 'bytea', key: 'text' } as const;
  const row = rowOfRecord(written(['t', '9007199254740993', '\\x00ff', 't']), columns);
  expect(row).toEqual({
    applied: true,
    revision: '9007199254740993',
    value: Buffer.from([0, 255]),
    key: 't',
  });
  const none = { applied: false, revision: null, value: null, key: null };
  expect(rowOfRecord(written(['f', null, null, null]), columns)).toEqual(none);
});

test('bytes are read in either of the formats that a server is set to', () => {
  const bytes = ['\\x', '\\x5c00ff2c', '\\\\\\000\\377,', 'a\\134b', ''].map(
    text => rowOfRecord(written([text]), { value: 'bytea' })['value'],
  );
  expect(bytes.map(each => [...(each as Buffer)])).toEqual([
    [],
    [0x5c, 0, 0xff, 0x2c],
    [0x5c, 0, 0xff, 0x2c],
    [0x61, 0x5c, 0x62],
    [],
  ]);
});
