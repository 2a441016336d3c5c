import { mkdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Folder, runHere, runProcess } from './run-command.ts';

/** A command line that must fail; `{name}` stands for a file of the folder. */
interface Failing {
  readonly args: string;
  readonly says: string;
  readonly code: 1 | 2;
  readonly input?: string;
}

const analyze = 'ring analyze --nodes {nodes.json}';
const failing: readonly Failing[] = [
  {
    args: 'ring analyze --nodes {none.json}',
    code: 1,
    says: '{none.json}: there is no such file or folder (ENOENT)',
  },
  { args: 'ring analyze --nodes {}', code: 1, says: 'it is a folder (EISDIR)' },
  { args: 'ring analyze --nodes {broken.json}', code: 1, says: '{broken.json}:2:3: expected "," or "]"' },
  { args: 'ring analyze --nodes {nan.json}', code: 1, says: '{nan.json}:1:7: NaN is not a JSON value' },
  { args: 'ring analyze --nodes {twice.json}', code: 1, says: '{twice.json}:1:7: node "a" is there twice' },
  { args: 'ring analyze --nodes {zero.json}', code: 1, says: '{zero.json}: every node has weight 0' },
  { args: 'ring analyze --nodes {latin1.json}', code: 1, says: '{latin1.json}: the file is not UTF-8' },
  { args: analyze, input: '', code: 1, says: 'There are no keys in stdin: it is empty' },
  { args: `${analyze} --keys {empty.txt}`, code: 1, says: 'There are no keys in {empty.txt}' },
  {
    args: `${analyze} --keys {none.txt}`,
    code: 1,
    says: 'Cannot read the keys in {none.txt}: there is no such',
  },
  { args: `${analyze} --keys {}`, code: 1, says: 'it is a folder (EISDIR)' },
  { args: `${analyze} --html {none/page.html}`, code: 1, says: 'Cannot write the page {none/page.html}' },
  { args: `${analyze} --html {}`, code: 1, says: 'it is a folder' },
  {
    args: 'ring analyze --nodes {weighted.json} -a jump',
    code: 1,
    says: 'The algorithm does not fit these nodes',
  },
  { args: 'ring locate --nodes {weighted.json} -a jump k', code: 1, says: 'jump does not fit these nodes' },
  {
    args: 'ring diff --from {nodes.json} --to {none.json}',
    code: 1,
    says: '{none.json}: there is no such file',
  },
  {
    args: 'ring diff --from {nodes.json} --to {weighted.json} -a jump',
    code: 1,
    says: '{weighted.json}: jump does not',
  },
  { args: 'ring analyze', code: 2, says: "required option '-n, --nodes <file>' not specified" },
  { args: `${analyze} --nope`, code: 2, says: "unknown option '--nope'" },
  { args: 'rnig analyze', code: 2, says: "unknown command 'rnig'" },
  { args: `${analyze} -a rink`, code: 2, says: '--algorithm "rink": the algorithms are ring, rendezvous' },
  { args: `${analyze} -a __proto__`, code: 2, says: '--algorithm "__proto__": the algorithms are' },
  { args: `${analyze} -a ring,ring`, code: 2, says: '--algorithm names ring twice' },
  { args: `${analyze} -a ring:vnode=4`, code: 2, says: 'options of ring are vnodes=… and seed=…' },
  { args: `${analyze} -a slots:x=1`, code: 2, says: 'slots has no options here' },
  { args: `${analyze} -a ring:vnodes=many`, code: 2, says: 'vnodes must be a number: received "many"' },
  { args: `${analyze} -a ring:vnodes=0`, code: 2, says: '--algorithm ring:vnodes=0:' },
  { args: `${analyze} -a ketama:variant=mine`, code: 2, says: '--algorithm ketama:variant=mine:' },
  { args: `${analyze} --replicas 4`, code: 2, says: '--replicas 4: the nodes file has only 3 nodes' },
  {
    args: `${analyze} --replicas 0`,
    code: 2,
    says: '--replicas must be a whole number of at least 1: received 0',
  },
  { args: `${analyze} --replicas 1e1`, code: 2, says: 'received 1e1' },
  {
    args: `${analyze} --remove x`,
    code: 2,
    says: '--remove x: there is no such node (the nodes file has "a", "b"',
  },
  { args: `${analyze} --remove a --remove a`, code: 2, says: '--remove names a node twice' },
  { args: `${analyze} --add a:2`, code: 2, says: '--add a: the nodes file has this node already' },
  { args: `${analyze} --add x --add x:2`, code: 2, says: '--add x: the nodes file has this node already' },
  {
    args: `${analyze} --remove a --remove b --remove c --together`,
    code: 2,
    says: 'no node with a weight above 0 is left',
  },
  { args: `${analyze} --count-duplicates --assume-distinct`, code: 2, says: 'exclude each other' },
  { args: 'ring locate --nodes {nodes.json}', code: 2, says: "missing required argument 'key'" },
  {
    args: 'ring diff --from {nodes.json} --to {nodes.json} -a ring,jump',
    code: 2,
    says: 'takes one algorithm here',
  },
  {
    args: 'ring diff --from {nodes.json} --to {nodes.json} --limit -1',
    code: 2,
    says: '--limit must be a whole number',
  },
  { args: 'explain DEADLINE_EXCEDED', code: 2, says: 'Did you mean DEADLINE_EXCEEDED' },
  { args: 'explain xyzzy', code: 2, says: 'There is no error code "xyzzy". All codes: quorate explain' },
];

function fill(text: string, folder: Folder): string {
  return text.replace(/\{([^}]*)\}/g, (_, name: string) => folder.file(name));
}

function files(): Folder {
  const folder = new Folder();
  folder.write('nodes.json', ['a', 'b', 'c']);
  folder.write('broken.json', '["a"\n  "b"]');
  folder.write('nan.json', '{"a": NaN}');
  folder.write('twice.json', '["a", "a"]');
  folder.write('zero.json', { a: 0, b: 0 });
  folder.write('weighted.json', { a: 1, b: 2, c: 1 });
  folder.write('latin1.json', Buffer.from([0x5b, 0x22, 0xe9, 0x22, 0x5d]));
  folder.write('empty.txt', '\n\n');
  return folder;
}

describe('what fails says why on stderr, prints nothing on stdout and exits with its code', () => {
  test.each(failing)('$code: quorate $args', async ({ args, says, code, input = 'k\n' }) => {
    using folder = files();
    const finished = await runHere(fill(args, folder).split(' '), { input });
    expect(finished.stderr).toContain(fill(says, folder));
    expect(finished).toMatchObject({ code, stdout: '' });
    expect(finished.stderr, 'no stack').not.toMatch(/\n\s+at /);
  });

  test.each(failing.filter((_, at) => at % 6 === 0))(
    'the same as a process: $args',
    async ({ args, says, code, input }) => {
      using folder = files();
      const finished = await runProcess(fill(args, folder).split(' '), input ?? 'k\n');
      expect(finished.stderr).toContain(fill(says, folder));
      expect(finished).toMatchObject({ code, stdout: '' });
    },
  );

  test('a terminal as stdin, without --keys: it says what to do instead of waiting', async () => {
    using folder = files();
    const finished = await runHere(fill(analyze, folder).split(' '), { stdinTTY: true });
    expect(finished).toMatchObject({ code: 2, stdout: '' });
    expect(finished.stderr).toContain('stdin is a terminal');
    expect(finished.stderr).toContain('--keys FILE');
  });

  test('a page that cannot be written is found out before any key is read', async () => {
    using folder = files();
    mkdirSync(folder.file('page.html'));
    let chunks = 0;
    const args = fill(`${analyze} --html {page.html}`, folder).split(' ');
    const finished = await runHere(args, { input: 'k\n', onChunk: () => chunks++ });
    expect(finished.code).toBe(1);
    expect(chunks).toBe(0);
  });

  test('a field that means nothing is warned of, on stderr', async () => {
    using folder = files();
    const file = folder.write('typo.json', [{ id: 'a', wieght: 3 }]);
    const finished = await runHere(['ring', 'locate', '-n', file, 'k']);
    expect(finished).toMatchObject({ code: 0, stderr: expect.stringContaining('ignored: "wieght"') });
  });

  test('control characters of a file do not reach the terminal', async () => {
    using folder = files();
    const file = folder.write('evil.json', JSON.stringify(['\u001b[2J', 'b']));
    const ok = await runHere(['ring', 'locate', '-n', file, '-r', '2', 'k\u001b[31m']);
    expect(ok.stdout).toContain('\\u{1b}[2J');
    const failed = await runHere(['ring', 'analyze', '-n', file, '--remove', '\u001b[2J?'], { input: 'k' });
    expect(failed.stderr).toContain('\\u{1b}[2J?');
    // oxlint-disable-next-line no-control-regex -- that is what must not be there
    expect(ok.stdout + failed.stderr).not.toMatch(/\u001b/);
  });
});
