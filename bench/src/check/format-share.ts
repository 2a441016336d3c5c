/** A change as a signed percentage: `+5.0 %`, `-0.12 %`; twice and more as a factor: `x3.4`. */
export function formatShare(share: number): string {
  if (!Number.isFinite(share)) return 'unbounded';
  if (share >= 1) return `x${Number((share + 1).toPrecision(3))}`;
  const percent = share * 100;
  const text = Math.abs(percent) >= 10 ? percent.toFixed(0) : percent.toFixed(Math.abs(percent) >= 1 ? 1 : 2);
  // What rounds to nothing has no direction.
  if (Number(text) === 0) return '+0.00 %';
  return `${percent > 0 ? '+' : ''}${text} %`;
}
