import { describe, expect, it } from 'vitest';
import { CheckProgress } from '../src/cli/check-progress.ts';

function progressOn(stream: { readonly isTTY?: boolean; readonly columns?: number }) {
  const written: string[] = [];
  let nowMs = 0;
  const progress = new CheckProgress({ ...stream, write: text => written.push(text) }, () => nowMs);
  return { written, progress, passMs: (ms: number) => (nowMs += ms) };
}

describe('CheckProgress', () => {
  it('says in a pipe how far it is, as often whether or not the end moves away', () => {
    const { written, progress } = progressOn({});
    progress.step('Checks out main');
    for (let taken = 1; taken <= 50; taken++) progress.pair('a', taken, 50);
    // A suspicion asks for as many pairs again.
    for (let taken = 51; taken <= 100; taken++) progress.pair('a', taken, 100);
    progress.end();
    expect(written.join('')).toBe(
      'Checks out main\n5/50 pairs\n10/50 pairs\n15/50 pairs\n20/50 pairs\n25/50 pairs\n30/50 pairs\n35/50 pairs\n' +
        '40/50 pairs\n45/50 pairs\n50/50 pairs\n60/100 pairs\n70/100 pairs\n80/100 pairs\n90/100 pairs\n100/100 pairs\n',
    );
  });

  it('always says that it has come to the end', () => {
    const { written, progress } = progressOn({});
    progress.pair('a', 1, 41);
    progress.pair('a', 40, 41);
    progress.pair('a', 41, 41);
    expect(written.join('')).toBe('40/41 pairs\n41/41 pairs\n');
  });

  it('redraws one line on a terminal, no longer than that is wide, and clears it', () => {
    const { written, progress, passMs } = progressOn({ isTTY: true, columns: 60 });
    progress.step('Checks out main');
    progress.pair('ring/lookup · @quorate/ring · nodes=100 keys=100000', 1, 40);
    passMs(9000);
    progress.pair('ring/lookup · @quorate/ring · nodes=100 keys=100000', 10, 40);
    progress.end();
    expect(written).toEqual([
      '\r\u001b[KChecks out main',
      '\r\u001b[K █░░░░░░░░░░░░░░░░░░░░░░░ 1/40 pairs ring/lookup · @quorate',
      '\r\u001b[K ██████░░░░░░░░░░░░░░░░░░ 10/40 pairs 30 s left ring/lookup',
      '\r\u001b[K',
    ]);
  });
});
