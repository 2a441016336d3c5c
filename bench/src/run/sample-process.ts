import type { Job, Reply, Sample } from '../measure/job.ts';
import { runProcess } from './run-process.ts';

/** A measured process failed: the bench threw, broke a rule, or did not end. */
export class SampleError extends Error {
  override readonly name = 'SampleError';
}

export interface SampleOptions {
  readonly signal: AbortSignal;
  /** How long the process may take before it is ended and counts as failed. */
  readonly deadlineMs: number;
  /** Where compiled modules are kept between the processes of a run: only their start is faster for it. */
  readonly cacheFolder: string;
  /** Flags for the process and all its threads, besides the usual ones. */
  readonly flags?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** The folder of the harness that the process runs, its `bench/src`; this one unless given. */
  readonly harness?: URL;
}

const ownHarness = new URL('..', import.meta.url);

/**
 * Measures in a fresh process, and leaves none behind: it is killed when the signal aborts and at the deadline, and goes by
 * itself when this process does.
 *
 * Its output is kept from ours; the end of it is part of the error.
 */
export async function sampleInProcess(job: Job, options: SampleOptions): Promise<Sample> {
  const { cacheFolder, harness = ownHarness, environment, ...rest } = options;
  let reply: Reply | undefined;
  const { late, output } = await runProcess({
    ...rest,
    script: new URL('measure/child.ts', harness),
    request: job,
    environment: { ...environment, NODE_COMPILE_CACHE: cacheFolder },
    onMessage: message => (reply ??= message as Reply),
  });
  if (late) throw new SampleError(`Bench must end within ${options.deadlineMs} ms: it did not`);
  return sampleOf(reply, output);
}

function sampleOf(reply: Reply | undefined, output: string): Sample {
  if (reply === undefined)
    throw new SampleError(`Measured process ended without an answer\n${output}`.trim());
  if ('sample' in reply) return reply.sample;
  const error = new SampleError(reply.error.message);
  if (reply.error.stack !== '') error.stack = reply.error.stack;
  throw error;
}
