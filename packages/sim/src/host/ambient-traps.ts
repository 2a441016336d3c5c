import { createRequire, syncBuiltinESMExports } from 'node:module';
import { invariant } from '@quorate/core';
import { ambientModules, ambientObjects } from './ambient-list.ts';
import { dateTrap, microtaskTrap, tickTrap, type TrapReport } from './border-traps.ts';
import { NondeterminismError } from './nondeterminism-error.ts';

/** A property while simulated code runs, and what it is otherwise. */
interface Trap {
  readonly object: object;
  readonly key: string;
  readonly original: PropertyDescriptor;
  readonly trapped: PropertyDescriptor;
  /** Whether it is a property of its own that can be written. */
  readonly isPlain: boolean;
}

/** Who hears of what is caught now. One simulation runs at a time. */
let report: TrapReport | undefined;
let traps: readonly Trap[] | undefined;

/**
 * Replaces what is ambient by functions that throw, as long as simulated code runs. A module that took a function out before,
 * such as `const { now } = Date`, keeps it: comparing two runs by their hashes is what finds that.
 */
export class AmbientTraps {
  readonly #report: TrapReport;

  /** @param onError hears each error before it is thrown, so that catching it hides nothing */
  constructor(onError: (error: unknown) => void) {
    this.#report = {
      spring(what, instead, at): never {
        const error = new NondeterminismError(what, instead);
        Error.captureStackTrace(error, at);
        onError(error);
        throw error;
      },
      fail: onError,
    };
  }

  install(): void {
    traps ??= createTraps();
    report = this.#report;
    for (const trap of traps) put(trap, trap.trapped);
    syncBuiltinESMExports();
  }

  remove(): void {
    for (const trap of traps ?? []) put(trap, trap.original);
    syncBuiltinESMExports();
  }
}

/** A plain assignment is several times quicker than a definition, and turns are short. */
function put({ object, key, isPlain }: Trap, descriptor: PropertyDescriptor): void {
  if (isPlain) (object as Record<string, unknown>)[key] = descriptor.value;
  else Object.defineProperty(object, key, descriptor);
}

function createTraps(): readonly Trap[] {
  const list: Trap[] = [];
  const add = (object: object, key: string, create: (original: unknown) => unknown): void => {
    const original = Object.getOwnPropertyDescriptor(object, key);
    const inherited = original ?? inheritedDescriptor(object, key);
    if (inherited?.configurable !== true) return;
    const value = create('value' in inherited ? inherited.value : undefined);
    const isPlain = 'value' in inherited && inherited.writable === true;
    const trapped = { value, configurable: true, writable: true, enumerable: inherited.enumerable ?? true };
    list.push({
      object: original === undefined ? ownerOf(object, key) : object,
      key,
      original: inherited,
      trapped,
      isPlain,
    });
  };
  for (const { object, name, functions, instead } of ambientObjects) {
    for (const key of functions) add(object, key, original => throwing(`${name}${key}()`, instead, original));
  }
  const require = createRequire(import.meta.url);
  for (const { name, functions, instead } of ambientModules) {
    const module = require(`node:${name}`) as Record<string, unknown>;
    const keys = functions ?? Object.keys(module).filter(key => isCallable(module, key));
    for (const key of keys) {
      add(module, key, original => throwing(`${key}() of node:${name}`, instead, original));
    }
  }
  add(globalThis, 'Date', original => dateTrap(original as DateConstructor, heard));
  add(globalThis, 'queueMicrotask', original => microtaskTrap(original as typeof queueMicrotask, heard));
  add(process, 'nextTick', original => tickTrap(original as typeof process.nextTick, heard));
  return list;
}

function heard(): TrapReport {
  invariant(report !== undefined, 'traps are there only while somebody hears them');
  return report;
}

/** A function in place of another, with what that one carries, such as the prototype that `instanceof` asks for. */
function throwing(what: string, instead: string, original: unknown): unknown {
  const trap = function (): never {
    return heard().spring(what, instead, trap);
  };
  if (typeof original === 'function') {
    for (const key of Reflect.ownKeys(original)) {
      const descriptor = Object.getOwnPropertyDescriptor(original, key) as PropertyDescriptor;
      const carried =
        typeof descriptor.value === 'function' && key !== 'prototype'
          ? { ...descriptor, value: trap }
          : descriptor;
      if (Object.getOwnPropertyDescriptor(trap, key)?.configurable ?? true)
        Object.defineProperty(trap, key, carried);
      else if (key === 'prototype') trap.prototype = descriptor.value;
    }
  }
  return trap;
}

function isCallable(module: object, key: string): boolean {
  const descriptor = Object.getOwnPropertyDescriptor(module, key);
  return typeof descriptor?.value === 'function' && !/^[A-Z]/.test(key);
}

function ownerOf(object: object, key: string): object {
  let owner: object | null = object;
  while (owner !== null && !Object.hasOwn(owner, key)) owner = Object.getPrototypeOf(owner) as object | null;
  return owner ?? object;
}

function inheritedDescriptor(object: object, key: string): PropertyDescriptor | undefined {
  return Object.getOwnPropertyDescriptor(ownerOf(object, key), key);
}
