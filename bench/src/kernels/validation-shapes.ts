/** What eight classes have in common, which have nothing else in common. */
export interface Shape {
  area(scale: number): number;
}

class Square implements Shape {
  readonly side: number;

  constructor(side: number) {
    this.side = side;
  }

  area(scale: number): number {
    return Math.imul(this.side, this.side + scale);
  }
}

class Rectangle implements Shape {
  readonly width: number;
  readonly height: number = 3;

  constructor(width: number) {
    this.width = width;
  }

  area(scale: number): number {
    return Math.imul(this.width + scale, this.height);
  }
}

class Triangle implements Shape {
  readonly height: number = 5;
  readonly base: number;

  constructor(base: number) {
    this.base = base;
  }

  area(scale: number): number {
    return (Math.imul(this.base, this.height) >> 1) + scale;
  }
}

class Circle implements Shape {
  readonly centre: number = 0;
  readonly radius: number;

  constructor(radius: number) {
    this.radius = radius;
  }

  area(scale: number): number {
    return Math.imul(this.radius, this.radius) * 3 + this.centre + scale;
  }
}

class Ring implements Shape {
  readonly inner: number = 2;
  readonly outer: number;

  constructor(outer: number) {
    this.outer = outer;
  }

  area(scale: number): number {
    return Math.imul(this.outer - this.inner, this.outer + this.inner) + scale;
  }
}

class Strip implements Shape {
  readonly length: number;

  constructor(length: number) {
    this.length = length;
  }

  area(scale: number): number {
    return (this.length << 2) ^ scale;
  }
}

class Kite implements Shape {
  readonly across: number = 4;
  readonly along: number;
  readonly turned: boolean = false;

  constructor(along: number) {
    this.along = along;
  }

  area(scale: number): number {
    return Math.imul(this.along, this.across) - (this.turned ? 0 : scale);
  }
}

class Nothing implements Shape {
  readonly origin: number;

  constructor(origin: number) {
    this.origin = origin;
  }

  area(scale: number): number {
    return this.origin & scale;
  }
}

const classes = [Square, Rectangle, Triangle, Circle, Ring, Strip, Kite, Nothing] as const;

export const shapeKinds: number = classes.length;

/** A shape of the kind with this number. @throws RangeError where there is none */
export function shape(kind: number, size: number): Shape {
  const Class = classes[kind];
  if (Class === undefined) {
    throw new RangeError(`Kind must be an integer from 0 to ${shapeKinds - 1}: received ${kind}`);
  }
  return new Class(size);
}
