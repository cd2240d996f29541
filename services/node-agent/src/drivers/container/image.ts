/** Sees to it that an attempt's image is there, by the pull policy of the job. */
import type { ContainerConfig } from '@dunlin/contracts/agent'
import { TaskError, type StartControl } from '../driver.ts'
import type { Engine } from './engine.ts'
import { taskError } from './problems.ts'
import { createPullProgress } from './pull-progress.ts'

export interface Credentials {
  readonly username: string
  readonly password: string
}

/** Throws a `TaskError`. */
export const provideImage = async (
  engine: Engine,
  { image, pull = 'if_absent' }: Pick<ContainerConfig, 'image' | 'pull'>,
  credentials: Credentials | undefined,
  control: Pick<StartControl, 'signal' | 'onProgress'>,
): Promise<void> => {
  try {
    if (pull !== 'always' && (await engine.hasImage(image))) return
  } catch (error) {
    throw taskError(error, 'create', image)
  }
  if (pull === 'never') throw absent(image)
  try {
    await pullImage(engine, image, credentials, control)
  } catch (error) {
    if (control.signal.aborted) throw givenUp()
    throw taskError(error, 'pull', image)
  }
}

const pullImage = async (
  engine: Engine,
  image: string,
  credentials: Credentials | undefined,
  { signal, onProgress }: Pick<StartControl, 'signal' | 'onProgress'>,
): Promise<void> => {
  onProgress(`image: asking for ${image}`)
  const client = await engine.client()
  const options = {
    abortSignal: signal,
    ...(credentials === undefined ? {} : { authconfig: { ...credentials, serveraddress: registryOf(image) } }),
  }
  const stream = await client.pull(withTag(image), options)
  const progress = createPullProgress()
  for await (const event of events(stream)) {
    signal.throwIfAborted()
    const line = progress.take(event)
    if (line !== undefined) onProgress(line)
  }
}

/** One JSON object per line, however the chunks fall. */
async function* events(stream: NodeJS.ReadableStream): AsyncGenerator {
  let rest = ''
  for await (const chunk of stream) {
    const lines = (rest + chunk.toString()).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) if (line.trim() !== '') yield JSON.parse(line) as unknown
  }
  if (rest.trim() !== '') yield JSON.parse(rest) as unknown
}

/** Without a tag an engine fetches every tag there is. */
const withTag = (image: string): string => (/(:[^/]+|@sha256:[0-9a-f]+)$/.test(image) ? image : `${image}:latest`)

/** What stands before the first slash, when it looks like a host. */
export const registryOf = (image: string): string => {
  const [first = '', second] = image.split('/')
  return second !== undefined && (/[.:]/.test(first) || first === 'localhost') ? first : 'https://index.docker.io/v1/'
}

const absent = (image: string): TaskError =>
  new TaskError(
    {
      code: 'image_not_found',
      message: `The image ${image} is not on this node, and config.pull is never.`,
      hint: 'Bring the image to the node, or let it be pulled.',
    },
    true,
  )

const givenUp = (): TaskError =>
  new TaskError({ code: 'given_up', message: 'The attempt was given up while its image was fetched.' }, false)
