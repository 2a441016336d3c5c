import { printable, widthOf } from './printable.ts';

/** A column: its heading, and which side its cells keep to. */
export interface Column {
  readonly title: string;
  readonly align: 'left' | 'right';
}

/** A cell: a plain text, or one with a style that is put on after it was measured. */
export type Cell = string | { readonly text: string; readonly style: (text: string) => string };

/**
 * A table as lines, its columns two spaces apart, without trailing spaces. Control characters in cells are made visible.
 *
 * @param heading Style of the headings
 */
export function tableLines(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  heading: (text: string) => string,
): string[] {
  const titles: Cell[] = columns.map(({ title }) => ({ text: title, style: heading }));
  const all = [titles, ...rows];
  const widths = columns.map((_, at) =>
    all.reduce((max, row) => Math.max(max, widthOf(printable(textOf(row[at] ?? '')))), 0),
  );
  return all.map(row => {
    const cells = columns.map(({ align }, at) => {
      const cell = row[at] ?? '';
      const text = printable(textOf(cell));
      const padding = ' '.repeat((widths[at] as number) - widthOf(text));
      const styled = typeof cell === 'string' ? text : cell.style(text);
      return align === 'left' ? styled + padding : padding + styled;
    });
    return cells.join('  ').trimEnd();
  });
}

function textOf(cell: Cell): string {
  return typeof cell === 'string' ? cell : cell.text;
}
