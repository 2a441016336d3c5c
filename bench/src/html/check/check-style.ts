/** What the check's page adds to the style sheet of all pages. */
export const checkStyle: string = `
.check { --base: var(--muted); --head: var(--c0); }
.f-regression, .f-failed { --f: var(--missed); --f-soft: var(--missed-soft); }
.f-inconclusive, .f-possible, .f-unmeasured, .f-incomparable { --f: var(--unclear); --f-soft: var(--unclear-soft); }
main.check { max-width: 1200px; }
.f-improvement, .f-passed { --f: var(--met); --f-soft: var(--met-soft); }
.f-unchanged { --f: var(--muted); --f-soft: var(--page); }
.a-base { --a: var(--base); } .a-head { --a: var(--head); }
.icon { width: 14px; height: 14px; vertical-align: -2px; overflow: visible; flex: none; }
.mark { fill: var(--f); stroke: var(--f); stroke-width: 1.6; stroke-linejoin: round; }
.mark.hollow { fill: var(--card); } .mark.f-failed, .mark.f-passed { stroke-width: 2.6; } .mark.f-passed { fill: none; }
.badge { display: inline-flex; gap: 6px; align-items: baseline; padding: 1px 9px 1px 7px; border-radius: 99px; white-space: nowrap;
  color: var(--f); background: var(--f-soft); font-size: 12.5px; font-weight: 600; }
.badge .icon { align-self: center; } .badge .mark.hollow { fill: var(--f-soft); }
.tag { display: inline-block; padding: 0 7px; margin-left: 6px; border: 1px solid var(--line); border-radius: 6px;
  color: var(--muted); font-size: 12px; white-space: nowrap; }
code { font: 13px ui-monospace, monospace; overflow-wrap: anywhere; }
.answer { border-left: 5px solid var(--f); }
.answer h2 { display: flex; gap: 10px; align-items: center; font-size: 22px; color: var(--f); }
.answer h2 .icon { width: 20px; height: 20px; } .answer h3 { font-size: 14px; margin: 16px 0 4px; color: var(--muted); }
.answer .why { font-weight: 600; white-space: pre-wrap; overflow-wrap: anywhere; }
.answer ul, .list { padding-left: 20px; margin: 4px 0 10px; } .answer li { overflow-wrap: anywhere; white-space: pre-wrap; }
.list, ul.canaries { list-style: none; padding-left: 20px; } ul.canaries { padding: 0; margin: 0; }
.list li, .canaries li { display: flex; gap: 10px; align-items: baseline; padding: 4px 0; overflow-wrap: anywhere; }
.list li > .badge, .list li > .tag, .canaries .badge { flex: none; margin: 0; } .canaries .badge { min-width: 100px; } .list .badge, .list .tag { min-width: 136px; justify-content: center; text-align: center; border-radius: 99px; }
.forest + .muted { margin: 12px 0 0; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 12px 0 0; color: var(--muted); font-size: 13px; }
.key { display: inline-flex; gap: 6px; align-items: center; }
.fluid { width: 100%; display: block; overflow: visible; font: 11.5px system-ui, -apple-system, 'Segoe UI', sans-serif; }
.fluid svg { overflow: visible; } .fluid text { fill: var(--muted); } .fluid .name { fill: var(--ink); font-size: 13px; }
.band { fill: var(--strong); opacity: 0.14; } .zero { stroke: var(--strong); stroke-width: 1.5; }
.truth { stroke: var(--ink); stroke-width: 2; stroke-dasharray: 3 2; fill: none; }
.forest h3 { font-size: 13px; color: var(--muted); margin: 14px 0 2px; } .forest ul { list-style: none; margin: 0; padding: 0; }
.row { display: grid; grid-template-columns: minmax(0, 30fr) minmax(0, 42fr) 392px; column-gap: 18px; align-items: stretch; }
.row:hover { background: var(--page); } .axis-row:hover { background: none; }
.row .name { padding: 5px 0; min-width: 0; font-size: 13.5px; line-height: 18px; } .row a { color: inherit; }
.title .params { margin-left: 7px; overflow-wrap: anywhere; } .title b { font-weight: 600; }
.strip { min-height: 30px; position: relative; } .strip > .fluid { position: absolute; inset: 0; }
.axis-row .strip { min-height: 0; } .axis-row .strip > .fluid { position: static; }
.row .range { stroke: var(--f); stroke-width: 2.5; stroke-linecap: round; } .fluid .range { stroke: var(--f); stroke-width: 2.5; }
.figures { display: grid; grid-template-columns: minmax(0, 1fr) 128px 112px; gap: 12px; align-items: center; font-size: 13.5px;
  line-height: 18px; padding: 3px 0; font-variant-numeric: tabular-nums; white-space: nowrap; }
.figures .values { color: var(--muted); text-align: right; } .figures small { display: block; color: var(--muted); font-size: 11.5px; line-height: 15px; }
.figures .change { text-align: right; } .verdict-word { color: var(--f); } .verdict-word .icon { margin-right: 5px; }
.f-unchanged .figures strong { font-weight: 400; }
.subject { padding: 0; margin: 8px 0; } .subject > summary { margin: 0; padding: 10px 18px; color: var(--ink); font-size: 14px;
  font-weight: 400; display: flex; gap: 12px; align-items: baseline; flex-wrap: wrap; list-style-position: inside; }
.subject > summary::before { content: '▸'; color: var(--muted); width: 10px; margin-right: -4px; } .subject[open] > summary::before { content: '▾'; }
.subject > summary .title { flex: 1 1 260px; min-width: 0; } .subject > div { padding: 4px 20px 18px; border-top: 1px solid var(--line);
  scroll-margin-top: 60px; }
.summary-figures { display: inline-flex; gap: 14px; font-variant-numeric: tabular-nums; }
.subject .facts { margin-top: 22px; grid-template-columns: repeat(auto-fill, minmax(330px, 1fr)); font-size: 13.5px; }
.subject .facts dt { flex: none; } .numbers { margin-top: 10px; }
.metrics { margin-top: 8px; } .metrics th[scope=row] { color: var(--ink); } .metrics td.why { white-space: normal; min-width: 260px; color: var(--muted); }
.plotbox { padding: 22px 12px 24px 74px; } figcaption + .plotbox { padding-top: 18px; } .below-2 { padding-bottom: 40px; } .plotbox .fluid + .fluid { margin-top: 22px; }
.divider { stroke: var(--strong); stroke-dasharray: 3 4; }
.interval { fill: var(--f); opacity: 0.16; } .estimate { stroke: var(--f); stroke-width: 2; }
.pair { fill: var(--head); stroke: var(--head); stroke-width: 1.5; } .pair.hollow { fill: var(--card); }
.arm { fill: var(--a); stroke: var(--card); stroke-width: 0.8; } .link { stroke: var(--line); stroke-width: 1.5; }
.none { fill: var(--muted); } .fluid .curve, .icon .curve { fill: none; stroke: var(--a); stroke-width: 2; vector-effect: non-scaling-stroke; }
.rug { stroke: var(--a); stroke-width: 1.4; opacity: 0.8; } .quartiles { fill: var(--a); opacity: 0.18; }
.median, .path { stroke: var(--a); stroke-width: 2; } .whisker { stroke: var(--a); stroke-width: 1.5; opacity: 0.6; }
.scalings { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 400px), 1fr)); gap: 0 16px; }
.scalings .plotbox { padding-left: 66px; }
@media (max-width: 1000px) {
  .row { grid-template-columns: minmax(0, 1fr); padding: 6px 0; } .row .name { padding: 0; } .axis-row .name, .axis-row .figures { display: none; }
  .axis-row { padding: 0; } .strip { grid-row: 3; min-height: 26px; } .figures { grid-row: 2; display: flex; flex-wrap: wrap; gap: 0 14px; }
  .figures .values { text-align: left; } .figures .change, .verdict-word { display: flex; gap: 8px; align-items: baseline; }
}
@media (max-width: 760px) {
  main { padding: 18px 12px 40px; } .card { padding: 14px; } .subject { padding: 0; } .tick.minor { display: none; }
  .plotbox { padding-left: 62px; padding-right: 4px; } .subject .facts { grid-template-columns: minmax(0, 1fr); }
  .subject > div { padding: 4px 14px 14px; } .subject > summary { padding: 10px 14px; }
}
`;
