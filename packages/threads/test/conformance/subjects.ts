import { inline, threads } from '@quorate/threads';
import type { Subject } from './subject.ts';

/** Workers in threads of their own, in Node. */
export const nodeThreads: Subject = {
  name: 'Node threads',
  backend: threads(),
  isolated: true,
  portsTellClose: true,
};

/** Workers in threads of their own, in a browser. */
export const webWorkers: Subject = {
  name: 'Web Workers',
  backend: threads(),
  isolated: true,
  portsTellClose: false,
};

/** Workers in the calling thread, anywhere. Their ports to each other are the platform's, and live on with the thread. */
export const inlineWorkers: Subject = {
  name: 'inline',
  backend: inline(),
  isolated: false,
  portsTellClose: false,
};
