import type { ExportsReply, ExportsRequest } from './list-exports.ts';
import { runScript } from './run-script.ts';
import { type EntryNames, type Lacks, ownHarness, type Variant, variantOptions } from './variant.ts';

export interface FindLacksOptions {
  readonly head: Variant;
  readonly base: Variant;
  /** The URLs of the suites that are going to run. */
  readonly suites: readonly string[];
  /** The `bench/src` that suites of a repository belong to; this one unless given. */
  readonly harness?: URL;
  readonly signal: AbortSignal;
  readonly deadlineMs?: number;
}

const deadlineMsDefault = 60_000;

/**
 * Finds the names that suites could import and that the base does not have, so that in its place they find something that
 * throws when it is used: benches that need nothing new can then be compared although others of their suite cannot.
 *
 * Empty in the usual case, and then the hook does nothing about it. An entry that is there but does not load is left alone.
 *
 * @throws Error where the entries of this repository cannot be looked at
 */
export async function findLacks(options: FindLacksOptions): Promise<Lacks> {
  const head = await exportsIn(options.head, { suites: options.suites }, options);
  const base = await exportsIn(options.base, { entries: Object.keys(head) }, options);
  const lacks: Record<string, EntryNames> = {};
  for (const [entry, names] of Object.entries(head)) {
    const known = base[entry] === 'absent' ? [] : base[entry];
    if (!isNames(names) || !isNames(known)) continue;
    const headOnly = names.filter(name => !known.includes(name));
    if (headOnly.length > 0) lacks[entry] = { both: names.filter(name => known.includes(name)), headOnly };
  }
  return lacks;
}

function isNames(value: ExportsReply[string] | undefined): value is readonly string[] {
  return Array.isArray(value);
}

async function exportsIn(
  variant: Variant,
  what: { readonly suites: readonly string[] } | { readonly entries: readonly string[] },
  { signal, harness = ownHarness, deadlineMs = deadlineMsDefault }: FindLacksOptions,
): Promise<ExportsReply> {
  let reply: ExportsReply | undefined;
  const request: ExportsRequest = { arm: variant.arm, ...what };
  const { fault } = await runScript<ExportsReply>({
    script: new URL('check/list-exports.ts', harness),
    request,
    onMessage: message => (reply = message),
    variant: variantOptions(variant, harness),
    signal,
    deadlineMs,
  });
  if (reply !== undefined) return reply;
  throw new Error(
    `Packages of ${variant.label} must load: ${fault ?? 'their process ended without an answer'}`,
  );
}
