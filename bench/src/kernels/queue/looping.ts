/** Does something over and over, until it is disposed of, which waits for the end of the last time. */
export function looping(once: () => Promise<void>): AsyncDisposable {
  const state = { isWanted: true };
  const working = (async (): Promise<void> => {
    while (state.isWanted) await once();
  })();
  return {
    async [Symbol.asyncDispose]() {
      state.isWanted = false;
      await working;
    },
  };
}
