const width = 24;

/** A bar of which a share is full. */
export function progressBar(share: number): string {
  const full = Math.round(Math.min(1, Math.max(0, share)) * width);
  return '█'.repeat(full) + '░'.repeat(width - full);
}
