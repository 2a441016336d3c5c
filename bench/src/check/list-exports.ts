/**
 * Says which names the entries export that suites import: a script of {@link findLacks}, run under a variant's hook.
 *
 * Only entries that suites import are looked at, since others may do anything when they are loaded: start a server.
 */
import { registerHooks } from 'node:module';
import type { ExportsOf } from './exports-of.ts';
import { type Arm, isMarked, markedUrl } from './variant.ts';

/** With `suites`, the entries are those that these import; else they are named. */
export type ExportsRequest = { readonly arm: Arm } & (
  | { readonly suites: readonly string[] }
  | { readonly entries: readonly string[] }
);

/** What an entry exports; or why it does not load; or that it is not there. */
export type ExportsReply = Readonly<
  Record<string, readonly string[] | 'absent' | { readonly error: string }>
>;

process.once('message', (request: ExportsRequest) => {
  void answer(request).then(reply => process.send?.(reply, () => process.exit(0)));
});
process.once('disconnect', () => process.exit(1));

async function answer(request: ExportsRequest): Promise<ExportsReply> {
  const entries = 'entries' in request ? request.entries : await entriesOf(request.suites);
  const module = markedUrl(new URL('./exports-of.ts', import.meta.url).href, request.arm);
  const { exportsOf } = (await import(module)) as { exportsOf: ExportsOf };
  return exportsOf(entries);
}

/** Loads suites and watches what they import. One that fails is found out when its benches run. */
async function entriesOf(suites: readonly string[]): Promise<string[]> {
  const entries = new Set<string>();
  registerHooks({
    resolve(specifier, context, next) {
      const resolved = next(specifier, context);
      const { parentURL } = context;
      const isName = !/^(?:[./#]|[\w+-]+:)/.test(specifier);
      if (isName && isMarked(resolved.url) && parentURL !== undefined && !isMarked(parentURL)) {
        entries.add(specifier);
      }
      return resolved;
    },
  });
  for (const suite of suites) await import(suite).catch(() => undefined);
  return [...entries];
}
