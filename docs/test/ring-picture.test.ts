import { describe, expect, test } from 'vitest';
import { arcFrom, arcsOf, ownedArcs } from '../.vitepress/theme/ring/arcs.ts';
import { reportChange } from '../.vitepress/theme/ring/change-report.ts';
import { buildRing, CHOICES, samplesFor } from '../.vitepress/theme/ring/choices.ts';
import { hashAt, turnOf } from '../.vitepress/theme/ring/hash-space.ts';
import { firstMembers, MEMBERS_MAX, nextMember, sampleKeys } from '../.vitepress/theme/ring/members.ts';
import { bandPath } from '../.vitepress/theme/ring/svg-path.ts';

const keys = sampleKeys(400);

describe.each(CHOICES)('the picture of $name', choice => {
  const members = firstMembers(5);
  const ring = buildRing(choice.name, 160, members);
  const arcs = arcsOf(ring, samplesFor(choice));

  test('arcs cover the circle once, without gaps', () => {
    expect(arcs[0]?.start).toBe(0);
    expect(arcs.at(-1)?.end).toBe(1);
    for (const [at, arc] of arcs.entries()) expect(arc.start).toBe(arcs[at - 1]?.end ?? 0);
  });

  test('keys lie on the circle, and hashes go there and back', () => {
    for (const key of keys) {
      const turn = turnOf(ring.algorithm, ring.hash(key));
      expect(turn).toBeGreaterThanOrEqual(0);
      expect(turn).toBeLessThan(1);
    }
    for (const turn of [0, 0.25, 0.5, 0.9375]) expect(turnOf(ring.algorithm, hashAt(ring, turn))).toBe(turn);
  });

  test('a node that joins moves about what it must', () => {
    const after = ring.with({ add: [nextMember(members).id] });
    const report = reportChange('quito joined', ring, after, keys);
    expect(report.minimum).toBeCloseTo(1 / 6, 2);
    expect(Math.abs(report.moved - report.minimum)).toBeLessThan(0.06);
    expect(report.movedKeys.size / keys.length).toBeGreaterThan(0.08);
    expect(report.modulo).toBeGreaterThan(0.6);
  });
});

test.each(CHOICES.filter(choice => choice.arcs))('$name: a key lies on an arc of its owner', choice => {
  const ring = buildRing(choice.name, 160, firstMembers(5));
  const arcs = arcsOf(ring, samplesFor(choice));
  const right = keys.filter(key => {
    const turn = turnOf(ring.algorithm, ring.hash(key));
    return arcs.find(arc => arc.end > turn)?.index === ring.index(key);
  });
  // The others lie within a sample of a border.
  expect(right.length / keys.length).toBeGreaterThan(0.9);
});

test('a node keeps its name and colour while others come and go', () => {
  const members = firstMembers(5);
  const without = members.filter(({ id }) => id !== 'oslo');
  expect(nextMember(without)).toEqual({ id: 'oslo', weight: 1, colour: 1 });
  expect(() => nextMember(firstMembers(MEMBERS_MAX))).toThrow(/at most 10 nodes/);
});

test('the next arc of an owner is looked for clockwise, past the top', () => {
  const arcs = [
    { start: 0, end: 0.25, index: 0 },
    { start: 0.25, end: 0.5, index: 1 },
    { start: 0.5, end: 1, index: 0 },
  ];
  expect(arcFrom(arcs, 0.1, 1)).toBe(arcs[1]);
  expect(arcFrom(arcs, 0.3, 0)).toBe(arcs[2]);
  expect(arcFrom(arcs, 0.6, 1)).toBe(arcs[1]);
  expect(ownedArcs(arcs, 0.125, [0, 1])).toEqual([
    { arc: arcs[0], middle: 0.1875, row: 0 },
    { arc: arcs[1], middle: 0.375, row: 0 },
  ]);
});

test('a band goes out, around, in and back', () => {
  expect(bandPath([{ start: 0, end: 0.25, index: 0 }], 10, 20)).toBe(
    'M0 -20A20 20 0 0 1 20 0L10 0A10 10 0 0 0 0 -10Z',
  );
});
