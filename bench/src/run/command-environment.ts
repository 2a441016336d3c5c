/**
 * What leads a command that works on another folder back to this one, or changes how it runs: git's variables, which git
 * sets for its hooks, and what npm and pnpm tell their scripts about themselves. What they tell of the user's own settings
 * (registry, store, cache) stays.
 */
const misleading =
  /^(?:GIT_(?:DIR|WORK_TREE|INDEX_FILE|COMMON_DIR|PREFIX|NAMESPACE|OBJECT_DIRECTORY|ALTERNATE_OBJECT_DIRECTORIES)|NODE_OPTIONS|INIT_CWD|PNPM_(?!HOME$).*|npm_(?:command|lifecycle_.*|package_.*|config_(?:.*prefix|globalconfig))|pnpm_config_(?:verify_deps_before_run|filter|recursive|dir))$/;

/** The environment of this process, for commands that are to go by the folder that they run in. */
export function commandEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !misleading.test(name)));
}
