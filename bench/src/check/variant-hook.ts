/**
 * Loaded by `--import` before anything else, in a measured process and in each of its threads; see {@link variantOptions}.
 *
 * It knows its variant from the URL that it was loaded by, so that nothing but its place in the flags is shared.
 */
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import { variantOf } from './variant.ts';
import { variantResolve } from './variant-resolve.ts';

const headRoot = fileURLToPath(new URL('../../..', import.meta.url));

registerHooks({ resolve: variantResolve(variantOf(import.meta.url), headRoot) });
