import type { Operation } from '../operation.ts';
import { describeViolation } from './describe-violation.ts';
import type { Model } from './model.ts';
import { type Partition, type ReadHistory, readHistory } from './read-history.ts';
import type { LinearizabilityResult, NotLinearizable, PartitionOrder } from './result.ts';
import { inReturnOrder } from './return-order.ts';
import { Search } from './search.ts';
import { type Timeline, timelineOf } from './timeline.ts';

/** Configurations tried between two looks at the clock. */
const stepsPerTurn = 32;
/** What a partition gets before the others have had their turn, at first and as a factor in each further round. */
const stepsFirst = 1 << 15;
const stepsFactor = 8;

export interface Limits {
  readonly stepsMax: number;
  readonly memoryMaxBytes: number;
}

/** How far a check is, for whoever has to stop it. */
export interface Progress {
  /** Configurations tried so far. */
  steps: number;
  /** How many partitions are not decided, and one of them; absent while the history is read. */
  left: { readonly count: number; readonly first: Partition | undefined } | undefined;
}

/** A check that stops between its turns, so that its caller can look at the clock, and end it. */
export type Checking<State> = Generator<void, LinearizabilityResult<State>>;

/**
 * Checks a history, partition after partition.
 *
 * Each partition is first tried in the order of its returns. What is left is searched in rounds, in which each partition may
 * take eight times as many steps as in the last: one hard partition does not keep the check from a violation in another.
 */
export function* checking<State, Input, Output>(
  model: Model<State, Input, Output>,
  history: readonly Operation<Input, Output>[],
  limits: Limits,
  progress: Progress,
): Checking<State> {
  const read = yield* readHistory(model, history);
  const linearization: PartitionOrder[] = [];
  let left: number[] = [];
  for (let number = 0; number < read.partitions.length; number++) {
    const partition = read.partitions[number] as Partition;
    const order = yield* inReturnOrder(model, history, read, partition);
    if (order === undefined) left.push(number);
    linearization.push({ partition: partition.key, order: order ?? partition.members });
    if (number % stepsPerTurn === stepsPerTurn - 1) yield;
  }
  let tooLarge = 0;
  for (let stepsMax = stepsFirst; left.length > tooLarge; stepsMax *= stepsFactor) {
    const undecided: number[] = [];
    tooLarge = 0;
    for (let at = 0; at < left.length; at++) {
      const number = left[at] as number;
      const partition = read.partitions[number] as Partition;
      const first = read.partitions[undecided[0] ?? number];
      progress.left = { count: undecided.length + left.length - at, first };
      const answer = yield* searching({ model, history, read, partition }, stepsMax, limits, progress);
      if (answer === 'steps') return stopped('steps', progress);
      if (answer === 'memory') tooLarge++;
      if (typeof answer === 'string') undecided.push(number);
      else if (answer instanceof Int32Array)
        linearization[number] = { partition: partition.key, order: answer };
      else return answer;
    }
    left = undecided;
  }
  progress.left = { count: left.length, first: read.partitions[left[0] ?? -1] };
  if (left.length > 0) return stopped('memory', progress);
  return { verdict: 'ok', linearization, steps: progress.steps };
}

/** The answer of a check that does not go on. */
export function stopped(
  why: 'deadline' | 'memory' | 'steps' | 'aborted',
  { left, steps }: Progress,
): LinearizabilityResult<never> {
  if (left === undefined) return { verdict: 'unknown', why, undecided: 0, steps };
  return { verdict: 'unknown', why, partition: left.first?.key, undecided: left.count, steps };
}

interface Subject<State, Input, Output> {
  readonly model: Model<State, Input, Output>;
  readonly history: readonly Operation<Input, Output>[];
  readonly read: ReadHistory;
  readonly partition: Partition;
}

type Answer<State> = Int32Array | NotLinearizable<State> | 'later' | 'memory' | 'steps';

/** Searches one partition for at most so many steps. */
function* searching<State, Input, Output>(
  subject: Subject<State, Input, Output>,
  stepsMax: number,
  limits: Limits,
  progress: Progress,
): Generator<void, Answer<State>> {
  const { model, history, read, partition } = subject;
  const { members } = partition;
  const timeline = yield* timelineOf(model, history, read, partition, limits.memoryMaxBytes);
  if (timeline === undefined) return 'memory';
  const samples = Array.from(
    timeline.sampleOf,
    place => history[members[place] as number] as Operation<Input, Output>,
  );
  const search = new Search(model, timeline, samples);
  for (let taken = 0; taken < stepsMax; taken += stepsPerTurn) {
    if (progress.steps >= limits.stepsMax) return 'steps';
    const standing = search.run(Math.min(stepsPerTurn, limits.stepsMax - progress.steps), progress);
    if (standing === 'ok') return search.order.map(place => members[place] as number);
    if (standing === 'violation') return violation(subject, timeline, search, progress.steps);
    if (search.bytes > limits.memoryMaxBytes) return 'memory';
    yield;
  }
  return 'later';
}

function violation<State, Input, Output>(
  { model, history, partition }: Subject<State, Input, Output>,
  { under, starts, from, turnOf, turns, count }: Timeline,
  search: Search<State, Input, Output>,
  steps: number,
): NotLinearizable<State> {
  const { members, key } = partition;
  const turn = search.bestTurn;
  const explained = new Set(search.best);
  const stuck = [...under.subarray(starts[turn], starts[turn + 1])].filter(place => !explained.has(place));
  for (let place = 0; place < count; place++) {
    const isOpen = turnOf[place] === turns && (from[place] as number) <= turn;
    if (isOpen && !explained.has(place)) stuck.push(place);
  }
  const found = {
    partition: key,
    prefix: search.best.map(place => members[place] as number),
    state: search.bestState,
    stuck: Int32Array.from(stuck, place => members[place] as number),
  };
  const message = describeViolation(model, history, members.length, found);
  return { verdict: 'violation', ...found, steps, message };
}
