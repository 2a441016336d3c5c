import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** One command of a transcript and what it printed. */
export interface TranscriptBlock {
  readonly line: number;
  readonly command: string;
  /** Bare words. */
  readonly words: readonly string[];
  /** `key=value` and `key=(a,b)`. */
  readonly options: ReadonlyMap<string, readonly string[]>;
  readonly body: string;
  readonly expected: string;
}

export interface Transcript {
  readonly name: string;
  readonly blocks: readonly TranscriptBlock[];
}

/** The transcripts of etcd's Raft, or why there are none: they are read in place, where `QUORATE_TESTDATA` names the folder. */
export function transcripts(
  kind: 'quorum' | 'confchange' | 'interaction',
  environment: NodeJS.ProcessEnv = process.env,
): { readonly absent?: string; readonly found: readonly Transcript[] } {
  const testdata = environment['QUORATE_TESTDATA'];
  if (testdata === undefined || testdata === '') return { absent: 'QUORATE_TESTDATA is not set', found: [] };
  const folder = join(testdata, 'etcd-raft', kind);
  if (!existsSync(folder)) return { absent: `There is no ${folder}`, found: [] };
  const found = readdirSync(folder)
    .filter(name => name.endsWith('.txt'))
    .sort()
    .map(name => ({ name: basename(name, '.txt'), blocks: parse(readFileSync(join(folder, name), 'utf8')) }));
  return found.length === 0 ? { absent: `There are no transcripts in ${folder}`, found } : { found };
}

/** Commands, an optional body, `----`, and what was printed, up to an empty line. */
function parse(text: string): readonly TranscriptBlock[] {
  const lines = text.split('\n');
  const blocks: TranscriptBlock[] = [];
  let at = 0;
  while (at < lines.length) {
    const line = lines[at] ?? '';
    if (line.trim() === '' || line.startsWith('#')) {
      at++;
      continue;
    }
    const start = at;
    const divider = lines.indexOf('----', at);
    if (divider < 0) throw new Error(`No ---- after line ${start + 1}`);
    const body = lines
      .slice(start + 1, divider)
      .join('\n')
      .trim();
    let end = divider + 1;
    while (end < lines.length && (lines[end] ?? '').trim() !== '') end++;
    const { command, words, options } = splitCommand(line);
    const expected = lines.slice(divider + 1, end).join('\n');
    blocks.push({ line: start + 1, command, words, options, body, expected });
    at = end;
  }
  return blocks;
}

function splitCommand(line: string): Pick<TranscriptBlock, 'command' | 'words' | 'options'> {
  const parts = line.match(/[\w-]+=\([^)]*\)|\S+/g) ?? [];
  const words: string[] = [];
  const options = new Map<string, readonly string[]>();
  for (const part of parts.slice(1)) {
    const [key, value] = part.split('=');
    if (value === undefined) words.push(part);
    else
      options.set(
        key ?? '',
        value
          .replace(/[()]/g, '')
          .split(',')
          .map(item => item.trim())
          .filter(Boolean),
      );
  }
  return { command: parts[0] ?? '', words, options };
}
