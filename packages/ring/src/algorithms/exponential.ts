const LN2 = Math.LN2;
const SQRT_HALF = Math.SQRT1_2;

/** 2⁻ᵉ for e = 0 to 32. */
const inverses = Float64Array.from({ length: 33 }, (_, e) => 2 ** -e);

/**
 * −ln u for u = (h + 2³¹ + ½) / 2³², h a signed 32-bit integer: a uniform hash as an exponential variate.
 *
 * Not `Math.log`, whose last bits are each engine's own: two processes must agree on who is nearest. This uses nothing but
 * operations that IEEE 754 defines exactly, to about 2⁻⁵² of the value, and falls strictly with h.
 * ln m = 2·artanh((m − 1) / (m + 1)), for m in [√½, √2).
 */
export function exponential(h: number): number {
  const n = h + 2147483648.5;
  const exponent = 32 - Math.clz32(n);
  let m = n * (inverses[exponent] as number);
  let twos = 32 - exponent;
  if (m < SQRT_HALF) {
    m *= 2;
    twos++;
  }
  const s = (m - 1) / (m + 1);
  const t = s * s;
  let sum = 1 / 21;
  sum = sum * t + 1 / 19;
  sum = sum * t + 1 / 17;
  sum = sum * t + 1 / 15;
  sum = sum * t + 1 / 13;
  sum = sum * t + 1 / 11;
  sum = sum * t + 1 / 9;
  sum = sum * t + 1 / 7;
  sum = sum * t + 1 / 5;
  sum = sum * t + 1 / 3;
  return twos * LN2 - 2 * (s + s * t * sum);
}
