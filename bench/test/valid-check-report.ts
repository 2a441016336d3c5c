import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import type { CheckReport, MetricReport, SubjectReport } from '../src/check/check-report.ts';

const schema = JSON.parse(
  readFileSync(new URL('../schema/quorate-bench-check-1.json', import.meta.url), 'utf8'),
) as object;
const validate = new Ajv({ allErrors: true, strictTypes: false }).compile(schema);

/** Reads what `--json` has written. @throws Error where it is no report by the schema */
export function validCheckReport(text: string): CheckReport {
  const report = JSON.parse(text) as CheckReport;
  if (validate(report)) return report;
  throw new Error(`Report must fit its schema: ${JSON.stringify(validate.errors)}`);
}

/** What became of each bench, by `suite/bench`: the verdict on its time, or why it has none. Without the canaries. */
export function fatesIn({
  subjects,
}: CheckReport): Record<string, MetricReport['verdict'] | SubjectReport['status']> {
  const own = subjects.filter(({ canary }) => canary === undefined);
  return Object.fromEntries(
    own.map(({ suite, bench, status, metrics }) => {
      const time = metrics.find(({ kind }) => kind === 'time');
      return [`${suite}/${bench}`, status === 'compared' ? (time?.verdict ?? status) : status];
    }),
  );
}

/** @throws Error where the report has no such bench */
export function subjectIn({ subjects }: CheckReport, name: string): SubjectReport {
  const found = subjects.find(({ suite, bench }) => `${suite}/${bench}` === name);
  if (found === undefined) throw new Error(`Report must have ${name}: it has not`);
  return found;
}
