import type { Random } from '@quorate/core';
import {
  checkLinearizabilitySync,
  counter,
  keyValue,
  type KeyValueInput,
  type KeyValueOutput,
  type Model,
  type Operation,
  register,
  type CounterInput,
  type CounterOutput,
  type RegisterInput,
  type RegisterOutput,
} from '@quorate/sim';
import { type Bench, type Context, defineSuite, type Kernel } from '../src/suite.ts';

/** The tests of the package have the parsers of foreign formats, and real objects; they are no part of what is published. */
const tests = new URL('../../packages/sim/test/linearizability/', import.meta.url);
const { generateHistory } = (await import(new URL('generated-history.ts', tests).href)) as Generator;
const { readEtcdHistories, readKeyValueHistories, recordedFolder } = (await import(
  new URL('recorded-histories.ts', tests).href
)) as Recorded;
const { counterObject, drawCounter, drawKeyValue, drawRegister, keyValueObject, registerObject } =
  (await import(new URL('objects.ts', tests).href)) as Objects;

type Answer<Input, Output> = () => (input: Input) => Output;

interface Generator {
  readonly generateHistory: <Input, Output>(
    make: Answer<Input, Output>,
    draw: (random: Random) => Input,
    shape: { seed: number; operations: number; processes: number; lost?: number },
  ) => Operation<Input, Output>[];
}

interface Recorded {
  readonly recordedFolder: (
    environment: NodeJS.ProcessEnv,
  ) => { readonly folder: string } | { readonly absent: string };
  readonly readEtcdHistories: (folder: string) => Map<string, Operation<RegisterInput, RegisterOutput>[]>;
  readonly readKeyValueHistories: (folder: string) => Map<string, Operation<KeyValueInput, KeyValueOutput>[]>;
}

interface Objects {
  readonly counterObject: Answer<CounterInput, CounterOutput>;
  readonly drawCounter: (random: Random) => CounterInput;
  readonly keyValueObject: Answer<KeyValueInput, KeyValueOutput>;
  readonly drawKeyValue: (keys: number) => (random: Random) => KeyValueInput;
  readonly registerObject: Answer<RegisterInput, RegisterOutput>;
  readonly drawRegister: (random: Random) => RegisterInput;
}

const recorded = recordedFolder(process.env);
const source =
  'absent' in recorded
    ? `generated histories in place of recorded ones, as ${recorded.absent}`
    : 'recorded histories';

/** Checks all histories; an operation of the bench is an operation of a history. */
function checking<State, Input, Output>(
  model: Model<State, Input, Output>,
  histories: readonly (readonly Operation<Input, Output>[])[],
): Kernel {
  return {
    ops: histories.reduce((sum, history) => sum + history.length, 0),
    run() {
      let sum = 0;
      for (const history of histories) {
        const { verdict, steps } = checkLinearizabilitySync(model, history);
        sum = (Math.imul(sum, 31) + steps * 2 + (verdict === 'ok' ? 1 : 0)) | 0;
      }
      return sum;
    },
  };
}

/** Fifty-two registers, with answers that got lost. */
function etcd(context: Context): Kernel {
  if ('folder' in recorded) return checking(register(), [...readEtcdHistories(recorded.folder).values()]);
  const random = context.random('etcd');
  const histories = Array.from({ length: 52 }, () =>
    generateHistory(registerObject, drawRegister, {
      seed: random.uint32(),
      operations: 83,
      processes: 5,
      lost: 0.05,
    }),
  );
  return checking(register(), histories);
}

/** Ten clients of a key-value store. */
function tenClients(context: Context): Kernel {
  const missing = { missing: '' };
  if ('folder' in recorded) {
    const history = readKeyValueHistories(recorded.folder).get('kv/c10-ok.txt');
    if (history === undefined) throw new Error('Recorded histories must have kv/c10-ok.txt: found none');
    return checking(keyValue(missing), [history]);
  }
  return checking(keyValue(), [manyKeys(context, 337, 10, 10)]);
}

function manyKeys(
  context: Context,
  operations: number,
  keys: number,
  processes: number,
): Operation<KeyValueInput, KeyValueOutput>[] {
  const seed = context.random('history').uint32();
  return generateHistory(keyValueObject, drawKeyValue(keys), { seed, operations, processes });
}

const benches: Bench[] = [
  {
    name: 'etcd',
    about: `52 histories of one register, some answers lost, most not linearizable: ${source}`,
    contenders: { '@quorate/sim': etcd },
  },
  {
    name: 'key-value, ten clients',
    about: `one history of 337 operations, linearizable: ${source}`,
    contenders: { '@quorate/sim': tenClients },
  },
  {
    name: 'many keys',
    about:
      '20,000 generated operations of 16 clients on 1,000 keys, nearly all of them in the order of their returns',
    contenders: { '@quorate/sim': context => checking(keyValue(), [manyKeys(context, 20_000, 1000, 16)]) },
    goals: [{ of: '@quorate/sim', limit: 1000 }],
  },
  {
    name: 'one counter',
    about: '2,000 generated operations of four clients on one object: a search from end to end',
    contenders: {
      '@quorate/sim': context =>
        checking(counter(), [
          generateHistory(counterObject, drawCounter, {
            seed: context.random('history').uint32(),
            operations: 2000,
            processes: 4,
          }),
        ]),
    },
  },
];

export default defineSuite({
  name: 'linearizability',
  about: 'The time that the linearizability checker takes for an operation of a history.',
  benches,
});
