/** The primes of XXH32, as signed 32-bit numbers. */
export const P1: number = 0x9e3779b1 | 0;
export const P2: number = 0x85ebca77 | 0;
export const P3: number = 0xc2b2ae3d | 0;
export const P4: number = 0x27d4eb2f | 0;
export const P5: number = 0x165667b1 | 0;
