/** Text as it may stand in HTML and in attributes. */
export function escape(text: string): string {
  return text.replace(/[&<>"']/g, char => entities[char] as string);
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

type Attributes = Readonly<Record<string, string | number | undefined>>;

/** An element with attributes and children that are markup already; escape text that is not. */
export function element(name: string, attributes: Attributes, ...children: readonly string[]): string {
  const list = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${escape(typeof value === 'number' ? round(value) : String(value))}"`)
    .join('');
  return `<${name}${list}>${children.join('')}</${name}>`;
}

/** Text in a drawing. */
export function label(x: number, y: number, text: string, attributes: Attributes = {}): string {
  return element('text', { x, y, ...attributes }, escape(text));
}

export function line(x1: number, y1: number, x2: number, y2: number, className: string): string {
  return element('line', { x1, y1, x2, y2, class: className });
}

/** What a pointer that rests on a shape is told. */
export function tip(text: string): string {
  return element('title', {}, escape(text));
}

/** A drawing that scales with the page and says to those who cannot see it what it shows. */
export function drawing(
  width: number,
  height: number,
  about: string,
  ...children: readonly string[]
): string {
  return element(
    'svg',
    { viewBox: `0 0 ${width} ${round(height)}`, role: 'img', 'aria-label': about, class: 'plot' },
    ...children,
  );
}

function round(value: number): string {
  return String(Math.round(value * 100) / 100);
}
