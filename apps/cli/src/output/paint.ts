/** Where a command writes, as far as its looks matter. */
export interface Screen {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

/** Puts a style on a text. */
export type Style = (text: string) => string;

/** Styles for text; each gives the text unchanged where colours are off. */
export interface Paint {
  readonly colours: boolean;
  readonly bold: Style;
  readonly dim: Style;
  readonly red: Style;
  readonly green: Style;
  readonly yellow: Style;
  readonly cyan: Style;
}

/** Colours are for terminals, unless NO_COLOR is set to anything or TERM is `dumb`. */
export function paintFor(screen: Screen, environment: NodeJS.ProcessEnv): Paint {
  const noColor = environment['NO_COLOR'] ?? '';
  return paint(screen.isTTY === true && noColor === '' && environment['TERM'] !== 'dumb');
}

/** Styles, or none. */
export function paint(colours: boolean): Paint {
  const style =
    (open: number, close: number): Style =>
    text =>
      colours && text !== '' ? `\u001b[${open}m${text}\u001b[${close}m` : text;
  return {
    colours,
    bold: style(1, 22),
    dim: style(2, 22),
    red: style(31, 39),
    green: style(32, 39),
    yellow: style(33, 39),
    cyan: style(36, 39),
  };
}
