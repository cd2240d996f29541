/** The nodes of a local fleet: stable ids and labels, so that the examples' selectors find them. */
import { join } from 'node:path'

export interface PlannedNode {
  readonly id: string
  readonly labels: Readonly<Record<string, string>>
  readonly dataDir: string
  /** Stands for /var/log/app of this node. */
  readonly appLogs: string
}

const places = [
  { region: 'us-west', site: 'portland' },
  { region: 'eu-north', site: 'tromso' },
  { region: 'eu-west', site: 'texel' },
  { region: 'ap-south', site: 'chennai' },
  { region: 'us-east', site: 'bangor' },
] as const

export const planNodes = (count: number, dataDir: string): readonly PlannedNode[] =>
  Array.from({ length: count }, (_, index) => {
    const place = places[index % places.length] ?? places[0]
    const id = `edge-${index + 1}`
    const own = join(dataDir, 'nodes', id)
    return {
      id,
      labels: { env: 'production', role: 'app-server', ...place },
      dataDir: own,
      appLogs: join(own, 'var', 'log', 'app'),
    }
  })
