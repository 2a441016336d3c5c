import type { Theme } from 'vitepress';
import DefaultTheme from 'vitepress/theme-without-fonts';
import LiveRing from './components/live-ring.vue';
import PackageTable from './components/package-table.vue';
import SiteLayout from './components/site-layout.vue';
// oxlint-disable-next-line import/no-unassigned-import -- a style sheet
import './palette.css';
// oxlint-disable-next-line import/no-unassigned-import -- a style sheet
import './style.css';

/** The default theme with system fonts, and the components that pages use. */
const theme: Theme = {
  extends: DefaultTheme,
  Layout: SiteLayout,
  enhanceApp: ({ app }) => {
    app.component('LiveRing', LiveRing);
    app.component('PackageTable', PackageTable);
  },
};

export default theme;
