import fc from 'fast-check';

/**
 * Text of every kind of code point, lone surrogates among them. fast-check's own unit `binary` would be the same, but
 * lists all of Unicode before its first value, which takes seconds.
 */
export const anyText: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      fc.integer({ min: 0, max: 0x7f }),
      fc.integer({ min: 0x80, max: 0x7ff }),
      fc.integer({ min: 0x800, max: 0xffff }),
      fc.integer({ min: 0xd800, max: 0xdfff }),
      fc.integer({ min: 0x10000, max: 0x10ffff }),
    ),
    { maxLength: 200 },
  )
  .map(points => String.fromCodePoint(...points));

/** The same, half of it within ASCII, which has a path of its own. */
export const keyText: fc.Arbitrary<string> = fc.oneof(
  anyText,
  fc.string({ unit: 'binary-ascii', maxLength: 200 }),
);
