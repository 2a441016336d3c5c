/**
 * The files of a {@link CheckRepository}: a package of functions that take so many steps each, and a suite of them.
 *
 * The clock that the harness reads in a measured thread is moved by those steps and by nothing else. So each verdict is
 * certain on any machine, however busy, while processes, builds, pairs and statistics are real.
 */

/** The older commit and the newer one. */
export type Stage = 'before' | 'after';

/** Steps and result of each function of the package. */
const functions = {
  before: { steady: [100, 1], slower: [100, 1], faster: [100, 1], other: [100, 1], moved: [100, 1] },
  after: {
    steady: [100, 1],
    slower: [150, 1],
    faster: [80, 1],
    other: [100, 2],
    moved: [100, 1],
    added: [100, 1],
  },
} as const;

/** The benches of the suite `sample`, and the function that each of them measures. */
const benches = {
  before: {
    steady: 'steady',
    slower: 'slower',
    faster: 'faster',
    'other result': 'other',
    'old name': 'moved',
    deleted: 'moved',
  },
  after: {
    steady: 'steady',
    slower: 'slower',
    faster: 'faster',
    'other result': 'other',
    'new name': 'moved',
    'new function': 'added',
  },
} as const;

/** What the harness needs to run, of what it depends on here. */
export const installed = ['an-array-of-english-words', 'piscina', 'tinybench'] as const;

/** What differs between the commits, of the package and of the suite. */
export function sampleFiles(stage: Stage): Record<string, string> {
  return {
    'packages/sample/src/index.ts': packageSource(functions[stage]),
    'bench/suites/sample.ts': suiteSource('sample', benches[stage], '@quorate/sample'),
  };
}

/**
 * What both commits have.
 *
 * @param lock this repository's lock file, which has all that the small one installs
 */
export function commonFiles(lock: string): Record<string, string> {
  return {
    'package.json': manifest('small', { scripts: { 'bench:check': 'node bench/src/check-main.ts' } }),
    'packages/sample/package.json': packageManifest('sample'),
    ...dependencies(lock, ['sample']),
    'bench/src/kernels/stepped.ts': steppedSource,
    'bench/suites/canary.ts': canarySource,
  };
}

/** What is checked out beyond the newer commit: one function is slower than there, and a package is not committed. */
export function headEdits(lock: string): Record<string, string> {
  const edited = { ...functions.after, slower: [140, 1] } as const;
  return {
    'packages/sample/src/index.ts': packageSource(edited),
    'packages/young/package.json': packageManifest('young'),
    'packages/young/src/index.ts': packageSource({ newborn: [100, 1] }),
    'bench/suites/young.ts': suiteSource('young', { newborn: 'newborn' }, '@quorate/young'),
    ...dependencies(lock, ['sample', 'young']),
  };
}

function dependencies(lock: string, packages: readonly string[]): Record<string, string> {
  const ours = ['core', ...packages].map(name => [`@quorate/${name}`, 'workspace:^'] as const);
  const others = installed.map(name => [name, versionIn(lock, name)] as const);
  return {
    'bench/package.json': manifest('@quorate/bench', {
      dependencies: Object.fromEntries([...ours, ...others]),
    }),
    'pnpm-lock.yaml': lockFile(lock, packages),
  };
}

function packageManifest(name: string): string {
  return manifest(`@quorate/${name}`, { exports: { '.': './src/index.ts' } });
}

function manifest(name: string, more: object): string {
  return `${JSON.stringify({ name, version: '0.0.0', private: true, type: 'module', ...more }, null, 2)}\n`;
}

/** A lock file for the small repository with packages of these names. */
function lockFile(lock: string, packages: readonly string[]): string {
  const link = (name: string) => entry(`'@quorate/${name}'`, 'workspace:^', `link:../packages/${name}`);
  const outside = installed.map(name => entry(name, versionIn(lock, name), versionIn(lock, name)));
  const importers = [
    'importers:\n\n  .: {}\n',
    `  bench:\n    dependencies:\n${['core', ...packages].map(link).join('')}${outside.join('')}`,
    ...['core', ...packages].map(name => `  packages/${name}: {}\n`),
  ];
  return lock.replace(/^importers:\n[^]*?(?=^\S)/m, `${importers.join('\n')}\n`);
}

function entry(name: string, specifier: string, version: string): string {
  return `      ${name}:\n        specifier: ${specifier}\n        version: ${version}\n`;
}

function versionIn(lock: string, name: string): string {
  const [, version] = new RegExp(`^      ${name}:\\n        specifier: (\\S+)$`, 'm').exec(lock) ?? [];
  if (version === undefined) throw new Error(`Lock file must have ${name}: the test relies on it`);
  return version;
}

function packageSource(declared: Readonly<Record<string, readonly [steps: number, result: number]>>): string {
  const lines = Object.entries(declared).map(
    ([name, [steps, result]]) => `export const ${name} = work(${steps}, ${result});\n`,
  );
  return `function work(steps: number, result: number): (step: () => void) => number {
  return step => {
    for (let taken = 0; taken < steps; taken++) step();
    return result;
  };
}

${lines.join('')}`;
}

/** A suite whose benches, by name, each measure a function of the package `from`. */
export function suiteSource(name: string, declared: Readonly<Record<string, string>>, from: string): string {
  const lines = Object.entries(declared).map(
    ([bench, work]) => `    { name: '${bench}', contenders: { '${from}': () => stepped(${work}) } },\n`,
  );
  const imported = [...new Set(Object.values(declared))].sort();
  return `import { ${imported.join(', ')} } from '${from}';
import { stepped } from '../src/kernels/stepped.ts';
import { defineSuite } from '../src/suite.ts';

export default defineSuite({
  name: '${name}',
  about: 'Functions of ${from}.',
  benches: [
${lines.join('')}  ],
});
`;
}

const steppedSource = `import type { Kernel } from '../suite.ts';

let nowNs = 0;

/** Work that takes 100 ns a step: in the thread that measures it, the clock stands still but for the steps. */
export function stepped(work: (step: () => void) => number): Kernel {
  performance.now = () => (nowNs += 1) / 1e6;
  const step = (): void => {
    nowNs += 100;
  };
  return {
    ops: 100,
    run() {
      let sum = 0;
      for (let op = 0; op < 100; op++) sum += work(step);
      return sum;
    },
  };
}
`;

const canarySource = `import { stepped } from '../src/kernels/stepped.ts';
import { defineSuite } from '../src/suite.ts';

export default defineSuite({
  name: 'canary',
  about: 'Steps, and so many percent more of them.',
  onRequest: true,
  benches: [
    {
      name: 'steps',
      params: { slowdown: [0] },
      contenders: {
        '@quorate/bench canary': context => {
          // As on a machine on which what is slower does not show.
          const steps = 100 + (process.env['QUORATE_TEST_BLIND'] === '1' ? 0 : context.number('slowdown'));
          return stepped(step => {
            for (let taken = 0; taken < steps; taken++) step();
            return 1;
          });
        },
      },
    },
  ],
});
`;
