/**
 * `config` of a container job: one image, run by the node's Docker or Podman. Written with zod/mini, because the same
 * definition refuses a bad config when a job is applied and again on the node.
 */
import * as z from 'zod/mini'
import { sizeValue } from './amounts.ts'
import { envSchema } from './env.ts'
import { namingFields } from './known-names.ts'
import { logLimitsSchema } from './log-limits.ts'
import { stopShape } from './stopping.ts'
import { argsSchema, commandSchema, withoutNul } from './text.ts'

const insidePath = withoutNul(4096).check(
  z.refine((path) => path.startsWith('/') && !path.split('/').includes('..'), 'expected an absolute path without ".."'),
)
const outsidePath = withoutNul(4096).check(
  z.refine((path) => path.startsWith('/') && !path.includes(':'), 'expected an absolute path without ":"'),
)
const port = z.int().check(z.minimum(1), z.maximum(65_535))

/** host/name:tag@digest; the engine reads it again, this only refuses what nothing could read. */
const HOST = String.raw`(?:localhost|[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+|[A-Za-z0-9-]+(?=:))(?::\d{1,5})?/`
const PATH = String.raw`[a-z0-9]+(?:[._/-]+[a-z0-9]+)*`
const IMAGE = new RegExp(String.raw`^(?:${HOST})?${PATH}(?::[\w][\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?$`)
const imageSchema = z.string().check(
  z.maxLength(512),
  z.refine((image) => IMAGE.test(image), 'is not the name of an image, like "registry.example.com/app/web:1.4"'),
)

const portShape = {
  container: port,
  /** The same as inside where absent. */
  host: z.optional(port),
  protocol: z.optional(z.enum(['tcp', 'udp'])),
  /** Of the node; every address where absent. */
  address: z.optional(z.union([z.ipv4(), z.ipv6()])),
}
const volumeShape = {
  /** On the node, below a folder that its owner allows. */
  source: outsidePath,
  target: insidePath,
  read_only: z.optional(z.boolean()),
}
const tmpfsShape = { target: insidePath, size: z.optional(sizeValue()) }
const secretName = z
  .string()
  .check(z.regex(/^[A-Za-z_][A-Za-z0-9_]{0,255}$/, 'expected the name of a secret of the job'))
const registryShape = {
  /** Names of entries of `secrets`, never the values; they are not handed to the container. */
  username_secret: secretName,
  password_secret: secretName,
}

const pullPolicies = ['always', 'if_absent', 'never'] as const

const shape = {
  image: imageSchema,
  /** if_absent where absent. A name with a digest is the same image whoever serves it. */
  pull: z.optional(z.enum(pullPolicies, { error: `expected one of ${pullPolicies.join(', ')}` })),
  registry: z.optional(z.strictObject(registryShape, namingFields(registryShape))),
  /** In place of the image's entrypoint. */
  command: z.optional(z.union([commandSchema, z.array(commandSchema).check(z.minLength(1), z.maxLength(256))])),
  /** In place of the image's arguments. */
  args: z.optional(argsSchema),
  env: z.optional(envSchema),
  working_dir: z.optional(insidePath),
  /** name, uid, or either with a group behind ":". */
  user: z.optional(
    withoutNul(128).check(z.regex(/^[A-Za-z0-9_][\w.-]*(:[A-Za-z0-9_][\w.-]*)?$/, 'expected user or user:group')),
  ),
  /** bridge where absent. */
  network: z.optional(z.enum(['none', 'host', 'bridge'], { error: 'expected one of none, host, bridge' })),
  ports: z.optional(z.array(z.strictObject(portShape, namingFields(portShape))).check(z.maxLength(64))),
  volumes: z.optional(z.array(z.strictObject(volumeShape, namingFields(volumeShape))).check(z.maxLength(64))),
  /** Where the job's own folder is mounted, which survives updates of the job. */
  state_dir: z.optional(insidePath),
  tmpfs: z.optional(z.array(z.strictObject(tmpfsShape, namingFields(tmpfsShape))).check(z.maxLength(16))),
  /** The image's own files cannot be written. */
  read_only: z.optional(z.boolean()),
  /** Capabilities of Linux that are taken away; ["ALL"] for all. */
  cap_drop: z.optional(
    z
      .array(z.string().check(z.regex(/^[A-Z][A-Z_]{1,40}$/, 'expected a name like NET_RAW, or ALL')))
      .check(z.maxLength(64)),
  ),
  /** A process that collects zombies; needs the engine's own (docker-init, catatonit). */
  init: z.optional(z.boolean()),
  logs: z.optional(logLimitsSchema),
  ...stopShape,
}
export const containerConfigSchema = z.strictObject(shape, namingFields(shape)).check(
  z.refine(({ ports, network }) => ports === undefined || ports.length === 0 || (network ?? 'bridge') === 'bridge', {
    path: ['ports'],
    error: 'are for network bridge only: host shares all ports of the node, none has no ports',
  }),
)
export type ContainerConfig = z.infer<typeof containerConfigSchema>
