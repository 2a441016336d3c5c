import { encodedXxh32, textHash } from './hash/xxh32.ts';
import { xxh32Module } from './wasm/xxh32-program.ts';

/**
 * Hashes texts in WebAssembly from now on, in this thread, where the engine has the JS string builtins (Node 22,
 * Chrome 130); elsewhere it changes nothing. Results are the same either way.
 *
 * It is asked for, not automatic: a page whose content security policy forbids WebAssembly would report a violation
 * that nobody caused on purpose, and who does not ask does not bundle it. The module has about a kilobyte, is put
 * together by `wasm/assembler.ts` on the first call, and compiles in less than a millisecond.
 *
 * @returns Whether texts are hashed in WebAssembly now.
 */
export function accelerate(): boolean {
  if (textHash.accelerated) return true;
  const compiled = compile();
  if (compiled === undefined) return false;
  textHash.use(compiled);
  return true;
}

/** The part of the WebAssembly interface that is used here; its compile options are younger than the declarations. */
interface WebAssemblyNamespace {
  readonly Module: new (
    bytes: Uint8Array<ArrayBuffer>,
    options: { readonly builtins: readonly string[] },
  ) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: Record<string, unknown> };
}

function compile(): ((text: string, seed: number) => number) | undefined {
  const { WebAssembly: engine } = globalThis as unknown as { WebAssembly?: WebAssemblyNamespace };
  if (engine === undefined) return undefined;
  try {
    const module = new engine.Module(xxh32Module(), { builtins: ['js-string'] });
    // An engine without the builtins ignores the option, finds the imports missing, and throws.
    const { exports } = new engine.Instance(module, { ring: { encoded: encodedXxh32 } });
    return exports['xxh32'] as (text: string, seed: number) => number;
  } catch {
    return undefined;
  }
}
