/** Binds @dunlin/pipeline to this process: the only file that knows both. Only a pipeline's own process imports it. */
import { errorCatalogue } from '@dunlin/contracts/agent'
import type { Engine } from './run-process.ts'

export const createEngine = (): Engine => ({
  // @dunlin/pipeline exports no engine yet; until it does, a pipeline execution fails at once and says so.
  start: async () => ({
    problem: { code: 'not_built', message: `${errorCatalogue.not_built.sentence} The pipeline engine is missing.` },
  }),
})
