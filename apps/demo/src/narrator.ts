import type { Tape, TapeEntry } from './tape.ts';
import { percent, type TourReport } from './tour.ts';

const marks: Readonly<Record<TapeEntry['kind'], string>> = {
  info: '  ',
  change: '> ',
  good: '+ ',
  bad: '! ',
};
const colours: Readonly<Record<TapeEntry['kind'], string>> = {
  info: '',
  change: '\x1B[36m',
  good: '\x1B[32m',
  bad: '\x1B[31m',
};

/** Writes the tape as it grows, a line each. */
export function narrate(tape: Tape, colour: boolean, write: (line: string) => void): Disposable {
  return tape.onEntry(({ kind, text }) => {
    const line = marks[kind] + text;
    write(colour && colours[kind] !== '' ? `${colours[kind]}${line}\x1B[0m` : line);
  });
}

/** The end of a tour in lines that fit a terminal. */
export function summary(report: TourReport): string[] {
  const lines = ['', 'What moved                 of the ring  balanced   of the keys      in'];
  for (const { kind, node, moved, durationMs } of report.changes) {
    const cells = [percent(moved.space).padStart(13), percent(moved.minimum).padStart(10)];
    cells.push(percent(moved.ofKeys).padStart(14), `${durationMs} ms`.padStart(8));
    lines.push(`  ${`${kind} ${node}`.padEnd(22)} ${cells.join('')}`);
  }
  lines.push('', 'What was promised');
  for (const { name, ok, detail } of report.checks)
    lines.push(`  ${ok ? 'ok    ' : 'FAILED'} ${name} (${detail})`);
  const crash = report.changes.find(change => change.kind === 'kill');
  if (crash !== undefined) {
    lines.push(
      '',
      `${crash.node} was killed with the only copy of ${crash.keysOnDeadNode} keys. They are lost: the ring keeps one copy.`,
      'The ring without it goes on serving the rest. What the replicas keep outlived its leader, see above.',
    );
  }
  lines.push(
    '',
    `${report.ok ? 'All checks passed' : 'A CHECK FAILED'} in ${(report.durationMs / 1000).toFixed(1)} s. Repeat with --seed ${report.seed}`,
  );
  return lines;
}
