import type { Rule } from '../statistics/decide.ts';
import type { Bench, Params } from '../suite.ts';
import type { Arm } from './check-report.ts';

/** What is compared between two builds: a contender of a bench with one set of parameters on one number of threads. */
export interface Subject {
  readonly name: string;
  readonly suite: string;
  readonly url: string;
  readonly bench: Bench;
  readonly contender: string;
  readonly params: Params;
  /** Replaces parameters in one of the builds: how a slowdown of known size is made. */
  readonly armParams?: Readonly<Partial<Record<Arm, Params>>>;
  readonly threads: number;
  /** Of its time. */
  readonly rule: Rule;
  /** By how much head is slower, where that is known: in canaries, and in validation. */
  readonly truth?: number;
  readonly presence: 'both' | 'new' | null;
}

/** What a subject is called in reports, and told from all others by. */
export function subjectName(
  suite: string,
  bench: string,
  contender: string,
  params: Params,
  threads: number | undefined,
): string {
  const values = Object.entries(params).map(([name, value]) => `${name}=${value}`);
  if (threads !== undefined) values.push(threads === 1 ? '1 thread' : `${threads} threads`);
  return [`${suite}/${bench}`, contender, values.join(' ')].filter(part => part !== '').join(' · ');
}
