/** The URL of the module `name` beside the module `from`: TypeScript in the sources, JavaScript in what is published. */
export function siblingUrl(name: string, from: string): URL {
  const { pathname } = new URL(from);
  return new URL(`./${name}${pathname.slice(pathname.lastIndexOf('.'))}`, from);
}
