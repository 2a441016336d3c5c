/** Hints the processor that this is a spin loop, where the engine can say so. */
export const pause: () => void = (Atomics as { pause?: () => void }).pause ?? ((): void => {});
