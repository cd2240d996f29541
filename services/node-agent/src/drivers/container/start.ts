/** From an attempt to its running container: policy, image, container, start. Each step can be repeated after a crash. */
import { containerConfigSchema, type ContainerConfig } from '@dunlin/contracts/agent'
import { mkdirSync } from 'node:fs'
import { limitsOf } from '../../cgroups/limits.ts'
import { TaskError, type StartControl, type Task } from '../driver.ts'
import { createOptions } from './create-options.ts'
import type { Engine, EngineFacts } from './engine.ts'
import { provideImage, type Credentials } from './image.ts'
import { containerName, LABELS, type Owner } from './labels.ts'
import { statusOf, taskError, textOf } from './problems.ts'
import { removeContainerFile, writeContainerFile } from './task-file.ts'
import { checkVolumes } from './volumes.ts'

export interface StartDeps {
  readonly engine: Engine
  /** What container.json says of where the engine is. */
  readonly engineText: string
  readonly facts: () => Promise<EngineFacts>
  readonly owner: Owner
  /** Folders of the node that containers may mount. */
  readonly allowedVolumes: readonly string[]
  /** Limits that the engine cannot keep are advice. */
  readonly advisoryLimits: boolean
}

/** Resolves with the id of the running container. Throws a `TaskError`. */
export const startContainer = async (task: Task, deps: StartDeps, control: StartControl): Promise<string> => {
  const { engine, engineText } = deps
  const config = containerConfigSchema.parse(task.content.config)
  const limits = limitsOf(task.content)
  const secrets = control.secrets ?? {}
  checkVolumes(config.volumes, deps.allowedVolumes)
  if (config.state_dir !== undefined) mkdirSync(task.stateDir, { recursive: true, mode: 0o700 })
  mkdirSync(task.dir, { recursive: true, mode: 0o700 })
  const facts = await deps.facts().catch((error: unknown) => {
    throw taskError(error, 'create', config.image)
  })
  checkLimits(facts, limits, deps.advisoryLimits)
  const found = await ofThisAttempt(task, deps)
  if (!found) await provideImage(engine, config, credentialsOf(config, secrets), control)
  control.signal.throwIfAborted()
  const id = found?.id ?? (await create(task, config, deps, facts, secrets, limits))
  const file = {
    attempt: task.attempt,
    id,
    image: config.image,
    engine: engineText,
    ...(limits.memory === undefined ? {} : { memory: limits.memory }),
  }
  writeContainerFile(task.dir, { ...file, started: false })
  try {
    if (!found) await engine.start(id)
  } catch (error) {
    // One that cannot be removed now has the label, and no task that knows it.
    await engine.remove(id).catch(() => {})
    removeContainerFile(task.dir)
    throw taskError(error, 'start', config.image)
  }
  writeContainerFile(task.dir, { ...file, started: true })
  return id
}

/** An earlier agent started it and was killed before it could write so down. One that was only created is made again. */
const ofThisAttempt = async (task: Task, { engine, owner }: StartDeps): Promise<{ id: string } | undefined> => {
  const name = containerName(task)
  try {
    const state = await engine.state(name)
    if (!state) return undefined
    if (state.is !== 'created') {
      const listed = await engine.list(owner)
      if (listed.some(({ id, labels }) => id === state.id && labels[LABELS.execution] === task.execution)) return state
    }
    await engine.remove(state.id)
    return undefined
  } catch (error) {
    throw taskError(error, 'create', '')
  }
}

const create = async (
  task: Task,
  asked: ContainerConfig,
  { engine, owner, allowedVolumes }: StartDeps,
  facts: EngineFacts,
  secrets: Readonly<Record<string, string>>,
  limits: ReturnType<typeof limitsOf>,
): Promise<string> => {
  // Once more: the image may have taken long, and what lay there may lie elsewhere by now.
  const config = { ...asked, volumes: checkVolumes(asked.volumes, allowedVolumes) }
  const options = createOptions(task, { config, limits, owner, secrets, engine: facts.kind })
  try {
    return await engine.create(options)
  } catch (error) {
    if (statusOf(error) === 409)
      throw new TaskError({ code: 'name_in_use', message: `The engine refuses the name: ${textOf(error)}` }, false)
    throw taskError(error, 'create', config.image)
  }
}

const credentialsOf = (
  { registry }: ContainerConfig,
  secrets: Readonly<Record<string, string>>,
): Credentials | undefined => {
  if (registry === undefined) return undefined
  const [username, password] = [secrets[registry.username_secret], secrets[registry.password_secret]]
  if (username !== undefined && password !== undefined) return { username, password }
  const missing = username === undefined ? registry.username_secret : registry.password_secret
  throw new TaskError(
    { code: 'missing_secret', message: `The secret ${missing} of config.registry is not there.` },
    true,
  )
}

const checkLimits = (facts: EngineFacts, limits: ReturnType<typeof limitsOf>, advisory: boolean): void => {
  if (advisory) return
  const missing = (['memory', 'cpus', 'pids'] as const).filter(
    (what) => limits[what] !== undefined && !facts.limits[what],
  )
  if (missing.length === 0) return
  throw new TaskError(
    {
      code: 'limits_unsupported',
      message: `The container engine of this node cannot keep resources.${missing.join(', resources.')}.`,
      hint: 'Take the limits out, choose other nodes, or start the agent with --advisory-limits.',
    },
    true,
  )
}
