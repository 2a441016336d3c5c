import { defineSuite, type Kernel } from '../src/suite.ts';

/** Hashes the same terms a number of times over, each time going on from the last. */
function hashKernel(terms: number, repetitions: number): Kernel {
  const values = Uint32Array.from({ length: terms }, (_, index) => Math.imul(index, 0x9e37_79b1) >>> 0);
  return {
    ops: terms,
    run() {
      let hash = 0;
      for (let repetition = 0; repetition < repetitions; repetition++) hash = hashOf(values, hash);
      return hash;
    },
  };
}

function hashOf(values: Uint32Array, start: number): number {
  let hash = start;
  for (const value of values) hash = (Math.imul(hash, 31) + value) | 0;
  return hash;
}

export default defineSuite({
  name: 'selftest',
  about: 'Small kernels of known behaviour: the harness measures itself.',
  onRequest: true,
  benches: [
    {
      name: 'hash',
      about: 'thrice does the work of once three times over: the ratio must come out near a third',
      params: { terms: [20_000] },
      contenders: {
        once: context => hashKernel(context.number('terms'), 1),
        thrice: context => hashKernel(context.number('terms'), 3),
      },
      goals: [{ of: 'once', to: 'thrice', atMost: 0.5 }],
    },
    {
      name: 'group',
      about: 'threads that share nothing: they scale as far as the machine has free cores',
      params: { terms: [2000] },
      threads: [1, 2],
      contenders: { once: context => hashKernel(context.number('terms'), 1) },
    },
  ],
});
