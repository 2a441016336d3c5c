/** The exit codes that commands share; `failed` is that of `pnpm bench`, `harnessFailed` that of `pnpm bench:check`. */
export const exitCodes = { done: 0, failed: 1, harnessFailed: 3, usage: 64, busy: 75 } as const;
