import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Tape } from '../../src/engine/tape.ts';

/** Draws by a script: how often from which label. */
function drawAll(tape: Tape, script: readonly (readonly [string, boolean])[]): (boolean | number)[] {
  return script.map(([label, asked]) => (asked ? tape.chance(label, 0.5) : tape.between(label, 3, 90)));
}

const scripts = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c/d'), fc.boolean()), { maxLength: 60 });

describe('the tape', () => {
  test('taking anything away gives its harmless answer and moves nothing else', () => {
    fc.assert(
      fc.property(fc.nat(), scripts, fc.nat(), (seed, script, choice) => {
        const whole = new Tape(seed, [], true);
        const answers = drawAll(whole, script);
        const names = whole.removable ?? [];
        fc.pre(names.length > 0);
        const name = names[choice % names.length] as string;
        const [label, index] = name.split('#');
        const position = script.map(([drawn], at) => ({ drawn, at })).filter(({ drawn }) => drawn === label)[
          Number(index)
        ]?.at as number;
        const without = new Tape(seed, [name], true);
        const harmless = script[position]?.[1] === true ? false : 3;
        expect(drawAll(without, script)).toEqual(answers.with(position, harmless));
        expect(without.removable).toEqual(names.filter(other => other !== name));
      }),
    );
  });

  test('with everything taken away that happened, nothing happens', () => {
    fc.assert(
      fc.property(fc.nat(), scripts, (seed, script) => {
        const whole = new Tape(seed, [], true);
        drawAll(whole, script);
        const none = new Tape(seed, whole.removable ?? [], true);
        drawAll(none, script);
        expect(none.removable).toEqual([]);
      }),
    );
  });

  test('a name without a number takes away all labels that begin so', () => {
    const tape = new Tape(1, ['net/'], true);
    for (let count = 0; count < 50; count++) {
      expect(tape.chance('net/loss/a>b', 1)).toBe(false);
      expect(tape.between('net/late', 5, 1_000_000)).toBe(5);
    }
    expect(tape.chance('disk/slow', 1)).toBe(true);
    expect(tape.takes('net/x', 3)).toBe(false);
    expect(tape.removable).toEqual(['disk/slow#0']);
  });

  test('large ranges reach both ends', () => {
    const tape = new Tape(2, [], false);
    const drawn = Array.from({ length: 2_000 }, () => tape.between('far', 0, 2 ** 45));
    expect(Math.max(...drawn)).toBeGreaterThan(2 ** 45 * 0.99);
    expect(Math.min(...drawn)).toBeLessThan(2 ** 45 * 0.01);
    const small = new Set(Array.from({ length: 200 }, () => tape.between('near', -1, 2)));
    expect([...small].toSorted((one, other) => one - other)).toEqual([-1, 0, 1, 2]);
  });

  test('counts answers that are made of another label’s words as its own', () => {
    const tape = new Tape(3, ['lost#1'], true);
    const lost = tape.draw('lost');
    expect([lost.decide(true), lost.decide(true), lost.decide(false), lost.decide(true)]).toEqual([
      true,
      false,
      false,
      true,
    ]);
    expect(tape.removable).toEqual(['lost#0', 'lost#3']);
  });

  test('has words in which every bit is as often set as not, and no label’s are another’s', () => {
    const tape = new Tape(4, [], false);
    const [a, b] = [tape.draw('a'), tape.draw('b')];
    const counts = new Array<number>(64).fill(0);
    const draws = 20_000;
    for (let count = 0; count < draws; count++) {
      const [one, other] = [a.word(), b.word()];
      for (let bit = 0; bit < 32; bit++) {
        counts[bit] = (counts[bit] as number) + ((one >>> bit) & 1);
        counts[32 + bit] = (counts[32 + bit] as number) + (((one ^ other) >>> bit) & 1);
      }
    }
    // Six standard deviations.
    for (const count of counts) expect(Math.abs(count - draws / 2)).toBeLessThan(3 * Math.sqrt(draws));
  });

  test.each(['', '#1', 'a#', 'a#-1', 'a#b', 'a#1.5'])('refuses the name "%s"', name => {
    expect(() => new Tape(1, [name], false)).toThrow(RangeError);
  });
});
