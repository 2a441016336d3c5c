/**
 * Histories for the linearizability checker. The tests of its package have the parsers of foreign formats, and real objects to
 * generate from; they are no part of what is published, so they are found by their place. Both builds of a comparison get
 * those of this repository: the same input.
 */
import type { Random } from '@quorate/core';
import type {
  CounterInput,
  CounterOutput,
  KeyValueInput,
  KeyValueOutput,
  Operation,
  RegisterInput,
  RegisterOutput,
} from '@quorate/sim';

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

async function load<Module>(file: string): Promise<Module> {
  const folder = new URL('../../../packages/sim/test/linearizability/', import.meta.url);
  return (await import(new URL(file, folder).href)) as Module;
}

export const { generateHistory }: Generator = await load<Generator>('generated-history.ts');
export const { recordedFolder, readEtcdHistories, readKeyValueHistories }: Recorded =
  await load<Recorded>('recorded-histories.ts');
export const {
  counterObject,
  drawCounter,
  keyValueObject,
  drawKeyValue,
  registerObject,
  drawRegister,
}: Objects = await load<Objects>('objects.ts');
