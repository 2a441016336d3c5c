/** The page's style sheet: light and dark by the reader's system, or by the button. */
export const style = `
:root, [data-theme=light] { color-scheme: light; --page: #f6f7f9; --card: #ffffff; --ink: #1b1f27; --muted: #667085;
  --line: #e4e7ec; --strong: #98a2b3; --met: #067647; --met-soft: #d5f5e3; --missed: #b42318; --missed-soft: #fde3e0;
  --unclear: #93590a; --unclear-soft: #fdf0cf; --c0: #2563eb; --c1: #d97706; --c2: #7c3aed; --c3: #0f8a80; --c4: #be185d;
  --c5: #65761a; --c6: #0e7fb5; --c7: #a3532e; }
[data-theme=dark] { color-scheme: dark; --page: #0f1217; --card: #181c23; --ink: #e6e9ef; --muted: #98a2b3; --line: #2a303a;
  --strong: #667085; --met: #4ade80; --met-soft: #12351f; --missed: #fb8077; --missed-soft: #431a17; --unclear: #facc4d;
  --unclear-soft: #3b2f0b; --c0: #6ea8ff; --c1: #fbae4c; --c2: #b794ff; --c3: #4fd1c5; --c4: #f783b5; --c5: #b7cc52;
  --c6: #5cc4f2; --c7: #e29a73; }
@media (prefers-color-scheme: dark) { :root:not([data-theme=light]) { color-scheme: dark; --page: #0f1217; --card: #181c23;
  --ink: #e6e9ef; --muted: #98a2b3; --line: #2a303a; --strong: #667085; --met: #4ade80; --met-soft: #12351f;
  --missed: #fb8077; --missed-soft: #431a17; --unclear: #facc4d; --unclear-soft: #3b2f0b; --c0: #6ea8ff; --c1: #fbae4c;
  --c2: #b794ff; --c3: #4fd1c5; --c4: #f783b5; --c5: #b7cc52; --c6: #5cc4f2; --c7: #e29a73; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, -apple-system, 'Segoe UI', sans-serif; }
main { max-width: 1040px; margin: 0 auto; padding: 28px 20px 60px; }
header { display: flex; gap: 16px; align-items: baseline; flex-wrap: wrap; }
h1 { font-size: 26px; margin: 0; letter-spacing: -0.01em; }
h2 { font-size: 19px; margin: 0 0 10px; }
h2.suite { margin: 40px 0 2px; font-size: 22px; }
h3 { font-size: 17px; margin: 0; display: flex; gap: 12px; align-items: baseline; flex-wrap: wrap; }
p { margin: 4px 0 10px; }
nav { display: flex; gap: 14px; flex-wrap: wrap; margin: 8px 0 20px; }
a { color: var(--c0); text-decoration: none; }
a:hover { text-decoration: underline; }
button { margin-left: auto; font: inherit; font-size: 13px; color: var(--ink); background: var(--card);
  border: 1px solid var(--line); border-radius: 8px; padding: 4px 12px; cursor: pointer; }
.muted { color: var(--muted); }
.params { color: var(--muted); font: 12.5px ui-monospace, monospace; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 18px 20px; margin: 14px 0; }
.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(220px, 1fr)); gap: 4px 24px; margin: 0; }
.facts div { display: flex; gap: 8px; } .facts dt { color: var(--muted); } .facts dd { margin: 0; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 13.5px; }
th { text-align: left; font-weight: 600; color: var(--muted); }
th, td { padding: 5px 12px 5px 0; border-bottom: 1px solid var(--line); white-space: nowrap; }
td.muted, .goals td { white-space: normal; } .goals .number, .goals .verdict { white-space: nowrap; }
.number { font-variant-numeric: tabular-nums; }
.verdict { padding: 1px 9px; border-radius: 99px; font-size: 12.5px; font-weight: 600; }
.verdict.v-met { color: var(--met); background: var(--met-soft); }
.verdict.v-missed { color: var(--missed); background: var(--missed-soft); }
.verdict.v-unclear, .verdict.v-inconclusive { color: var(--unclear); background: var(--unclear-soft); }
.ahead, .trouble { border-left: 3px solid var(--unclear); background: var(--unclear-soft); padding: 4px 12px; border-radius: 4px; }
.trouble.s-failed { border-color: var(--missed); background: var(--missed-soft); white-space: pre-wrap; }
.trouble.s-skipped { border-color: var(--strong); background: none; color: var(--muted); }
figure { margin: 14px 0 0; } figcaption, summary { color: var(--muted); font-size: 13px; font-weight: 600; }
summary { cursor: pointer; margin-top: 10px; }
.plot { width: 100%; height: auto; display: block; font: 13px system-ui, -apple-system, 'Segoe UI', sans-serif; }
.plot text { fill: var(--ink); } .plot .tick, .plot .axis, .plot .muted { fill: var(--muted); font-size: 11.5px; }
.plot .value { font-variant-numeric: tabular-nums; font-weight: 600; } .plot tspan.muted { font-weight: 400; white-space: pre; }
.plot .ratio .value { font-weight: 400; }
.grid { stroke: var(--line); } .round { stroke: var(--line); stroke-dasharray: 2 3; }
.one { stroke: var(--strong); stroke-width: 1.5; } .ideal { stroke: var(--strong); stroke-dasharray: 5 4; stroke-width: 1.5; }
.bar { fill: var(--c); opacity: 0.8; } .dot { fill: var(--c); } .curve { fill: none; stroke: var(--c); stroke-width: 2; }
.whisker { stroke: var(--ink); stroke-width: 1.4; opacity: 0.75; }
.ratio { --c: var(--muted); } .ratio.v-met { --c: var(--met); } .ratio.v-missed { --c: var(--missed); }
.ratio.v-unclear, .ratio.v-inconclusive { --c: var(--unclear); }
.range { stroke: var(--c); stroke-width: 2.5; } .point { fill: var(--c); }
.goal-line { stroke: var(--ink); stroke-width: 1.5; } .goal-flag { fill: var(--ink); }
.c0 { --c: var(--c0); } .c1 { --c: var(--c1); } .c2 { --c: var(--c2); } .c3 { --c: var(--c3); } .c4 { --c: var(--c4); }
.c5 { --c: var(--c5); } .c6 { --c: var(--c6); } .c7 { --c: var(--c7); } .c-control { --c: var(--strong); }
`;

/** The button that turns the page light or dark; without it the page follows the system. */
export const script = `
const root = document.documentElement;
document.querySelector('button').addEventListener('click', () => {
  const dark = root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
  root.dataset.theme = dark ? 'light' : 'dark';
});
`;
