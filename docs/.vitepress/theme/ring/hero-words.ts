/** What the start page's picture says. */
export interface HeroWords {
  readonly label: string;
  readonly nodes: (count: number) => string;
  readonly keys: (count: number) => string;
  readonly moved: (moved: number, count: number) => string;
  readonly shares: (moved: string, minimum: string) => string;
  readonly add: string;
  readonly again: string;
  readonly live: string;
}

const ENGLISH: HeroWords = {
  label: 'Keys around a ring of nodes, each in the colour of its owner',
  nodes: count => `${count} nodes`,
  keys: count => `${count} keys`,
  moved: (moved, count) => `${moved} of ${count} keys moved`,
  shares: (moved, minimum) => `moved ${moved}, minimum ${minimum}`,
  add: 'Add a node',
  again: 'Start over',
  live: '@quorate/ring, running in this page',
};

const CHINESE: HeroWords = {
  label: '环上的节点与键，每个键的颜色即其所属节点的颜色',
  nodes: count => `${count} 个节点`,
  keys: count => `${count} 个键`,
  moved: (moved, count) => `${count} 个键中移动了 ${moved} 个`,
  shares: (moved, minimum) => `移动 ${moved}，理论最小值 ${minimum}`,
  add: '添加节点',
  again: '重新开始',
  live: '@quorate/ring 正在本页中运行',
};

/** The words in the page's language. */
export function heroWords(language: string): HeroWords {
  return language.startsWith('zh') ? CHINESE : ENGLISH;
}
