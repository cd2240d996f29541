/** `npm run demo`. */
import type { DemoFlags } from '../flags.ts'
import { LaunchError } from '../say.ts'

export const demo = async (_flags: DemoFlags): Promise<number> => {
  throw new LaunchError('the demo is not built yet; npm start runs')
}
