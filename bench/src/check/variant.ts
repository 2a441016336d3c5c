/** Which of the two builds a process measures. */
export type Arm = 'base' | 'head';

/** The names that one entry of a package (`@quorate/ring`, `@quorate/threads/worker`) exports. */
export interface EntryNames {
  readonly both: readonly string[];
  /** Those that the head has and the base has not; never empty. */
  readonly headOnly: readonly string[];
}

/** Entries from which suites import names that the base does not have, by the specifier that suites import them by. */
export type Lacks = Readonly<Record<string, EntryNames>>;

/** A build that a process measures. */
export interface Variant {
  readonly arm: Arm;
  /** The folder of the build: the repository's own for the head, {@link BaseBuild.root} for the base. */
  readonly root: string;
  /** What messages call the build: a ref and a commit. */
  readonly label: string;
  /** What {@link findLacks} found; the same in both arms. Without it a suite that imports one new name fails as a whole. */
  readonly lacks?: Lacks;
}

/** What a process is started with so that it measures a variant, as `sampleInProcess` takes it. */
export interface VariantOptions {
  readonly flags: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** The folder `bench/src` that this module is in. */
export const ownHarness: URL = new URL('..', import.meta.url);

const mark = 'arm';
const parameter = 'variant';

/**
 * The flags and the environment that make suites and kernels run the packages of `variant.root`.
 *
 * Both carry the same hook, which Node loads once: threads inherit the flags unless they are given flags of their own, and
 * the environment unless they are given one of their own. Only a thread that is given both would leave its variant.
 *
 * @param harness the `bench/src` of the repository that suites and kernels are of
 */
export function variantOptions(variant: Variant, harness: URL = ownHarness): VariantOptions {
  const hook = new URL('check/variant-hook.ts', harness);
  hook.searchParams.set(parameter, JSON.stringify(variant));
  const flag = `--import=${hook.href}`;
  return { flags: [flag], environment: { NODE_OPTIONS: flag } };
}

/** Reads the variant back from the URL that the hook was loaded by. */
export function variantOf(hookUrl: string): Variant {
  const text = new URL(hookUrl).searchParams.get(parameter);
  if (text === null) throw new TypeError(`URL of the hook must carry a variant: received ${hookUrl}`);
  return JSON.parse(text) as Variant;
}

/** The URL under which an arm loads a module: one of its own, so that it shares no instance with the harness. */
export function markedUrl(url: string, arm: Arm): string {
  const marked = new URL(url);
  marked.searchParams.set(mark, arm);
  return marked.href;
}

/** Whether a module was loaded as part of a measured build. */
export function isMarked(url: string): boolean {
  return new URL(url).searchParams.has(mark);
}
