import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KeyValueInput, KeyValueOutput } from '../../src/linearizability/models/key-value.ts';
import type { RegisterInput, RegisterOutput } from '../../src/linearizability/models/register.ts';
import type { Operation } from '../../src/operation.ts';

/** Histories that others recorded, read in place where `QUORATE_TESTDATA` names their folder. */

/** The folder of recorded histories, or why there is none. */
export function recordedFolder(
  environment: Readonly<Record<string, string | undefined>>,
): { readonly folder: string } | { readonly absent: string } {
  const testdata = environment['QUORATE_TESTDATA'];
  if (testdata === undefined || testdata === '') return { absent: 'QUORATE_TESTDATA is not set' };
  const folder = join(testdata, 'linearizability');
  return existsSync(folder) ? { folder } : { absent: `${folder} does not exist` };
}

/** Whether each history is linearizable, by path in the folder. */
export function recordedVerdicts(folder: string): Record<string, boolean> {
  const verdicts = JSON.parse(readFileSync(join(folder, 'verdicts.json'), 'utf8')) as {
    linearizable: Record<string, boolean>;
  };
  return verdicts.linearizable;
}

export type EtcdHistory = Operation<RegisterInput, RegisterOutput>[];
export type KeyValueHistory = Operation<KeyValueInput, KeyValueOutput>[];

/** Every history of etcd in the folder, by path in it. */
export function readEtcdHistories(folder: string): Map<string, EtcdHistory> {
  const names = readdirSync(join(folder, 'etcd')).sort();
  return new Map(
    names.map(name => [`etcd/${name}`, parseEtcd(readFileSync(join(folder, 'etcd', name), 'utf8'))]),
  );
}

export function readKeyValueHistories(folder: string): Map<string, KeyValueHistory> {
  const names = readdirSync(join(folder, 'kv')).sort();
  return new Map(
    names.map(name => [`kv/${name}`, parseKeyValue(readFileSync(join(folder, 'kv', name), 'utf8'))]),
  );
}

type KeyValueMatch = [
  line: string,
  process: string,
  event: string,
  type: 'get' | 'put' | 'append',
  key: string,
  quoted: string,
  value: string | undefined,
];

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Lines such as `INFO  jepsen.util - 3	:invoke	:cas	[1 2]`; `:info` and a read that timed out leave the operation open. */
export function parseEtcd(text: string): EtcdHistory {
  const history: Mutable<Operation<RegisterInput, RegisterOutput>>[] = [];
  const pending = new Map<string, Mutable<Operation<RegisterInput, RegisterOutput>>>();
  for (const [at, line] of text.split('\n').entries()) {
    const match =
      /^INFO\s+jepsen\.util\s+-\s+(\d+)\s+:(invoke|ok|fail|info)\s+:(read|write|cas)\s+(.+)$/.exec(line);
    if (match === null) continue;
    const [, process, event, kind, argument] = match as unknown as [string, string, string, string, string];
    if (event === 'invoke') {
      const operation = { process, input: etcdInput(kind, argument), invokedAt: at };
      history.push(operation);
      pending.set(process, operation);
      continue;
    }
    const operation = pending.get(process);
    if (operation === undefined) throw new Error(`Line ${at + 1} ends what never began: ${line}`);
    pending.delete(process);
    if (argument === ':timed-out') continue;
    operation.returnedAt = at;
    if (kind === 'read') operation.output = valueOf(argument);
    if (kind === 'cas') operation.output = event === 'ok';
  }
  return history;
}

function etcdInput(kind: string, argument: string): RegisterInput {
  if (kind === 'read') return { type: 'read' };
  if (kind === 'write') return { type: 'write', value: valueOf(argument) };
  const [, from, to] = /^\[(\S+) (\S+)\]$/.exec(argument) as unknown as [string, string, string];
  return { type: 'cas', from: valueOf(from), to: valueOf(to) };
}

function valueOf(text: string): number | null {
  return text === 'nil' ? null : Number(text);
}

/** Lines such as `{:process 9, :type :invoke, :f :append, :key "0", :value "x 9 0 y"}`. */
export function parseKeyValue(text: string): KeyValueHistory {
  const history: Mutable<Operation<KeyValueInput, KeyValueOutput>>[] = [];
  const pending = new Map<string, Mutable<Operation<KeyValueInput, KeyValueOutput>>>();
  for (const [at, line] of text.split('\n').entries()) {
    const match =
      /^\{:process (\d+), :type :(invoke|ok), :f :(get|put|append), :key "(.*)", :value (nil|"(.*)")\}$/.exec(
        line,
      );
    if (match === null) continue;
    const [, process, event, type, key, , value] = match as unknown as KeyValueMatch;
    if (event === 'invoke') {
      const input = type === 'get' ? { type, key } : { type, key, value: value ?? '' };
      const operation = { process, input, invokedAt: at };
      history.push(operation);
      pending.set(process, operation);
      continue;
    }
    const operation = pending.get(process);
    if (operation === undefined) throw new Error(`Line ${at + 1} ends what never began: ${line}`);
    pending.delete(process);
    operation.returnedAt = at;
    if (type === 'get') operation.output = value ?? '';
  }
  return history;
}
