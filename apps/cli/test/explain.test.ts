import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { errorCodes, similarCodes } from '../src/explain/error-codes.ts';
import { runHere, runProcess } from './run-command.ts';

const root = join(import.meta.dirname, '../../..');

/** The TypeScript sources of packages and applications other than this one, by path from the root. */
function sourceTexts(): (readonly [file: string, text: string])[] {
  return ['packages', 'apps']
    .flatMap(parent => readdirSync(join(root, parent)).map(folder => join(parent, folder, 'src')))
    .filter(folder => folder !== join('apps', 'cli', 'src') && existsSync(join(root, folder)))
    .flatMap(folder =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map(name => join(folder, name)),
    )
    .filter(file => file.endsWith('.ts'))
    .map(file => [file, readFileSync(join(root, file), 'utf8')]);
}

/** Codes that are thrown, with a file each: the first argument of a QuorateError, the second of a Problem. */
function codesInSources(): Map<string, string> {
  const thrown = /new (?:QuorateError\(|Problem\(\s*[^,'"]+,)\s*(?:\w+ \? )?'([A-Z][A-Z_]+)'/g;
  return new Map(
    sourceTexts().flatMap(([file, text]) =>
      [...text.matchAll(thrown)].map(([, code = '']) => [code, file] as const),
    ),
  );
}

describe('quorate explain', () => {
  test('knows every error code of the sources', () => {
    const codes = codesInSources();
    expect(codes.size).toBeGreaterThan(20);
    const unknown = [...codes].filter(([code]) => !errorCodes.has(code));
    expect(unknown, 'add these to apps/cli/src/explain').toEqual([]);
  });

  test('knows none that the sources do not have', () => {
    const sources = sourceTexts().map(([, text]) => text);
    const stale = [...errorCodes.keys()].filter(code => !sources.some(text => text.includes(`'${code}'`)));
    expect(stale, 'remove these from apps/cli/src/explain').toEqual([]);
  });

  test('says what a code means and what to do, however it is written', async () => {
    const { code, stdout } = await runProcess(['explain', 'deadline-exceeded']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^DEADLINE_EXCEEDED {2}\(.*\)\n(?:.|\n)+What to do: /);
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
    const json = await runHere(['explain', 'ABORTED', '--json']);
    expect(JSON.parse(json.stdout)).toEqual({ code: 'ABORTED', ...errorCodes.get('ABORTED') });
  });

  test('lists all of them in order, each with a sentence', async () => {
    const { stdout } = await runHere(['explain', '--json']);
    const list = JSON.parse(stdout) as { code: string; means: string; advice: string }[];
    expect(list.map(({ code }) => code)).toEqual([...errorCodes.keys()].toSorted());
    for (const { code, means, advice } of list) {
      expect(means, code).toMatch(/^[A-Z].*\.$/s);
      expect(advice, code).toMatch(/^[A-Z].*\.$/s);
    }
    expect((await runHere(['explain'])).stdout).toContain('WORKER_LOST');
  });

  test('guesses what was meant', () => {
    expect(similarCodes('DEADLINE_EXEEDED')[0]).toBe('DEADLINE_EXCEEDED');
    expect(similarCodes('ABORT')[0]).toBe('ABORTED');
    expect(similarCodes('XYZZY')).toEqual([]);
    expect(similarCodes('PEER').length).toBeGreaterThan(0);
  });
});
