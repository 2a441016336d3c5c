/** What a process of `startProcess` is asked; it answers with the same number. */
export interface Question<Ask> {
  readonly number: number;
  readonly ask: Ask;
}

export interface Answer {
  readonly number: number;
  readonly value: unknown;
}

/**
 * In a started process: answers what it is asked, the task that it is started with first. Questions may overlap. One whose
 * answer fails ends the process, as any error does that nobody catches: whoever started it is told why.
 */
export function answerParent(answer: (ask: never) => unknown): void {
  process.on('message', ({ number, ask }: Question<never>) => {
    void Promise.resolve(answer(ask)).then(value => process.send?.({ number, value } satisfies Answer));
  });
  process.once('disconnect', () => {
    // Should that process still be there, it has the reason.
    process.stderr.write('The channel to whoever started this process was closed\n');
    process.exit(1);
  });
}
