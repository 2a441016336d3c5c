/**
 * Messages between the threads of one process through rings in shared memory.
 *
 * @module
 */
export { createSharedNetwork, type SharedNetwork, type SharedNetworkOptions } from './shared/layout.ts';
export {
  attachSharedTransport,
  type SharedOptions,
  type SharedTransport,
} from './shared/shared-transport.ts';
