/** Looks of the page: light and dark by the reader's setting, no image, no font, nothing to fetch. */
export const pageStyle: string = `
:root { color-scheme: light dark; --node-light: .64;
  --paper: #fbfbfa; --card: #fff; --ink: #1c1d21; --soft: #62656d; --line: #e3e4e6; --faint: #f0f0ef;
  --move: #2f6fdb; --bad: #d1383d; --mark: #1c1d21; }
@media (prefers-color-scheme: dark) { :root { --node-light: .72;
  --paper: #131417; --card: #1b1d21; --ink: #ececee; --soft: #9a9ea8; --line: #30333a; --faint: #24262b;
  --move: #6ea0f5; --bad: #f0686c; --mark: #ececee; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
main { max-width: 1120px; margin: 0 auto; padding: 40px 24px 64px; }
h1 { font-size: 28px; line-height: 1.2; letter-spacing: -.02em; margin: 0 0 6px; }
h2 { font-size: 19px; letter-spacing: -.01em; margin: 48px 0 4px; }
h3 { font-size: 15px; margin: 0; }
p { margin: 0 0 16px; max-width: 76ch; }
.soft, figcaption { color: var(--soft); }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(310px, 1fr)); gap: 16px; margin-top: 16px; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 14px 16px; min-width: 0; }
.card header { display: flex; justify-content: space-between; align-items: baseline; gap: 12px; }
.card .about { font-size: 13px; color: var(--soft); margin: 0 0 10px; }
svg { display: block; width: 100%; height: auto; overflow: visible; }
svg text { fill: var(--soft); font: 11px/1 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
.bar, .arc { fill: var(--c); }
.moved { stroke: var(--c); stroke-width: .5; }
.bar:hover, .arc:hover { opacity: .75; }
.over { fill: none; stroke: var(--bad); stroke-width: 1.2; vector-effect: non-scaling-stroke; }
.fair { stroke: var(--mark); stroke-width: 1; stroke-dasharray: 3 3; opacity: .6; vector-effect: non-scaling-stroke; }
.plain { --c: var(--move); }
.track { fill: var(--faint); }
.facts { display: flex; flex-wrap: wrap; gap: 2px 16px; margin-top: 10px; font-size: 13px; color: var(--soft); }
.facts b { color: var(--ink); font-weight: 600; font-variant-numeric: tabular-nums; }
.rings { display: grid; grid-template-columns: repeat(auto-fit, minmax(260px, 1fr)); gap: 24px; margin-top: 16px; }
.rings figure { margin: 0; min-width: 0; }
.rings svg { max-width: 320px; margin: 0 auto; }
.rings .big { font-size: 26px; fill: var(--ink); font-weight: 650; letter-spacing: -.02em; }
figcaption { text-align: center; font-size: 13px; margin-top: 10px; overflow-wrap: anywhere; }
.legend { list-style: none; padding: 0; margin: 20px 0 0; display: flex; flex-wrap: wrap; gap: 4px 18px; font-size: 13px; }
.legend li { display: flex; align-items: center; gap: 6px; overflow-wrap: anywhere; }
details { margin-top: 20px; font-size: 13px; color: var(--soft); } details .legend { margin-top: 8px; color: var(--ink); }
.swatch { width: 11px; height: 11px; border-radius: 3px; background: var(--c); flex: none; }
.moves { display: grid; grid-template-columns: minmax(90px, max-content) minmax(120px, 1fr) max-content max-content;
  gap: 8px 16px; align-items: center; margin-top: 14px; font-variant-numeric: tabular-nums; }
.moves .row { display: contents; }
.moves .name { overflow-wrap: anywhere; }
.moves .head { font-size: 12px; color: var(--soft); }
.moves .figure { text-align: right; }
.moves .wide { grid-column: 2 / -1; color: var(--soft); font-size: 13px; }
.lane { position: relative; height: 16px; background: var(--faint); border-radius: 4px; }
.lane i { position: absolute; top: 0; bottom: 0; left: 0; background: var(--move); border-radius: 4px 0 0 4px; }
.lane i.bad { background: var(--bad); border-radius: 0 4px 4px 0; }
.lane u { position: absolute; top: -4px; bottom: -4px; width: 2px; margin-left: -1px; background: var(--mark); }
.key { display: inline-flex; align-items: center; gap: 6px; margin-right: 16px; }
.key i, .key u { display: inline-block; width: 14px; height: 10px; border-radius: 3px; background: var(--move); }
.key i.bad { background: var(--bad); } .key u { width: 2px; height: 14px; background: var(--mark); border-radius: 0; }
.zones { display: flex; height: 16px; border-radius: 4px; overflow: hidden; background: var(--faint); }
.zones i { background: var(--move); }
.bad-text { color: var(--bad); }
.scroll { overflow-x: auto; margin-top: 14px; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: 14px; }
th, td { text-align: right; padding: 5px 12px; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { color: var(--soft); font-weight: 500; font-size: 12px; } tbody th { color: var(--ink); font-size: 14px; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
dl { margin: 14px 0 0; display: grid; grid-template-columns: max-content 1fr; gap: 4px 16px; font-size: 14px; }
dt { font-weight: 600; } dd { margin: 0; color: var(--soft); overflow-wrap: anywhere; }
footer { margin-top: 56px; padding-top: 16px; border-top: 1px solid var(--line); color: var(--soft); font-size: 13px; }
code { font: 13px/1.4 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
@media (max-width: 560px) { main { padding: 24px 16px; } .moves { display: block; }
  .moves .row { display: grid; grid-template-columns: 1fr max-content; gap: 4px 12px; margin-bottom: 12px; }
  .moves .row.heads { display: none; } .moves .lane { grid-column: 1 / -1; order: 1; } .moves .name { font-weight: 600; }
  .moves .needless { grid-column: 1 / -1; order: 2; font-size: 13px; } .moves .needless.soft { display: none; }
  .moves .wide { grid-column: 1 / -1; } }
@media print { .card { break-inside: avoid; } }
`;
