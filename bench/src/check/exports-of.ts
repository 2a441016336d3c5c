/**
 * Looks at entries of packages by name. It is loaded with the mark of an arm in its URL, as suites' packages are, so that
 * names lead into that arm's build.
 */
import { isBaseLacking } from './base-lacks.ts';
import type { ExportsReply } from './list-exports.ts';

export type ExportsOf = (entries: readonly string[]) => Promise<ExportsReply>;

export const exportsOf: ExportsOf = async entries => {
  const reply: Record<string, ExportsReply[string]> = {};
  for (const entry of entries) reply[entry] = await namesOf(entry);
  return reply;
};

async function namesOf(entry: string): Promise<ExportsReply[string]> {
  try {
    return Object.keys((await import(entry)) as object);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return isBaseLacking(message) ? 'absent' : { error: message };
  }
}
