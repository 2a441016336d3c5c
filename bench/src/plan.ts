import { UsageError } from './cli/usage-error.ts';
import type { FoundSuite } from './discover.ts';
import type { Bench, Params, ParamValue } from './suite.ts';

/** One line of the report: a contender of a bench with one set of parameters on one number of threads. */
export interface Row {
  readonly contender: string;
  readonly threads: number;
  readonly skipped?: string;
}

/** The rows that are compared with each other, and whose samples are therefore interleaved. */
export interface Contest {
  readonly suite: string;
  readonly url: string;
  readonly bench: Bench;
  readonly params: Params;
  readonly rows: readonly Row[];
}

export interface PlanOptions {
  /** Which of a bench's parameters count: `quick` unless given. */
  readonly profile?: string;
  readonly filters: readonly string[];
  /** Replaces the sizes of the thread groups of the benches that have any. */
  readonly threads?: readonly number[];
  /** Replaces the values of parameters, in every bench that has one of that name. */
  readonly params: ReadonlyMap<string, readonly ParamValue[]>;
}

/**
 * Turns suites and what the command line asked for into contests.
 *
 * A filter is the name of a suite, all of `suite/bench`, or a part of it; a bench runs when any of them fits. Where a filter is
 * a whole name it means that one alone.
 *
 * @throws UsageError where nothing fits, or a parameter is not one of any chosen bench
 */
export function planContests(suites: readonly FoundSuite[], options: PlanOptions): Contest[] {
  const chosen = suites.flatMap(({ suite, url }) =>
    suite.benches
      .filter(bench => isChosen(suites, suite.name, suite.onRequest === true, bench.name, options.filters))
      .map(bench => ({ suite: suite.name, url, bench })),
  );
  checkFilters(suites, options.filters);
  checkParamNames(
    chosen.map(({ bench }) => bench),
    options.params,
  );
  return chosen.flatMap(({ suite, url, bench }) =>
    combinations({
      ...bench.params,
      ...(options.profile === 'full' ? bench.fullParams : {}),
      ...overridden(bench, options.params),
    }).map(params => ({
      suite,
      url,
      bench,
      params,
      rows: rowsOf(bench, params, options.threads),
    })),
  );
}

/**
 * The same contests with no more keys than there are: a row that says 100,000 keys must not have been measured on the ten of
 * a short file. Contests that become equal by it run once.
 */
export function fitToKeys(contests: readonly Contest[], count: number): Contest[] {
  const fitted = new Map<string, Contest>();
  for (const contest of contests) {
    const { keys } = contest.params;
    const params =
      typeof keys === 'number' && keys > count ? { ...contest.params, keys: count } : contest.params;
    const name = JSON.stringify([contest.suite, contest.bench.name, params]);
    if (!fitted.has(name)) fitted.set(name, { ...contest, params });
  }
  return [...fitted.values()];
}

/** A filter that fits nothing is a mistake, even where another one fits something. */
function checkFilters(suites: readonly FoundSuite[], filters: readonly string[]): void {
  for (const filter of filters) {
    const fits = suites.some(({ suite }) =>
      suite.benches.some(bench =>
        isChosen(suites, suite.name, suite.onRequest === true, bench.name, [filter]),
      ),
    );
    if (fits) continue;
    throw new UsageError(
      `No bench fits "${filter}"; the suites are ${suites.map(({ suite }) => suite.name).join(', ')}`,
    );
  }
}

function isChosen(
  suites: readonly FoundSuite[],
  suite: string,
  onRequest: boolean,
  bench: string,
  filters: readonly string[],
): boolean {
  if (filters.length === 0) return !onRequest;
  return filters.some(filter => {
    if (suites.some(found => found.suite.name === filter)) return suite === filter;
    if (suites.some(found => found.suite.benches.some(b => `${found.suite.name}/${b.name}` === filter))) {
      return `${suite}/${bench}` === filter;
    }
    return (!onRequest || filter.startsWith(`${suite}/`)) && `${suite}/${bench}`.includes(filter);
  });
}

function checkParamNames(benches: readonly Bench[], params: ReadonlyMap<string, unknown>): void {
  const known = new Set(benches.flatMap(bench => Object.keys(bench.params ?? {})));
  for (const name of params.keys()) {
    if (known.has(name)) continue;
    const list = known.size === 0 ? 'there are none' : `there are ${[...known].join(', ')}`;
    throw new UsageError(`Parameter "${name}" is not one of the chosen benches: ${list}`);
  }
}

function overridden(
  bench: Bench,
  params: ReadonlyMap<string, readonly ParamValue[]>,
): Record<string, readonly ParamValue[]> {
  const result: Record<string, readonly ParamValue[]> = {};
  for (const [name, declared] of Object.entries(bench.params ?? {})) {
    const values = params.get(name);
    if (values === undefined) continue;
    const type = typeof declared[0];
    const wrong = values.find(value => typeof value !== type);
    if (wrong !== undefined)
      throw new UsageError(`Parameter "${name}" must be a ${type}: received "${wrong}"`);
    result[name] = values;
  }
  return result;
}

/** Every combination of the parameters' values, the first parameter varying slowest. */
export function combinations(params: Readonly<Record<string, readonly ParamValue[]>>): Params[] {
  let result: Record<string, ParamValue>[] = [{}];
  for (const [name, values] of Object.entries(params)) {
    result = result.flatMap(partial => values.map(value => ({ ...partial, [name]: value })));
  }
  return result;
}

function rowsOf(bench: Bench, params: Params, threads: readonly number[] | undefined): Row[] {
  const sizes = bench.threads === undefined ? [1] : (threads ?? bench.threads);
  return Object.keys(bench.contenders).flatMap(contender => {
    const skipped = bench.skip?.(contender, params);
    return sizes.map(size => ({ contender, threads: size, ...(skipped === undefined ? {} : { skipped }) }));
  });
}
