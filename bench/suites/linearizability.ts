import {
  checkLinearizabilitySync,
  counter,
  keyValue,
  type KeyValueInput,
  type KeyValueOutput,
  type Model,
  type Operation,
  register,
} from '@quorate/sim';
import {
  counterObject,
  drawCounter,
  drawKeyValue,
  drawRegister,
  generateHistory,
  keyValueObject,
  readEtcdHistories,
  readKeyValueHistories,
  recordedFolder,
  registerObject,
} from '../src/kernels/checker-histories.ts';
import { type Bench, type Context, defineSuite, type Kernel } from '../src/suite.ts';

const recorded = recordedFolder(process.env);
const folder = 'folder' in recorded ? recorded.folder : '';
const skipUnrecorded = (): string | undefined => ('absent' in recorded ? recorded.absent : undefined);

/** Checks all histories; an operation of the bench is one of a history, unless it is said to be all of them. */
function checking<State, Input, Output>(
  model: Model<State, Input, Output>,
  histories: readonly (readonly Operation<Input, Output>[])[],
  ops: number = histories.reduce((sum, history) => sum + history.length, 0),
): Kernel {
  return {
    ops,
    run() {
      let sum = 0;
      for (const history of histories) {
        const { verdict, steps } = checkLinearizabilitySync(model, history);
        if (verdict === 'unknown')
          throw new Error(`History must be checked to its end: was given up after ${steps} steps`);
        sum = (Math.imul(sum, 31) + steps * 2 + (verdict === 'ok' ? 1 : 0)) | 0;
      }
      return sum;
    },
  };
}

function recordedTenClients(): Kernel {
  const history = readKeyValueHistories(folder).get('kv/c10-ok.txt');
  if (history === undefined) throw new Error('Recorded histories must have kv/c10-ok.txt: found none');
  return checking(keyValue({ missing: '' }), [history], 1);
}

/** Fifty-two registers, with answers that got lost. */
function lossyRegisters(context: Context): Kernel {
  const random = context.random('registers');
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
    name: 'etcd, recorded',
    about:
      'an operation is a check of all 52 histories of one register, some answers lost, most not linearizable',
    contenders: {
      '@quorate/sim': () => checking(register(), [...readEtcdHistories(folder).values()], 1),
    },
    skip: skipUnrecorded,
    warmupCycles: 20,
    goals: [{ of: '@quorate/sim', limit: 180e6 }],
  },
  {
    name: 'key-value, ten clients, recorded',
    about: 'an operation is a check of one history of 337 operations, linearizable',
    contenders: { '@quorate/sim': recordedTenClients },
    skip: skipUnrecorded,
    warmupCycles: 200,
    goals: [{ of: '@quorate/sim', limit: 1e6 }],
  },
  {
    name: 'registers',
    about: '52 generated histories of 83 operations of five clients on one register, some answers lost',
    contenders: { '@quorate/sim': lossyRegisters },
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
