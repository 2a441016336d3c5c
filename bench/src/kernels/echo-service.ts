import { serve } from '@quorate/threads/worker';

/** Gives back what it is given: as a call, so that only the way there and back is measured. */
export const echo = serve({ echo: (value: number) => value });
