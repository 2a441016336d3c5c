import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'vitepress';
import { apiSidebars } from '../builder/api-sidebar.ts';
import { docsFolder, repositoryFolder, repositoryUrl } from '../builder/places.ts';
import { repositoryPages } from '../builder/repository-pages.ts';
import { slug } from '../builder/slug.ts';
import { workspacePackages } from '../builder/workspace.ts';

const { description } = JSON.parse(readFileSync(join(repositoryFolder, 'package.json'), 'utf8'));
const packages = workspacePackages(repositoryFolder);
// What the build has collected: the sidebar names no page that is not there.
const pages = repositoryPages(repositoryFolder)
  .map(({ page }) => page)
  .filter(page => existsSync(join(docsFolder, page)));

interface SidebarItem {
  text: string;
  link: string;
}

function below(folder: string, names: Readonly<Record<string, string>>): SidebarItem[] {
  return pages
    .filter(page => page.startsWith(`${folder}/`))
    .map(page => page.replace(/\.md$/, ''))
    .map(page => ({ text: names[page.slice(folder.length + 1)] ?? page, link: `/${page}` }));
}

const tools = { bench: 'Bench', cli: 'Command line', demo: 'Demo cluster', node: 'Demo node' };
const project = { architecture: 'Architecture', contributing: 'Contributing', security: 'Security' };

const startSidebar = [
  {
    text: 'Start',
    items: [
      { text: 'Quick start', link: '/quick-start' },
      { text: 'Guarantees', link: '/guarantees' },
    ],
  },
  {
    text: 'Concepts',
    items: [
      { text: 'Consistent hashing', link: '/concepts/consistent-hashing' },
      { text: 'Deterministic simulation', link: '/concepts/simulation' },
      { text: 'Locks that can be trusted', link: '/concepts/locks' },
      { text: 'Replication that survives its leader', link: '/concepts/replication' },
    ],
  },
  {
    text: 'Packages',
    items: packages
      .filter(({ folder }) => pages.includes(`packages/${folder}.md`))
      .map(({ folder, name }) => ({ text: name, link: `/packages/${folder}` })),
  },
  {
    text: 'Tools',
    items: [...below('tools', tools), { text: 'Reading the benchmarks', link: '/benchmarks' }],
  },
  {
    text: 'Reference',
    items: [
      { text: 'API', link: '/api/' },
      { text: 'Error codes', link: '/errors' },
    ],
  },
  { text: 'Project', items: below('project', project) },
].filter(({ items }) => items.length > 0);

export default defineConfig({
  title: 'Quorate',
  description,
  lang: 'en',
  cleanUrls: true,
  lastUpdated: false,
  // What all pages know of each other is in a file of its own: in each page it would be most of it.
  metaChunk: true,
  srcExclude: ['generated/**', 'node_modules/**', '.quorate/**', 'test/**'],
  head: [
    ['link', { rel: 'icon', type: 'image/svg+xml', href: '/logo.svg' }],
    ['meta', { name: 'color-scheme', content: 'light dark' }],
  ],
  locales: {
    root: { label: 'English', lang: 'en' },
    zh: {
      label: '简体中文',
      lang: 'zh-CN',
      link: '/zh/',
      themeConfig: {
        nav: [
          { text: '快速开始', link: '/quick-start' },
          { text: '一致性哈希', link: '/concepts/consistent-hashing' },
          { text: '确定性模拟', link: '/concepts/simulation' },
          { text: '可信的锁', link: '/concepts/locks' },
          { text: '主节点失效也不丢数据', link: '/concepts/replication' },
          { text: '保证与边界', link: '/guarantees' },
          { text: 'API', link: '/api/' },
        ],
      },
    },
  },
  transformPageData: page => {
    // "Edit this page" leads to the file that is edited; pages made from doc comments have none.
    const source = page.frontmatter['source'];
    page.filePath = typeof source === 'string' ? source : `docs/${page.filePath}`;
    if (page.relativePath.startsWith('api/')) page.frontmatter['editLink'] = false;
  },
  markdown: {
    anchor: { slugify: slug },
    theme: { light: 'github-light', dark: 'github-dark-dimmed' },
    config: markdown => {
      // The doc tests read more words than Shiki does: only the first one is the language.
      const fence = markdown.renderer.rules.fence;
      markdown.renderer.rules.fence = (tokens, index, ...rest) => {
        const token = tokens[index];
        if (token !== undefined) token.info = token.info.replace(/\s+(?:no-run|output)\b.*$/, '');
        return fence?.(tokens, index, ...rest) ?? '';
      };
    },
  },
  themeConfig: {
    logo: { src: '/logo.svg', alt: '' },
    nav: [
      { text: 'Quick start', link: '/quick-start' },
      { text: 'Consistent hashing', link: '/concepts/consistent-hashing' },
      { text: 'Guarantees', link: '/guarantees' },
      { text: 'API', link: '/api/' },
    ],
    sidebar: { ...apiSidebars(docsFolder, packages), '/': startSidebar },
    i18nRouting: false,
    outline: { level: [2, 3] },
    search: { provider: 'local' },
    socialLinks: [{ icon: 'github', link: repositoryUrl }],
    editLink: { pattern: `${repositoryUrl}/edit/main/:path`, text: 'Edit this page' },
    footer: { message: 'Apache-2.0' },
  },
  vite: {
    publicDir: join(import.meta.dirname, 'public'),
    ssr: { noExternal: [/^@quorate\//] },
    build: { chunkSizeWarningLimit: 1_000 },
  },
});
