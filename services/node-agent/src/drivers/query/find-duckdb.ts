/** Whether DuckDB is installed beside this agent, for this platform: found out without loading its 70 MB. */
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'

/** `from` is the URL of the entry that would load it. */
export const hasDuckdb = (from: string, platform = process.platform, arch = process.arch): boolean => {
  try {
    const api = createRequire(from).resolve('@duckdb/node-api')
    const bindings = createRequire(api).resolve('@duckdb/node-bindings')
    return existsSync(createRequire(bindings).resolve(`@duckdb/node-bindings-${platform}-${arch}/duckdb.node`))
  } catch {
    return false
  }
}
