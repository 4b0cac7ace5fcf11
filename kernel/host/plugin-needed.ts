/** What a plugin says that was left without another one. */
export function pluginNeeded(what: string, plugin: string): string {
  return `${what} needs the plugin "${plugin}": add it to the list of plugins, or to the build`;
}
