/** The golden angle: any number of hues in a row stay far apart. */
const goldenAngle = 137.508;
const firstHue = 255;

/** The class that fills with a node's colour; see {@link colourRules}. */
export function colourClass(node: number): string {
  return `n${node}`;
}

/**
 * Rules for one class per node, by its position in the nodes file. Lightness alternates, so that neighbours differ for eyes
 * that do not tell hues apart; in the dark all are lighter.
 */
export function colourRules(nodes: number): string {
  return Array.from({ length: nodes }, (_, node) => {
    const hue =
      Math.round(nodes <= 8 ? firstHue + (node * 360) / nodes : firstHue + node * goldenAngle) % 360;
    const shift = node % 2 === 0 ? -0.05 : 0.07;
    return `.${colourClass(node)}{--c:oklch(calc(var(--node-light) + ${shift}) .14 ${hue})}`;
  }).join('\n');
}
